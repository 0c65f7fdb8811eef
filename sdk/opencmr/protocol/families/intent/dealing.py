"""The fold of an intent thread: what is wanted, the offers, and the order (`spec/v1/intent/page.md`)."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Self

from ....errors import Expired, NoBasis, OfferNotFirm, UnknownReference, WiderThanAsked, WrongState
from ....messages import Path, intent, offer, order, pointer
from ....messages.personal import Datum
from ....messages.types import Money, Ref, Side, TermsDocument, as_wire
from ....trust import canonicalize
from ... import roster
from ...binding import Binding
from ...chain import Chain
from ...clock import shifted
from ...context import Context
from ...family import OnTerms, Record, Table, Told
from ...said import Entry, Point, Said, Word
from ...statements import Activity, When
from ...vocabulary import check_term, check_terms, includes
from .basis import active_terms, live_consent
from .performing import Phase, Turn, standing_order, standing_wish, what_lasts
from .returning import Cancelled, Withdrawal, lines_off, withdrawn
from .sums import check_accepted, check_same, check_sums

STANDS = timedelta(days=30)
"""How long a wish stands that does not say until when."""

THE_WISH = "pd:Intention"
"""What a cast discloses by being said."""

OfferState = Literal["firm", "declined", "accepted", "lapsed"]


class Step(NamedTuple):
    """An entry that changed an order: how far that had come then, who said it, and whether anything was left of it."""

    point: Point
    phase: Phase
    side: Side
    left: bool


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
class Dealing(Record):
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
        cancelled: Lines that were cancelled while the rest stands.
        withdrawals: What the customer has withdrawn from, and whether that was refunded.
        refunds: What the vendor reports to have paid back, and when.
        resting: The state that an order in `returning` goes back to when all is refunded.
        left: Whether anything was left, at the last withdrawal, that was not withdrawn from or cancelled.
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
    cancelled: tuple[Cancelled, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    refunds: tuple[tuple[Money, Point], ...] = ()
    resting: str | None = None
    left: bool = True
    ordered_by: str | None = None
    steps: tuple[Step, ...] = ()
    closed: Point | None = None
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The dealing after this message, which the lifecycle allows; itself where nothing changes.

        Raises:
            Problem: A rule of `intent/page.md` is broken.
        """
        here = replace(self, state=to[0], evidence=(*self.evidence, said.digest))
        after = self._after(here, said, context)
        if after is self or not self.steps:
            return after
        phase: Phase = "done" if after.state == "done" else "returning" if after.state == "returning" else "open"
        return replace(after, steps=(*self.steps, Step(said.point, phase, said.side, after.left)))

    def _after(self, here: Self, said: Said, context: Context) -> Self:
        match said.message.body:
            case intent.Cast() as body:  # an Amend is a Cast
                return here._wished(said, body)
            case order.Cancel(lines=[*_]) if self.state == "open":  # of an order that is none yet, the rest would stand
                return self
            case intent.Withdraw() | order.Cancel() if self.state == "open":  # a cancelled order that never came to be
                lapsed = tuple(replace(each, state="lapsed") if each.state == "firm" else each for each in self.offers)
                return replace(here, offers=lapsed, closed=said.point)
            case offer.Make() as body:
                return here._offered(said, body, context)
            case offer.Decline() as body:
                found = self._find(body.offer)
                if found is None or found.state != "firm" or said.at >= found.expires:
                    return self
                return here._turn(found, "declined")
            case offer.Accept() as body:
                return here._ordered(said, body)
            case order.Disclose() as body:
                check_data(body.discloses, ("body", "discloses"))
                for position, datum in enumerate(body.discloses):
                    self._check_line(datum.line, ("body", "discloses", position, "line"), "ORD-8")
                return replace(here, state=self.state)._disclosing(body.discloses, said.point)
            case order.Confirm() as body:
                return self._confirmed(here, body)
            case order.Fulfil() as body:
                return self._fulfilled(here, said, body)
            case order.Cancel() as body:
                return self._cancelled(here, said, body)
            case order.Withdraw() as body:
                return self._withdrawn(here, said, body)
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
        return self.steps[0].point if self.steps else None

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

    def overdue(self, at: str) -> list[Withdrawal]:
        """The withdrawals that were to be refunded by this instant, and were not."""
        return [each for each in self.withdrawals if each.overdue(at)]

    def _disclosing(self, data: Iterable[Datum], at: Point) -> Self:
        said = [((datum.data, canonicalize(as_wire(datum))), datum) for datum in data]
        new = tuple((datum, at) for key, datum in said if key not in self.told)
        return replace(self, disclosed=self.disclosed + new, told=self.told.union(key for key, _ in said))

    def _offered(self, said: Said, body: offer.Make, context: Context) -> Self:
        """The rules in the order of their table. OFR-3 was looked at before: it had not expired when it was made."""
        expires = str(said.message.expires)
        if self.wished_until is not None and said.at >= self.wished_until:
            raise Expired("offers could be made until " + self.wished_until, pointer="/created", rule="INT-4")
        choices: Iterable[tuple[str, TermsDocument]] = self.terms
        if self.cast is None:
            if body.basis is None or not live_consent(context, body.basis, said.at):
                raise NoBasis("an unasked offer names a live consent", pointer="/body/basis", rule="OFR-6")
            choices = active_terms(context)
        wants = len(self.cast.wants) if self.cast else 0
        for position, line in enumerate(body.lines):
            if line.want is not None and line.want >= wants:
                where = pointer(("body", "lines", position, "want"))
                raise UnknownReference("the intent has no such want", pointer=where, rule="OFR-5")
        check_terms("data", body.needs, ("body", "needs"))
        _check_recipients(body)
        check_sums(body)
        terms = roster.pick(body.under, choices, ("body", "under"), "OFR-4" if self.cast else "OFR-7")
        made = Offer(said.message.id, said.digest, "firm", said.point, expires, body, terms, self.wish)
        return replace(self, offers=(*self.offers, made))

    def _ordered(self, said: Said, body: offer.Accept) -> Self:
        found = self._find(body.offer)
        if found is None:
            raise UnknownReference("no such offer was made in this thread", pointer="/body/offer", rule="OFR-9")
        if found.state != "firm" or said.at >= found.expires:
            state = "expired" if found.state == "firm" else found.state
            raise OfferNotFirm(f"the offer is {state}", pointer="/body/offer", rule="OFR-9")
        check_accepted(body, found.body)
        return replace(
            self._turn(found, "accepted"),
            accepted=found.digest,
            steps=(Step(said.point, "open", said.side, True),),
            ordered_by=said.digest,
        )

    def _confirmed(self, here: Self, body: order.Confirm) -> Self:
        """In `returning` too: the rest stands."""
        if self.confirmed is not None:
            raise WrongState("the order is confirmed", pointer="/type", rule="LIF-1")
        check_same(body.total, self.accepted_offer.body.total, "total", "ORD-2")
        return replace(here, state="returning" if self.state == "returning" else "confirmed", confirmed=body)

    def _fulfilled(self, here: Self, said: Said, body: order.Fulfil) -> Self:
        for position, part in enumerate(body.lines or ()):
            self._check_line(part.line, ("body", "lines", position, "line"), "ORD-3")
        if self.state == "done" and body.status not in ("returned", "refunded"):
            raise WrongState("the order is done", pointer="/body/status", rule="ORD-9")
        here = replace(here, progress=(*self.progress, (body.status, said.point)))
        if body.amount is not None:
            here = here._refunded(said, body)
        begun = "fulfilling" if self.resting in ("ordered", "confirmed") else self.resting
        if body.status == "done":
            state = "done"
        elif self.state == "returning":
            open_ = any(each.settled is None for each in here.withdrawals)
            state = "returning" if open_ or body.amount is None else str(begun)
        else:
            state = "done" if self.state == "done" else "fulfilling"
        closed = self.closed or said.point if state == "done" else None
        return replace(here, state=state, resting=begun if state == "returning" else None, closed=closed)

    def _refunded(self, said: Said, body: order.Fulfil) -> Self:
        """A refund settles the withdrawals that it covers."""
        lines = self.accepted_offer.body.lines
        withdrawals = tuple(
            replace(each, settled=said.point) if each.settled is None and each.covered_by(body, lines) else each
            for each in self.withdrawals
        )
        refunds = (*self.refunds, (body.amount, said.point)) if body.amount is not None else self.refunds
        return replace(self, withdrawals=withdrawals, refunds=refunds)

    def _withdrawn(self, here: Self, said: Said, body: order.Withdraw) -> Self:
        """It always takes its place: whether it is late, or too much, is for people to judge."""
        made = self.accepted_offer.body
        delivered = [point for status, point in self.progress if status == "delivered"]
        delivered = delivered or [point for status, point in self.progress if status == "done"]
        new = withdrawn(body, said.digest, said.point, made, delivered[-1] if delivered else None)
        withdrawals = (*self.withdrawals, new)
        resting = self.resting if self.state == "returning" else self.state
        named = [*(each.lines for each in self.cancelled), *(each.lines for each in withdrawals)]
        left = len(lines_off(named, made.lines)) < len(made.lines)
        resting = resting if left else "done"  # nothing is left to be performed
        return replace(here, withdrawals=withdrawals, resting=resting, left=left, closed=None)

    def _cancelled(self, here: Self, said: Said, body: order.Cancel) -> Self:
        settles = said.side == "vendor" and (body.refund is not None or body.fee is not None)
        if self.state == "cancelled" and (self.settled or not settles):
            return self
        refund, fee = (body.refund, body.fee) if settles else (None, None)
        if body.lines is not None and self.state != "cancelled":
            lines = self.accepted_offer.body.lines
            off = lines_off((each.lines for each in self.cancelled), lines)
            parts = tuple(part for part in body.lines if part.line < len(lines))
            if not parts or (not settles and off.issuperset(part.line for part in parts)):
                return self
            here = replace(here, cancelled=(*self.cancelled, Cancelled(parts, said.side, said.point, refund, fee)))
            if len(lines_off((each.lines for each in here.cancelled), lines)) < len(lines):
                return replace(here, state=self.state)
        return replace(here, settled=settles, refund=refund, fee=fee, closed=self.closed or said.point)

    def _check_line(self, line: int | None, path: Path, rule: str) -> None:
        if line is not None and line >= len(self.accepted_offer.body.lines):
            raise UnknownReference("the order has no such line", pointer=pointer(path), rule=rule)

    def _find(self, ref: Ref) -> Offer | None:
        return next((each for each in self.offers if (each.id, each.digest) == (ref.id, ref.digest)), None)

    def _turn(self, found: Offer, state: OfferState) -> Self:
        return replace(
            self, offers=tuple(replace(each, state=state) if each is found else each for each in self.offers)
        )

    def _told(self) -> dict[str, list[Any]]:
        """What came to be of parts of the order."""
        return {
            "cancelled": [each.as_dict() for each in self.cancelled],
            "withdrawals": [each.as_dict() for each in self.withdrawals],
            "refunds": [{"amount": as_wire(amount), "at": point.at} for amount, point in self.refunds],
        }

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
                    **({"commitment": as_wire(each.body.commitment)} if each.body.commitment else {}),
                    "expires": each.expires,
                    "under": {"id": each.terms[1].id, "digest": each.terms[0]},
                }
                for each in self.offers
            ],
            "disclosed": [{"data": datum.data, "at": point.at} for datum, point in self.disclosed],
            "progress": [{"status": status, "at": point.at} for status, point in self.progress],
            **{name: value for name, value in optional.items() if value is not None},
            **{name: value for name, value in self._told().items() if value},
            "evidence": list(self.evidence),
        }

    def in_brief(self) -> str:
        """What is wanted, and how far it has come."""
        wants = ", ".join(want.name for want in self.cast.wants) if self.cast else "unasked offer"
        if self.accepted is not None:
            return f"{wants} for {_owed(self.accepted_offer.body)}"
        return f"{wants}; {len(self.offers)} offer{'' if len(self.offers) == 1 else 's'}"

    def in_full(self, at: str) -> Told:
        """The offers, and what became of the order."""
        rows = tuple(
            (each.digest, each.state, _owed(each.body), each.terms[1].id, each.expires, lines)
            for each in self.offers
            for lines in [", ".join(line.name for line in each.body.lines)]
        )
        lines = [f"disclosed {datum.data} at {point.at}" for datum, point in self.disclosed]
        lines += [f"{status} at {point.at}" for status, point in self.progress]
        lines += [each.in_words(at) for each in self.withdrawals]
        lines += [f"{amount.amount} {amount.currency} paid back at {point.at}" for amount, point in self.refunds]
        return Told(Table(("offer", "state", "total", "under", "expires", "lines"), rows), tuple(lines))

    @property
    def governs(self) -> Point | None:
        """The terms of a wish are for the data of its thread."""
        return self.wished_at

    def bindings(self, thread: str) -> Iterator[Binding]:
        """The terms that each offer accepted by being made.

        An offer that is accepted has been chosen: the terms of the others end, however lax. The acceptance itself gives
        them no later order than the wish has that they were named in.
        """
        over = self._off()
        for each in self.offers:
            if each.own is not None:
                end = each.dropped or self.ordered_at or over
                yield Binding(each.terms, each.own, each.since, (each.digest,), end, thread)
        if self.ordered_at is not None and (chosen := self.accepted_offer).own is not None:
            made, end = (chosen.digest, str(self.ordered_by)), chosen.dropped or over
            yield Binding(chosen.terms, chosen.own, self.ordered_at, made, end, thread)

    def activities(self, thread: str, when: When, chain: Chain) -> Iterator[Activity]:
        """The wish while it stands, and the order until it is done and cared for."""
        data = tuple((datum.data, when(point)) for datum, point in self.disclosed)
        over = self.closed
        if self.wished_at is not None:
            data = (*data, (THE_WISH, when(self.wished_at)))
            end = self.ordered_at or over
            wishes = [(when(wish.since), wish.until) for wish in self.wishes]
            yield from standing_wish(thread, wishes, when(end) if end else None, data, self.evidence[:1])
        if self.ordered_at is not None:
            made = (str(self.accepted), str(self.ordered_by))
            cancelled = over if self.state == "cancelled" else None
            # A withdrawal lets an order go on. That is a yes: it counts from its place on, for the customer too.
            turns = [
                Turn(chain.time(at.place, at.at), phase, side, left)
                for at, phase, side, left in self.steps
                if at.place < (cancelled.place if cancelled else chain.next)
            ]
            ended = when(cancelled) if cancelled else None
            yield from standing_order(thread, turns, ended, what_lasts(self.accepted_offer.body), data, made)

    def on_terms(self, scope: str | None, thread: str, entries: tuple[Entry, ...]) -> Iterator[OnTerms]:
        """What the customer has said of the terms of their wish: as it stands, ordered, or off."""
        if scope == thread:
            for point in (self.wish, self.ordered_at, self._off()):
                if point is not None:
                    entry = entries[bisect_left(entries, point.place, key=attrgetter("place"))]
                    yield OnTerms(point.place, entry.digest)

    def promises(self) -> Iterator[str]:
        """Offers are firm until they expire."""
        return (each.expires for each in self.offers if each.state == "firm")

    def _off(self) -> Point | None:
        return self.closed if self.state in ("withdrawn", "cancelled") else None


def _owed(body: offer.Make) -> str:
    """What an offer comes to: once, and in all where something recurs."""
    total = f"{body.total.amount} {body.total.currency}"
    return total if body.commitment is None else f"{total}, {body.commitment.amount} in all"


def _check_recipients(body: offer.Make) -> None:
    """Others get what is needed to perform the order, and nothing else."""
    for position, recipient in enumerate(body.recipients or ()):
        here: Path = ("body", "recipients", position, "data")
        check_terms("data", recipient.data, here)
        for at, term in enumerate(recipient.data):
            if not any(includes("data", need, term) for need in body.needs or ()):
                raise WiderThanAsked(
                    "the offer does not need it", pointer=pointer((*here, at)), expected=body.needs, rule="OFR-16"
                )


def check_data(data: Sequence[Datum], path: Path) -> None:
    """Refuse a datum whose term is not in the vocabulary.

    Raises:
        UnknownTerm: With the pointer of the term.
    """
    for position, datum in enumerate(data):
        check_term("data", datum.data, (*path, position, "data"))
