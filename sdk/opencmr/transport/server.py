"""How a vendor is served by uvicorn, so that slow and endless clients are cut off."""

import asyncio
import ipaddress
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .. import trust
from ..errors import TooLarge
from .limits import Buckets, Rate, network_of

HEAD_TIMEOUT = 10.0
"""Seconds within which the head of a request has to arrive, counted from its connection or from its first byte."""
REQUEST_TIMEOUT = 20.0
"""Seconds within which a request has to arrive whole, from its first byte: head, body, what frames it, and trailers."""
MOST_HEAD = 32_768
"""Bytes of a request's head."""
MOST_REQUEST = MOST_HEAD + 2 * trust.MAX_BYTES
"""Bytes of a whole request. Chunks have heads of their own, which may be as long as the body once more."""
MOST_CONNECTIONS = 10_000
"""Connections and requests at once; beyond it uvicorn answers 503."""
MOST_OF_ONE = 256
"""Connections at once of one network address. Loopback and the proxies that are believed may have any number."""
READ_WITHIN = 15
"""Seconds that a connection may rest between requests, and that whoever asked may take to read an answer, or the next
part of a long one."""
WARNINGS = Rate(0.1, 20)
"""How many warnings of one text the server writes into the log: one in 10 seconds, and 20 at once."""

_KINDS = 100
"""Texts of warnings that are told apart."""
_PIECE = 16_384
"""Bytes that are parsed at a time, so that what is too much is noticed before it has become objects."""
_ONCE = (b"content-length", b"content-type", b"host", b"transfer-encoding")
"""What two programs read differently where it stands twice: the first counts for the one, the last for the other."""


class Proxies:
    """The proxies whose word about the address of a client is believed.

    A server that listens for IPv6 as well sees an IPv4 address within one of IPv6. So each counts in both forms.

    Args:
        believed: Addresses, networks, or `*` for everybody, as uvicorn takes them.
    """

    def __init__(self, believed: Iterable[str] = ()) -> None:
        self.listed = sorted({form for each in believed for form in (each, *_mapped(each))})
        self._networks = [network for each in self.listed if (network := _network(each)) is not None]

    def __contains__(self, address: str) -> bool:
        if "*" in self.listed or address in self.listed:
            return True
        found = _network(address)
        return found is not None and any(found.network_address in network for network in self._networks)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _mapped(text: str) -> Iterator[str]:
    found = _network(text)
    if isinstance(found, ipaddress.IPv4Network):
        address = f"::ffff:{found.network_address}"
        yield f"{address}/{96 + found.prefixlen}" if "/" in text else str(ipaddress.IPv6Address(address))


class PatientProtocol(HttpToolsProtocol):
    """HTTP of uvicorn, which would wait for a request without end and keep any number of bytes of it.

    A request has one budget of bytes and of time, whatever they are spent on: lines before it, its head, its body, the
    framing of chunks, trailers. Whether it is answered already makes no difference.
    """

    head_timeout = HEAD_TIMEOUT
    request_timeout = REQUEST_TIMEOUT
    most_of_one = MOST_OF_ONE
    read_within: float = READ_WITHIN
    open: ClassVar[Counter[str]] = Counter()
    proxies: ClassVar[Proxies] = Proxies()
    _network: str | None = None
    _end: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _began = 0.0
    _bytes = 0
    _in_head = True
    _why: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins: its first head is awaited, unless its address has too many already."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else None
        self._network = network_of(address) if address and address not in self.proxies else None
        if self._network is not None:
            self.open[self._network] += 1
            if self.open[self._network] > self.most_of_one:
                return transport.abort()
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        self._it_is_there()
        self._is_read()
        if self._network is not None:
            self.open[self._network] -= 1
            if not self.open[self._network]:
                del self.open[self._network]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes arrive: they count for the request that they belong to, and too many are too many."""
        for start in range(0, len(data), _PIECE):
            if self.transport.is_closing():
                return
            piece = data[start : start + _PIECE]
            if self._end is None:
                self._await()  # also for bytes that begin no message, such as empty lines between two
            self._bytes += len(piece)
            super().data_received(piece)
            most = MOST_HEAD if self._in_head else MOST_REQUEST
            if self._end is not None and self._bytes > most and not self.transport.is_closing():
                self._too_much()

    def on_message_begin(self) -> None:
        """A message begins; empty lines before it belong to it."""
        super().on_message_begin()
        if not self._in_head:
            self._await()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head. Trailers are passed over: they must not become headers after these were looked at."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head is whole. One that says its body in two ways, or no host, is not taken; else the rest is awaited.

        Raises:
            ValueError: It says so; the parser ends, and the client is told.
        """
        self._in_head = False
        self._why = _ambiguous(self.headers) or _hostless(self.headers, self.parser.get_http_version())
        if self._why is not None:
            raise ValueError(self._why)
        self._cut_off_after(self._began + self.request_timeout - self.loop.time())
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._it_is_there()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell the client what is wrong, and close."""
        super().send_400_response(self._why or msg)

    def pause_writing(self) -> None:
        """More than enough waits to be read: no more is written, and who reads none of it in time is cut off."""
        super().pause_writing()
        self._is_read()
        self._unread = self.loop.call_later(self.read_within, self.transport.abort)

    def resume_writing(self) -> None:
        """It is being read."""
        self._is_read()
        super().resume_writing()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def timeout_keep_alive_handler(self) -> None:
        """A connection has rested for long enough; who has not read an answer by now does not mean to."""
        if self.transport.get_write_buffer_size() > 0:
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _await(self) -> None:
        self._in_head, self._bytes, self._began = True, 0, self.loop.time()
        self._cut_off_after(self.head_timeout)

    def _it_is_there(self) -> None:
        self._in_head = False
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _cut_off_after(self, seconds: float) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(seconds, self._cut_off)

    def _cut_off(self) -> None:
        answering = not getattr(self.cycle, "response_complete", True)  # there is no cycle before the first
        if self.flow.read_paused or (self._in_head and answering):
            self._cut_off_after(self.head_timeout)  # it is us who are slow: with this request, or with one before it
        elif not self.transport.is_closing():
            self.transport.abort()

    def _too_much(self) -> None:
        cycle = self.cycle
        if self._in_head or self.pipeline or cycle.response_started:
            return self.transport.abort()
        body = trust.canonicalize(TooLarge(f"{MOST_REQUEST} bytes of a request at most", rule="TRN-14").as_dict())
        self.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n"
            b"Access-Control-Allow-Origin: *\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
        )
        cycle.disconnected = True  # so that the application does not answer as well
        cycle.message_event.set()
        self.transport.close()


def _ambiguous(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Why a head says of its body what two programs would understand differently; none where it does not."""
    said: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in said:
            return f"{name.decode()} stands twice."
        if name in _ONCE:
            said[name] = value
    coding = said.get(b"transfer-encoding")
    if coding is not None and coding.strip().lower() != b"chunked":
        return "The one transfer-encoding that is read here is chunked, once."
    if coding is not None and b"content-length" in said:
        return "A body has a content-length or a transfer-encoding, not both."
    return None


def _hostless(headers: Iterable[tuple[bytes, bytes]], version: str) -> str | None:
    """Why a head that says no host is not taken (RFC 9112, 3.2); none where it does, or is of HTTP/1.0."""
    return "A host is wanted." if version > "1.0" and all(name != b"host" for name, _ in headers) else None


class Sparing(logging.Filter):
    """Lets so many warnings of a kind into a log, and of the others says how many there were.

    uvicorn writes a line for each request that is no HTTP, and who sends such is charged nothing: it is no request yet.

    Args:
        rate: How many, of one text.
        clock: Seconds, never going back; for tests.
    """

    def __init__(self, rate: Rate = WARNINGS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._buckets = Buckets(rate, clock=clock, most=_KINDS)
        self._left_out: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        if record.levelno != logging.WARNING:
            return True
        kind = str(record.msg)
        if self._buckets.take(kind):
            self._left_out[kind if kind in self._left_out or len(self._left_out) < _KINDS else ""] += 1
            return False
        if left_out := self._left_out.pop(kind, 0):
            record.msg = f"{kind} ({left_out} more such lines were left out)"
        return True


_SPARING = Sparing()


def configuration(
    app: Any,
    *,
    proxies: Iterable[str] = ("127.0.0.1", "::1"),
    head_timeout: float = HEAD_TIMEOUT,
    request_timeout: float = REQUEST_TIMEOUT,
    most_of_one: int = MOST_OF_ONE,
    read_within: float = READ_WITHIN,
    **more: Any,
) -> uvicorn.Config:
    """The configuration under which an application is served.

    Args:
        app: The ASGI application.
        proxies: Addresses whose word about the address of a client (`X-Forwarded-For`) is believed.
        head_timeout: Seconds within which the head of a request has to arrive.
        request_timeout: Seconds within which a request has to arrive whole.
        most_of_one: Connections at once of one network address, proxies and loopback apart.
        read_within: Seconds that a connection may rest, and that the next part of a long answer may go unread.
        more: What else `uvicorn.Config` takes.
    """
    logging.getLogger("uvicorn.error").addFilter(_SPARING)
    believed = Proxies(proxies)
    members = {
        "head_timeout": head_timeout,
        "request_timeout": request_timeout,
        "most_of_one": most_of_one,
        "read_within": read_within,
        "open": Counter(),
        "proxies": believed,
    }
    settings = {
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_keep_alive": math.ceil(read_within),
        "forwarded_allow_ips": believed.listed,
        "ws": "none",
    }
    return uvicorn.Config(app, http=type("_Protocol", (PatientProtocol,), members), **{**settings, **more})
