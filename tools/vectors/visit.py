"""Deliveries to one vendor, in the order of their arrival, and what it answers to each.

What is said with `hold`, or by the vendor, is what the vendor held before: its own words are fixed. Of what it answers
then only the number and the outcome are known, so nothing in a case can have seen it; own words are known by `prior`.
"""

from dataclasses import dataclass, field
from typing import Any

from opencmr import trust

from .conversation import Body, Script, Word
from .writing import CUSTOMER, OTHER_CUSTOMER


@dataclass
class Visit(Script):
    """Deliveries to one vendor. What the vendor says itself was said before all of them.

    Attributes:
        receive: The steps.
        restored: Whether the vendor knows that its store is an older copy.
        numbers: Customer → the number of the vendor's next word to them.
        kept: How many of the words that were said before the vendor still holds; none: all.
        more: What else the case says.
    """

    receive: list[Body] = field(default_factory=list)
    restored: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    kept: int | None = None
    more: Body = field(default_factory=dict)

    def say(self, type_: str, body: Body, thread: str | None = None, **more: Any) -> Word:
        self.later(minutes=1)
        word = self.word(type_, body, thread, **more)
        return self.place(word) if word.side == "vendor" else word

    def hold(self, word: Word, **claims: Any) -> Word:
        """A customer's word that the vendor held before, with its receipt."""
        return self.place(word, **claims)

    def place(self, word: Word, at: str | None = None, **claims: Any) -> Word:
        assert not self.receive, "what was held before comes before the deliveries"
        return super().place(word, at, **claims)

    def lose(self) -> None:
        """From here on the vendor holds nothing any more of what is said: it is put back from a copy of now."""
        self.kept = len(self.words)

    @property
    def held(self) -> list[Word]:
        return self.words if self.kept is None else self.words[: self.kept]

    @property
    def lost(self) -> list[Word]:
        return self.words[len(self.held) :]

    def _number(self, customer: str) -> int:
        before = 1 + sum(1 for word in self.held if word.side == "vendor") if customer == CUSTOMER.did else 1
        number = self.numbers.setdefault(customer, before)
        self.numbers[customer] += 1
        return number

    def step(self, now: str | None, expected: Body, **what: Any) -> None:
        self.receive.append({**what, "now": now or self.after(seconds=1), "expect": expected})

    def _deliver(self, word: Word, now: str | None, **expected: Any) -> None:
        told = {name: value for name, value in expected.items() if value is not None}
        if "outcome" in told or "refused" in told:
            told["number"] = self._number(str(word.message["from"]))
        self.step(now, told, message=word.message)

    def ok(self, word: Word, state: str, *, now: str | None = None, outcome: str = "accepted") -> Word:
        """It is taken: accepted, or moot."""
        self._deliver(word, now, outcome=outcome, state=state)
        return word

    def moot(self, word: Word, state: str, **more: Any) -> Word:
        return self.ok(word, state, outcome="moot", **more)

    def refused(
        self, word: Word, code: str, pointer: str, *, now: str | None = None, unknown: Word | None = None
    ) -> Word:
        """A signed no; of a stale word with the last entry that it did not know."""
        self._deliver(word, now, refused=code, pointer=pointer, expected=[unknown.digest] if unknown else None)
        return word

    def unsigned(self, word: Word, code: str, pointer: str | None = None, *, now: str | None = None) -> Word:
        self._deliver(word, now, unsigned=code, pointer=pointer)
        return word

    def again(self, word: Word, number: int, *, now: str | None = None) -> None:
        """The same bytes: the same receipt as step `number` got, and nothing else."""
        self._deliver(word, now, again=number)

    def collect(self, expected: Body, *, seen: str | None, now: str | None = None, **body: Any) -> None:
        """A collect, and what it brings."""
        asked = self.word("mailbox.collect", body, seen=seen)
        self.step(now, expected, collect=asked.message)

    def hand_back(self, words: list[Word], now: str | None = None) -> None:
        self.step(now, {"taken": True}, handBack=[word.message for word in words])
        for word in words:
            if word.side == "vendor":
                self.numbers[CUSTOMER.did] = int(word.message["number"]) + 1

    def may(self, question: Body, answer: str, reason: str) -> None:
        """What the vendor has to say of what it may do, now."""
        self.step(None, {"answer": answer, "reason": reason}, ask=question)


def offer_made(v: Visit, **more: Any) -> Word:
    return v.offer(v.hold(v.cast()), **more)


def proffered_terms(v: Visit, choice: Body) -> Word:
    return v.say("terms.proffer", {"choices": [choice]})


def by_another(word: Word) -> Word:
    """The same words by another customer, who has heard nothing from this vendor."""
    document = {name: value for name, value in word.message.items() if name not in ("proof", "prior", "seen")}
    document["from"] = OTHER_CUSTOMER.did
    raw = trust.sign(document, OTHER_CUSTOMER, trust.key_url(OTHER_CUSTOMER.did))
    return Word(trust.parse(raw), trust.digest(raw), "customer")
