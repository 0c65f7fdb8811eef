"""The schemas are the norm, the models read what arrives: both say the same of every example and of what is near it.

A mutant is a valid message with one thing changed. Both sides accept it, or both refuse it at the same pointer.
"""

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencmr import _spec, messages, trust
from opencmr.cli.schemas import faults
from opencmr.errors import Problem
from opencmr.messages import Path, pointer

Mutation = tuple[str, Path, Callable[[Any, Any], None]]
"""What it is called, the member that it is about, and how it changes the object or list (first) at a name (second)."""


def by_schema(document: dict[str, Any]) -> str | None:
    """The pointer of the first fault by the schema, or nothing."""
    found = faults(document)
    return pointer(found[0][0]) if found else None


def by_model(document: dict[str, Any]) -> str | None:
    """The pointer at which the receiving path refuses the same, or nothing."""
    try:
        messages.read(trust.read(trust.write(document), limit=2**24))
    except Problem as problem:
        return problem.pointer
    return None


def put(value: Any) -> Callable[[Any, Any], None]:
    return lambda parent, name: parent.__setitem__(name, copy.deepcopy(value))


def renamed(parent: Any, name: Any) -> None:
    parent[name[:-1] + ("x" if name[-1] != "x" else "y")] = parent.pop(name)


def mutations(value: Any, path: Path = ()) -> Iterator[Mutation]:
    """All single changes of a JSON value, in the order of its members."""
    if path:
        yield from _of_any(value, path)
    if isinstance(value, dict):
        for unknown in ("aUnknown", "zUnknown", "is_unknown"):
            yield f"given {unknown}", (*path, unknown), put(1)
        for name, member in value.items():
            yield "removed", (*path, name), lambda parent, name: parent.pop(name)
            yield "renamed", (*path, name), renamed
            yield from mutations(member, (*path, name))
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from mutations(item, (*path, position))


def _of_any(value: Any, path: Path) -> Iterator[Mutation]:
    for other in ("word", 7, {"a": 1}):
        if type(other) is not type(value):
            yield f"made {other}", path, put(other)
    if isinstance(value, str):
        for change in (
            "",
            value + "\n",
            value + "é",
            value * 4100,
            *(["2026-02-30" + value[10:]] if "-" in value else []),
        ):
            yield f"made {change[:60]!r}", path, put(change)
    if isinstance(value, int):
        for number in (0, -1, 2, 10**6, -(2**53) + 1):
            yield f"made {number}", path, put(number)
    if isinstance(value, list):
        yield "emptied", path, put([])
        yield "doubled", path, put([*value, value[0]])
        yield "stretched", path, put([copy.deepcopy(value[0]) for _ in range(101)])
        yield "in an object", path, put({"0": value[0]})
    if isinstance(value, dict):
        yield "emptied", path, put({})
        yield "in a list", path, put([value])


def mutant(document: dict[str, Any], *changes: Mutation) -> dict[str, Any] | None:
    """The document with these changes, or nothing where one has taken the place of another."""
    changed = copy.deepcopy(document)
    for _, path, change in changes:
        parent = changed
        for step in path[:-1]:
            if not _has(parent, step):
                return None
            parent = parent[step]
        if not isinstance(parent, list if isinstance(path[-1], int) else dict):
            return None
        try:
            change(parent, path[-1])
        except (KeyError, IndexError):
            return None
    return changed


def _has(parent: Any, step: str | int) -> bool:
    return (isinstance(parent, dict) and step in parent) or (isinstance(parent, list) and step in range(len(parent)))


@cache
def examples(type_: str) -> list[dict[str, Any]]:
    return [orjson.loads(file.read_bytes()) for file in sorted(_spec.root().glob(f"*/examples/valid/{type_}.*.json"))]


def place(document: dict[str, Any], mutation: Mutation) -> tuple[Any, ...]:
    """What makes a mutation new: what is done, and where, without positions, and in a small object beside what."""
    what, path, _ = mutation
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    beside = tuple(sorted(parent)) if isinstance(parent, dict) and len(parent) <= 4 else ()
    return (what, tuple("#" if isinstance(step, int) else step for step in path), beside)


def told_by(type_: str, path: Path) -> bool:
    """Whether this type is asked about this member: the envelope is the same for all, so a few types do for it."""
    return path[0] in ("body", "inReplyTo", "expires", "type") or type_ in ("receipt", "consent.grant", "offer.make")


@pytest.mark.requirement("ENV-1", "ENV-6", "ENV-8")
def test_both_refuse_a_mutant_at_the_same_pointer(type_: str) -> None:
    seen = set()
    differ = []
    for document in examples(type_):
        for mutation in mutations(document):
            if place(document, mutation) in seen or not told_by(type_, mutation[1]):
                continue
            seen.add(place(document, mutation))
            changed = mutant(document, mutation)
            assert changed is not None
            schema, model = by_schema(changed), by_model(changed)
            if schema != model:
                differ.append(f"{pointer(mutation[1])} {mutation[0]}: schema {schema}, model {model}")
    assert len(seen) > 40
    assert differ == []


@pytest.mark.requirement("JSN-4")
def test_null_is_refused_wherever_it_stands(type_: str) -> None:
    seen = set()
    for document in examples(type_):
        for what, path, _ in mutations(document["body"], ("body",)):
            if what == "removed" and path[-2:] not in seen:
                seen.add(path[-2:])
                changed = mutant(document, ("made null", path, put(None)))
                assert changed is not None
                assert faults(changed) != []
                with pytest.raises(Problem) as caught:
                    trust.read(trust.write(changed))
                assert (caught.value.code, caught.value.pointer) == ("null-member", pointer(path))


@pytest.mark.requirement("ENV-8")
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_of_several_faults_both_tell_the_first(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(examples(data.draw(st.sampled_from(sorted(messages.BODIES))))))
    all_ = [each for each in mutations(document) if each[1] not in (("type",), ("opencmr",))]
    changed = mutant(document, *data.draw(st.lists(st.sampled_from(all_), min_size=2, max_size=4)))
    if changed is not None:
        assert by_schema(changed) == by_model(changed)
