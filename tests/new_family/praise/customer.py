"""Praise in the customer's hand."""

from ....messages import praise
from ....protocol.families.praise import Praise
from ...party.given import made
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class PraiseInHand(Handle[Messaging, Praise]):
    """Praise that was given."""

    family = "praise"
    kind = Praise


class Praises(Threads[Messaging, PraiseInHand]):
    """The praise that was given here."""

    handle = PraiseInHand

    async def give(self, who: str, text: str | None = None) -> PraiseInHand:
        """Praise somebody who works for the vendor."""
        said = await self.relationship.say(made(praise.Give, who=who, text=text))
        return PraiseInHand(self.relationship, said)
