"""A year of a hostile vendor's mail in a wallet: what it takes of disk and memory, and whether the others work.

The wallet syncs, and the vendor answers with as much as an answer may hold, a quarter of the year in each of four ways.
Each month the customer takes something back from it, and deals with an honest vendor. It all runs in a process of its
own, whose memory is asked of the system.
"""

import asyncio
import multiprocessing
import resource
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from flooding import FLOODER, Flooder, Street
from opencmr import Customer, Quota, Vendor, consent
from opencmr.errors import QuotaExceeded, Unreachable
from opencmr.testing import StandingClock
from parties import GRANT, SHOP
from soak.long_run import Asked, LongRun, Round

KINDS = ("gap", "receipts", "split", "chain")
DISK, AHEAD = 3, 8 * 1024 * 1024
"""Times the quota that the files of the store may take, and bytes that SQLite writes ahead."""
MEMORY = 512 * 1024 * 1024
"""Bytes that the process may take at its highest, the vendors in it included."""
SYNCS = 10
"""A month."""


class Month(NamedTuple):
    """What came of a month: messages of the honest vendor, bytes that were sent, those on the disk, what is wrong."""

    messages: int
    sent: int
    disk: int
    wrong: list[str]


async def live(folder: Path, months: int, quota: Quota, *, syncs: int, page: int, word: int) -> list[Month]:
    """Live so many months with a hostile vendor.

    Args:
        folder: Where the stores are.
        months: How many.
        quota: That of the wallet.
        syncs: In each month.
        page: Bytes of one of its answers.
        word: Bytes of one of its words.
    """
    clock = StandingClock()
    flooder = Flooder(clock, page, word)
    shop = Vendor.open(folder / "shop.db", did=SHOP, clock=clock)
    street = Street(flooder, shop)
    found: list[Month] = []
    async with Customer.open(folder / "alice.db", network=street, clock=clock, quota=quota) as alice:
        honest, hostile = await alice.meet(SHOP), await alice.meet(FLOODER)
        for month in range(months):
            flooder.kind = KINDS[month * len(KINDS) // months]
            wrong: list[str] = []
            before = flooder.said
            for _ in range(syncs):
                clock.move(timedelta(days=30 / syncs))
                faults = await alice.sync(within=600)
                wrong += [f"{did}: {fault}" for did, fault in faults.items() if not isinstance(fault, QuotaExceeded)]
            try:
                await hostile.say(consent.Withdraw(), uuid.uuid4().urn)
            except Unreachable:  # there is room yet, and what comes before the receipt is never said
                if hostile.size >= quota.relationship:
                    wrong.append("a no was not answered")
            if hostile.waits():
                wrong.append("a no has no receipt")
            thread = await honest.say(GRANT)
            if shop.history(honest.me).threads[thread].state != "given":
                wrong.append("the honest vendor lacks what was said")
            if hostile.size > quota.relationship + (months + 2) * 70 * 1024:
                wrong.append(f"the relationship takes {hostile.size} bytes")
            disk = _size_of(folder)
            if disk > DISK * quota.relationship + AHEAD:
                wrong.append(f"the store takes {disk} bytes")
            found.append(Month(1, flooder.said - before, disk, wrong))
    await shop.close()
    return found


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("alice.db*"))


def year(months: int) -> tuple[list[Month], int]:
    """Months with the default quota, and the most bytes that this process has taken."""
    with tempfile.TemporaryDirectory(prefix="opencmr-flood-") as place:
        found = asyncio.run(live(Path(place), months, Quota(), syncs=SYNCS, page=8 * 1024 * 1024, word=60_000))
    return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a month. More on the disk or in memory than is stated is a loss; so is an honest word that is."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
        found, memory = own.submit(year, asked.rounds).result()
    for number, month in enumerate(found, start=1):
        losses = list(month.wrong)
        if number == len(found) and memory > MEMORY:
            losses.append(f"it took {memory:,} bytes of memory")
        said = (
            f"{sum(each.sent for each in found) >> 20} MiB sent, {month.disk >> 20} MiB kept, {memory >> 20} MiB memory"
        )
        yield Round(faults=SYNCS, messages=month.messages, losses=losses, said=said)


RUN = LongRun("a year of a hostile vendor's mail leaves a wallet small", rounds=12, run=rounds, databases=())
