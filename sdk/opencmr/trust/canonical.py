"""Bytes and JSON: strict reading, canonical writing, digests (`spec/v1/envelope.md`).

A message travels in its canonical form (RFC 8785), so reading is one comparison: what we would write must be what came.
That catches duplicate names, escapes, white space and NaN. What it cannot catch, floats, nulls, names beyond ASCII and
depth, is looked for only in bytes that could hold it, since most hold none.
"""

import hashlib
import re
from itertools import accumulate
from typing import Any

import base58
import orjson

from ..errors import BadNumber, Malformed, NotCanonical, NotJson, NullMember, TooDeep, TooLarge
from ..messages import Path, pointer

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1

# A number or a null stands after a name's colon, a comma or a bracket. In a string it may look so too: then we walk.
_SUSPICIOUS = re.compile(rb'(?:":|[,\[])\s*(?:null|-?[0-9]+[.eE]|-?[0-9]{16})')
_STRINGS = re.compile(rb'"((?:[^"\\]|\\.)*+)"\s*(:?)')
_STEPS = {**dict.fromkeys(b"{[", 1), **dict.fromkeys(b"]}", -1)}
_NO_BRACKETS = bytes(set(range(256)) - set(_STEPS))
_MULTIHASH_SHA2_256 = b"\x12\x20"


def read(raw: bytes, *, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> dict[str, Any]:
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
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # The parser gives up at 1024 levels and at numbers that no double holds, and says so.
        known = {"limit exceeded": TooDeep, "number is infinity": BadNumber}
        kind = next((known[words] for words in known if words in error.msg), NotJson)
        raise kind(str(error)[:200]) from error
    if not isinstance(document, dict):
        raise NotJson("a message is a JSON object")
    check_profile(document, raw, depth)
    if write(document) != raw:
        raise NotCanonical("the same object in canonical form (RFC 8785) is other bytes")
    return document


def write(document: Any) -> bytes:
    """The canonical bytes of a JSON value within the profile; equal to RFC 8785 there."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise NotJson(str(error)) from error


def digest(raw: bytes) -> str:
    """The digest of canonical bytes: multibase base58-btc of the multihash sha2-256."""
    return "z" + base58.b58encode(_MULTIHASH_SHA2_256 + hashlib.sha256(raw).digest()).decode()


def check_profile(document: Any, raw: bytes, depth: int = MAX_DEPTH) -> None:
    """Refuse what canonical form alone lets through: floats, large integers, nulls, names beyond ASCII, depth.

    Args:
        document: The parsed JSON value.
        raw: Its bytes, in which a quick search tells whether a walk is needed at all.
        depth: The most levels.
    """
    if _SUSPICIOUS.search(raw) or _is_deep(raw, depth) or _has_wide_names(raw):
        _walk(document, (), depth)


def _is_deep(raw: bytes, depth: int) -> bool:
    """Whether more levels are open at once, by the brackets outside of strings; few brackets need no look."""
    if raw.count(b"{") + raw.count(b"[") <= depth:
        return False
    brackets = _STRINGS.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets))) > depth


def _has_wide_names(raw: bytes) -> bool:
    return not raw.isascii() and any(colon and not name.isascii() for name, colon in _STRINGS.findall(raw))


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
