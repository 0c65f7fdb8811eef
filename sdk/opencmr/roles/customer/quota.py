"""Quotas: how much a vendor may leave in a wallet, and which of its messages are taken in (`spec/v1/transport.md`).

A message that is not taken is not acknowledged: a collect says with `seen` how far the vendor's chain is held here, so
the message waits at the vendor and comes again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ...errors import Problem
from ...messages import core
from ...protocol import Verified
from ...store import ROW
from ..party.given import setting

MOST_WAITING = 128
"""The most words of a vendor that are kept although an earlier one is missing. A page of the mailbox has a hundred at
most."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a vendor may leave in a wallet.

    Attributes:
        collect: Bytes of messages after which a collect asks for no further page; one page has 8 MiB at most.
        relationship: Bytes that a relationship may take: all its messages and receipts, and 1 KiB for each. Beyond it,
            of the vendor's words only receipts are taken that a message of the customer's waits for.
    """

    collect: int = 8 * 1024 * 1024
    relationship: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: A bound is no whole number from 1.
        """
        setting("collect", self.collect, whole=True)
        setting("relationship", self.relationship, whole=True)


DEFAULT = Quota()


@dataclass(frozen=True, slots=True)
class Checked:
    """A message of an answer, after the checks that need no store.

    Attributes:
        digest: Of its bytes; none where they are no message.
        found: The message, or why it is none that counts here.
    """

    digest: str | None
    found: Verified | Problem


@dataclass(frozen=True, slots=True)
class Intake:
    """The vendor's messages for which there is room.

    Attributes:
        number: The number that the vendor's next word has.
        tip: What it names as `prior`.
        room: Bytes that may still be taken.
        waiting: Words that are kept already though one before them is missing.
        awaited: Whether a message of this digest waits here for its receipt.
        held: Whether a message of this digest is here.
    """

    number: int
    tip: str | None
    room: int
    waiting: int
    awaited: Callable[[str], bool]
    held: Callable[[str], bool]

    def admitted(self, words: Iterable[Verified]) -> Iterator[Verified]:
        """The vendor's new words that are taken, in the order of their numbers."""
        number, tip, room, waiting = self.number, self.tip, self.room, self.waiting
        answered: set[str] = set()
        for word in sorted(words, key=lambda word: word.message.number or 0):
            message = word.message
            of = message.body.of if message.type == core.Receipt.type and word.fault is None else None
            awaited = of is not None and of not in answered and self.awaited(of)
            follows = (message.number, message.prior) == (number, tip) and (of is None or self.held(of))
            if not awaited and (room <= 0 or (not follows and waiting >= MOST_WAITING)):
                continue
            if of is not None and awaited:
                answered.add(of)
            # An entry gets a receipt of ours, which is kept as well.
            room -= len(word.raw) + ROW * (1 if of is not None else 3)
            if follows:
                number, tip = number + 1, word.digest
            elif not awaited:
                waiting += 1
            yield word
