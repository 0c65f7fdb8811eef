"""Bytes and JSON: what is let in, and that what is written is RFC 8785."""

import json
import tracemalloc
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from opencmr import errors, trust

NAMES = st.text(st.characters(max_codepoint=127), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    TEXTS | INTEGERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    """An object with so many levels, counting itself."""
    return ('{"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}").encode()


@pytest.mark.requirement("JSN-7")
@given(OBJECTS)
def test_what_is_written_is_rfc_8785_and_is_read_again(document: dict[str, Any]) -> None:
    raw = trust.canonicalize(document)
    assert raw == rfc8785.dumps(document)
    assert trust.parse(raw) == document


@pytest.mark.requirement("JSN-7", "ENV-7")
@given(
    OBJECTS, st.sampled_from([{"indent": 1}, {"separators": (", ", ":")}, {"sort_keys": False}, {"ensure_ascii": True}])
)
def test_other_bytes_for_the_same_object_are_refused(document: dict[str, Any], style: dict[str, Any]) -> None:
    plain = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}
    raw = json.dumps(document, **{**plain, **style}).encode()
    if raw == trust.canonicalize(document):
        assert trust.parse(raw) == document
    else:
        with pytest.raises(errors.NotCanonical):
            trust.parse(raw)


@pytest.mark.requirement("JSN-1", "JSN-7")
@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"b":1,"a":2}',
        b'{"a":1} ',
        b'{"a":1}\n',
        b' {"a":1}',
        b'{"a": 1}',
        b'{"\\u0061":1}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\u000a"}',
        b'{"a":-0}',
    ],
)
def test_what_is_not_in_canonical_form_is_refused(raw: bytes) -> None:
    with pytest.raises(errors.NotCanonical):
        trust.parse(raw)


@pytest.mark.requirement("JSN-1")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a":1}{"b":2}',
        b'{"a":1}x',
        b'{"a":1}\x00',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\ud800":1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":1.}',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":"\t"}',
        b'{"a":undefined}',
        b"[]",
        b'"a"',
        b"7",
        b"null",
    ],
)
def test_what_is_not_i_json_is_refused(raw: bytes) -> None:
    with pytest.raises(errors.NotJson):
        trust.parse(raw)


@pytest.mark.requirement("JSN-3")
@pytest.mark.parametrize(
    "number",
    [
        "1.5",
        "1.0",
        "-0.0",
        "0.1",
        "1e2",
        "1E2",
        "1e-7",
        "1e+21",
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "1" + "0" * 40,
    ],
)
@pytest.mark.parametrize(("frame", "pointer"), [('{"a":%s}', "/a"), ('{"a":[1,%s]}', "/a/1"), ('{"a":[%s]}', "/a/0")])
def test_a_number_that_is_no_safe_integer_is_refused_where_it_stands(number: str, frame: str, pointer: str) -> None:
    with pytest.raises(errors.BadNumber) as caught:
        trust.parse((frame % number).encode())
    assert caught.value.pointer == pointer


@pytest.mark.requirement("JSN-3")
@pytest.mark.parametrize("number", [0, 1, -1, 2**53 - 1, -(2**53) + 1])
def test_a_safe_integer_is_read(number: int) -> None:
    assert trust.parse(b'{"a":%d}' % number) == {"a": number}


def test_digits_in_a_text_are_no_number() -> None:
    raw = b'{"a":"x:1.5,9007199254740992,[1e2, null"}'
    assert trust.canonicalize(trust.parse(raw)) == raw


@pytest.mark.requirement("JSN-4")
@pytest.mark.parametrize(("raw", "pointer"), [(b'{"a":null}', "/a"), (b'{"a":[{"b~/":[null]}]}', "/a/0/b~0~1/0")])
def test_null_is_refused_where_it_stands(raw: bytes, pointer: str) -> None:
    with pytest.raises(errors.NullMember) as caught:
        trust.parse(raw)
    assert caught.value.pointer == pointer


@pytest.mark.requirement("JSN-2")
@pytest.mark.parametrize("name", ["é", "ａ", "\u2028", "a\U0001f600"])
def test_a_name_beyond_ascii_is_refused_where_it_stands(name: str) -> None:
    with pytest.raises(errors.Malformed) as caught:
        trust.parse(trust.canonicalize({"b": [{name: 1}]}))
    assert caught.value.pointer == f"/b/0/{name}"
    assert trust.parse(trust.canonicalize({"b": name})) == {"b": name}


@pytest.mark.requirement("JSN-6")
@pytest.mark.parametrize(("opening", "closing", "step"), [("[", "]", "/0"), ('{"a":', "}", "/a")])
def test_thirty_two_levels_are_read_and_thirty_three_refused(opening: str, closing: str, step: str) -> None:
    assert trust.parse(nested(32, opening, closing))
    with pytest.raises(errors.TooDeep) as caught:
        trust.parse(nested(33, opening, closing))
    assert caught.value.pointer == "/a" + step * 31


@pytest.mark.requirement("JSN-6")
@pytest.mark.parametrize("levels", [34, 253, 255, 1023, 1025, 30000])
def test_however_deep_it_is_too_deep(levels: int) -> None:
    with pytest.raises(errors.TooDeep):
        trust.parse(nested(levels))


def test_breadth_is_no_depth() -> None:
    raw = trust.canonicalize({"a": [[]] * 500})
    assert trust.canonicalize(trust.parse(raw)) == raw


@pytest.mark.requirement("JSN-6")
def test_brackets_in_texts_are_no_levels_and_hide_none() -> None:
    raw = trust.canonicalize({"a": ["[" * 50, '{"' * 50, "\\["]})
    assert trust.canonicalize(trust.parse(raw)) == raw
    deep: Any = []
    for _ in range(40):
        deep = ["]", deep, "["]
    with pytest.raises(errors.TooDeep):
        trust.parse(trust.canonicalize({"a": deep}))


@pytest.mark.requirement("JSN-6")
def test_what_is_deep_and_broad_takes_no_more_memory_than_what_is_broad() -> None:
    raw = b'{"a":' + b"[" * 200 + b",".join([b"1"] * 30_000) + b"]" * 200 + b"}"
    tracemalloc.start()
    try:
        with pytest.raises(errors.TooDeep):
            trust.parse(raw)
        assert tracemalloc.get_traced_memory()[1] < 20 * len(raw)
    finally:
        tracemalloc.stop()


@pytest.mark.requirement("JSN-5")
def test_64_kib_are_read_and_a_byte_more_refused() -> None:
    raw = trust.canonicalize({"a": "x" * (65536 - 8)})
    assert len(raw) == 65536
    assert trust.parse(raw)
    with pytest.raises(errors.TooLarge):
        trust.parse(trust.canonicalize({"a": "x" * (65536 - 7)}))
    with pytest.raises(errors.TooLarge):
        trust.parse(b"no JSON at all " * 10_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_problem(raw: bytes) -> None:
    try:
        assert trust.canonicalize(trust.parse(raw)) == raw
    except errors.Problem:
        pass


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, {"a": "\ud800"}, {"a": 2**70}])
def test_what_is_no_json_is_not_written(value: Any) -> None:
    with pytest.raises(errors.NotJson):
        trust.canonicalize(value)


@pytest.mark.requirement("ENV-12")
def test_a_digest_is_the_multihash_of_the_bytes_in_base58() -> None:
    # sha2-256 of "{}" is 44136fa3…; with 0x12 0x20 before it, in base58-btc.
    assert trust.digest(b"{}") == "zQmSvPd3sHK7iWgZuW47fyLy4CaZQe2DwxvRhrJ39VpBVMK"
    assert trust.digest(b"{} ") != trust.digest(b"{}")


@given(st.binary())
def test_every_digest_has_the_form_that_the_schema_asks_for(raw: bytes) -> None:
    digest = trust.digest(raw)
    assert digest.startswith("zQm")
    assert len(digest) == 47
