"""Names that lead elsewhere than they seem to. Real connections, all of them on loopback.

The dialler of these tests stands where the Internet would be: it writes down to which address the client connects, and
carries on to a server on loopback.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore
import pytest
import trustme

from opencmr.errors import Unreachable
from opencmr.transport import HttpNetwork, pack
from opencmr.transport.client import MAX_HEAD
from rude import Server, http

RECEIPT = b'{"type":"receipt"}'
SHOP = "8.8.8.8"
SHOP_6 = "2606:4700::1111"


class Names:
    """What each name leads to, look-up after look-up; the last answer stays."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        answers = self.answers.get(host, [[]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


class World(httpcore.AsyncNetworkBackend):
    """The Internet, as far as the client can tell: every address leads to one server, but for those that are dead."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.dead: set[str] = set()
        self.silent: set[str] = set()
        self.dialled: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("no route to host")
        if host in self.silent:
            assert timeout is not None
            try:
                async with asyncio.timeout(timeout):
                    await self.server.over.wait()
            except TimeoutError as error:
                raise httpcore.ConnectTimeout from error
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.server.port, timeout)


class Tls:
    """Certificates that the test vouches for, and the names for which a server was asked."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.trusting = ssl.create_default_context()
        self.authority.configure_trust(self.trusting)
        self.names: list[str | None] = []

    def serving(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(*names).configure_cert(context)
        context.sni_callback = lambda _connection, name, _context: self.names.append(name)
        return context


@pytest.fixture(scope="module")
def tls() -> Tls:
    return Tls()


@pytest.fixture
async def shop(tls: Tls) -> AsyncIterator[Server]:
    tls.names.clear()
    async with Server(tls.serving("shop.example", SHOP, SHOP_6)) as server:
        server.did = "did:web:shop.example"
        server.endpoint = "https://shop.example/opencmr"
        server.is_a_vendor()
        server.answers["/opencmr/messages"] = http(pack([RECEIPT]))
        yield server


@pytest.fixture
def world(shop: Server) -> World:
    return World(shop)


def network(tls: Tls, world: World, names: Names, timeout: float = 5) -> HttpNetwork:
    return HttpNetwork(tls=tls.trusting, resolver=names, dial=world, timeout=timeout)


@pytest.mark.requirement("IDN-11")
async def test_a_connection_goes_to_the_checked_address_while_certificate_and_host_stay_with_the_name(
    tls: Tls, shop: Server, world: World
) -> None:
    names = Names(shop_example=[[SHOP, SHOP_6]])
    customer = network(tls, world, names)
    found = await customer.find("did:web:shop.example")
    assert await customer.send(found.endpoint, b"{}") == [RECEIPT]
    await customer.close()
    assert set(world.dialled) == {SHOP}
    assert set(tls.names) == {"shop.example"}
    assert all("\r\nhost: shop.example\r\n" in head.lower() for head in shop.heads)
    assert len(names.asked) == len(world.dialled) == 3  # this server closes each connection


@pytest.mark.requirement("IDN-10", "IDN-11")
@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1"])
async def test_a_name_that_changes_after_the_vendor_was_met_never_leads_inside(
    tls: Tls, shop: Server, world: World, inside: str
) -> None:
    customer = network(tls, world, Names(shop_example=[[SHOP], [SHOP], [inside]]))
    found = await customer.find("did:web:shop.example")
    heads = len(shop.heads)
    with pytest.raises(Unreachable) as raised:
        await customer.send(found.endpoint, b"{}")
    await customer.close()
    assert raised.value.__cause__ is None  # refused, and not merely failed
    assert world.dialled == [SHOP, SHOP]
    assert len(shop.heads) == heads


@pytest.mark.requirement("IDN-11")
async def test_between_check_and_use_nobody_asks_again(tls: Tls, world: World) -> None:
    """A name server that answers the first question with a public address and the next one with loopback."""
    names = Names(shop_example=[[SHOP], ["127.0.0.1"]])
    customer = network(tls, world, names)
    assert await customer.send("https://shop.example/opencmr", b"{}") == [RECEIPT]
    assert (names.asked, world.dialled) == (["shop.example"], [SHOP])
    with pytest.raises(Unreachable):
        await customer.send("https://shop.example/opencmr", b"{}")
    await customer.close()
    assert world.dialled == [SHOP]


@pytest.mark.requirement("IDN-10")
async def test_a_private_address_among_public_ones_condemns_the_name(tls: Tls, world: World) -> None:
    customer = network(tls, world, Names(shop_example=[[SHOP, "192.168.1.1"]]))
    with pytest.raises(Unreachable):
        await customer.find("did:web:shop.example")
    await customer.close()
    assert world.dialled == []


@pytest.mark.requirement("IDN-10")
async def test_a_name_like_localhost_in_a_hosts_file_does_not_lead_elsewhere(tls: Tls, world: World) -> None:
    customer = network(tls, world, Names(localhost=[["8.8.8.8"]]))
    with pytest.raises(Unreachable):
        await customer.find("did:web:localhost%3A8443")
    await customer.close()
    assert world.dialled == []


@pytest.mark.requirement("IDN-10")
@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1/opencmr", "http://localhost:8001/opencmr", "https://10.0.0.1/", "https://inside.example/"],
)
async def test_a_public_vendor_does_not_lead_inside(tls: Tls, shop: Server, world: World, endpoint: str) -> None:
    shop.is_a_vendor(endpoint=endpoint)
    names = Names(shop_example=[[SHOP]], inside_example=[["10.0.0.7"]])
    customer = network(tls, world, names)
    if "inside" not in endpoint:
        with pytest.raises(Unreachable):
            await customer.find("did:web:shop.example")
    else:  # what its name stands for shows only when it is gone to
        assert (await customer.find("did:web:shop.example")).endpoint == endpoint.rstrip("/")
        with pytest.raises(Unreachable):
            await customer.send(endpoint.rstrip("/"), b"{}")
    await customer.close()
    assert set(world.dialled) == {SHOP}


async def test_a_vendor_may_have_its_endpoint_on_another_public_host(tls: Tls, shop: Server, world: World) -> None:
    """What comes from there counts by its signature. The host needs a certificate of its own name, though."""
    shop.is_a_vendor(endpoint="https://host.example/shop")
    names = Names(shop_example=[[SHOP]], host_example=[["9.9.9.9"]])
    customer = network(tls, world, names)
    found = await customer.find("did:web:shop.example")
    with pytest.raises(Unreachable):
        await customer.send(found.endpoint, b"{}")
    assert (world.dialled[-1], tls.names[-1]) == ("9.9.9.9", "host.example")
    shop.is_a_vendor(endpoint="https://shop.example:8443/opencmr")
    assert (await customer.find("did:web:shop.example")).endpoint == "https://shop.example:8443/opencmr"
    await customer.close()


async def test_a_vendor_on_this_machine_does_not_lead_away_from_it(shop: Server) -> None:
    async with Server() as local:
        for endpoint in ("https://shop.example/opencmr", "https://10.0.0.1/opencmr", "https://8.8.8.8/opencmr"):
            local.is_a_vendor(endpoint=endpoint)
            names, world = Names(shop_example=[[SHOP]]), World(local)
            customer = HttpNetwork(resolver=names, dial=world)
            with pytest.raises(Unreachable):
                await customer.find(local.did)
            await customer.close()
            assert (names.asked, set(world.dialled)) == ([], {"127.0.0.1"})


@pytest.mark.requirement("IDN-3")
async def test_a_certificate_of_another_name_is_not_taken_for_the_address(tls: Tls, shop: Server, world: World) -> None:
    """The address is in the certificate; the name is not."""
    customer = network(tls, world, Names(other_example=[[SHOP]]))
    with pytest.raises(Unreachable):
        await customer.send("https://other.example/opencmr", b"{}")
    for literal in (SHOP, f"[{SHOP_6}]"):
        assert await customer.send(f"https://{literal}/opencmr", b"{}") == [RECEIPT]
    await customer.close()
    assert len(shop.heads) == 2


async def test_an_address_that_is_dead_or_silent_gives_way_to_the_next(tls: Tls, world: World) -> None:
    customer = network(tls, world, Names(shop_example=[[SHOP, SHOP_6, "9.9.9.9"]]), timeout=0.6)
    world.dead, world.silent = {SHOP}, {SHOP_6}
    assert await customer.send("https://shop.example/opencmr", b"{}") == [RECEIPT]
    assert world.dialled == [SHOP, SHOP_6, "9.9.9.9"]
    world.dead = {SHOP, SHOP_6, "9.9.9.9"}
    with pytest.raises(Unreachable):
        await customer.send("https://shop.example/opencmr", b"{}")
    await customer.close()


@pytest.mark.parametrize("fault", [OSError("name or service not known"), UnicodeError("label too long")])
async def test_a_resolver_that_fails_is_an_unreachable_vendor(tls: Tls, world: World, fault: Exception) -> None:
    async def failing(_: str) -> list[str]:
        raise fault

    customer = HttpNetwork(tls=tls.trusting, resolver=failing, dial=world)
    with pytest.raises(Unreachable) as raised:
        await customer.send("https://shop.example/opencmr", b"{}")
    await customer.close()
    assert raised.value.__cause__ is fault


async def test_a_resolver_that_hangs_is_given_up_in_time(tls: Tls, shop: Server, world: World) -> None:
    async def hanging(_: str) -> list[str]:
        await shop.over.wait()
        return [SHOP]

    customer = HttpNetwork(tls=tls.trusting, resolver=hanging, dial=world, timeout=0.1)
    with pytest.raises(Unreachable):
        await customer.send("https://shop.example/opencmr", b"{}")
    await customer.close()
    assert world.dialled == []


# Answers that do not come to their end


@pytest.fixture
async def plain() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


@pytest.mark.requirement("TRN-13")
@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 100),
    ],
)
async def test_a_head_without_an_end_is_cut_off_by_its_size(plain: Server, begin: bytes, again: bytes) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(begin)
        while True:
            writer.write(again * 100)
            await writer.drain()
            sent += 100 * len(again)

    plain.answers["/opencmr/messages"] = endless
    customer = HttpNetwork(timeout=60)  # so that it is not time that ends it
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await customer.send(plain.endpoint, b"{}")
    assert time.monotonic() - began < 30
    await customer.close()
    assert sent < 100 * MAX_HEAD  # the rest lies in the system's buffers


@pytest.mark.requirement("TRN-13")
async def test_chunks_that_are_all_head_are_cut_off_too(plain: Server) -> None:
    async def crumbs(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write((b"1;" + b"x" * 4000 + b"\r\n \r\n") * 16)
            await writer.drain()

    plain.is_a_vendor()
    plain.answers["/.well-known/did.json"] = crumbs
    customer = HttpNetwork(timeout=60)
    with pytest.raises(Unreachable) as raised:
        await customer.find(plain.did)
    assert isinstance(raised.value.__cause__, httpcore.RemoteProtocolError)
    await customer.close()


@pytest.mark.requirement("TRN-13")
async def test_a_head_that_drips_is_given_up_in_time(plain: Server) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not plain.over.is_set():
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    plain.answers["/opencmr/messages"] = drip
    customer = HttpNetwork(timeout=0.2)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await customer.send(plain.endpoint, b"{}")
    assert time.monotonic() - began < 5
    await customer.close()


@pytest.mark.parametrize(
    "more",
    [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Content-Encoding: br\r\n",
        "Content-Encoding: identity\r\n",
        "Content-Length: 3\r\n",
    ],
)
async def test_an_answer_that_is_encoded_or_of_two_lengths_is_not_taken(plain: Server, more: str) -> None:
    plain.answers["/opencmr/messages"] = http(pack([RECEIPT]), more=more)
    customer = HttpNetwork(timeout=2)
    with pytest.raises(Unreachable):
        await customer.send(plain.endpoint, b"{}")
    await customer.close()


@pytest.mark.parametrize(
    "answer",
    [
        http(b"", media_type="text/\x9b2J" + "x" * 20_000),
        b"HTTP/1.1 200 \x1b[2J" + b"x" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\x1b[2J: " + b"x" * 20_000 + b"\r\n\r\n",
        http(b"{}", more="Content-Length: " + "9" * 3000 + "\r\n"),
    ],
)
async def test_what_a_server_says_is_quoted_in_an_error_in_short_and_takes_no_terminal_over(
    plain: Server, answer: bytes
) -> None:
    plain.answers["/opencmr/messages"] = answer
    customer = HttpNetwork(timeout=2)
    with pytest.raises(Unreachable) as raised:
        await customer.send(plain.endpoint, b"{}")
    await customer.close()
    assert len(str(raised.value)) < 500
    assert str(raised.value).isprintable()


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    plain: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    plain.answers["/opencmr/messages"] = http(pack([RECEIPT]))
    customer = HttpNetwork()
    assert await customer.send(plain.endpoint, b"{}") == [RECEIPT]
    await customer.close()
    assert "authorization" not in plain.heads[0].lower()
