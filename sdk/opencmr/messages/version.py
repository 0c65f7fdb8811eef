"""The wire version: a number, and the message types that can be said under it (`spec/versioning.md`).

A message names the version that it is read under, for ever. Today one version is registered; a next one is another
`Version` in `VERSIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from . import consent, core, intent, offer, order, terms
from .envelope import Body


@dataclass(frozen=True, slots=True)
class Version:
    """One wire version.

    Attributes:
        number: What messages call it, in `opencmr`.
        types: Every message type of it, and what its body is.
    """

    number: str
    types: Mapping[str, type[Body]]


V1 = Version(
    "1.0",
    {
        body.type: body
        for body in (
            core.Receipt,
            core.Collect,
            terms.Proffer,
            terms.Accept,
            terms.Counter,
            terms.Decline,
            terms.Terminate,
            consent.Request,
            consent.Grant,
            consent.Refuse,
            consent.Withdraw,
            intent.Cast,
            intent.Amend,
            intent.Withdraw,
            offer.Make,
            offer.Decline,
            offer.Accept,
            order.Disclose,
            order.Confirm,
            order.Fulfil,
            order.Cancel,
            order.Withdraw,
        )
    },
)
VERSIONS = {V1.number: V1}
"""Every version that is spoken here, by its number, the lowest first."""

VERSION = V1.number
"""The number of version 1.0."""
BODIES = V1.types
"""Every message type of version 1.0, and what its body is."""


def lowest(body: type[Body]) -> Version:
    """The lowest version that can say a body; where none can, the first, whose readers will say so (ENV-5)."""
    return next((version for version in VERSIONS.values() if version.types.get(body.type) is body), V1)
