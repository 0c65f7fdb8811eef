"""The command line of the suite."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .curves import svg
from .measure import Figure
from .page import filled, unmet
from .registry import Effort, Found, Row, named, rows
from .report import add, begun, shown, table

ROOT = Path(__file__).resolve().parents[2]
HELP = """\
Measure OpenCMR beside bounds and peers, in the same run and by turns.

Everything takes some five minutes; --quick takes one and is good for a look at where one stands, not for a claim.
Let the machine do nothing else meanwhile. How to read the table: docs/bench.md."""
EXAMPLES = """\
examples:
  make bench                                    all rows; bench.json and bench-*.svg beside it
  make bench ARGS="--row check --quick"         one row, in seconds
  make bench ARGS="--row may --row shared"      two rows
  make bench ARGS="--profile receive"           where the time goes, step by step
  make bench ARGS="--publish"                   all rows, and the results into docs/
  make bench ARGS="--page docs/assets/bench.json"   only write docs/bench.md anew from kept results

rows:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; 0 also where a goal isn't met."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 150)
    if asked.page:
        _publish(json.loads(asked.page.read_text()))
        return 0
    try:
        chosen = named([*asked.row, *([asked.profile] if asked.profile else [])])
    except KeyError as error:
        parser.error(f"there is no row {error}; there are {', '.join(row.name for row in rows())}")
    if asked.publish and (asked.row or asked.quick):
        parser.error("only a whole run of all rows is published")
    effort = Effort("quick" if asked.quick else "whole", asked.folder, _say)
    if asked.profile:
        return _profile(chosen[0], effort, console)
    report = measured(chosen, effort)
    console.print(table(report))
    asked.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    _draw(report, asked.json.parent)
    if asked.publish:
        _publish(report)
    misses = ", ".join(unmet(report))
    console.print(f"{asked.json} · " + (f"goals not met in: {misses}" if misses else "every goal is met"))
    return 0


def measured(chosen: Sequence[Row], effort: Effort) -> dict[str, Any]:
    """Measure some rows, each in a process of its own, and each profile, too; gives the report.

    What one row leaves in memory would be looked at by the garbage collector in all that follow.
    """
    report = begun(effort)
    for row in chosen:
        began = time.perf_counter()
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
            found = alone.submit(_found, row.name, effort).result()
            profiled = row.profile is not None and effort.size == "whole"
            steps = alone.submit(_steps, row.name, effort).result() if profiled else {}
        add(report, row, found, steps, time.perf_counter() - began)
    report["seconds"] = round(sum(row["seconds"] for row in report["rows"].values()), 1)
    return report


def _found(name: str, effort: Effort) -> Found:
    (row,) = named([name])
    return row.run(effort)


def _steps(name: str, effort: Effort) -> dict[str, Figure]:
    (row,) = named([name])
    return row.profile(effort) if row.profile else {}


def _say(what: str) -> None:
    print(f"· {what}", flush=True)


def _parser() -> argparse.ArgumentParser:
    told = "\n".join(f"  {row.name:10} {row.title}" for row in rows())
    parser = argparse.ArgumentParser(
        prog="tests/bench",
        description=HELP,
        epilog=EXAMPLES + told,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--row", action="append", default=[], metavar="ROW", help="only this row; may be said again")
    parser.add_argument("--quick", action="store_true", help="an eighth of the slices, and no large sizes")
    parser.add_argument("--profile", metavar="ROW", help="say where the time of a row goes, step by step")
    parser.add_argument(
        "--json", type=Path, default=Path("bench.json"), metavar="FILE", help="where the figures go (bench.json)"
    )
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "bench", help="on whose disk the stores are (build/bench)"
    )
    parser.add_argument(
        "--publish", action="store_true", help="write docs/assets/bench.json, the curves, and docs/bench.md"
    )
    parser.add_argument("--page", type=Path, metavar="FILE", help="measure nothing: publish the results in this file")
    return parser


def _profile(row: Row, effort: Effort, console: Console) -> int:
    if row.profile is None:
        known = ", ".join(each.name for each in rows() if each.profile)
        console.print(f"{row.name} has no steps to show; {known} have")
        return 2
    steps = row.profile(effort)
    whole = next(iter(steps.values())).median
    drawn = Table("step", title=f"{row.title}: where the time goes", title_justify="left")
    drawn.add_column("a message", justify="right")
    drawn.add_column("share", justify="right")
    for step, figure in steps.items():
        drawn.add_row(step, shown(figure.as_dict()), f"{figure.median / whole:.0%}")
    console.print(drawn)
    return 0


def _draw(report: dict[str, Any], folder: Path) -> None:
    for row in report["rows"].values():
        for curve in row["curves"]:
            (folder / f"bench-{curve['name']}.svg").write_text(svg(curve))


def _publish(report: dict[str, Any]) -> None:
    assets, page = ROOT / "docs" / "assets", ROOT / "docs" / "bench.md"
    (assets / "bench.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    _draw(report, assets)
    page.write_text(filled(page.read_text(), report))
