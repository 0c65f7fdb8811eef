"""The vendor's side of HTTP: a real server on loopback, real clients, and a receiver that does as it is told."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from opencmr import trust
from opencmr.errors import PROBLEMS, Conflict, Malformed, Problem, StaleRequest
from opencmr.transport import Outgoing, application, pack
from serving import listening, served

DID = "did:web:localhost%3A8443"
RECEIPT = b'{"type":"receipt"}'
MORE = b'{"type":"terms.accept"}'
MIB = 1024 * 1024
MESSAGE = {"Content-Type": "application/opencmr+json"}


class Told:
    """A receiver that keeps what it gets and answers what the test tells it to."""

    def __init__(self, did: str = DID) -> None:
        self.did = did
        self.reset()

    def reset(self) -> None:
        self.got: list[bytes] = []
        self.answer: Callable[[], Awaitable[list[bytes]]] = self._receipt
        self.listed: dict[str, Any] | None = {"did": DID, "agreements": []}
        self.polling, self.cancelled, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.let_go, self.sent = threading.Event(), 0

    async def _receipt(self) -> list[bytes]:
        return [RECEIPT, MORE]

    def did_document(self) -> dict[str, Any]:
        return {"id": self.did}

    def discovery(self) -> dict[str, Any]:
        return {"versions": ["1.0"], "did": self.did}

    def myterms(self) -> dict[str, Any] | None:
        return self.listed

    def knows(self, did: str) -> bool:
        return False

    async def tend(self) -> None: ...

    async def receive(self, raw: bytes, address: str | None = None) -> list[bytes]:
        self.got.append(raw)
        return await self.answer()

    async def collect(self, raw: bytes) -> tuple[list[bytes], str]:
        self.got.append(raw)
        if raw != b"wait":
            return await self.answer(), True
        self.polling.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return [], "18"

    async def fetch(self, raw: bytes) -> Outgoing:
        self.got.append(raw)
        await self.answer()
        return Outgoing(3 * MIB, self._pieces(endless=raw == b"endless"), self.let_go.set)

    async def _pieces(self, *, endless: bool) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(MIB)
            self.sent += 1
            if endless:
                await asyncio.sleep(30)

    async def close(self) -> None:
        self.closed.set()

    def fails_with(self, error: Exception) -> None:
        async def fail() -> list[bytes]:
            raise error

        self.answer = fail


@contextlib.contextmanager
def serving(receiver: Told, body_timeout: float = 10.0) -> Iterator[str]:
    """The base URL of a server for this receiver."""
    with listening() as bound, served(application(receiver, body_timeout=body_timeout), bound) as url:
        yield url


@pytest.fixture(scope="module")
def module_server() -> Iterator[tuple[Told, str]]:
    told = Told()
    with serving(told) as url:
        yield told, url


@pytest.fixture
def told(module_server: tuple[Told, str]) -> Told:
    module_server[0].reset()
    return module_server[0]


@pytest.fixture
def base(module_server: tuple[Told, str]) -> str:
    return module_server[1]


@pytest.fixture(scope="module")
def http(module_server: tuple[Told, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=module_server[1], trust_env=False, timeout=5) as client:
        yield client


def problem(response: httpx.Response) -> str:
    """The code of a problem, which is in all the one that the registry has."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    members = response.json()
    registered = PROBLEMS[members["type"].rpartition("#")[2]]
    assert response.status_code == registered.status
    assert {name: members[name] for name in ("title", "status", "fault", "retry")} == {
        "title": registered.title,
        "status": registered.status,
        "fault": registered.fault,
        "retry": registered.retry,
    }
    return registered.code


def goes_on(http: httpx.Client) -> bool:
    return http.post("/opencmr/messages", content=b"{}", headers=MESSAGE).status_code in (200, 409, 503)


@pytest.mark.requirement("TRN-4", "TRN-5")
def test_a_message_is_answered_with_the_receipt_and_what_follows_it(told: Told, http: httpx.Client) -> None:
    response = http.post("/opencmr/messages", content=b'{"a":1}', headers=MESSAGE)
    assert (response.status_code, response.content) == (200, pack([RECEIPT, MORE]))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert told.got == [b'{"a":1}']


@pytest.mark.requirement("TRN-5")
def test_a_collect_is_answered_with_messages_and_whether_there_is_more(told: Told, http: httpx.Client) -> None:
    response = http.post("/opencmr/mailbox", content=b"{}", headers=MESSAGE)
    assert (response.status_code, response.content) == (200, pack([RECEIPT, MORE], True))
    assert response.headers["content-type"] == "application/json"


@pytest.mark.requirement("TRN-40")
def test_a_fetch_is_answered_with_the_bytes_of_the_file(told: Told, http: httpx.Client) -> None:
    response = http.post("/opencmr/blobs", content=b"{}", headers=MESSAGE)
    assert (response.status_code, response.content) == (200, bytes(3 * MIB))
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-length"] == str(3 * MIB)
    assert response.headers["cache-control"] == "no-store"
    assert told.let_go.wait(10)


def test_a_file_that_nobody_reads_any_more_is_let_go(told: Told, base: str) -> None:
    with httpx.Client(base_url=base, trust_env=False, timeout=5) as client:
        with client.stream("POST", "/opencmr/blobs", content=b"endless", headers=MESSAGE) as response:
            assert next(response.iter_raw())
        assert told.let_go.wait(10), "the client has gone, and its file is still open"


@pytest.mark.requirement("TRN-11")
def test_the_three_documents_are_served_in_canonical_form(told: Told, http: httpx.Client) -> None:
    documents = {"did.json": told.did_document(), "opencmr": told.discovery(), "myterms.json": told.myterms()}
    for name, document in documents.items():
        response = http.get(f"/.well-known/{name}")
        assert (response.status_code, response.content) == (200, trust.canonicalize(document))
        assert response.headers["content-type"] == "application/json"
    told.listed = None
    assert problem(http.get("/.well-known/myterms.json")) == "not-found"


def test_the_did_document_of_a_did_with_a_path_lies_under_that_path() -> None:
    told = Told("did:web:shop.example:eu")
    with serving(told) as base:
        assert httpx.get(f"{base}/eu/did.json", trust_env=False).json() == {"id": told.did}
        assert problem(httpx.get(f"{base}/.well-known/did.json", trust_env=False)) == "not-found"


@pytest.mark.requirement("TRN-9")
@pytest.mark.parametrize(
    "raised", [Malformed("a text", pointer="/body", rule="ENV-1"), Conflict(), StaleRequest("old")]
)
@pytest.mark.parametrize("endpoint", ["messages", "mailbox", "blobs"])
def test_a_problem_is_answered_unsigned_with_its_status(
    told: Told, http: httpx.Client, endpoint: str, raised: Problem
) -> None:
    told.fails_with(raised)
    response = http.post(f"/opencmr/{endpoint}", content=b"{}", headers=MESSAGE)
    assert problem(response) == raised.code
    assert response.json() == raised.as_dict()


@pytest.mark.requirement("TRN-9")
@pytest.mark.parametrize("code", ["over-quota", "overloaded", "handler-failed"])
def test_too_much_traffic_is_told_with_a_time_to_wait(told: Told, http: httpx.Client, code: str) -> None:
    told.fails_with(PROBLEMS[code]())
    assert int(http.post("/opencmr/messages", content=b"{}", headers=MESSAGE).headers["retry-after"]) > 0


@pytest.mark.requirement("TRN-2")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": ""},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/html; charset=utf-8"},
        MESSAGE | {"Content-Encoding": "gzip"},
        MESSAGE | {"Content-Encoding": "identity"},
    ],
)
@pytest.mark.parametrize("endpoint", ["messages", "mailbox"])
def test_another_media_type_or_an_encoding_is_refused(
    told: Told, http: httpx.Client, endpoint: str, headers: dict[str, str]
) -> None:
    assert problem(http.post(f"/opencmr/{endpoint}", content=b"{}", headers=headers)) == "unsupported-media"
    assert told.got == []
    assert goes_on(http)


def test_the_media_type_may_be_written_in_capitals_and_with_parameters(http: httpx.Client) -> None:
    headers = {"Content-Type": "Application/OpenCMR+JSON; charset=utf-8"}
    assert http.post("/opencmr/messages", content=b"{}", headers=headers).status_code == 200


@pytest.mark.requirement("TRN-3")
def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(told: Told, http: httpx.Client) -> None:
    full = b"x" * trust.MAX_BYTES
    assert http.post("/opencmr/messages", content=full, headers=MESSAGE).status_code == 200
    assert problem(http.post("/opencmr/messages", content=full + b"x", headers=MESSAGE)) == "too-large"
    assert told.got == [full]


def said_to(base: str, *parts: bytes) -> bytes:
    """What the server says to these raw bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=5) as connection:
        answer = b""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    return answer


HEAD = b"POST /opencmr/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/opencmr+json\r\n"


@pytest.mark.requirement("TRN-3")
def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(told: Told, base: str) -> None:
    answer = said_to(base, HEAD + b"Content-Length: 1000000000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"problems#too-large" in answer
    assert told.got == []


@pytest.mark.requirement("TRN-3")
def test_a_body_without_an_end_is_refused_at_the_limit(told: Told, base: str, http: httpx.Client) -> None:
    answer = said_to(base, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert told.got == []
    assert goes_on(http)


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    told = Told()
    with serving(told, body_timeout=0.1) as base:
        answer = said_to(base, HEAD + b"Content-Length: 5\r\n\r\n", b"{")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"problems#overloaded" in answer
    assert told.got == []


def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm(told: Told, base: str, http: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(HEAD + b"Content-Length: 5\r\n\r\n{")
    assert goes_on(http)
    assert told.got == [b"{}"]


@pytest.mark.requirement("TRN-9")
@pytest.mark.parametrize("path", ["/", "/opencmr", "/opencmr/messages/", "/opencmr/blobs/z", "/.well-known/x", "/%00"])
def test_an_unknown_path_is_not_found(http: httpx.Client, path: str) -> None:
    assert problem(http.get(path)) == "not-found"


@pytest.mark.requirement("TRN-30")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/opencmr/messages", {"POST"}),
        ("PUT", "/opencmr/mailbox", {"POST"}),
        ("POST", "/.well-known/opencmr", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_one(http: httpx.Client, method: str, path: str, allowed: set[str]) -> None:
    response = http.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.requirement("TRN-9")
def test_an_unexpected_error_is_answered_and_logged_without_the_message_and_the_server_goes_on(
    told: Told, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told.fails_with(ValueError("alice@example.org is no number"))
    for endpoint in ("messages", "mailbox"):
        response = http.post(f"/opencmr/{endpoint}", content=b'{"secret":"x"}', headers=MESSAGE)
        assert problem(response) == "handler-failed"
        assert "alice" not in response.text
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("opencmr")]
    assert len(logged) == 2
    assert all("ValueError" in line and "test_app.py" in line for line in logged)
    assert "alice" not in caplog.text
    assert "secret" not in caplog.text
    told.reset()
    assert http.post("/opencmr/messages", content=b"{}", headers=MESSAGE).status_code == 200


def test_a_long_poll_ends_when_the_client_goes(told: Told, base: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{base}/opencmr/mailbox", content=b"wait", headers=MESSAGE, timeout=0.2, trust_env=False)
    assert told.polling.is_set()
    assert told.cancelled.wait(5)


def test_stopping_the_server_closes_the_receiver() -> None:
    told = Told()
    with serving(told) as base:
        assert httpx.get(f"{base}/.well-known/opencmr", trust_env=False).status_code == 200
        assert not told.closed.is_set()
    assert told.closed.is_set()


@pytest.mark.requirement("TRN-31")
def test_a_page_of_any_origin_may_speak_to_a_vendor(http: httpx.Client) -> None:
    origin = {"Origin": "https://wallet.example"}
    preflight = http.options(
        "/opencmr/messages",
        headers=origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for response in (
        http.post("/opencmr/messages", content=b"{}", headers=MESSAGE | origin),
        http.post("/opencmr/messages", content=b"{}", headers=origin),
        http.get("/nowhere", headers=origin),
    ):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers


@pytest.mark.requirement("TRN-31")
@pytest.mark.parametrize(
    ("path", "method"), [("/opencmr/messages", "POST"), ("/opencmr/words", "POST"), ("/.well-known/opencmr", "GET")]
)
@pytest.mark.parametrize(
    "more",
    [
        {"Access-Control-Request-Headers": "content-type,traceparent"},
        {"Access-Control-Request-Headers": "x" * 300},
        {"Access-Control-Request-Private-Network": "true"},
        {"Access-Control-Request-Method": "PUT"},
        {"Origin": "null", "Cookie": "a=b"},
    ],
)
def test_a_preflight_is_told_what_is_allowed_whatever_it_asks_for(
    http: httpx.Client, path: str, method: str, more: dict[str, str]
) -> None:
    asked = {"Origin": "https://wallet.example", "Access-Control-Request-Method": method, **more}
    answer = http.options(path, headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    assert "traceparent" not in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-private-network" not in answer.headers


@pytest.mark.requirement("TRN-30", "TRN-31")
def test_a_preflight_of_no_path_finds_nothing_and_a_page_may_read_that(http: httpx.Client) -> None:
    asked = {"Origin": "https://wallet.example", "Access-Control-Request-Method": "POST"}
    answer = http.options("/opencmr/nothing", headers=asked)
    assert problem(answer) == "not-found"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_twenty_requests_at_once_are_each_answered(told: Told, base: str) -> None:
    async def slow() -> list[bytes]:
        await asyncio.sleep(0.05)
        return [RECEIPT]

    told.answer = slow

    async def all_at_once() -> list[int]:
        async with httpx.AsyncClient(trust_env=False) as client:
            posts = [
                client.post(f"{base}/opencmr/messages", content=b"%d" % number, headers=MESSAGE) for number in range(20)
            ]
            return [response.status_code for response in await asyncio.gather(*posts)]

    began = time.monotonic()
    assert asyncio.run(all_at_once()) == [200] * 20
    assert time.monotonic() - began < 5
    assert sorted(told.got) == sorted(b"%d" % number for number in range(20))


@pytest.mark.requirement("TRN-2", "TRN-15")
@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Type", MESSAGE["Content-Type"]), ("Content-Type", MESSAGE["Content-Type"])],
        [("Content-Type", MESSAGE["Content-Type"]), ("Content-Type", "text/plain")],
        [("Content-Type", f"{MESSAGE['Content-Type']}, text/plain")],
    ],
)
def test_a_request_of_two_media_types_is_refused_whatever_serves_it(
    told: Told, http: httpx.Client, headers: list[tuple[str, str]]
) -> None:
    assert problem(http.post("/opencmr/messages", content=b"{}", headers=headers)) == "unsupported-media"
    assert told.got == []
    assert goes_on(http)


@pytest.mark.requirement("TRN-15")
@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip\r\nTransfer-Encoding: chunked"])
def test_a_request_of_another_transfer_coding_is_refused_whatever_serves_it(told: Told, base: str, coding: str) -> None:
    said = raw(base, f"Transfer-Encoding: {coding}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 415 ")
    assert told.got == []


def raw(base: str, rest: str) -> bytes:
    """What a message is answered whose head no client of ours would write, until the server closes."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        head = f"POST /opencmr/messages HTTP/1.1\r\nHost: x\r\nContent-Type: {MESSAGE['Content-Type']}\r\n"
        client.sendall((head + rest).encode())
        heard = b""
        while part := client.recv(4096):
            heard += part
        return heard
