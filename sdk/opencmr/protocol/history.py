"""A relationship as its words fold it: the same history on both sides (`spec/v1/sequence.md`).

The vendor's words are one chain. Each is taken in by its number: an entry of its own, or a receipt, which gives a word
of the customer's its place. What of the customer's has no place in the chain changes no record; a no among it denies
all the same (`hear`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from ..errors import Conflict, Problem
from ..messages import Message, consent, core
from ..messages.types import Channel, Ref, TermsDocument
from .agreement import Agreement
from .chain import Chain
from .consent import Beside, Consent
from .dealing import Dealing
from .decisions import Decision, Facts, Question, Topic, decide, permits_about
from .facts import gather, how_many
from .lifecycle import family_of, is_narrowing
from .said import Said, Word
from .thread import Thread, opened_by
from .vocabulary import overlaps

MARKETING = "dpv:DirectMarketing"


@dataclass
class History:
    """The threads of one relationship, in memory.

    Attributes:
        threads: Id → thread.
        chain: The vendor's words in their order, and what they answer.
        unplaced: The customer's no-words and grants that have no place, by digest, in the order of their saying.
        beside: Thread of a consent → what the noes there take back beside what stands.
        mine: Whether it is the customer's own view: a no of theirs holds from when they said it.
    """

    threads: dict[str, Thread] = field(default_factory=dict)
    chain: Chain = field(default_factory=Chain)
    unplaced: dict[str, Message[Any]] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)
    mine: bool = False
    _facts: Facts | None = None
    _statements: int | None = None

    def copy(self) -> "History":
        """One to go on with, which leaves this one as it is."""
        return History(
            dict(self.threads),
            self.chain.copy(),
            dict(self.unplaced),
            dict(self.beside),
            self.mine,
            _statements=self._statements,
        )

    @property
    def size(self) -> int:
        """How much it is to remember: the vendor's words and what they answer, and one."""
        return 1 + 2 * len(self.chain.digests)

    # Taking in the chain

    def placing(self, message: Message[Any], digest: str, created: str) -> Said:
        """A customer's word as it would take the next place, by a receipt of this date."""
        at = self.chain.place_time(created)
        return Said(message, digest, "customer", self.chain.next, at, self.chain.knowledge(message))

    def saying(self, message: Message[Any], digest: str) -> Said:
        """A vendor's message as it takes the next place."""
        return Said(message, digest, "vendor", self.chain.next, self.chain.place_time(message.created))

    def answer(self, said: Said, receipt: str, id_: str, created: str, thread: Thread | None) -> None:
        """Let a customer's word take the place that it was settled for, or be refused there.

        Args:
            said: The word, from `placing`.
            receipt: Digest of the receipt.
            id_: Its id.
            created: Its date.
            thread: The thread with the word in it; none where it is refused.
        """
        self._add(receipt, created, id_)
        self._placed(said.digest, said.message)
        self._take(said, thread)

    def say(self, said: Said, thread: Thread) -> None:
        """Let a vendor's message take the place that it was made for."""
        self._add(said.digest, said.message.created, said.message.id)
        self._take(said, thread)

    def follow(
        self, message: Message[Any], digest: str, *, of: Message[Any] | None = None, fault: Problem | None = None
    ) -> tuple[Thread | None, Problem | None]:
        """Take in the vendor's next word, whatever it says.

        Args:
            message: The word: an entry of the vendor's, or a receipt.
            digest: Its digest.
            of: Of a receipt: the customer's message that it answers, where that is held.
            fault: What is wrong with the message by itself, where something is.

        Returns:
            The thread that has a new entry by it, and why that is void where it is. A receipt gives no entry where it
            refuses a widening word, answers nothing that is held, or answers again.
        """
        if is_entry(message):
            if self.chain.has_said(message.id):
                fault = fault or Conflict("this id was used before", pointer="/id", rule="RCV-6")
            said = self.saying(message, digest)
            thread, why = self._thread(message).take(said, self, fault)
            self.say(said, thread)
            return thread, why
        word = None if fault is not None or of is None or of.thread != message.thread else of
        answered = str(message.body.of) if word is not None else ""
        if word is None or self.chain.place_of(answered) is not None:
            self._add(digest, message.created, message.id)
            return None, fault
        said = self.placing(word, answered, message.created)
        if message.body.outcome == "refused" and not is_narrowing(word.type, "customer"):
            self.answer(said, digest, message.id, message.created, None)
            return None, None
        thread, why = self._thread(word).take(said, self)
        self.answer(said, digest, message.id, message.created, thread)
        return thread, why

    def pass_over(self, message: Message[Any], digest: str, *, of: tuple[str, Message[Any]] | None = None) -> None:
        """Let the vendor's next word have its number, and what it answers its place, and fold neither.

        Of a thread of which not all is at hand, only the order is of use.

        Args:
            message: The word.
            digest: Its digest.
            of: Of a receipt: digest and message that it answers, where that is held.
        """
        self._add(digest, message.created, message.id)
        if of is not None:
            self._placed(*of)

    def _thread(self, message: Message[Any]) -> Thread:
        return self.threads.get(message.thread) or opened_by(message)

    def _add(self, digest: str, created: str, id_: str) -> None:
        self.chain.add(digest, created, id_)
        self._facts = None

    def _take(self, said: Said, thread: Thread | None) -> None:
        if thread is not None:
            self._statements = self.statements_with(thread)
            self.threads[thread.id] = thread
        if family_of(said.message.type) == "consent":
            before = self.beside.get(said.message.thread, Beside())
            after = before.take(said, thread.entries[-1].outcome if thread else "refused")
            self._statements = self.statements + after.size - before.size
            self.beside[said.message.thread] = after

    def _placed(self, digest: str, message: Message[Any]) -> None:
        self.chain.answer(digest, message)
        self.unplaced.pop(digest, None)

    # Asking

    def hear(self, message: Message[Any], digest: str) -> None:
        """Know a word of the customer's that has no place yet. A no denies all the same.

        A grant permits nothing; but a no that follows it takes it back. Other words are passed over.
        """
        counts = message.type == consent.Grant.type or is_narrowing(message.type, "customer")
        if counts and self.chain.place_of(digest) is None:
            self.unplaced[digest] = message
            self._facts = None

    def unhear(self, digest: str) -> None:
        """Forget a word that will get no place: it was given up."""
        if self.unplaced.pop(digest, None) is not None:
            self._facts = None

    @property
    def facts(self) -> Facts:
        """What decisions rest on; gathered when first asked after a change."""
        if self._facts is None:
            view = self._with_unplaced() if self.unplaced else self
            self._facts = gather(view.threads.values(), self.chain, view.beside.values(), mine=self.mine)
        return self._facts

    def _with_unplaced(self) -> "History":
        """The same, with the words that have no place after all that have: none of those knows them.

        Among themselves they are in the order in which they were said, and each knows those before it.
        """
        view = History(dict(self.threads), self.chain, beside=dict(self.beside))
        for place, (digest, message) in enumerate(self.unplaced.items(), self.chain.next):
            knows = self.chain.knowledge(message).and_between(self.chain.next, place)
            said = Said(message, digest, "customer", place, message.created, knows)
            no = is_narrowing(message.type, "customer")
            view._take(said, view._thread(message).take(said, view)[0] if no else None)
        return view

    def may(self, question: Question, at: str, *, now: bool = False) -> Decision:
        """Whether the vendor may do this, at an instant.

        Args:
            question: What is asked.
            at: The instant.
            now: That is now: every word that is held counts, whatever its date.
        """
        return decide(self.facts, question, at, now=now)

    @property
    def statements(self) -> int:
        """How many statements decisions rest on: all that live, and all that have."""
        if self._statements is None:
            self._statements = sum(map(how_many, self.threads.values())) + sum(one.size for one in self.beside.values())
        return self._statements

    def statements_with(self, thread: Thread) -> int:
        """How many there would be with this thread as it would stand. Who holds many may refuse what would add more."""
        before = self.threads.get(thread.id)
        return self.statements + how_many(thread) - (how_many(before) if before is not None else 0)

    def statements_besides(self, said: Said) -> int:
        """How many there would be with a grant that takes no effect: a no-word makes its items statements too."""
        before = self.beside.get(said.message.thread, Beside())
        return self.statements + before.take(said, "refused").size - before.size

    # What rules ask of the other threads

    def active_terms(self) -> Iterable[tuple[str, TermsDocument]]:
        """The relationship's own terms: the latest, unless they have ended. What they replaced does not come back."""
        bound = [(record.since.place, record) for record in self._agreements(None) if record.since is not None]
        _, latest = max(bound, default=(0, None), key=lambda one: one[0])
        return [latest.terms] if latest is not None and latest.terms is not None and latest.ended is None else []

    def superseded(self, own: Word, scope: str | None) -> str | None:
        """A word about the terms of this scope that `own` does not know, by its digest; none where there is none."""
        for record in self._agreements(scope):
            if record.own is None or record.since is None:
                continue
            if not _known(own, record.own.place):
                return record.evidence[0]
            if record.ended is not None and record.ended_by == "customer" and not _known(own, record.ended.place):
                return record.evidence[-1]
        dealing = self.threads.get(scope) if scope is not None else None
        return _unknown_wish(own, dealing) if dealing is not None else None

    def _agreements(self, scope: str | None) -> Iterable[Agreement]:
        for thread in self.threads.values():
            if isinstance(thread.record, Agreement) and (thread.record.scope and thread.record.scope.id) == scope:
                yield thread.record

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
        is looked at which names the datum, something wider, or a part of it.
        """
        # A fold rests on words with a place alone: a no without one denies, and makes no offer void.
        placed = self.threads.values(), self.chain, self.beside.values()
        held = gather(*placed) if self.unplaced else self.facts
        said = [one for one in held.statements if one.speaks_of("dpv:Use", MARKETING)]
        asked: dict[str, dict[Channel | None, frozenset[Topic | None]]] = {}
        for one in said:
            if one.source == "consent" and grant in one.evidence and one.lasts(at, now=True):
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


def _unknown_wish(own: Word, thread: Thread) -> str | None:
    """What the customer has said of the terms of their wish, and `own` does not know: as it stands, ordered, or off."""
    record = thread.record
    if not isinstance(record, Dealing):
        return None
    over = record.closed if record.state in ("withdrawn", "cancelled") else None
    places = [point.place for point in (record.wish, record.ordered_at, over) if point is not None]
    unknown = next((place for place in places if not _known(own, place)), None)
    return next((entry.digest for entry in thread.entries if entry.place == unknown), None)


def _known(word: Word, place: int) -> bool:
    """Whether a word knows a place, or stands in it."""
    return word.place == place or word.knows.knows(place)


def is_entry(message: Message[Any]) -> bool:
    """Whether a message takes a place in a thread. Receipts and collects do not."""
    return message.type not in (core.Receipt.type, core.Collect.type)
