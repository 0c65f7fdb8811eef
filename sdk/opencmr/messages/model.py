"""How every part of a message is declared: closed, frozen, camelCase on the wire, snake_case in Python."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

BRANCH = "§"
"""Begins the tag of a branch of a union, so that the tag is left out of the paths of faults. No member begins so: their
names are ASCII."""

_SHAPE = "shape"


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

    def wire(self) -> dict[str, Any]:
        """The JSON object that travels: absent members are left out, no default is filled in."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


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

    @model_validator(mode="wrap")
    @classmethod
    def _in_shape(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            made = handler(data)
        except ValidationError as error:
            if not isinstance(data, dict):
                raise
            found = error.errors(include_url=False, include_context=False, include_input=False)
            faults = cls._shape_faults(cls._present(data, found))
            faults += [_fault(_path(e), e["msg"]) for e in found]
        else:
            faults = cls._shape_faults(vars(made))
            if not faults:
                return made
        # One is told, the first: were all passed on, each would be made anew for each object around it.
        first = min(faults, key=lambda fault: in_order(fault["loc"]))
        raise ValidationError.from_exception_data(cls.__name__, [first])

    @classmethod
    def _shape_faults(cls, members: Mapping[str, Any]) -> list[InitErrorDetails]:
        # Each message comes through here many times, so there is nothing in it but look-ups.
        faults: list[InitErrorDetails] = []
        for member, value, requires, forbids in cls.shape:
            found = None if member is None else members.get(member)
            if member is None or (found is not None if value is None else found == value):
                for name in requires:
                    if members.get(name) is None:
                        faults.append(_fault((to_camel(name),), "missing"))
                for name in forbids:
                    if members.get(name) is not None:
                        faults.append(_fault((to_camel(name),), "not allowed here"))
                break
        return faults

    @classmethod
    def _present(cls, data: dict[str, Any], found: list[ErrorDetails]) -> dict[str, Any]:
        """The members of an object with faults, by their Python names; unknown ones don't count."""
        unknown = {e["loc"] for e in found if e["type"] == "extra_forbidden"}
        names = {field.alias or name: name for name, field in cls.model_fields.items()}
        return {names.get(name, name): value for name, value in data.items() if (name,) not in unknown}


def _fault(path: Path, why: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(_SHAPE, "{why}", {"why": why}), loc=path, input=None)


def in_order(path: Path) -> tuple[tuple[bool, str | int], ...]:
    """The key of canonical order: names by their code points, positions by number, the shorter path first."""
    return tuple((isinstance(step, str), step) for step in path)


def first_fault(error: ValidationError, more: list[tuple[Path, str]]) -> tuple[Path, str]:
    """Of all that is wrong, the first in canonical order."""
    found = [(_path(e), e["msg"]) for e in error.errors(include_url=False, include_input=False)]
    return min(found + more, key=lambda fault: in_order(fault[0]))


def _path(fault: ErrorDetails) -> Path:
    """Where a fault is in the document: without the tags of unions, and without the mark of a bad name in a mapping.

    That mark is `[key]`, which an unknown member may be called as well.
    """
    loc = fault["loc"]
    if loc[-1:] == ("[key]",) and fault["type"] not in ("extra_forbidden", _SHAPE):
        loc = loc[:-1]
    return tuple(step for step in loc if not (isinstance(step, str) and step.startswith(BRANCH)))
