"""Single changes of a JSON value, as vectors write them (`spec/v1/vectors/README.md`), and all that a value offers.

A mutant is a valid message with one change. Schemas, models and the vectors of mutants are tried with the same ones.
"""

import copy
from collections.abc import Iterator
from typing import Any

from ..messages import Path, pointer

Change = dict[str, Any]
"""`op` (remove, set, rename, add), `path` (a JSON pointer), and `value` or `to` where the op asks for one."""


def apply(document: Any, change: Change) -> Any:
    """A copy of a JSON value with one change.

    Raises:
        LookupError: There is nothing at the path.
    """
    changed = copy.deepcopy(document)
    *above, name = steps(change["path"])
    parent = changed
    for step in above:
        parent = parent[_index(parent, step)]
    at = _index(parent, name)
    match change["op"]:
        case "remove":
            del parent[at]
        case "rename":
            parent[change["to"]] = parent.pop(at)
        case "set":
            parent[at]  # there must be one
            parent[at] = copy.deepcopy(change["value"])
        case "add":
            parent[at] = copy.deepcopy(change["value"])
    return changed


def steps(path: str) -> list[str]:
    """The names of a JSON pointer (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _index(parent: Any, step: str) -> Any:
    if isinstance(parent, list):
        return int(step)
    if isinstance(parent, dict):
        return step
    raise LookupError(step)


def every_change(value: Any, path: Path = ()) -> Iterator[tuple[Path, Change]]:
    """All single changes that are worth trying, with the path of the member that each is about."""
    where = pointer(path)
    if path:
        yield path, {"op": "set", "path": where, "value": None}
        for other in _others(value):
            yield path, {"op": "set", "path": where, "value": other}
    if isinstance(value, dict):
        for unknown in ("aUnknown", "zUnknown", "is_unknown"):
            yield (*path, unknown), {"op": "add", "path": pointer((*path, unknown)), "value": 1}
        for name, member in value.items():
            here = (*path, name)
            yield here, {"op": "remove", "path": pointer(here)}
            yield here, {"op": "rename", "path": pointer(here), "to": name[:-1] + ("y" if name[-1] == "x" else "x")}
            yield from every_change(member, here)
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from every_change(item, (*path, position))


def _others(value: Any) -> Iterator[Any]:
    for other in ("word", 7, {"a": 1}, True):
        if type(other) is not type(value):
            yield other
    match value:
        case str():
            yield from ("", value + "\n", value + "é", value * 4100)
            if "-" in value:
                yield "2026-02-30" + value[10:]
        case bool():
            yield not value
        case int():
            yield from (0, -1, 2, 10**6, -(2**53) + 1)
        case [first, *_]:
            yield from ([], [*value, first], [first] * 101, {"0": first})
        case dict():
            yield from ({}, [value])
