"""Data: rights requests, objections, what customers share, and what is given to them (`spec/v1/data/`)."""

from collections.abc import Sequence

from ....messages.data import Answer, Document, Give, GivenAdjustment, GivenLine, Kept, Reason, Status
from ....messages.personal import Datum
from ....messages.types import File, Money, Ref
from ....protocol.families.data import Giving, Objection, RightsRequest, Sharing
from ...party.given import listed, made
from ...party.signing import Deadline, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class RightsRequestInHand(Handle[Messaging, RightsRequest]):
    """A rights request of a customer's."""

    family = "data"
    kind = RightsRequest

    async def answer(
        self,
        status: Status,
        *,
        reason: Sequence[Reason] = (),
        due_by: Deadline | None = None,
        needs: Sequence[str] = (),
        verify_url: str | None = None,
        categories: Sequence[str] = (),
        data: Sequence[Datum] = (),
        files: Sequence[File] = (),
        available_until: Deadline | None = None,
        kept: Sequence[Kept] = (),
        note: str | None = None,
    ) -> None:
        """Say how far it is, or answer it: `fulfilled`, `partly` and `denied` are final.

        Args:
            status: How far it is.
            reason: Why, as codes. `extended`: it takes longer, until `due_by`.
            due_by: By when it is answered, exclusive; absent: as the law says that the customer named.
            needs: What has to be known to be sure who asks.
            verify_url: Where the customer can show by hand who they are.
            categories: The categories of data that are held.
            data: Data that is held.
            files: Files with the answer, from `Vendor.files`.
            available_until: Until when they can be fetched, exclusive.
            kept: What is kept all the same, and why.
            note: Words for people.

        Raises:
            UsageError: It is answered already, or later than the law allows.
        """
        now = self.relationship.now()
        body = made(
            Answer,
            status=status,
            reason=listed("reason", reason) or None,
            due_by=deadline(due_by, now) if due_by is not None else None,
            needs=listed("needs", needs) or None,
            verify_url=verify_url,
            categories=listed("categories", categories) or None,
            data=listed("data", data) or None,
            files=listed("files", files) or None,
            available_until=deadline(available_until, now) if available_until is not None else None,
            kept=listed("kept", kept) or None,
            note=note,
        )
        await self.say(body)

    def overdue(self, at: Deadline | None = None) -> bool:
        """Whether it was to be confirmed or answered by then, and was not.

        Args:
            at: When; absent: now.
        """
        now = self.relationship.now()
        return self.record.overdue(now if at is None else deadline(at, now))


class RightsRequests(Threads[Messaging, RightsRequestInHand]):
    """The rights requests, in any state."""

    handle = RightsRequestInHand

    def overdue(self, at: Deadline | None = None) -> list[RightsRequestInHand]:
        """Those that were to be confirmed or answered by then, and were not.

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


class SharingInHand(Handle[Messaging, Sharing]):
    """Data that the customer has shared. It permits nothing by itself: ask `Relationship.may`."""

    family = "data"
    kind = Sharing


class Sharings(Threads[Messaging, SharingInHand]):
    """The data that the customer has shared, and what it rests on."""

    handle = SharingInHand


class GivingInHand(Handle[Messaging, Giving]):
    """A document that was given to the customer."""

    family = "data"
    kind = Giving


class Givings(Threads[Messaging, GivingInHand]):
    """The documents that were given to the customer."""

    handle = GivingInHand

    async def give(
        self,
        kind: Document,
        about: Ref,
        *,
        files: Sequence[File] = (),
        lines: Sequence[GivenLine] = (),
        adjustments: Sequence[GivenAdjustment] = (),
        total: Money | None = None,
    ) -> GivingInHand:
        """Give the customer a document unasked.

        Args:
            kind: `receipt`, `bill` or `warranty`.
            about: What it belongs to, such as the acceptance of an order.
            files: The document as files.
            lines: What it is for.
            adjustments: What is added to the lines, or taken off.
            total: What lines and adjustments come to; required with lines.

        Raises:
            UsageError: `about` names nothing here, or the total is another.
        """
        body = made(
            Give,
            kind=kind,
            about=about,
            files=listed("files", files) or None,
            lines=listed("lines", lines) or None,
            adjustments=listed("adjustments", adjustments) or None,
            total=total,
        )
        return GivingInHand(self.relationship, await self.relationship.say(body))
