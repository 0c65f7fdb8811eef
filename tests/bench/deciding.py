"""`may()`: what an answer costs with few customers and with many, beside policy engines and SQL by hand."""

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, starmap
from pathlib import Path
from typing import Any

import psutil

from .checking import bare, open_signed
from .decisions import QUESTIONS, Decisions, name
from .goods import Sender
from .measure import Figure, by_turns
from .policies import PEERS, Peer
from .registry import Curve, Effort, Found, Goal, Line, Row

SIZES = (1_000, 10_000, 100_000, 1_000_000)
YARD = "one bare libsodium verification"
"""Each size runs in its own process, at another time: what is compared across them is counted in these."""
WARM = 100
"""Customers that are asked about again and again."""
COLD = 200_000
"""The most customers that are asked about once, in no order: no cache of the processor holds what is theirs."""
TESTS = Path(__file__).resolve().parents[1]
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from bench.deciding import child; child(*sys.argv[2:])"


def run(effort: Effort) -> Found:
    """Each size in a process of its own, so that memory is counted from nothing."""
    found = {}
    for size in SIZES[: effort.of(4, 3, 1)]:
        found[size] = _sized(size, effort)
        effort.say(f"may: {size:,} customers")
    lines: list[Line] = []
    ours = {size: _figure(each["ours"]) for size, each in found.items()}
    for peer, kind in PEERS.items():
        size = max(size for size, each in found.items() if peer in each["peers"])
        theirs = _figure(found[size]["peers"][peer])
        goal = Goal("≥", 40) if kind.goal else None
        lines.append(
            Line(f"may(), {size:,} customers of 5 facts", ours[size], peer, theirs, theirs.over(ours[size]), goal,
                 "how many times faster")
        )  # fmt: skip
    largest = max(found)
    cold = _figure(found[largest]["cold"])
    lines.append(Line(f"may() warm, {largest:,} customers", ours[largest], goal=Goal("≤", 1, "µs")))
    lines.append(Line(f"may() cold, {largest:,} customers", cold, goal=Goal("≤", 10, "µs"), note=Decisions.where))
    in_yards = {size: each.over(_figure(found[size]["yard"])).median for size, each in ours.items()}
    growth = in_yards[largest] / in_yards[min(found)]
    lines.append(
        Line("may() flat: warm with the most customers", ours[largest], "with the fewest", ours[min(found)],
             Figure("", (growth,)), Goal("≤", 1.3), f"{min(found):,} to {largest:,}")
    )  # fmt: skip
    lines.append(Line("may(): memory a customer", Figure("bytes", (found[largest]["bytes"],)), note=Decisions.where))
    return Found(lines, [_curve(found)])


def _curve(found: dict[int, Any]) -> Curve:
    drawn = {"OpenCMR, warm": [(float(size), _figure(each["ours"]).median) for size, each in found.items()]}
    drawn["OpenCMR, cold"] = [(float(size), _figure(each["cold"]).median) for size, each in found.items()]
    for peer in PEERS:
        drawn[peer] = [
            (float(size), _figure(each["peers"][peer]).median) for size, each in found.items() if peer in each["peers"]
        ]
    return Curve("may", "What an answer of may() costs", "customers of 5 facts", "µs", drawn)


def _figure(samples: list[float]) -> Figure:
    return Figure("µs", tuple(samples))


def _sized(size: int, effort: Effort) -> dict[str, Any]:
    command = [sys.executable, "-c", _CHILD, str(TESTS), str(size), str(effort.of(40, 10))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def child(size: str, slices: str) -> None:
    """What the process of one size does; it prints JSON."""
    print(json.dumps(sized(int(size), int(slices))))


def sized(size: int, slices: int) -> dict[str, Any]:
    """Samples of ours warm and cold, of each peer that takes so many customers, and bytes a customer."""
    order = random.Random(size)
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    gc.disable()  # a million small objects are made and none is freed; it runs again while measuring
    ours = Decisions(range(size))
    gc.enable()
    gc.collect()  # a server that came to this size has looked at all of it, too
    held = (psutil.Process().memory_info().rss - before) / size
    loaded = {"ours": time.perf_counter() - began}
    cold = once_each(ours, order.sample(range(size), min(size, COLD)), slices)
    warm = order.sample(range(size), min(size, WARM))
    signed = bare(Sender().opening())
    works = {"ours": _asking(ours, warm), YARD: lambda: open_signed(signed)}
    with tempfile.TemporaryDirectory() as folder:
        peers: dict[str, Peer] = {}
        for peer, kind in PEERS.items():
            if size <= kind.largest:
                began = time.perf_counter()
                gc.disable()
                peers[peer] = kind(range(size), Path(folder))
                gc.enable()
                gc.collect()  # a server that came to this size has looked at all of it, too
                loaded[peer] = time.perf_counter() - began
                works[peer] = _asking(peers[peer], warm)
        turns = by_turns(works, slices)
        for peer in peers.values():
            peer.close()
    ours.close()
    return {
        "ours": turns["ours"].samples,
        "cold": cold.samples,
        "yard": turns[YARD].samples,
        "bytes": held,
        "loaded": loaded,
        "peers": {peer: turns[peer].samples for peer in peers},
    }


def once_each(ours: Decisions, customers: list[int], slices: int) -> Figure:
    """Ask each of them once, and nobody twice: microseconds an answer, slice by slice."""
    each = max(1, len(customers) // slices)
    samples = []
    for start in range(0, each * slices, each):
        some = customers[start : start + each] or customers[:each]
        asked = [(name(number), *QUESTIONS[place % 4][0]) for place, number in enumerate(some)]
        began = time.perf_counter()
        for question in asked:
            ours.may(*question)
        samples.append((time.perf_counter() - began) / len(asked) * 1e6)
    return Figure("µs", tuple(samples))


def _asking(peer: Peer | Decisions, customers: list[int]) -> Callable[[], object]:
    """Ask about one customer after the other, by turns a yes, another, a no, and a silence."""
    for words, yes in QUESTIONS:
        assert peer.may(name(customers[0]), *words) is yes, (peer, words)
    asked = [(name(number), *QUESTIONS[place % 4][0]) for place, number in enumerate(customers)]
    return starmap(peer.may, cycle(asked)).__next__


def profile(effort: Effort) -> dict[str, Figure]:
    """The steps of one answer, a yes."""
    ours, (words, _) = Decisions(range(WARM)), QUESTIONS[0]
    try:
        whole = {"the whole": lambda: ours.may(name(7), *words)}
        return by_turns(whole | ours.steps(name(7), *words), effort.of(40, 10), clock=time.thread_time)
    finally:
        ours.close()


ROW = Row("may", "may() with few customers and many", run, profile)
