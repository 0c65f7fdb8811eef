"""Files on the customer's side of HTTP, from servers that do everything wrong."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from opencmr import trust
from opencmr.errors import NotFound, Unreachable
from opencmr.transport import HttpNetwork
from opencmr.transport import client as client_module
from rude import Server, http

PROBLEM = "application/problem+json"
FILE = "application/octet-stream"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


@pytest.fixture
async def network() -> AsyncIterator[HttpNetwork]:
    running = HttpNetwork(timeout=2)
    yield running
    await running.close()


@pytest.mark.requirement("TRN-41")
async def test_a_file_is_taken_piece_by_piece(server: Server, network: HttpNetwork) -> None:
    content, came = bytes(300_000), bytearray()
    server.answers["/opencmr/blobs"] = http(content, media_type=FILE)
    await network.fetch(server.endpoint, b"{}", len(content), came.extend)
    assert came == content


@pytest.mark.requirement("TRN-41")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(bytes(1001), media_type=FILE), id="longer"),
        pytest.param(http(bytes(999), media_type=FILE), id="shorter"),
        pytest.param(http(bytes(1000), media_type="text/html"), id="of another type"),
        pytest.param(http(bytes(1000), media_type=FILE, more="Content-Encoding: gzip\r\n"), id="encoded"),
        pytest.param(http(bytes(1000), media_type=FILE, status=206), id="of another status"),
        pytest.param(http(b"", media_type=FILE, status=302, more="Location: /\r\n"), id="a redirect"),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nContent-Type: {FILE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            + (b"2710\r\n" + bytes(10_000) + b"\r\n") * 100,
            id="without an end",
        ),
        pytest.param(f"HTTP/1.1 200 OK\r\nContent-Type: {FILE}\r\n\r\n".encode() + bytes(10_000), id="until it closes"),
    ],
)
async def test_nothing_is_taken_of_what_is_not_announced_as_the_file(
    server: Server, network: HttpNetwork, answer: bytes
) -> None:
    came = bytearray()
    server.answers["/opencmr/blobs"] = answer
    with pytest.raises(Unreachable):
        await network.fetch(server.endpoint, b"{}", 1000, came.extend)
    assert not came


async def test_of_a_file_that_is_cut_short_what_came_is_kept(server: Server, network: HttpNetwork) -> None:
    came = bytearray()
    server.answers["/opencmr/blobs"] = http(bytes(1000), media_type=FILE)[:-400]
    with pytest.raises(Unreachable):
        await network.fetch(server.endpoint, b"{}", 1000, came.extend)
    assert len(came) == 600


@pytest.mark.requirement("TRN-13")
@pytest.mark.parametrize("drips", [True, False])
@pytest.mark.parametrize("size", [9999, 2**53 - 1])
async def test_a_file_that_drips_or_stands_still_is_given_up_however_large_it_is_said_to_be(
    server: Server, monkeypatch: pytest.MonkeyPatch, drips: bool, size: int
) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {FILE}\r\nContent-Length: {size}\r\n\r\n".encode())
        while not server.over.is_set():
            writer.write(b"x" * drips)
            await writer.drain()
            await asyncio.sleep(0.02)

    monkeypatch.setattr(client_module, "SLOWEST", 100_000)
    server.answers["/opencmr/blobs"] = drip
    network = HttpNetwork(timeout=0.2)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await network.fetch(server.endpoint, b"{}", size, lambda _: None)
    assert time.monotonic() - began < 1.5
    await network.close()


@pytest.mark.requirement("TRN-9")
async def test_a_problem_instead_of_a_file_is_raised(server: Server, network: HttpNetwork) -> None:
    server.answers["/opencmr/blobs"] = http(trust.canonicalize(NotFound().as_dict()), status=404, media_type=PROBLEM)
    with pytest.raises(NotFound):
        await network.fetch(server.endpoint, b"{}", 1, lambda _: None)
