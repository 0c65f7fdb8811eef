"""Polling: an open wallet asks for mail by itself (`spec/v1/transport.md`, "How often to ask")."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..._log import log_failure
from ...errors import OpenCMRError
from ..party.given import setting
from .messaging import Messaging, quiet

_log = logging.getLogger("opencmr.customer")


@dataclass(frozen=True, slots=True)
class Polling:
    """The pauses between collects while nobody waits for anything.

    Each vendor is asked once in `every` seconds, on average, and the whole wallet makes at most one collect in `gap`
    seconds, on average. So with more relationships than `every / gap`, each is asked less often. None of these collects
    is held by the vendor (`wait`).

    Attributes:
        every: Seconds between two collects in one relationship.
        gap: Seconds between two collects of the wallet, at least.
        at_once: How many collects go on at the same time; while these hang, no others begin.
        within: Seconds after which a collect that has not come to its end is given up until the next one.
    """

    every: float = 900.0
    gap: float = 1.0
    at_once: int = 4
    within: float = 60.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: A time is negative or no number, or `at_once` no whole number from 1.
        """
        for name in ("every", "gap", "within"):
            setting(name, getattr(self, name))
        setting("at_once", self.at_once, whole=True)

    def pause(self, relationships: int, dice: Callable[[], float]) -> float:
        """Seconds until the next collect of the wallet: at random, so that wallets do not come at the same moment.

        Args:
            relationships: How many are asked in turn.
            dice: A number from 0 to 1.
        """
        return (0.5 + dice()) * max(self.gap, self.every / max(1, relationships))


class Poller:
    """Asks for mail, one relationship after the other.

    Args:
        polling: How often.
        relationships: Says whom to ask; those that are muted are passed over.
        dice: A number from 0 to 1; for tests.
        sleep: Waits so many seconds; for tests.
    """

    def __init__(
        self,
        polling: Polling,
        relationships: Callable[[], Sequence[Messaging]],
        *,
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._polling = polling
        self._relationships = relationships
        self._dice = dice
        self._sleep = sleep
        self._free = asyncio.Semaphore(polling.at_once)
        self._turns: deque[Messaging] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tasks.add(asyncio.create_task(self._go_on()))

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            try:
                asked = [one for one in self._relationships() if not one.muted]
            except OpenCMRError as error:  # a store that cannot be read now, say
                log_failure(_log, "mail.not-asked-for", error)
                asked = []
            await self._sleep(self._polling.pause(len(asked), self._dice))
            if asked:
                await self._free.acquire()
                task = asyncio.create_task(self._ask(self._next(asked)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _next(self, asked: list[Messaging]) -> Messaging:
        """The relationship whose turn it is: each has one before any has a second."""
        while self._turns:
            one = self._turns.popleft()
            if one in asked:
                return one
        self._turns.extend(asked)
        return self._turns.popleft()

    async def _ask(self, one: Messaging) -> None:
        try:
            async with asyncio.timeout(self._polling.within):
                await one.collect()
        except Exception as error:
            quiet([error])
        finally:
            self._free.release()
