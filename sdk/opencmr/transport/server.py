"""How a vendor is served by uvicorn, so that slow and endless clients are cut off."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import network_of

HEAD_TIMEOUT = 10.0
"""Seconds within which the head of a request has to arrive, counted from its connection or from the answer before."""
MOST_HEAD = 32_768
"""Bytes of a request's head."""
MOST_CONNECTIONS = 10_000
"""Connections and requests at once; beyond it uvicorn answers 503."""
MOST_OF_ONE = 256
"""Connections at once of one network address. Loopback and the proxies that are believed may have any number."""
READ_WITHIN = 15
"""Seconds that a connection may rest between requests, and that whoever asked may take to read an answer."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP of uvicorn, which would wait for a head without end and keep any number of bytes of it."""

    head_timeout = HEAD_TIMEOUT
    most_of_one = MOST_OF_ONE
    open: ClassVar[Counter[str]] = Counter()
    proxies: ClassVar[frozenset[str]] = frozenset()
    _network: str | None = None
    _head: asyncio.TimerHandle | None = None
    _bytes = 0
    _in_head = True

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
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        self._head_is_there()
        if self._network is not None:
            self.open[self._network] -= 1
            if not self.open[self._network]:
                del self.open[self._network]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes arrive; too many before a head ends are too many."""
        if self._in_head:
            self._bytes += len(data)
        super().data_received(data)
        if self._in_head and self._bytes > MOST_HEAD and not self.transport.is_closing():
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A head begins. Its time runs from its first byte; a connection at rest is closed by keep-alive."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """A head is whole; for its body the application has a limit of its own."""
        self._head_is_there()
        super().on_headers_complete()

    def timeout_keep_alive_handler(self) -> None:
        """A connection has rested for long enough; who has not read an answer by now does not mean to."""
        if self.transport.get_write_buffer_size() > 0:
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _await_head(self) -> None:
        self._head_is_there()
        self._in_head, self._bytes = True, 0
        self._head = self.loop.call_later(self.head_timeout, self._cut_off)

    def _head_is_there(self) -> None:
        self._in_head = False
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _cut_off(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def configuration(
    app: Any,
    *,
    proxies: Iterable[str] = ("127.0.0.1", "::1"),
    head_timeout: float = HEAD_TIMEOUT,
    most_of_one: int = MOST_OF_ONE,
    **more: Any,
) -> uvicorn.Config:
    """The configuration under which an application is served.

    Args:
        app: The ASGI application.
        proxies: Addresses whose word about the address of a client (`X-Forwarded-For`) is believed.
        head_timeout: Seconds within which the head of a request has to arrive.
        most_of_one: Connections at once of one network address, proxies and loopback apart.
        more: What else `uvicorn.Config` takes.
    """
    believed = frozenset(proxies)
    members = {"head_timeout": head_timeout, "most_of_one": most_of_one, "open": Counter(), "proxies": believed}
    settings = {
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_keep_alive": READ_WITHIN,
        "forwarded_allow_ips": sorted(believed),
        "ws": "none",
    }
    return uvicorn.Config(app, http=type("_Protocol", (PatientProtocol,), members), **{**settings, **more})
