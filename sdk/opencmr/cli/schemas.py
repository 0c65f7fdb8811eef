"""Validation against the normative JSON Schemas, with every fault and its path (`spec/v1/message.schema.json`).

The receiving path reads messages with the models, which are faster; the tests show that both agree. This module is for
`opencmr validate` and the tests. It alone imports `jsonschema`, and it is imported only when needed.

What is *not* handled here: the bytes (duplicate names, canonical form, depth), which `opencmr.trust.parse` checks
first, and the rules across members, which stand in `opencmr.protocol`.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urljoin

import orjson
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from .. import _spec
from ..messages import Path
from ..messages.model import in_order

BASE = "https://w3id.org/opencmr/v1/"
"""What the `$id` of every schema begins with; the path under `spec/v1` follows."""
MESSAGE, ENVELOPE = "message.schema.json", "envelope.schema.json"


def faults(document: Any, schema: str = MESSAGE) -> list[tuple[Path, str]]:
    """All that is wrong with a JSON value: the path of each bad, missing, unknown or forbidden member, and why.

    Args:
        document: The parsed JSON value.
        schema: The schema, named relative to `spec/v1`; a part of one by its fragment, such as
            `types.schema.json#/$defs/Money`.

    Returns:
        Paths and reasons in canonical order, of a message those of its envelope (check 4) before those that depend on
        its type (check 7): the first is the one that a receiver reports. Empty if all is well.
    """
    first = faults(document, ENVELOPE) if schema == MESSAGE else []
    found = {(tuple(error.absolute_path), error.message) for error in _validator(schema).iter_errors(document)}
    paths = {path for path, _ in first}
    rest = [fault for fault in found if fault[0] not in paths]
    return first + sorted(rest, key=lambda fault: (in_order(fault[0]), fault[1]))


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every schema of the specification, by its path under `spec/v1`."""
    root = _spec.root()
    files = sorted(root.rglob("*.schema.json"))
    return {file.relative_to(root).as_posix(): orjson.loads(file.read_bytes()) for file in files}


@cache
def _validator(schema: str) -> Any:
    return _Pointing(_part(BASE + schema), format_checker=FormatChecker(["date", "date-time"]))


@cache
def _part(url: str) -> Any:
    """What an absolute `$ref` leads to, with all references in it absolute."""
    file, _, fragment = url.partition("#")
    part: Any = schemas()[file.removeprefix(BASE)]
    for step in fragment.split("/")[1:]:
        part = part[step]
    return _absolute(part, file)


def _absolute(part: Any, file: str) -> Any:
    if isinstance(part, list):
        return [_absolute(each, file) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {name: _absolute(each, file) for name, each in part.items() if name not in ("$schema", "$id", "$defs")}
    return inner | ({"$ref": urljoin(file, part["$ref"])} if isinstance(part.get("$ref"), str) else {})


def _ref(validator: Any, url: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    """Resolve a reference within the schemas at hand; a resolver of any URL would take half of the time."""
    yield from validator.descend(instance, _part(url))


# jsonschema reports a missing, an unknown and a forbidden member at the object that should or should not have it. The
# specification wants the member itself, so these keywords are stated anew.


def _required(_: Any, names: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    for name in names if isinstance(instance, dict) else []:
        if name not in instance:
            yield ValidationError("missing", path=[name])


def _properties(validator: Any, properties: dict[str, Any], instance: Any, _: Any) -> Iterator[ValidationError]:
    for name, schema in properties.items() if isinstance(instance, dict) else []:
        if name not in instance:
            continue
        if schema in (False, {"not": {}}):
            yield ValidationError("not allowed here", path=[name])
        else:
            yield from validator.descend(instance[name], schema, path=name, schema_path=name)


def _additional(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    for name in instance if isinstance(instance, dict) else []:
        if name in schema.get("properties", {}):
            continue
        if additional is False:
            yield ValidationError("unknown member", path=[name])
        else:
            yield from validator.descend(instance[name], additional, path=name)


def _property_names(validator: Any, schema: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    for name in instance if isinstance(instance, dict) else []:
        for error in validator.descend(name, schema):
            yield ValidationError(error.message, path=[name])


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance[:60]!r} is not of the form {pattern}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """As in ECMA-262 and RE2, `$` is the very end: Python's would let a line break follow."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


_Pointing: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "$ref": _ref,
        "required": _required,
        "properties": _properties,
        "additionalProperties": _additional,
        "propertyNames": _property_names,
        "pattern": _pattern,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),  # not 1.0
)

# jsonschema makes a validator anew for each part of a schema at each value: that took half of the time.

_made: dict[int, Any] = {}
"""The validator of each part of a schema, by the part's identity: what `_part` gives is kept."""


def _evolve(validator: Any, *, schema: Any, **_: Any) -> Any:
    if id(schema) not in _made:
        _made[id(schema)] = _Pointing(schema, format_checker=validator.format_checker)
    return _made[id(schema)]


def _descend(validator: Any, instance: Any, schema: Any, path: Any = None, **_: Any) -> Iterator[ValidationError]:
    for error in validator.evolve(schema=schema).iter_errors(instance):
        if path is not None:
            error.path.appendleft(path)
        yield error


_Pointing.evolve, _Pointing.descend = _evolve, _descend
