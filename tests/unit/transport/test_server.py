"""Clients that are slow on purpose, against a real uvicorn on loopback."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from opencmr.transport.server import MOST_HEAD, configuration
from serving import listening


async def _app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with listening() as bound:
        server = uvicorn.Server(configuration(_app, head_timeout=0.3, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def _said(port: int, sent: bytes) -> bytes:
    """What the server answers until it closes; a test that waits longer than 10 seconds has failed."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        heard = b""
        try:
            client.sendall(sent)
            while part := client.recv(4096):
                heard += part
        except ConnectionError:
            pass
        return heard


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_come_to_its_end_is_cut_off(port: int, sent: bytes) -> None:
    assert _said(port, sent) == b""


def test_a_head_without_end_is_cut_off(port: int) -> None:
    assert _said(port, b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 4 * MOST_HEAD) == b""


def test_a_second_head_on_a_connection_is_cut_off_as_well(port: int) -> None:
    heard = _said(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.count(b"HTTP/1.1") == 1
