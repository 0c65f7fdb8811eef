"""Intents: what a customer wants, what is offered for it, and the order that comes of it (`spec/v1/intent/`)."""

from collections.abc import Sequence
from typing import TypeGuard

from ....messages import offer, order
from ....messages.types import Money, OrderLine
from ....protocol import Record
from ....protocol.families.intent import Dealing, Withdrawal
from ...party.given import made, parts
from ...party.signing import Deadline, Draft
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class DealingInHand(Handle[Messaging, Dealing]):
    """A dealing with one customer: a wish with the offers for it, or an offer that nobody wished for; and the order."""

    family = "intent"
    kind = Dealing

    async def offer(self, body: offer.Make, *, expires: Deadline | None = None) -> None:
        """Make an offer for what the customer wishes.

        Args:
            body: What is offered. Making it accepts the terms that it stands under.
            expires: Until when it is firm; absent: as long as the vendor's `firm_for`.

        Raises:
            UsageError: The terms are not accepted here, or the dealing takes no offer any more.
        """
        await self.say(Draft(body, expires))


class Dealings(Threads[Messaging, DealingInHand]):
    """The dealings: each wish that the customer cast here, and each offer that was made unasked."""

    handle = DealingInHand

    async def offer(self, body: offer.Make, *, expires: Deadline | None = None) -> DealingInHand:
        """Make an offer that nobody wished for. Its `basis` names the consent that allows it.

        Args:
            body: What is offered. Making it accepts the terms that it stands under.
            expires: Until when it is firm; absent: as long as the vendor's `firm_for`.

        Raises:
            UsageError: No live consent allows it, or the terms are not accepted here.
        """
        return DealingInHand(self.relationship, await self.relationship.say(Draft(body, expires)))


class OrderInHand(Handle[Messaging, Dealing]):
    """An order."""

    family = "intent"
    kind = Dealing

    @classmethod
    def fits(cls, record: Record | None) -> TypeGuard[Dealing]:
        """Whether an offer was accepted there."""
        return isinstance(record, Dealing) and record.ordered_at is not None

    async def confirm(
        self,
        reference: str,
        *,
        payment: Sequence[order.Payment] = (),
        delivery: offer.Delivery | None = None,
        note: str | None = None,
    ) -> None:
        """Confirm the order, at the total that was accepted.

        What else a confirmation says, such as who helps: `say(order.Confirm(…))`.

        Args:
            reference: The vendor's number of it.
            payment: How it is to be paid.
            delivery: How and when it gets to the customer.
            note: Words for people.

        Raises:
            UsageError: It is confirmed already, or off.
        """
        total = self.record.accepted_offer.body.total
        ways = list(payment) or None
        await self.say(
            made(order.Confirm, reference=reference, total=total, payment=ways, delivery=delivery, note=note)
        )

    async def fulfil(
        self,
        status: order.Progress,
        lines: Sequence[OrderLine | int] = (),
        *,
        amount: Money | None = None,
        carrier: str | None = None,
        tracking: str | None = None,
        tracking_url: str | None = None,
        note: str | None = None,
    ) -> None:
        """Report how far the order is, as a whole or for some lines.

        What else a report says, such as files: `say(order.Fulfil(…))`.

        Args:
            status: `shipped`, `delivered`, `refunded`, `done` and so on, see `order.Fulfil`.
            lines: The lines by index, or how much of them; none: the whole order.
            amount: What was paid back, with `refunded`.
            carrier: Who brings it.
            tracking: The carrier's number of it.
            tracking_url: Where the carrier tells how far it is.
            note: Words for people.

        Raises:
            UsageError: The order is not at a point where this can be said.
        """
        await self.say(
            made(
                order.Fulfil,
                status=status,
                lines=parts(lines),
                amount=amount,
                carrier=carrier,
                tracking=tracking,
                tracking_url=tracking_url,
                note=note,
            )
        )

    async def cancel(
        self,
        reason: str,
        *,
        lines: Sequence[OrderLine | int] = (),
        refund: Money | None = None,
        fee: Money | None = None,
        note: str | None = None,
    ) -> None:
        """Cancel the order, or lines of it; or settle what the customer cancelled.

        Args:
            reason: Why, as a code.
            lines: The lines by index, or how much of them; none: the whole order.
            refund: What is paid back.
            fee: What is kept.
            note: Words for people.
        """
        await self.say(made(order.Cancel, reason=reason, lines=parts(lines), refund=refund, fee=fee, note=note))

    def overdue(self) -> list[Withdrawal]:
        """The customer's withdrawals that should have been refunded by now."""
        return self.record.overdue(self.relationship.now())


class Orders(Threads[Messaging, OrderInHand]):
    """The dealings that became orders."""

    handle = OrderInHand
