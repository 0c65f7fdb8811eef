"""What a vendor may do (`spec/v1/decisions.md`): a pure function over the facts that the threads fold to.

    The customer's latest explicit word wins; inside one document a prohibition wins; silence is a no.

`facts` gathers statements, each a permission or a prohibition; `decide` finds those that match a question and lets the
rules of the specification, 0 to 3, speak in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce

from ..messages.types import Channel
from .question import VENDOR, Answer, Decision, Question, Reason, Topic
from .statements import REMEMBERED, SHARE, Activity, Facts, Statement, any_reaches, names
from .vocabulary import EVERYTHING, Kind, includes, overlaps, prohibits, reaches

_HANDED_ON = ("dpv:RequestedServiceProvision",)
_ANY_PURPOSE = (EVERYTHING["purpose"],)


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
            yes = _last(yeses)
            return answered("permit", "agreement" if yes.source == "agreement" else "consent", yes.evidence)
    if noes:
        no = _last(noes)
        reasons: dict[str, Reason] = {
            "agreement": "prohibited-by-agreement",
            "refusal": "refused",
            "withdrawal": "withdrawn",
            "objection": "objected",
            "erasure": "erasure",
        }
        return answered("deny", reasons[no.source], no.evidence)

    # 3. Silence is a no. A permission that has run out is named as the reason.
    lapsed = [one for one in said if one.begun(at)]
    if lapsed:
        last = _last(lapsed)
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


def _last(statements: list[Statement]) -> Statement:
    """The one that gives reason and evidence, in whatever order they were gathered.

    The customer's order; of one word, that in which it began to stand, such as a wish by the offers that answer it.
    Of what is alike in both, what takes back something given; then its evidence says it.
    """
    when = max((one.own.place, one.at) for one in statements)
    alike = [one for one in statements if (one.own.place, one.at) == when]
    if len(alike) == 1:
        return alike[0]
    return max(alike, key=lambda one: (one.source == "withdrawal", sorted(one.evidence)))


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
    return any_reaches("purpose", activity.purposes, question.purpose) and reaches(
        "action", EVERYTHING["action"], question.action
    )


def _hands_on(activity: Activity, question: Question) -> bool:
    """Whether this is data that the accepted offer says somebody else gets, to perform the order: sharing, no more."""
    return (
        any(
            party == question.recipient and any_reaches("data", data, question.data)
            for party, data in activity.recipients
        )
        and any_reaches("purpose", _HANDED_ON, question.purpose)
        and names("action", (SHARE,), question.action)
    )


def _holds(activity: Activity, data: str, at: str, now: bool) -> bool:
    return any((now or since <= at) and reaches("data", term, data) for term, since in activity.data)


def _disclosed(facts: Facts, thread: str, data: str, at: str, now: bool) -> bool:
    """Whether this is data of the thread: something that the customer has disclosed in it."""
    return any(one.thread == thread and _holds(one, data, at, now) for one in facts.activities)


@lru_cache(maxsize=REMEMBERED)
def _below(kind: Kind, yes: tuple[str, ...] | frozenset[Channel], no: frozenset[str], asked: str) -> bool:
    """Whether each of the noes' terms covers a term of the yes that reaches what is asked.

    The yes's term doesn't lie above the no's: `dpv:Data` is more than the personal data in it.
    """
    mine = [one for one in yes if reaches(kind, one, asked)]
    return all(
        any(prohibits(kind, term, one) and (one == term or not includes(kind, one, term)) for one in mine)
        for term in no
    )
