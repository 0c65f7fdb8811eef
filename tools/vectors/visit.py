"""Deliveries to one vendor, in the order of their arrival, and what it answers to each."""

from dataclasses import dataclass, field
from typing import Any

from .conversation import Body, Script, Word


@dataclass
class Visit(Script):
    """Deliveries to one vendor. What the vendor says itself takes its place at once; what the customer says must be
    delivered, and is answered."""

    receive: list[Body] = field(default_factory=list)
    expect: list[Body] = field(default_factory=list)

    def say(self, type_: str, body: Body, thread: str | None = None, **more: Any) -> Word:
        self.later(minutes=1)
        word = self.word(type_, body, thread, **more)
        if word.side == "vendor":
            self.place(word)
            self.receive.append({"entry": word.message, "at": word.at})
            self.expect.append({})
        return word

    def then(self, state: str) -> None:
        """The state of the thread after what the vendor has just said."""
        self.expect[-1] = {"state": state}

    def _deliver(self, word: Word, now: str | None, **expected: Any) -> str:
        now = now or self.after(seconds=1)
        self.receive.append({"message": word.message, "now": now})
        self.expect.append({name: value for name, value in expected.items() if value is not None})
        return now

    def ok(
        self, word: Word, state: str, *, now: str | None = None, outcome: str = "accepted", at: str | None = None
    ) -> Word:
        """It is taken: accepted, or moot."""
        head = self.heads.get(word.thread)
        now = self._deliver(word, now, outcome=outcome, state=state, previous=head, at=at)
        return self.place(word, at or now)

    def moot(self, word: Word, state: str, **more: Any) -> Word:
        return self.ok(word, state, outcome="moot", **more)

    def refused(
        self,
        word: Word,
        code: str,
        pointer: str | None = None,
        *,
        now: str | None = None,
        missing: tuple[Word, ...] = (),
    ) -> Word:
        """A signed no; after a stale head with what was missed, customers' messages as their receipts."""
        digests = [each.digest for each in missing] or None
        self._deliver(word, now, refused=code, pointer=pointer, missing=digests)
        return word

    def unsigned(self, word: Word, code: str, pointer: str | None = None, *, now: str | None = None) -> Word:
        self._deliver(word, now, unsigned=code, pointer=pointer)
        return word

    def again(self, word: Word, number: int, *, now: str | None = None) -> None:
        """The same bytes: the same receipt as delivery `number` got, and nothing else."""
        self._deliver(word, now, again=number)


def offer_made(v: Visit, **more: Any) -> Word:
    wished = v.ok(v.cast(), "open")
    made = v.offer(wished, **more)
    v.then("open")
    return made


def proffered_terms(v: Visit, choice: Body) -> Word:
    return v.say("terms.proffer", {"choices": [choice]})
