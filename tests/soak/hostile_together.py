"""Five hostile kinds at once, over HTTP and with the default limits, while honest customers take something back.

The server and the honest customers share one core; who attacks has the other. Half of the rounds are quiet.
"""

import asyncio
import itertools
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx

import postgres
from bench.served import Servers, servers
from hostile import KINDS, Aim, Came, attack
from opencmr import consent, trust
from opencmr.store import Store
from opencmr.transport.app import MEDIA_TYPE
from parties import GRANT, Hand, read
from soak.long_run import Asked, LongRun, Round

HONEST = 8
"""Customers who take something back, each at a network address of its own."""
PER_SECOND = 10.0
"""Withdrawals of all of them together."""
SECONDS = 30.0
"""That a round takes them."""
P99, TIMES = 0.25, 10
"""What an honest withdrawal may take while others attack: seconds, and beside what it takes in the quiet part."""
MEMORY = 500_000_000
"""Bytes that the server may hold."""
KEPT = 0.9
"""Of its rate, that each kind of attack has to come at; else too little was tried."""
PATIENCE = 60.0
"""Seconds after which a withdrawal counts as lost."""
SHOP = """import asyncio

from opencmr import Vendor, intent

shop = Vendor.open({store!r}, did={did!r}, keys={keys!r}, accepts=["SD-BASE"])


@shop.on(intent.Cast)
async def think(message, _):
    await asyncio.sleep(0.5)
"""
SERVER, OTHERS = 0, 1


@dataclass
class Part:
    """What came of the withdrawals of one round.

    Attributes:
        seconds: What each took, from when it was due.
        digests: Of all that was receipted.
        losses: A line for each that was not taken as it should.
        came: Kind of attack → what came of it.
        memory: Bytes that the server held at most.
        cpu: Share of a core that the server took while it was asked to take something back. Far below what is there,
            and slow all the same, it has to share its core with what is none of this.
    """

    seconds: list[float] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    losses: list[str] = field(default_factory=list)
    came: dict[str, Came] = field(default_factory=dict)
    memory: int = 0
    cpu: float = 0.0


class Street:
    """A served shop, and honest customers of it.

    Args:
        serving: The server.
        pinned: Whether server, customers and attackers are on cores of their own.
    """

    def __init__(self, serving: Servers, *, pinned: bool) -> None:
        self.serving, self._pinned = serving, pinned
        self._url = f"http://{serving.addresses[0]}/opencmr"
        self._honest = [Hand.stranger(serving.did) for _ in range(HONEST)]
        self._old: list[bytes] = []

    def part(self, count: int, *, attacked: bool) -> Part:
        """So many withdrawals, after the grants that they take back."""
        part = Part()
        asyncio.run(self._withdraw(part, count, attacked=attacked))
        return part

    async def _withdraw(self, part: Part, count: int, *, attacked: bool) -> None:
        by_turns = itertools.cycle((one, f"198.51.100.{number}") for number, one in enumerate(self._honest))
        honest = list(itertools.islice(by_turns, count))
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as web:
            granted = []
            for one, address in honest:
                raw = one.write(GRANT)
                await self._say(web, raw, address, "given", part)
                granted.append(raw)
            watching = asyncio.create_task(self._watch(part))
            with self._attackers(part, count / PER_SECOND) if attacked else nullcontext():
                began, under_way, before = time.perf_counter(), [], self.serving.cpu()
                for number, ((one, address), grant) in enumerate(zip(honest, granted, strict=True)):
                    due = began + number / PER_SECOND
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    under_way.append(asyncio.create_task(self._take_back(web, one, address, grant, due, part)))
                await asyncio.gather(*under_way)
                part.cpu = (self.serving.cpu() - before) / (time.perf_counter() - began)
            watching.cancel()

    async def _take_back(
        self, web: httpx.AsyncClient, one: Hand, address: str, grant: bytes, due: float, part: Part
    ) -> None:
        raw = one.write(consent.Withdraw(), read(grant)["thread"], trust.digest(grant))
        await self._say(web, raw, address, "withdrawn", part)
        part.seconds.append(time.perf_counter() - due)
        if len(self._old) < HONEST:
            self._old.append(raw)

    async def _say(self, web: httpx.AsyncClient, raw: bytes, address: str, state: str, part: Part) -> None:
        """Say something as a wallet does, which comes again when it is told to."""
        headers, end = {"Content-Type": MEDIA_TYPE, "X-Forwarded-For": address}, time.monotonic() + PATIENCE
        while True:
            try:
                answer = await web.post(f"{self._url}/messages", content=raw, headers=headers)
            except httpx.HTTPError as error:
                return part.losses.append(f"an honest message met {type(error).__name__}: {error}")
            after = answer.headers.get("Retry-After")
            if answer.status_code == httpx.codes.OK or after is None or time.monotonic() + float(after) > end:
                break
            await asyncio.sleep(float(after))
        body = read(answer.content)["messages"][0]["body"] if answer.status_code == httpx.codes.OK else {}
        if (body.get("outcome"), body.get("state")) != ("accepted", state):
            return part.losses.append(f"an honest message was told {answer.status_code} {answer.text[:300]}")
        part.digests.add(trust.digest(raw))

    async def _watch(self, part: Part) -> None:
        while True:
            part.memory = max(part.memory, self.serving.memory())
            await asyncio.sleep(0.05)

    @contextmanager
    def _attackers(self, part: Part, seconds: float) -> Iterator[None]:
        context = multiprocessing.get_context("spawn")
        begun, stop = context.Event(), context.Event()
        hearing, telling = context.Pipe(duplex=False)
        aim = Aim(self._url, self.serving.did, self._old, seconds)
        process = context.Process(target=_attack, args=(aim, self._pinned, begun, stop, telling), daemon=True)
        process.start()
        try:
            if not begun.wait(10 + 4 * seconds):
                raise TimeoutError("who attacks does not begin")
            yield
        finally:
            stop.set()
            if hearing.poll(30):
                part.came = hearing.recv()
            process.join(10)


def _attack(aim: Aim, pinned: bool, begun: Event, stop: Event, telling: Connection) -> None:
    if pinned:
        os.sched_setaffinity(0, {OTHERS})
    telling.send(asyncio.run(attack(aim, stop.is_set, begun.set)))


@contextmanager
def street(store: str, folder: Path, *, pinned: bool) -> Iterator[Street]:
    """The shop, served; on the same core as its honest customers, who are this process, if `pinned`."""
    before = os.sched_getaffinity(0) if pinned else None
    with servers(store, folder, core=SERVER if pinned else None, shop=SHOP) as serving:
        try:
            if pinned:
                os.sched_setaffinity(0, {SERVER})
            yield Street(serving, pinned=pinned)
        finally:
            if before is not None:
                os.sched_setaffinity(0, before)


def missing(store: str, digests: set[str]) -> list[str]:
    """What was receipted and is not in the store, a line each."""
    with Store(store, read_only=True) as kept:
        there = kept.read(lambda rows: {digest for peer in rows.peers() for digest, _, _ in rows.known(peer.number, 0)})
    return [f"{digest} was acknowledged and is not kept" for digest in sorted(digests - there)]


def rounds(asked: Asked) -> Iterator[Round]:
    """Rounds by turns without an attack and under it; the last says whether honest customers had to wait too long."""
    with tempfile.TemporaryDirectory(prefix="opencmr-hostile-") as place:
        folder = Path(place)
        if asked.database == "postgres":
            with postgres.cluster() as cluster, cluster.schema() as url:
                yield from _rounds(asked, url, folder)
        else:
            yield from _rounds(asked, str(folder / "shop.db"), folder)


def _rounds(asked: Asked, store: str, folder: Path) -> Iterator[Round]:
    pinned = hasattr(os, "sched_setaffinity") and {SERVER, OTHERS} <= os.sched_getaffinity(0)
    parts: dict[bool, list[Part]] = {False: [], True: []}
    with street(store, folder, pinned=pinned) as there:
        for number in range(max(2, asked.rounds)):
            attacked = number % 2 == 1
            part = there.part(round(PER_SECOND * SECONDS), attacked=attacked)
            parts[attacked].append(part)
            faults = sum(came.sent for came in part.came.values())
            yield Round(faults, len(part.digests), part.losses, _said(parts, pinned=pinned))
    kept = {digest for each in parts.values() for part in each for digest in part.digests}
    yield Round(losses=[*missing(store, kept), *_too_much(parts)])


def _too_much(parts: dict[bool, list[Part]]) -> Iterator[str]:
    quiet, attacked = (_quantile(parts[each], 99) for each in (False, True))
    if attacked >= P99:
        yield f"an honest withdrawal took {attacked * 1000:.0f} ms (p99) under attack, not under {P99 * 1000:.0f}"
    if attacked >= TIMES * quiet:
        yield f"that is {attacked / quiet:.0f} times the {quiet * 1000:.1f} ms of the quiet part, not under {TIMES}"
    if (memory := max(part.memory for each in parts.values() for part in each)) >= MEMORY:
        yield f"the server held {memory / 1e6:.0f} MB"
    for part in parts[True]:
        for name, kind in KINDS.items():
            came = part.came.get(name, Came())
            if came.sent - kind.at_once < KEPT * kind.per_second * max(came.seconds, 1):
                yield f"{name}: {came.sent} sent in {came.seconds:.0f} s, not {kind.per_second:g} a second"


def _quantile(parts: Sequence[Part], of: int) -> float:
    taken = [each for part in parts for each in part.seconds]
    return statistics.quantiles(taken, n=100, method="inclusive")[of - 1]


def _said(parts: dict[bool, list[Part]], *, pinned: bool) -> str:
    if not parts[True]:
        return ""
    quiet, attacked = (
        "/".join(f"{_quantile(parts[each], of) * 1000:.1f}" for of in (50, 99)) for each in (False, True)
    )
    told: dict[str, Counter[str]] = {}
    for part in parts[True]:
        for name, came in part.came.items():
            told.setdefault(name, Counter()).update(came.told)
    said = "\n".join(
        f"{name}, {KINDS[name].per_second:g}/s: {', '.join(f'{n:,} {what}' for what, n in codes.items())}"
        for name, codes in told.items()
    )
    memory = max(part.memory for each in parts.values() for part in each)
    busy = " and ".join(f"{statistics.mean(part.cpu for part in parts[each]):.0%}" for each in (False, True))
    where = "" if pinned else "; nobody on a core of their own"
    took = f"p50/p99 of a withdrawal: {quiet} ms quiet, {attacked} ms attacked"
    return f"{took}; {memory / 1e6:.0f} MB, {busy} of a core{where}\n{said}"


RUN = LongRun("five hostile kinds at once spoil it for nobody", rounds=6, run=rounds)
