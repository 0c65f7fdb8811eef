"""Property 3, in part: an answer about the past stands, once both sides have acknowledged beyond it.

The vendor is as hostile as in `order`. It is about the fold that both sides share: to themselves a customer's no holds
from when it was said, so one that is pending can turn a past yes into a no. What was answered about an instant before
the time of the last place that the customer has acknowledged is never answered otherwise later: not by a word that
comes late, nor by any date.
"""

import random
from datetime import timedelta
from typing import NamedTuple

from opencmr.protocol import History, Question
from opencmr.protocol.clock import shifted

from . import words
from .order import Order, told_question
from .parties import Branch
from .play import Failure, play

STEPS = 30


class Asked(NamedTuple):
    """What was asked of one side about an instant."""

    side: str
    question: Question
    at: str


class Acknowledged(Order):
    """One conversation, and what was answered about what lies behind it."""

    often = (0.32, 0.62, 0.76)
    in_order = 0.8
    wrong_dates = 0.15

    def __init__(self, dice: random.Random) -> None:
        super().__init__(dice)
        self.answered: dict[Asked, tuple[str, str]] = {}
        self.reached = {"customer": 0, "vendor": 0}

    def broken(self) -> str | None:
        for name, side in (("customer", self.wallet), ("vendor", self.vendor)):
            if (why := self._changed(name, side)) is not None:
                return why
            self._ask(name, side)
        return None

    def ended(self) -> str | None:
        self.wallet.take(self.vendor.chain[len(self.wallet.chain) :])
        self.told.append("customer collects all")
        return self.broken()

    def _ask(self, name: str, side: Branch) -> None:
        chain = side.history.chain
        last = chain.acknowledged
        if last <= self.reached[name]:
            return
        self.reached[name] = last
        times = chain.times()[:last]
        shared = _shared(side)
        wishes = [word.thread for word in self.inbox if word.type == "intent.cast"]
        every = list(words.questions(wishes))
        between = [shifted(time, timedelta(minutes=self.dice.choice((0, 20, 1600)))) for time in times]
        before = sorted({time for time in between if time < times[-1]})
        for at in self.dice.sample(before, min(2, len(before))):
            permitted = [question for question in every if shared.may(question, at)]
            for question in self.dice.sample(every, 4) + permitted[:4]:
                decision = shared.may(question, at)
                self.answered.setdefault(Asked(name, question, at), (decision.answer, decision.reason))

    def _changed(self, name: str, side: Branch) -> str | None:
        shared = _shared(side)
        for asked, before in self.answered.items():
            if asked.side == name:
                now = shared.may(asked.question, asked.at)
                if (now.answer, now.reason) != before:
                    asks = f"{told_question(asked.question)} as of {asked.at[5:16]}"
                    return f"to the {name}, {asks} was {before}, and is {(now.answer, now.reason)}"
        return None


def _shared(side: Branch) -> History:
    """What both sides fold of the same words."""
    return History(side.history.threads, side.history.chain, beside=side.history.beside)


def play_acknowledged(seed: int) -> Failure | None:
    """One conversation; how it breaks the property, if it does."""
    return play(seed, Acknowledged, STEPS)
