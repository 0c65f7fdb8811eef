"""What grows with what is kept: folding a thread, and opening a wallet."""

import asyncio
import json
import math
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from opencmr import Customer, Vendor, trust
from opencmr.store import Store

from .goods import VENDOR, Sender
from .measure import Figure
from .receiving import folder
from .registry import Curve, Effort, Found, Goal, Line, Row

THREADS = (10, 100, 1_000)
WALLETS = (10, 100, 1_000, 10_000)
LINEAR = 1.15
"""The most that the exponent of growth may be, from the second size on to the last."""


def run(effort: Effort) -> Found:
    """Both, with their curves."""
    with folder(effort) as place:
        threads = _by_turns(_threads(place, THREADS[: effort.of(3, 3, 1)]), effort.of(20, 5))
        effort.say("grow: threads")
        wallets = _by_turns(_wallets(place, WALLETS[: effort.of(4, 3, 1)]), effort.of(10, 3))
        effort.say("grow: wallets")
    return Found(
        [
            *_lines("fold a thread of {} messages, from the store", threads),
            *_lines("open a wallet of {} relationships, list them, ask about one", wallets),
        ],
        [
            _curve("threads", "Folding a thread that is read from the store", "messages", threads),
            _curve("wallets", "Opening a wallet", "relationships", wallets),
        ],
    )


def _by_turns(works: dict[int, Callable[[], float]], slices: int) -> dict[int, Figure]:
    samples: dict[int, list[float]] = {size: [] for size in works}
    for number in range(slices + 1):
        for size, work in works.items():
            took = work()
            if number:
                samples[size].append(took)
    return {size: Figure("ms", tuple(each)) for size, each in samples.items()}


def _lines(words: str, found: dict[int, Figure]) -> list[Line]:
    lines = [
        Line(words.format(f"{size:,}"), each, note=f"{each.median / size * 1000:.0f} µs each")
        for size, each in found.items()
    ]
    if len(found) > 2:
        few, many = sorted(found)[1], max(found)
        grown = math.log(found[many].median / found[few].median) / math.log(many / few)
        lines.append(
            Line(words.format("n") + ": grows as n to the power of", Figure("", (grown,)), goal=Goal("≤", LINEAR, ""),
                 note=f"from {few:,} to {many:,}; linear is 1")
        )  # fmt: skip
    return lines


def _curve(name: str, title: str, x: str, found: dict[int, Figure]) -> Curve:
    return Curve(name, title, x, "ms", {"OpenCMR": [(float(size), each.median) for size, each in found.items()]})


def _threads(place: Path, sizes: tuple[int, ...]) -> dict[int, Callable[[], float]]:
    """Milliseconds that the first look at a history takes, in a vendor that has just been opened."""
    senders = {size: Sender() for size in sizes}

    async def fill() -> None:
        shop = Vendor.open(place / "threads.db", did=VENDOR)
        for size, sender in senders.items():
            for raw in sender.thread(size):
                answers = await shop.receive(raw)
                assert b'"outcome":"accepted"' in answers[0]
                sender.hear(answers)
        await shop.close()

    asyncio.run(fill())

    def look(size: int) -> float:
        async def once() -> float:
            shop = Vendor.open(place / "threads.db", did=VENDOR)
            try:
                began = time.perf_counter()
                history = shop.history(senders[size].signer.did)
                took = time.perf_counter() - began
                assert sum(len(thread.entries) for thread in history.threads.values()) == size
                return took * 1000
            finally:
                await shop.close()

        return asyncio.run(once())

    return {size: partial(look, size) for size in sizes}


def _wallets(place: Path, sizes: tuple[int, ...]) -> dict[int, Callable[[], float]]:
    """Milliseconds until a wallet is open, its relationships are listed, and one has been asked about."""

    def once(path: Path, size: int) -> float:
        async def work() -> float:
            began = time.perf_counter()
            async with Customer.open(path) as customer:
                relationships = customer.relationships()
                assert len(relationships) == size
                assert not relationships[-1].may(action="dpv:Use", purpose="dpv:DirectMarketing")
                return (time.perf_counter() - began) * 1000

        return asyncio.run(work())

    paths = {size: wallet(place, size) for size in sizes}
    return {size: partial(once, path, size) for size, path in paths.items()}


def wallet(place: Path, size: int) -> Path:
    """A wallet of so many relationships: rows through the store, and a key file as the SDK writes it."""
    path, keys = place / f"wallet{size}.db", [trust.SigningKey.generate() for _ in range(size)]
    file = path.with_suffix(".keys")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        json.dump({"keys": {key.did: key.seed.hex() for key in keys}}, opened)
    with Store(path) as store:
        for start in range(0, size, 500):
            some = list(enumerate(keys))[start : start + 500]
            store.write_now(
                lambda rows, some=some: [
                    rows.add_peer(
                        key.did,
                        f"did:web:shop{number}.example",
                        opened="2026-09-01T12:00:00.000Z",
                        pinned={f"did:web:shop{number}.example#key-1": key.public},
                        endpoint=f"https://shop{number}.example/opencmr",
                    )
                    for number, key in some
                ]
            )
    return path


ROW = Row("grow", "What grows with what is kept", run)
