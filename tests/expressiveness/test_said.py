"""What real messages of neighbouring systems say is accounted for: said in its natural member, or outside for a reason.

A table for each part of the protocol beside this file: the file of an input → its type, and the member in which what
was lost is said now; or the reason why it stays outside, also in `spec/v1/outside.md`. What is said is in `said/`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from opencmr import messages
from opencmr.cli.schemas import faults, schemas

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from vectors.conversation import Script, Word  # noqa: E402  # real words, really signed

HERE = Path(__file__).parent
TABLES: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in sorted(HERE.glob("*.json"))}
LINES = [(table, name, line) for table, lines in TABLES.items() for name, line in lines.items()]
PASSING = [pytest.param(name, line, id=name) for _, name, line in LINES if line.get("passes")]


def input_of(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((HERE / "said" / name).read_text())
    return made


def schema_of(type_: str) -> str:
    return next(name for name in schemas() if name.endswith(f"/{type_}.schema.json"))


def said(t: Script, type_: str, body: dict[str, Any]) -> Word:
    """The body, in a conversation where it belongs."""
    match type_:
        case "consent.grant":
            asked = {"key", "purposes", "data", "actions", "recipients", "channels", "retention", "storedIn"}
            items = [{name: value for name, value in item.items() if name in asked} for item in body["items"]]
            asking = {**t.ask().message["body"], "items": items, "until": body["until"]}
            return t.say(type_, body, t.say("consent.request", asking).thread)
        case "order.disclose":
            return t.say(type_, body, t.order().thread)
        case _:
            return t.say(type_, body)


def test_every_input_that_is_said_has_a_line_and_every_line_its_input() -> None:
    names = [name for _, name, _ in LINES]
    assert len(names) == len(set(names))
    assert {name for _, name, line in LINES if line.get("passes")} == {f.name for f in (HERE / "said").glob("*.json")}
    assert all(set(line) in ({"type", "passes", "member"}, {"outside"}) for _, _, line in LINES)


@pytest.mark.parametrize(("name", "line"), PASSING)
def test_an_input_is_valid_by_schema_and_model_and_takes_effect(name: str, line: dict[str, Any]) -> None:
    body, type_ = input_of(name)["body"], line["type"]
    assert faults(body, f"{schema_of(type_)}#/$defs/Body") == []
    assert messages.read_body(messages.BODIES[type_], body).wire() == body
    script = Script(name)
    word = said(script, type_, body)
    thread = script.history.threads[word.thread]
    assert [entry.outcome for entry in thread.entries if entry.digest == word.digest] == ["accepted"]


@pytest.mark.parametrize(("name", "line"), PASSING)
def test_an_input_says_it_in_the_member_that_the_table_names(name: str, line: dict[str, Any]) -> None:
    part = input_of(name)["body"]
    for step in line["member"].split("/"):
        part = part[int(step) if isinstance(part, list) else step]
    assert part


def test_what_stays_outside_is_on_the_page_with_its_reason() -> None:
    page = " ".join((ROOT / "spec" / "v1" / "outside.md").read_text().split())
    missing = [name for _, name, line in LINES if "outside" in line and line["outside"] not in page]
    assert missing == []
