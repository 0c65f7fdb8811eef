"""`Vendor.may` where another process may change the store: the look whether it has is part of each answer."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import postgres
from opencmr import Draft, Vendor, consent, trust
from opencmr.protocol import instant

from .goods import VENDOR, Sender
from .measure import Figure, by_turns, in_turn
from .receiving import folder
from .registry import Effort, Found, Line, Row

ASKED = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress", "channel": "email"}


def run(effort: Effort) -> Found:
    """Two vendors on one store, as two processes are; a withdrawal that one receives holds in the other at once."""
    lines: list[Line] = []
    with folder(effort) as place, postgres.cluster(fsync=True) as cluster:
        for words, store in (("SQLite", place / "two.db"), ("PostgreSQL", cluster.database())):
            figure, after = asyncio.run(_asked(store, place / f"{words}.keys", effort))
            note = f"{after.median:.0f} µs for the first answer after another process has changed something"
            lines.append(Line(f"may() with two processes on one store, {words}", figure, note=note))
            effort.say(f"shared: {words}")
    return Found(lines)


async def _asked(store: str | Path, keys: Path, effort: Effort) -> tuple[Figure, Figure]:
    one, other = (Vendor.open(store, did=VENDOR, keys=keys) for _ in range(2))
    try:
        senders = [Sender() for _ in range(effort.of(64, 16))]
        grants = [sender.opening() for sender in senders]
        for raw in grants:
            await one.receive(raw)
        did = [sender.pen.did for sender in senders]
        assert all(other.may(each, **ASKED) for each in did), "read once from the store"
        figure = by_turns({"may": in_turn(did, lambda each: other.may(each, **ASKED))}, effort.of(30, 8))["may"]
        return figure, await _withdrawn(one, other, senders, grants)
    finally:
        await other.close()
        await one.close()


async def _withdrawn(one: Vendor, other: Vendor, senders: list[Sender], grants: list[bytes]) -> Figure:
    """Microseconds of the first answer after a withdrawal that the other vendor received; it must be no."""
    took = []
    for sender, grant in zip(senders, grants, strict=True):
        document = trust.read(grant)
        assert other.may(sender.pen.did, **ASKED)
        said = sender.pen.write(
            Draft(consent.Withdraw()), to=VENDOR, at=instant(datetime.now(UTC)), thread=document["thread"],
            answers=trust.digest(grant),
        )  # fmt: skip
        await one.receive(said.raw)
        began = perf_counter()
        answer = other.may(sender.pen.did, **ASKED)
        took.append((perf_counter() - began) * 1e6)
        assert not answer, "a stale yes"
    return Figure("µs", tuple(took))


ROW = Row("shared", "may() with several processes", run)
