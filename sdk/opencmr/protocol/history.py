"""A relationship as its threads fold it: the same history on both sides (`spec/v1/sequence.md`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import Problem
from ..messages import Message, consent, core
from ..messages.types import Channel, Ref, TermsDocument
from .agreement import Agreement
from .consent import Consent
from .decisions import Decision, Facts, Question, decide, gather
from .said import Said
from .thread import Thread, opened_by
from .vocabulary import EVERYTHING, upward

_MARKETING = "dpv:DirectMarketing"


@dataclass
class History:
    """The threads of one relationship, in memory.

    Attributes:
        threads: Id → thread.
        last: The vendor's latest time in this relationship: its entries and receipts strictly increase.
        size: How much it is to remember: its entries, and one.
    """

    threads: dict[str, Thread] = field(default_factory=dict)
    last: str | None = None
    size: int = 1
    _facts: Facts | None = None

    def put(self, thread: Thread, at: str | None = None) -> None:
        """Keep a thread as it now stands."""
        before = self.threads.get(thread.id)
        self.size += len(thread.entries) - (len(before.entries) if before else 0)
        self.threads[thread.id] = thread
        self._facts = None
        if at is not None and (self.last is None or at > self.last):
            self.last = at

    def take(self, said: Said, fault: Problem | None = None) -> Problem | None:
        """Fold in an entry that has its place already; tells why it is void where it is."""
        thread = self.threads.get(said.message.thread) or opened_by(said.message)
        after, why = thread.take(said, self, fault)
        self.put(after, said.at)
        return why

    @property
    def facts(self) -> Facts:
        """What decisions rest on; gathered when first asked after a change."""
        if self._facts is None:
            self._facts = gather(self.threads.values())
        return self._facts

    def may(self, question: Question, at: str) -> Decision:
        """Whether the vendor may do this, at an instant."""
        return decide(self.facts, question, at)

    def now(self, clock: str) -> str:
        """What counts as now: never before the last word, whatever a clock shows.

        Places are a millisecond apart at least, and clocks differ and are set back: a withdrawal may have its place
        a little ahead of the clock, and holds at once all the same.
        """
        return max(clock, self.last or clock)

    def active_terms(self, at: str) -> Iterable[tuple[str, TermsDocument]]:
        """The relationship's own terms in force at this instant; the latest alone."""
        in_force = [
            record
            for thread in self.threads.values()
            if isinstance(record := thread.record, Agreement)
            and record.terms is not None
            and record.scope is None
            and str(record.since) <= at
            and (record.ended is None or at < record.ended)
        ]
        latest = max(in_force, key=lambda record: str(record.since), default=None)
        return [latest.terms] if latest is not None and latest.terms is not None else []

    def live_consent(self, basis: Ref, at: str) -> bool:
        """Whether `basis` is a grant of which an item that reaches direct marketing is live at this instant."""
        for thread in self.threads.values():
            if isinstance(thread.record, Consent) and any(
                entry.digest == basis.digest and entry.id == basis.id and entry.outcome == "accepted"
                for entry in thread.entries
                if entry.type == consent.Grant.type
            ):
                return self._permits_marketing(basis.digest, at)
        return False

    def _permits_marketing(self, grant: str, at: str) -> bool:
        """Whether a live item of the grant permits it on some of its data, and no other word forbids it there.

        Many items may name the same data and channels: each pair is asked about once, and of what was said only that
        is looked at which names the datum or something wider.
        """
        said = [(one, frozenset(one.data)) for one in self.facts.statements if one.speaks_of("dpv:Use", _MARKETING)]
        asked: dict[str, set[Channel | None]] = {}
        for one, data in said:
            if one.source == "consent" and grant in one.evidence and one.lasts(at):
                for term in data:
                    asked.setdefault(term, set()).update(one.channels or (None,))
        for term, channels in asked.items():
            wider = upward("data", term) | {EVERYTHING["data"]}
            facts = Facts(tuple(replace(one, data=tuple(named)) for one, data in said if (named := data & wider)))
            if any(decide(facts, Question("dpv:Use", _MARKETING, term, channel=each), at) for each in channels):
                return True
        return False


def replay(entries: Iterable[Said]) -> History:
    """The history that entries, in the order of their places, fold to."""
    history = History()
    for said in entries:
        history.take(said)
    return history


def is_entry(message: Message[Any]) -> bool:
    """Whether a message takes a place in a thread. Receipts and collects do not."""
    return message.type not in (core.Receipt.type, core.Collect.type)
