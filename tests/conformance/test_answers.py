"""The tables of answers: what the pages show, what the vectors show, and each of the two says what the other does."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from opencmr import _spec, trust
from opencmr.conformance import vectors

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "answer_tables.py"
TOOLS = runpy.run_path(str(TOOL), run_name="answer_tables")
FILES: dict[Path, Path] = TOOLS["files"](_spec.root())
TABLES: dict[str, list[dict[str, Any]]] = {
    each["type"]: each["rules"] for file in FILES for each in TOOLS["read"](file)
}
THREADS = [name for name, listed in vectors.shipped().files.items() if listed["kind"] == "thread"]
CASES = [case for name in THREADS for case in vectors.shipped().json(name)["cases"]]
EARLIER = {"malformed", "conflict", "unsupported-type", "unsupported-version"}
"""What checks 1 to 7 find in a vendor's word, which keeps its place."""
CODES = {each["code"] for each in _spec.table("problems.json")["problems"]}


def test_the_pages_show_the_tables() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_page_that_says_otherwise_is_named(tmp_path: Path) -> None:
    spec = tmp_path / "v1"
    shutil.copytree(_spec.root(), spec, ignore=shutil.ignore_patterns("vectors", "examples"))
    page = spec / "terms" / "page.md"
    page.write_text(page.read_text().replace("`terms-unknown` | `/body/choices/N/id`", "`terms-unknown` | `/body`"))
    shown = TOOLS["shown"](page.read_text(), spec / "terms" / "answers.json")
    assert shown != page.read_text()
    assert shown == (_spec.root() / "terms" / "page.md").read_text()


def test_there_is_a_table_for_every_type_of_the_lifecycles() -> None:
    for file in FILES:
        there = file.parent / "lifecycle.json"
        if there.is_file():
            types = [each["type"] for each in TOOLS["read"](file)]
            assert sorted(types) == sorted({row["type"] for row in json.loads(there.read_text())["transitions"]})


def test_no_narrowing_message_has_a_rule_that_can_fail() -> None:
    for family in ("terms", "consent", "intent"):
        for type_ in _spec.table(f"{family}/lifecycle.json")["narrowing"]:
            assert not TABLES.get(type_)


def test_rows_name_requirements_and_problems_that_there_are() -> None:
    ids = {
        each["id"]
        for file in _spec.root().rglob("requirements.toml")
        for each in tomllib.loads(file.read_text())["requirement"]
    }
    for row in (row for rows in TABLES.values() for row in rows):
        assert set(row["rule"]) <= ids
        assert row["code"] in CODES
        assert all(re.fullmatch(r"(/[a-zA-Z]+|/N)+", pointer) for pointer in row["pointer"])
        assert row.keys() <= {"each", "holds", "rule", "code", "pointer", "apart"}


# --- vectors


def refusals() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Case, type of the message, problem: of all that checks 8 to 10 refuse in the vectors of threads."""
    for case in CASES:
        held = {trust.digest(trust.canonicalize(word)): word for word in case.get("words", ())}
        vendors = [word for word in case.get("words", ()) if word["from"] == case["vendor"]]
        for word, place in zip(vendors, case.get("places", ()), strict=True):
            said = held[word["body"]["of"]] if word["type"] == "receipt" and word["body"]["of"] in held else word
            if "problem" in place and place["problem"] not in EARLIER:
                yield case["id"], said["type"], place
        for step in case.get("receive", ()):
            if "refused" in step["expect"]:
                problem = {**step["expect"], "problem": step["expect"]["refused"]}
                yield case["id"], step["message"]["type"], problem
            asked = step.get("collect") or step.get("fetch")
            if asked and "unsigned" in step["expect"]:
                yield case["id"], asked["type"], {**step["expect"], "problem": step["expect"]["unsigned"]}


def answers(row: dict[str, Any], problem: dict[str, Any]) -> bool:
    """Whether a problem is the one that a row gives."""
    pointer = re.sub(r"/[0-9]+", "/N", problem.get("pointer", row["pointer"][0]))
    delivered = "refused" in problem or "unsigned" in problem  # what a vendor answers is compared without its rule
    rule = not row["rule"] if "rule" not in problem else problem["rule"] in row["rule"]
    return problem["problem"] == row["code"] and pointer in row["pointer"] and (rule or delivered)


def test_every_refusal_of_the_vectors_is_one_of_its_table() -> None:
    found = list(refusals())
    assert [
        (case, type_, problem)
        for case, type_, problem in found
        if type_ in TABLES and not any(answers(row, problem) for row in (*TABLES["*"], *TABLES[type_]))
    ] == []
    assert len(found) > 150


@pytest.mark.requirement("LIF-3")
@pytest.mark.parametrize("type_", [type_ for type_, rows in TABLES.items() if rows])
def test_each_row_is_shown_by_itself_and_before_the_next(type_: str) -> None:
    """Rows that are looked at element by element are shown in the order of the elements."""
    (case,) = [case for case in CASES if case.get("breaks", {}).get("type") == type_]
    shown = set()
    for number, rows in case["breaks"].get("places", {}).items():
        assert answers(TABLES[type_][rows[0] - 1], case["places"][int(number) - 1]), (number, rows)
        shown.add(tuple(rows))
    for number, rows in case["breaks"].get("steps", {}).items():
        told = case["receive"][int(number)]["expect"]
        assert answers(TABLES[type_][rows[0] - 1], {**told, "problem": told["unsigned"]}), (number, rows)
        shown.add(tuple(rows))
    numbered = list(enumerate(TABLES[type_], start=1))
    assert {(number,) for number, _ in numbered} - shown == set()
    for (number, row), (after, other) in pairwise(numbered):
        together = row.get("each") is not None and row.get("each") == other.get("each")
        shows = (number, after) in shown or (together and (after, number) in shown)
        assert shows or row.get("apart"), (type_, number, after)


@pytest.mark.parametrize("type_", [type_ for type_, rows in TABLES.items() if rows])
def test_each_pointer_of_a_table_is_shown(type_: str) -> None:
    pointers = {
        re.sub(r"/[0-9]+", "/N", problem.get("pointer", ""))
        for _, of, problem in refusals()
        if of == type_ or type_ == "*"
    }
    assert {pointer for row in TABLES[type_] for pointer in row["pointer"]} - pointers == set()
