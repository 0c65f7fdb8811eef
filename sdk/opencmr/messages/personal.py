"""Personal data as it is disclosed, and the shape of the terms that orders need (`spec/v1/vocabulary.md`, shapes)."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from pydantic import (
    Discriminator,
    Field,
    StrictInt,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .. import _spec
from .model import BRANCH, Model
from .types import Country, Date, Distinct, Json, Lang, Name, PostalCode, Term, not_empty


def _text(pattern: str) -> StringConstraints:
    return StringConstraints(pattern=pattern, strict=True)


Email = Annotated[str, _text(r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}$")]
Phone = Annotated[str, _text(r"^[+][1-9][0-9]{4,14}$")]
Age = Annotated[StrictInt, Field(ge=0, le=150)]
Iban = Annotated[str, _text(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
VehicleRegistration = Annotated[str, StringConstraints(min_length=1, max_length=20, strict=True)]
TaxNumber = Annotated[str, _text(r"^[A-Za-z0-9][A-Za-z0-9 ./-]{0,39}$")]
MeterPoint = Annotated[str, _text(r"^[A-Z0-9]{6,33}$")]


class DrivingLicence(Model):
    """A driving licence, as far as who rents out a vehicle asks for it."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=40, strict=True)]
    country: Country | None = None
    expires: Date | None = None
    categories: Distinct[Annotated[str, _text(r"^[A-Z0-9]{1,4}$")]] | None = None


class NameParts(Model):
    """A person's name in its parts, as in schema.org; at least one."""

    given_name: Name | None = None
    additional_name: Name | None = None
    family_name: Name | None = None
    honorific_prefix: Name | None = None
    honorific_suffix: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return not_empty(self)


class PostalAddress(Model):
    """Where letters and parcels go, as in schema.org; at least one member."""

    name: Name | None = None
    street_address: Name | None = None
    extended_address: Name | None = None
    post_office_box_number: Name | None = None
    postal_code: PostalCode | None = None
    address_locality: Name | None = None
    address_region: Name | None = None
    address_country: Country | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return not_empty(self)


PersonName = Annotated[
    Annotated[Name, Tag(BRANCH + "whole")] | Annotated[NameParts, Tag(BRANCH + "parts")],
    Discriminator(lambda name: BRANCH + ("whole" if isinstance(name, str) else "parts")),
]

SHAPES: dict[str, Any] = {
    "Age": Age,
    "Country": Country,
    "Date": Date,
    "DrivingLicence": DrivingLicence,
    "Email": Email,
    "Iban": Iban,
    "Lang": Lang,
    "MeterPoint": MeterPoint,
    "PersonName": PersonName,
    "Phone": Phone,
    "PostalAddress": PostalAddress,
    "TaxNumber": TaxNumber,
    "VehicleRegistration": VehicleRegistration,
}
"""The types that `vocabulary/shapes.json` gives to terms, by their names."""


@cache
def shapes() -> dict[str, tuple[Any, TypeAdapter[Any]]]:
    """Term → what its value is, with its validator. The value of any other term is free."""
    made = {name: (shape, TypeAdapter(shape)) for name, shape in SHAPES.items()}
    return {term: made[name] for term, name in _spec.table("vocabulary/shapes.json")["terms"].items()}


class Datum(Model):
    """A piece of personal data: the term of the vocabulary, and its value in the shape of that term."""

    data: Term
    value: Json

    @classmethod
    def narrowed(cls, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """The shape of the value, where the vocabulary gives the term one."""
        term = members.get("data")
        found = shapes().get(term) if isinstance(term, str) else None
        return {"value": found[0]} if found else {}

    @model_validator(mode="after")
    def _in_the_shape_of_its_term(self) -> Self:
        if found := shapes().get(self.data):
            try:
                found[1].validate_python(self.value, by_alias=True, by_name=False)
            except ValidationError as error:
                why = error.errors(include_url=False, include_input=False)[0]["msg"]
                raise PydanticCustomError("shape", "{data}: {why}", {"data": self.data, "why": why}) from None
        return self
