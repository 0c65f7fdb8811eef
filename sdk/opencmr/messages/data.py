"""Data: what the customer shares, objects to and has a right to, and what a vendor gives (`spec/v1/data/page.md`)."""

from typing import ClassVar, Literal

from .envelope import Body
from .model import Model, Shaped, When
from .personal import Datum
from .types import (
    Channel,
    Claim,
    Decimal,
    Distinct,
    File,
    Flag,
    Ident,
    Instant,
    MediaType,
    Money,
    Name,
    Party,
    Quantity,
    Ref,
    SignedMoney,
    Some,
    Term,
    Text,
    Token,
    Url,
)

Regime = Literal["gdpr", "ccpa", "dpdp", "other"]
"""A law that says by when a request is answered, of `vocabulary/regimes.json`."""
Right = Literal["access", "export", "correct", "erase", "review"]
Detail = Literal["categories", "specific", "recipients", "sources", "logic"]
"""How an access is wished."""
Document = Literal["receipt", "bill", "warranty"]
"""What a vendor gives."""
Status = Literal["received", "inProgress", "needVerification", "fulfilled", "partly", "denied"]
Reason = Literal[
    "suspectedFraud",
    "insufVerification",
    "noMatch",
    "claimNotCovered",
    "outsideJurisdiction",
    "tooManyRequests",
    "legalObligation",
    "extended",
    "other",
]


class Share(Body):
    """Data that the customer discloses, and the agreement, consent, order or request that it rests on."""

    type = "data.share"
    place = "either"
    expires = "must"

    discloses: Some[Datum]
    basis: Ref


class Object(Body):
    """The customer's no to what is done with data. What is not named is all; `restrict` leaves the storing."""

    type = "data.object"
    place = "first"

    right: Literal["object", "restrict"]
    data: Distinct[Term] | None = None
    purposes: Distinct[Term] | None = None
    actions: Distinct[Term] | None = None
    recipients: Some[Party] | None = None
    channels: Distinct[Channel] | None = None
    regime: Regime | None = None
    note: Text | None = None


class Request(Body, Shaped):
    """What the customer asks for by right. `identify` is there for that alone: that the vendor can find them."""

    type = "data.request"
    place = "first"
    expires = "must"

    right: Right
    data: Distinct[Term] | None = None
    detail: Detail | None = None
    to: Party | None = None
    media_type: MediaType | None = None
    corrections: Some[Datum] | None = None
    about: Ref | None = None
    identify: Some[Datum] | None = None
    claims: Some[Claim] | None = None
    regime: Regime | None = None
    note: Text | None = None

    shape: ClassVar = (
        When("right", "access", forbids=("to", "corrections")),
        When("right", "export", forbids=("detail", "corrections")),
        When("right", "correct", requires=("corrections",), forbids=("data", "detail", "to", "media_type")),
        When("right", "erase", forbids=("detail", "to", "media_type", "corrections", "about")),
        When("right", "review", requires=("about",), forbids=("detail", "to", "media_type", "corrections")),
    )


class Kept(Model):
    """Data that a vendor keeps though it is to be erased, and why."""

    data: Distinct[Term]
    because: Literal["legalObligation", "order", "claims", "publicInterest", "other"]
    until: Instant | None = None


_RESULT = ("available_until", "categories", "data", "files", "kept")


class Answer(Body, Shaped):
    """How far a vendor is with a request, and what comes of it."""

    type = "data.answer"

    status: Status
    reason: Distinct[Reason] | None = None
    due_by: Instant | None = None
    available_until: Instant | None = None
    needs: Distinct[Term] | None = None
    verify_url: Url | None = None
    categories: Distinct[Term] | None = None
    data: Some[Datum] | None = None
    files: Some[File] | None = None
    kept: Some[Kept] | None = None
    note: Text | None = None

    shape: ClassVar = (
        When("status", "received", forbids=("needs", "verify_url", *_RESULT)),
        When("status", "inProgress", forbids=("needs", "verify_url", *_RESULT)),
        When("status", "needVerification", forbids=_RESULT),
        When("status", "fulfilled", forbids=("due_by", "needs", "verify_url", "kept")),
        When("status", "partly", forbids=("due_by", "needs", "verify_url")),
        When("status", "denied", requires=("reason",), forbids=("due_by", "needs", "verify_url", *_RESULT[:-1])),
    )


class Cancel(Body):
    """The customer takes a request back. It gives nothing back that the request has forbidden."""

    type = "data.cancel"

    reason: Token | None = None


class GivenLine(Model):
    """One line of a receipt or a bill; `price` is the whole line's."""

    name: Name
    price: Money
    quantity: Quantity | None = None
    identifiers: Some[Ident] | None = None


class GivenAdjustment(Model):
    """What is added to the lines, or taken off."""

    kind: Literal["tax", "delivery", "discount", "fee", "surcharge", "deposit", "rounding"]
    amount: SignedMoney
    percent: Decimal | None = None
    included: Flag | None = None
    label: Name | None = None


class Give(Body, Shaped):
    """A document that a vendor gives unasked: a receipt, a bill, a warranty. It has no room for advertising."""

    type = "data.give"
    place = "first"

    kind: Document
    about: Ref
    files: Some[File] | None = None
    lines: Some[GivenLine] | None = None
    adjustments: Some[GivenAdjustment] | None = None
    total: Money | None = None

    shape: ClassVar = (
        When("lines", requires=("total",)),
        When(requires=("files",), forbids=("adjustments", "total")),
    )
