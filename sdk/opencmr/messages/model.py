"""How every part of a message is declared: closed, frozen, camelCase on the wire, snake_case in Python."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, NoReturn, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

BRANCH = "§"
"""Begins the tag of a branch of a union, so that the tag is left out of the paths of faults. No member begins so: their
names are ASCII."""


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
    def narrowed(cls, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """What members have to be because of others, beside what their fields say. Members go by their wire names."""
        return {}


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
                        self._refuse(members)
                for name in forbids:
                    if members[name] is not None:
                        self._refuse(members)
                break
        return self

    @classmethod
    def _refuse(cls, members: Mapping[str, Any]) -> NoReturn:
        names = cls.wire_names()
        faults = [
            InitErrorDetails(type=PydanticCustomError("shape", "{why}", {"why": why}), loc=(names[name],), input=None)
            for name, why in cls.misfits(members)
        ]
        raise ValidationError.from_exception_data(cls.__name__, faults)

    @classmethod
    def misfits(cls, members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The members, by their Python names, that are missing or may not be there, and which of the two."""
        for member, value, requires, forbids in cls.shape:
            found = None if member is None else members.get(member)
            if member is None or (found is not None if value is None else found == value):
                yield from ((name, "missing") for name in requires if members.get(name) is None)
                yield from ((name, "not allowed here") for name in forbids if members.get(name) is not None)
                break


def in_order(path: Path) -> tuple[tuple[bool, str | int], ...]:
    """The key of canonical order: names by their code points, positions by number, the shorter path first."""
    return tuple((isinstance(step, str), step) for step in path)
