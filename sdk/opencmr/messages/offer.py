"""Offers: firm until they expire, under the customer's terms (`spec/v1/intent/page.md`)."""

from typing import ClassVar, Literal

from pydantic import Field

from .envelope import Body
from .model import Model, Shaped, When
from .types import (
    Attr,
    Benefit,
    Days,
    Decimal,
    Distinct,
    Doc,
    Duration,
    File,
    Flag,
    Ident,
    Index,
    Instant,
    Key,
    Lang,
    Money,
    Name,
    Party,
    Place,
    Quantity,
    Recurs,
    Ref,
    SignedMoney,
    Some,
    Term,
    TermsRef,
    Text,
    Token,
    Url,
    Voucher,
    WeeklyTime,
    Window,
)


class Tier(Model):
    """A unit price from a quantity upwards; negative where the vendor pays it."""

    from_: Decimal = Field(alias="from")
    unit_price: SignedMoney


class Line(Shaped):
    """One line of an offer; `price` is the whole line's, `want` the position of the wish that it answers.

    It is owed once, or in each period where it `recurs`. With a `unit_price` alone it is metered, and in no sum; where
    that is negative, the vendor pays it. `times` are those of the week that the line is for: no rule reads them.
    """

    name: Name
    price: Money | None = None
    want: Index | None = None
    quantity: Quantity | None = None
    unit_price: SignedMoney | None = None
    identifiers: Some[Ident] | None = None
    attributes: Some[Attr] | None = None
    condition: Literal["NewCondition", "UsedCondition", "RefurbishedCondition", "DamagedCondition"] | None = None
    window: Window | None = None
    times: Some[WeeklyTime] | None = None
    places: Some[Place] | None = None
    text: Text | None = None
    url: Url | None = None
    files: Some[File] | None = None
    recurs: Recurs | None = None
    tiers: Some[Tier] | None = None

    shape: ClassVar = (When("unit_price"), When(requires=("price",)))


class Adjustment(Shaped):
    """What is added to the lines, or taken off; it comes back with the `lines` that it names, where these recur."""

    kind: Literal["tax", "delivery", "discount", "fee", "surcharge", "deposit", "rounding", "estimate"]
    amount: SignedMoney
    lines: Distinct[Index] | None = None
    percent: Decimal | None = None
    included: Flag | None = None
    refundable: Flag | None = None
    returned_by: Window | None = None
    label: Name | None = None
    payee: Name | None = None
    benefit: Key | None = None

    shape: ClassVar = (When("returned_by", requires=("refundable",)),)

    @property
    def counts(self) -> bool:
        """Whether it is owed on top: what prices hold already is not, nor is what nobody knows yet."""
        return not self.included and self.kind != "estimate"


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


class Part(Shaped):
    """A part of the total, and when it is due: an instant, or in words."""

    amount: Money
    due_by: Instant | None = None
    due: Name | None = None

    shape: ClassVar = (When("due_by", forbids=("due",)), When(requires=("due",)))


class Charge(Shaped):
    """What cancelling or changing costs `until` an instant, or so long `before` the delivery: nothing unless said."""

    until: Instant | None = None
    before: Duration | None = None
    fee: Money | None = None
    percent: Decimal | None = None

    shape: ClassVar = (When("until", forbids=("before",)), When(requires=("before",)))


class Recipient(Model):
    """Somebody besides the vendor who gets data to perform the order."""

    party: Party
    data: Distinct[Term]


class Make(Body):
    """A firm offer. Making it is accepting, by signature, the terms that it stands `under`.

    `total` is what is owed once, `commitment` all that is owed at least where a line recurs.
    """

    type = "offer.make"
    place = "either"
    expires = "must"

    lines: Some[Line]
    total: Money
    commitment: Money | None = None
    under: TermsRef
    adjustments: Some[Adjustment] | None = None
    delivery: Delivery | None = None
    payment: Distinct[Token] | None = None
    schedule: Some[Part] | None = None
    cancellation: Some[Charge] | None = None
    changes: Some[Charge] | None = None
    returns: Returns | None = None
    warranty: Duration | None = None
    needs: Distinct[Term] | None = None
    recipients: Some[Recipient] | None = None
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


class PaymentShare(Model):
    """A payment method, and how much of the total is paid by it; absent: what is left."""

    method: Token
    amount: Money | None = None


class Accept(Body):
    """Yes to one firm offer, at its total, and at its commitment where it has one: the order."""

    type = "offer.accept"
    expires = "must"

    offer: Ref
    total: Money
    commitment: Money | None = None
    payment: Some[PaymentShare] | None = None
    benefits: Distinct[Key] | None = None
    codes: Distinct[Voucher] | None = None
