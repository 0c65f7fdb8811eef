"""The schemas are the norm, the models read what arrives: both say the same of every example and of what is near it.

Both sides accept a value, or both refuse it at the same pointer. The values: each example with one change and with
several, and what is drawn from each schema and from each model, as it is and changed.
"""

from functools import cache
from typing import Any
from zlib import crc32

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from length import LONG
from opencmr import _spec, messages, trust
from opencmr.cli.schemas import faults, schemas
from opencmr.conformance.changes import Change, apply, every_change
from opencmr.errors import Problem
from opencmr.messages import Message, Path, pointer
from shapes import drawn_from, drawn_from_model

BOUNDED = settings(
    max_examples=200 if LONG else 12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def by_schema(document: dict[str, Any]) -> str | None:
    """The pointer of the first fault by the schema, or nothing."""
    found = faults(document)
    return pointer(found[0][0]) if found else None


def by_model(document: dict[str, Any]) -> str | None:
    """The pointer at which the receiving path refuses the same, or nothing."""
    try:
        messages.validate(trust.parse(trust.canonicalize(document), limit=2**24))
    except Problem as problem:
        return problem.pointer
    return None


def mutant(document: dict[str, Any], *changes: Change) -> dict[str, Any] | None:
    """The document with these changes, or nothing where one has taken the place of another."""
    try:
        for change in changes:
            document = apply(document, change)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return document


@cache
def examples(type_: str) -> list[dict[str, Any]]:
    return [orjson.loads(file.read_bytes()) for file in sorted(_spec.root().glob(f"*/examples/valid/{type_}.*.json"))]


def place(document: dict[str, Any], path: Path, change: Change) -> tuple[Any, ...]:
    """What makes a change new: what is done, and where, without positions, and in a small object beside what."""
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    beside = tuple(sorted(parent)) if isinstance(parent, dict) and len(parent) <= 4 else ()
    what = (change["op"], repr(change.get("value"))[:60])
    return (what, tuple("#" if isinstance(step, int) else step for step in path), beside)


def told_by(type_: str, path: Path) -> bool:
    """Whether this type is asked about this member: the envelope is the same for all, so a few types do for it."""
    return path[0] in ("body", "expires", "from", "number", "prior", "seen", "type") or type_ in (
        "receipt",
        "consent.grant",
        "offer.make",
    )


def tried(where: tuple[Any, ...]) -> bool:
    """Every change in the long form; here what is removed or unknown, and a third of what is set."""
    return LONG or where[0][0] in ("remove", "add") or crc32(repr(where).encode()) % 3 == 0


def has_null(change: Change) -> bool:
    return "value" in change and change["value"] is None


@pytest.mark.requirement("ENV-1", "ENV-6", "ENV-8")
def test_both_refuse_a_mutant_at_the_same_pointer(type_: str) -> None:
    seen = set()
    differ = []
    for document in examples(type_):
        for path, change in every_change(document):
            where = place(document, path, change)
            if where in seen or not told_by(type_, path) or has_null(change):
                continue
            seen.add(where)
            if not tried(where):
                continue
            changed = mutant(document, change)
            assert changed is not None
            schema, model = by_schema(changed), by_model(changed)
            if schema != model:
                differ.append(f"{change['op']} {change['path']}: schema {schema}, model {model}")
    assert len(seen) > 40
    assert differ == []


@pytest.mark.requirement("JSN-4")
def test_null_is_refused_wherever_it_stands(type_: str) -> None:
    seen = set()
    for document in examples(type_):
        for path, change in every_change(document):
            if has_null(change) and path[0] == "body" and path[-2:] not in seen:
                seen.add(path[-2:])
                changed = mutant(document, change)
                assert changed is not None
                assert faults(changed) != []
                with pytest.raises(Problem) as caught:
                    trust.parse(trust.canonicalize(changed))
                assert (caught.value.code, caught.value.pointer) == ("null-member", pointer(path))


@pytest.mark.requirement("ENV-8")
@settings(BOUNDED, max_examples=2000 if LONG else 120)
@given(st.data())
def test_of_several_faults_both_tell_the_first(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(examples(data.draw(st.sampled_from(sorted(messages.BODIES))))))
    all_ = [c for path, c in every_change(document) if path not in (("type",), ("opencmr",)) and not has_null(c)]
    changed = mutant(document, *data.draw(st.lists(st.sampled_from(all_), min_size=2, max_size=4)))
    if changed is not None:
        assert by_schema(changed) == by_model(changed)


@pytest.mark.requirement("ENV-8")
@pytest.mark.parametrize(
    ("of", "changes", "pointed"),
    [
        ("consent.refuse", {"/body/keys": ["a", "a", ""]}, "/body/keys"),
        ("consent.refuse", {"/body/keys": ["", {"b": 1}, {"b": 1}]}, "/body/keys"),
        ("consent.refuse", {"/body/keys": [1, True, "a"]}, "/body/keys/0"),
        ("consent.grant", {"/ext": {f"X{number}": 1 for number in range(17)}}, "/ext"),
        ("mailbox.collect", {"/body/receipts": [{}] * 101}, "/body/receipts"),
        ("consent.grant", {"/[key]": 1}, "/[key]"),
        ("consent.grant", {"/body/items/0/[key]": 1}, "/body/items/0/[key]"),
        ("consent.grant", {"/ext": {"[key]": 1}}, "/ext/[key]"),
        ("terms.proffer", {"/body/|x": 1}, "/body/|x"),
    ],
)
def test_both_point_at_the_same(of: str, changes: dict[str, Any], pointed: str) -> None:
    """Found by fuzzing: a list's own fault beside those of its items, and names that a library takes for marks."""
    document = mutant(examples(of)[0], *({"op": "add", "path": path, "value": v} for path, v in changes.items()))
    assert document is not None
    assert (by_schema(document), by_model(document)) == (pointed, pointed)


@cache
def _schema_of(type_: str) -> str:
    return next(name for name in schemas() if name.endswith(f"/{type_}.schema.json"))


@cache
def _described(type_: str) -> dict[str, Any]:
    """What pydantic says of the model: less than the schema, for it has no words for conditions."""
    return TypeAdapter(Message[messages.BODIES[type_]]).json_schema(by_alias=True)  # type: ignore[name-defined]


SEEDS = st.integers(0, 2**32)


def _compared(document: dict[str, Any], chance: int | None) -> None:
    """As drawn; and with one change, which `chance` chooses."""
    assert by_schema(document) == by_model(document)
    all_ = [c for path, c in every_change(document) if path not in (("type",), ("opencmr",)) and not has_null(c)]
    changed = mutant(document, all_[chance % len(all_)]) if chance is not None else None
    if changed is not None:
        assert by_schema(changed) == by_model(changed)


@pytest.mark.requirement("ENV-1", "ENV-8")
@BOUNDED
@given(seed=SEEDS, chance=st.none() | SEEDS)
def test_what_is_drawn_from_a_schema_is_read_alike(type_: str, seed: int, chance: int | None) -> None:
    _compared(drawn_from(_schema_of(type_), seed), chance)


@pytest.mark.requirement("ENV-1", "ENV-8")
@BOUNDED
@given(seed=SEEDS, chance=st.none() | SEEDS)
def test_what_is_drawn_from_a_model_is_read_alike(type_: str, seed: int, chance: int | None) -> None:
    _compared({**drawn_from_model(_described(type_), seed), "type": type_, "opencmr": messages.VERSION}, chance)


def test_much_of_what_is_drawn_is_valid(type_: str) -> None:
    valid = sum(not faults(drawn_from(_schema_of(type_), seed)) for seed in range(40))
    assert valid >= 10
