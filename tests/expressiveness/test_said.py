"""Real messages of neighbours, said in OpenCMR: each is valid by the schema and takes effect, or is left outside.

`<family>.json` accounts for every input: what it says and how that is said here, with the message in `said/`; or the
words of the row of `spec/v1/outside.md` that tells why it stays outside.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from vectors.conversation import Script, Word, euros  # noqa: E402  # as the vectors of threads are made

from opencmr.cli.schemas import faults  # noqa: E402

OUTSIDE = (ROOT / "spec" / "v1" / "outside.md").read_text()
ROWS = [
    (table["family"], row) for file in sorted(HERE.glob("*.json")) for table in [json.loads(file.read_text())]
    for row in table["rows"]
]  # fmt: skip
MINE = [row for _, row in ROWS]
SHIRTS: dict[str, Any] = {"name": "Shirts", "price": euros("60.00"), "quantity": {"value": "2"}}
CAP: dict[str, Any] = {"name": "Cap", "price": euros("40.00")}


def said(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "said" / row["input"]).read_text())
    return found


def told() -> Iterator[Any]:
    for row in MINE:
        if "outside" not in row:
            yield pytest.param(row, id=row["input"])


def _bought(t: Script, total: dict[str, str] | None = None) -> Word:
    """An order of two lines, at this total."""
    price = total or euros("100.00")
    lines = [{**SHIRTS, "price": price}, {**CAP, "price": {**price, "amount": "0"}}]
    made = t.offer(t.cast(), body={"lines": lines, "total": price})
    return t.say("offer.accept", {"offer": made.ref, "total": price}, made.thread)


def _confirmed(t: Script) -> Word:
    bought = _bought(t)
    t.confirm(bought)
    return bought


def _accepted(t: Script, body: dict[str, Any]) -> Word:
    methods = [share["method"] for share in body.get("payment", [])]
    lines = [{"name": "What is paid", "price": body["total"]}]
    made = t.offer(t.cast(), body={"lines": lines, "total": body["total"], "payment": methods})
    return t.say("offer.accept", {**body, "offer": made.ref}, made.thread)


def _granted(t: Script, body: dict[str, Any]) -> Word:
    """What was asked for, as it is granted."""
    asked = {"key", "purposes", "data", "actions", "recipients", "channels", "retention", "storedIn"}
    items = [{name: value for name, value in item.items() if name in asked} for item in body["items"]]
    asking = {**t.ask().message["body"], "items": items, "until": body["until"]}
    return t.say("consent.grant", body, t.say("consent.request", asking).thread)


SAYING: dict[str, Callable[[Script, dict[str, Any]], Word]] = {
    "consent.grant": _granted,
    "consent.request": lambda t, body: t.say("consent.request", body),
    "intent.cast": lambda t, body: t.say("intent.cast", body),
    "intent.amend": lambda t, body: t.say("intent.amend", body, t.cast().thread),
    "offer.make": lambda t, body: t.say("offer.make", body, t.cast().thread, expires=t.after(hours=1)),
    "offer.accept": _accepted,
    "order.confirm": lambda t, body: t.say("order.confirm", body, _bought(t, body["total"]).thread),
    "order.disclose": lambda t, body: t.say("order.disclose", body, _bought(t).thread),
    "order.fulfil": lambda t, body: t.say("order.fulfil", body, _confirmed(t).thread),
    "order.cancel": lambda t, body: t.say("order.cancel", body, _bought(t).thread),
    "order.withdraw": lambda t, body: t.say("order.withdraw", body, _confirmed(t).thread),
    "terms.proffer": lambda t, body: t.say("terms.proffer", body),
}
"""How a message of this type comes to be said, after what has to be said before."""


@pytest.mark.parametrize("row", list(told()))
def test_what_a_neighbour_says_is_valid_and_takes_effect(row: dict[str, Any]) -> None:
    message = said(row)
    type_ = message["type"]
    folder = {"consent": "consent", "terms": "terms"}.get(type_.partition(".")[0], "intent")
    assert faults(message["body"], f"{folder}/{type_}.schema.json#/$defs/Body") == []
    script = Script(row["input"])
    word = SAYING[type_](script, message["body"])
    entry = script.history.threads[word.thread].entries[-1]
    assert (entry.type, entry.outcome) == (type_, "accepted")
    for name in ("total", "commitment"):
        if name in row:
            assert message["body"][name]["amount"] == row[name]


def test_what_stays_outside_stands_on_the_page_with_its_reason() -> None:
    for _, row in ROWS:
        if "outside" in row:
            assert row["outside"] in OUTSIDE, row["input"]


def test_every_input_has_one_row_and_nine_of_ten_are_said() -> None:
    names = [row["input"] for _, row in ROWS]
    assert len(names) == len(set(names))
    assert {row["input"] for row in MINE if "outside" not in row} == {
        file.name for file in (HERE / "said").glob("*.json") if said({"input": file.name})["type"] in SAYING
    }
    assert sum("outside" not in row for row in MINE) >= 0.9 * len(MINE)
