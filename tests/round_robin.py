"""A plain round-robin for tests: each request goes to the next of several servers, whoever sent it.

It knows just enough of HTTP/1.1 for that: one request a connection, because every head gets `Connection: close`.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from itertools import cycle

_MOST = 64 * 1024
"""The longest head of a request."""


class RoundRobin:
    """Carries connections from one listening socket to several addresses in turn.

    Attributes:
        carried: How many requests each of the servers was given.
    """

    def __init__(self, listening: socket.socket, servers: Sequence[tuple[str, int]]) -> None:
        self.carried = [0] * len(servers)
        self._listening = listening
        self._servers = servers
        self._turns = cycle(range(len(servers)))
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._take, sock=self._listening, limit=_MOST)
        try:
            await server.serve_forever()
        finally:
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # whoever is at the other end sees a connection that ends
        finally:
            self._open.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *fields = head[:-4].split(b"\r\n")
        kept = [field for field in fields if not field.lower().startswith(b"connection:")]
        turn = next(self._turns)
        self.carried[turn] += 1
        its_reader, its_writer = await asyncio.open_connection(*self._servers[turn])
        try:
            its_writer.write(b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n")
            there = asyncio.ensure_future(_copy(reader, its_writer))
            try:
                await _copy(its_reader, writer)
            finally:
                there.cancel()
        finally:
            its_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


@contextlib.contextmanager
def round_robin(listening: socket.socket, servers: Sequence[tuple[str, int]]) -> Iterator[RoundRobin]:
    """A round-robin in a thread of its own, until the `with` ends."""
    robin = RoundRobin(listening, servers)
    loop = asyncio.new_event_loop()
    task = loop.create_task(robin.serve())

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield robin
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
    assert not thread.is_alive()
