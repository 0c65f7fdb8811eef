"""Forgetting of relationships that never came to anything (`spec/v1/sequence.md`, forgetting).

They are forgotten one after the other, each in a transaction of its own, with rests between: so messages do not wait
for it, and a process that is killed meanwhile leaves each of them whole or forgotten.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import Any

from ..._log import log_failure, tell
from ...errors import StoreError, UsageError
from ...protocol import History, came_to_nothing, promised_until
from ...protocol.clock import shifted
from ...store import Peer, Rows, Store
from ..party.histories import Histories

KEPT_FOR = timedelta(days=30)
"""How long they are kept where a vendor does not say."""
LONGEST = timedelta(days=36_500)
"""The longest span that a vendor may choose: an instant has four digits for the year, so a longer one could not be
subtracted."""
AT_ONCE = 20
"""How many are looked up at a time."""
PAUSE = 60.0
"""Seconds until the next look, where none was due."""
REST = 4
"""The rest after each step, as a multiple of the time that it took."""

_log = logging.getLogger("opencmr.vendor")


class Done(Enum):
    """The outcome for a relationship that was due."""

    FORGOTTEN = "forgotten"
    KEPT = "kept"
    LATER = "later"


def check_span(kept_for: Any) -> None:
    """See that this is how long a relationship may be kept; none: for good.

    Raises:
        UsageError: It is not.
    """
    day = timedelta(days=1)
    if kept_for is None:
        return
    if not isinstance(kept_for, timedelta) or not day <= kept_for <= LONGEST or kept_for % day:
        raise UsageError(f"kept_for is from 1 to {LONGEST.days} whole days, such as timedelta(days=30)")


class Forgetting:
    """Forgets what came to nothing at one vendor.

    Args:
        store: Where it is.
        histories: What folds.
        me: The vendor's DID.
        kept_for: How long after its last word a relationship is kept.
        now: The time.
    """

    def __init__(
        self, store: Store, histories: Histories, me: str, kept_for: timedelta, now: Callable[[], str]
    ) -> None:
        self._store = store
        self._histories = histories
        self._me = me
        self._kept_for = kept_for
        self._now = now

    async def run(self) -> None:
        """Forget whatever comes due, until cancelled. Several processes on one store may do so at once."""
        pause = random.uniform(0, PAUSE)  # noqa: S311  # so that processes that start together don't look together
        while True:
            await asyncio.sleep(pause)
            loop = asyncio.get_running_loop()
            began, count = loop.time(), 0
            try:
                count = await self.step()
            except StoreError as error:
                log_failure(_log, "store.failed", error)
            pause = REST * (loop.time() - began) if count else PAUSE

    async def step(self) -> int:
        """Forget some of what is due.

        Returns:
            How many were looked at, and so are not due any more, or have changed meanwhile.

        Raises:
            StoreError: The store fails. What was forgotten before is forgotten.
        """
        due = await self._due(("", 0))
        done = [await self._one(peer, dry_run=False) for peer in due]
        if count := done.count(Done.FORGOTTEN):
            tell(_log, logging.INFO, "relationships.forgotten", count=count)
        return len(due)

    async def through(self, *, dry_run: bool) -> int:
        """Forget all that is due, without a rest.

        Args:
            dry_run: Change nothing.

        Returns:
            How many were forgotten, or would be.
        """
        count, last = 0, ("", 0)
        while due := await self._due(last):
            done = [await self._one(peer, dry_run=dry_run) for peer in due]
            count += done.count(Done.FORGOTTEN)
            last = due[-1].idle, due[-1].number
        return count

    async def _due(self, after: tuple[str, int]) -> list[Peer]:
        before = shifted(self._now(), -self._kept_for)
        return await asyncio.to_thread(self._store.read, lambda rows: rows.passed(self._me, before, after, AT_ONCE))

    async def _one(self, peer: Peer, *, dry_run: bool) -> Done:
        """Fold one relationship beside the writer, which only checks that nothing has been said since."""

        def look(rows: Rows) -> History | None:
            there = rows.peer_by_number(peer.number)
            return self._histories.replay(rows, there) if there and there.version == peer.version else None

        history = await asyncio.to_thread(self._store.read, look)
        if history is None:
            return Done.LATER
        promised = promised_until(history)
        done = Done.FORGOTTEN if promised < self._now() else Done.LATER
        done = done if came_to_nothing(history) else Done.KEPT
        if not dry_run:
            await self._store.write(lambda rows: self._write(rows, peer, history, done, promised))
        return done

    def _write(self, rows: Rows, was: Peer, history: History, done: Done, promised: str) -> None:
        peer = rows.peer_by_number(was.number)
        if peer is None or peer.version != was.version:
            return
        match done:
            case Done.KEPT:
                rows.change_peer(peer.number, kept=True)
            case Done.LATER:
                rows.change_peer(peer.number, idle=shifted(promised, -self._kept_for))  # due when that is over
            case Done.FORGOTTEN:
                chain = history.chain
                place, last = (chain.next - 1, chain.tip) if chain.tip else (peer.forgotten, peer.last)
                rows.forget(peer.number, last=last, place=place)
                self._histories.publish(rows, peer.number, History())


async def forget_all(store: Store, kept_for: timedelta, now: Callable[[], str], *, dry_run: bool) -> int:
    """Forget all that is due in a store, whosever it is.

    Args:
        store: It.
        kept_for: How long after its last word a relationship is kept.
        now: The time.
        dry_run: Change nothing.

    Returns:
        How many were forgotten, or would be.

    Raises:
        UsageError: `kept_for` is not of whole days.
    """
    check_span(kept_for)
    vendors = store.read(lambda rows: rows.vendors())
    each = [Forgetting(store, Histories(), me, kept_for, now) for me in vendors]
    return sum([await one.through(dry_run=dry_run) for one in each])
