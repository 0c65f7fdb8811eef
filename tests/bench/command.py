"""The command line of the suite."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from .registry import Effort, named, rows

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/bench")
    parser.add_argument("--row", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    console = Console()
    effort = Effort("quick" if asked.quick else "whole", ROOT / "build" / "bench", console.print)
    for row in named(asked.row):
        for line in row.run(effort).lines:
            value = (line.ratio or line.measured)
            console.print(line.name, round(line.measured.median, 1), line.measured.unit, line.beside, round(value.median, 2), str(line.goal), line.met, line.note)
    return 0
