"""Five kinds of hostile callers of one vendor, each with keys and network addresses of its own.

came = await attack(Aim(url, did, old, seconds=30), over)     # at the rates of `KINDS`, until `over()`
came["unsigned"].told                                         # Counter({"bad-signature": 1450, …})
"""

import asyncio
import itertools
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from in_memory_vendor import no_proof
from opencmr import trust
from opencmr.protocol import instant
from opencmr.testing import envelope
from opencmr.transport.app import MEDIA_TYPE
from parties import CAST, Hand

RECEIPTS = 20
"""Receipts of nothing in a collect: as many as it may bring."""


Send = Callable[[str], Awaitable[str]]
"""From the network address that it is to come from to what the vendor made of it."""


@dataclass(frozen=True)
class Aim:
    """Who is attacked.

    Attributes:
        url: Where the vendor's messages go, without `/messages`.
        did: The vendor's.
        old: Bytes of others that were taken before, and that somebody has copied.
        seconds: For how long, about: so much is written and signed before it begins.
    """

    url: str
    did: str
    old: Sequence[bytes]
    seconds: float


@dataclass
class Came:
    """What came of one kind of attack.

    Attributes:
        sent: How many were sent.
        told: How often it was told what; `taken`, or the code of a problem.
        seconds: How long it went on.
    """

    sent: int = 0
    told: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Line:
    """Any number of connections to one vendor. It costs far less than a client that minds what it does.

    Args:
        url: Where the vendor's messages go, without `/messages`.
    """

    def __init__(self, url: str) -> None:
        self._at = urlsplit(url)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for _, writer in self._idle:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection."""
        return await asyncio.open_connection(self._at.hostname, self._at.port)

    async def post(self, path: str, raw: bytes, address: str) -> tuple[int, bytes]:
        """Status and body of the answer to a message.

        Raises:
            OSError, EOFError: There is none.
        """
        reader, writer = self._idle.pop() if self._idle else await self.open()
        head = (
            f"POST {self._at.path}{path} HTTP/1.1\r\nHost: {self._at.netloc}\r\nX-Forwarded-For: {address}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        try:
            writer.write(head.encode() + raw)
            said = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reader.readexactly(int(said.partition("content-length:")[2].partition("\r\n")[0]))
        except BaseException:
            writer.transport.abort()
            raise
        if "connection: close" in said:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(said.split()[1]), body


@dataclass(frozen=True)
class Kind:
    """One kind of attack.

    Attributes:
        says: What it does.
        per_second: How often.
        addresses: From how many network addresses, by turns.
        at_once: How many it sends at once when it begins.
        begin: Makes whatever sends one of them; it gives what the vendor made of it.
    """

    says: str
    per_second: float
    addresses: int
    at_once: int
    begin: Callable[[Aim, Line, int], Send]


def now() -> datetime:
    """The time that hostile callers state: the right one."""
    return datetime.now(UTC)


def heavy(to: str) -> Iterator[bytes]:
    """Messages that nobody has signed, each wrong or heavy in another way, without end."""
    key = trust.SigningKey.generate()
    bodies: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("consent.grant", {f"x{number}": 1 for number in range(6000)}, {}),
        ("consent.grant", {}, {f"x{number}": 1 for number in range(6000)}),
        ("consent.grant", {"items": [{f"a{number}": 1 for number in range(90)}] * 64, "until": "x"}, {}),
        ("consent.grant", {"items": [{"key": "k", "purposes": ["x"] * 60, "actions": [1] * 60}] * 60}, {}),
        ("terms.proffer", {"choices": [{"id": "x"}] * 5500}, {}),
        ("terms.proffer", {"choices": [{"document": _document(number)} for number in range(32)]}, {}),
        ("intent.cast", {"wants": [{"name": "n", "attributes": [{"name": "a", "value": "b"}] * 50}] * 32}, {}),
        ("mailbox.collect", {"receipts": [{"type": "receipt"}] * 2500}, {}),
        ("terms.decline", {"reason": "x", "n": [1.5] * 14000}, {}),
        ("com.example.x", {"a": ["x" * 10] * 4500}, {}),
    ]
    mark, proof = "urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff", no_proof(trust.key_url(key.did))
    named = {"id_": mark, "from_": key.did, "to": to, "created": instant(now()), "proof": proof}
    documents = [{**envelope(type_, body, **named), **more} for type_, body, more in bodies]
    whole = [json.dumps(each, sort_keys=True, separators=(",", ":")).encode() for each in documents]
    for raw in itertools.cycle(whole):
        yield raw.replace(mark.encode(), uuid.uuid4().urn.encode())


def _document(number: int) -> dict[str, Any]:
    rule = {"effect": "prohibit", "action": "dpv:Use", "by": ["vendor"]}
    return {"id": f"https://t.example/{number}", "version": "1", "title": "t", "rules": [rule] * 16}


def collects(to: str) -> Iterator[bytes]:
    """Collects of one key, each full of receipts that are signed and answer nothing, without end."""
    one = Hand.stranger(to)
    nothing = [trust.digest(uuid.uuid4().bytes) for _ in range(6 * RECEIPTS)]
    signed = [
        json.loads(
            one.write({"of": of, "outcome": "accepted", "state": "x"}, uuid.uuid4().urn, type="receipt", seen=None)
        )
        for of in nothing
    ]
    dice = random.Random(7)
    while True:
        yield one.write({"receipts": dice.sample(signed, RECEIPTS)}, type="mailbox.collect")


def _unsigned(aim: Aim, line: Line, many: int) -> Send:
    return _posting(line, "/messages", heavy(aim.did), many)


def _bogus(aim: Aim, line: Line, many: int) -> Send:
    return _posting(line, "/mailbox", collects(aim.did), many)


def _replays(aim: Aim, line: Line, _: int) -> Send:
    return _posting(line, "/messages", itertools.cycle(aim.old), 0)


def _crowd(aim: Aim, line: Line, many: int) -> Send:
    one = Hand.stranger(aim.did)
    return _posting(line, "/messages", (one.write(CAST) for _ in itertools.count()), many)


def _posting(line: Line, path: str, raws: Iterator[bytes], many: int) -> Send:
    raws = itertools.chain(list(itertools.islice(raws, many)), raws)

    async def send(address: str) -> str:
        status, body = await line.post(path, next(raws), address)
        if status == HTTPStatus.OK:
            return "taken"
        with suppress(ValueError):
            return str(json.loads(body)["type"].rpartition("#")[2])
        return str(status)

    return send


def _trailers(aim: Aim, line: Line, __: int) -> Send:
    lines = b"".join(b"x-%06d: %s\r\n" % (number, b"v" * 1000) for number in range(64))
    heads = itertools.cycle([
        b"POST /opencmr/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/opencmr+json\r\n",
        b"GET /.well-known/did.json HTTP/1.1\r\nHost: x\r\n",
    ])  # fmt: skip

    async def send(address: str) -> str:
        sent = 0
        _, writer = await line.open()
        head = b"X-Forwarded-For: %s\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" % address.encode()
        try:
            writer.write(next(heads) + head)
            while sent < 30_000_000 and not writer.is_closing():
                writer.write(lines)
                sent += len(lines)
                await writer.drain()
                await asyncio.sleep(0.016)  # 4 MB a second
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()
        return "cut off" if sent < 30_000_000 else "heard out"

    return send


KINDS = {
    "unsigned": Kind("heavy messages that nobody has signed", 50, 1, 0, _unsigned),
    "receipts": Kind("collects of one key, full of receipts of nothing", 20, 1, 0, _bogus),
    "replays": Kind("an honest customer's old bytes", 100, 2, 0, _replays),
    "crowd": Kind("many messages of one key at once, each long at work", 10, 1, 200, _crowd),
    "trailers": Kind("trailers without end, 4 MB a second each", 8, 1, 0, _trailers),
}
"""What comes all at once. Each stays below what one network address and one key may."""


async def attack(aim: Aim, over: Callable[[], bool], begun: Callable[[], None] = lambda: None) -> dict[str, Came]:
    """All kinds at once, each at its rate, whatever the vendor answers.

    Args:
        aim: Who is attacked.
        over: Whether it is to end.
        begun: Called again and again once each kind has been answered.

    Returns:
        Kind → what came of it.
    """
    came = {name: Came() for name in KINDS}
    async with Line(aim.url) as line:
        senders = {
            name: kind.begin(aim, line, kind.at_once + round(kind.per_second * aim.seconds))
            for name, kind in KINDS.items()
        }

        async def ask(name: str, address: str) -> None:
            try:
                came[name].told[await senders[name](address)] += 1
            except (OSError, EOFError) as error:
                came[name].told[type(error).__name__] += 1
            if all(each.told for each in came.values()):
                begun()

        async def go(number: int, name: str) -> None:
            kind, under_way = KINDS[name], set[asyncio.Task[None]]()
            addresses = itertools.cycle([f"203.0.{number}.{each + 1}" for each in range(kind.addresses)])
            began = time.monotonic()
            while not over():
                task = asyncio.create_task(ask(name, next(addresses)))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                came[name].sent += 1
                due = began + (came[name].sent - kind.at_once) / kind.per_second
                await asyncio.sleep(max(0, due - time.monotonic()))
            came[name].seconds = time.monotonic() - began
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

        await asyncio.gather(*(go(number, name) for number, name in enumerate(KINDS)))
    return came
