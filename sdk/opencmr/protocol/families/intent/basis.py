"""What an unasked offer rests on, elsewhere in the relationship (`spec/v1/intent/page.md`, OFR-6 and OFR-7)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from ....messages.types import Channel, Ref
from ...context import Context
from ...decisions import permits_about
from ...question import Question, Topic
from ...roster import Terms
from ...vocabulary import overlaps

MARKETING = "dpv:DirectMarketing"
"""What an unasked offer is."""


def active_terms(context: Context) -> Iterable[Terms]:
    """The relationship's own terms: the latest, unless they have ended. What they replaced does not come back."""
    latest = None
    for id_, thread in context.threads.items():
        for one in thread.record.bindings(id_) if thread.record else ():
            if one.scope is None and (latest is None or one.since.place > latest.since.place):
                latest = one
    return [latest.terms] if latest is not None and latest.ended is None else []


def live_consent(context: Context, basis: Ref, at: str) -> bool:
    """Whether `basis` is a grant of which an item that reaches direct marketing is live at this instant."""
    for thread in context.threads.values():
        for entry in thread.entries:
            if (entry.digest, entry.id, entry.outcome) == (basis.digest, basis.id, "accepted"):
                return _permits_marketing(context, basis.digest, at)
    return False


def _permits_marketing(context: Context, grant: str, at: str) -> bool:
    """Whether a live item of the grant permits it on some of its data, and no other word forbids it there.

    Many items may name the same data and channels: each pair is asked about once, and of what was said only that
    is looked at which names the datum, something wider, or a part of it.
    """
    # A fold rests on words with a place alone: a no without one denies, and makes no offer void.
    said = [one for one in context.placed.statements if one.speaks_of("dpv:Use", MARKETING)]
    asked: dict[str, dict[Channel | None, frozenset[Topic | None]]] = {}
    for one in said:
        if one.evidence[0] == grant and one.lasts(at, now=True):
            for term, channel in product(one.data, one.channels or (None,)):
                ways = asked.setdefault(term, {})
                ways[channel] = ways.get(channel, frozenset()) | (one.topics or {None})
    names = {name for one in said for name in one.data}
    for term, ways in asked.items():
        near = {name for name in names if overlaps("data", name, term)}
        about = [(one, [name for name in one.data if name in near]) for one in said]
        there = [replace(one, data=tuple(named)) for one, named in about if named]
        for channel, topics in ways.items():
            if permits_about(there, Question("dpv:Use", MARKETING, term, channel=channel), topics, at):
                return True
    return False


def rests_on(context: Context) -> Iterator[str]:
    """The threads with the relationship's own terms, and those whose words permit marketing, or forbid it."""
    within = {entry.digest: id_ for id_, thread in context.threads.items() for entry in thread.entries}
    for id_, thread in context.threads.items():
        if thread.record is not None and any(one.scope is None for one in thread.record.bindings(id_)):
            yield id_
    for one in context.placed.statements:
        if one.speaks_of("dpv:Use", MARKETING):
            yield from (within[digest] for digest in one.evidence if digest in within)
