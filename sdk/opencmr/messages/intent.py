"""What the customer wants, said to vendors of their choosing (`spec/v1/intent/page.md`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt

from .envelope import Body, Opening
from .model import Model
from .personal import Datum
from .types import (
    Claim,
    Count,
    Days,
    Distinct,
    Duration,
    Instant,
    Lang,
    Place,
    Price,
    Ref,
    Some,
    Term,
    TermsRef,
    Text,
    Token,
    Voucher,
    Want,
    Window,
)


class PoolPart(Model):
    """The pool that this intent speaks for."""

    pool: Ref
    members: Annotated[StrictInt, Field(ge=2)]
    at_least: Count | None = None


class Cast(Body):
    """A wish, for how much at most, where and when, and under the customer's own terms."""

    type = "intent.cast"
    place: ClassVar[Opening] = "first"
    expires = "must"

    wants: Some[Want]
    terms: Some[TermsRef]
    standing: Literal["browsing", "comparing", "ready"]
    until: Instant | None = None
    firm_for: Duration | None = None
    budget: Price | None = None
    at_least: Price | None = None
    places: Some[Place] | None = None
    window: Window | None = None
    delivery: Distinct[Token] | None = None
    payment: Distinct[Token] | None = None
    return_days: Days | None = None
    discloses: Some[Datum] | None = None
    on_accept: Distinct[Term] | None = None
    claims: Some[Claim] | None = None
    benefits: Some[Ref] | None = None
    codes: Distinct[Voucher] | None = None
    referral: Ref | None = None
    pool: PoolPart | None = None
    note: Text | None = None
    lang: Lang | None = None


class Amend(Cast):
    """The whole cast again, as it now stands."""

    type = "intent.amend"
    place = "later"


class Withdraw(Body):
    """The wish is no more; its offers lapse."""

    type = "intent.withdraw"

    reason: Token | None = None
