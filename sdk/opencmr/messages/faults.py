"""The first of all faults of a JSON value, found without finding the others.

Whoever sends a message decides how much of it is wrong, and keys are free: so what it costs to say what is wrong must
not grow with the number of faults. They are looked for in canonical order, and the search ends at the first. An object
is gone through member by member, and what is unknown costs one comparison of names; an item of a list is only gone
through where its validator refuses it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .model import BRANCH, Model, Path, Shaped, in_order

Fault = tuple[Path, str]
"""Where something is wrong, and what."""


class _Kind(NamedTuple):
    """What a value is to be.

    Attributes:
        check: Its validator.
        object_: The object with members of its own that it is or may be; there is never more than one.
        bare: Of a list: a validator that does not look at the items.
        item: Of a list: what each item is to be.
    """

    check: Any
    object_: Any = None
    bare: Any = None
    item: "_Kind | None" = None


def first_fault(kind: Any, value: Any, path: Path = ()) -> Fault:
    """What is wrong with a value that its validator has refused: of several faults the first in canonical order.

    Args:
        kind: What the value was to be.
        value: The JSON value.
        path: Where it stands.
    """
    found = _within(_kind(kind), value, path)
    if found is None:
        raise ValueError(f"nothing is wrong with this {kind.__name__}")
    return found


def _within(kind: _Kind, value: Any, path: Path) -> Fault | None:
    if isinstance(value, dict) and kind.object_ is not None:
        return _in_object(kind.object_, value, path) or _own(kind.check, value, path)
    if isinstance(value, list) and kind.item is not None:
        return _own(kind.bare, value, path) or _in_list(kind.item, value, path)
    return _own(kind.check, value, path)


def _in_object(kind: Any, value: Mapping[str, Any], path: Path) -> Fault | None:
    members = _members(kind)
    bad = {name: "missing" for name, member in members.items() if member.required and name not in value}
    if issubclass(kind, Shaped):
        names = kind.wire_names()
        known = {name: value[alias] for name, alias in names.items() if alias in value}
        bad |= {names[name]: why for name, why in kind.misfits(known)}
    if (unknown := min(value.keys() - members.keys(), default=None)) is not None:
        bad[unknown] = "not known here"
    narrowed = kind.narrowed(value) if issubclass(kind, Model) else {}
    for name in sorted((members.keys() & value.keys()) | bad.keys()):
        if name in bad:
            return (*path, name), bad[name]
        if (found := _within(members[name].kind, value[name], (*path, name))) is not None:
            return found
        if name in narrowed and (found := _within(_kind(narrowed[name]), value[name], (*path, name))) is not None:
            return found
    return None


def _in_list(item: _Kind, value: list[Any], path: Path) -> Fault | None:
    for position, each in enumerate(value):
        try:
            item.check.validate_python(each, by_alias=True, by_name=False)
        except ValidationError:
            return _within(item, each, (*path, position))
    return None


def _own(check: Any, value: Any, path: Path) -> Fault | None:
    """What a validator says of a value whose parts are few, or all good."""
    try:
        check.validate_python(value, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        found = [((*path, *member_of(fault)), fault["msg"]) for fault in faults]
        return min(found, key=lambda fault: in_order(fault[0]))
    return None


def member_of(fault: ErrorDetails) -> Path:
    """Where a fault is in the document: without the tags of unions, and without the mark of a bad name in a mapping."""
    loc = fault["loc"]
    if loc[-1:] == ("[key]",):
        loc = loc[:-1]
    return tuple(step for step in loc if not (isinstance(step, str) and step.startswith(BRANCH)))


# What the kinds are made of: looked at once


class _Member(NamedTuple):
    kind: _Kind
    required: bool


@cache
def _members(kind: Any) -> dict[str, _Member]:
    """Name on the wire → the member of a model or a data class."""
    fields: dict[str, FieldInfo] = kind.__pydantic_fields__
    return {
        field.alias or name: _Member(_kind_of(_annotated(field.annotation, field.metadata)), field.is_required())
        for name, field in fields.items()
    }


@cache
def _kind(kind: Any) -> _Kind:
    return _kind_of(kind)


def _kind_of(annotation: Any) -> _Kind:
    check = TypeAdapter(annotation).validator
    for part, metadata in _parts(annotation, []):
        if hasattr(part, "__pydantic_fields__"):
            return _Kind(check, object_=part)
        if get_origin(part) is list:
            (item,) = get_args(part)
            return _Kind(check, bare=TypeAdapter(_annotated(list[Any], metadata)).validator, item=_kind_of(item))
    return _Kind(check)


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    return Annotated[annotation, *metadata] if metadata else annotation


def _parts(annotation: Any, metadata: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Whatever a value may be, each with what else is asked of it."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _parts(inner, more)
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part, [])
    else:
        yield annotation, metadata
