"""What a vendor may do (`spec/v1/decisions.md`): a pure function over the facts that the threads fold to.

    The customer's latest explicit word wins; inside one document a prohibition wins; silence is a no.

`statements` turns records into dated statements, each a permission or a prohibition; `decide` finds those that match
a question and lets the rules of the specification, 0 to 3, speak in their order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args

from ..errors import UsageError
from ..messages.types import Channel, TermsDocument
from .agreement import Agreement
from .consent import Consent, ItemRecord, outsiders
from .dealing import Dealing
from .thread import Thread
from .vocabulary import EVERYTHING, Kind, includes, is_term, named_only, nearest, prohibits, reaches, upward

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
        recipient: Who ends up processing: `vendor` (its processors count as it), `third-party`, or the URI of one.
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
    """One dated permission or prohibition.

    Attributes:
        source: What kind of word it is; decides the reason code.
        actions: Covered by name or inclusion. Likewise `purposes`, none being any, and `data`.
        vendor: Whether it speaks of the vendor's own processing.
        third_parties: URIs of the third parties that it names; none: any of them, empty: none of them.
        at: When it took its place.
        until: When it ends by its own word, exclusive.
        ended: When it was taken back, replaced or superseded.
        scope: The thread whose data it is about; none: the relationship's.
    """

    effect: Literal["permit", "prohibit"]
    source: Literal["agreement", "consent", "refusal", "withdrawal"]
    actions: tuple[str, ...]
    purposes: tuple[str, ...] | None
    data: tuple[str, ...]
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

    def lasts(self, at: str) -> bool:
        """Whether it has not ended at this instant."""
        return (self.until is None or at < self.until) and (self.ended is None or at < self.ended)

    def speaks_of(self, action: str, purpose: str) -> bool:
        """Whether it speaks of the vendor's doing this, with any data and over any channel."""
        match = _any_reaches if self.effect == "permit" else _any_prohibits
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
        if self.channels is not None and question.channel is not None and question.channel not in self.channels:
            return False
        if not _any_prohibits("data", self.data, question.data):
            return False
        if self.purposes is not None and not _any_prohibits("purpose", self.purposes, question.purpose):
            return False
        if question.recipient == VENDOR:
            return self.vendor and _any_prohibits("action", self.actions, question.action)
        named = (
            self.third_parties is None
            or question.recipient in self.third_parties
            or (question.recipient == THIRD_PARTY and bool(self.third_parties))
        )
        return named and any(_any_prohibits("action", self.actions, action) for action in (question.action, SHARE))

    def lifts(self, no: "Statement", question: Question) -> bool:
        """Whether this yes, being later, lifts that no: it says no more than the no does.

        Its action, purpose and data lie at or below the no's, and it names channel and party where the no names any.
        """
        if no.channels is not None and self.channels is None:
            return False
        actions = no.actions
        if question.recipient != VENDOR:
            if no.third_parties is not None and question.recipient not in (self.third_parties or ()):
                return False
            # A yes that speaks of a third party names sharing, so lifts the noes to that.
            actions = tuple(term for term in actions if not includes("action", term, SHARE))
        return (
            _below("action", self.actions, actions, question.action)
            and (no.purposes is None or _below("purpose", self.purposes, no.purposes, question.purpose))
            and _below("data", self.data, no.data, question.data)
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """A live intent or order: while it lasts, it permits what it takes to perform it, on what was disclosed in it.

    Attributes:
        data: Term by term, what was disclosed, and when.
    """

    thread: str
    kind: Literal["intent-live", "order-live"]
    since: str
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


def decide(facts: Facts, question: Question, at: str) -> Decision:
    """Answer a question from the facts as they stood at an instant."""

    def answered(answer: Answer, reason: Reason, evidence: Iterable[str] = ()) -> Decision:
        return Decision(answer, reason, tuple(evidence), question, at)

    # 0. What no agreement can govern.
    if question.purpose == "dpv:LegalCompliance":
        return answered("not-governed", "legal-compliance")
    if includes("action", "dpv:Remove", question.action):
        return answered("not-governed", "removal")

    # 1. Performing what the customer asked for, on what they disclosed for it.
    for activity in facts.activities:
        if _performs(activity, question, at):
            return answered("permit", activity.kind, activity.evidence)

    # 2. The latest word that matches; in one document the prohibition; and a yes only where it lifts each earlier no.
    scope = None
    if question.thread is not None:
        scope = next((thread for thread, since in facts.governed if thread == question.thread and since <= at), None)
    said = [
        one
        for one in facts.statements
        if one.at <= at and (one.scope == scope or one.source != "agreement") and one.covers(question)
    ]
    noes = [one for one in said if one.effect == "prohibit"]
    yeses = [one for one in said if one.effect == "permit" and one.lasts(at)]
    if len(yeses) > 1:
        yeses.sort(key=lambda one: one.at, reverse=True)
    for yes in yeses:
        if not noes or all(no.at < yes.at and yes.lifts(no, question) for no in noes):
            return answered("permit", "agreement" if yes.source == "agreement" else "consent", yes.evidence)
    if noes:
        no = max(noes, key=lambda one: one.at)
        reasons: dict[str, Reason] = {
            "agreement": "prohibited-by-agreement",
            "refusal": "refused",
            "withdrawal": "withdrawn",
        }
        return answered("deny", reasons[no.source], no.evidence)

    # 3. Silence is a no. A permission that has run out is named as the reason.
    lapsed = [one for one in said if one.effect == "permit"]
    if lapsed:
        last = max(lapsed, key=lambda one: one.at)
        return answered("deny", "agreement-ended" if last.source == "agreement" else "consent-expired", last.evidence)
    return answered("deny", "no-word")


def turning_point(facts: Facts, at: str) -> str | None:
    """The next instant after `at` at which any answer could change though nobody says anything; none: never.

    It is enough to know when something begins or ends; what an answer is until then does not matter.
    """
    later = [
        instant
        for one in facts.statements
        for instant in (one.until, one.ended, one.at)
        if instant is not None and instant > at
    ]
    for activity in facts.activities:
        begins = (activity.since, activity.closed, *(since for _, since in activity.data))
        later += [instant for instant in begins if instant is not None and instant > at]
    later += [since for _, since in facts.governed if since > at]
    return min(later, default=None)


def gather(threads: Iterable[Thread]) -> Facts:
    """The facts of a relationship: what its threads fold to, as dated statements."""
    known = list(threads)
    binding = list(_terms_in_force(known))
    statements = statements_of_terms(binding)
    for thread in known:
        if isinstance(thread.record, Consent):
            statements += _of_consent(thread.record)
    dealings = [(thread.id, thread.record) for thread in known if isinstance(thread.record, Dealing)]
    return Facts(
        tuple(statements),
        tuple(activity for id_, dealing in dealings for activity in _of_dealing(id_, dealing)),
        tuple((one.scope, one.since) for one in binding if one.scope)
        + tuple((id_, dealing.wished_at) for id_, dealing in dealings if dealing.wished_at),
    )


@dataclass(frozen=True, slots=True)
class Binding:
    """Terms that bind, or have bound: those of an agreement, or of an intent that an offer answered.

    Attributes:
        since: When they began to bind.
        ended: When an end was put to them; a later agreement of the same scope need not be told here.
        scope: The thread whose data they are for; none: the relationship's.
    """

    document: TermsDocument
    since: str
    evidence: tuple[str, ...]
    ended: str | None = None
    scope: str | None = None


def statements_of_terms(binding: Iterable[Binding]) -> list[Statement]:
    """All that terms permit and prohibit. The permissions of each end where later ones of its scope begin."""
    statements: list[Statement] = []
    latest: dict[str | None, str] = {}
    for one in sorted(binding, key=lambda one: one.since, reverse=True):
        ended = min((end for end in (one.ended, latest.get(one.scope)) if end is not None), default=None)
        latest[one.scope] = one.since
        statements += _of_rules(one, ended)
    return statements


def _terms_in_force(threads: list[Thread]) -> Iterator[Binding]:
    """Agreements, and the terms that each offer accepted by being made."""
    for thread in threads:
        match thread.record:
            case Agreement(terms=(_, document), since=str(since), scope=scope) as record:
                made = record.evidence if record.ended is None else record.evidence[:-1]
                yield Binding(document, since, made, record.ended, scope.id if scope else None)
            case Dealing(wished_at=str(wished_at)) as record:
                over = record.closed if record.state in ("withdrawn", "cancelled") else None
                for offer in record.offers:
                    if offer.since >= wished_at:
                        yield Binding(offer.terms[1], offer.since, (offer.digest,), over, thread.id)
                if record.ordered_at is not None:  # an offer made after it must not bring laxer terms
                    chosen = record.accepted_offer
                    made = (chosen.digest, str(record.ordered_by))
                    yield Binding(chosen.terms[1], record.ordered_at, made, over, thread.id)


@lru_cache(maxsize=10_000)
def _one(terms: T) -> T:
    """One and the same object for the same terms: a vendor holds the statements of a million customers."""
    return terms


def _of_rules(one: Binding, ended: str | None) -> Iterator[Statement]:
    rules = one.document.rules
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
            at=one.since,
            ended=ended if permit else None,
            scope=one.scope,
            evidence=one.evidence,
        )


def _of_consent(record: Consent) -> Iterator[Statement]:
    for item, ended in record.past:
        yield from statements_of_item(item, ended)
    for item in record.items.values():
        yield from statements_of_item(item)


def statements_of_item(record: ItemRecord, ended: str | None = None) -> Iterator[Statement]:
    """What an item permits or prohibits: nothing while it is only asked for.

    Args:
        record: The item as it stood.
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
        at=record.since,
        until=record.until if permit else None,
        ended=ended if permit else None,
        evidence=record.evidence,
    )


def _of_dealing(thread: str, dealing: Dealing) -> Iterator[Activity]:
    data = tuple((datum.data, at) for datum, at in dealing.disclosed)
    wish = ((THE_WISH, dealing.wished_at),) if dealing.wished_at else ()
    opened = dealing.evidence[:1]
    if dealing.wished_at:
        ended = dealing.ordered_at or dealing.closed
        yield Activity(thread, "intent-live", dealing.wished_at, ended, (*data, *wish), opened)
    if dealing.ordered_at is not None:
        made = (str(dealing.accepted), str(dealing.ordered_by))
        yield Activity(thread, "order-live", dealing.ordered_at, dealing.closed, (*data, *wish), made)


def _performs(activity: Activity, question: Question, at: str) -> bool:
    purposes = _INTENT_PURPOSES if activity.kind == "intent-live" else _ORDER_PURPOSES
    return (
        activity.thread == question.thread
        and activity.since <= at
        and (activity.closed is None or at < activity.closed)
        and question.recipient == VENDOR
        and _any_reaches("purpose", purposes, question.purpose)
        and any(since <= at and reaches("data", term, question.data) for term, since in activity.data)
        and reaches("action", EVERYTHING["action"], question.action)
    )


@lru_cache(maxsize=_REMEMBERED)
def _any_reaches(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    return any(reaches(kind, one, term) for one in terms)


@lru_cache(maxsize=_REMEMBERED)
def _any_prohibits(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    return any(prohibits(kind, one, term) for one in terms)


def _names(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    """Whether each named-only term at or above `term`, besides sharing, is named by one of the terms."""
    guards = upward(kind, term) & named_only(kind) - {SHARE}
    return all(any(includes(kind, guard, one) for one in terms) for guard in guards)


def _below(kind: Kind, yes: Iterable[str] | None, no: Iterable[str], asked: str) -> bool:
    """Whether each of the no's terms that covers what is asked covers a term of the yes too that reaches it.

    The yes's term doesn't lie above the no's: `dpv:Data` is more than the personal data in it.
    """
    mine = [one for one in yes or () if reaches(kind, one, asked)]
    return all(
        any(prohibits(kind, term, one) and (one == term or not includes(kind, one, term)) for one in mine)
        for term in no
        if prohibits(kind, term, asked)
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
