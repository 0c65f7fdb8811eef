"""Retries: messages without a receipt are sent again by themselves (`spec/v1/transport.md`, "Retries").

The messages are in the store, the count of attempts is not: after a restart the pauses begin short again.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from ..._log import log_failure
from ...errors import Problem
from ..party.given import setting
from .messaging import Messaging

_log = logging.getLogger("opencmr.customer")


@dataclass(frozen=True, slots=True)
class Retry:
    """The pauses between attempts to send a message.

    Attributes:
        first: Seconds within which the first attempt is made; each further one has twice as many.
        most: Seconds that an attempt is put off at most, unless the vendor asks for more.
        at_once: How many vendors are tried at the same time.
    """

    first: float = 1.0
    most: float = 3600.0
    at_once: int = 8

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: A time is negative or no number, or `at_once` no whole number from 1.
        """
        setting("first", self.first)
        setting("most", self.most)
        setting("at_once", self.at_once, whole=True)

    def delay(self, attempt: int, asked: int, dice: Callable[[], float]) -> float:
        """Seconds until an attempt, at random, so that customers do not all come back at the same moment.

        Args:
            attempt: 0 for the first.
            asked: The seconds of `Retry-After`, or 0. Then the random part comes on top.
            dice: A number from 0 to 1.
        """
        return asked + dice() * min(self.most, self.first * 2.0 ** min(attempt, 30))


class Sender:
    """Sends what is pending again, each vendor in a task of its own, until it is answered.

    Args:
        retry: How patiently.
        dice: A number from 0 to 1; for tests.
        sleep: Waits so many seconds; for tests.
    """

    def __init__(
        self,
        retry: Retry,
        *,
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._retry = retry
        self._dice = dice
        self._sleep = sleep
        self._free = asyncio.Semaphore(retry.at_once)
        self._tasks: dict[Messaging, asyncio.Task[None]] = {}

    def wake(self, one: Messaging, asked: int = 0) -> None:
        """See to what waits for this vendor, unless that is being done."""
        if one not in self._tasks:
            task = asyncio.create_task(self._go_on(one, asked))
            self._tasks[one] = task
            task.add_done_callback(lambda _: self._tasks.pop(one, None))

    async def close(self) -> None:
        """Stop; what waits is kept."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self, one: Messaging, asked: int) -> None:
        attempt = 0
        while one.waits():
            await self._sleep(self._retry.delay(attempt, asked, self._dice))
            attempt += 1
            try:
                async with self._free:
                    faults = await one.flush()
            except Exception as error:  # a full disk, say: the next attempt may find room
                log_failure(_log, f"sending to {one.vendor} again", error)
                asked = 0
            else:
                asked = asked_for(faults.values())


def asked_for(faults: Iterable[object]) -> int:
    """The longest `Retry-After` among these, in seconds."""
    return max((fault.retry_after or 0 for fault in faults if isinstance(fault, Problem)), default=0)
