"""Bytes that are canonical I-JSON within the profile, and bytes that are not; and what a writer has to write."""

import json
from typing import Any

from opencmr import trust

from .writing import Case, Files, case, cases_file

ABOUT = (
    "Bytes as they could arrive. Canonical ones have a digest; the others are refused with the problem, or with one of "
    "those in `or`: where bytes break several rules, any may be told. A `value` is what a writer is given, "
    "`canonicalUtf8` what it must write."
)
LIMIT = 65536


def files() -> Files:
    return {"canonical.json": cases_file(ABOUT, "canonical", [*_good(), *_bad(), *_written()])}


def _input(raw: bytes) -> dict[str, str]:
    try:
        return {"utf8": raw.decode()}
    except UnicodeDecodeError:
        return {"hex": raw.hex()}


def _canonical(id_: str, says: str, raw: str | bytes, *requirements: str) -> Case:
    raw = raw if isinstance(raw, bytes) else raw.encode()
    result = {"canonical": True, "digest": trust.digest(raw)}
    return case(id_, says, "JSN-7", "ENV-12", *requirements, input=_input(raw), result=result)


def _refused(
    id_: str,
    says: str,
    raw: str | bytes,
    requirement: str,
    problem: str,
    pointer: str | None = None,
    or_: tuple[str, ...] = (),
) -> Case:
    raw = raw if isinstance(raw, bytes) else raw.encode()
    result: dict[str, Any] = {"problem": problem}
    if pointer is not None:
        result["pointer"] = pointer
    if or_:
        result["or"] = list(or_)
    return case(id_, says, requirement, input=_input(raw), result=result)


def _nested(levels: int, inner: str = "") -> str:
    """An object with arrays in it, so many levels in all."""
    return '{"a":' + "[" * (levels - 1) + inner + "]" * (levels - 1) + "}"


def _padded(size: int) -> str:
    return '{"a":"' + "x" * (size - 8) + '"}'


def _good() -> list[Case]:
    return [
        _canonical("empty", "The smallest object", "{}"),
        _canonical("empties", "Empty text, list and object", '{"a":"","b":[],"c":{}}'),
        _canonical("literals", "true and false", '{"a":true,"b":false}'),
        _canonical("order", "Upper case sorts before lower case, digits before both", '{"1":1,"A":1,"a":1}'),
        _canonical("order-length", "A name sorts before those that it begins", '{"a":1,"aa":1,"ab":1,"b":1}'),
        _canonical("order-signs", "Names sort by their bytes", '{"!":1,"$":1,"-":1,"@":1,"_":1,"~":1}'),
        _canonical("order-digits", "Digits in names sort as text, not as numbers", '{"1":1,"10":1,"2":1}'),
        _canonical("order-inside", "Objects inside of lists are sorted too", '{"a":[{"b":1,"c":2},{"b":3}]}'),
        _canonical("empty-name", "A name may be empty", '{"":1}', "JSN-2"),
        _canonical("array-order", "Lists keep their order", '{"a":[3,1,2]}'),
        _canonical("zero", "Zero", '{"a":0}', "JSN-3"),
        _canonical("negative", "A negative number", '{"a":-1}', "JSN-3"),
        _canonical("largest", "The largest integer, 2^53-1", '{"a":9007199254740991}', "JSN-3"),
        _canonical("smallest", "The smallest integer", '{"a":-9007199254740991}', "JSN-3"),
        _canonical("many-digits-in-text", "A text may hold any number", '{"a":"9007199254740993.50"}', "JSN-3"),
        _canonical("fraction-in-text", "A text may look like a fraction", '{"a":":1.5,2e3"}', "JSN-3"),
        _canonical("null-in-text", "A text may say null", '{"a":"null"}', "JSN-4"),
        _canonical("null-as-name", "A name may be null", '{"null":1}', "JSN-4"),
        _canonical("short-escapes", "These have an escape of two characters", '{"a":"\\b\\t\\n\\f\\r\\"\\\\"}'),
        _canonical("control", "Other control characters: four digits, in lower case", '{"a":"\\u0000\\u000b\\u001f"}'),
        _canonical("slash", "A slash has no escape", '{"a":"/"}'),
        _canonical("delete", "U+007F stands as it is", '{"a":"\x7f"}'),
        _canonical("latin", "Text beyond ASCII stands as it is", '{"a":"Schöne Grüße, ñ"}'),
        _canonical("line-separators", "U+2028 and U+2029 stand as they are", '{"a":"\u2028\u2029"}'),
        _canonical("astral", "A character beyond U+FFFF has four bytes", '{"a":"\U0001f600\U00010000\U0010ffff"}'),
        _canonical("noncharacter", "U+FFFE and U+FDD0 stand as they are", '{"a":"\ufffe\ufdd0"}'),
        _canonical("bom-in-text", "U+FEFF inside of a text is a character", '{"a":"\ufeff"}', "JSN-1"),
        _canonical(
            "not-normalised", "Composed and decomposed letters are not the same text", '{"a":"é","b":"e\u0301"}'
        ),
        _canonical("html", "Angle brackets and ampersands have no escape", '{"a":"<&>"}'),
        _canonical("deep", "32 levels", _nested(32), "JSN-6"),
        _canonical("deep-with-text", "Text in the 32nd level is no level", _nested(32, '"x"'), "JSN-6"),
        _canonical("deep-brackets-in-text", "Brackets in a text are no levels", '{"a":"' + "[" * 40 + '"}', "JSN-6"),
        _canonical(
            "wide", "Many lists beside each other are not deep", '{"a":[' + ",".join(["[]"] * 40) + "]}", "JSN-6"
        ),
        _canonical("large", "65,536 bytes", _padded(LIMIT), "JSN-5"),
    ]


def _bad() -> list[Case]:
    syntax = "JSN-1"
    return [
        _refused("nothing", "No bytes at all", "", syntax, "not-json"),
        _refused("no-json", "Not JSON", "hello", syntax, "not-json"),
        _refused("cut", "The end is missing", '{"a":1', syntax, "not-json"),
        _refused("more", "Something follows", '{"a":1}{}', syntax, "not-json"),
        _refused("list", "A list is no message", "[]", syntax, "not-json"),
        _refused("text", "A text is no message", '"a"', syntax, "not-json"),
        _refused("null", "Null is no message", "null", syntax, "not-json", or_=("null-member",)),
        _refused("trailing-comma", "A comma too much", '{"a":1,}', syntax, "not-json"),
        _refused("comment", "JSON has no comments", '{"a":1/**/}', syntax, "not-json"),
        _refused("single-quotes", "Texts stand in double quotes", "{'a':1}", syntax, "not-json"),
        _refused("bare-name", "Names stand in quotes", "{a:1}", syntax, "not-json"),
        _refused("nan", "NaN is no JSON", '{"a":NaN}', syntax, "not-json"),
        _refused("infinity", "Infinity is no JSON", '{"a":-Infinity}', syntax, "not-json"),
        _refused("leading-zero", "Numbers have no leading zero", '{"a":01}', syntax, "not-json"),
        _refused("plus", "Numbers have no plus", '{"a":+1}', syntax, "not-json"),
        _refused("hexadecimal", "Numbers are decimal", '{"a":0x10}', syntax, "not-json"),
        _refused("raw-control", "A control character without escape", '{"a":"\n"}', syntax, "not-json"),
        _refused("bad-escape", "No such escape", '{"a":"\\x41"}', syntax, "not-json"),
        _refused("bom", "A byte order mark before the object", "\ufeff{}", syntax, "not-json"),
        _refused("utf-16", "Not UTF-8", '{"a":1}'.encode("utf-16-le"), syntax, "not-json"),
        _refused("latin-1", "A byte of another encoding", b'{"a":"\xe9"}', syntax, "not-json"),
        _refused("overlong", "An overlong form of a slash", b'{"a":"\xc0\xaf"}', syntax, "not-json"),
        _refused("utf-8-surrogate", "A surrogate in three bytes", b'{"a":"\xed\xa0\x80"}', syntax, "not-json"),
        _refused("beyond-unicode", "Above U+10FFFF", b'{"a":"\xf4\x90\x80\x80"}', syntax, "not-json"),
        _refused("cut-character", "Half a character", b'{"a":"\xe2\x82"}', syntax, "not-json"),
        _refused(
            "high-surrogate", "A lone high surrogate", '{"a":"\\ud800"}', syntax, "not-json", or_=("not-canonical",)
        ),
        _refused(
            "low-surrogate", "A lone low surrogate", '{"a":"\\udc00"}', syntax, "not-json", or_=("not-canonical",)
        ),
        _refused(
            "surrogates-reversed",
            "Low before high",
            '{"a":"\\udc00\\ud800"}',
            syntax,
            "not-json",
            or_=("not-canonical",),
        ),
        _refused("duplicate", "One name twice", '{"a":1,"a":2}', syntax, "not-canonical", or_=("not-json",)),
        _refused(
            "duplicate-same",
            "One name twice with one value",
            '{"a":1,"a":1}',
            syntax,
            "not-canonical",
            or_=("not-json",),
        ),
        _refused(
            "duplicate-inside",
            "One name twice further in",
            '{"a":[{"b":1,"b":1}]}',
            syntax,
            "not-canonical",
            or_=("not-json",),
        ),
        _refused(
            "duplicate-escaped",
            "One name twice, once escaped",
            '{"a":1,"\\u0061":1}',
            syntax,
            "not-canonical",
            or_=("not-json",),
        ),
        _refused("name-umlaut", "A name beyond ASCII", '{"größe":1}', "JSN-2", "malformed", "/größe"),
        _refused("name-inside", "A name beyond ASCII further in", '{"a":[{"é":1}]}', "JSN-2", "malformed", "/a/0/é"),
        _refused("name-astral", "A name beyond U+FFFF", '{"\U0001f600":1}', "JSN-2", "malformed", "/\U0001f600"),
        _refused("fraction", "A fraction, though canonical", '{"a":1.5}', "JSN-3", "bad-number", "/a"),
        _refused(
            "fraction-inside", "The pointer goes all the way", '{"a":[1,{"b":-0.1}]}', "JSN-3", "bad-number", "/a/1/b"
        ),
        _refused("fraction-zero", "1.0 is a fraction", '{"a":1.0}', "JSN-3", "bad-number", or_=("not-canonical",)),
        _refused(
            "exponent", "1e2 is no integer as it is written", '{"a":1e2}', "JSN-3", "bad-number", or_=("not-canonical",)
        ),
        _refused("exponent-large", "1e21, though canonical", '{"a":1e+21}', "JSN-3", "bad-number", "/a"),
        _refused("exponent-tiny", "A tiny fraction, though canonical", '{"a":1e-7}', "JSN-3", "bad-number", "/a"),
        _refused(
            "beyond-double",
            "More than a double holds",
            '{"a":1e400}',
            "JSN-3",
            "bad-number",
            or_=("not-canonical", "not-json"),
        ),
        _refused("too-large-integer", "2^53", '{"a":9007199254740992}', "JSN-3", "bad-number", "/a"),
        _refused(
            "odd-integer",
            "2^53+1, which a double rounds",
            '{"a":9007199254740993}',
            "JSN-3",
            "bad-number",
            or_=("not-canonical",),
        ),
        _refused("too-small-integer", "-2^53", '{"a":-9007199254740992}', "JSN-3", "bad-number", "/a"),
        _refused(
            "integer-of-64-bits", "2^64", '{"a":18446744073709551616}', "JSN-3", "bad-number", or_=("not-canonical",)
        ),
        _refused(
            "integer-of-30-digits",
            "Far beyond",
            '{"a":123456789012345678901234567890}',
            "JSN-3",
            "bad-number",
            or_=("not-canonical",),
        ),
        _refused("minus-zero", "There is one zero", '{"a":-0}', "JSN-7", "not-canonical", or_=("bad-number",)),
        _refused("null-member", "A null", '{"a":null}', "JSN-4", "null-member", "/a"),
        _refused("null-in-list", "A null in a list", '{"a":[1,null]}', "JSN-4", "null-member", "/a/1"),
        _refused("null-deep", "A null far in", '{"a":{"b":[{"c":null}]}}', "JSN-4", "null-member", "/a/b/0/c"),
        _refused("too-large", "65,537 bytes", _padded(LIMIT + 1), "JSN-5", "too-large"),
        _refused("too-deep", "33 levels", _nested(33), "JSN-6", "too-deep"),
        _refused(
            "too-deep-objects", "33 levels of objects", '{"a":' * 33 + "1" + "}" * 33, "JSN-6", "too-deep", or_=()
        ),
        _refused(
            "far-too-deep",
            "20,000 levels: a parser must not fall over",
            _nested(20000),
            "JSN-6",
            "too-deep",
            or_=("not-json",),
        ),
        _refused("space", "White space after a colon", '{"a": 1}', "JSN-7", "not-canonical"),
        _refused("space-before", "White space before", ' {"a":1}', "JSN-7", "not-canonical"),
        _refused("line-end", "A line end after", '{"a":1}\n', "JSN-7", "not-canonical"),
        _refused("pretty", "Indented for people", '{\n  "a": 1\n}', "JSN-7", "not-canonical"),
        _refused("unsorted", "Names are not sorted", '{"b":1,"a":1}', "JSN-7", "not-canonical"),
        _refused(
            "unsorted-inside", "Names are not sorted further in", '{"a":[{"c":1,"b":1}]}', "JSN-7", "not-canonical"
        ),
        _refused("sorted-by-case", "Sorted without regard to case", '{"a":1,"B":1}', "JSN-7", "not-canonical"),
        _refused("sorted-as-numbers", "Sorted as numbers", '{"2":1,"10":1}', "JSN-7", "not-canonical"),
        _refused("needless-escape", "An escape that is not needed", '{"a":"\\u0041"}', "JSN-7", "not-canonical"),
        _refused("escaped-slash", "An escaped slash", '{"a":"\\/"}', "JSN-7", "not-canonical"),
        _refused("escaped-umlaut", "An escaped letter beyond ASCII", '{"a":"\\u00e9"}', "JSN-7", "not-canonical"),
        _refused("escaped-separator", "An escaped U+2028", '{"a":"\\u2028"}', "JSN-7", "not-canonical"),
        _refused("escaped-astral", "An escaped pair", '{"a":"\\ud83d\\ude00"}', "JSN-7", "not-canonical"),
        _refused("escaped-delete", "An escaped U+007F", '{"a":"\\u007f"}', "JSN-7", "not-canonical"),
        _refused("long-escape", "Four digits where two characters do", '{"a":"\\u000a"}', "JSN-7", "not-canonical"),
        _refused("upper-escape", "Digits of an escape in upper case", '{"a":"\\u001F"}', "JSN-7", "not-canonical"),
        _refused("escaped-name", "An escape in a name", '{"\\u0061":1}', "JSN-7", "not-canonical"),
    ]


def _written() -> list[Case]:
    values: list[tuple[str, str, Any]] = [
        ("write-order", "A writer sorts names at every level", {"b": {"z": 1, "A": 2}, "a": [{"d": 1, "c": 2}]}),
        ("write-digits", "Names that look like numbers are sorted as text", {"10": 1, "9": 2, "1": 3}),
        (
            "write-escapes",
            "A writer escapes what must be escaped and nothing else",
            {"a": '"\\/\b\t\n\f\r\u0000\u001f\u007f'},
        ),
        ("write-text", "Text is written as it is", {"a": "é e\u0301 \u2028 <&> \U0001f600"}),
        ("write-numbers", "Integers are written in full", {"a": [9007199254740991, -9007199254740991, 0, 1000000000]}),
        ("write-rest", "Literals and empty values", {"d": True, "c": False, "b": [], "a": {}}),
    ]
    return [case(id_, says, "JSN-7", value=value, canonicalUtf8=_write(value)) for id_, says, value in values]


def _write(value: Any) -> str:
    """By the standard library, so that the SDK is compared with something else: equal within the profile."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
