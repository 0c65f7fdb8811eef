"""Property 2: either store is put back from any earlier copy, at any point of a conversation.

Nothing that was seen is lost, a no denies from its first delivery on, no yes comes back that the customer took back,
nobody is accused, and both sides come to the same. Every consent that is live then can be withdrawn.
"""

import random

from opencmr.messages import consent
from opencmr.protocol.families.consent import Consent

from .honest import Honest
from .play import Failure, play

STEPS = 26


class Restores(Honest):
    """One conversation, with copies of both stores."""

    often = (0.34, 0.52, 0.68, 0.80)

    def __init__(self, dice: random.Random) -> None:
        super().__init__(dice)
        self.copies = ([self.wallet.copy()], [self.vendor.copy()])

    def befalls(self, dice: random.Random) -> None:
        kind = dice.random()
        if kind < 0.5:
            self.copies[0].append(self.wallet.copy())
            self.copies[1].append(self.vendor.copy())
            self.told.append(f"copies {len(self.copies[0]) - 1} of both stores are made")
        elif kind < 0.75:
            number = dice.randrange(len(self.copies[0]))
            self.wallet = self.copies[0][number].copy()
            self.told.append(f"the customer's store is put back from copy {number}")
        else:
            number = dice.randrange(len(self.copies[1]))
            self.vendor = self.copies[1][number].copy()
            self.vendor.restored = dice.random() < 0.5
            known = "knows it" if self.vendor.restored else "does not know it"
            self.told.append(f"the vendor's store is put back from copy {number}, and it {known}")

    def ended(self) -> str | None:
        return super().ended() or self._withdraws()

    def _withdraws(self) -> str | None:
        """Whether a live consent cannot be withdrawn."""
        for id_, record in list(self.wallet.records(Consent)):
            if record.state == "given":
                known = self.wallet.history.copy()
                word = self.wallet.say(consent.Withdraw(), id_, self.now)
                self.said[word.digest] = word
                self.diary.note(word, known)
        self.sync()
        if self.vendor.threads_of(Consent, "given"):
            return "a consent was not withdrawn"
        return self._permits(True) or self._differ()


def play_restores(seed: int) -> Failure | None:
    """One conversation; how it breaks the property, if it does."""
    return play(seed, Restores, STEPS)
