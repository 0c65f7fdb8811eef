"""A message in its place: what the folds take in."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..messages import Body, Message
from ..messages.types import Side
from .lifecycle import is_narrowing

Outcome = Literal["accepted", "moot", "void"]


FARTHEST = 1024
"""How many places beyond what it has seen a word can know through those before it (SEQ-20)."""


class Knowledge(NamedTuple):
    """Which words of a relationship a customer's word knows (`spec/v1/sequence.md`, knowing).

    Attributes:
        seen: All places up to this one; 0: none.
        beyond: Those after it, one bit each: bit 0 is the place after `seen`.
    """

    seen: int = 0
    beyond: int = 0

    def knows(self, place: int) -> bool:
        """Whether the word in this place is known."""
        return place <= self.seen or bool(self.beyond >> (place - self.seen - 1) & 1)

    def lacks(self, places: int) -> bool:
        """Whether one of these places is not known, a bit each: bit 1 is the first."""
        return bool(places >> (self.seen + 1) & ~self.beyond)

    def and_of(self, place: int) -> "Knowledge":
        """The same, and the word in this place too, unless it lies too far beyond."""
        if self.knows(place) or place - self.seen > FARTHEST:
            return self
        return Knowledge(self.seen, self.beyond | 1 << (place - self.seen - 1))

    def and_between(self, first: int, end: int) -> "Knowledge":
        """The same, and the words in the places from `first` on, up to `end` exclusive, that lie not too far beyond."""
        first, end = max(first, self.seen + 1), min(end, self.seen + FARTHEST + 1)
        if first >= end:
            return self
        return Knowledge(self.seen, self.beyond | (1 << end - first) - 1 << first - self.seen - 1)

    def and_up_to(self, seen: int) -> "Knowledge":
        """The same, and all up to this place too."""
        return self if seen <= self.seen else Knowledge(seen, self.beyond >> (seen - self.seen))


NOTHING = Knowledge()


class Erased(Body):
    """In the place of a body whose content was erased: nobody knows any more what was said."""


class Point(NamedTuple):
    """Where in the order something happened, and when.

    Attributes:
        place: The vendor's number: that of its word, or of its receipt for a customer's word.
        at: The place time (`spec/v1/sequence.md`).
        said: Of a no-word of the customer's: its own date.
    """

    place: int
    at: str
    said: str | None = None


class Word(NamedTuple):
    """The customer's own word behind a permission or a prohibition. All order comes from it.

    Attributes:
        place: Its place; of what a vendor heard elsewhere, that of the vendor's word.
        knows: What it knew.
        created: Its own date.
    """

    place: int
    knows: Knowledge
    created: str


@dataclass(frozen=True, slots=True)
class Said:
    """A verified message, and its place.

    Attributes:
        message: The typed message; of an entry that is void for its form, the envelope alone.
        digest: Digest of its bytes.
        side: Who said it.
        place: Its place: the vendor's number of it, or of the receipt for it.
        at: Its place time. Deadlines are judged by it.
        knows: Of a customer's word: what it knew of the relationship.
    """

    message: Message[Any]
    digest: str
    side: Side
    place: int
    at: str
    knows: Knowledge = NOTHING

    @property
    def point(self) -> Point:
        """Where and when."""
        no = self.side == "customer" and is_narrowing(self.message.type, "customer")
        return Point(self.place, self.at, self.message.created if no else None)

    @property
    def word(self) -> Word:
        """Itself, as what others are ordered by."""
        return Word(self.place, self.knows, self.message.created)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of a thread.

    Attributes:
        outcome: `accepted`; `moot` where it changed nothing; `void` where it says what it may not.
    """

    digest: str
    id: str
    type: str
    side: Side
    place: int
    at: str
    outcome: Outcome
