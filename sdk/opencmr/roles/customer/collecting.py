"""Collecting in one relationship: the vendor's messages are asked for, checked, and taken into the store."""

import asyncio
import logging
from collections.abc import Callable

from ..._log import tell
from ...errors import Behind, QuotaExceeded, Unreachable
from ...store import Store
from ...transport import Network
from ...transport.bundle import MAX_WORDS, MOST_WORDS
from ..party.given import seconds
from .arrived import Arrived
from .checking import check_words
from .quota import Checked
from .transaction import Transactions

_log = logging.getLogger("opencmr.customer")
_MOST_PAGES = 1000
"""The most pages of one collect, for a vendor that always says there is more."""
_LONGEST = 60.0
"""Seconds after which no further page is asked for: a vendor may send its messages one at a time."""
_LONGEST_WAIT = 30
_MOST_HAND_BACKS = 3
"""The most times that a vendor is handed back what it lacks, within one collect."""
_FRAME = 1024
"""Bytes around the words that are handed back at once."""
_SLICE = 1024 * 1024
"""Bytes of an answer that are taken in at once: parsed, they take many times as much memory."""
_LITTLE = 16 * 1024
"""Bytes of an answer that are checked on the event loop; a longer one is checked in a thread."""


class Collecting:
    """Takes in what one vendor says.

    Args:
        store: The customer's.
        transactions: What is done inside a transaction of it, in this relationship.
        network: How the vendor is reached.
        endpoint: Where.
        vendor: Its DID.
        now: The time.
    """

    def __init__(
        self,
        store: Store,
        transactions: Transactions,
        network: Network,
        endpoint: str,
        vendor: str,
        now: Callable[[], str],
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._network = network
        self._endpoint = endpoint
        self._vendor = vendor
        self._now = now
        self._lock = asyncio.Lock()

    @property
    def muted(self) -> bool:
        """Whether nothing is collected from this vendor."""
        return self._store.read(lambda rows: rows.muted(self._transactions.number))

    @property
    def restored(self) -> bool:
        """Whether the wallet was put back from a copy, and has not collected all here since."""
        return self._store.read(self._transactions.peer).restored

    @property
    def size(self) -> int:
        """Bytes that the relationship takes in the wallet."""
        return self._store.read(lambda rows: rows.size(self._transactions.number))

    def full(self) -> QuotaExceeded | None:
        """Why nothing more is collected: the relationship takes as much as it may."""
        size, quota = self.size, self._transactions.quota.relationship
        return QuotaExceeded(self._vendor, size, quota) if size >= quota else None

    async def collect(self, wait: float) -> list[str]:
        """Collect what waits in the mailbox; see `Messaging.collect`."""
        async with self._lock:
            entries: list[str] = []
            waiting, left = int(max(0, min(seconds("wait", wait), _LONGEST_WAIT))), self._transactions.quota.collect
            clock = asyncio.get_running_loop().time
            end = clock() + waiting + _LONGEST
            for _ in range(_MOST_PAGES):
                if self.muted:
                    break
                if (full := self.full()) is not None:
                    if not entries:
                        raise full
                    break  # the next collect says so
                arrived, more, size = await self._page(waiting)
                entries += arrived.entries
                waiting, left = 0, left - size
                if not more or left <= 0 or clock() >= end:
                    break
            return entries

    async def take_in(self, raws: list[bytes]) -> Arrived:
        """Take in an answer of the vendor's, in parts where it is long."""
        arrived = Arrived()
        for some in _slices(raws):
            arrived.join(await self._take_in(some))
        return arrived

    async def _take_in(self, raws: list[bytes]) -> Arrived:
        words = await self._checked(raws)
        return await self._store.write(lambda rows: self._transactions.take_in(rows, words, self._now()))

    async def _page(self, waiting: int) -> tuple[Arrived, bool, int]:
        """One collect, whether there is more to come, and the bytes that it brought."""
        raws, receipts, more = await self.ask(waiting)
        arrived = Arrived()
        *slices, last = _slices(raws)
        for some in slices:
            arrived.join(await self._take_in(some))
        words = await self._checked(last)
        arrived.join(
            await self._store.write(
                lambda rows: self._transactions.collected(rows, words, receipts, self._now(), more=more)
            )
        )
        return arrived, more and arrived.moved, sum(map(len, raws))

    async def _checked(self, raws: list[bytes]) -> list[Checked]:
        peer, others = self._store.read(self._transactions.parties)
        if sum(map(len, raws)) <= _LITTLE:
            return check_words(peer, raws, others)
        return await asyncio.to_thread(check_words, peer, raws, others)

    async def ask(self, waiting: int) -> tuple[list[bytes], list[str], bool]:
        """What the vendor answers to a collect; where it was restored, after it was handed back what it lacks."""
        for _ in range(_MOST_HAND_BACKS):
            raw, receipts = self._store.read(lambda rows: self._transactions.collect(rows, waiting, self._now()))
            try:
                raws, more = await self._network.collect(self._endpoint, raw, waiting)
                return raws, receipts, more
            except Behind as behind:
                await self._hand_back(behind)
        raise Unreachable("the vendor lacks words of its own, and does not take them back")

    async def _hand_back(self, behind: Behind) -> None:
        """Hand the vendor back its own words, a request's worth at a time."""
        groups = self._store.read(lambda rows: list(self._transactions.handed_back(rows, behind)))
        while groups:
            some = [self._asking_as(me := groups[0][0])]
            while groups and groups[0][0] == me and len(some) < MOST_WORDS:
                if len(some) > 1 and sum(map(len, (*some, *groups[0][1]))) > MAX_WORDS - _FRAME:
                    break
                some += groups.pop(0)[1]
            await self._network.hand_back(self._endpoint, some)
        tell(_log, logging.WARNING, "vendor.was-restored", vendor=self._vendor)

    def _asking_as(self, me: str) -> bytes:
        return self._store.read(
            lambda rows: self._transactions.collect(rows, 0, self._now(), receipts=False, under=me)
        )[0]


def _slices(raws: list[bytes]) -> list[list[bytes]]:
    """A long answer in parts, each of which is read, taken in and done with before the next; one part at least."""
    slices: list[list[bytes]] = [[]]
    size = 0
    for raw in raws:
        size += len(raw)
        if size > _SLICE and slices[-1]:
            slices.append([])
            size = len(raw)
        slices[-1].append(raw)
    return slices
