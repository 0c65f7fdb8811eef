"""Consents: asked for by the vendor, or given unasked (`spec/v1/consent/`)."""

from ....messages import consent
from ....protocol.families.consent import Consent
from ...party.given import among, made
from ...party.signing import Deadline, Draft
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class ConsentInHand(Handle[Messaging, Consent]):
    """A consent, asked for or given unasked."""

    family = "consent"
    kind = Consent

    async def withdraw(self, *keys: str, heard: consent.Heard, reason: str | None = None) -> None:
        """Take back what the customer took back elsewhere, such as on the phone: all, or the items of these keys.

        Args:
            keys: The items; none: all.
            heard: Where and when the customer said so.
            reason: Why, as a code.

        Raises:
            UsageError: There is no item of such a key.
        """
        among("item", keys, self.record.items)
        await self.say(made(consent.Withdraw, keys=list(keys) or None, heard=heard, reason=reason))


class Consents(Threads[Messaging, ConsentInHand]):
    """The consents, in any state; those that were asked for and that have no answer are `requested`."""

    handle = ConsentInHand

    async def request(self, asked: consent.Request, *, expires: Deadline | None = None) -> ConsentInHand:
        """Ask for a consent.

        Args:
            asked: What is asked for.
            expires: Until when it can be answered; absent: for as long as nobody takes it back.

        Raises:
            UsageError: It cannot be said.
        """
        return ConsentInHand(self.relationship, await self.relationship.say(Draft(asked, expires)))
