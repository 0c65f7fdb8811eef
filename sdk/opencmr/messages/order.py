"""The order that follows an accepted offer (`spec/v1/intent/page.md`)."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from .envelope import Body
from .model import Model
from .offer import Delivery
from .personal import Datum
from .types import File, Instant, Money, Name, Some, Text, Token, Url, Window


class Disclose(Body):
    """What the vendor needs to perform the order, said only once it stands."""

    type = "order.disclose"
    expires = "must"

    discloses: Some[Datum]


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
    note: Text | None = None


class Fulfil(Body):
    """How far the order is."""

    type = "order.fulfil"

    status: Literal["paid", "started", "shipped", "ready", "delivered", "done"]
    lines: Annotated[list[Annotated[StrictInt, Field(ge=0)]], Field(min_length=1, max_length=64)] | None = None
    carrier: Name | None = None
    tracking: Name | None = None
    tracking_url: Url | None = None
    window: Window | None = None
    total: Money | None = None
    files: Some[File] | None = None


class Cancel(Body):
    """The order is off. A vendor says once more what it refunds and what it keeps."""

    type = "order.cancel"

    reason: Token
    refund: Money | None = None
    fee: Money | None = None
    note: Text | None = None
