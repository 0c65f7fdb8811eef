"""Data: rights requests, objections, what is shared, and what the vendor gives (`spec/v1/data/`)."""

from collections.abc import Sequence
from typing import Any

from ....errors import UsageError
from ....messages.data import Answer, Cancel, Detail, Object, Regime, Request, Right, Share
from ....messages.personal import Datum
from ....messages.types import Channel, Claim, Party, Ref
from ....protocol.families.data import Giving, Objection, RightsRequest, Sharing, is_live
from ...party.given import listed, made
from ...party.signing import Deadline, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class RightsRequestInHand(Handle[Messaging, RightsRequest]):
    """A rights request, and what came of it."""

    family = "data"
    kind = RightsRequest

    @property
    def answer(self) -> Answer | None:
        """The vendor's latest answer; none while there is none."""
        return self.record.answer

    def overdue(self, at: Deadline | None = None) -> bool:
        """Whether the vendor is behind with confirming or answering it.

        Args:
            at: When; absent: now.
        """
        now = self.relationship.now()
        return self.record.overdue(now if at is None else deadline(at, now))

    async def share(self, discloses: Sequence[Datum]) -> None:
        """Disclose what the vendor needs to answer it, such as to be sure who asks. It may use it for that alone."""
        asked = self.record.asked
        basis = Ref(id=asked.message.id, digest=asked.digest)
        await self.say(made(Share, discloses=listed("discloses", discloses), basis=basis))

    async def cancel(self, reason: str | None = None) -> None:
        """Take the request back. The vendor cannot refuse this. What a request to erase has forbidden stays so."""
        await self.say(made(Cancel, reason=reason))


class RightsRequests(Threads[Messaging, RightsRequestInHand]):
    """The rights requests, in any state."""

    handle = RightsRequestInHand

    async def request(
        self,
        right: Right,
        *,
        data: Sequence[str] = (),
        regime: Regime | None = None,
        detail: Detail | None = None,
        to: Party | None = None,
        media_type: str | None = None,
        corrections: Sequence[Datum] = (),
        about: Ref | None = None,
        identify: Sequence[Datum] = (),
        claims: Sequence[Claim] = (),
        note: str | None = None,
    ) -> RightsRequestInHand:
        """Ask for what the customer has a right to. To ask for erasure also says no to everything with that data.

        Args:
            right: `access`, `export`, `correct`, `erase` or `review`.
            data: Which data; none: all.
            regime: The law that says by when it is answered: `gdpr`, `ccpa`, `dpdp`; absent: the vendor says.
            detail: Of an access: the categories, the data itself, its recipients, its sources, the logic of decisions.
            to: Of an export: to whom; absent: to the customer.
            media_type: In which form it would be liked.
            corrections: Of a correction: the data as it has to be.
            about: What it is about; of a review, what is to be reviewed.
            identify: Data by which the vendor can find the customer. It may use it for that alone.
            claims: What the customer claims.
            note: Words for people.
        """
        body = made(
            Request,
            right=right,
            data=listed("data", data) or None,
            regime=regime,
            detail=detail,
            to=to,
            media_type=media_type,
            corrections=listed("corrections", corrections) or None,
            about=about,
            identify=listed("identify", identify) or None,
            claims=listed("claims", claims) or None,
            note=note,
        )
        return RightsRequestInHand(self.relationship, await self.relationship.say(body))

    def overdue(self, at: Deadline | None = None) -> list[RightsRequestInHand]:
        """Those with which the vendor is behind.

        Args:
            at: When; absent: now.
        """
        return [one for one in self if one.overdue(at)]


class ObjectionInHand(Handle[Messaging, Objection]):
    """An objection or a restriction. Only a later yes of the customer's lifts it."""

    family = "data"
    kind = Objection


class Objections(Threads[Messaging, ObjectionInHand]):
    """The objections and restrictions."""

    handle = ObjectionInHand

    async def object(
        self,
        *,
        data: Sequence[str] = (),
        purposes: Sequence[str] = (),
        actions: Sequence[str] = (),
        recipients: Sequence[Party] = (),
        channels: Sequence[Channel] = (),
        storing: bool = False,
        regime: Regime | None = None,
        note: str | None = None,
    ) -> ObjectionInHand:
        """Object: what is named is not to be done any more; what is not named is all. The vendor cannot refuse this.

        Args:
            data: Which data.
            purposes: For which purposes.
            actions: What is not to be done.
            recipients: By whom: the vendor is one with the role `controller`.
            channels: Over which channels.
            storing: The data may go on to be stored: it is a restriction.
            regime: The law that the customer goes by.
            note: Words for people.
        """
        body = made(
            Object,
            right="restrict" if storing else "object",
            data=listed("data", data) or None,
            purposes=listed("purposes", purposes) or None,
            actions=listed("actions", actions) or None,
            recipients=listed("recipients", recipients) or None,
            channels=listed("channels", channels) or None,
            regime=regime,
            note=note,
        )
        return ObjectionInHand(self.relationship, await self.relationship.say(body))


class SharingInHand(Handle[Messaging, Sharing]):
    """Data that was shared."""

    family = "data"
    kind = Sharing


class Sharings(Threads[Messaging, SharingInHand]):
    """The data that was shared, and what it rests on."""

    handle = SharingInHand

    async def share(self, discloses: Sequence[Datum], basis: Handle[Any, Any] | Ref) -> SharingInHand:
        """Share data. It permits nothing by itself: what may be done with it says what it rests on.

        Args:
            discloses: The data.
            basis: The agreement, consent, order or request that it rests on, or the message of it.

        Raises:
            UsageError: Nothing that is said there permits anything now.
        """
        ref = basis if isinstance(basis, Ref) else self._said_in(basis)
        body = made(Share, discloses=listed("discloses", discloses), basis=ref)
        return SharingInHand(self.relationship, await self.relationship.say(body))

    def _said_in(self, basis: Handle[Any, Any]) -> Ref:
        """The latest message of a thread on which something rests that is permitted now."""
        history, now = self.relationship.history, self.relationship.now()
        thread = history.threads.get(basis.thread)
        for entry in reversed(thread.entries if thread is not None else ()):
            ref = Ref(id=entry.id, digest=entry.digest)
            if is_live(history, ref, now):
                return ref
        raise UsageError(f"nothing that is said in {basis!r} permits anything now")


class GivingInHand(Handle[Messaging, Giving]):
    """A document that the vendor gave. `Relationship.fetch` fetches its files."""

    family = "data"
    kind = Giving


class Givings(Threads[Messaging, GivingInHand]):
    """The documents that the vendor gave: receipts, bills, warranties."""

    handle = GivingInHand
