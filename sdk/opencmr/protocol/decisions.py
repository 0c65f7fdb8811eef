"""What a vendor may do (`spec/v1/decisions.md`): a pure function over the facts that the threads fold to.

    The customer's latest explicit word wins; inside one document a prohibition wins; silence is a no.

`facts` turns records into statements, each a permission or a prohibition; `decide` finds those that match a question
and lets the rules of the specification, 0 to 3, speak in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from ..errors import UsageError
from ..messages.types import Channel, Code, Uri, as_wire
from .said import Word
from .uri import normal
from .vocabulary import EVERYTHING, Kind, includes, is_term, named_only, nearest, overlaps, prohibits, reaches, upward

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

Topic = tuple[str, str]
"""Scheme and code."""

VENDOR = "vendor"
THIRD_PARTY = "third-party"
SHARE = "dpv:Share"

_REMEMBERED = 100_000
"""How many comparisons of a statement's terms with a question's are remembered: most statements name the same few."""
_INTENT_PURPOSES = ("opencmr:IntentCasting",)
ORDER_PURPOSES = (
    "dpv:RequestedServiceProvision",
    "dpv:PaymentManagement",
    "dpv:CustomerOrderManagement",
    "dpv:CustomerCare",
    "dpv:RightsFulfilment",
    "dpv:EnforceSecurity",
)
CARE = ("dpv:CustomerCare",)
_HANDED_ON = ("dpv:RequestedServiceProvision",)
_ANY_PURPOSE = (EVERYTHING["purpose"],)
_URI: TypeAdapter[str] = TypeAdapter(Uri)
_KINDS: dict[Kind, str] = {"action": "an action", "purpose": "a purpose", "data": "a kind of personal data"}


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
        topic: What the words are about, by scheme and code, where the customer is told something.
    """

    action: str
    purpose: str
    data: str = EVERYTHING["data"]
    recipient: str = VENDOR
    channel: Channel | None = None
    thread: str | None = None
    topic: Code | None = None

    def __post_init__(self) -> None:
        """Refuse words that no message could ever say: a misspelt purpose must not silently mean no.

        Raises:
            UsageError: Names the word, and what may have been meant; or the recipient that is no URI, or the topic that
                is no Code.
        """
        kinds: tuple[tuple[Kind, Any], ...] = (("action", self.action), ("purpose", self.purpose), ("data", self.data))
        for kind, term in kinds:
            if not isinstance(term, str) or not is_term(kind, term):
                meant = nearest(kind, term) if isinstance(term, str) else None
                hint = f"; did you mean {meant}?" if meant else ""
                raise UsageError(f"{term!r} is not {_KINDS[kind]} of the vocabulary{hint}")
        if self.recipient not in (VENDOR, THIRD_PARTY):
            object.__setattr__(self, "recipient", _party(self.recipient))
        if self.channel is not None and self.channel not in get_args(Channel):
            raise UsageError(f"{self.channel!r} is no channel; there are {', '.join(get_args(Channel))}")
        if not isinstance(self.thread, str | None):
            raise UsageError(f"{self.thread!r} is no id of a thread")
        if not isinstance(self.topic, Code | None):
            raise UsageError(f"{self.topic!r} is no topic; say Code(scheme='text', code={str(self.topic)!r})")

    @property
    def about(self) -> Topic | None:
        """Scheme and code of the topic: the label makes no difference."""
        return (self.topic.scheme, self.topic.code) if self.topic else None


def _party(recipient: str) -> str:
    """The URI of a party in normal form. What no message could say is none: no no-word could ever speak of it."""
    if not isinstance(recipient, str):
        raise UsageError(f"{recipient!r} is neither {VENDOR} nor {THIRD_PARTY} nor the URI of a party")
    found, why = normal(recipient), f"{recipient!r} is neither {VENDOR} nor {THIRD_PARTY} nor the URI of a party"
    if normal(found) != found:  # such as a host that ends in what looks like a port: no message could name it
        raise UsageError(why)
    try:
        return _URI.validate_python(found)
    except ValidationError:
        raise UsageError(why) from None


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
        topics: What it is about, where that is narrowed. Likewise `channels`.
        begins: When it begins by its own word, where that is later.
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
    topics: frozenset[Topic] | None = None
    begins: str | None = None
    until: str | None = None
    ended: str | None = None
    scope: str | None = None

    def covers(self, question: Question) -> bool:
        """Whether the statement speaks of this question, whenever it is asked."""
        asked = self.effect == "permit" or question.topic is not None  # a no speaks of what is left open too
        if self.topics is not None and asked and question.about not in self.topics:
            return False
        return self.covers_some_topic(question)

    def covers_some_topic(self, question: Question) -> bool:
        """The same, whatever the topic."""
        return self._permits(question) if self.effect == "permit" else self._prohibits(question)

    def lasts(self, at: str, *, now: bool = False) -> bool:
        """Whether it has not ended at this instant; now: every end counts that was put to it, whatever its date."""
        return (
            self.begun(at)
            and (self.until is None or at < self.until)
            and (self.ended is None or (not now and at < self.ended))
        )

    def begun(self, at: str) -> bool:
        """Whether it has begun at this instant by its own word."""
        return self.begins is None or self.begins <= at

    def speaks_of(self, action: str, purpose: str) -> bool:
        """Whether it speaks of the vendor's doing this, with any data and over any channel."""
        match = _any_reaches if self.effect == "permit" else _any_overlaps
        return (
            self.vendor
            and match("action", self.actions, action)
            and (self.purposes is None or match("purpose", self.purposes, purpose))
        )

    def _permits(self, question: Question) -> bool:
        if self.channels is not None and (
            question.channel is None or not _any_reaches("channel", self.channels, question.channel)
        ):
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
        if (
            self.channels is not None
            and question.channel is not None
            and not _any_overlaps("channel", self.channels, question.channel)
        ):
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
    channels: frozenset[str]
    topics: bool
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
                if any(overlaps("action", term, asked) for asked in ((question.action, SHARE)[: 1 + shared]))
                and not (shared and includes("action", term, SHARE))
            ),
            frozenset(term for no in noes for term in no.purposes or () if overlaps("purpose", term, question.purpose)),
            frozenset(term for no in noes for term in no.data if overlaps("data", term, question.data)),
            frozenset(
                term
                for no in noes
                for term in no.channels or ()
                if question.channel is None or overlaps("channel", term, question.channel)
            ),
            any(no.topics is not None for no in noes),
            shared and any(no.third_parties is not None for no in noes),
        )

    def lifted_by(self, yes: Statement, question: Question) -> bool:
        """Whether this yes lifts every one: its word came after them and knows them, and it says no more than they do.

        Its action, purpose and data lie at or below theirs, its channel too where they name any, and it names topic and
        party where they name any.
        """
        return (
            yes.own.place > self.last
            and not yes.own.knows.lacks(self.places)
            and (not self.channels or _over_such(yes.channels, self.channels, question.channel))
            and not (self.topics and yes.topics is None)
            and not (self.parties and question.recipient not in (yes.third_parties or ()))
            and _below("action", yes.actions, self.actions, question.action)
            and _below("purpose", yes.purposes or _ANY_PURPOSE, self.purposes, question.purpose)
            and _below("data", yes.data, self.data, question.data)
        )


def _over_such(yes: frozenset[Channel] | None, no: frozenset[str], asked: str | None) -> bool:
    return yes is not None and asked is not None and _below("channel", yes, no, asked)


@dataclass(frozen=True, slots=True)
class Activity:
    """A live intent or order: while it lasts, it permits what it takes to perform it, on what was disclosed in it.

    Attributes:
        data: Term by term, what was disclosed, and when.
        until: When it ends by itself, exclusive. `closed`: when an end was put to it.
        purposes: What it is for.
        recipients: With whom else which of the data may be shared, by URI.
    """

    thread: str
    kind: Literal["intent-live", "order-live"]
    since: str
    until: str
    closed: str | None
    data: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    purposes: tuple[str, ...] = _INTENT_PURPOSES
    recipients: tuple[tuple[str, tuple[str, ...]], ...] = ()


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
    lapsed = [one for one in said if one.effect == "permit" and one.begun(at)]
    if lapsed:
        last = max(lapsed, key=_latest)
        return answered("deny", "agreement-ended" if last.source == "agreement" else "consent-expired", last.evidence)
    return answered("deny", "no-word")


def permits_about(
    statements: Iterable[Statement], question: Question, topics: frozenset[Topic | None], at: str
) -> bool:
    """Whether the question, which names no topic, is permitted now about one of these; none: one that nobody lists.

    Each no-word is looked at once for each topic that it lists, however many permissions there are.
    """
    said = [one for one in statements if one.scope is None and one.covers_some_topic(question)]
    yeses = [one for one in said if one.effect == "permit" and one.lasts(at, now=True)]
    noes = [one for one in said if one.effect == "prohibit"]
    whole = [one for one in noes if one.topics is None]
    if whole:
        all_ = _Noes.of(whole, question)
        yeses = [yes for yes in yeses if all_.lifted_by(yes, question)]
    listed: dict[Topic | None, list[Statement]] = {}
    for one in noes:
        for topic in one.topics or ():
            listed.setdefault(topic, []).append(one)
    free = topics - listed.keys()
    if any(free if yes.topics is None else free & yes.topics for yes in yeses):
        return True
    by_topic = {topic: _Noes.of(listed[topic], question) for topic in topics - free} if yeses else {}
    return any(by_topic[topic].lifted_by(yes, question) for yes in yeses for topic in topics & (yes.topics or set()))


def _latest(one: Statement) -> tuple[int, str]:
    """The customer's order; of one word that was answered twice, such as a wish, the order of the answers."""
    return one.own.place, one.at


def turning_point(facts: Facts, at: str) -> str | None:
    """The next instant at which an answer about now could change though nobody says anything; none: never."""
    later = [one.until for one in facts.statements if one.until is not None and one.until > at]
    later += [one.begins for one in facts.statements if one.begins is not None and one.begins > at]
    later += [activity.until for activity in facts.activities if activity.until > at]
    return min(later, default=None)


def _performs(activity: Activity, question: Question, at: str, now: bool) -> bool:
    return (
        activity.thread == question.thread
        and (now or activity.since <= at)
        and at < activity.until
        and (activity.closed is None or (not now and at < activity.closed))
        and _holds(activity, question.data, at, now)
        and (_is_for(activity, question) if question.recipient == VENDOR else _hands_on(activity, question))
    )


def _is_for(activity: Activity, question: Question) -> bool:
    return _any_reaches("purpose", activity.purposes, question.purpose) and reaches(
        "action", EVERYTHING["action"], question.action
    )


def _hands_on(activity: Activity, question: Question) -> bool:
    """Whether this is data that the accepted offer says somebody else gets, to perform the order: sharing, no more."""
    return (
        any(
            party == question.recipient and _any_reaches("data", data, question.data)
            for party, data in activity.recipients
        )
        and _any_reaches("purpose", _HANDED_ON, question.purpose)
        and _names("action", (SHARE,), question.action)
    )


def _holds(activity: Activity, data: str, at: str, now: bool) -> bool:
    return any((now or since <= at) and reaches("data", term, data) for term, since in activity.data)


def _disclosed(facts: Facts, thread: str, data: str, at: str, now: bool) -> bool:
    """Whether this is data of the thread: something that the customer has disclosed in it."""
    return any(one.thread == thread and _holds(one, data, at, now) for one in facts.activities)


@lru_cache(maxsize=_REMEMBERED)
def _any_reaches(kind: Kind, terms: tuple[str, ...] | frozenset[Channel], term: str) -> bool:
    return any(reaches(kind, one, term) for one in terms)


@lru_cache(maxsize=_REMEMBERED)
def _any_overlaps(kind: Kind, terms: tuple[str, ...] | frozenset[Channel], term: str) -> bool:
    return any(overlaps(kind, one, term) for one in terms)


def _names(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    """Whether each named-only term at or above `term`, besides sharing, is named by one of the terms."""
    guards = upward(kind, term) & named_only(kind) - {SHARE}
    return all(any(includes(kind, guard, one) for one in terms) for guard in guards)


@lru_cache(maxsize=_REMEMBERED)
def _below(kind: Kind, yes: tuple[str, ...] | frozenset[Channel], no: frozenset[str], asked: str) -> bool:
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
        }
        | ({"topic": as_wire(question.topic)} if question.topic else {}),
    }
