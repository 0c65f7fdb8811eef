"""The fold of an intent thread: what is wanted, the offers, and the order (`spec/v1/intent/page.md`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Context as Arithmetic
from decimal import Decimal, localcontext
from typing import Any, Literal, NamedTuple, Self

from ..errors import Expired, NoBasis, OfferNotFirm, UnknownReference, WrongTotal
from ..messages import Path, intent, offer, order, pointer
from ..messages.personal import Datum
from ..messages.types import Money, Ref, TermsDocument, as_wire
from ..trust import write
from . import roster
from .clock import shifted
from .context import Context
from .said import Point, Said, Word
from .vocabulary import check_term, check_terms

_EXACT = Arithmetic(prec=40, traps=[])
"""For sums: 128 amounts of 15 and 6 digits have room. The application's own context may round, and then two sides that
hold the same messages would differ about a total."""
_MOST = Decimal(10**15)
"""What no amount on the wire reaches: it has 15 digits before the point at most."""

STANDS = timedelta(days=30)
"""How long a wish stands that does not say until when."""

OfferState = Literal["firm", "declined", "accepted", "lapsed"]


class Wish(NamedTuple):
    """How long the wish stood in one of its wordings.

    Attributes:
        since: The place of the cast, or of the amendment.
        until: When it ends by itself, exclusive.
    """

    since: Point
    until: str


@dataclass(frozen=True)
class Offer:
    """One firm offer, and what became of it. That it has expired is a view at a time, not a state.

    Attributes:
        own: The customer's wish that it answers; none where nobody asked for it.
        dropped: When the customer amended the wish and named the offer's terms no more.
    """

    id: str
    digest: str
    state: OfferState
    since: Point
    expires: str
    body: offer.Make
    terms: tuple[str, TermsDocument]
    own: Word | None = None
    dropped: Point | None = None

    @property
    def ref(self) -> Ref:
        """The reference by which it is accepted or declined."""
        return Ref(id=self.id, digest=self.digest)


@dataclass(frozen=True)
class Dealing:
    """An intent with its offers and its order.

    Attributes:
        state: A state of `intent/lifecycle.json`.
        cast: The wish as it now stands; none in a thread that an unasked offer opened.
        wish: The customer's word that says it as it now stands.
        wishes: One wording after the other.
        terms: Digest and document of the customer's terms, by preference.
        carried: Id → terms, of earlier wishes too: they can be named again without being carried again.
        offers: Digest → offer, in their order.
        accepted: Digest of the offer that became the order.
        disclosed: What the customer has disclosed, in the cast and for the order, and when.
        told: The same, term and bytes, to see at once whether a datum is new.
        ordered_by: Digest of the acceptance.
        confirmed: The vendor's confirmation.
        progress: Status after status of the fulfilment.
        settled: Refund and fee, once the vendor has stated them.
        since: When it opened. `closed`: when it was withdrawn, cancelled or done.
        steps: The entries of the order: its acceptance, and each that changed something since.
    """

    state: str
    since: Point
    cast: intent.Cast | None = None
    wish: Word | None = None
    wishes: tuple[Wish, ...] = ()
    terms: tuple[tuple[str, TermsDocument], ...] = ()
    carried: Mapping[str, roster.Terms] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    accepted: str | None = None
    disclosed: tuple[tuple[Datum, Point], ...] = ()
    told: frozenset[tuple[str, bytes]] = frozenset()
    confirmed: order.Confirm | None = None
    progress: tuple[tuple[str, Point], ...] = ()
    settled: bool = False
    refund: Money | None = None
    fee: Money | None = None
    ordered_by: str | None = None
    steps: tuple[Point, ...] = ()
    closed: Point | None = None
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The dealing after this message, which the lifecycle allows; itself where nothing changes.

        Raises:
            Problem: A rule of `intent/page.md` is broken.
        """
        here = replace(
            self,
            state=to[0],
            steps=(*self.steps, said.point) if self.steps else (),
            evidence=(*self.evidence, said.digest),
        )
        match said.message.body:
            case intent.Cast() as body:  # an Amend is a Cast
                return here._wished(said, body)
            case intent.Withdraw() | order.Cancel() if self.state == "open":  # a cancelled order that never came to be
                lapsed = tuple(replace(each, state="lapsed") if each.state == "firm" else each for each in self.offers)
                return replace(here, offers=lapsed, closed=said.point)
            case offer.Make() as body:
                return here._offered(said, body, context)
            case offer.Decline() as body:
                found = self._find(body.offer)
                if found is None or found.state != "firm":
                    return self
                return here._turn(found, "declined")
            case offer.Accept() as body:
                return here._ordered(said, body)
            case order.Disclose() as body:
                check_data(body.discloses, ("body", "discloses"))
                return replace(here, state=self.state)._disclosing(body.discloses, said.point)
            case order.Confirm() as body:
                _check_same_total(body.total, self.accepted_offer.body.total, "the accepted offer", "ORD-2")
                return replace(here, confirmed=body)
            case order.Fulfil() as body:
                self._check_lines(body)
                done = body.status == "done"
                return replace(
                    here,
                    state="done" if done else "fulfilling",
                    progress=(*self.progress, (body.status, said.point)),
                    closed=said.point if done else None,
                )
            case order.Cancel() as body:
                return self._cancelled(here, said, body)
        raise AssertionError(said.message.type)

    @property
    def wished_at(self) -> Point | None:
        """Since when there is a wish; none: there is none."""
        return self.wishes[0].since if self.wishes else None

    @property
    def wished_until(self) -> str | None:
        """Until when it stands as it now stands, exclusive."""
        return self.wishes[-1].until if self.wishes else None

    @property
    def ordered_at(self) -> Point | None:
        """Since when there is an order; none: there is none."""
        return self.steps[0] if self.steps else None

    @property
    def accepted_offer(self) -> Offer:
        """The offer that became the order. Only to be asked once there is one."""
        return next(each for each in self.offers if each.digest == self.accepted)

    def firm(self, at: str) -> list[Offer]:
        """The offers that can be accepted at this instant."""
        return [each for each in self.offers if each.state == "firm" and at < each.expires]

    def _wished(self, said: Said, body: intent.Cast) -> Self:
        terms: list[roster.Terms] = []
        carried = dict(self.carried)
        for position, ref in enumerate(body.terms):
            found = roster.resolve(ref, ("body", "terms", position), carried)
            carried[found[1].id] = found
            terms.append(found)
        check_data(body.discloses or [], ("body", "discloses"))
        check_terms("data", body.on_accept, ("body", "onAccept"))
        named = {digest for digest, _ in terms}
        offers = tuple(
            each if each.dropped or each.terms[0] in named else replace(each, dropped=said.point)
            for each in self.offers
        )
        return replace(
            self,
            cast=body,
            wish=said.word,
            wishes=(*self.wishes, Wish(said.point, body.until or shifted(said.at, STANDS))),
            terms=tuple(terms),
            carried=carried,
            offers=offers,
        )._disclosing(body.discloses or [], said.point)

    def _disclosing(self, data: list[Datum], at: Point) -> Self:
        said = [((datum.data, write(datum.value)), datum) for datum in data]
        new = tuple((datum, at) for key, datum in said if key not in self.told)
        return replace(self, disclosed=self.disclosed + new, told=self.told.union(key for key, _ in said))

    def _offered(self, said: Said, body: offer.Make, context: Context) -> Self:
        """Checks in the canonical order of the members, so that the first of several faults is reported."""
        expires = str(said.message.expires)
        if expires <= said.at:
            raise Expired("an offer expires after it was made", pointer="/expires", rule="OFR-3")
        if self.wished_until is not None and said.at >= self.wished_until:
            raise Expired("offers could be made until " + self.wished_until, pointer="/created", rule="INT-4")
        choices: Iterable[tuple[str, TermsDocument]] = self.terms
        if self.cast is None:
            if body.basis is None or not context.live_consent(body.basis, said.at):
                raise NoBasis("an unasked offer names a live consent", pointer="/body/basis", rule="OFR-6")
            choices = context.active_terms()
        wants = len(self.cast.wants) if self.cast else 0
        for position, line in enumerate(body.lines):
            if line.want is not None and line.want >= wants:
                where = pointer(("body", "lines", position, "want"))
                raise UnknownReference("the intent has no such want", pointer=where, rule="OFR-5")
        check_terms("data", body.needs, ("body", "needs"))
        _check_sum(body)
        terms = roster.pick(body.under, choices, ("body", "under"))
        made = Offer(said.message.id, said.digest, "firm", said.point, expires, body, terms, self.wish)
        return replace(self, offers=(*self.offers, made))

    def _ordered(self, said: Said, body: offer.Accept) -> Self:
        found = self._find(body.offer)
        if found is None:
            raise UnknownReference("no such offer was made in this thread", pointer="/body/offer", rule="OFR-9")
        if found.state != "firm" or said.at >= found.expires:
            state = "expired" if found.state == "firm" else found.state
            raise OfferNotFirm(f"the offer is {state}", pointer="/body/offer", rule="OFR-9")
        if body.payment is not None and found.body.payment is not None and body.payment not in found.body.payment:
            raise UnknownReference(
                "the offer takes no such payment", pointer="/body/payment", expected=found.body.payment, rule="OFR-9"
            )
        _check_same_total(body.total, found.body.total, "the offer", "OFR-10")
        return replace(
            self._turn(found, "accepted"), accepted=found.digest, steps=(said.point,), ordered_by=said.digest
        )

    def _cancelled(self, here: Self, said: Said, body: order.Cancel) -> Self:
        settles = said.side == "vendor" and (body.refund is not None or body.fee is not None)
        if self.state == "cancelled" and (self.settled or not settles):
            return self
        refund, fee = (body.refund, body.fee) if settles else (None, None)
        return replace(here, settled=settles, refund=refund, fee=fee, closed=self.closed or said.point)

    def _check_lines(self, body: order.Fulfil) -> None:
        for position, line in enumerate(body.lines or ()):
            if line >= len(self.accepted_offer.body.lines):
                where = pointer(("body", "lines", position))
                raise UnknownReference("the order has no such line", pointer=where, rule="ORD-3")

    def _find(self, ref: Ref) -> Offer | None:
        return next((each for each in self.offers if (each.id, each.digest) == (ref.id, ref.digest)), None)

    def _turn(self, found: Offer, state: OfferState) -> Self:
        return replace(
            self, offers=tuple(replace(each, state=state) if each is found else each for each in self.offers)
        )

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        optional = {
            "accepted": self.accepted,
            "reference": self.confirmed and self.confirmed.reference,
            "refund": as_wire(self.refund),
            "fee": as_wire(self.fee),
            "until": self.wished_until,
            "closed": self.closed and self.closed.at,
        }
        return {
            "record": "dealing",
            "state": self.state,
            "since": self.since.at,
            "wants": [want.name for want in self.cast.wants] if self.cast else [],
            "offers": [
                {
                    "digest": each.digest,
                    "state": each.state,
                    "total": as_wire(each.body.total),
                    "expires": each.expires,
                    "under": {"id": each.terms[1].id, "digest": each.terms[0]},
                }
                for each in self.offers
            ],
            "disclosed": [{"data": datum.data, "at": point.at} for datum, point in self.disclosed],
            "progress": [{"status": status, "at": point.at} for status, point in self.progress],
            **{name: value for name, value in optional.items() if value is not None},
            "evidence": list(self.evidence),
        }


def check_data(data: list[Datum], path: Path) -> None:
    """Refuse a datum whose term is not in the vocabulary.

    Raises:
        UnknownTerm: With the pointer of the term.
    """
    for position, datum in enumerate(data):
        check_term("data", datum.data, (*path, position, "data"))


def total_of(lines: list[offer.Line], adjustments: list[offer.Adjustment] | None = None) -> Decimal:
    """What lines and adjustments add up to: every line's price once, and what is added or taken off."""
    amounts = [line.price.amount for line in lines] + [each.amount.amount for each in adjustments or []]
    with localcontext(_EXACT):
        return sum(map(Decimal, amounts), Decimal())


def _check_sum(body: offer.Make) -> None:
    currency = body.total.currency
    for position, adjustment in enumerate(body.adjustments or []):
        if adjustment.amount.currency != currency:
            where = pointer(("body", "adjustments", position, "amount", "currency"))
            raise WrongTotal("an offer has one currency", pointer=where, expected=[currency], rule="OFR-2")
    for position, line in enumerate(body.lines):
        if line.price.currency != currency:
            where = pointer(("body", "lines", position, "price", "currency"))
            raise WrongTotal("an offer has one currency", pointer=where, expected=[currency], rule="OFR-2")
    right = total_of(body.lines, body.adjustments)
    if Decimal(body.total.amount) == right:
        return
    if not 0 <= right < _MOST:  # no advice: there is no total that would be right
        why = f"lines plus adjustments come to {right} {currency}, which no total can be; change the adjustments"
        raise WrongTotal(why, pointer="/body/total", rule="OFR-1")
    raise WrongTotal(
        "the total is lines plus adjustments", pointer="/body/total", expected=[f"{right} {currency}"], rule="OFR-1"
    )


def _check_same_total(said: Money, right: Money, of: str, rule: str) -> None:
    if (Decimal(said.amount), said.currency) != (Decimal(right.amount), right.currency):
        raise WrongTotal(
            f"not the total of {of}", pointer="/body/total", expected=[f"{right.amount} {right.currency}"], rule=rule
        )
