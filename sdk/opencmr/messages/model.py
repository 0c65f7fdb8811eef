"""How every part of a message is declared: closed, frozen, camelCase on the wire, snake_case in Python."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

BRANCH = "|"
"""Begins the tag of a branch of a union, so that the tag is left out of the paths of faults."""


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

    A line without `member` is the last word.
    """

    member: str | None = None
    value: str | None = None
    requires: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()

    def applies(self, present: Callable[[str], Any]) -> bool:
        """Whether this line decides, for an object whose members `present` looks up."""
        if self.member is None:
            return True
        found = present(self.member)
        return found is not None if self.value is None else found == self.value


class Shaped(Model):
    """An object whose members depend on one another. The first line of `shape` that applies decides."""

    shape: ClassVar[tuple[When, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _in_shape(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        faults = list(cls._shape_faults(data)) if isinstance(data, dict) else []
        if not faults:
            return handler(data)
        try:
            handler(data)
        except ValidationError as error:
            faults += [
                InitErrorDetails(type=PydanticCustomError("bad", "{why}", {"why": e["msg"]}), loc=e["loc"], input=None)
                for e in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        raise ValidationError.from_exception_data(cls.__name__, faults)

    @classmethod
    def _shape_faults(cls, data: dict[str, Any]) -> list[InitErrorDetails]:
        def present(name: str) -> Any:
            found = data.get(to_camel(name))
            return data.get(name) if found is None else found

        line = next((line for line in cls.shape if line.applies(present)), When())
        missing = [(name, "missing") for name in line.requires if present(name) is None]
        forbidden = [(name, "not allowed here") for name in line.forbids if present(name) is not None]
        return [
            InitErrorDetails(
                type=PydanticCustomError("shape", "{why}", {"why": why}), loc=(to_camel(name),), input=None
            )
            for name, why in missing + forbidden
        ]


def first_fault(error: ValidationError, more: list[tuple[Path, str]]) -> tuple[Path, str]:
    """Of all that is wrong, the first in canonical order: names by their code points, positions by number."""
    found = [(_path(e["loc"]), e["msg"]) for e in error.errors(include_url=False, include_input=False)]
    return min(found + more, key=lambda fault: tuple((isinstance(step, str), step) for step in fault[0]))


def _path(loc: Path) -> Path:
    """Where a fault is in the document: without the tags of unions, and without the mark of a bad name in a mapping."""
    return tuple(step for step in loc if not (isinstance(step, str) and (step.startswith(BRANCH) or step == "[key]")))
