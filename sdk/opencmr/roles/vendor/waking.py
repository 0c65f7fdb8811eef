"""Waking of waiting collects: at once for a message of this process, soon for one of another process."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..._log import log_failure
from ...errors import StoreError
from ...store import Store

PAUSE = 1.0
"""Seconds between two looks at what other processes have written: one look for all who wait."""

_log = logging.getLogger("opencmr.vendor")


class Bell:
    """The bell of one waiting collect.

    Attributes:
        rung: Set once something may have come.
        number: The relationship; none before it was looked at.
        version: Its version when it was looked at.
    """

    __slots__ = ("number", "rung", "version")

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.number: int | None = None
        self.version: int | None = None


class Waking:
    """The bells of all who wait at one vendor.

    A message of this process rings at once. Another process on the same store cannot ring here: so, while anybody
    waits, the store is asked once a second which of their relationships have changed, however many wait.

    Args:
        store: What other processes may write to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bells: dict[str, set[Bell]] = {}
        self._stamp: int | None = None
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def bell(self, customer: str) -> Iterator[Bell]:
        """Wait for a customer's mail."""
        bell = Bell()
        self._bells.setdefault(customer, set()).add(bell)
        if not self._store.alone and (self._looking is None or self._looking.done()):
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield bell
        finally:
            mine = self._bells[customer]
            mine.discard(bell)
            if not mine:
                del self._bells[customer]

    @property
    def count(self) -> int:
        """How many wait."""
        return sum(map(len, self._bells.values()))

    def ring(self, customer: str) -> None:
        """Something new may wait for a customer."""
        for bell in self._bells.get(customer, ()):
            bell.rung.set()

    def ring_all(self) -> None:
        """Let everybody look, and end what looks for them."""
        for customer in self._bells:
            self.ring(customer)
        if self._looking is not None:
            self._looking.cancel()

    async def look(self) -> None:
        """Ring for those in whose relationships anybody has written since they looked."""
        stamp = self._store.stamp()  # first, so that what is written meanwhile is noticed at the next look
        if stamp is not None and stamp == self._stamp:
            return
        waiting = {bell for bells in self._bells.values() for bell in bells if bell.number is not None}
        numbers = {bell.number for bell in waiting if bell.number is not None}
        versions = await asyncio.to_thread(self._store.versions, numbers)
        self._stamp = stamp
        for bell in waiting:
            if bell.number is not None and versions.get(bell.number) != bell.version:
                bell.rung.set()

    async def _look_on(self) -> None:
        failing = False
        while self._bells:
            await asyncio.sleep(PAUSE)
            try:
                await self.look()
                failing = False
            except StoreError as error:  # who waits looks once more when their time is over, and is told then
                if not failing:
                    log_failure(_log, "store.failed", error)
                failing = True
