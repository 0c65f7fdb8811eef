"""What a vendor may do (`spec/v1/decisions.md`): a pure function over the facts that the threads fold to.

    The customer's latest explicit word wins; inside one document a prohibition wins; silence is a no.

`statements` turns records into dated statements, each a permission or a prohibition; `decide` finds those that match
a question and lets the rules of the specification, 0 to 3, speak in their order.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, reduce
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from ..errors import UsageError
from ..messages.types import Channel, TermsDocument
from .agreement import Agreement
from .chain import TOLERANCE, Chain
from .clock import shifted
from .consent import Beside, Consent, ItemRecord, outsiders
from .dealing import Dealing
from .said import Point, Word
from .thread import Thread
from .uri import normal
from .vocabulary import EVERYTHING, Kind, includes, is_term, named_only, nearest, overlaps, prohibits, reaches, upward

T = TypeVar("T", tuple[str, ...], frozenset[str], frozenset[Channel])
Answer = Literal["permit", "deny", "not-governed"]
Reason = Literal[
    "legal-compliance",
    "removal",
    "intent-live",
    "order-live",
    "agreement",
    "consent",
    "prohibited-by-agreement",
    "refused",
    "withdrawn",
    "objected",
    "agreement-ended",
    "consent-expired",
    "no-word",
]

VENDOR = "vendor"
THIRD_PARTY = "third-party"
SHARE = "dpv:Share"

_REMEMBERED = 100_000
"""How many comparisons of a statement's terms with a question's are remembered: most statements name the same few."""
_INTENT_PURPOSES = ("opencmr:IntentCasting",)
_ORDER_PURPOSES = (
    "dpv:RequestedServiceProvision",
    "dpv:PaymentManagement",
    "dpv:CustomerOrderManagement",
    "dpv:CustomerCare",
    "dpv:RightsFulfilment",
    "dpv:EnforceSecurity",
)
_NEVER_DONE = timedelta(days=365)
_KINDS: dict[Kind, str] = {"action": "an action", "purpose": "a purpose", "data": "a kind of personal data"}
THE_WISH = "pd:Intention"
"""What a cast discloses by being said."""


@dataclass(frozen=True, slots=True)
class Question:
    """May the vendor do this?

    Attributes:
        action: What is done, a DPV processing term.
        purpose: What for, a DPV purpose.
        data: With which data; absent, any personal data.
        recipient: Who ends up processing: `vendor` (its processors count as it), `third-party`, or the URI of one,
            which is brought into normal form.
        channel: Over which channel the customer is reached, where they are.
        thread: The thread whose data this is; absent, data of the relationship.
    """

    action: str
    purpose: str
    data: str = EVERYTHING["data"]
    recipient: str = VENDOR
    channel: Channel | None = None
    thread: str | None = None

    def __post_init__(self) -> None:
        """Refuse words that no message could ever say: a misspelt purpose must not silently mean no.

        Raises:
            UsageError: Names the word, and what may have been meant.
        """
        kinds: tuple[tuple[Kind, str], ...] = (("action", self.action), ("purpose", self.purpose), ("data", self.data))
        for kind, term in kinds:
            if not is_term(kind, term):
                meant = nearest(kind, term)
                hint = f"; did you mean {meant}?" if meant else ""
                raise UsageError(f"{term!r} is not {_KINDS[kind]} of the vocabulary{hint}")
        if self.recipient not in (VENDOR, THIRD_PARTY):
            object.__setattr__(self, "recipient", normal(self.recipient))
        if self.channel is not None and self.channel not in get_args(Channel):
            raise UsageError(f"{self.channel!r} is no channel; there are {', '.join(get_args(Channel))}")


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, why, and the digests of the messages that it rests on."""

    answer: Answer
    reason: Reason
    evidence: tuple[str, ...]
    question: Question
    at: str

    def __bool__(self) -> bool:
        """Whether it may be done as far as OpenCMR governs it. `not-governed` is no yes."""
        return self.answer == "permit"


@dataclass(frozen=True, slots=True)
class Statement:
    """One permission or prohibition, behind which there is one word of the customer's.

    Attributes:
        source: What kind of word it is; decides the reason code.
        actions: Covered by name or inclusion. Likewise `purposes`, none being any, and `data`.
        own: The customer's own word. A yes lifts a no only if its word has a later place, and knows the no's.
        vendor: Whether it speaks of the vendor's own processing.
        third_parties: URIs of the third parties that it names; none: any of them, empty: none of them.
        at: From when on it counts.
        until: When it ends by its own word, exclusive.
        ended: When it was taken back, replaced or superseded.
        scope: The thread whose data it is about; none: the relationship's.
    """

    effect: Literal["permit", "prohibit"]
    source: Literal["agreement", "consent", "refusal", "withdrawal"]
    actions: tuple[str, ...]
    purposes: tuple[str, ...] | None
    data: tuple[str, ...]
    own: Word
    at: str
    evidence: tuple[str, ...]
    vendor: bool = True
    third_parties: frozenset[str] | None = frozenset()
    channels: frozenset[Channel] | None = None
    until: str | None = None
    ended: str | None = None
    scope: str | None = None

    def covers(self, question: Question) -> bool:
        """Whether the statement speaks of this question, whenever it is asked."""
        return self._permits(question) if self.effect == "permit" else self._prohibits(question)

    def lasts(self, at: str, *, now: bool = False) -> bool:
        """Whether it has not ended at this instant; now: every end counts that was put to it, whatever its date."""
        return (self.until is None or at < self.until) and (self.ended is None or (not now and at < self.ended))

    def speaks_of(self, action: str, purpose: str) -> bool:
        """Whether it speaks of the vendor's doing this, with any data and over any channel."""
        match = _any_reaches if self.effect == "permit" else _any_overlaps
        return (
            self.vendor
            and match("action", self.actions, action)
            and (self.purposes is None or match("purpose", self.purposes, purpose))
        )

    def _permits(self, question: Question) -> bool:
        if self.channels is not None and question.channel not in self.channels:
            return False
        if self.purposes is not None and not _any_reaches("purpose", self.purposes, question.purpose):
            return False
        if not _any_reaches("data", self.data, question.data):
            return False
        if question.recipient == VENDOR:
            return self.vendor and _any_reaches("action", self.actions, question.action)
        named = self.third_parties is None or question.recipient in self.third_parties
        # Handing over is sharing, whatever it is called; what must be named besides is still to be named.
        return named and _any_reaches("action", self.actions, SHARE) and _names("action", self.actions, question.action)

    def _prohibits(self, question: Question) -> bool:
        """A no speaks of all at or below its terms, and of a question that is wider and so asks about them too."""
        if self.channels is not None and question.channel is not None and question.channel not in self.channels:
            return False
        if not _any_overlaps("data", self.data, question.data):
            return False
        if self.purposes is not None and not _any_overlaps("purpose", self.purposes, question.purpose):
            return False
        if question.recipient == VENDOR:
            return self.vendor and _any_overlaps("action", self.actions, question.action)
        named = (
            self.third_parties is None
            or question.recipient in self.third_parties
            or (question.recipient == THIRD_PARTY and bool(self.third_parties))
        )
        return named and any(_any_overlaps("action", self.actions, action) for action in (question.action, SHARE))


@dataclass(frozen=True, slots=True)
class _Noes:
    """All prohibitions that match a question, as what a permission must be able to lift.

    A permission lifts them all if it lifts each: so it is enough to look at the terms that stand in any of them, and
    each is asked about once, however many prohibitions name it.
    """

    last: int
    places: int
    actions: frozenset[str]
    purposes: frozenset[str]
    data: frozenset[str]
    channels: bool
    parties: bool

    @classmethod
    def of(cls, noes: list[Statement], question: Question) -> "_Noes":
        shared = question.recipient != VENDOR
        places = {no.own.place for no in noes}
        return cls(
            max(places),
            reduce(lambda bits, place: bits | 1 << place, places, 0),
            # A yes that speaks of a third party names sharing, so lifts the noes to that.
            frozenset(
                term
                for no in noes
                for term in no.actions
                if overlaps("action", term, question.action) and not (shared and includes("action", term, SHARE))
            ),
            frozenset(term for no in noes for term in no.purposes or () if overlaps("purpose", term, question.purpose)),
            frozenset(term for no in noes for term in no.data if overlaps("data", term, question.data)),
            any(no.channels is not None for no in noes),
            shared and any(no.third_parties is not None for no in noes),
        )

    def lifted_by(self, yes: Statement, question: Question) -> bool:
        """Whether this yes lifts every one: its word came after them and knows them, and it says no more than they do.

        Its action, purpose and data lie at or below theirs, and it names channel and party where they name any.
        """
        return (
            yes.own.place > self.last
            and not yes.own.knows.lacks(self.places)
            and not (self.channels and yes.channels is None)
            and not (self.parties and question.recipient not in (yes.third_parties or ()))
            and _below("action", yes.actions, self.actions, question.action)
            and (yes.purposes is None or _below("purpose", yes.purposes, self.purposes, question.purpose))
            and _below("data", yes.data, self.data, question.data)
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """A live intent or order: while it lasts, it permits what it takes to perform it, on what was disclosed in it.

    Attributes:
        data: Term by term, what was disclosed, and when.
        until: When it ends by itself, exclusive. `closed`: when an end was put to it.
    """

    thread: str
    kind: Literal["intent-live", "order-live"]
    since: str
    until: str
    closed: str | None
    data: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decisions about one customer rest on."""

    statements: tuple[Statement, ...] = ()
    activities: tuple[Activity, ...] = ()
    governed: tuple[tuple[str, str], ...] = ()
    """Threads whose data has terms of its own, and since when."""


def decide(facts: Facts, question: Question, at: str, *, now: bool = False) -> Decision:
    """Answer a question from the facts as they stood at an instant.

    Args:
        facts: All that was said.
        question: What is asked.
        at: The instant.
        now: That is now: every word counts, whatever its date.
    """

    def answered(answer: Answer, reason: Reason, evidence: Iterable[str] = ()) -> Decision:
        return Decision(answer, reason, tuple(evidence), question, at)

    # 0. What no agreement can govern.
    if question.purpose == "dpv:LegalCompliance":
        return answered("not-governed", "legal-compliance")
    if includes("action", "dpv:Remove", question.action):
        return answered("not-governed", "removal")

    # 1. Performing what the customer asked for, on what they disclosed for it.
    for activity in facts.activities:
        if _performs(activity, question, at, now):
            return answered("permit", activity.kind, activity.evidence)

    # 2. The latest word that matches; in one document the prohibition; and a yes only where it lifts each no.
    scope = None
    if question.thread is not None:
        governed = (thread for thread, since in facts.governed if thread == question.thread and (now or since <= at))
        scope = next(governed, None)
    there = scope is None or _disclosed(facts, scope, question.data, at, now)
    said = [
        one
        for one in facts.statements
        if (now or one.at <= at)
        and (one.source != "agreement" or (one.scope == scope and (there or one.effect == "prohibit")))
        and one.covers(question)
    ]
    noes = [one for one in said if one.effect == "prohibit"]
    yeses = [one for one in said if one.effect == "permit" and one.lasts(at, now=now)]
    if yeses:
        if noes:
            all_ = _Noes.of(noes, question)
            yeses = [yes for yes in yeses if all_.lifted_by(yes, question)]
        if yeses:
            yes = max(yeses, key=_latest)
            return answered("permit", "agreement" if yes.source == "agreement" else "consent", yes.evidence)
    if noes:
        no = max(noes, key=_latest)
        reasons: dict[str, Reason] = {
            "agreement": "prohibited-by-agreement",
            "refusal": "refused",
            "withdrawal": "withdrawn",
        }
        return answered("deny", reasons[no.source], no.evidence)

    # 3. Silence is a no. A permission that has run out is named as the reason.
    lapsed = [one for one in said if one.effect == "permit"]
    if lapsed:
        last = max(lapsed, key=_latest)
        return answered("deny", "agreement-ended" if last.source == "agreement" else "consent-expired", last.evidence)
    return answered("deny", "no-word")


def _latest(one: Statement) -> tuple[int, str]:
    """The customer's order; of one word that was answered twice, such as a wish, the order of the answers."""
    return one.own.place, one.at


def turning_point(facts: Facts, at: str) -> str | None:
    """The next instant at which an answer about now could change though nobody says anything; none: never."""
    later = [one.until for one in facts.statements if one.until is not None and one.until > at]
    later += [activity.until for activity in facts.activities if activity.until > at]
    return min(later, default=None)


def gather(
    threads: Iterable[Thread], chain: Chain, beside: Iterable[Beside] = (), *, mine: bool = False
) -> Facts:
    """The facts of a relationship: what its threads fold to, as dated statements.

    Args:
        threads: The threads.
        chain: The order, and the times of the places.
        beside: What was taken back of consents beside what stands.
        mine: Whether it is the customer who asks: then a no of theirs holds from when they said it.
    """
    known = list(threads)

    def when(point: Point) -> str:
        return chain.time(point.place, point.at)

    binding = list(_terms_in_force(known))
    statements = statements_of_terms(binding, when)
    for thread in known:
        if isinstance(thread.record, Consent):
            statements += _of_consent(thread.record, when)
    for one in beside:
        for item in one.denied:
            statements += statements_of_item(item, when)
    if mine:
        statements = [_from_when_said(one) for one in statements]
    dealings = [(thread.id, thread.record) for thread in known if isinstance(thread.record, Dealing)]
    return Facts(
        tuple(statements),
        tuple(activity for id_, dealing in dealings for activity in _of_dealing(id_, dealing, when)),
        tuple((one.scope, when(one.since)) for one in binding if one.scope)
        + tuple((id_, when(dealing.wished_at)) for id_, dealing in dealings if dealing.wished_at),
    )


def _from_when_said(one: Statement) -> Statement:
    early = one.source in ("refusal", "withdrawal") and one.own.created < one.at
    return replace(one, at=one.own.created) if early else one


class Binding(NamedTuple):
    """Terms that bind, or have bound: those of an agreement, or of an intent that an offer answered.

    Attributes:
        own: The customer's own word for them.
        since: When they began to bind.
        ended: When an end was put to them; a later agreement of the same scope need not be told here.
        scope: The thread whose data they are for; none: the relationship's.
    """

    document: TermsDocument
    own: Word
    since: Point
    evidence: tuple[str, ...]
    ended: Point | None = None
    scope: str | None = None


When = Callable[[Point], str]


def statements_of_terms(binding: Iterable[Binding], when: When) -> list[Statement]:
    """All that terms permit and prohibit. The permissions of each end where later ones of its scope begin.

    Later are those that the customer said later. Terms whose own word does not know the words behind all that bound in
    their scope before came too late: their permissions never begin, and end nothing.
    """
    statements: list[Statement] = []
    in_order = sorted(binding, key=lambda one: one.since.place)
    bound: dict[str | None, int] = {}
    too_late: set[int] = set()
    for position, one in enumerate(in_order):
        before = bound.get(one.scope, 0)
        if one.own.knows.lacks(before & ~(1 << one.own.place)):
            too_late.add(position)
        else:
            bound[one.scope] = before | 1 << one.own.place
    latest: dict[str | None, Point] = {}
    for position, one in reversed(list(enumerate(in_order))):
        if position in too_late:
            statements += _of_rules(one, when, one.since)
            continue
        ends = [end for end in (one.ended, latest.get(one.scope)) if end is not None]
        statements += _of_rules(one, when, min(ends, key=lambda end: end.place, default=None))
        latest[one.scope] = one.since
    return statements


def _terms_in_force(threads: list[Thread]) -> Iterator[Binding]:
    """Agreements, and the terms that each offer accepted by being made.

    An offer that is accepted has been chosen: the terms of the others end, however lax. The acceptance itself gives
    them no later order than the wish has that they were named in.
    """
    for thread in threads:
        match thread.record:
            case Agreement(terms=(_, document), since=Point() as since, own=Word() as own, scope=scope) as record:
                made = record.evidence if record.ended is None else record.evidence[:-1]
                yield Binding(document, own, since, made, record.ended, scope.id if scope else None)
            case Dealing() as record:
                over = record.closed if record.state in ("withdrawn", "cancelled") else None
                for offer in record.offers:
                    if offer.own is not None:
                        end = offer.dropped or over
                        yield Binding(offer.terms[1], offer.own, offer.since, (offer.digest,), end, thread.id)
                if record.ordered_at is not None and (chosen := record.accepted_offer).own is not None:
                    made, end = (chosen.digest, str(record.ordered_by)), chosen.dropped or over
                    yield Binding(chosen.terms[1], chosen.own, record.ordered_at, made, end, thread.id)
            case _:
                pass


@lru_cache(maxsize=10_000)
def _one(terms: T) -> T:
    """One and the same object for the same terms: a vendor holds the statements of a million customers."""
    return terms


def _begins(own: Word, at: str, permit: bool) -> str:
    """A permission never runs from before its own word was said, as far as clocks may differ."""
    return max(at, shifted(own.created, -TOLERANCE)) if permit and own.created > at else at


def _of_rules(one: Binding, when: When, ended: Point | None) -> Iterator[Statement]:
    rules = one.document.rules
    at, end = when(one.since), when(ended) if ended else None
    named = _one(tuple(rule.purpose for rule in rules if rule.effect == "permit" and rule.purpose))
    for rule in rules:
        if rule.effect == "oblige" or rule.action is None:
            continue
        permit = rule.effect == "permit"
        yield Statement(
            effect="permit" if permit else "prohibit",
            source="agreement",
            actions=_one((rule.action,)),
            purposes=_one((rule.purpose,)) if rule.purpose else (named if permit else None),
            data=_one((rule.data or EVERYTHING["data"],)),
            vendor="vendor" in rule.by,
            third_parties=None if "third-party" in rule.by else frozenset(),
            own=one.own,
            at=_begins(one.own, at, permit),
            ended=end if permit else None,
            scope=one.scope,
            evidence=one.evidence,
        )


def _of_consent(record: Consent, when: When) -> Iterator[Statement]:
    for item, ended in record.past:
        yield from statements_of_item(item, when, ended)
    for item in record.items.values():
        yield from statements_of_item(item, when)


def statements_of_item(record: ItemRecord, when: When, ended: Point | None = None) -> Iterator[Statement]:
    """What an item permits or prohibits: nothing while it is only asked for.

    Args:
        record: The item as it stood.
        when: The time of a place.
        ended: When it came to stand otherwise.
    """
    if record.state == "requested":
        return
    item, permit = record.item, record.state == "given"
    outside = [party.id for party in outsiders(item)]
    known = frozenset(id_ for id_ in outside if id_)  # a name is no party that a question could ask about
    yield Statement(
        effect="permit" if permit else "prohibit",
        source="consent" if permit else "refusal" if record.state == "refused" else "withdrawal",
        actions=_one(tuple(item.actions or (EVERYTHING["action"],))),
        purposes=_one(tuple(item.purposes)),
        data=_one(tuple(item.data)),
        third_parties=_one(known) if permit or (outside and None not in outside) else None,
        channels=_one(frozenset(item.channels)) if item.channels else None,
        own=record.own,
        at=_begins(record.own, when(record.since), permit),
        until=record.until if permit else None,
        ended=when(ended) if permit and ended else None,
        evidence=record.evidence,
    )


def _of_dealing(thread: str, dealing: Dealing, when: When) -> Iterator[Activity]:
    """What is live, span by span: a wish or an order that had lapsed is live again from a later word on, not before."""
    data = tuple((datum.data, when(point)) for datum, point in dealing.disclosed)
    if dealing.wished_at:
        data = (*data, (THE_WISH, when(dealing.wished_at)))
        over = dealing.ordered_at or dealing.closed
        ends = [*(since for since, _ in dealing.wishes[1:]), over]
        for (since, until), end in zip(dealing.wishes, ends, strict=True):
            closed = when(end) if end else None
            yield Activity(thread, "intent-live", when(since), until, closed, data, dealing.evidence[:1])
    if dealing.ordered_at is not None:
        made = (str(dealing.accepted), str(dealing.ordered_by))
        for begun, until, closed in _spans_of_order(dealing, when):
            yield Activity(thread, "order-live", begun, until, closed, data, made)


def _spans_of_order(dealing: Dealing, when: When) -> Iterator[tuple[str, str, str | None]]:
    """Since when an order is live, when that ends by itself, and when an end was put to it.

    Done, and the days for returning it over; or, where it never comes to be done, a year after its last entry.
    """
    times = [when(point) for point in dealing.performed]
    begun = times[0]
    for before, after in pairwise(times):
        if after >= (lapsed := shifted(before, _NEVER_DONE)):
            yield begun, lapsed, lapsed
            begun = after
    if dealing.closed is None:
        yield begun, shifted(times[-1], _NEVER_DONE), None
        return
    returns, closed = dealing.accepted_offer.body.returns, when(dealing.closed)
    if dealing.state != "done" or returns is None or not returns.days:
        yield begun, closed, closed
    else:
        yield begun, shifted(closed, timedelta(days=returns.days)), None


def _performs(activity: Activity, question: Question, at: str, now: bool) -> bool:
    purposes = _INTENT_PURPOSES if activity.kind == "intent-live" else _ORDER_PURPOSES
    return (
        activity.thread == question.thread
        and (now or activity.since <= at)
        and at < activity.until
        and (activity.closed is None or (not now and at < activity.closed))
        and question.recipient == VENDOR
        and _any_reaches("purpose", purposes, question.purpose)
        and _holds(activity, question.data, at, now)
        and reaches("action", EVERYTHING["action"], question.action)
    )


def _holds(activity: Activity, data: str, at: str, now: bool) -> bool:
    return any((now or since <= at) and reaches("data", term, data) for term, since in activity.data)


def _disclosed(facts: Facts, thread: str, data: str, at: str, now: bool) -> bool:
    """Whether this is data of the thread: something that the customer has disclosed in it."""
    return any(one.thread == thread and _holds(one, data, at, now) for one in facts.activities)


@lru_cache(maxsize=_REMEMBERED)
def _any_reaches(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    return any(reaches(kind, one, term) for one in terms)


@lru_cache(maxsize=_REMEMBERED)
def _any_overlaps(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    return any(overlaps(kind, one, term) for one in terms)


def _names(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    """Whether each named-only term at or above `term`, besides sharing, is named by one of the terms."""
    guards = upward(kind, term) & named_only(kind) - {SHARE}
    return all(any(includes(kind, guard, one) for one in terms) for guard in guards)


@lru_cache(maxsize=_REMEMBERED)
def _below(kind: Kind, yes: tuple[str, ...], no: frozenset[str], asked: str) -> bool:
    """Whether each of the noes' terms covers a term of the yes that reaches what is asked.

    The yes's term doesn't lie above the no's: `dpv:Data` is more than the personal data in it.
    """
    mine = [one for one in yes if reaches(kind, one, asked)]
    return all(
        any(prohibits(kind, term, one) and (one == term or not includes(kind, one, term)) for one in mine)
        for term in no
    )


def as_dict(decision: Decision) -> dict[str, Any]:
    """A decision as plain JSON."""
    question = decision.question
    return {
        "answer": decision.answer,
        "reason": decision.reason,
        "evidence": list(decision.evidence),
        "at": decision.at,
        "question": {
            name: value
            for name in ("action", "purpose", "data", "recipient", "channel", "thread")
            if (value := getattr(question, name)) is not None
        },
    }
