"""Fuzzing from the command line, for long runs; `tests/fuzz/test_fuzz.py` does a short one.

    PYTHONPATH=tests python -m fuzz --inputs 10000000 --processes 2 --out fuzz-out
    PYTHONPATH=tests python -m fuzz --only parser --inputs 100000
    PYTHONPATH=tests python -m fuzz --only parser --replay fuzz-out/parser-0123456789abcdef.input

    PYTHONPATH=tests python -m fuzz --growth

A run that is stopped goes on where it was when the same is called again. Faults are kept in the folder of `--out`.
"""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .growth import FAMILIES, LARGEST, is_steep, timed
from .registry import TARGETS, chosen, shares
from .runner import CHUNK, Run, tried


def main() -> int:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(prog="fuzz", description="OpenCMR under hostile input")
    parser.add_argument("--inputs", type=int, default=100_000, help="how many in all, over all targets")
    parser.add_argument("--only", nargs="*", default=[], help=f"targets: {', '.join(t.name for t in TARGETS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="stop after so many")
    parser.add_argument("--out", type=Path, default=Path("fuzz-out"))
    parser.add_argument("--growth", action="store_true", help="measure how time grows with size, and nothing else")
    parser.add_argument("--replay", type=Path, nargs="*", help="run these files instead, on the one target of --only")
    asked = parser.parse_args()
    targets = chosen(asked.only)
    if asked.replay:
        faults = [fault for file in asked.replay for target in targets if (fault := tried(target, file.read_bytes()))]
        for fault in faults:
            print(f"{fault.name} {fault.where} {fault.why}")
        return int(bool(faults))
    if asked.growth:
        return _growth()
    run = Run(targets, asked.seed, asked.out)
    shown = began = time.time()
    for _ in run.go(
        shares(targets, asked.inputs, CHUNK), asked.processes, asked.minutes and began + 60 * asked.minutes
    ):
        if time.time() - shown > 10:
            shown = time.time()
            done, faults = sum(t.inputs for t in run.tallies.values()), sum(len(t.faults) for t in run.tallies.values())
            print(
                f"{done:,} of {asked.inputs:,} inputs, {faults} faults, {run.memory // 1024} MiB",
                file=sys.stderr,
                flush=True,
            )
    Console(width=110).print(table_of(run))
    return int(any(tally.faults for tally in run.tallies.values()))


def _growth() -> int:
    """Print the table of families of inputs, and how many of them are steep."""
    table = Table("much of", title="Time for inputs that are made to cost much")
    for name in ("half, ms", f"{LARGEST // 1024} KiB, ms", "ratio"):
        table.add_column(name, justify="right")
    steep = 0
    for family in FAMILIES:
        half, whole = timed(family, LARGEST // 2), timed(family, LARGEST)
        steep += is_steep(half, whole)
        table.add_row(family.name, f"{1000 * half:.2f}", f"{1000 * whole:.2f}", f"{whole / max(half, 1e-9):.1f}")
    Console(width=110).print(table)
    print(f"{len(FAMILIES)} families, {steep} steep")
    return int(steep > 0)


def table_of(run: Run) -> Table:
    """Target, inputs, speed, the slowest and the largest, faults."""
    table = Table("target", "what", title="Fuzzing")
    for name in ("inputs", "a second and core", "slowest, ms", "peak, KiB", "faults"):
        table.add_column(name, justify="right")
    for target in run.targets:
        tally = run.tallies[target.name]
        speed = f"{tally.inputs / tally.seconds:,.0f}" if tally.seconds else "-"
        slowest, peak = f"{1000 * tally.slowest:,.1f}", f"{tally.peak // 1024:,}"
        table.add_row(target.name, target.says, f"{tally.inputs:,}", speed, slowest, peak, str(len(tally.faults)))
    total = [run.tallies[target.name] for target in run.targets]
    table.add_section()
    faults = sum(len(each.faults) for each in total)
    table.add_row("all", "", f"{sum(each.inputs for each in total):,}", "", "", "", str(faults))
    return table


if __name__ == "__main__":
    sys.exit(main())
