"""Property 1: whatever a vendor does, it gets no yes out of what the customer denied last.

The vendor is hostile: it gives places in any order, with any outcome and date, twice or never; it accepts old proffers,
makes offers under old wishes, answers what nobody asked. The wallet is honest, and collects when it likes.

On the customer's side `may()` never permits what the customer's own words deny, placed or not. What the vendor folds
never permits what those of them deny that it has given a place.
"""

import random

from opencmr.protocol import Question

from . import words
from .oracle import Diary, View, heard_digests
from .parties import FOCI, Vendor, Wallet
from .play import Failure, play
from .words import Mint, Word, at

STEPS = 22


class Order:
    """One conversation with a hostile vendor.

    Attributes:
        often: Up to which number the customer speaks, the vendor gives a place, and speaks; else the customer collects.
        in_order: How often the vendor takes the word that was said first.
        wrong_dates: How often it dates a word wrongly.
    """

    often = (0.40, 0.66, 0.86)
    in_order = 0.2
    wrong_dates = 0.3

    def __init__(self, dice: random.Random) -> None:
        mint = Mint()
        self.now = 1000.0
        focus = dice.choice(list(FOCI))
        self.wallet, self.vendor = Wallet(mint, focus=focus), Vendor(mint, focus=focus)
        self.diary = Diary()
        self.inbox: list[Word] = []
        self.told: list[str] = []
        self.dice = dice

    def step(self, kind: float, dice: random.Random) -> None:
        self.now += dice.choice((0.01, 1, 30, 3000))
        if kind < self.often[0]:
            self._customer_says(dice)
        elif kind < self.often[1]:
            self._vendor_places(dice)
        elif kind < self.often[2]:
            self._vendor_says(dice)
        else:
            self._customer_collects(dice)

    def _customer_says(self, dice: random.Random) -> None:
        chosen = self.wallet.choose(dice, self.now)
        if chosen is None:
            return
        known = self.wallet.history.copy()
        word = self.wallet.say(*chosen, self.now)
        self.diary.note(word, known)
        self.inbox.append(word)
        self.told.append(f"customer says {tell(word)}")

    def _vendor_places(self, dice: random.Random) -> None:
        if not self.inbox:
            return
        waiting = [word for word in self.inbox if self.vendor.history.chain.place_of(word.digest) is None]
        word = dice.choice(waiting if waiting and dice.random() < 0.9 else self.inbox)
        if waiting and dice.random() < self.in_order:
            word = waiting[0]
        outcome = dice.choice(("accepted", "accepted", "accepted", "accepted", "moot", "refused"))
        receipt = self.vendor.place(word, self.now, outcome, created=self._date(dice))
        self.told.append(f"vendor places {short(word.digest)} as {outcome}: {tell(receipt)}")

    def _vendor_says(self, dice: random.Random) -> None:
        chosen = self.vendor.choose(dice, self.now, loose=dice.random() < 0.5)
        if chosen is None:
            return
        body, thread, members = chosen
        known = self.wallet.history.copy()
        word = self.vendor.sign(body, thread, self.now, created=self._date(dice), **members)
        if word.type == "consent.withdraw":
            self.diary.note(word, known)
        self.told.append(f"vendor says {tell(word)}")

    def _customer_collects(self, dice: random.Random) -> None:
        waiting = self.vendor.chain[len(self.wallet.chain) :]
        self.wallet.take(waiting if dice.random() < 0.7 else waiting[: dice.randint(0, len(waiting))])
        self.told.append(f"customer collects up to {short(self.wallet.tip)}")

    def _date(self, dice: random.Random) -> str | None:
        return at(self.now + dice.choice((-3000, -10, 10, 3000))) if dice.random() < self.wrong_dates else None

    def broken(self) -> str | None:
        return self._judged(self.dice.random() < 0.15)

    def ended(self) -> str | None:
        if (why := self._judged(True)) is not None:
            return why
        self.wallet.take(self.vendor.chain[len(self.wallet.chain) :])
        self.told.append("customer collects all")
        return self._judged(True)

    def _judged(self, whole: bool) -> str | None:
        threads = [word.thread for word in self.inbox if word.type == "intent.cast"]
        asked = list(words.questions(threads))
        if not whole:
            asked = self.dice.sample(asked, 4)
        placed = {word.digest for word in self.inbox if self.vendor.history.chain.place_of(word.digest) is not None}
        sides = {
            "the customer's may()": (self.wallet, {word.digest for word in self.wallet.said}),
            "the vendor's fold": (self.vendor, placed),
        }
        for name, (side, held) in sides.items():
            view = View(self.diary, side.history, held | heard_digests(side.chain))
            for question in asked:
                decision = side.history.may(question, at(self.now), now=True)
                if decision and (why := view.denies(question)) is not None:
                    rests_on = ", ".join(short(digest) for digest in decision.evidence)
                    return f"{name} permits {told_question(question)} by {decision.reason} ({rests_on}); {why}"
        return None


def short(digest: str | None) -> str:
    return (digest or "nothing").removeprefix("zQm").lstrip("1")


def told_question(question: Question) -> str:
    return " ".join(filter(None, (question.purpose, question.data, question.channel, (question.thread or "")[-38:-28])))


def tell(word: Word) -> str:
    """A word in a line."""
    message = word.message
    body = message.body.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in ("controller", "notice", "wants", "standing", "lines", "total", "problem", "statement"):
        body.pop(name, None)
    for name in ("terms", "choices", "under"):
        if name in body:
            refs = body[name] if isinstance(body[name], list) else [body[name]]
            body[name] = [ref["document"]["id"] for ref in refs]
    if "items" in body:
        body["items"] = [
            (each["key"], *each["purposes"], *each["data"], *each.get("channels", ())) for each in body["items"]
        ]
    facts = {
        "thread": "" if message.opens else message.thread[9:17].lstrip("0"),
        "number": message.number,
        "created": message.created[5:16],
    }
    if message.side == "customer":
        facts |= {"prior": short(message.prior), "seen": short(message.seen)}
    return f"{short(word.digest)} {word.type} {body} " + " ".join(f"{k} {v}" for k, v in facts.items() if v)


def play_order(seed: int) -> Failure | None:
    """One conversation; how it breaks the property, if it does."""
    return play(seed, Order, STEPS)
