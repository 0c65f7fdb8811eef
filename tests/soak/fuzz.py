"""Hostile input, a thousand a round, spread over all targets of `tests/fuzz`."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from soak.long_run import Asked, LongRun, Round

PROCESSES = 2


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a chunk of inputs; each is a fault, and what raises something else than our errors a loss."""
    from fuzz.registry import TARGETS, shares  # loading them takes seconds, which the other runs need not wait for
    from fuzz.runner import CHUNK, Run

    with tempfile.TemporaryDirectory(prefix="opencmr-fuzz-") as out:
        run = Run(TARGETS, asked.seed, Path(out))
        told = 0
        chunks = shares(TARGETS, asked.rounds * CHUNK, CHUNK)
        for _ in islice(run.go(chunks, PROCESSES), asked.rounds):
            faults = [fault for tally in run.tallies.values() for fault in tally.faults]
            losses = [f"{fault.target} {fault.name} {fault.where} {fault.why}" for fault in faults[told:]]
            told = len(faults)
            yield Round(faults=CHUNK, losses=losses)


RUN = LongRun("no input raises what is not ours", rounds=1000, run=rounds, databases=())
