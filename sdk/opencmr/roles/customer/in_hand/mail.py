"""Waiting for mail of several vendors, with pauses that grow while none comes."""

import asyncio
import random
from collections.abc import Sequence

from ..messaging import Messaging, quiet

_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two collects that brought nothing; twice as many after each that a vendor did not hold as asked."""


class Mail:
    """Waits for mail of some vendors.

    A vendor that is down, or that does not hold a collect as asked, is not asked again at once: the pauses grow.

    Args:
        vendors: Whose mail.
        last: When the waiting ends, by the event loop's clock.
    """

    def __init__(self, vendors: Sequence[Messaging], last: float) -> None:
        self._vendors = vendors
        self._last = last
        self._pause = _PAUSE

    async def wait(self, seconds: float) -> None:
        """Collect from all of them, and let them hold the collects so long; then pause, if nothing came."""
        clock = asyncio.get_running_loop().time
        began = clock()
        found = await asyncio.gather(*(each.collect(wait=seconds) for each in self._vendors), return_exceptions=True)
        quiet(found)
        if any(isinstance(each, list) and each for each in found) or clock() - began > seconds / 2:
            self._pause = _PAUSE
        if not any(isinstance(each, list) and each for each in found):
            pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  # decides about no secret
            await asyncio.sleep(max(0.0, min(pause, self._last - clock())))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
