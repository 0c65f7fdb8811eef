"""How a vendor is served by uvicorn, so that slow and endless clients are cut off."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIMEOUT = 10.0
"""Seconds within which the head of a request has to arrive, counted from its connection or from the answer before."""
MOST_HEAD = 32_768
"""Bytes of a request's head."""
MOST_CONNECTIONS = 10_000
"""Connections and requests at once; beyond it uvicorn answers 503."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP of uvicorn, which would wait for a head without end and keep any number of bytes of it."""

    head_timeout = HEAD_TIMEOUT
    _head: asyncio.TimerHandle | None = None
    _bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins: its first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        self._head_is_there()
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


def configuration(app: Any, *, head_timeout: float = HEAD_TIMEOUT, **more: Any) -> uvicorn.Config:
    """The configuration under which an application is served.

    Args:
        app: The ASGI application.
        head_timeout: Seconds within which the head of a request has to arrive.
        more: What else `uvicorn.Config` takes. `forwarded_allow_ips` says which proxies are believed about the address
            of a client; absent: those on 127.0.0.1.
    """
    protocol = type("_Protocol", (PatientProtocol,), {"head_timeout": head_timeout})
    settings = {"limit_concurrency": MOST_CONNECTIONS, "timeout_keep_alive": 15, "ws": "none"}
    return uvicorn.Config(app, http=protocol, **{**settings, **more})
