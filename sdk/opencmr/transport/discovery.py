"""What a vendor says of itself before anyone tells it anything: `opencmr` and `myterms.json` under `/.well-known/`.

Neither is signed, and neither is authority: what binds is in messages. So what a reader does not know, it passes over.
"""

from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, ValidationError

from ..errors import Malformed
from ..messages import pointer
from ..messages.model import Model
from ..messages.types import Code, Country, Degrees, Did, Digest, Name, Scheme, Some, TermsId, Token, Url

T = TypeVar("T")

Listed = Annotated[list[T], Field(max_length=1000)]
AnyTerm = Scheme
"""A term of our vocabularies, or of one that is not known here: a reader makes of it what it can."""


class _Open(Model, extra="ignore"):
    """An object with room for members that are not known here."""

    @classmethod
    def read(cls, members: Any) -> Self:
        """The document that a vendor serves.

        Raises:
            Malformed: Says which member.
        """
        try:
            return cls.model_validate(members, by_alias=True, by_name=False)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise Malformed(fault["msg"], pointer=pointer(fault["loc"])) from error


class AcceptedTerms(_Open):
    """Terms that the vendor accepts."""

    id: TermsId
    digest: Digest


class AskedConsent(_Open):
    """What the vendor may ask consent for."""

    purposes: Some[AnyTerm] | None = None
    data: Some[AnyTerm] | None = None
    actions: Some[AnyTerm] | None = None
    channels: Some[Token] | None = None


class Category(Code, extra="ignore"):
    """What the vendor deals in."""


class Circle(_Open):
    """A circle on the map."""

    latitude: Degrees
    longitude: Degrees
    metres: Annotated[int, Field(ge=1, strict=True)]


class Served(_Open):
    """Where the vendor deals. It may say nothing that is known here."""

    name: Name | None = None
    country: Country | None = None
    locality: Name | None = None
    postal_code: Annotated[str, Field(min_length=1, max_length=20, strict=True)] | None = None
    near: Circle | None = None


class Discovery(_Open):
    """The document `/.well-known/opencmr`.

    Attributes:
        endpoint: As in the DID document, which wins if they differ.
        versions: Wire versions spoken.
        types: Message types that the vendor reads.
        forgets_after_days: After how many days it forgets a relationship that never came to anything; none: never.
    """

    did: Did
    name: Name | None = None
    roles: Some[Token]
    endpoint: Url
    versions: Some[Token]
    types: Listed[Token]
    terms: Listed[AcceptedTerms]
    consents: Listed[AskedConsent] | None = None
    categories: Listed[Category] | None = None
    places: Listed[Served] | None = None
    forgets_after_days: Annotated[int, Field(ge=1, strict=True)] | None = None


class Agreement(_Open):
    """An agreement of the roster of IEEE Std 7012 that the site accepts."""

    id: TermsId
    url: Url | None = None


class MyTerms(_Open, alias_generator=None):
    """The document `/.well-known/myterms.json`, as sites publish it; its names are its own.

    Attributes:
        effective_date: Since when, as an RFC 2822 date.
        tos_url: The site's own terms page; `tos` is its HTML.
    """

    effective_date: Name
    agreements: Listed[Agreement]
    tos_url: Url | None = None
    tos: Annotated[str, Field(max_length=1_000_000)] | None = None
