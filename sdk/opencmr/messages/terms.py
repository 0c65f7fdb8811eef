"""Terms: the customer proffers them, the vendor accepts, counters once, or declines (`spec/v1/terms/page.md`)."""

from typing import Literal

from .envelope import Body
from .types import Ref, Some, TermsRef, Text, Token


class Proffer(Body):
    """The customer's terms, one or more, in order of preference."""

    type = "terms.proffer"
    place = "first"

    choices: Some[TermsRef]
    scope: Literal["relationship"] | Ref | None = None
    note: Text | None = None


class Accept(Body):
    """The terms that now bind both: one of the choices, or the counter."""

    type = "terms.accept"

    terms: TermsRef


class Counter(Body):
    """One alternative, once."""

    type = "terms.counter"

    terms: TermsRef
    reason: Token | None = None
    note: Text | None = None


class Decline(Body):
    """No to what is pending; ends what is live."""

    type = "terms.decline"

    reason: Token
    note: Text | None = None


class Terminate(Body):
    """The end of an agreement: its permissions end, its prohibitions and duties outlive it."""

    type = "terms.terminate"

    reason: Token | None = None
