"""The one envelope of every message (`spec/v1/envelope.md`)."""

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, StrictInt

from .model import Model
from .types import Did, Digest, Extensions, Instant, KeyUrl, ProofValue, Side, Uuid

Opening = Literal["first", "later", "either", "none"]
Deadline = Literal["must", "may", "never", "customer"]


class Body(Model):
    """The content of one message type.

    Attributes:
        type: The message type, such as `consent.grant`.
        place: Whether the type opens a thread: `first` always, `later` never, `either`; `none` is no entry at all.
        expires: Whether the envelope must say when the message expires, may, or must not; `customer`: the customer's
            must, the vendor's must not.
    """

    type: ClassVar[str]
    place: ClassVar[Opening] = "later"
    expires: ClassVar[Deadline] = "never"


class Proof(Model):
    """A W3C Data Integrity proof of the cryptosuite `eddsa-jcs-2022`."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-jcs-2022"]
    verification_method: KeyUrl
    proof_purpose: Literal["assertionMethod"]
    proof_value: ProofValue


B = TypeVar("B", bound=Body | dict[str, Any])
Place = Annotated[StrictInt, Field(ge=1, le=2**53 - 1)]
"""Where a vendor's word stands among all that it has said in the relationship."""
MessageType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z][a-zA-Z0-9-]*)*$", max_length=200)]


class Message(Model, Generic[B]):
    """A signed message: `from_` said `body` to `to`, in `thread`.

    Attributes:
        opencmr: Number of the version that it is read under; the envelope alone is the same in all of 1.x.
        number: Of a vendor's word: its place in the relationship, counted from 1.
        prior: Digest of the sender's own word before this one; absent in the first.
        seen: Of a customer's word: digest of the vendor's word up to which the sender holds its chain without a gap.
    """

    opencmr: str
    id: Uuid
    type: MessageType
    from_: Did = Field(alias="from")
    to: Did
    thread: Uuid
    created: Instant
    number: Place | None = None
    prior: Digest | None = None
    seen: Digest | None = None
    expires: Instant | None = None
    body: B
    ext: Extensions | None = None
    proof: Proof

    @property
    def opens(self) -> bool:
        """Whether this is its thread's first message, by its own word."""
        return self.thread == self.id

    @property
    def side(self) -> Side:
        """Which side says it: customers are a `did:key`, vendors a `did:web` (`spec/v1/identity.md`)."""
        return side_of(self.from_)


def side_of(did: str) -> Side:
    """Which side a DID is on."""
    return "customer" if did.startswith("did:key:") else "vendor"


AnyBody = dict[str, Any]
"""A body that nobody has looked into: its sender is not known yet, or its type is not. It came as JSON."""
