"""What decisions rest on: all that the threads of a relationship fold to, gathered (`spec/v1/decisions.md`)."""

from collections.abc import Iterable

from .binding import statements_of_terms
from .chain import Chain
from .family import Beside
from .said import Point, Said
from .statements import Facts, Statement, When
from .thread import Thread
from .vocabulary import EVERYTHING

MOST_STATEMENTS = 10_000
"""How many statements a relationship has to have room for. A question is answered by looking at each of them."""


def gather(threads: Iterable[Thread], chain: Chain, beside: Iterable[Beside] = (), *, mine: bool = False) -> Facts:
    """The facts of a relationship: what its threads fold to, as dated statements.

    Args:
        threads: The threads.
        chain: The order, and the times of the places.
        beside: What was taken back beside what stands.
        mine: Whether it is the customer who asks: then a no of theirs holds from when they said it.
    """

    def when(point: Point) -> str:
        at = chain.time(point.place, point.at)
        return min(at, point.said) if mine and point.said is not None else at

    threads = list(threads)
    records = [(thread.id, thread.record) for thread in threads if thread.record is not None]
    binding = [one for id_, record in records for one in record.bindings(id_)]
    statements = statements_of_terms(binding, when)
    for _, record in records:
        statements += record.statements(when)
    for one in beside:
        statements += one.statements(when)
    statements += [_unknown(thread.erased, when) for thread in threads if thread.erased is not None]
    activities = tuple(activity for id_, record in records for activity in record.activities(id_, when, chain))
    governed = [(one.scope, when(one.since)) for one in binding if one.scope]
    governed += [(id_, when(point)) for id_, record in records if (point := record.governs) is not None]
    return Facts(tuple(statements), activities, tuple(governed))


def _unknown(erased: Said, when: When) -> Statement:
    """Whatever was said in a thread that was erased may have been a no: so it counts as one, to everything.

    Only what the customer says afterwards, knowing it, permits anything.
    """
    return Statement(
        effect="prohibit",
        source="erasure",
        actions=(EVERYTHING["action"],),
        purposes=None,
        data=(EVERYTHING["data"],),
        third_parties=None,
        own=erased.word,
        at=when(erased.point),
        evidence=(erased.digest,),
    )


def how_many(thread: Thread) -> int:
    """How many statements a thread gives, counted without making them."""
    if thread.record is None:
        return int(thread.erased is not None)
    return thread.record.size + sum(one.size for one in thread.record.bindings(thread.id))
