"""The registry of problems is one: the classes, the table for programs, and the page."""

import json
import re
from pathlib import Path

import pytest

from opencmr.errors import PROBLEMS, UnknownReference

SPEC = Path(__file__).parents[2] / "spec" / "v1"
UNREGISTERED = {"unknown", "unknown-for-now"}


def _classes() -> dict[str, tuple[int, str, str, bool]]:
    return {
        code: (each.status, each.title, each.fault, each.retry)
        for code, each in PROBLEMS.items()
        if code not in UNREGISTERED
    }


def test_the_table_for_programs_says_what_the_classes_say() -> None:
    listed = json.loads((SPEC / "problems.json").read_text())["problems"]
    assert [each["code"] for each in listed] == sorted(_classes())
    told = {each["code"]: (each["status"], each["title"], each["fault"], each["retry"]) for each in listed}
    assert told == _classes()


def test_the_page_has_a_row_and_a_paragraph_for_each_code() -> None:
    page = (SPEC / "problems.md").read_text()
    rows = re.findall(r"^\| \[`([a-z-]+)`\]\(#([a-z-]+)\) \| ([0-9]+) \| (.+?) \| (\w+) \| (yes|no) \|", page, re.M)
    told = {code: (int(status), title, fault, retry == "yes") for code, _, status, title, fault, retry in rows}
    assert told == _classes()
    assert all(code == anchor for code, anchor, *_ in rows)
    paragraphs = re.findall(r"^## ([a-z-]+)\n\n(.+)\n\nHTTP ([0-9]+) · fault: (\w+) · retry: (yes|no) ·", page, re.M)
    assert [code for code, *_ in paragraphs] == sorted(told)
    for code, text, status, fault, retry in paragraphs:
        assert text.startswith(told[code][1])
        assert (int(status), fault, retry == "yes") == (told[code][0], *told[code][2:])


@pytest.mark.requirement("TRN-9")
def test_pointers_of_the_registry_are_those_of_the_page_and_of_no_table_of_answers() -> None:
    page = (SPEC / "problems.md").read_text()
    paragraphs = dict(re.findall(r"^## ([a-z-]+)\n\n(.+)$", page, re.M))
    listed = json.loads((SPEC / "problems.json").read_text())["problems"]
    given = {each["code"]: each["pointer"] for each in listed if "pointer" in each}
    assert given.keys() == {"bad-signature", "weak-key", "wrong-key"}
    for code, pointers in given.items():
        assert re.findall(r"[Pp]ointer:? `(/proof/[a-zA-Z]+)`", paragraphs[code]) == pointers
    answered = {
        row["code"]
        for file in (SPEC / "answers.json", *SPEC.glob("*/answers.json"))
        for table in json.loads(file.read_text())["answers"]
        for row in table["rules"]
    }
    assert answered & given.keys() == {"weak-key", "wrong-key"}, "of the family relationship, too"


def test_a_problem_is_told_in_whole_sentences_with_what_was_expected() -> None:
    told = str(UnknownReference("the offer takes no such payment", pointer="/body", expected=["card", "invoice"]))
    assert told == "unknown-reference at /body: the offer takes no such payment. Expected: card, invoice."
    assert str(UnknownReference("there is none", pointer="/body")) == "unknown-reference at /body: there is none"
