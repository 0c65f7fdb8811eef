"""Offers: firm until they expire, under the customer's terms (`spec/v1/intent/page.md`)."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from .envelope import Body
from .model import Model
from .types import (
    Attr,
    Benefit,
    Days,
    Decimal,
    Distinct,
    Doc,
    Ident,
    Key,
    Lang,
    Money,
    Name,
    Place,
    Price,
    Quantity,
    Recurs,
    Ref,
    SignedMoney,
    Some,
    Term,
    TermsRef,
    Text,
    Token,
    Window,
)


class Tier(Model):
    """A unit price from a quantity upwards."""

    from_: Decimal = Field(alias="from")
    unit_price: Money


class Line(Model):
    """One line of an offer; `price` is the whole line's, `want` the position of the wish that it answers."""

    name: Name
    price: Price
    want: Annotated[StrictInt, Field(ge=0)] | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    identifiers: Some[Ident] | None = None
    attributes: Some[Attr] | None = None
    condition: Literal["NewCondition", "UsedCondition", "RefurbishedCondition", "DamagedCondition"] | None = None
    recurs: Recurs | None = None
    tiers: Some[Tier] | None = None


class Adjustment(Model):
    """What is added to the lines, or taken off."""

    kind: Literal["tax", "delivery", "discount", "fee", "surcharge", "deposit", "estimate"]
    amount: SignedMoney
    label: Name | None = None
    payee: Name | None = None
    benefit: Key | None = None


class Delivery(Model):
    """How, when and where it gets to the customer."""

    method: Token
    window: Window | None = None
    place: Place | None = None
    carrier: Name | None = None


class Returns(Model):
    """For how many days it may be sent back, and who pays for that."""

    days: Days
    paid_by: Literal["customer", "vendor"] | None = None


class Make(Body):
    """A firm offer. Making it is accepting, by signature, the terms that it stands `under`."""

    type = "offer.make"
    place = "either"
    expires = "must"

    lines: Some[Line]
    total: Money
    under: TermsRef
    adjustments: Some[Adjustment] | None = None
    delivery: Delivery | None = None
    payment: Distinct[Token] | None = None
    returns: Returns | None = None
    needs: Distinct[Term] | None = None
    conditions: Some[Doc] | None = None
    earns: Some[Benefit] | None = None
    basis: Ref | None = None
    note: Text | None = None
    lang: Lang | None = None


class Decline(Body):
    """No to one offer."""

    type = "offer.decline"

    offer: Ref
    reason: Token
    note: Text | None = None


class Accept(Body):
    """Yes to one firm offer, at its total: the order."""

    type = "offer.accept"
    expires = "must"

    offer: Ref
    total: Money
    payment: Token | None = None
    benefits: Distinct[Key] | None = None
