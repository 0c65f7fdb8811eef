"""Runs targets on many inputs, and keeps what failed.

Inputs come in chunks of a thousand. Chunk 17 of a target under a seed is the same inputs on every machine, so a run
goes on where another has stopped, on as many processes as are asked for, and a fault is found again by its chunk.
"""

import hashlib
import json
import logging
import multiprocessing
import random
import resource
import time
import traceback
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .target import Target

CHUNK = 1000
"""Inputs."""
SLOW = 1.0
"""Seconds of one core for one input: more is a fault. The slowest honest input, a folder of evidence, takes a tenth."""
MEMORY = 64 * 1024 * 1024
"""Bytes at the peak of one input: more is a fault. Measured for one input in each chunk, since measuring is slow."""


@dataclass
class Fault:
    """An input that failed, and how."""

    target: str
    why: str
    where: str
    data: bytes

    @property
    def kind(self) -> tuple[str, str]:
        """What makes it another fault: where it shows, and in what words but for the input itself."""
        return self.where, self.why.partition(":")[2].partition(":")[0]

    @property
    def name(self) -> str:
        """A file name that tells inputs apart."""
        return hashlib.sha256(self.data).hexdigest()[:16]


@dataclass
class Tally:
    """What came of a part of a run."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_data: bytes = b""
    peak: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take another part in."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.peak = max(self.peak, other.peak)
        if other.slowest > self.slowest:
            self.slowest, self.slowest_data = other.slowest, other.slowest_data
        for fault in other.faults:  # one of a kind; the first is as good as the thousandth
            if fault.kind not in {each.kind for each in self.faults}:
                self.faults.append(fault)


def tried(target: Target, data: bytes) -> Fault | None:
    """One input; what it raised, if it did."""
    try:
        target.run(data)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/opencmr/" in frame.filename] or frames
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        return Fault(target.name, f"{type(error).__name__}: {str(error)[:400]}", where, data)
    return None


def run_chunk(target: Target, seed: int, number: int, count: int = CHUNK) -> Tally:
    """The inputs of one chunk."""
    tally = Tally()
    began = time.perf_counter()
    measured = number % count
    for position, data in enumerate(target.inputs(random.Random(f"{target.name}/{seed}/{number}"), count)):
        if position == measured:
            tracemalloc.start()
        start = time.thread_time()
        fault = tried(target, data)
        took = time.thread_time() - start
        if position == measured:
            tally.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            if tally.peak > MEMORY:
                fault = fault or Fault(target.name, f"{tally.peak} bytes", "memory", data)
        elif took > tally.slowest:
            tally.slowest, tally.slowest_data = took, data
            if took > SLOW:
                fault = fault or Fault(target.name, f"more than {SLOW:g} s", "time", data)
        if fault is not None:
            tally.add(Tally(faults=[fault]))
    tally.inputs, tally.seconds = count, time.perf_counter() - began
    return tally


# Many chunks, with progress that outlives the process

_BY_NAME: dict[str, Target] = {}


def _begin(targets: Sequence[Target]) -> None:
    logging.disable()  # what parties notice of each other's misconduct is no news here
    _BY_NAME.update({target.name: target for target in targets})


def _work(job: tuple[str, int, int]) -> tuple[str, int, Tally, int]:
    name, seed, number = job
    return name, number, run_chunk(_BY_NAME[name], seed, number), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@dataclass
class Run:
    """A long run.

    Attributes:
        targets: What is tried.
        seed: Another seed, other inputs.
        out: Where progress and the inputs that failed are kept.
    """

    targets: Sequence[Target]
    seed: int
    out: Path
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    memory: int = 0

    def __post_init__(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        self._done: set[tuple[str, int]] = set()
        for line in self._progress.read_text().splitlines() if self._progress.exists() else ():
            kept = json.loads(line)
            if kept["seed"] == self.seed:
                self._done.add((kept["target"], kept["chunk"]))
                tally = self.tallies[kept["target"]]
                tally.add(Tally(kept["inputs"], kept["seconds"], kept["slowest"], b"", kept["peak"]))

    @property
    def _progress(self) -> Path:
        return self.out / "progress.jsonl"

    def jobs(self, chunks: dict[str, int]) -> Iterator[tuple[str, int, int]]:
        """The chunks that are still to be done: the cheap targets don't wait for the dear ones."""
        for number in range(max(chunks.values(), default=0)):
            for name, most in chunks.items():
                if number < most and (name, number) not in self._done:
                    yield name, self.seed, number

    def go(self, chunks: dict[str, int], processes: int, until: float | None = None) -> Iterator[None]:
        """Do so many chunks of each target; yields after each.

        Args:
            chunks: Target → number of chunks in all, those of earlier runs among them.
            processes: How many at once.
            until: When to stop, in seconds of `time.time()`.
        """
        with multiprocessing.get_context("spawn").Pool(processes, _begin, (self.targets,)) as pool:
            for name, number, tally, memory in pool.imap_unordered(_work, self.jobs(chunks)):
                self.memory = max(self.memory, memory)
                self._keep(name, number, tally)
                yield
                if until is not None and time.time() > until:
                    return  # and the pool is terminated
            pool.close()
            pool.join()

    def _keep(self, name: str, number: int, tally: Tally) -> None:
        ours = self.tallies[name]
        if tally.slowest > ours.slowest:
            (self.out / f"{name}.slowest").write_bytes(tally.slowest_data)
        ours.add(tally)
        for fault in tally.faults:
            (self.out / f"{name}-{fault.name}.input").write_bytes(fault.data)
        line: dict[str, Any] = {
            "target": name, "seed": self.seed, "chunk": number, "inputs": tally.inputs,
            "seconds": round(tally.seconds, 3),
            "slowest": round(tally.slowest, 5), "peak": tally.peak,
            "faults": [[fault.name, fault.where, fault.why] for fault in tally.faults],
        }  # fmt: skip
        with self._progress.open("a") as file:
            file.write(json.dumps(line) + "\n")
