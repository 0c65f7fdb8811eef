"""A relationship as its words fold it: the same history on both sides (`spec/v1/sequence.md`).

The vendor's words are one chain. Each is taken in by its number: an entry of its own, or a receipt, which gives a word
of the customer's its place. What of the customer's has no place in the chain changes no record; a no among it denies
all the same (`hear`).
"""

from dataclasses import dataclass, field
from typing import Any

from ..errors import Conflict, Moved, Problem, WrongKey
from ..messages import Message, core
from .chain import Chain
from .decisions import decide
from .facts import gather, how_many
from .families import FAMILIES
from .family import Beside, Record, VendorKey
from .lifecycle import family_of, is_narrowing
from .question import Decision, Question
from .said import Erased, Said
from .speakers import counts, forerunner
from .statements import Facts
from .thread import Thread, opened_by


@dataclass
class History:
    """The threads of one relationship, in memory.

    Attributes:
        threads: Id → thread.
        chain: The vendor's words in their order, and what they answer.
        unplaced: The customer's no-words and grants that have no place, by digest, in the order of their saying.
        beside: Thread → what the noes there take back beside what stands, where its family keeps that.
        mine: Whether it is the customer's own view: a no of theirs holds from when they said it.
        customer: The DID under which the customer speaks by now; none before their first word.
        speaking: Ids of the threads that say who speaks here, by moves and introductions.
    """

    threads: dict[str, Thread] = field(default_factory=dict)
    chain: Chain = field(default_factory=Chain)
    unplaced: dict[str, Message[Any]] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)
    mine: bool = False
    customer: str | None = None
    speaking: frozenset[str] = frozenset()
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
            self.customer,
            self.speaking,
            _statements=self._statements,
        )

    @property
    def size(self) -> int:
        """How much it is to remember: the vendor's words and what they answer, and one."""
        return 1 + 2 * len(self.chain.digests)

    @property
    def records(self) -> dict[str, Record]:
        """Thread id → what has come of it so far, such as an agreement, a consent or a dealing."""
        return {id_: thread.record for id_, thread in self.threads.items() if thread.record is not None}

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
            if self.chain.word_of(message.id) is not None:
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
            if thread.record is not None and thread.record.says_who_speaks:
                self.speaking |= {thread.id}
            if thread.entries[-1].outcome == "accepted" and forerunner(said.message) is not None:
                self.customer = said.message.from_
        if (before := self._beside(said.message)) is not None:
            after = before.take(said, thread.entries[-1].outcome if thread else "refused")
            self._statements = self.statements + after.size - before.size
            self.beside[said.message.thread] = after

    def _beside(self, message: Message[Any]) -> Beside | None:
        if isinstance(message.body, Erased):
            return None
        family = family_of(message.type)
        blank = FAMILIES[family].beside if family is not None else None
        return (self.beside.get(message.thread) or blank()) if blank is not None else None

    def _placed(self, digest: str, message: Message[Any]) -> None:
        self.customer = self.customer or message.from_
        self.chain.answer(digest, message)
        self.unplaced.pop(digest, None)

    # Who speaks

    def goes_on(self, message: Message[Any]) -> bool:
        """Whether the customer goes on by this word, under the DID that it is from."""
        thread = self.threads.get(message.thread)
        return thread is not None and thread.record is not None and thread.record.admits(message)

    def check_customer(self, message: Message[Any]) -> None:
        """Check that the customer speaks here under the DID that a message is from, or goes on under it by this one.

        Raises:
            WrongKey: It is another's, who says to be the one who goes on.
            Moved: The customer has gone on under another one.
        """
        if message.from_ == self.customer or self.goes_on(message):
            return
        if forerunner(message) is not None:
            raise WrongKey("this key was not announced", pointer="/from", rule="REL-4")
        if self.customer is not None:
            raise Moved(pointer="/from", rule="REL-7")

    def key_counts(self, message: Message[Any]) -> bool:
        """Whether the vendor's next word is signed by a key that counts by then, as far as introductions say."""
        at = self.chain.place_time(message.created)
        return not self.speaking or counts(self.introduced(), message, self.chain.next, at)

    def introduced(self) -> list[VendorKey]:
        """The keys that the vendor has introduced, in the order of their places."""
        records = (self.threads[id_].record for id_ in self.speaking)
        keys = [key for record in records if record is not None for key in record.introduced()]
        return sorted(keys, key=lambda key: key.since.place)

    # Asking

    def hear(self, message: Message[Any], digest: str) -> None:
        """Know a word of the customer's that has no place yet. A no denies all the same.

        A yes permits nothing; but a no that follows it takes it back, where its family keeps what that takes back
        beside its record. Other words are passed over.
        """
        counts = is_narrowing(message.type, "customer") or self._beside(message) is not None
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

    @property
    def placed(self) -> Facts:
        """The same of the words with a place alone, which folds rest on."""
        return gather(self.threads.values(), self.chain, self.beside.values()) if self.unplaced else self.facts

    def _with_unplaced(self) -> "History":
        """The same, with the words that have no place after all that have: none of those knows them.

        Among themselves they are in the order in which they were said, and each knows those before it.
        """
        view = History(dict(self.threads), self.chain, beside=dict(self.beside), customer=self.customer)
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
        before = self._beside(said.message)
        return self.statements + (before.take(said, "refused").size - before.size if before is not None else 0)


def is_entry(message: Message[Any]) -> bool:
    """Whether a message takes a place in a thread. Receipts and collects do not."""
    return message.type not in (core.Receipt.type, *core.REQUEST_TYPES)
