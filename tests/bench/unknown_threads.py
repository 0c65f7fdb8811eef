"""Can a stranger tell by the time that an answer takes whether a thread is there? A rank test over interleaved samples.

    python tests/bench/unknown_threads.py                   # about a minute
    python tests/bench/unknown_threads.py --samples 20000   # for a finer answer

For each pair, the two kinds of message come in random order, so that whatever else the machine does meets both alike.
A rank test (Mann-Whitney) asks whether one kind takes its time more often than the other; it is repeated, and a
difference counts only where every round finds it in the same direction. Two more pairs show what the test can see. Of
the same kind twice it must find nothing. And words forged in the name of a customer take two more looks into the store
than words in the name of nobody: whoever has seen a customer's DID can tell by check 2 that it deals with this vendor,
as SECURITY.md says. Exit 1 where another's thread can be told from an unknown one.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.table import Table

from opencmr import Vendor, intent, trust
from opencmr.errors import Problem
from parties import CAST, Hand, Street, read

ROUNDS = 3
CERTAIN = 3.3
"""Standard deviations: by chance one in a thousand rounds is beyond."""
AMEND = intent.Amend(**dict(CAST))
Make = Callable[[], bytes]


def rank_test(ours: list[float], theirs: list[float]) -> float:
    """How many standard deviations the ranks of the first are off what they would be if there were no difference."""
    ranked = sorted([(each, 0) for each in ours] + [(each, 1) for each in theirs])
    ranks = sum(rank for rank, (_, kind) in enumerate(ranked, 1) if kind == 0)
    many, others = len(ours), len(theirs)
    mean = many * (many + others + 1) / 2
    return (ranks - mean) / (many * others * (many + others + 1) / 12) ** 0.5


async def answered(shop: Vendor, raw: bytes) -> float:
    """Nanoseconds until a message is refused."""
    began = time.perf_counter_ns()
    try:
        await shop.receive(raw)
    except Problem:
        return time.perf_counter_ns() - began
    raise AssertionError("each of these messages is refused")


async def compared(shop: Vendor, one: Make, other: Make, samples: int) -> tuple[float, float, float]:
    """Median of each in nanoseconds, and what the rank test says."""
    kinds = [0, 1] * samples
    random.shuffle(kinds)
    waiting = [(kind, (one, other)[kind]()) for kind in kinds]
    took: tuple[list[float], list[float]] = ([], [])
    for kind, raw in waiting:
        took[kind].append(await answered(shop, raw))
    return statistics.median(took[0]), statistics.median(took[1]), rank_test(*took)


async def measure(samples: int) -> dict[str, list[tuple[float, float, float]]]:
    """All pairs, round by round."""
    with tempfile.TemporaryDirectory() as folder:
        street = Street(Path(folder))
        shop = street.vendor()
        alice, mallory = street.stranger(), street.stranger()
        casts = [alice.write(CAST) for _ in range(50)]
        for raw in (*casts, mallory.write(CAST)):
            await shop.receive(raw)
        head = trust.digest(casts[0])

        def anothers() -> bytes:
            return mallory.write(AMEND, read(random.choice(casts))["id"], head)

        def unknown() -> bytes:
            return mallory.write(AMEND, uuid.uuid4().urn, head)

        def forged(victim: Hand) -> bytes:
            return Hand(victim.did, victim.to, mallory.key, trust.key_url(victim.did), street.clock).write(CAST)

        never = street.stranger()
        pairs: dict[str, tuple[Make, Make]] = {
            "another's thread · an unknown one": (anothers, unknown),
            "the same twice (nothing to be found)": (unknown, unknown),
            "forged as a customer · as nobody (check 2)": (lambda: forged(alice), lambda: forged(never)),
        }
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in pairs}
        for _ in range(ROUNDS):
            for name, (one, other) in pairs.items():
                found[name].append(await compared(shop, one, other, samples))
        await street.close()
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=4000, help="of each kind, in each round")
    found = asyncio.run(measure(parser.parse_args().samples))
    table = Table("pair", "medians, µs", "difference, µs", "rank test, σ", "told apart")
    told: dict[str, bool] = {}
    for name, rounds in found.items():
        signs = [z for _, _, z in rounds]
        told[name] = all(z > CERTAIN for z in signs) or all(z < -CERTAIN for z in signs)
        one, other = (statistics.median(each[place] for each in rounds) / 1000 for place in (0, 1))
        shown = " ".join(f"{z:+.1f}" for z in signs)
        table.add_row(name, f"{one:.1f} · {other:.1f}", f"{one - other:+.2f}", shown, "yes" if told[name] else "no")
    Console(width=110).print(table)
    return int(next(iter(told.values())))


if __name__ == "__main__":
    sys.exit(main())
