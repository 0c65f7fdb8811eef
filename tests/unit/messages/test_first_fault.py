"""The first fault of a hostile body is found without looking at the others: keys are free, a body may be all wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr import errors, messages
from opencmr.messages import faults

TERMS = {"id": "SD-BASE", "digest": "zQmTvLuqcr2CyxPjKTzCZqGpiqWRtb6hWNevq25eKbHKBvA"}
ITEM = {"key": "k", "purposes": ["dpv:A"], "data": ["pd:A"], "actions": ["dpv:U"]}
UNTIL = "2027-01-01T00:00:00.000Z"


def unknown(many: int) -> dict[str, Any]:
    return {f"x{number}": 1 for number in range(many)}


def too_many(many: int) -> dict[str, Any]:
    return {**ITEM, "data": [{}] * (64 + many)}


def wished(attributes: list[Any]) -> dict[str, Any]:
    want = {"name": "boots", "attributes": attributes}
    return {"wants": [want], "terms": [TERMS], "standing": "ready"}


GRANT, CAST, PROFFER = messages.consent.Grant, messages.intent.Cast, messages.terms.Proffer
Wrong = tuple[type[messages.Body], Callable[[int], dict[str, Any]], str]
BAD_ITEM, BAD_SHAPE = {**ITEM, "data": ["x"]}, {"name": "a", "value": "b", "min": "1"}
WRONG: dict[str, Wrong] = {
    "members": (PROFFER, unknown, "/choices"),
    "members of an item": (
        CAST,
        lambda n: wished([{"name": "a", "min": "1", **unknown(n)}]),
        "/wants/0/attributes/0/x0",
    ),
    "members of money": (messages.offer.Accept, lambda n: {"offer": {}, "total": unknown(n)}, "/offer/digest"),
    "members of a choice": (PROFFER, lambda n: {"choices": [TERMS], "scope": unknown(n)}, "/scope/digest"),
    "items": (GRANT, lambda n: {"items": [unknown(9)] * min(n, 64), "until": UNTIL}, "/items/0/actions"),
    "terms": (GRANT, lambda n: {"items": [BAD_ITEM] * min(n, 64), "until": 7}, "/items/0/data/0"),
    "too many": (PROFFER, lambda n: {"choices": [unknown(2)] * (64 + n)}, "/choices"),
    "too many terms": (GRANT, lambda n: {"items": [too_many(n)], "until": UNTIL}, "/items/0/data"),
    "shapes": (CAST, lambda n: wished([BAD_SHAPE] * min(n, 64)), "/wants/0/attributes/0/min"),
}


def looks(monkeypatch: pytest.MonkeyPatch, kind: type[messages.Body], body: dict[str, Any]) -> tuple[str | None, int]:
    """Where the first fault is, and how many values were looked at one by one to find it."""
    seen: list[Any] = []
    inner = faults._within
    with monkeypatch.context() as patch:
        patch.setattr(faults, "_within", lambda *value: (seen.append(value), inner(*value))[1])
        with pytest.raises(errors.Malformed) as caught:
            messages.validate_body(kind, body)
    return caught.value.pointer, len(seen)


@pytest.mark.requirement("ENV-8")
@pytest.mark.parametrize("what", WRONG)
def test_what_is_looked_at_does_not_grow_with_the_number_of_faults(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, wrong, pointer = WRONG[what]
    few, many = (looks(monkeypatch, kind, wrong(number)) for number in (1, 5000))
    assert few == many
    assert many[0] == pointer
    assert many[1] < 40


@pytest.mark.requirement("ENV-8")
def test_items_that_are_good_are_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"name": "a", "min": "1"}
    first = looks(monkeypatch, messages.intent.Cast, wished([{**good, "min": 1}]))
    last = looks(monkeypatch, messages.intent.Cast, wished([good] * 63 + [{**good, "min": 1}]))
    assert (first[0], last[0]) == ("/wants/0/attributes/0/min", "/wants/0/attributes/63/min")
    assert first[1] == last[1]


@pytest.mark.requirement("ENV-8")
def test_of_a_list_that_is_too_long_no_two_items_are_compared() -> None:
    class Item(dict[str, Any]):
        def __repr__(self) -> str:
            raise RuntimeError("it was looked at")

    with pytest.raises(errors.Malformed) as caught:
        messages.validate_body(GRANT, {"items": [{**ITEM, "data": [Item()] * 65}], "until": UNTIL})
    assert caught.value.pointer == "/items/0/data"


def test_nothing_is_told_of_a_value_that_is_good() -> None:
    with pytest.raises(ValueError, match="nothing is wrong"):
        faults.first_fault(messages.terms.Proffer, {"choices": [TERMS]})


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, [b"bytes"]])
def test_what_a_program_says_must_be_json(value: Any) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        messages.order.Disclose(discloses=[{"data": "pd:Name", "value": value}])
