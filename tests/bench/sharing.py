"""`Vendor.may` where another process may change the store: the look whether it has is part of each answer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import postgres
from opencmr import Vendor, consent, trust

from .goods import VENDOR, Sender
from .measure import Figure, by_turns, in_turn
from .receiving import folder
from .registry import Effort, Found, Line, Row

ASKED = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress", "channel": "email"}
SAID = (
    "nobody has said anything since",
    "another customer has said something",
    "this customer has withdrawn, in the other process",
)


def run(effort: Effort) -> Found:
    """Two vendors on one store, as two processes are; a withdrawal that one receives holds in the other at once."""
    lines: list[Line] = []
    with folder(effort) as place, postgres.cluster(fsync=True) as cluster:
        for words, store in (("SQLite", place / "two.db"), ("PostgreSQL", cluster.database())):
            still, other, withdrawn = asyncio.run(_asked(store, place / f"{words}.keys", effort))
            lines += [
                Line(f"may(), two processes on one store ({words}): {SAID[0]}", still),
                Line(f"… {SAID[1]}", other, "the line above", still, other.over(still)),
                Line(f"… {SAID[2]}", withdrawn, note="the first answer after; each is asserted to be no"),
            ]
            effort.say(f"shared: {words}")
    return Found(lines)


async def _asked(store: str | Path, keys: Path, effort: Effort) -> tuple[Figure, Figure, Figure]:
    """Microseconds an answer of each kind. All customers have been asked about before: nothing is cold."""
    one, other = (Vendor.open(store, did=VENDOR, keys=keys) for _ in range(2))
    try:
        senders = [Sender() for _ in range(effort.of(64, 16))]
        grants = [sender.opening() for sender in senders]
        for raw in grants:
            await one.receive(raw)
        asked = [sender.pen.did for sender in senders]
        ask: Callable[[str], object] = lambda each: other.may(each, **ASKED)  # noqa: E731  # it is handed on
        assert all(ask(each) for each in asked), "read once from the store"
        slices, still, moved = effort.of(30, 8), list[float](), list[float]()
        for raw in Sender().openings(slices):
            still += by_turns({"may": in_turn(asked, ask)}, 1)["may"].samples
            await one.receive(raw)
            moved.append(_round(asked, ask))
        return _figure(still), _figure(moved), await _withdrawn(one, other, senders, grants)
    finally:
        await other.close()
        await one.close()


def _round(asked: list[str], ask: Callable[[str], object]) -> float:
    """Microseconds an answer, each customer once."""
    began = perf_counter()
    for each in asked:
        ask(each)
    return (perf_counter() - began) / len(asked) * 1e6


async def _withdrawn(one: Vendor, other: Vendor, senders: list[Sender], grants: list[bytes]) -> Figure:
    """Microseconds of the first answer after a withdrawal that the other vendor received; it must be no."""
    took = []
    for sender, grant in zip(senders, grants, strict=True):
        document = trust.read(grant)
        assert other.may(sender.pen.did, **ASKED)
        await one.receive(sender.say(consent.Withdraw(), datetime.now(UTC), document["thread"]))
        began = perf_counter()
        answer = other.may(sender.pen.did, **ASKED)
        took.append((perf_counter() - began) * 1e6)
        assert not answer, "a stale yes"
    return _figure(took)


def _figure(samples: list[float]) -> Figure:
    return Figure("µs", tuple(samples))


ROW = Row("shared", "may() with several processes", run)
