"""What decisions rest on: the statements and the live dealings that the threads of a relationship fold to.

`spec/v1/decisions.md`, where statements come from. `gather` turns records into dated statements, each a permission or a
prohibition with the customer's own word behind it. What they answer is said by `decisions`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

from ..messages.offer import Make
from ..messages.types import Channel, Rule, TermsDocument
from .agreement import Agreement
from .chain import TOLERANCE, Chain
from .clock import length, shifted
from .consent import Beside, Consent, ItemRecord, outsiders, topic_of
from .dealing import Dealing
from .decisions import CARE, ORDER_PURPOSES, Activity, Facts, Statement
from .said import Point, Word
from .thread import Thread
from .uri import normal
from .vocabulary import EVERYTHING

T = TypeVar("T", tuple[str, ...], frozenset[str], frozenset[Channel])

MOST_STATEMENTS = 10_000
"""How many statements a relationship has to have room for. A question is answered by looking at each of them."""
_NEVER_DONE = timedelta(days=365)
THE_WISH = "pd:Intention"
"""What a cast discloses by being said."""


def gather(threads: Iterable[Thread], chain: Chain, beside: Iterable[Beside] = (), *, mine: bool = False) -> Facts:
    """The facts of a relationship: what its threads fold to, as dated statements.

    Args:
        threads: The threads.
        chain: The order, and the times of the places.
        beside: What was taken back of consents beside what stands.
        mine: Whether it is the customer who asks: then a no of theirs holds from when they said it.
    """
    known = list(threads)

    def when(point: Point) -> str:
        at = chain.time(point.place, point.at)
        return min(at, point.said) if mine and point.said is not None else at

    binding = list(_terms_in_force(known))
    statements = statements_of_terms(binding, when)
    for thread in known:
        if isinstance(thread.record, Consent):
            statements += _of_consent(thread.record, when)
    for one in beside:
        for item in one.denied:
            statements += statements_of_item(item, when)
    dealings = [(thread.id, thread.record) for thread in known if isinstance(thread.record, Dealing)]
    return Facts(
        tuple(statements),
        tuple(activity for id_, dealing in dealings for activity in _of_dealing(id_, dealing, when, chain)),
        tuple((one.scope, when(one.since)) for one in binding if one.scope)
        + tuple((id_, when(dealing.wished_at)) for id_, dealing in dealings if dealing.wished_at),
    )


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

    Later are those that the customer said later: those that came too late never begin to permit, and end nothing.
    """
    statements: list[Statement] = []
    in_order = sorted(binding, key=lambda one: one.since.place)
    too_late = _too_late(in_order)
    latest: dict[str | None, Point] = {}
    for position, one in reversed(list(enumerate(in_order))):
        since = when(one.since)
        if position in too_late:
            statements += _of_rules(one, since, since)
            continue
        ends = (when(end) for end in (one.ended, latest.get(one.scope)) if end is not None)
        statements += _of_rules(one, since, min(ends, default=None))
        latest[one.scope] = one.since
    return statements


def _too_late(in_order: Sequence[Binding]) -> set[int]:
    """Which of these came too late: their own word does not know those behind all that bound in their scope before.

    Such as an offer under an old wish, where terms for its thread have been agreed since.
    """
    bound: dict[str | None, int] = {}
    found = set()
    for position, one in enumerate(in_order):
        before = bound.get(one.scope, 0)
        if one.own.knows.lacks(before & ~(1 << one.own.place)):
            found.add(position)
        else:
            bound[one.scope] = before | 1 << one.own.place
    return found


def _terms_in_force(threads: Iterable[Thread]) -> Iterator[Binding]:
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
                        end = offer.dropped or record.ordered_at or over
                        yield Binding(offer.terms[1], offer.own, offer.since, (offer.digest,), end, thread.id)
                if record.ordered_at is not None and (chosen := record.accepted_offer).own is not None:
                    made, end = (chosen.digest, str(record.ordered_by)), chosen.dropped or over
                    yield Binding(chosen.terms[1], chosen.own, record.ordered_at, made, end, thread.id)
            case _:
                pass


def how_many(thread: Thread) -> int:
    """How many statements a thread gives, counted without making them."""
    if isinstance(thread.record, Consent):
        return thread.record.size
    return sum(len(_ruled(one.document)) for one in _terms_in_force([thread]))


def _ruled(document: TermsDocument) -> list[Rule]:
    """The rules that permit or prohibit."""
    return [rule for rule in document.rules if rule.effect != "oblige" and rule.action is not None]


@lru_cache(maxsize=10_000)
def _one(terms: T) -> T:
    """One and the same object for the same terms: a vendor holds the statements of a million customers."""
    return terms


def _begins(own: Word, at: str, permit: bool) -> str:
    """A permission never runs from before its own word was said, as far as clocks may differ."""
    return max(at, shifted(own.created, -TOLERANCE)) if permit and own.created > at else at


def _of_rules(one: Binding, at: str, ended: str | None) -> Iterator[Statement]:
    rules = _ruled(one.document)
    named = _one(tuple(rule.purpose for rule in rules if rule.effect == "permit" and rule.purpose))
    for rule in rules:
        permit = rule.effect == "permit"
        yield Statement(
            effect="permit" if permit else "prohibit",
            source="agreement",
            actions=_one((str(rule.action),)),
            purposes=_one((rule.purpose,)) if rule.purpose else (named if permit else None),
            data=_one((rule.data or EVERYTHING["data"],)),
            vendor="vendor" in rule.by,
            third_parties=None if "third-party" in rule.by else frozenset(),
            own=one.own,
            at=_begins(one.own, at, permit),
            ended=ended if permit else None,
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
    known = frozenset(normal(id_) for id_ in outside if id_)  # a name is no party that a question could ask about
    yield Statement(
        effect="permit" if permit else "prohibit",
        source="consent" if permit else "refusal" if record.state == "refused" else "withdrawal",
        actions=_one(tuple(item.actions or (EVERYTHING["action"],))),
        purposes=_one(tuple(item.purposes)),
        data=_one(tuple(item.data)),
        third_parties=_one(known) if permit or (outside and None not in outside) else None,
        channels=_one(frozenset(item.channels)) if item.channels else None,
        topics=frozenset(map(topic_of, item.topics)) if item.topics else None,
        begins=record.begins if permit else None,
        own=record.own,
        at=_begins(record.own, when(record.since), permit),
        until=record.until if permit else None,
        ended=when(ended) if permit and ended else None,
        evidence=record.evidence,
    )


def _of_dealing(thread: str, dealing: Dealing, when: When, chain: Chain) -> Iterator[Activity]:
    data = tuple((datum.data, when(point)) for datum, point in dealing.disclosed)
    over = dealing.closed
    if dealing.wished_at is not None:
        data = (*data, (THE_WISH, when(dealing.wished_at)))
        end = dealing.ordered_at or over
        wishes = [(when(wish.since), wish.until) for wish in dealing.wishes]
        yield from standing_wish(thread, wishes, when(end) if end else None, data, dealing.evidence[:1])
    if dealing.ordered_at is not None:
        made = (str(dealing.accepted), str(dealing.ordered_by))
        cancelled = over if dealing.state == "cancelled" else None
        # A withdrawal lets an order go on. That is a yes: it counts from its place on, also where the customer asks.
        steps = [
            (chain.time(at.place, at.at), done)
            for at, done in dealing.steps
            if at.place < (cancelled.place if cancelled else chain.next)
        ]
        ended = when(cancelled) if cancelled else None
        yield from standing_order(thread, steps, ended, what_lasts(dealing.accepted_offer.body), data, made)


def what_lasts(made: Make) -> "Lasting":
    """How long an order goes on after it is done, and with whom its data may be shared."""
    return Lasting(
        timedelta(days=made.returns.days if made.returns else 0),
        length(made.warranty) if made.warranty else timedelta(),
        tuple(
            (normal(recipient.party.id), tuple(recipient.data))
            for recipient in made.recipients or ()
            if recipient.party.id is not None
        ),
    )


class Lasting(NamedTuple):
    """What an offer says that counts in the order which it becomes.

    Attributes:
        returns: How long the order goes on after it is done.
        warranty: How long it goes on for customer care alone.
        recipients: Who else gets which data, by URI.
    """

    returns: timedelta = timedelta()
    warranty: timedelta = timedelta()
    recipients: tuple[tuple[str, tuple[str, ...]], ...] = ()


def standing_wish(
    thread: str,
    wishes: Sequence[tuple[str, str]],
    closed: str | None,
    data: tuple[tuple[str, str], ...],
    evidence: tuple[str, ...],
) -> Iterator[Activity]:
    """What an intent permits, wording by wording: an amendment changes no answer about the time before it.

    Args:
        thread: Its thread.
        wishes: Of the cast and each amendment: since when it stands, and until when.
        closed: When it was ordered or withdrawn.
        data: What was disclosed, and when.
        evidence: The digest of what opened the thread.
    """
    ends = [*(since for since, _ in wishes[1:]), closed]
    for (since, until), end in zip(wishes, ends, strict=True):
        yield Activity(thread, "intent-live", since, until, end, data, evidence)


def standing_order(
    thread: str,
    steps: Sequence[tuple[str, bool]],
    cancelled: str | None,
    lasting: Lasting,
    data: tuple[tuple[str, str], ...],
    evidence: tuple[str, ...],
) -> Iterator[Activity]:
    """What an order permits: until it is cancelled, or done and the days for returning it are over.

    For customer care alone it goes on until the warranty is over.

    Args:
        thread: Its thread.
        steps: When its entries were, from the acceptance on and before it was cancelled, and whether it was done then.
        cancelled: When it was cancelled.
        lasting: What counts in it of its offer.
        data: What was disclosed, and when.
        evidence: The digests of offer and acceptance.
    """
    made = Activity(thread, "order-live", "", "", None, data, evidence, ORDER_PURPOSES, lasting.recipients)
    for since, until, closed in _spans(steps, cancelled, lasting.returns):
        yield replace(made, since=since, until=until, closed=closed)
    if lasting.warranty > lasting.returns:
        for since, until, closed in _spans(steps, cancelled, lasting.warranty):
            yield replace(made, since=since, until=until, closed=closed, purposes=CARE, recipients=())


def _spans(
    steps: Sequence[tuple[str, bool]], cancelled: str | None, after: timedelta
) -> Iterator[tuple[str, str, str | None]]:
    """Since when, until when, and when an end was put to it, span by span.

    Where an order never comes to be done, it ends a year after its last entry; once it is done, what the vendor reports
    adds nothing. An entry that comes when it had ended lets it begin anew, and changes no answer about the time before.
    """
    spans, was = [], False
    for at, done in steps:
        if not (done and was):
            spans.append((at, shifted(at, after if done else _NEVER_DONE)))
        was = done
    closed = spans[-1][0] if was and not after else None
    if cancelled is not None:
        spans.append((cancelled, cancelled))
        closed = cancelled
    since, until = spans[0]
    for at, end in spans[1:]:
        if at >= until:
            yield since, until, None
            since = at
        until = end
    yield since, until, closed
