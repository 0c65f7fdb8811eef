"""One HTTP request, by hand: a check may have to send what no client would, and to survive what no server should say.

Whatever the target does, an exchange ends in time and holds a bounded number of bytes. It returns an `Answer` or raises
`NoAnswer`. Nothing is followed, kept or decoded: no redirect, no cookie, no encoding.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from ..errors import UsageError
from ..transport.bundle import MAX_BUNDLE

_MAX_HEAD = 64 * 1024
_LONG = 64 * 1024
_PAUSE = 0.2
"""Seconds."""


class NoAnswer(Exception):  # it is what happened
    """The target has not answered, or not in HTTP."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came.

    Attributes:
        headers: Names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Exchange(Protocol):
    """What carries a request: a network, or in tests an application in the same process."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, timeout: float
    ) -> Awaitable[Answer]:
        """Send one request and return its answer.

        Raises:
            NoAnswer: There is none.
        """


async def over_http(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, timeout: float, limit: int = MAX_BUNDLE
) -> Answer:
    """One request on a connection of its own.

    Args:
        method: `GET`, `POST` …
        url: Whole.
        headers: All that are to be sent besides `Host`, `Content-Length` and `Connection`.
        body: Sent as it is.
        timeout: Seconds for everything.
        limit: The most bytes of a body.

    Raises:
        NoAnswer: No connection, no answer in time, none that is HTTP, or too long a one.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(method, url, headers, body, limit)
    except TimeoutError as error:
        raise NoAnswer(f"no whole answer within {timeout:g} s") from error
    except ssl.SSLError as error:
        raise NoAnswer(f"no TLS: {error.reason or error}") from error
    except OSError as error:
        raise NoAnswer(f"the connection failed: {error.strerror or type(error).__name__}") from error
    except (asyncio.IncompleteReadError, EOFError) as error:
        raise NoAnswer("the connection was closed in the middle of the answer") from error
    except (ValueError, asyncio.LimitOverrunError) as error:
        raise NoAnswer(f"the answer is not HTTP/1.1: {str(error)[:100]}") from error


async def _exchange(method: str, url: str, headers: Mapping[str, str], body: bytes, limit: int) -> Answer:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url} is no http URL")
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(
        parts.hostname, port, ssl=ssl.create_default_context() if secure else None, limit=_MAX_HEAD
    )
    try:
        lines = [
            f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc}",
            "User-Agent: opencmr-conformance",
            "Connection: close",
            *(f"{name}: {value}" for name, value in headers.items()),
            *([f"Content-Length: {len(body)}"] if body or method == "POST" else []),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        sending = asyncio.ensure_future(_send(writer, body))
        try:
            # A server may answer before it has read all, and close.
            return await _answer(reader, method, limit)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    finally:
        writer.close()
        with suppress(Exception):
            writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Send a body, a long one with pauses.

    A server that answers and closes meanwhile resets the connection; what is still on its way takes the answer with it.
    """
    if len(body) > _LONG:
        await writer.drain()
        await asyncio.sleep(_PAUSE)
    for start in range(0, len(body), _LONG + 1):
        writer.write(body[start : start + _LONG + 1])
        await writer.drain()
        if start + _LONG + 1 < len(body):
            await asyncio.sleep(_PAUSE)


async def _answer(reader: asyncio.StreamReader, method: str, limit: int) -> Answer:
    while True:
        version, _, rest = (await _line(reader)).partition(" ")
        code = rest[:3]
        if not version.startswith("HTTP/1.") or len(code) != 3 or not code.isdecimal():
            raise ValueError(f"begins with {(version + ' ' + rest)[:40]!r}")
        headers: dict[str, str] = {}
        while line := await _line(reader):
            name, colon, value = line.partition(":")
            if not colon or len(headers) > 200:
                raise ValueError(f"a header {line[:40]!r}")
            headers[name.strip().lower()] = value.strip()
        status = int(code)
        if status >= 200:
            break
    if method == "HEAD" or status in (204, 304):
        return Answer(status, headers, b"")
    return Answer(status, headers, await _body(reader, headers, limit))


async def _line(reader: asyncio.StreamReader) -> str:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line.decode("latin-1").rstrip("\r\n")


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], limit: int) -> bytes:
    read: Callable[[int], Awaitable[bytes]] = reader.read
    too_long = NoAnswer(f"the answer is longer than {limit} bytes")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = bytearray()
        while size := int((await _line(reader)).partition(";")[0].strip(), 16):
            if size < 0 or len(body) + size > limit:
                raise too_long
            body += await reader.readexactly(size)
            await _line(reader)
        return bytes(body)
    if (length := headers.get("content-length")) is not None:
        if not length.isdecimal():
            raise ValueError(f"Content-Length {length[:20]}")
        if len(length.lstrip("0")) > 12 or int(length) > limit:
            raise too_long
        return await reader.readexactly(int(length))
    body = bytearray()
    while chunk := await read(65536):
        body += chunk
        if len(body) > limit:
            raise too_long
    return bytes(body)
