"""What decisions rest on: permissions and prohibitions with their dates, and what is being performed.

`spec/v1/decisions.md`, where statements come from. Records say them (`opencmr.protocol.family`); `facts` gathers them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

from ..messages.types import Channel
from .chain import TOLERANCE
from .clock import shifted
from .question import THIRD_PARTY, VENDOR, Question, Topic
from .said import Point, Word
from .vocabulary import Kind, includes, named_only, overlaps, reaches, upward

SHARE = "dpv:Share"
REMEMBERED = 100_000
"""How many comparisons of a statement's terms with a question's are remembered: most statements name the same few."""

T = TypeVar("T", tuple[str, ...], frozenset[str], frozenset[Channel])
When = Callable[[Point], str]
"""The time of a place."""


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
    source: Literal["agreement", "consent", "refusal", "withdrawal", "objection", "erasure"]
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
        match = any_reaches if self.effect == "permit" else any_overlaps
        return (
            self.vendor
            and match("action", self.actions, action)
            and (self.purposes is None or match("purpose", self.purposes, purpose))
        )

    def _permits(self, question: Question) -> bool:
        if self.channels is not None and (
            question.channel is None or not any_reaches("channel", self.channels, question.channel)
        ):
            return False
        if self.purposes is not None and not any_reaches("purpose", self.purposes, question.purpose):
            return False
        if not any_reaches("data", self.data, question.data):
            return False
        if question.recipient == VENDOR:
            return self.vendor and any_reaches("action", self.actions, question.action)
        named = self.third_parties is None or question.recipient in self.third_parties
        # Handing over is sharing, whatever it is called; what must be named besides is still to be named.
        return named and any_reaches("action", self.actions, SHARE) and names("action", self.actions, question.action)

    def _prohibits(self, question: Question) -> bool:
        """A no speaks of all at or below its terms, and of a question that is wider and so asks about them too."""
        if (
            self.channels is not None
            and question.channel is not None
            and not any_overlaps("channel", self.channels, question.channel)
        ):
            return False
        if not any_overlaps("data", self.data, question.data):
            return False
        if self.purposes is not None and not any_overlaps("purpose", self.purposes, question.purpose):
            return False
        if question.recipient == VENDOR:
            return self.vendor and any_overlaps("action", self.actions, question.action)
        named = (
            self.third_parties is None
            or question.recipient in self.third_parties
            or (question.recipient == THIRD_PARTY and bool(self.third_parties))
        )
        return named and any(any_overlaps("action", self.actions, action) for action in (question.action, SHARE))


@dataclass(frozen=True, slots=True)
class Activity:
    """A live intent, order or rights request: while it lasts, it permits what it takes, on what was disclosed in it.

    Attributes:
        data: Term by term, what was disclosed, and when.
        until: When it ends by itself, exclusive. `closed`: when an end was put to it.
        purposes: What it is for.
        recipients: With whom else which of the data may be shared, by URI.
    """

    thread: str
    kind: Literal["intent-live", "order-live", "request-live"]
    since: str
    until: str
    closed: str | None
    data: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    purposes: tuple[str, ...]
    recipients: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decisions about one customer rest on."""

    statements: tuple[Statement, ...] = ()
    activities: tuple[Activity, ...] = ()
    governed: tuple[tuple[str, str], ...] = ()
    """Threads whose data has terms of its own, and since when."""


@lru_cache(maxsize=REMEMBERED)
def any_reaches(kind: Kind, terms: tuple[str, ...] | frozenset[Channel], term: str) -> bool:
    """Whether a permission of one of the terms covers this one."""
    return any(reaches(kind, one, term) for one in terms)


@lru_cache(maxsize=REMEMBERED)
def any_overlaps(kind: Kind, terms: tuple[str, ...] | frozenset[Channel], term: str) -> bool:
    """Whether a no about one of the terms speaks of a part of this one."""
    return any(overlaps(kind, one, term) for one in terms)


def names(kind: Kind, terms: tuple[str, ...], term: str) -> bool:
    """Whether each named-only term at or above `term`, besides sharing, is named by one of the terms."""
    guards = upward(kind, term) & named_only(kind) - {SHARE}
    return all(any(includes(kind, guard, one) for one in terms) for guard in guards)


@lru_cache(maxsize=10_000)
def same(terms: T) -> T:
    """One and the same object for the same terms: a vendor holds the statements of a million customers."""
    return terms


def begins(own: Word, at: str, permit: bool) -> str:
    """A permission never runs from before its own word was said, as far as clocks may differ."""
    return max(at, shifted(own.created, -TOLERANCE)) if permit and own.created > at else at
