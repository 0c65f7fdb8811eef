"""Terms: the customer proffers them, the vendor accepts, counters once, or declines (`spec/v1/terms/page.md`)."""

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from .envelope import Body
from .model import BRANCH
from .types import Instant, Ref, Some, TermsRef, Text, Token

Scope = Annotated[
    Annotated[Literal["relationship"], Tag(BRANCH + "whole")] | Annotated[Ref, Tag(BRANCH + "part")],
    Discriminator(lambda scope: BRANCH + ("whole" if isinstance(scope, str) else "part")),
]
"""The whole relationship, or the data of one message."""


class Proffer(Body):
    """The customer's terms, one or more, in order of preference."""

    type = "terms.proffer"
    place = "first"
    expires = "must"

    choices: Some[TermsRef]
    scope: Scope | None = None
    answer_by: Instant | None = None
    note: Text | None = None


class Accept(Body):
    """The terms that now bind both: one of the choices, or the counter."""

    type = "terms.accept"
    expires = "customer"

    terms: TermsRef


class Counter(Body):
    """One alternative, once."""

    type = "terms.counter"

    terms: TermsRef
    answer_by: Instant | None = None
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
