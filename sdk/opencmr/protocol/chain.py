"""The vendor's words of one relationship, numbered and linked, and the customer's that they answer.

`spec/v1/sequence.md`: place, knowing, time. All order comes from the vendor's numbers; no date orders anything. A date
is believed only as far as nobody has contradicted it: once a customer's word has seen a place, its time stands.
"""

from datetime import timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from ..messages import Message
from .clock import shifted
from .said import NOTHING, Knowledge

TOLERANCE = timedelta(minutes=5)
"""How far two honest clocks may differ."""
CONTRADICTION = timedelta(minutes=10)
"""How much earlier than what it has seen a word is dated for the two to contradict each other."""


class Dispute(NamedTuple):
    """Two signed words whose dates can't both be right. Whose clock was wrong can't be told from the words.

    Attributes:
        place: Of the vendor's word, which the customer's word has seen.
        says: When it was said, as the vendor dates it.
        word: Digest of the customer's word.
        created: When that was said, as the customer dates it: earlier.
    """

    place: int
    says: str
    word: str
    created: str


class Chain:
    """A vendor's words from number 1 on, without a gap, and the places of what they answer.

    Attributes:
        digests: The vendor's words, in their order.
        disputes: Dates that contradict each other.
        given_up: Digests of words that the vendor has said, and that are in the chain no more: it was restored.
    """

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.given_up: frozenset[str] = frozenset()
        self.disputes: list[Dispute] = []
        self._dates: list[str] = []
        self._numbers: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        self._placed: dict[str, tuple[int, Knowledge]] = {}
        self._settled: list[str] = []
        self._times: list[str] | None = None

    def copy(self) -> "Chain":
        """One to go on with, which leaves this one as it is."""
        other = Chain()
        other.digests, other.disputes, other._dates = self.digests[:], self.disputes[:], self._dates[:]
        other._numbers, other._placed = self._numbers.copy(), self._placed.copy()
        other._settled, other.given_up, other._ids = self._settled[:], self.given_up, self._ids.copy()
        return other

    @property
    def tip(self) -> str | None:
        """Digest of the vendor's last word."""
        return self.digests[-1] if self.digests else None

    @property
    def next(self) -> int:
        """The number of the vendor's next word."""
        return len(self.digests) + 1

    @property
    def answers(self) -> bool:
        """Whether a word of the customer's has a place, or was refused."""
        return bool(self._placed)

    def number(self, digest: str | None) -> int | None:
        """The number of a vendor's word; none where it isn't in the chain."""
        return self._numbers.get(digest) if digest is not None else None

    def lacks(self, seen: str | None) -> bool:
        """Whether somebody has seen a word of the vendor's that isn't known here: then the vendor was restored."""
        return seen is not None and seen not in self._numbers and seen not in self.given_up

    def place_of(self, digest: str) -> int | None:
        """The place of any word: a vendor's number, or that of the receipt for a customer's; the first, of two."""
        placed = self._placed.get(digest)
        return placed[0] if placed else self._numbers.get(digest)

    def knowledge(self, message: Message[Any]) -> Knowledge:
        """What a customer's word knows that takes its place next.

        All up to what it has seen; the word before it, where that has its place; and all that this one knows.
        """
        placed = self._placed.get(message.prior) if message.prior is not None else None
        seen = self._numbers.get(message.seen, 0) if message.seen is not None else 0
        return (placed[1].and_up_to(seen).and_of(placed[0])) if placed else NOTHING.and_up_to(seen)

    def place_time(self, created: str) -> str:
        """When the next word counts as said that the vendor dates so: never before what was acknowledged before it."""
        return max(created, self._settled[-1]) if self._settled else created

    def word_of(self, id_: str) -> str | None:
        """The digest of the vendor's first word of this id; none: it has said none."""
        return self._ids.get(id_)

    def add(self, digest: str, created: str, id_: str) -> int:
        """Take in the vendor's next word.

        Returns:
            Its number.
        """
        self._ids.setdefault(id_, digest)
        self.digests.append(digest)
        self._dates.append(created)
        self._numbers[digest] = number = len(self.digests)
        self._times = None
        return number

    def answer(self, digest: str, message: Message[Any]) -> None:
        """The vendor's last word gives this word of the customer's its place, or refuses it."""
        if digest in self._placed:
            return
        number = len(self.digests)
        self._placed[digest] = (number, self.knowledge(message))
        seen = self._numbers.get(message.seen, 0) if message.seen is not None else 0
        if not 0 < seen < number:
            return
        says = self._dates[seen - 1]
        if message.created < shifted(says, -CONTRADICTION):
            self.disputes.append(Dispute(seen, says, digest, message.created))
        if message.created >= shifted(says, -TOLERANCE):
            self._settle(seen)

    def times(self) -> list[str]:
        """The time of every place, as far as it is known: those that were acknowledged don't change any more."""
        if self._times is None:
            self._times = self._settled + self._bounded(len(self._dates))
        return self._times

    def time(self, place: int, otherwise: str) -> str:
        """The time of a place; of one beyond the chain, `otherwise`."""
        times = self.times()
        return times[place - 1] if 0 < place <= len(times) else otherwise

    @property
    def acknowledged(self) -> int:
        """The last place whose time stands for good."""
        return len(self._settled)

    def _settle(self, seen: int) -> None:
        if seen > len(self._settled):
            self._settled += self._bounded(seen)
            self._times = None

    def _bounded(self, last: int) -> list[str]:
        """The times of the places that are not settled, by the dates up to `last`: none later than a date after it."""
        first = len(self._settled)
        lowest = list(accumulate(reversed(self._dates[first:last]), min))
        lowest.reverse()
        floor = self._settled[-1] if self._settled else ""
        return list(accumulate(lowest, max, initial=floor))[1:]
