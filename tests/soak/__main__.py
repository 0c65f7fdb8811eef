"""The long runs from the command line; `make test` does short ones.

    make soak
    make soak ARGS="--only crash --rounds 20 --database sqlite --seed 7"

Prints the seed, progress while it runs, and one table in the end. Exits with 1 if anything was lost.
"""

import argparse
import importlib
import pkgutil
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from soak.long_run import DATABASES, Asked, LongRun, Tally

EVERY = 10.0
"""Seconds between two lines of progress."""


def runs() -> dict[str, LongRun]:
    """Name → long run: each module of this folder that has a `RUN`."""
    found = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        run = (
            None if module.name == "__main__" else getattr(importlib.import_module(f"soak.{module.name}"), "RUN", None)
        )
        if run is not None:
            found[module.name] = run
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, and print the table."""
    there = runs()
    parser = argparse.ArgumentParser(prog="make soak", description="OpenCMR for a long time, and under faults")
    parser.add_argument("--rounds", type=int, help="of each run; absent: as many as each is made for")
    parser.add_argument("--seed", type=int, help="absent: a random one, which is printed")
    parser.add_argument("--only", default=",".join(there), help="of " + ",".join(there))
    parser.add_argument("--database", default=",".join(DATABASES), help="of " + ",".join(DATABASES))
    asked = parser.parse_args(arguments)
    only, databases = asked.only.split(","), asked.database.split(",")
    if unknown := [*({*only} - {*there}), *({*databases} - {*DATABASES})]:
        parser.error(f"there is no {', '.join(unknown)}")
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    tallies: dict[tuple[str, str], Tally] = {}
    for name in only:
        run = there[name]
        for database in [each for each in run.databases if each in databases] if run.databases else [""]:
            tallies[name, database] = _go(name, run, Asked(asked.rounds or run.rounds, seed, database))
    losses = [loss for tally in tallies.values() for loss in tally.losses]
    Console(width=110).print(_table(tallies, there))
    for loss in losses[:50]:
        print(f"lost: {loss}")
    print(f"seed {seed}; losses: {len(losses)}")
    return int(bool(losses))


def _go(name: str, run: LongRun, asked: Asked) -> Tally:
    tally = Tally()
    began = shown = time.monotonic()
    title = " ".join(filter(None, (name, asked.database)))
    try:
        for one in run.run(asked):
            tally.add(one)
            for loss in one.losses:
                print(f"{title}, round {tally.rounds}: lost: {loss}", file=sys.stderr, flush=True)
            if (now := time.monotonic()) - shown > EVERY:
                shown = now
                numbers = f"{tally.faults} faults, {tally.messages} messages, losses: {len(tally.losses)}"
                print(f"{title}: {tally.rounds} of {asked.rounds} rounds, {numbers}", file=sys.stderr, flush=True)
    except Exception as error:  # a run that cannot go on has shown nothing
        tally.losses.append(f"{title}, round {tally.rounds + 1}: {type(error).__name__}: {error}")
        print(tally.losses[-1], file=sys.stderr, flush=True)
    if tally.rounds < asked.rounds and not tally.losses:
        tally.losses.append(f"{title}: ended after {tally.rounds} of {asked.rounds} rounds")
    tally.seconds = time.monotonic() - began
    return tally


def _table(tallies: dict[tuple[str, str], Tally], there: dict[str, LongRun]) -> Table:
    table = Table("run", "what", "on", title="Long runs")
    for column in ("rounds", "faults", "messages", "losses", "s"):
        table.add_column(column, justify="right")
    for (name, database), tally in tallies.items():
        numbers = (tally.rounds, tally.faults, tally.messages, len(tally.losses), round(tally.seconds))
        says = there[name].says + (f"\n{tally.said}" if tally.said else "")
        table.add_row(name, says, database, *(f"{number:,}" for number in numbers))
    return table


if __name__ == "__main__":
    sys.exit(main())
