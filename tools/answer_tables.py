"""Write the tables of the rules of each message type into the pages, from `answers.json` and `lifecycle.json`.

    python tools/answer_tables.py           # write
    python tools/answer_tables.py --check   # exit 1 and name what is not up to date

A table stands between two markers in the page of its family; those of what holds for every type, in the lifecycles.
"""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parents[1] / "spec" / "v1"
BEGIN, END = "<!-- answers: made by tools/answer_tables.py -->", "<!-- /answers -->"
Answers = dict[str, Any]


def files(spec: Path = SPEC) -> dict[Path, Path]:
    """File of answers → the page that shows them."""
    found = {file: file.parent / "page.md" for file in sorted(spec.glob("*/answers.json"))}
    return {spec / "answers.json": spec / "lifecycles.md", **found}


def read(file: Path) -> list[Answers]:
    """The answers of one file, a message type each."""
    listed: list[Answers] = json.loads(file.read_text())["answers"]
    return listed


def rows_of(type_: str, lifecycle: Answers) -> list[str]:
    """What the lifecycle says of a type: sides, states before, states afterwards."""
    narrowing = lifecycle["narrowing"].get(type_, ())
    sides = {"customer": "C", "vendor": "V"}
    rows = []
    for row in lifecycle["transitions"]:
        if row["type"] == type_:
            by = " ".join(sides[side] + (" **N**" if side in narrowing else "") for side in row["by"])
            rows.append(f"{by}: {', '.join(row['from'])} → {', '.join(row['to'])}")
    return rows


def table(answers: Answers, lifecycle: Answers | None) -> Iterator[str]:
    """The lines of one type."""
    if answers["type"] != "*":
        rows = rows_of(answers["type"], lifecycle) if lifecycle else []
        yield f"#### Answers to {answers['type']}"
        yield ""
        if rows:
            yield " · ".join(rows)
            yield ""
    rules = answers["rules"]
    if rules:
        yield "| # | what has to hold | rule | else | pointer |"
        yield "|---|---|---|---|---|"
    for number, rule in enumerate(rules, start=1):
        ids, where = ", ".join(rule["rule"]), ", ".join(f"`{path}`" for path in rule["pointer"])
        yield f"| {number} | {rule['holds']} | {ids} | `{rule['code']}` | {where} |"
    if rules:
        yield ""
    numbered = enumerate(rules, start=1)
    for each, group in groupby(numbered, key=lambda one: one[1].get("each")):
        numbers = [number for number, _ in group]
        if each and len(numbers) > 1:
            yield f"Rows {numbers[0]} to {numbers[-1]} are looked at for the first `{each}`, then for the next."
            yield ""
    yield ("Effect: " if rules else "No rule can fail. Effect: ") + answers["effect"]
    yield ""


def shown(page: str, file: Path) -> str:
    """The page with the tables as they have to be.

    Raises:
        ValueError: The page has no place for them.
    """
    before, begin, rest = page.partition(BEGIN + "\n")
    _, end, after = rest.partition(END + "\n")
    if not begin or not end:
        raise ValueError(f"{file} has no page with markers")
    there = file.parent / "lifecycle.json"
    lifecycle = json.loads(there.read_text()) if there.is_file() else None
    lines = [line for answers in read(file) for line in table(answers, lifecycle)]
    return before + begin + "\n" + "\n".join(lines) + "\n" + end + after


def main() -> int:
    stale = False
    for file, page in files().items():
        old = page.read_text()
        new = shown(old, file)
        if new != old:
            stale = True
            print(page.relative_to(SPEC))
            if "--check" not in sys.argv:
                page.write_text(new)
    return int(stale and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
