"""Every command on every outlet: UTF-8 or not, closed, broken, or without a width."""

import random
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from outlets import CameTo, Outlet, come_to, commands, every, stage
from soak.long_run import Asked, LongRun, Round


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a command on an outlet. Another exit code than on a UTF-8 pipe is a loss; so is a traceback."""
    with tempfile.TemporaryDirectory(prefix="opencmr-outlets-") as place:
        folder = stage(Path(place) / "stage")
        there = commands(folder)
        usual: dict[str, CameTo] = {}
        pairs = list(product(there, every()))
        random.Random(asked.seed).shuffle(pairs)
        for number in range(asked.rounds):
            name, outlet = pairs[number % len(pairs)]
            if name not in usual:
                usual[name] = come_to(there[name], Outlet(), Path(place) / f"usual-{number}")
            found = come_to(there[name], outlet, Path(place) / f"new-{number}")
            losses = []
            if found.code != usual[name].code:
                losses.append(f"{name} on {outlet}: exit code {found.code}, not {usual[name].code}")
            if b"Traceback" in found.err + found.out or b"Exception ignored" in found.err:
                losses.append(f"{name} on {outlet}: a traceback")
            yield Round(faults=1, losses=losses)


ALL = len(commands(Path())) * len(list(every()))
RUN = LongRun("no outlet changes what a command comes to", rounds=ALL, run=rounds, databases=())
