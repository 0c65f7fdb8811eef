"""Praise in the vendor's hand."""

from ....messages import praise
from ....protocol.families.praise import Praise
from ...party.given import made
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class PraiseInHand(Handle[Messaging, Praise]):
    """Praise that a customer has given."""

    family = "praise"
    kind = Praise

    async def thank(self, text: str | None = None) -> None:
        """Thank the customer."""
        await self.say(made(praise.Thank, text=text))


class Praises(Threads[Messaging, PraiseInHand]):
    """The praise that the customer has given."""

    handle = PraiseInHand
