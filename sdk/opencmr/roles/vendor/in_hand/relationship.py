"""The relationship itself: under which key the customer speaks, and with which the vendor signs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....errors import Problem, UsageError
from ....messages import key
from ....protocol.families.relationship import Relationship as Standing
from ...party.given import made
from ...party.signing import Moment, exactly
from ...party.threads import Handle, Threads
from ..messaging import Messaging

if TYPE_CHECKING:
    from ..keys import Keys
    from ..relationship import Relationship


class StandingInHand(Handle[Messaging, Standing]):
    """Who speaks in a relationship, and whether the customer has closed it."""

    family = "relationship"
    kind = Standing


class Standings(Threads[Messaging, StandingInHand]):
    """The thread about the relationship itself; more than one only where the customer closed in another."""

    handle = StandingInHand

    async def introduce(self, public: str, *, begins: Moment | None = None, ends: Sequence[str] = ()) -> StandingInHand:
        """Introduce a further key of ours to this customer.

        Args:
            public: The key, in multibase.
            begins: From when on it signs; absent: from its place on.
            ends: URLs of keys that count no more from then on.

        Raises:
            UsageError: It cannot be said.
        """
        body = made(key.Introduce, key=public, from_=exactly(begins) if begins else None, ends=list(ends) or None)
        thread = next((each.thread for each in self), None)
        return StandingInHand(self.relationship, await self.relationship.say(body, thread))


class IntroducesKeys:
    """What a vendor adds: a further key, introduced to all customers."""

    if TYPE_CHECKING:
        _keys: Keys

        def relationships(self) -> list[Relationship]:
            """See `Vendor.relationships`."""
            ...

    async def introduce_key(self, *, begins: Moment | None = None, ends: bool = False) -> dict[str, Exception]:
        """Make a further key, serve it in `did.json`, and introduce it to every customer: there it signs from then on.

        The keys that there were go on to be served, and to sign where it could not be introduced yet.

        Args:
            begins: From when on it signs; absent: from its introduction on.
            ends: Whether the keys that there are count no more from then on.

        Returns:
            The DIDs of customers to whom it could not be introduced, and why: such as a store that was put back from a
            copy, before they have collected.

        Raises:
            KeyFileError: The key file cannot be written. Nothing was said.
        """
        old = list(self._keys.public)
        public = self._keys.add()
        failed: dict[str, Exception] = {}
        for one in self.relationships():
            try:
                await one.standing.introduce(public, begins=begins, ends=old if ends else ())
            except (Problem, UsageError) as error:
                failed[one.customer] = error
        return failed
