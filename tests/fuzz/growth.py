"""Inputs made to cost more than their size: each family at any size, for what reads it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from opencmr import trust
from opencmr.errors import OpenCMRError
from opencmr.protocol import parse, verify
from opencmr.transport import Discovery, unpack

from .cast import CUSTOMER, PINNED, VENDOR, examples, signed
from .mutations import written

LARGEST = trust.MAX_BYTES - 4096
"""Bytes: a little less than what is refused at a glance."""


@dataclass(frozen=True)
class Family:
    """Inputs of one kind, and what is done with them.

    Attributes:
        name: What they have much of.
        make: Makes one of about so many bytes.
        read: What is measured.
    """

    name: str
    make: Callable[[int], bytes]
    read: Callable[[bytes], object]

    def run(self, data: bytes) -> None:
        """Read it; a refusal is an answer too."""
        try:
            self.read(data)
        except OpenCMRError:
            pass


def _bytes(before: bytes, one: bytes, after: bytes, between: bytes = b"") -> Callable[[int], bytes]:
    """The one thing as often as there is room for it."""

    def make(size: int) -> bytes:
        count = max(1, (size - len(before) - len(after)) // (len(one) + len(between)))
        return before + between.join([one] * count) + after

    return make


def _around(opening: bytes, closing: bytes, inner: bytes = b"") -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        count = size // (len(opening) + len(closing))
        return b'{"a":' + opening * count + inner + closing * count + b"}"

    return make


def _names(name: str, value: Any = 1) -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        one = len(name.format(0).encode()) + len(orjson.dumps(value)) + 4
        return written({name.format(number): value for number in range(size // one)})

    return make


def _example(type_: str) -> dict[str, Any]:
    return next(each for each in examples() if each["type"] == type_)


def _message(type_: str, make: Callable[[dict[str, Any], Callable[[Any], list[Any]]], Any]) -> Callable[[int], bytes]:
    """A signed message; `make` is given the example and what fills a list up to the size."""

    def made(size: int) -> bytes:
        def fill(one: Any) -> list[Any]:
            return [one] * max(1, size // (len(orjson.dumps(one)) + 1))

        document = make(orjson.loads(orjson.dumps(_example(type_))), fill)
        return signed(document)

    return made


def _with(member: str, value: Callable[[Any, Callable[[Any], list[Any]]], Any]) -> Any:
    def make(document: dict[str, Any], fill: Callable[[Any], list[Any]]) -> dict[str, Any]:
        document["body"][member] = value(document["body"], fill)
        return document

    return make


def _check(raw: bytes) -> object:
    parsed = parse(raw)
    me = VENDOR if parsed.sender == CUSTOMER else CUSTOMER
    try:
        verify(parsed, me=me, pinned=PINNED)
    except OpenCMRError:
        pass
    return verify(parsed, me=me, pinned=PINNED, lenient=True)


def _discovery(raw: bytes) -> object:
    try:
        return Discovery.read(orjson.loads(raw))
    except orjson.JSONDecodeError:
        return None


def _key(raw: bytes) -> object:
    did = f"did:key:{raw.decode()}"
    return trust.public_key(did, trust.key_url(did), {})


def _many(name: str, fill: Callable[[Any], list[Any]]) -> dict[str, Any]:
    return {name.format(number): 1 for number in range(len(fill("x" * (len(name) + 6))))}


_ITEM = _example("consent.grant")["body"]["items"][0]
_BAD_RULE = {"effect": "permit", "duty": "x"}
_BAD_DOCUMENT = {"document": {"id": "a", "version": "1", "title": "x", "rules": [_BAD_RULE]}, "id": "x"}
_BAD_WANT = {"name": "x", "attributes": [{"name": "a", "value": "b", "oneOf": ["c"], "min": "x"}]}
_READ: Callable[[bytes], object] = trust.parse
_TEXT = b'{"a":"'

FAMILIES: tuple[Family, ...] = (
    Family("levels of lists", _around(b"[", b"]"), _READ),
    Family("levels of objects", _around(b'{"a":', b"}", b"1"), _READ),
    Family("lists side by side", _bytes(b'{"a":[', b"[]", b"]}", b","), _READ),
    Family("deep lists side by side", _bytes(b'{"a":[', b"[" * 30 + b"]" * 30, b"]}", b","), _READ),
    Family("digits", _bytes(b'{"a":', b"9", b"}"), _READ),
    Family("large integers", _bytes(b'{"a":[', b"9" * 16, b"]}", b","), _READ),
    Family("decimals", _bytes(b'{"a":0.', b"1", b"}"), _READ),
    Family("a large exponent", _bytes(b'{"a":1e', b"1", b"}"), _READ),
    Family("names", _names("k{:06}"), _READ),
    Family("names beyond ASCII", _names("é{:06}"), _READ),
    Family("text beyond ASCII", _names("k{:06}", "é"), _READ),
    Family("one name again and again", _bytes(b"{", b'"a":1', b"}", b","), _READ),
    Family("escaped quotes", _bytes(_TEXT, b'\\"', b'"}'), _READ),
    Family("escaped escapes", _bytes(_TEXT, b"\\\\", b'"}'), _READ),
    Family("needless escapes", _bytes(_TEXT, b"\\u0061", b'"}'), _READ),
    Family("spaces after a comma", _bytes(b'{"a":",', b" ", b'"}'), _READ),
    Family("what looks like numbers", _bytes(_TEXT, b",1e5:", b'"}'), _READ),
    Family("nulls", _bytes(b'{"a":[', b"null", b"]}", b","), _READ),
    Family("empty texts", _bytes(b'{"a":[', b'""', b"]}", b","), _READ),
    Family("an open text", _bytes(_TEXT, b'\\"', b""), _READ),
    Family("unknown members", _message("consent.grant", lambda d, fill: {**d, **_many("k{:06}", fill)}), _check),
    Family("extensions", _message("consent.grant", lambda d, fill: {**d, "ext": _many("urn:x:{:06}", fill)}), _check),
    Family("bad extensions", _message("consent.grant", lambda d, fill: {**d, "ext": _many("X{:06}", fill)}), _check),
    Family("one deep extension", _message("consent.grant", lambda d, fill: {**d, "ext": {"urn:x:1": fill([[[1]]])}}),
           _check),
    Family("a long type", _message("consent.grant", lambda d, fill: {**d, "type": "a.b." + "c-" * len(fill(1)) + "!"}),
           _check),
    Family("a long sender", _message("consent.grant", lambda d, fill: {**d, "from": "did:web:" + "a." * len(fill(1))}),
           _check),
    Family("items", _message("consent.grant", _with("items", lambda _, fill: fill(_ITEM))), _check),
    Family("items that are none", _message("consent.grant", _with("items", lambda _, fill: fill(1))), _check),
    Family("purposes", _message("consent.grant", _with("items", lambda _, f: [{**_ITEM, "purposes": f("dpv:A")}])),
           _check),
    Family("recipients", _message("consent.grant", _with("items", lambda _, f: [
        {**_ITEM, "recipients": f({"name": "x", "role": "thirdParty"})}])), _check),
    Family("keys", _message("consent.refuse", _with("keys", lambda _, f: [str(n) for n in range(len(f(1)) // 4)])),
           _check),
    Family("rules", _message("terms.proffer", _with("choices", lambda _, f: [
        {"document": {"id": "a", "version": "1", "title": "x", "rules": f(_BAD_RULE)}}])), _check),
    Family("terms documents", _message("terms.proffer", _with("choices", lambda _, fill: fill(_BAD_DOCUMENT))), _check),
    Family("wants", _message("intent.cast", _with("wants", lambda _, fill: fill(_BAD_WANT))), _check),
    Family("data", _message("intent.cast", _with("discloses", lambda _, f: f({"data": "pd:A", "value": [1]}))), _check),
    Family("receipts that are none", _message("mailbox.collect", _with("receipts", lambda _, fill: fill({}))), _check),
    Family("receipts", _message("mailbox.collect", _with("receipts", lambda _, f: f(_example("receipt")))), _check),
    Family("terms of discovery", _bytes(b'{"terms":[', b'{"id":1}', b"]}", b","), _discovery),
    Family("an answer", _bytes(b'{"messages":[', b"{}", b"]}", b","), unpack),
    Family("a did:web of labels", _bytes(b"did:web:", b"a-", b"!"), lambda raw: trust.web_urls(raw.decode())),
    Family("a did:web of a path", _bytes(b"did:web:a", b":a", b"/"), lambda raw: trust.web_urls(raw.decode())),
    Family("base58", _bytes(b"z", b"6", b""), _key),
)  # fmt: skip


def timed(family: Family, size: int, times: int = 5) -> float:
    """Seconds of the processor for an input of a size: the least of several."""
    data = family.make(size)
    family.run(data)
    took = []
    for _ in range(times):
        start = time.thread_time()
        family.run(data)
        took.append(time.thread_time() - start)
    return min(took)


def is_steep(half: float, whole: float) -> bool:
    """Whether twice the size costs much more than twice the time; what takes no time at all is not measured."""
    return whole > 0.002 and whole > 3 * half
