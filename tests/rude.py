"""A server on loopback that does everything wrong that a test thinks of."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from typing import Any

from opencmr import trust

PUBLIC = trust.SigningKey(b"\x07" * 32).public
JSON = "application/json"

Answer = bytes | Callable[[asyncio.StreamWriter], Any]


class Server:
    """A server on loopback that answers each path with the bytes that the test lays down, or does as it is told.

    It keeps the head of every request, and speaks HTTP only as far as the test wants.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.heads: list[str] = []
        self.over = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        self._tls = tls

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.did = f"did:web:127.0.0.1%3A{self.port}"
        self.endpoint = f"http://127.0.0.1:{self.port}/opencmr"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.over.set()
        self._server.close()
        await asyncio.gather(*self._talks)
        await self._server.wait_closed()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that leaves early is what most of these tests are about.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            answer = self.answers.get(head.split()[1], http(b"", status=404))
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def is_a_vendor(self, **changes: Any) -> None:
        """Lay down the documents of a vendor, with some members changed."""
        key = f"{self.did}#key-1"
        document = trust.document_for(self.did, {key: PUBLIC}, changes.pop("endpoint", self.endpoint))
        document["id"] = changes.pop("id", self.did)
        discovery = {
            "did": self.did,
            "roles": ["vendor"],
            "endpoint": self.endpoint,
            "versions": ["1.0"],
            "types": ["mailbox.collect"],
            "terms": [],
        } | changes
        self.answers["/.well-known/did.json"] = http(json.dumps(document, indent=1).encode())
        self.answers["/.well-known/opencmr"] = http(json.dumps(discovery).encode())


def http(body: bytes, *, status: int = 200, media_type: str = JSON, more: str = "") -> bytes:
    """An answer, after which this server closes the connection."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{more}"
    return f"{head}Connection: close\r\n\r\n".encode() + body
