"""Receipts, collecting what waits, and fetching files (`spec/v1/core/page.md`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt, StringConstraints

from .envelope import Body, Message
from .model import Model, Shaped, When
from .types import CustomerDid, Digest, Key, Name, Text, Uri

MOST_RECEIPTS = 20
"""The most receipts that one collect brings. Later ones bring the rest."""


class ProblemDetail(Model):
    """A problem as it travels (`spec/v1/problems.md`)."""

    type: Uri
    title: Name
    status: Annotated[StrictInt, Field(ge=400, le=599)]
    fault: Literal["sender", "receiver"]
    retry: Annotated[bool, Field(strict=True)]
    detail: Text | None = None
    pointer: Annotated[str, StringConstraints(max_length=500, strict=True)] | None = None
    rule: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,5}-[0-9]{1,3}$", strict=True)] | None = None
    expected: Annotated[list[Name], Field(min_length=1, max_length=64)] | None = None


class Receipt(Body, Shaped):
    """The signed answer to a message that has been decided: taken, moot, or refused for good."""

    type = "receipt"
    place = "none"

    of: Digest
    outcome: Literal["accepted", "refused", "moot"]
    state: Key | None = None
    problem: ProblemDetail | None = None

    shape: ClassVar = (
        When("outcome", "refused", requires=("problem",), forbids=("state",)),
        When(requires=("state",), forbids=("problem",)),
    )


class ReceiptMessage(Shaped, Message[Receipt]):
    """A customer's receipt inside a collect: what the top level checks of its envelope stands here as types."""

    opencmr: Literal["1.0"]
    type: Literal["receipt"]
    from_: CustomerDid = Field(alias="from")

    shape: ClassVar = (When(forbids=("number", "prior", "seen", "expires")),)


class Collect(Body):
    """Ask for what waits after the word that the envelope has `seen`, acknowledging all up to it. Valid once."""

    type = "mailbox.collect"
    place = "none"

    limit: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    wait: Annotated[StrictInt, Field(ge=0, le=30)] | None = None
    receipts: Annotated[list[ReceiptMessage], Field(min_length=1, max_length=MOST_RECEIPTS)] | None = None


class Fetch(Body):
    """Ask for the bytes of a file that the vendor's message `of` names, from the byte `from_` on. Valid once."""

    type = "blob.fetch"
    place = "none"

    digest: Digest
    of: Digest
    from_: Annotated[StrictInt, Field(ge=0, le=2**53 - 1)] | None = Field(None, alias="from")


REQUESTS = (Collect, Fetch)
"""What a customer asks with, and only a customer: it is stored nowhere, gets no receipt, and opens a thread of its own
in which nothing follows."""
REQUEST_TYPES = tuple(body.type for body in REQUESTS)
