"""Clients that are slow on purpose, against a real uvicorn on loopback."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import orjson
import pytest
import uvicorn

from opencmr.errors import TooLarge
from opencmr.transport import Rate
from opencmr.transport import server as server_module
from opencmr.transport.server import (
    MOST_HEAD,
    MOST_REQUEST,
    WARNINGS,
    PatientProtocol,
    Proxies,
    Sparing,
    configuration,
)
from serving import listening


async def _app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        if scope["path"] == "/who":
            body = str(scope["client"][0]).encode()
        elif scope["path"] == "/read":
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                more = message["more_body"]
            body = b",".join(name for name, _ in scope["headers"])
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


CHUNKED = b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERED = CHUNKED.replace(b"POST /read", b"GET /")
ENDLESS = [
    pytest.param(b"1\r\n{\r\n0\r\n", b"x-more: %s\r\n" % (b"v" * 1000), id="trailers"),
    pytest.param(b"1\r\n{\r\n0\r\nx-more: ", b"v" * 1000, id="one trailer"),
    pytest.param(b"1;", b"x" * 1000, id="the extension of a chunk"),
    pytest.param(b"", b"1;more=yes\r\nx\r\n", id="crumbs"),
    pytest.param(b"", b"3e8\r\n%s\r\n" % (b" " * 1000), id="a body"),
]


@pytest.mark.requirement("TRN-14")
@pytest.mark.parametrize(("begin", "again"), ENDLESS)
def test_trailers_without_end_and_the_like_are_cut_off_by_their_size(begin: bytes, again: bytes) -> None:
    """With the time of an hour, so that it is not time that ends it."""
    with _serving(head_timeout=3600, request_timeout=3600) as port:
        heard = _said(port, CHUNKED + begin + again * (MOST_REQUEST // len(again) + 1))
        assert heard.startswith(b"HTTP/1.1 413 ")
        assert orjson.loads(heard.partition(b"\r\n\r\n")[2])["type"].endswith("#" + TooLarge.code)
        assert _sent_until_the_end(port, CHUNKED + begin, again * 64) < 32 * 1024 * 1024
        # Nor does it make a difference that the answer was given long ago.
        assert _sent_until_the_end(port, ANSWERED + begin, again * 64) < 32 * 1024 * 1024


@pytest.mark.requirement("TRN-14")
@pytest.mark.parametrize(
    "begin", [CHUNKED, CHUNKED + b"1;", CHUNKED + b"1\r\n{\r\n0\r\nx: y\r\n", ANSWERED, b"\r\n\r\n"]
)
def test_a_request_that_does_not_come_to_its_end_is_cut_off_in_time(begin: bytes) -> None:
    with _serving(head_timeout=0.3, request_timeout=0.3) as port:
        heard = _said(port, begin)
        assert heard.count(b"HTTP/1.1 ") == heard.count(b"HTTP/1.1 200 ") == (begin == ANSWERED)


@pytest.mark.requirement("TRN-14")
def test_a_request_of_the_largest_body_in_small_chunks_is_taken(port: int) -> None:
    body = b"400\r\n%s\r\n" % (b" " * 1024) * 64 + b"0\r\nx-checksum: 1\r\n\r\n"
    with _serving() as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for _ in range(3):  # each request of a connection has a budget of its own
            client.sendall(CHUNKED + body)
            heard = client.recv(4096)
            assert heard.startswith(b"HTTP/1.1 200 ")
            assert heard.endswith(b"host,transfer-encoding")  # and no trailer among them


def test_empty_lines_between_requests_do_not_hold_a_connection_for_ever() -> None:
    with _serving(head_timeout=0.3) as port:
        assert _sent_until_the_end(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n") < 32 * 1024 * 1024


def _sent_until_the_end(port: int, begin: bytes, again: bytes) -> int:
    """How many bytes a client gets rid of before the server ends it; it stops by itself at 64 MiB."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        sent = 0
        try:
            client.sendall(begin)
            while sent < 64 * 1024 * 1024:
                client.sendall(again)
                sent += len(again)
        except ConnectionError:
            pass
        return sent


@pytest.mark.requirement("TRN-15")
@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: \x0bchunked",
        "Content-Type: application/opencmr+json\r\nContent-Type: text/plain",
        "Content-Type: application/opencmr+json\r\ncontent-type: application/opencmr+json",
        "Host: y",
        "X-Folded: a\r\n b",
        " X-Folded: a",
    ],
)
def test_a_head_that_two_programs_read_differently_is_refused(port: int, lines: str) -> None:
    heard = _said(port, f"POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n1\r\n{{\r\n0\r\n\r\n".encode())
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert heard.count(b"HTTP/1.1") == 1


@pytest.mark.requirement("TRN-15")
@pytest.mark.parametrize("lines", ["Content-Length: 1", "Transfer-Encoding: Chunked", "Accept: a\r\nAccept: b"])
def test_a_head_that_says_its_body_once_is_taken(port: int, lines: str) -> None:
    body = "1" if "Length" in lines else "1\r\n{\r\n0\r\n\r\n" if "Encoding" in lines else ""
    said = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n\r\n{body}"
    assert _said(port, said.encode()).startswith(b"HTTP/1.1 200 ")


def test_a_request_of_http_1_1_says_its_host(port: int) -> None:
    assert _said(port, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    for head in (b"GET / HTTP/1.0\r\n", b"GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n"):
        assert _said(port, head + b"\r\n").startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_does_not_fill_the_log(port: int, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(WARNINGS.burst + 10):
        assert _said(port, b"no http\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    told = [record for record in caplog.records if record.name == "uvicorn.error"]
    assert len(told) <= WARNINGS.burst + 5  # and what time brings back meanwhile


def test_what_was_left_out_of_a_log_is_counted_and_errors_never_are() -> None:
    now = [0.0]
    sparing = Sparing(Rate(0.1, 1), lambda: now[0])

    def line(text: str, level: int = logging.WARNING) -> tuple[bool, str]:
        record = logging.LogRecord("uvicorn.error", level, "", 0, text, None, None)
        return sparing.filter(record), record.getMessage()

    assert [line("a")[0] for _ in range(4)] == [True, False, False, False]
    assert line("b") == (True, "b")
    assert [line("a", logging.ERROR)[0] for _ in range(3)] == [True] * 3
    now[0] = 10.0
    assert line("a") == (True, "a (3 more such lines were left out)")


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


@pytest.mark.parametrize("reads", [0, 200_000])
def test_whoever_stops_reading_a_file_is_cut_off(reads: int) -> None:
    gone = threading.Event()

    async def stream(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": bytes(1024 * 1024), "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    config = configuration(stream, read_within=0.3, log_config=None, lifespan="off")
    with _running(config) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while reads > 0:
            reads -= len(client.recv(65536))
        assert gone.wait(10), "nothing is read any more, and the server still holds it"


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


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"])
def test_a_proxy_is_believed_in_both_forms_of_its_address(address: str) -> None:
    assert address in Proxies(["10.0.0.0/8", "192.0.2.1"])
    assert address in Proxies(["*"])
    assert address not in Proxies(["10.0.0.0/16", "192.0.2.2", "a name"])
