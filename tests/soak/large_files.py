"""1 GiB goes from one process to another, over a line that breaks in the middle."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from large_files import MIB, fetch
from soak.long_run import Asked, LongRun, Round

SIZE = 1024 * MIB
MOST = 100
"""MiB of memory that each side may have, all in all."""


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a file. More memory than that on either side is a loss; so is a file that doesn't come whole."""
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory(prefix="opencmr-file-") as folder:
            fetched = fetch(Path(folder), SIZE)
        losses = [f"the {who} took {had:.0f} MiB" for who, had in fetched.peaks.items() if had >= MOST]
        losses += [] if fetched.size == SIZE else [f"{fetched.size} bytes came"]
        had = ", ".join(f"{who} {had:.0f} MiB" for who, had in fetched.peaks.items())
        yield Round(faults=fetched.broken, messages=2, losses=losses, said=f"1 GiB with {had}")


RUN = LongRun("1 GiB of a file is fetched in little memory", rounds=2, run=rounds, databases=())
