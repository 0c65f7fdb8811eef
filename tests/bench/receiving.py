"""Receiving: check, fold, store durably, and sign the receipt, for 64 senders at once in one process."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from opencmr import Vendor, trust

from .checking import bare, open_signed
from .goods import VENDOR, Sender
from .measure import Figure
from .registry import Effort, Found, Goal, Line, Row

SENDERS = 64
EACH = 4
"""How many messages of each sender are in a slice."""
GROUP = 5
"""How many slices the same senders make; then others come, so that no relationship grows without end."""


class Bound:
    """One verification of a message like those that come, and one signature like those of the receipts."""

    def __init__(self, senders: int = SENDERS) -> None:
        self._signed = [bare(Sender().opening()) for _ in range(senders)]
        self._key, self._data = trust.SigningKey.generate(), self._signed[0][0][64:]

    def once(self, calls: int) -> float:
        """Microseconds for both."""
        signed, key, data = self._signed, self._key, self._data
        began = time.perf_counter()
        for number in range(calls):
            open_signed(signed[number % len(signed)])
            key.sign(data)
        return (time.perf_counter() - began) / calls * 1e6


def prepared(senders: int, slices: int, to: str = VENDOR, each: int = EACH) -> list[list[bytes]]:
    """Sender → messages: one to begin with, and those of some slices."""
    return [Sender(to).openings(1 + slices * each) for _ in range(senders)]


async def delivered(shop: Vendor, waiting: Sequence[Sequence[bytes]]) -> float:
    """Let all senders send at once, each one message after the other; gives microseconds a message."""

    async def send(raws: Sequence[bytes]) -> None:
        for raw in raws:
            receipt = (await shop.receive(raw))[0]
            assert b'"outcome":"accepted"' in receipt, receipt

    began = time.perf_counter()
    await asyncio.gather(*(send(raws) for raws in waiting))
    return (time.perf_counter() - began) / sum(map(len, waiting)) * 1e6


async def by_groups(shop: Vendor, slices: int, before: Callable[[], None], senders: int = SENDERS) -> list[float]:
    """Microseconds a message of each slice; something else is measured before each."""
    took: list[float] = []
    while len(took) < slices:
        many = min(GROUP, slices - len(took))
        group = prepared(senders, many)
        await delivered(shop, [raws[:1] for raws in group])  # it opens the relationship, and warms up
        for number in range(many):
            before()
            start = 1 + number * EACH
            took.append(await delivered(shop, [raws[start : start + EACH] for raws in group]))
    return took


def measured(store: str | Path, keys: Path, slices: int, senders: int = SENDERS) -> tuple[Figure, Figure]:
    """Receiving with a store, and the bound, by turns."""
    bound, floors = Bound(), list[float]()
    bound.once(50)

    async def work() -> list[float]:
        shop = Vendor.open(store, did=VENDOR, keys=keys)
        try:
            return await by_groups(shop, slices, lambda: floors.append(bound.once(200)), senders)
        finally:
            await shop.close()

    return Figure("µs", tuple(asyncio.run(work()))), Figure("µs", tuple(floors))


def run(effort: Effort) -> Found:
    """The line of the goal, and what it costs when nobody else sends."""
    with folder(effort) as place:
        many, floor = measured(
            place / "many.db", place / "many.keys", effort.of(50, 10), effort.of(SENDERS, SENDERS, 2)
        )
        effort.say("receive: 64 senders")
        one, alone = measured(place / "one.db", place / "one.keys", effort.of(25, 5), 1)
    beside = "one verification + one signature"
    return Found(
        [
            Line("receive, fold, store (SQLite, FULL), sign the receipt; 64 senders at once", many, beside, floor,
                 many.over(floor), Goal("≤", 1.9), many.pauses),
            Line("the same, one sender", one, beside, alone, one.over(alone), note="each waits for the disk alone"),
        ]
    )  # fmt: skip


class folder:  # it is used like the function that it could be
    """A folder for stores, on the disk that the suite was told to use."""

    def __init__(self, effort: Effort) -> None:
        self._within = effort.folder

    def __enter__(self) -> Path:
        self._within.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix="bench-", dir=self._within))
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def profile(effort: Effort) -> dict[str, Figure]:
    """Where the time goes in the threads of the process."""
    from .profiles import by_step

    group = prepared(effort.of(SENDERS, SENDERS, 2), 1, each=effort.of(60, 20))

    def work(ready: Callable[[], None]) -> int:
        async def receive() -> None:
            shop = Vendor.open(place / "v.db", did=VENDOR)
            await delivered(shop, [raws[:1] for raws in group])
            ready()
            await delivered(shop, [raws[1:] for raws in group])
            await shop.close()

        asyncio.run(receive())
        return sum(len(raws) - 1 for raws in group)

    with folder(effort) as place:
        return by_step(work)


ROW = Row("receive", "Receiving, 64 senders at once", run, profile)
