"""Clients that are slow on purpose, against a real uvicorn on loopback."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
import uvicorn

from opencmr.transport import server as server_module
from opencmr.transport.server import MOST_HEAD, PatientProtocol, configuration
from serving import listening


async def _app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        if scope["path"] == "/who":
            body = str(scope["client"][0]).encode()
        elif scope["path"] == "/much":
            body = bytes(32 * 1024 * 1024)
        else:
            body = b"ok"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with _serving(head_timeout=0.3) as port:
        yield port


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


def _serving(**settings: Any) -> AbstractContextManager[int]:
    return _running(configuration(_app, log_config=None, lifespan="off", **settings))


@contextmanager
def _running(config: uvicorn.Config) -> Iterator[int]:
    with listening() as bound:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def test_whoever_does_not_read_an_answer_is_cut_off() -> None:
    gone = threading.Event()

    class Told(PatientProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            gone.set()

    config = configuration(_app, timeout_keep_alive=0.3, log_config=None, lifespan="off")
    config.http = Told
    with _running(config) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        assert gone.wait(10), "nothing was read, and the server still holds it"


def test_a_proxy_that_is_believed_says_who_calls_and_another_does_not() -> None:
    said = b"GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n"
    with _serving() as port:
        assert _said(port, said).endswith(b"198.51.100.7")
    with _serving(proxies=["203.0.113.1"]) as port:
        assert _said(port, said).endswith(b"127.0.0.1")


def test_one_address_has_so_many_connections_and_others_still_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "network_of", lambda address: address)  # loopback is not limited
    asked = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with _serving(most_of_one=2, proxies=()) as port, ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)) for _ in range(2)]
        for one in held:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one.recv(4096).startswith(b"HTTP/1.1 200")
        assert _said(port, asked) == b""
        with socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.2", 0)) as other:
            other.sendall(asked)
            assert other.recv(4096).startswith(b"HTTP/1.1 200")
        held[0].close()
        while not (heard := _said(port, asked)):  # until the server has noticed that one has gone
            pass
        assert heard.startswith(b"HTTP/1.1 200")
