"""What a customer holds in hand after having said something: an agreement, a consent, a request, an offer, an order.

Each is a view of a thread: `record` is what the thread folds to now, so nothing here can be out of date.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from ..errors import UsageError
from ..messages import Body, consent, intent, offer, order, terms
from ..messages.offer import Make, PaymentShare
from ..messages.personal import Datum
from ..messages.types import Money, OrderLine, TermsDocument, TermsRef
from ..protocol import Record, moment
from ..protocol.families.consent import Consent
from ..protocol.families.intent import Dealing, Offer, Withdrawal
from ..protocol.families.terms import Agreement
from .correspondence import Correspondence, quiet
from .given import listed, made, seconds, told
from .pen import Deadline, Draft, deadline

R = TypeVar("R", bound=Record)
_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two collects that brought nothing; twice as many after each that a vendor did not hold as asked."""


class Handle(Generic[R]):
    """A thread in hand.

    Attributes:
        relationship: Where it takes place.
        thread: Its id.
    """

    _kind: type[R]

    def __init__(self, relationship: Correspondence, thread: str) -> None:
        self.relationship = relationship
        self.thread = thread

    @property
    def record(self) -> R:
        """What the thread folds to.

        Raises:
            UsageError: Nothing has taken effect in it yet.
        """
        thread = self.relationship.thread(self.thread)
        if thread is None or not isinstance(thread.record, self._kind):
            raise UsageError(f"nothing has taken effect in {self.thread} yet")
        return thread.record

    @property
    def state(self) -> str:
        """The thread's state, as its receipts name it."""
        thread = self.relationship.thread(self.thread)
        return thread.state if thread else "none"

    async def say(self, body: Body | Draft) -> None:
        """Go on in this thread; see `Correspondence.say`."""
        await self.relationship.say(body, self.thread)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.thread}, {self.state})"


class AgreementInHand(Handle[Agreement]):
    """Terms that were proffered, and what became of them."""

    _kind = Agreement

    @property
    def terms(self) -> TermsDocument | None:
        """The terms that bind; none while nothing is agreed."""
        return self.record.terms[1] if self.record.terms else None

    @property
    def counter(self) -> TermsDocument | None:
        """The vendor's alternative, where it put one."""
        return self.record.counter[1] if self.record.counter else None

    async def accept(self) -> None:
        """Take the vendor's counter.

        Raises:
            UsageError: There is none.
        """
        if self.record.counter is None:
            raise UsageError("the vendor put no counter")
        digest, document = self.record.counter
        await self.say(terms.Accept(terms=TermsRef(id=document.id, digest=digest)))

    async def decline(self, reason: str = "notAcceptable") -> None:
        """Say no to what is pending."""
        await self.say(made(terms.Decline, reason=reason))

    async def terminate(self, reason: str | None = None) -> None:
        """End the agreement. Its prohibitions and duties outlive it."""
        await self.say(made(terms.Terminate, reason=reason))


class ConsentInHand(Handle[Consent]):
    """A consent, asked for or given unasked."""

    _kind = Consent

    @property
    def request(self) -> consent.Request | None:
        """What the vendor asked for, if it did."""
        return self.record.request

    async def grant(
        self,
        *keys: str,
        items: Sequence[consent.GrantItem] = (),
        until: Deadline | None = None,
        discloses: Sequence[Datum] | None = None,
    ) -> None:
        """Grant what was asked, whole or in part.

        Args:
            keys: The items to grant as asked; absent, and no `items` either: all of them.
            items: Items to grant more narrowly than asked.
            until: Until when, exclusive; absent: as asked.
            discloses: Data that goes with it, such as the address for a newsletter; each at or below that of an item.

        Raises:
            UsageError: Nothing was asked for here, or not by this key.
        """
        asked = self.request
        if asked is None:
            raise UsageError("nothing was asked for in this thread")
        known = {item.key: item for item in asked.items}
        self._check_keys(keys)
        chosen = keys if keys or items else tuple(known)
        as_asked = [_as_asked(known[key]) for key in chosen]
        last = deadline(until, self.relationship.now()) if until is not None else asked.until
        said = listed("discloses", discloses) if discloses else None
        granted = [*as_asked, *listed("items", items)]
        await self.say(made(consent.Grant, items=granted, until=last, discloses=said))

    async def refuse(self, *keys: str, reason: str | None = None) -> None:
        """Refuse all that is asked, or the items of these keys.

        Raises:
            UsageError: There is no item of such a key.
        """
        self._check_keys(keys)
        await self.say(made(consent.Refuse, keys=list(keys) or None, reason=reason))

    async def withdraw(self, *keys: str, reason: str | None = None) -> None:
        """Take back all, or the items of these keys. The vendor cannot refuse this.

        Raises:
            UsageError: There is no item of such a key.
        """
        self._check_keys(keys)
        await self.say(made(consent.Withdraw, keys=list(keys) or None, reason=reason))

    def _check_keys(self, keys: Sequence[str]) -> None:
        if not keys:  # all can be taken back before anything has taken effect
            return
        known = list(self.record.items)
        if unknown := [key for key in keys if key not in known]:
            raise UsageError(f"no item {', '.join(map(told, unknown))}; there is: {', '.join(known)}")


def _parts(lines: Sequence[OrderLine | int]) -> list[Any] | None:
    """Lines of an order, where some are named: by index, or how much of them."""
    return [part if isinstance(part, OrderLine) else {"line": part} for part in listed("lines", lines)] or None


def _as_asked(item: consent.RequestItem) -> consent.GrantItem:
    return consent.GrantItem(**{name: value for name, value in item if name in consent.Item.model_fields})


@dataclass(frozen=True)
class OfferInHand:
    """An offer that a vendor has made.

    Attributes:
        relationship: Whose offer it is.
        thread: The thread of the intent.
        offer: The offer as it stands.
    """

    relationship: Correspondence
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
            Problem, Refused, Unreachable: See `Correspondence.say`.
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


class OrderInHand(Handle[Dealing]):
    """An order."""

    _kind = Dealing

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
        await self.say(made(order.Cancel, reason=reason, note=note, lines=_parts(lines)))

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
        parts = _parts(lines)
        await self.say(made(order.Withdraw, ground=ground, lines=parts, reason=reason, refund_to=refund_to, note=note))

    def overdue(self) -> list[Withdrawal]:
        """The withdrawals that the vendor should have refunded by now."""
        return self.record.overdue(self.relationship.now())

    async def reaches(self, *states: str, within: float = 30) -> bool:
        """Wait until the order is in one of these states; false if it is not within so many seconds."""
        loop = asyncio.get_running_loop()
        last = loop.time() + seconds("within", within)
        mail = _Mail([self.relationship], last)
        while self.state not in states:
            left = last - loop.time()
            if left <= 0:
                return False
            await mail.wait(max(1, min(left, 10)))
        return True


class Casting:
    """An intent, cast to one vendor or several: one thread, one key, one wording each."""

    def __init__(self, threads: dict[Correspondence, str]) -> None:
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
        mail = _Mail(list(self.threads), last)
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
            OfferInHand(relationship, thread, one)
            for relationship, thread in self.threads.items()
            if (known := relationship.thread(thread)) is not None and isinstance(known.record, Dealing)
            for one in known.record.firm(relationship.now())
        ]
        return sorted(found, key=lambda one: (one.owed.currency, Decimal(one.owed.amount)))

    async def accept(self, made: OfferInHand, payment: str | list[PaymentShare] | None = None) -> OrderInHand:
        """Accept one offer. The intent stays open with the other vendors until it is withdrawn."""
        return await made.accept(payment)

    async def withdraw(self, reason: str | None = None, *, but: OrderInHand | None = None) -> None:
        """Withdraw the intent everywhere, or everywhere but where it has become an order.

        Raises:
            Problem, Refused, Unreachable: See `Correspondence.say`; the others have been told all the same.
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
    def _left(relationship: Correspondence, until: Deadline | float | None) -> float:
        if until is None:
            return 0.0
        if isinstance(until, float | int):
            return seconds("until", until)
        now = relationship.now()
        return (moment(deadline(until, now)) - moment(now)).total_seconds()


class _Mail:
    """Waits for mail of some vendors.

    One that is down, or that does not hold a collect as it was asked to, is not hammered: the pauses grow.

    Args:
        vendors: Whose mail.
        last: When the waiting ends, by the event loop's clock.
    """

    def __init__(self, vendors: Sequence[Correspondence], last: float) -> None:
        self._vendors = vendors
        self._last = last
        self._pause = _PAUSE

    async def wait(self, seconds: float) -> None:
        """Collect from all of them, and let them hold the collects so long; then pause, if nothing came."""
        clock = asyncio.get_running_loop().time
        began = clock()
        found = await asyncio.gather(*(each.collect(wait=seconds) for each in self._vendors), return_exceptions=True)
        quiet(found)
        if any(isinstance(each, list) and each for each in found) or clock() - began > seconds / 2:
            self._pause = _PAUSE
        if not any(isinstance(each, list) and each for each in found):
            pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  # decides about no secret
            await asyncio.sleep(max(0.0, min(pause, self._last - clock())))
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
