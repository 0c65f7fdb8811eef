"""The relationship itself: the customer's next key, the move to it, and the end (`spec/v1/relationship/page.md`)."""

from .envelope import Body
from .types import CustomerDid, Digest, Distinct, Lang, Ref, Token


class Open(Body):
    """The customer's first word: the digest of their next key, with which alone the relationship can move."""

    type = "relationship.open"
    place = "first"
    expires = "must"

    next: Digest
    languages: Distinct[Lang] | None = None
    referral: Ref | None = None


class Move(Body):
    """The customer goes on under the key that was announced: `was` is the DID of before, `next` the key after."""

    type = "relationship.move"
    expires = "must"

    was: CustomerDid
    next: Digest


class Close(Body):
    """The customer's no to all that agreements and consents permit. Orders go on."""

    type = "relationship.close"
    place = "either"

    reason: Token | None = None
