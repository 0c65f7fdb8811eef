"""The order that follows an accepted offer (`spec/v1/intent/page.md`)."""

from typing import ClassVar, Literal

from .envelope import Body
from .model import Model, Shaped, When
from .offer import Delivery
from .personal import Datum
from .types import File, Index, Instant, Money, Name, OrderLine, Party, Some, Text, Token, Url, Window


class OrderDatum(Datum):
    """A piece of personal data, the line that it is for, and whose it is where it is not the customer's."""

    line: Index | None = None
    of: Name | None = None


class Disclose(Body):
    """What the vendor needs to perform the order, said only once it stands."""

    type = "order.disclose"
    expires = "must"

    discloses: Some[OrderDatum]


class Payment(Model):
    """One way to pay, or one part of the payment."""

    method: Token
    amount: Money
    url: Url | None = None
    reference: Name | None = None
    due_by: Instant | None = None


class Confirm(Body):
    """The vendor's word that it performs the order, at the accepted total."""

    type = "order.confirm"

    reference: Name
    total: Money
    payment: Some[Payment] | None = None
    delivery: Delivery | None = None
    support: Party | None = None
    url: Url | None = None
    note: Text | None = None


class Access(Shaped):
    """A code or an address that opens what was bought."""

    code: Name | None = None
    url: Url | None = None
    expires: Instant | None = None

    shape: ClassVar = (When("url"), When(requires=("code",)))


Progress = Literal[
    "paid",
    "scheduled",
    "started",
    "shipped",
    "delayed",
    "failed",
    "ready",
    "delivered",
    "returned",
    "refunded",
    "done",
]
"""How far an order is."""


class Fulfil(Body, Shaped):
    """How far the order is, as a whole or for some lines; and what was paid back."""

    type = "order.fulfil"

    status: Progress
    lines: Some[OrderLine] | None = None
    amount: Money | None = None
    at: Instant | None = None
    note: Text | None = None
    carrier: Name | None = None
    tracking: Name | None = None
    tracking_url: Url | None = None
    window: Window | None = None
    total: Money | None = None
    files: Some[File] | None = None
    access: Some[Access] | None = None

    shape: ClassVar = (When("status", "refunded", requires=("amount",)), When(forbids=("amount",)))


class Cancel(Body):
    """The order is off, or lines of it. A vendor says once more what it refunds and what it keeps."""

    type = "order.cancel"

    reason: Token
    lines: Some[OrderLine] | None = None
    refund: Money | None = None
    fee: Money | None = None
    note: Text | None = None


class Withdraw(Body):
    """The customer withdraws from the order or from lines of it: a right, also when it is done."""

    type = "order.withdraw"

    ground: Literal["returns", "law"]
    lines: Some[OrderLine] | None = None
    reason: Token | None = None
    refund_to: Token | None = None
    note: Text | None = None
