"""Which of a vendor's words take the next place, and what of ours they answer."""

from typing import Any

from ...errors import Problem
from ...messages import Message, core
from ...protocol import History
from ...protocol.thread import opened_by
from ...store import Kept
from ..party.histories import prior_of


def settled(history: History, message: Message[Any], digest: str, created: str) -> Problem | None:
    """Why a word of ours is to be refused by a receipt of this date; none where it is not."""
    said = history.placing(message, digest, created)
    return (history.threads.get(message.thread) or opened_by(message)).take(said, history)[1]


def answers(receipt: Message[Any], ours: Kept) -> bool:
    """Whether this is for the receipt to answer: a message of ours, of its own thread."""
    return ours.side == "customer" and ours.type != core.Receipt.type and ours.thread == receipt.thread


def following(waiting: dict[int, list[Kept]], history: History) -> list[Kept]:
    """Take out of what waits the words that go on from the chain. Only those of the next number are looked into."""
    following: list[Kept] = []
    others: list[Kept] = []
    for kept in waiting.pop(history.chain.next, []):
        (following if prior_of(kept) == history.chain.tip else others).append(kept)
    if others:
        waiting[history.chain.next] = others
    return following


def later(one: tuple[int, str], other: tuple[int, str]) -> tuple[int, str]:
    """Which of two words of the vendor's is its last: that of the higher number; of two alike the later one."""
    return other if other[0] >= one[0] else one
