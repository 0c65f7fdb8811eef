"""A load generator that costs little: a raw protocol on keep-alive connections that sends prepared bytes.

    python tests/bench/load.py FILE ADDRESS…      # FILE: a JSON list a connection, of messages as text

It opens a connection a list, the addresses by turns, and then does what it is told on standard input: `N` sends the
next N messages of each connection, one after the other, all connections at once, and answers with the seconds that it
took and how many receipts of acceptance came. It ends with its standard input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HEAD = (
    "POST /opencmr/messages HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/opencmr+json\r\n"
    "Content-Length: {length}\r\n\r\n"
)
ACCEPTED = b'"outcome":"accepted"'


class Connection(asyncio.Protocol):
    """One customer's connection: sends a message when the answer to the one before is there."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = iter(requests)
        self._left = 0
        self._buffer = b""
        self.accepted = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def go(self, many: int) -> "asyncio.Future[None]":
        """Send this many."""
        self.done = asyncio.get_running_loop().create_future()
        self._left = many
        self._next()
        return self.done

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        _, _, length = head.lower().partition(b"content-length:")
        if len(body) < int(length.partition(b"\r\n")[0]):
            return
        if ACCEPTED not in body:
            self.done.set_exception(RuntimeError(self._buffer[:500].decode(errors="replace")))
            return
        self._buffer = b""
        self.accepted += 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server has hung up"))

    def _next(self) -> None:
        if self._left == 0:
            self.done.set_result(None)
            return
        self._left -= 1
        self._transport.write(next(self._requests))


async def main(customers: list[list[str]], addresses: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    for number, raws in enumerate(customers):
        address = addresses[number % len(addresses)]
        host, _, port = address.rpartition(":")
        requests = [HEAD.format(host=address, length=len(raw.encode())).encode() + raw.encode() for raw in raws]
        _, made = await loop.create_connection(lambda requests=requests: Connection(requests), host, int(port))
        connections.append(made)
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        before = sum(each.accepted for each in connections)
        began = time.perf_counter()
        await asyncio.gather(*(each.go(int(line)) for each in connections))
        print(time.perf_counter() - began, sum(each.accepted for each in connections) - before, flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_bytes()), sys.argv[2:]))
