"""Random answers of the mailbox, as vectors hold them: in any order, with gaps, twice, changed, and of two branches."""

import copy
from typing import Any

from vectors.conversation import Body, Word, setting
from vectors.writing import Case

from .conversations import Talk

ANSWERS = 5
QUESTIONS = 4


class Mailbox(Talk):
    """A conversation whose vendor may be put back from a copy while it goes on, and what the mailbox brings of it."""

    repeated = 0.6

    def case(self) -> Case:
        """A case of the third form."""
        dice = self.dice
        self._go_on(dice.randint(3, 14))
        branches = [self]
        for _ in range(dice.choice((0, 0, 1, 1, 1, 2))):
            known = dice.choice(branches)
            branch, fork = known._branch(len(branches)), len(known.script.words)
            known._go_on(dice.randint(2, 14))
            if self.maybe(0.6):
                branch._brought_back(known, fork)
            branches.append(branch)
        for branch in branches:
            branch._go_on(dice.randint(0 if len(branches) > 1 else 2, 10))
        own = {word.digest: word for branch in branches for word in branch.script.words if word.side == "customer"}
        of_one = [word for word in dice.choice(branches).script.words if word.side == "customer"]
        said = [word for word in (own.values() if self.maybe(0.3) else of_one) if self.maybe(0.5)]
        answers = []
        for _ in range(dice.randint(1, ANSWERS)):
            branch = dice.choice(branches)
            answers.append(self._answered(branch, self._some_of(branch.script.words)))
        if self.maybe(0.8):
            branch = dice.choice(branches)
            answers.append(self._answered(branch, branch.script.words))
        return {**setting(), "said": [word.message for word in said], "answers": answers}

    def _go_on(self, words: int) -> None:
        before = len(self.script.words)
        for _ in range(8 * words):
            self._step()
            if len(self.script.words) >= before + words:
                return

    def _branch(self, number: int) -> "Mailbox":
        """The same conversation up to here, to go on otherwise."""
        other = copy.copy(self)
        other.script = copy.copy(self.script)
        other.script.words, other.script.history = self.script.words[:], self.script.history.copy()
        other.script.name = f"{self.script.name} branch {number}"  # other words have other ids
        other.open, other.said = self.open[:], self.said[:]
        return other

    def _brought_back(self, left: "Mailbox", fork: int) -> None:
        """On this branch is answered what the customer said on one that is left, and said again what the vendor did."""
        self.script.now, self.script.last = left.script.now, left.script.last
        for word in left.script.words[fork:]:
            if word.side == "customer" and self.maybe(0.8):
                if word not in self.open:
                    self.script.words.append(word)
                    self.said.append(word)
                else:
                    self.open.remove(word)
                self._answer(word)
            elif word.side == "vendor" and word.message["type"] != "receipt" and self.maybe(0.4):
                expires = {"expires": word.message["expires"]} if "expires" in word.message else {}
                self._say("vendor", word.message["type"], word.message["body"], word.thread, **expires)

    def _some_of(self, words: list[Word]) -> list[Word]:
        """From one word to another, perhaps with gaps, twice or in disorder."""
        begin = self.dice.choice((0, 0, self.dice.randint(0, len(words))))
        end = self.dice.choice((len(words), self.dice.randint(begin, len(words))))
        some = words[begin:end]
        if self.maybe(0.3):
            some = [word for word in some if self.maybe(0.85)]
        if self.maybe(0.3) and some:
            some = [*some, *self.dice.sample(some, 1)]
        if self.maybe(0.3):
            self.dice.shuffle(some)
        return some

    def _answered(self, branch: "Mailbox", words: list[Word]) -> Body:
        messages: list[Any] = [word.message for word in words]
        if messages and self.maybe(0.2):
            at = self.dice.randrange(len(messages))
            messages[at] = {**messages[at], "created": "2026-01-01T00:00:00.000Z"}  # its signature holds no more
        asks = [branch._ask()["question"] for _ in range(QUESTIONS)]
        asks = [
            each
            for each in asks
            if each.get("recipient", "vendor") in ("vendor", "third-party", "https://ads.example/")
        ]
        return {"now": branch.script.now, "messages": messages, "asks": asks}


def mailbox(seed: int) -> Case:
    """Random answers of a mailbox with questions: the same for the same seed."""
    return Mailbox(seed).case()
