"""Intents: what a customer wants, the offers for it, and the order that comes of one (`spec/v1/intent/`)."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeGuard

from ....errors import UsageError
from ....messages import intent, offer, order
from ....messages.offer import Make, PaymentShare
from ....messages.personal import Datum
from ....messages.types import Money, OrderLine
from ....protocol import Record, moment
from ....protocol.families.intent import Dealing, Offer, Withdrawal
from ...party.given import listed, made, parts, seconds, told
from ...party.signing import Deadline, Draft, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging, quiet
from .mail import Mail


@dataclass(frozen=True)
class OfferInHand:
    """An offer that a vendor has made.

    Attributes:
        relationship: Whose offer it is.
        thread: The thread of the intent.
        offer: The offer as it stands.
    """

    relationship: Messaging
    thread: str
    offer: Offer

    @property
    def body(self) -> Make:
        """What the offer says."""
        return self.offer.body

    @property
    def total(self) -> Money:
        """What is owed once."""
        return self.offer.body.total

    @property
    def owed(self) -> Money:
        """What is owed in all at least: the commitment, or the total where nothing recurs."""
        return self.offer.body.commitment or self.offer.body.total

    async def accept(
        self, payment: str | list[PaymentShare] | None = None, *, codes: list[str] | None = None
    ) -> "OrderInHand":
        """Accept it, at its total and its commitment: the order.

        Args:
            payment: The payment method, or several with their amounts.
            codes: Of vouchers to redeem.

        Raises:
            Problem, Refused, Unreachable: See `Relationship.say`.
        """
        shares = [{"method": payment}] if isinstance(payment, str) else payment
        total, commitment = self.total, self.body.commitment
        body = made(offer.Accept, offer=self.offer.ref, total=total, commitment=commitment, payment=shares, codes=codes)
        await self.relationship.say(body, self.thread)
        return OrderInHand(self.relationship, self.thread)

    async def decline(self, reason: str = "other", note: str | None = None) -> None:
        """Say no to it."""
        body = made(offer.Decline, offer=self.offer.ref, reason=reason, note=note)
        await self.relationship.say(body, self.thread)


class OrderInHand(Handle[Messaging, Dealing]):
    """An order."""

    family = "intent"
    kind = Dealing

    @classmethod
    def fits(cls, record: Record | None) -> TypeGuard[Dealing]:
        """Whether an offer was accepted there."""
        return isinstance(record, Dealing) and record.ordered_at is not None

    async def disclose(self, data: dict[str, Any] | Sequence[Datum]) -> None:
        """Disclose what the vendor needs to perform the order; only once the receipt says `ordered`.

        Args:
            data: Term → value, or data.

        Raises:
            UsageError: A term is none, or the value has not the shape that the vocabulary gives it.
        """
        if isinstance(data, dict):
            pieces: list[Any] = [{"data": term, "value": value} for term, value in data.items()]
        else:
            pieces = [dict(datum) if isinstance(datum, Datum) else datum for datum in listed("data", data)]
        await self.say(made(order.Disclose, discloses=pieces))

    async def cancel(
        self, reason: str = "changedMind", note: str | None = None, *, lines: Sequence[OrderLine | int] = ()
    ) -> None:
        """Cancel the order, or lines of it, before it is done. The vendor says what it refunds."""
        await self.say(made(order.Cancel, reason=reason, note=note, lines=parts(lines)))

    async def withdraw(
        self,
        ground: Literal["returns", "law"],
        lines: Sequence[OrderLine | int] = (),
        *,
        reason: str | None = None,
        refund_to: str | None = None,
        note: str | None = None,
    ) -> None:
        """Withdraw from the order or from lines of it, also when it is done. The vendor cannot refuse this.

        Args:
            ground: The right that is used: the offer's returns, or the law.
            lines: The lines by index, or how much of them; none: the whole order.
            reason: Why, as a code; nobody has to say why.
            refund_to: How the money should come back, as a code.
            note: More words.
        """
        await self.say(
            made(order.Withdraw, ground=ground, lines=parts(lines), reason=reason, refund_to=refund_to, note=note)
        )

    def overdue(self) -> list[Withdrawal]:
        """The withdrawals that the vendor should have refunded by now."""
        return self.record.overdue(self.relationship.now())

    async def reaches(self, *states: str, within: float = 30) -> bool:
        """Wait until the order is in one of these states; false if it is not within so many seconds."""
        loop = asyncio.get_running_loop()
        last = loop.time() + seconds("within", within)
        mail = Mail([self.relationship], last)
        while self.state not in states:
            left = last - loop.time()
            if left <= 0:
                return False
            await mail.wait(max(1, min(left, 10)))
        return True


class DealingInHand(Handle[Messaging, Dealing]):
    """A dealing with one vendor: a wish with the offers for it, or an offer that nobody wished for; and the order."""

    family = "intent"
    kind = Dealing

    def firm(self) -> list[OfferInHand]:
        """The offers that can be accepted now, in the order of their making.

        Raises:
            UsageError: Nothing has taken effect here yet.
        """
        firm = self.record.firm(self.relationship.now())
        return [OfferInHand(self.relationship, self.thread, one) for one in firm]

    async def amend(self, wish: intent.Amend, *, expires: Deadline | None = None) -> None:
        """Say the whole wish again, as it now stands.

        Args:
            wish: What is wanted now.
            expires: By when the vendor must have received it; absent: a week.
        """
        await self.say(Draft(wish, expires))

    async def withdraw(self, reason: str | None = None) -> None:
        """Withdraw the wish: its offers lapse. The vendor cannot refuse this."""
        await self.say(made(intent.Withdraw, reason=reason))


class Dealings(Threads[Messaging, DealingInHand]):
    """The dealings: each wish that was cast here by `Customer.cast`, and each offer that the vendor made unasked."""

    handle = DealingInHand


class Orders(Threads[Messaging, OrderInHand]):
    """The dealings that became orders. `OfferInHand.accept` begins one."""

    handle = OrderInHand


class Casting:
    """An intent, cast to one vendor or several: one thread, one key, one wording each."""

    def __init__(self, threads: dict[Messaging, str]) -> None:
        self.threads = threads

    async def offers(self, until: Deadline | float | None = None) -> AsyncIterator[OfferInHand]:
        """The firm offers, as they come.

        Args:
            until: Until when to wait for more: a deadline, or seconds; absent: those that are there.

        Raises:
            UsageError: It is no time.
        """
        seen: set[str] = set()
        loop = asyncio.get_running_loop()
        last = loop.time() + max((self._left(relationship, until) for relationship in self.threads), default=0.0)
        mail = Mail(list(self.threads), last)
        while True:
            for one in self.firm():
                if one.offer.digest not in seen:
                    seen.add(one.offer.digest)
                    yield one
            left = last - loop.time()
            if left <= 0:
                return
            await mail.wait(max(1.0, min(left, 5.0)))

    def firm(self) -> list[OfferInHand]:
        """The offers that can be accepted now, cheapest first within a currency."""
        found = [
            one
            for relationship, thread in self.threads.items()
            if thread in Dealings(relationship)
            for one in DealingInHand(relationship, thread).firm()
        ]
        return sorted(found, key=lambda one: (one.owed.currency, Decimal(one.owed.amount)))

    async def accept(self, made: OfferInHand, payment: str | list[PaymentShare] | None = None) -> OrderInHand:
        """Accept one offer. The intent stays open with the other vendors until it is withdrawn."""
        return await made.accept(payment)

    async def withdraw(self, reason: str | None = None, *, but: OrderInHand | None = None) -> None:
        """Withdraw the intent everywhere, or everywhere but where it has become an order.

        Raises:
            Problem, Refused, Unreachable: See `Relationship.say`; the others have been told all the same.
            ExceptionGroup: Several of these.
        """
        body = made(intent.Withdraw, reason=reason)
        said = await asyncio.gather(
            *(
                relationship.say(body, thread)
                for relationship, thread in self.threads.items()
                if but is None or but.relationship is not relationship
            ),
            return_exceptions=True,
        )
        if faults := [fault for fault in said if isinstance(fault, Exception)]:
            raise faults[0] if len(faults) == 1 else ExceptionGroup("not all vendors answered the withdrawal", faults)

    @staticmethod
    def _left(relationship: Messaging, until: Deadline | float | None) -> float:
        if until is None:
            return 0.0
        if isinstance(until, float | int):
            return seconds("until", until)
        now = relationship.now()
        return (moment(deadline(until, now)) - moment(now)).total_seconds()


class CastsIntents:
    """A customer who casts intents."""

    async def cast(
        self, wish: intent.Cast | Draft, to: Messaging | Iterable[Messaging], *, expires: Deadline | None = None
    ) -> Casting:
        """Cast an intent to vendors of one's choosing, all at once: a thread, a key, an id and a time for each.

        Args:
            wish: What is wanted, and the customer's own terms for it.
            to: The relationships, or one.
            expires: By when a vendor must have received it; absent: a week. Until when it stands says `wish.until`.

        Raises:
            UsageError: No vendor is named.
            ExceptionGroup: Some vendor could not be reached or refused; with those that took it, the intent stands.
        """
        draft = wish if isinstance(wish, Draft) else Draft(wish, expires)
        named = [to] if isinstance(to, Messaging) else listed("to", to)
        if strangers := [one for one in named if not isinstance(one, Messaging)]:
            raise UsageError(f"an intent is cast to relationships, see `meet`, not to {told(strangers[0])}")
        vendors = list(dict.fromkeys(named))
        if not vendors:
            raise UsageError("an intent is cast to somebody")
        said = await asyncio.gather(*(vendor.say(draft) for vendor in vendors), return_exceptions=True)
        threads: dict[Messaging, str] = {
            vendor: thread for vendor, thread in zip(vendors, said, strict=True) if isinstance(thread, str)
        }
        faults = [fault for fault in said if isinstance(fault, Exception)]
        if not threads:
            raise faults[0] if len(faults) == 1 else ExceptionGroup("no vendor took the intent", faults)
        quiet(list(said))
        return Casting(threads)
