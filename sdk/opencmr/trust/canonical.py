"""Bytes and JSON: strict reading, canonical writing, digests (`spec/v1/envelope.md`).

A message travels in its canonical form (RFC 8785), so reading is one comparison: what we would write must be what came.
That catches duplicate names, escapes, white space and NaN. What it cannot catch, floats, nulls, names beyond ASCII and
depth, is looked for between the strings first, and only where it could be in the object itself: most hold none.
"""

import gc
import hashlib
import re
from itertools import accumulate
from typing import Any

import orjson

from ..errors import BadNumber, Malformed, NotCanonical, NotJson, NullMember, TooDeep, TooLarge
from ..messages import Path, pointer
from . import base58

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1

_MANY = 500
"""Objects and lists of a message that are a lot: an honest one has some ten."""
_LARGE = re.compile(rb"[0-9]{16}")
_QUIET = b"{}[]:,- \t\r\n"
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_UP_AND_DOWN = bytes.maketrans(b"{[]}", b"\x01\x01\xff\xff")
_MULTIHASH_SHA2_256 = b"\x12\x20"


def parse(raw: bytes, *, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """The JSON object of these bytes, which must be canonical I-JSON.

    Args:
        raw: The bytes, exactly as received.
        limit: The most bytes that are looked at.
        depth: The most levels; the object itself is level 1.

    Raises:
        TooLarge: More bytes than `limit`.
        NotJson: Not JSON in UTF-8, or not an object.
        TooDeep: Nested deeper than `depth` levels.
        BadNumber: A float, or an integer beyond ±(2^53-1).
        NullMember: A member is null.
        Malformed: A member name is not ASCII.
        NotCanonical: The same object would be written otherwise.
    """
    if len(raw) > limit:
        raise TooLarge(f"{len(raw)} bytes, {limit} at most")
    try:
        document = _loads(raw)
    except orjson.JSONDecodeError as error:
        # The parser gives up at 1024 levels and at numbers that no double holds, and says so.
        known = {"limit exceeded": TooDeep, "number is infinity": BadNumber}
        kind = next((known[words] for words in known if words in error.msg), NotJson)
        raise kind(str(error)[:200]) from error
    if not isinstance(document, dict):
        raise NotJson("a message is a JSON object")
    check_profile(document, raw, depth)
    if canonicalize(document) != raw:
        raise NotCanonical("the same object in canonical form (RFC 8785) is other bytes")
    return document


def _loads(raw: bytes) -> Any:
    """The JSON value of these bytes; of many parts, without the collector looking for cycles among them as they come.

    None of them can be in a cycle, and the looking would cost ten times as much as the reading.
    """
    if raw.count(b"[") + raw.count(b"{") < _MANY or not gc.isenabled():
        return orjson.loads(raw)
    gc.disable()
    try:
        return orjson.loads(raw)
    finally:
        gc.enable()


def canonicalize(document: Any) -> bytes:
    """The canonical bytes of a JSON value within the profile; equal to RFC 8785 there."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise NotJson(str(error)) from error


def digest(raw: bytes) -> str:
    """The digest of canonical bytes: multibase base58-btc of the multihash sha2-256."""
    return digest_of(hashlib.sha256(raw))


def digest_of(hashed: "hashlib._Hash") -> str:
    """The digest of bytes that were given to SHA-256 a piece at a time."""
    return "z" + base58.encode(_MULTIHASH_SHA2_256 + hashed.digest())


def sha256_of(digest: str) -> bytes:
    """The SHA-256 of a digest.

    Raises:
        ValueError: It is no digest.
    """
    said = base58.decode(digest.removeprefix("z"))
    if len(said) != len(_MULTIHASH_SHA2_256) + 32 or not said.startswith(_MULTIHASH_SHA2_256):
        raise ValueError(f"{digest[:60]} is no digest")
    return said.removeprefix(_MULTIHASH_SHA2_256)


def check_profile(document: Any, raw: bytes, depth: int = MAX_DEPTH) -> None:
    """Refuse what canonical form alone lets through: floats, large integers, nulls, names beyond ASCII, depth.

    Args:
        document: The parsed JSON value.
        raw: Its bytes, in which a quick search tells whether a walk is needed at all.
        depth: The most levels.
    """
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in raw else raw
    parts = plain.split(b'"')  # by turns outside of a string and within one
    outside = b"".join(parts[::2])
    if _is_odd(outside) or _is_deep(outside, depth) or (not raw.isascii() and _has_wide_names(parts)):
        _walk(document, (), depth)


def _is_odd(outside: bytes) -> bool:
    """Whether there may be a null, or a number that is no small integer."""
    rest = outside.replace(b"true", b"").replace(b"false", b"").translate(None, _QUIET)
    return bool(rest) and (not rest.isdigit() or (len(rest) > 15 and _LARGE.search(outside) is not None))


def _is_deep(outside: bytes, depth: int) -> bool:
    """Whether more levels are open at once; few brackets need no look. Each opens one, or closes one."""
    if outside.count(b"{") + outside.count(b"[") <= depth:
        return False
    steps = memoryview(outside.translate(_UP_AND_DOWN, _NO_BRACKETS)).cast("b")
    return max(accumulate(steps)) > depth


def _has_wide_names(parts: list[bytes]) -> bool:
    return any(
        after.lstrip()[:1] == b":" and not text.isascii() for text, after in zip(parts[1::2], parts[2::2], strict=True)
    )


def _walk(value: Any, path: Path, depth: int) -> None:
    if len(path) > depth or (len(path) == depth and isinstance(value, dict | list)):
        raise TooDeep(f"nested deeper than {depth} levels", pointer=pointer(path))
    match value:
        case dict():
            for name in sorted(value):
                if not name.isascii():
                    raise Malformed("member names are ASCII", pointer=pointer((*path, name)))
                _walk(value[name], (*path, name), depth)
        case list():
            for position, item in enumerate(value):
                _walk(item, (*path, position), depth)
        case None:
            raise NullMember("leave an absent member out", pointer=pointer(path))
        case float():
            raise BadNumber("write amounts as decimal strings", pointer=pointer(path))
        case int() if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise BadNumber("an integer beyond ±(2^53-1)", pointer=pointer(path))
