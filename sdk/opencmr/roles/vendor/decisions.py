"""Decisions for a vendor's `may`, remembered for as long as nothing new was said (`spec/v1/decisions.md`).

`protocol.decisions` makes the decision. This module remembers it, and checks each time that it still holds: no process
has written anything in the relationship since, and no date has passed at which the answer could change.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from ...protocol import Decision, Facts, History, Question, decide, instant, moment, turning_point
from ...store import Peer, Rows, Store
from ...transport.limits import MEMORY
from ..party.asking import Asked, Members, members
from ..party.histories import Histories
from ..party.remembered import Remembered

SHARE = 3 / 16
"""The share of the memory that they may take."""
QUESTIONS = 64
"""How many decisions are remembered of each."""

Words = tuple[tuple[str, object], ...]
"""A question as it was written: names and values."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_LEAST, _STATEMENT, _DECISION = 1_500, 400, 750
"""Bytes in memory of what is known of a customer, of each statement and dealing of theirs, and of each decision."""


class Page:
    """Decisions for one span of time. Whoever holds a page decides for its time, whatever comes after it.

    Attributes:
        at: The instant that they are for; the same holds from `since` on, until `until`, exclusive.
        decisions: Question → decision.
    """

    __slots__ = ("at", "decisions", "since", "until")

    def __init__(self, facts: Facts, now: datetime) -> None:
        self.at = instant(now)
        point = turning_point(facts, self.at)
        self.since, self.until = now, moment(point) if point is not None else _NEVER
        self.decisions: dict[Words, Decision] = {}


class KnownCustomer:
    """What is remembered of one customer.

    Attributes:
        fresh: Whether this process has written nothing in the relationship since.
        stamp: The store's, when it was last known that nobody has.
        page: The decisions of this time.
    """

    __slots__ = ("facts", "fresh", "number", "page", "stamp", "version")

    def __init__(self, peer: Peer, history: History, stamp: int | None, now: datetime) -> None:
        self.number, self.version, self.stamp, self.fresh = peer.number, peer.version, stamp, True
        self.facts = history.facts
        self.page = Page(self.facts, now)

    @property
    def cost(self) -> int:
        """Bytes in memory, as estimated."""
        said = len(self.facts.statements) + len(self.facts.activities)
        return _LEAST + _STATEMENT * said + _DECISION * len(self.page.decisions)


class Decisions:
    """What one vendor may do, decided, and remembered for as long as it holds.

    Args:
        store: Where histories are.
        histories: What folds them.
        me: The vendor's DID.
        clock: The time.
        memory: Bytes that may be remembered of relationships altogether.
    """

    def __init__(
        self, store: Store, histories: Histories, me: str, clock: Callable[[], datetime], memory: int = MEMORY
    ) -> None:
        self._store = store
        self._histories = histories
        self._me = me
        self._clock = clock
        self._known: Remembered[str, KnownCustomer] = Remembered(int(memory * SHARE))
        histories.on_change(self._changed)

    def may(self, customer: str, asked: Asked) -> Decision:
        """The decision on what is asked, now or at the instant that it names.

        Raises:
            UsageError: A term is not in the vocabulary, or `at` is no instant.
            StoreError: The store fails.
        """
        known = self._known.get(customer)
        if known is None or not known.fresh or not (self._store.alone or self._still_holds(known)):
            known = self._look_up(customer)
        now, page = self._clock(), known.page
        if not page.since <= now < page.until:
            page = known.page = Page(known.facts, now)
        words = tuple(asked.items())  # as they are written: to make a question of them takes longer than all the rest
        try:
            found = page.decisions.get(words)
        except TypeError:  # a member that has no hash is of no kind that a question has, and the question says so
            return decide(known.facts, Question(*members(self._me, **asked)[0]), page.at, now=True)
        return found if found is not None else self._decide(customer, known, page, asked, words)

    def _decide(self, customer: str, known: KnownCustomer, page: Page, asked: Asked, words: Words) -> Decision:
        question, at = members(self._me, **asked)
        if at is not None:
            return decide(known.facts, Question(*question), at)
        decision = decide(known.facts, _question(*question), page.at, now=True)
        if len(page.decisions) >= QUESTIONS:
            page.decisions.clear()
        page.decisions[words] = decision
        self._known.grew(customer, known)
        return decision

    def _still_holds(self, known: KnownCustomer) -> bool:
        """Whether another process may have written in the relationship since."""
        stamp = self._store.stamp()
        if stamp is not None and stamp == known.stamp:
            return True
        if self._store.version(known.number) != known.version:
            return False
        known.stamp = stamp
        return True

    def _look_up(self, customer: str) -> KnownCustomer:
        """What the store says of a customer now; remembered, but for a DID that has no relationship now."""
        stamp = self._store.stamp()  # first, so that what is written while we read is noticed later

        def look(rows: Rows) -> tuple[Peer | None, KnownCustomer]:
            peer = rows.peer(self._me, customer) or rows.peer_of_before(self._me, customer)
            history = self._histories.history(rows, peer) if peer else History()
            return peer, KnownCustomer(peer or _NOBODY, history, stamp, self._clock())

        peer, known = self._store.read(look)
        if peer is None or peer.peer != customer:  # by a DID of before: nobody tells of changes by that name
            return known
        self.keep(customer, known)
        if self._store.version(known.number) != known.version:  # written between the reading and the keeping
            known.fresh = False
        return known

    def keep(self, customer: str, known: KnownCustomer) -> None:
        """Remember a customer, with what has been decided of them so far."""
        self._known.put(customer, known)

    def _changed(self, customer: str) -> None:
        known = self._known.get(customer)
        if known is not None:
            known.fresh = False


@lru_cache(maxsize=10_000)
def _question(*asked: *Members) -> Question:
    return Question(*asked)


_NOBODY = Peer(0, "", "", None, {}, "", False, 0, 0)
