"""A vendor's new key, introduced by one that is pinned (`spec/v1/relationship/page.md`)."""

from pydantic import Field

from .envelope import Body
from .types import Distinct, Instant, KeyUrl, Multikey


class Introduce(Body):
    """The vendor signs with this key too from now on, or from an instant on, and no more with those that end."""

    type = "key.introduce"
    place = "either"

    key: Multikey
    from_: Instant | None = Field(None, alias="from")
    ends: Distinct[KeyUrl] | None = None
