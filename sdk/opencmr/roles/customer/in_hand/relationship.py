"""The relationship itself: its opening, its move to another key, and its close (`spec/v1/relationship/`)."""

from ....errors import UsageError
from ....messages import relationship
from ....messages.types import Ref
from ....protocol.families.relationship import Relationship as Standing
from ....trust import key_digest
from ...party.given import made
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class StandingInHand(Handle[Messaging, Standing]):
    """Who speaks in a relationship, and whether it is closed."""

    family = "relationship"
    kind = Standing


class Standings(Threads[Messaging, StandingInHand]):
    """The thread about the relationship itself; more than one only where it was closed in another."""

    handle = StandingInHand

    async def open(self, *languages: str, referral: Ref | None = None) -> StandingInHand:
        """Open the relationship: announce the key to which alone it can move. It is the first word, or none.

        The next key is kept apart, in the file that `Customer.open` names. Without this word a lost key ends the
        relationship, and a stolen one cannot be taken out of the thief's hands.

        Args:
            languages: In which the customer wants to be addressed, the most wanted first.
            referral: What led the customer here.

        Raises:
            UsageError: Something was said here before.
            KeyFileError: The next key cannot be kept.
        """
        if self.relationship.has_spoken:
            raise UsageError("a relationship is opened by its first word, and this one has others")
        next_ = key_digest(self.relationship.keyring.announce(self.relationship.me))
        body = made(relationship.Open, next=next_, languages=list(languages) or None, referral=referral)
        return StandingInHand(self.relationship, await self.relationship.say(body))

    async def move(self) -> StandingInHand:
        """Go on under the next key, and announce the one after it. The key of before is worth nothing from then on.

        Where a move waits for its receipt, it is sent again.

        Raises:
            UsageError: The relationship was not opened.
            KeyFileError: The next key is not here, or the one after it cannot be kept.
        """
        opened = next((each for each in self if each.record.customer is not None), None)
        if opened is None:
            raise UsageError("the relationship was not opened, so it has no next key")
        me, ring = self.relationship.me, self.relationship.keyring
        if self.relationship.moves:
            await self.relationship.sync()
            if self.relationship.me != me:
                ring.used(me)
            return opened
        did = ring.take(me)
        body = made(relationship.Move, was=me, next=key_digest(ring.announce(did)))
        await self.relationship.say(body, opened.thread, under=did)
        ring.used(me)
        return opened

    async def close(self, reason: str | None = None) -> StandingInHand:
        """Take back all that agreements and consents permit. The vendor cannot refuse this. Orders go on.

        Args:
            reason: Why, as a code.
        """
        thread = next((each.thread for each in self), None)
        said = await self.relationship.say(made(relationship.Close, reason=reason), thread)
        return StandingInHand(self.relationship, said)
