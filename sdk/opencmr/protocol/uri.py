"""The normal form of a URI, so that one party has one name (RFC 3986, 6.2.2 and 6.2.3)."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from ..messages import Path
from ..messages.types import Party

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}


@lru_cache(maxsize=10_000)
def normal(uri: str) -> str:
    """A URI in its normal form: by case, percent-encoding, dot segments, default port and empty path.

    What is no URI comes back as it is, but for percent-encoding and the case of its scheme. Two spellings that only a
    lookup could tell to be one, such as a host and its address, stay two.
    """
    found = _PARTS.fullmatch(uri)
    scheme, authority, path, query, fragment = found.groups() if found else (None, None, uri, None, None)
    scheme = scheme.lower() if scheme is not None else None
    path, query, fragment = _escapes(path), _escapes(query or ""), _escapes(fragment or "")
    if authority is not None:
        authority = _authority(_escapes(authority), scheme)
        path = _without_dots(path) or ("/" if scheme in _PORTS else "")
    elif scheme == "did" and path.startswith("web:"):
        method, host, *rest = path.split(":")
        path = ":".join((method, _lower(host), *rest))
    return f"{scheme}:" * (scheme is not None) + f"//{authority}" * (authority is not None) + path + query + fragment


def _escapes(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(one, text)


def _authority(text: str, scheme: str | None) -> str:
    user, at, place = text.rpartition("@")
    host, colon, port = place.rpartition(":") if re.search(r":[0-9]*$", place) else (place, "", "")
    host = _lower(host.rstrip(".") or host)
    bare = port.lstrip("0") or port[-1:]
    return user + at + host + (f":{bare}" if colon and port and bare != _PORTS.get(scheme or "") else "")


def _lower(host: str) -> str:
    return _ESCAPE.sub(lambda found: found[0].upper(), host.lower())


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
            if last:
                kept.append("")
        elif segment != ".":
            kept.append(segment)
        elif last:
            kept.append("")
    return "/".join(kept)


def misnamed(parties: Iterable[tuple[Path, Party]]) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """The parties that are not named in normal form, by where they stand: path, why, and what tells more."""
    for path, party in parties:
        if party.id is not None and normal(party.id) != party.id:
            right = {"rule": "CNS-11", "expected": [normal(party.id)]}
            yield (*path, "id"), "a party is named in normal form", right
