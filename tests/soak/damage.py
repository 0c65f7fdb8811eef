"""Damage at random to the file of a store."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crash.damage import try_once, write_store
from soak.long_run import Asked, LongRun, Round


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a damaged copy. A wrong permission of which `check` says nothing is a loss; so is a foreign error."""
    with tempfile.TemporaryDirectory(prefix="opencmr-damage-") as place:
        folder = Path(place)
        right = asyncio.run(write_store(folder))
        for number in range(asked.rounds):
            dice = random.Random(f"{asked.seed}/{number}")
            yield Round(faults=1, losses=try_once(folder, folder / "copy", right, dice))


RUN = LongRun("a damaged store is noticed", rounds=3000, run=rounds, databases=("sqlite",))
