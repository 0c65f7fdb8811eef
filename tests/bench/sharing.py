"""Where another process may change the store: `Vendor.may`, for which the look whether it has is part of each answer;
and messages of one customer that two processes receive by turns."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter

import postgres
from opencmr import Vendor, consent, trust
from opencmr.transport.limits import Limits, Rate

from .goods import VENDOR, Sender
from .measure import Figure, by_turns, in_turn
from .receiving import folder
from .registry import Effort, Found, Goal, Line, Row

ASKED = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress", "channel": "email"}
ENTRIES = (10, 100, 1_000, 2_000)
"""How many messages of the same sender are there already."""
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
        lines += asyncio.run(_received(cluster.database(), place / "by-turns.keys", effort))
        effort.say("shared: messages by turns")
    return Found(lines)


async def _received(store: str, keys: Path, effort: Effort) -> list[Line]:
    """Microseconds a message that the process receives which did not receive the one before it."""
    limits = Limits(key=Rate(1e6, 1_000_000))
    one, other = (Vendor.open(store, did=VENDOR, keys=keys, limits=limits) for _ in range(2))
    sizes, slices = ENTRIES[: effort.of(4, 3, 2)], effort.of(30, 10)
    try:
        waiting = {size: iter(Sender().openings(size + 2 + 2 * slices)) for size in sizes}
        took: dict[int, list[float]] = {size: [] for size in sizes}
        for size, raws in waiting.items():
            for raw in islice(raws, size):
                await one.receive(raw)
            await other.receive(next(raws))  # folds it once
            await one.receive(next(raws))
        for _ in range(slices):
            for size, raws in waiting.items():
                began = perf_counter()
                await other.receive(next(raws))
                await one.receive(next(raws))
                took[size].append((perf_counter() - began) / 2 * 1e6)
    finally:
        await other.close()
        await one.close()
    figures = {size: _figure(each) for size, each in took.items()}
    least = figures[sizes[0]]
    lines = [
        Line(f"receive, two processes by turns (PostgreSQL): after {size:,} of the same sender", figure,
             f"after {sizes[0]}", least, figure.over(least))
        for size, figure in figures.items()
    ]  # fmt: skip
    return [*lines[:-1], replace(lines[-1], goal=Goal("≤", 2))]


async def _asked(store: str | Path, keys: Path, effort: Effort) -> tuple[Figure, Figure, Figure]:
    """Microseconds an answer of each kind. All customers have been asked about before: nothing is cold."""
    one, other = (Vendor.open(store, did=VENDOR, keys=keys) for _ in range(2))
    try:
        senders = [Sender() for _ in range(effort.of(64, 16))]
        grants = [sender.opening() for sender in senders]
        for raw in grants:
            await one.receive(raw)
        asked = [sender.signer.did for sender in senders]
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
        document = trust.parse(grant)
        assert other.may(sender.signer.did, **ASKED)
        await one.receive(sender.say(consent.Withdraw(), datetime.now(UTC), document["thread"]))
        began = perf_counter()
        answer = other.may(sender.signer.did, **ASKED)
        took.append((perf_counter() - began) * 1e6)
        assert not answer, "a stale yes"
    return _figure(took)


def _figure(samples: list[float]) -> Figure:
    return Figure("µs", tuple(samples))


ROW = Row("shared", "may() and receiving with several processes", run)
