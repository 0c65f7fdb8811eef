"""How things are measured: slices by turns, medians, and the spread beside each.

What else the machine does changes from second to second, so two things are compared only slice by slice: A, B, A, B.
A ratio is the median of the ratios of neighbouring slices, not the ratio of two medians. The first slice of each warms
up and isn't counted. The garbage collector runs as it does in a server.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

Clock = Callable[[], float]

SLICE = 0.01
"""Seconds that a slice takes, about: long beside the clock's grain, short beside what else goes on."""


@dataclass(frozen=True)
class Figure:
    """A figure that was measured several times.

    Attributes:
        unit: What the samples count: `µs`, `ms`, `bytes`, `/s`; or nothing, for a ratio.
        samples: One of each slice, in their order.
    """

    unit: str
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The first and the third quartile: half of all slices lie between."""
        if len(self.samples) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high

    @property
    def pauses(self) -> str:
        """What a median hides: the mean, and the slowest slice."""
        slow = min(self.samples) if self.unit == "/s" else max(self.samples)
        mean = statistics.harmonic_mean(self.samples) if self.unit == "/s" else statistics.mean(self.samples)
        return f"over all slices {mean:,.0f}{self.unit}, the slowest {slow:,.0f}{self.unit}".replace("µs", " µs")

    def over(self, other: "Figure") -> "Figure":
        """The ratio to another figure of the same slices, slice by slice."""
        return Figure("", tuple(mine / theirs for mine, theirs in zip(self.samples, other.samples, strict=True)))

    def as_dict(self) -> dict[str, Any]:
        """As it stands in `bench.json`."""
        low, high = self.spread
        samples = [_short(each) for each in self.samples]
        return {"median": _short(self.median), "spread": [_short(low), _short(high)], "unit": self.unit,
                "samples": samples}  # fmt: skip


def _short(number: float) -> float:
    return float(f"{number:.5g}")


def by_turns(
    works: Mapping[str, Callable[[], object]], slices: int, *, seconds: float = SLICE, clock: Clock = time.perf_counter
) -> dict[str, Figure]:
    """Microseconds a call of each, in slices by turns.

    Args:
        works: Name → what is called.
        slices: How many slices are counted of each.
        seconds: How long a slice takes, about.
        clock: What tells the time; `time.thread_time` counts what this thread has had of the processor.
    """
    calls = {name: _calls(work, seconds) for name, work in works.items()}
    samples: dict[str, list[float]] = {name: [] for name in works}
    for number in range(slices + 1):
        for name, work in works.items():
            took = timed(work, calls[name], clock)
            if number:
                samples[name].append(took)
    return {name: Figure("µs", tuple(each)) for name, each in samples.items()}


def timed(work: Callable[[], object], calls: int, clock: Clock = time.perf_counter) -> float:
    """Microseconds a call."""
    turns = range(calls)
    began = clock()
    for _ in turns:
        work()
    return (clock() - began) / calls * 1e6


def _calls(work: Callable[[], object], seconds: float) -> int:
    """How many calls fill a slice; trying it out warms up, too. The first call of all may load what is then there."""
    work()
    calls = 1
    while (took := timed(work, calls) * calls / 1e6) < seconds / 4 and calls < 10_000_000:
        calls *= 4
    return max(1, round(calls * seconds / took))


def in_turn(things: Sequence[Any], work: Callable[[Any], object]) -> Callable[[], object]:
    """Work on the next of several things each time, so that no cache of the processor knows the one by heart.

    The walk takes some hundredths of a microsecond, which is counted on both sides.
    """
    return map(work, cycle(things)).__next__


def cores() -> list[int]:
    """The cores that this process may run on."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


@contextmanager
def pinned(core: int) -> Any:
    """Run on one core for a while, where the system lets us."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
