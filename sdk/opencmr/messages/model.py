"""How every part of a message is declared: closed, frozen, camelCase on the wire, snake_case in Python."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

BRANCH = "§"
"""Begins the tag of a branch of a union, so that the tag is left out of the paths of faults. No member begins so: their
names are ASCII."""

_MOST_ITEMS = 100


class Model(BaseModel):
    """A closed object: an unknown member is an error, and nothing is converted from one type to another."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @classmethod
    def wire_names(cls) -> dict[str, str]:
        """Python name → name on the wire."""
        return {name: field.alias or name for name, field in cls.model_fields.items()}

    def wire(self) -> dict[str, Any]:
        """The JSON object that travels: absent members are left out, no default is filled in."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def faults(cls, members: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        """What is wrong with members, by their Python names, that depend on one another: where, and why."""
        yield from ()

    def without_faults(self) -> Self:
        """This object, unless its members don't fit together.

        Raises:
            ValidationError: They don't; it names each fault.
        """
        faults = [
            InitErrorDetails(type=PydanticCustomError("shape", "{why}", {"why": why}), loc=where, input=None)
            for where, why in self.faults(vars(self))
        ]
        if faults:
            raise ValidationError.from_exception_data(type(self).__name__, faults)
        return self


class When(NamedTuple):
    """One line of a shape: if `member` is present (and equals `value`), these are required and those forbidden.

    A line without `member` is the last word. Members go by their Python names.
    """

    member: str | None = None
    value: str | None = None
    requires: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()


class Shaped(Model):
    """An object whose members depend on one another. The first line of `shape` that applies decides."""

    shape: ClassVar[tuple[When, ...]] = ()

    @model_validator(mode="after")
    def _in_shape(self) -> Self:
        # Each message comes through here many times, so there is nothing in it but look-ups.
        members = vars(self)
        for member, value, requires, forbids in self.shape:
            if member is None or (members[member] is not None if value is None else members[member] == value):
                for name in requires:
                    if members[name] is None:
                        return self.without_faults()
                for name in forbids:
                    if members[name] is not None:
                        return self.without_faults()
                break
        return self

    @classmethod
    def faults(cls, members: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        """The members that are missing or may not be there, and which of the two."""
        names = cls.wire_names()
        for member, value, requires, forbids in cls.shape:
            found = None if member is None else members.get(member)
            if member is None or (found is not None if value is None else found == value):
                yield from (((names[name],), "missing") for name in requires if members.get(name) is None)
                yield from (((names[name],), "not allowed here") for name in forbids if members.get(name) is not None)
                break


def faults_of_shape(kind: Any, value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """What is wrong with the shapes of JSON objects that could not all be made.

    An object with a bad member is never made, so nobody has looked at its shape. That is done here, once something is
    known to be wrong, so that the first fault in canonical order can be told.

    Args:
        kind: What the value was to be: a model, or what a field is annotated with.
        value: The JSON value.
        path: Where it stands.
    """
    if not (isinstance(kind, type) and issubclass(kind, Model)):
        # No list may have more items; of one that has, it is told that, and not what is wrong within.
        inner = [(item, (*path, at)) for at, item in enumerate(value[:_MOST_ITEMS])] if isinstance(value, list) else []
        for part in get_args(kind):
            for each, where in inner if get_origin(kind) is list else [(value, path)]:
                yield from faults_of_shape(part, each, where)
    elif isinstance(value, dict):
        names = kind.wire_names()
        members = {name: value[alias] for name, alias in names.items() if alias in value}
        yield from (((*path, *where), why) for where, why in kind.faults(members))
        for name, member in members.items():
            yield from faults_of_shape(kind.model_fields[name].annotation, member, (*path, names[name]))


def in_order(path: Path) -> tuple[tuple[bool, str | int], ...]:
    """The key of canonical order: names by their code points, positions by number, the shorter path first."""
    return tuple((isinstance(step, str), step) for step in path)


def first_fault(error: ValidationError, more: list[tuple[Path, str]]) -> tuple[Path, str]:
    """Of all that is wrong, the first in canonical order."""
    return min(_told(error) + more, key=lambda fault: in_order(fault[0]))


def faults_of(kind: TypeAdapter[Any], value: Any) -> list[tuple[Path, str]]:
    """All that is wrong with a JSON value that was to be of a kind: where, and why."""
    try:
        kind.validate_python(value, by_alias=True, by_name=False)
    except ValidationError as error:
        return _told(error)
    return []


def _told(error: ValidationError) -> list[tuple[Path, str]]:
    return [(_path(each), each["msg"]) for each in error.errors(include_url=False, include_input=False)]


def _path(fault: ErrorDetails) -> Path:
    """Where a fault is in the document: without the tags of unions, and without the mark of a bad name in a mapping.

    That mark is `[key]`, which an unknown member may be called as well.
    """
    loc = fault["loc"]
    if loc[-1:] == ("[key]",) and fault["type"] != "extra_forbidden":
        loc = loc[:-1]
    return tuple(step for step in loc if not (isinstance(step, str) and step.startswith(BRANCH)))
