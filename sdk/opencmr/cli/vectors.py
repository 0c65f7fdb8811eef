"""`opencmr vectors`: the specification's test vectors, run against this SDK."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from .output import Json, console, plain, print_json, table

LONGEST = 300
"""The most characters of the expected and the actual result that people are shown; `--json` has all of it."""

vectors = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)


@vectors.callback()
def _group() -> None:
    """Run the specification's test vectors against this SDK: what every implementation has to agree on.

    \b
    Examples:
      opencmr vectors run
    """


@vectors.command("run")
def run(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Vectors with a manifest.json. Absent: those of this SDK.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only these: canonical, keys, proof …")] = None,
    as_json: Json = False,
) -> None:
    """Run all vectors against this SDK: how many of each kind passed, and each that did not.

    Exits with 1 if any fails.

    \b
    Examples:
      opencmr vectors run
      opencmr vectors run --kind proof --json
    """
    from ..conformance.vectors import Folder, shipped
    from ..conformance.vectors import run as run_all

    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    failures = []
    for result in run_all(Folder(folder) if folder else shipped(), kind):
        (passed if result.passed else failed)[result.kind] += 1
        if not result.passed:
            failures.append(result)
    kinds = list(dict.fromkeys([*passed, *failed]))
    if as_json:
        print_json(
            {
                "ok": not failures,
                "kinds": {each: {"passed": passed[each], "failed": failed[each]} for each in kinds},
                "failures": [
                    {"kind": each.kind, "file": each.file, "id": each.id, "expected": each.expected, "got": each.got}
                    for each in failures
                ],
            }
        )
    else:
        _show(kinds, passed, failed, failures)
    if failures:
        raise typer.Exit(1)


def _show(kinds: list[str], passed: Counter[str], failed: Counter[str], failures: list[Any]) -> None:
    from ..conformance.vectors import as_text

    out = console()
    for failure in failures:
        out.print(f"FAILED {plain(failure.file)} {plain(failure.id)}", style="bold red")
        for what, value in (("expected", failure.expected), ("got", failure.got)):
            text = plain(as_text(value))
            out.print(f"  {what:8}  {text[:LONGEST]}{' …' if len(text) > LONGEST else ''}", soft_wrap=True)
    made = table(None, "kind", "passed", "failed")
    for kind in kinds:
        made.add_row(plain(kind), f"{passed[kind]:,}", f"{failed[kind]:,}" if failed[kind] else "–")
    made.add_section()
    made.add_row("all", f"{passed.total():,}", f"{failed.total():,}" if failed.total() else "–")
    out.print(made)
