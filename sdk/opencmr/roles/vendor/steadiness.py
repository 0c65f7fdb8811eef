"""Clock jumps: a clock that jumps dates words wrongly, so a jump is told in the log."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from ..._log import tell

JUMP = timedelta(seconds=60)
"""How far the clock may go astray beside a steady one before it is told."""

_log = logging.getLogger("opencmr.vendor")


class Steadiness:
    """Compares a clock with one that can't be set.

    Args:
        clock: The one that words are dated by. One that is played, as in a simulation, may have a method `steady`: it
            is compared with those seconds, and any other with the machine's.

    Attributes:
        jumps: How often the clock has jumped.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.jumps = 0
        self._steady: Callable[[], float] = getattr(clock, "steady", time.monotonic)
        self._before: tuple[datetime, float] | None = None

    def look(self, now: datetime) -> None:
        """Look at what the clock shows now; a jump since the last look is told in the log."""
        steady = self._steady()
        if self._before is not None:
            shown, passed = now - self._before[0], timedelta(seconds=steady - self._before[1])
            if abs(shown - passed) > JUMP:
                self.jumps += 1
                tell(_log, logging.ERROR, "clock.jumped", duration_ms=(shown - passed) / timedelta(milliseconds=1))
        self._before = (now, steady)
