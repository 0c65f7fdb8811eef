"""The customer's side of HTTP, against servers that do everything wrong."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator

import pytest
import trustme

from opencmr import trust
from opencmr.errors import Conflict, HandlerFailed, Malformed, Problem, Unreachable, UnsupportedVersion, UsageError
from opencmr.transport import HttpNetwork, bundle, pack
from opencmr.transport import client as client_module
from opencmr.transport.client import MOST_SENDS
from rude import JSON, PUBLIC, Server, http

RECEIPT = b'{"type":"receipt"}'
PROBLEM = "application/problem+json"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


@pytest.fixture
async def network() -> AsyncIterator[HttpNetwork]:
    running = HttpNetwork(timeout=2)
    yield running
    await running.close()


# What goes well


async def test_a_vendor_is_found_by_its_did(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor(later={"unknown": 1.5})
    found = await network.find(server.did)
    assert (found.did, found.endpoint) == (server.did, server.endpoint)
    assert found.keys == {f"{server.did}#key-1": PUBLIC}
    assert found.discovery.versions == ["1.0"]


async def test_a_message_is_sent_as_it_is_and_answered_with_the_messages(server: Server, network: HttpNetwork) -> None:
    server.answers["/opencmr/messages"] = http(pack([RECEIPT, b"{}"]))
    assert await network.send(server.endpoint, b'{"a":1}') == [RECEIPT, b"{}"]
    head = server.heads[0].lower()
    assert "content-type: application/opencmr+json" in head
    assert "content-length: 7\r\n" in head
    assert "content-encoding" not in head


async def test_a_mailbox_is_collected(server: Server, network: HttpNetwork) -> None:
    server.answers["/opencmr/mailbox"] = http(pack([], True))
    assert await network.collect(server.endpoint, b"{}", 0) == ([], True)


async def test_a_collect_may_take_as_long_as_it_asked_the_vendor_to_wait(server: Server) -> None:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(http(pack([], True)))
        await writer.drain()

    server.answers["/opencmr/mailbox"] = late
    network = HttpNetwork(timeout=0.1)
    assert await network.collect(server.endpoint, b"{}", 2) == ([], True)
    with pytest.raises(Unreachable):
        await network.collect(server.endpoint, b"{}", 0)
    await network.close()


# Problems


@pytest.mark.requirement("TRN-9")
@pytest.mark.parametrize("stated", [Conflict("other bytes", pointer="/id"), HandlerFailed(), Malformed(expected=["a"])])
async def test_a_problem_that_the_vendor_states_is_raised(
    server: Server, network: HttpNetwork, stated: Problem
) -> None:
    members = stated.as_dict() | {"instance": "urn:x"}
    server.answers["/opencmr/messages"] = http(trust.canonicalize(members), status=stated.status, media_type=PROBLEM)
    with pytest.raises(type(stated)) as raised:
        await network.send(server.endpoint, b"{}")
    assert raised.value.as_dict() == stated.as_dict()


async def test_a_problem_that_is_not_in_the_registry_is_still_a_problem(server: Server, network: HttpNetwork) -> None:
    members = Conflict().as_dict() | {"type": "https://w3id.org/opencmr/v1/problems#of-tomorrow"}
    server.answers["/opencmr/messages"] = http(trust.canonicalize(members), status=409, media_type=PROBLEM)
    with pytest.raises(Problem) as raised:
        await network.send(server.endpoint, b"{}")
    assert raised.value.code == "unknown"


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b'{"type":"about:blank","status":502}', b'{"expected":7,"type":"x"}', b"[" * 60_000, b"\xff"],
)
async def test_a_problem_of_another_protocol_means_that_the_vendor_was_not_reached(
    server: Server, network: HttpNetwork, body: bytes
) -> None:
    server.answers["/opencmr/messages"] = http(body, status=502, media_type=PROBLEM)
    with pytest.raises(Unreachable) as raised:
        await network.send(server.endpoint, b"{}")
    assert raised.value.__cause__ is not None


# Servers that are broken or hostile


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>", media_type="text/html"),
        http(b"<html>"),
        http(b"{}"),
        http(pack([])),
        http(b'{"messages": []}'),
        http(b'{"messages":[{"b":1,"a":2}]}'),
        http(pack([RECEIPT]), media_type="text/plain"),
        http(pack([RECEIPT]), media_type=PROBLEM),
        http(pack([RECEIPT]), status=201),
        http(pack([RECEIPT]), status=500),
        http(pack([RECEIPT]), more="Content-Encoding: gzip\r\n"),
        http(b"[" * 100_000),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
        b"",
    ],
)
async def test_an_answer_that_is_not_opencmr_is_an_unreachable_vendor(
    server: Server, network: HttpNetwork, answer: bytes
) -> None:
    server.answers["/opencmr/messages"] = server.answers["/opencmr/mailbox"] = answer
    with pytest.raises(Unreachable):
        await network.send(server.endpoint, b"{}")
    with pytest.raises(Unreachable):
        await network.collect(server.endpoint, b"{}", 0)


async def test_an_answer_of_the_mailbox_that_does_not_say_whether_there_is_more_is_not_taken(
    server: Server, network: HttpNetwork
) -> None:
    server.answers["/opencmr/mailbox"] = http(pack([RECEIPT]))
    with pytest.raises(Unreachable):
        await network.collect(server.endpoint, b"{}", 0)


@pytest.mark.requirement("TRN-1")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server: Server, network: HttpNetwork, status: int) -> None:
    elsewhere = http(b"", status=status, more="Location: /elsewhere\r\n")
    server.answers |= {
        "/opencmr/messages": elsewhere,
        "/.well-known/did.json": elsewhere,
        "/elsewhere": http(pack([RECEIPT])),
    }
    with pytest.raises(Unreachable):
        await network.send(server.endpoint, b"{}")
    with pytest.raises(Unreachable):
        await network.find(server.did)
    assert [head.split()[1] for head in server.heads] == ["/opencmr/messages", "/.well-known/did.json"]


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_a_server_that_hangs_is_given_up_in_time(server: Server, begin: bytes) -> None:
    async def hang(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        await server.over.wait()

    server.answers["/opencmr/messages"] = server.answers["/.well-known/did.json"] = hang
    network = HttpNetwork(timeout=0.15)
    began = time.monotonic()
    with pytest.raises(Unreachable) as raised:
        await network.send(server.endpoint, b"{}")
    assert raised.value.__cause__ is not None
    with pytest.raises(Unreachable):
        await network.find(server.did)
    assert time.monotonic() - began < 1.5
    await network.close()


async def test_a_server_that_drips_is_given_up_in_time(server: Server) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
        while not server.over.is_set():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    server.answers["/opencmr/messages"] = drip
    network = HttpNetwork(timeout=0.2)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await network.send(server.endpoint, b"{}")
    assert time.monotonic() - began < 1.5
    await network.close()


async def test_a_connection_that_is_reset_is_an_unreachable_vendor(server: Server, network: HttpNetwork) -> None:
    async def reset(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        writer.transport.abort()

    server.answers["/opencmr/messages"] = reset
    with pytest.raises(Unreachable) as raised:
        await network.send(server.endpoint, b"{}")
    assert raised.value.__cause__ is not None


async def test_nobody_there_is_an_unreachable_vendor(network: HttpNetwork) -> None:
    async with Server() as gone:
        pass
    with pytest.raises(Unreachable) as raised:
        await network.find(gone.did)
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize("length", [f"Content-Length: {10 * 1024 * 1024}\r\n", "Connection: close\r\n"])
async def test_an_answer_of_ten_megabytes_is_not_read_to_its_end(
    server: Server, network: HttpNetwork, length: str
) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}\r\n".encode())
        while sent < 10 * 1024 * 1024 or "close" in length:
            writer.write(b" " * 65536)
            await writer.drain()
            sent += 65536

    server.answers["/opencmr/messages"] = server.answers["/.well-known/did.json"] = flood
    with pytest.raises(Unreachable):
        await network.send(server.endpoint, b"{}")
    assert sent < bundle.MAX_BUNDLE * 2
    sent = 0
    with pytest.raises(Unreachable):
        await network.find(server.did)
    assert sent < bundle.MAX_BUNDLE


async def test_cookies_are_not_kept(server: Server, network: HttpNetwork) -> None:
    server.answers["/opencmr/messages"] = http(pack([RECEIPT]), more="Set-Cookie: you=alice; Path=/\r\n")
    for _ in range(2):
        await network.send(server.endpoint, b"{}")
    assert len(server.heads) == 2
    assert not any("cookie" in head.lower() for head in server.heads)


# Documents


@pytest.mark.requirement("IDN-4")
async def test_a_did_document_of_somebody_else_is_not_taken(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor(id="did:web:shop.example")
    with pytest.raises(Unreachable) as raised:
        await network.find(server.did)
    assert isinstance(raised.value.__cause__, Malformed)


@pytest.mark.requirement("TRN-10")
async def test_a_did_document_without_the_service_is_not_taken(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor(endpoint=None)
    with pytest.raises(Unreachable):
        await network.find(server.did)


async def test_a_weak_key_is_not_taken(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor()
    document = server.answers["/.well-known/did.json"]
    assert isinstance(document, bytes)
    weak = "z6Mk" + "1" * (len(PUBLIC) - 4)
    server.answers["/.well-known/did.json"] = document.replace(PUBLIC.encode(), weak.encode())
    with pytest.raises(Unreachable):
        await network.find(server.did)


@pytest.mark.parametrize("name", ["did.json", "opencmr"])
@pytest.mark.parametrize(
    "answer", [http(b"", status=404), http(b"x"), http(b"[]"), http(b"{}"), http(b" " * (trust.MAX_BYTES + 1))]
)
async def test_a_document_that_is_missing_or_none_is_an_unreachable_vendor(
    server: Server, network: HttpNetwork, name: str, answer: bytes
) -> None:
    server.is_a_vendor()
    server.answers[f"/.well-known/{name}"] = answer
    with pytest.raises(Unreachable):
        await network.find(server.did)


async def test_a_discovery_document_of_somebody_else_is_not_taken(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor(did="did:web:shop.example")
    with pytest.raises(Unreachable):
        await network.find(server.did)


async def test_a_vendor_of_another_version_is_told_apart(server: Server, network: HttpNetwork) -> None:
    server.is_a_vendor(versions=["2.0", "3.0"])
    with pytest.raises(UnsupportedVersion) as raised:
        await network.find(server.did)
    assert raised.value.expected == ["1.0"]


@pytest.mark.requirement("TRN-17")
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/did",
        "application/did+json",
        "application/did+ld+json",
        "application/ld+json",
        "application/vnd.later.did+json",
        "Application/DID+LD+JSON; Charset=UTF-8",
        'application/ld+json;profile="https://www.w3.org/ns/did#a b"',
    ],
)
async def test_did_json_media_type_may_be_any_of_json(server: Server, network: HttpNetwork, media_type: str) -> None:
    server.is_a_vendor()
    document = server.answers["/.well-known/did.json"]
    assert isinstance(document, bytes)
    server.answers["/.well-known/did.json"] = document.replace(JSON.encode(), media_type.encode())
    assert (await network.find(server.did)).endpoint == server.endpoint
    server.answers["/opencmr/messages"] = http(pack([RECEIPT]), media_type=media_type)
    if media_type != "application/json":  # of an answer, the specification names the media type
        with pytest.raises(Unreachable):
            await network.send(server.endpoint, b"{}")


@pytest.mark.requirement("TRN-17")
@pytest.mark.parametrize(
    "media_type",
    [
        "text/html",
        "text/plain",
        "application/octet-stream",
        "application/json-seq",
        "application/jsonp",
        "json",
        "",
        "text/html;a=application/did+json",
        "application/json, text/html",
        "application/json\r\nContent-Type: application/json",
        "text/html\r\nContent-Type: application/did+json",
    ],
)
async def test_a_did_document_that_is_not_served_as_json_is_not_taken(
    server: Server, network: HttpNetwork, media_type: str
) -> None:
    server.is_a_vendor()
    document = server.answers["/.well-known/did.json"]
    assert isinstance(document, bytes)
    server.answers["/.well-known/did.json"] = document.replace(JSON.encode(), media_type.encode())
    with pytest.raises(Unreachable):
        await network.find(server.did)


# Many vendors at once


async def test_sends_are_not_behind_long_polls_however_many_there_are(server: Server) -> None:
    waiting, all_wait = 0, asyncio.Event()

    async def hold(_: asyncio.StreamWriter) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == MOST_SENDS + 30:
            all_wait.set()
        await server.over.wait()

    server.is_a_vendor()
    server.answers["/opencmr/mailbox"] = hold
    server.answers["/opencmr/messages"] = http(pack([RECEIPT]))
    network = HttpNetwork(timeout=5)
    polls = [asyncio.ensure_future(network.collect(server.endpoint, b"{}", 30)) for _ in range(MOST_SENDS + 30)]
    await all_wait.wait()
    assert await network.send(server.endpoint, b"{}") == [RECEIPT]
    assert (await network.find(server.did)).did == server.did
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    await network.close()


async def test_who_finds_no_connection_free_waits_no_longer_than_an_exchange_may_take(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hold(_: asyncio.StreamWriter) -> None:
        await server.over.wait()

    server.answers["/opencmr/mailbox"] = server.answers["/opencmr/messages"] = hold
    monkeypatch.setattr(client_module, "MOST_SENDS", 1)
    monkeypatch.setattr(client_module, "MOST_COLLECTS", 1)
    network = HttpNetwork(timeout=0.2)
    began = time.monotonic()
    calls = [network.collect(server.endpoint, b"{}", 0.1) for _ in range(3)]
    sends = [network.send(server.endpoint, b"{}") for _ in range(3)]
    ended = await asyncio.gather(*calls, *sends, return_exceptions=True)
    assert [type(error) for error in ended] == [Unreachable] * 6
    assert time.monotonic() - began < 3
    await network.close()


# Addresses


@pytest.mark.requirement("IDN-3")
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://shop.example/opencmr",
        "http://10.0.0.1/opencmr",
        "http://127.0.0.1.nip.io/opencmr",
        "ftp://127.0.0.1/opencmr",
        "file:///etc/passwd",
        "//127.0.0.1/opencmr",
        "opencmr",
        "https://",
        "https://user:word@127.0.0.1/opencmr",
        "https://127.0.0.1/opencmr?to=x",
        "https://127.0.0.1:99999/opencmr",
        "https://[::1/opencmr",
    ],
)
async def test_an_endpoint_that_is_not_https_is_refused_before_anything_is_sent(
    server: Server, network: HttpNetwork, endpoint: str
) -> None:
    server.is_a_vendor(endpoint=endpoint)
    with pytest.raises(Unreachable):
        await network.find(server.did)
    with pytest.raises(Unreachable):
        await network.send(endpoint, b"{}")


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "127.0.0.0x1",
        "shop.localhost",
    ],
)
async def test_a_vendor_inside_our_own_network_is_not_looked_for(network: HttpNetwork, host: str) -> None:
    with pytest.raises(Unreachable) as raised:
        await network.find(f"did:web:{host}")
    assert raised.value.__cause__ is None  # no attempt was made


async def test_a_name_that_cannot_be_looked_up_is_an_unreachable_vendor(network: HttpNetwork) -> None:
    for host in ("a..example", "x" * 70 + ".example"):
        with pytest.raises(Unreachable):
            await network.send(f"https://{host}/opencmr", b"{}")


@pytest.mark.parametrize("did", ["did:key:z6Mk", "shop.example", "did:web:", "did:web:a%2Fb", "did:web:a@b"])
async def test_what_is_no_did_web_is_a_mistake_of_the_caller(network: HttpNetwork, did: str) -> None:
    with pytest.raises(UsageError):
        await network.find(did)


@pytest.mark.requirement("IDN-3")
async def test_a_server_that_speaks_no_tls_is_not_spoken_to_without(server: Server) -> None:
    network = HttpNetwork(timeout=0.2)
    with pytest.raises(Unreachable):
        await network.send(f"https://127.0.0.1:{server.port}/opencmr", b"{}")
    assert server.heads == []
    await network.close()


@pytest.mark.requirement("IDN-3")
async def test_a_certificate_counts_only_if_somebody_vouches_for_it() -> None:
    authority = trustme.CA()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with Server(served) as server:
        server.answers["/opencmr/messages"] = http(pack([RECEIPT]))
        endpoint = f"https://127.0.0.1:{server.port}/opencmr"
        stranger, acquainted = HttpNetwork(), HttpNetwork(tls=trusting)
        with pytest.raises(Unreachable):
            await stranger.send(endpoint, b"{}")
        assert await acquainted.send(endpoint, b"{}") == [RECEIPT]
        await stranger.close()
        await acquainted.close()
