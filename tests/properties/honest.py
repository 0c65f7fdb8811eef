"""Two honest parties: what is lost on the way, clocks that differ, and stores that are put back from copies."""

import random

from opencmr.protocol import History

from . import words
from .oracle import Diary, View, heard_digests
from .order import short, tell, told_question
from .parties import FOCI, Branch, Vendor, Wallet
from .words import Mint, Word, at


class Honest:
    """One conversation.

    Attributes:
        often: Up to which number the customer speaks, a word arrives, the vendor speaks, they sync; else the rest.
    """

    often = (0.36, 0.56, 0.74, 0.88)

    def __init__(self, dice: random.Random) -> None:
        self.mint = Mint()
        self.now = 1000.0
        self.dice = dice
        focus = dice.choice(list(FOCI))
        self.wallet = Wallet(self.mint, dice.choice((-5, 0, 5)), focus)
        self.vendor = Vendor(self.mint, focus=focus)
        self.diary = Diary()
        self.told: list[str] = []
        self.wrong: str | None = None
        self.said: dict[str, Word] = {}

    def step(self, kind: float, dice: random.Random) -> None:
        self.now += dice.choice((0.01, 1, 30, 3000))
        speaks, arrives, answers, syncs = self.often
        if kind < speaks:
            self.customer_says(dice)
        elif kind < arrives:
            if self.wallet.pending:
                self._deliver(dice.choice(self.wallet.pending))
        elif kind < answers:
            self._vendor_says(dice)
        elif kind < syncs:
            self.sync(whole=dice.random() < 0.5)
        else:
            self.befalls(dice)

    def befalls(self, dice: random.Random) -> None:
        """Something else happens."""

    def customer_says(self, dice: random.Random) -> None:
        chosen = self.wallet.choose(dice, self.now)
        if chosen is not None:
            known = self.wallet.history.copy()
            word = self.wallet.say(*chosen, self.now)
            self.said[word.digest] = word
            self.diary.note(word, known)
            self.told.append(f"customer says {tell(word)}")

    def _deliver(self, digest: str) -> None:
        word = self.wallet.held[digest]
        outcome = self.vendor.receive(word, self.now)
        self.told.append(f"{short(digest)} arrives: {outcome}, vendor at {short(self.vendor.tip)}")

    def _vendor_says(self, dice: random.Random) -> None:
        chosen = self.vendor.choose(dice, self.now)
        if chosen is not None:
            body, thread, members = chosen
            known = self.wallet.history.copy()
            word = self.vendor.speak(body, thread, self.now, **members)
            if word is not None:
                if word.type == "consent.withdraw":
                    self.diary.note(word, known)
                self.told.append(f"vendor says {tell(word)}")

    def sync(self, *, whole: bool = True) -> None:
        """One session of the customer's: hand back, collect, send what is pending, collect again."""
        wallet, vendor = self.wallet, self.vendor
        if vendor.history.chain.lacks(wallet.tip):
            vendor.take_back(wallet.chain, wallet.held)
            self.told.append(f"customer hands back up to {short(wallet.tip)}")
        if wallet.tip in vendor.history.chain.given_up:
            common = vendor.fork(str(wallet.tip))
            wallet.back_to(common)
            self.told.append(f"customer goes back to number {common}")
        vendor.catch_up(self.now)
        self._collect()
        if whole:
            for digest in wallet.pending[:]:
                self._deliver(digest)
            self._collect()

    def _collect(self) -> None:
        for word in self.vendor.mailbox(self.wallet.tip):
            wrong = self._judges_otherwise(word)
            void = self.wallet.take([word])
            if word.type == "receipt" and word.message.body.outcome == "accepted" and void:
                wrong = f"what an honest vendor accepted is void: {void[0]}"
            elif word.message.side == "vendor" and void:
                wrong = f"an honest vendor's {word.type} is void: {void[0]}"
            self.wrong = self.wrong or wrong
        self.told.append(f"customer collects up to {short(self.wallet.tip)}")

    def _judges_otherwise(self, word: Word) -> str | None:
        """Whether the customer would have to accuse the vendor of a receipt, as the wallet of the SDK does."""
        if word.type != "receipt" or word.message.prior != self.wallet.tip:
            return None
        of = self.wallet.held[word.message.body.of]
        history = self.wallet.history
        if history.chain.place_of(of.digest) is not None:
            return f"{short(of.digest)} is answered twice"
        said = history.placing(of.message, of.digest, word.message.created)
        thread, why = history._thread(of.message).take(said, history)
        right = "refused" if why else thread.entries[-1].outcome
        outcome = word.message.body.outcome
        return None if outcome == right else f"vendor says {outcome} of {short(of.digest)}, by the rules {right}: {why}"

    # What must hold

    def broken(self) -> str | None:
        return self.wrong or self._permits(self.dice.random() < 0.1)

    def _permits(self, whole: bool) -> str | None:
        """Whether one of the two permits what the customer's words that it holds deny."""
        asked = list(words.questions(word.thread for word in self.said.values() if word.type == "intent.cast"))
        if not whole:
            asked = self.dice.sample(asked, 4)
        placed = {digest for digest in self.said if self.vendor.history.chain.place_of(digest) is not None}
        sides: dict[str, tuple[Branch, set[str]]] = {
            "the customer's may()": (self.wallet, {word.digest for word in self.wallet.said}),
            "the vendor's": (self.vendor, placed | set(self.vendor.waiting)),
        }
        for name, (side, held) in sides.items():
            view = View(self.diary, side.history, held | heard_digests(side.chain))
            for question in asked:
                decision = side.history.may(question, at(self.now), now=True)
                if decision and (why := view.denies(question)) is not None:
                    return f"{name} permits {told_question(question)} by {decision.reason}; {why}"
        return None

    def ended(self) -> str | None:
        self.now += 12 * 1440  # what cannot come good any more has expired by then
        for _ in range(4):
            self.now += 30
            self.sync()
        return self.wrong or self._permits(True) or self._differ() or self._keeps()

    def _differ(self) -> str | None:
        """Whether the two have come to different things."""
        wallet, vendor = self.wallet, self.vendor
        if wallet.pending:
            return f"{[short(digest) for digest in wallet.pending]} is still pending"
        if [word.digest for word in wallet.chain] != [word.digest for word in vendor.chain]:
            return "the chains differ"
        ours, theirs = wallet.history, vendor.history
        if ours.threads.keys() != theirs.threads.keys():
            return "the threads differ"
        for id_, thread in theirs.threads.items():
            if ours.threads[id_].entries != thread.entries or ours.threads[id_].record != thread.record:
                return f"{id_} differs"
        shared = History(ours.threads, ours.chain, beside=ours.beside)
        times = ours.chain.times()
        for question in words.questions(word.thread for word in wallet.said if word.type == "intent.cast"):
            now = at(self.now)
            if ours.may(question, now, now=True).answer != theirs.may(question, now, now=True).answer:
                return f"they answer differently: {told_question(question)}"
            for moment in self.dice.sample(times, min(2, len(times))):
                if shared.may(question, moment) != theirs.may(question, moment):
                    return f"they answer differently as of {moment}: {told_question(question)}"
        return None

    def _keeps(self) -> str | None:
        """Whether a no that the wallet holds has no place."""
        chain = self.vendor.history.chain
        lost = [short(word.digest) for word in self.wallet.said if chain.place_of(word.digest) is None]
        return f"{lost} have no place" if lost else None
