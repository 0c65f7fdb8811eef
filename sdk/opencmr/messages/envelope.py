"""The one envelope of every message (`spec/v1/envelope.md`)."""

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, JsonValue

from .model import Model
from .types import Did, Digest, Extensions, Instant, KeyUrl, ProofValue, Uuid

VERSION = "1.0"
"""The protocol version that this package speaks."""


Opening = Literal["first", "later", "either", "none"]


class Body(Model):
    """The content of one message type.

    Attributes:
        type: The message type, such as `consent.grant`.
        place: Whether the type opens a thread: `first` always, `later` never, `either`; `none` is no entry at all.
        expires: Whether the envelope must say when the message expires, may, or must not.
    """

    type: ClassVar[str]
    place: ClassVar[Opening] = "later"
    expires: ClassVar[Literal["must", "may", "never"]] = "may"


class Proof(Model):
    """A W3C Data Integrity proof of the cryptosuite `eddsa-jcs-2022`."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-jcs-2022"]
    verification_method: KeyUrl
    proof_purpose: Literal["assertionMethod"]
    proof_value: ProofValue


B = TypeVar("B", bound=Body | dict[str, Any])
MessageType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z][a-zA-Z0-9-]*)*$", max_length=200)]


class Message(Model, Generic[B]):
    """A signed message: `from_` said `body` to `to`, in `thread`, in reply to the message of that digest."""

    opencmr: Literal["1.0"]
    id: Uuid
    type: MessageType
    from_: Did = Field(alias="from")
    to: Did
    thread: Uuid
    in_reply_to: Digest | None = None
    created: Instant
    expires: Instant | None = None
    body: B
    ext: Extensions | None = None
    proof: Proof

    @property
    def opens(self) -> bool:
        """Whether this is its thread's first message, by its own word."""
        return self.thread == self.id


AnyBody = dict[str, JsonValue]
