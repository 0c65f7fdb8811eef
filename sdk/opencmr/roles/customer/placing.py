"""Which of a vendor's words take the next place, and what of ours they answer."""

from collections.abc import Container
from typing import Any

from ...errors import Problem
from ...messages import Message, core
from ...protocol import History
from ...protocol.thread import opened_by
from ...store import Kept, Rows
from ..party.histories import prior_of


def settled(history: History, message: Message[Any], digest: str, created: str) -> Problem | None:
    """Why a word of ours is to be refused by a receipt of this date; none where it is not."""
    said = history.placing(message, digest, created)
    return (history.threads.get(message.thread) or opened_by(message)).take(said, history)[1]


def answers(receipt: Message[Any], ours: Kept) -> bool:
    """Whether this is for the receipt to answer: a message of ours, of its own thread."""
    return ours.side == "customer" and ours.type != core.Receipt.type and ours.thread == receipt.thread


def path_to(last: str, rows: Rows, number: int, history: History) -> dict[str, str | None]:
    """The vendor's words from its last one back to the chain, each with its `prior`; none where one is missing."""
    path: dict[str, str | None] = {}
    digest: str | None = last or None
    while digest is not None and history.chain.number(digest) is None:
        kept = rows.message(number, digest)
        if kept is None or kept.side != "vendor":
            return {}  # it is no branch yet
        path[digest] = prior_of(kept)
        digest = path[digest]
    return path


def following(waiting: dict[int, list[Kept]], history: History, path: Container[str]) -> list[Kept]:
    """Take out of what waits the words that go on from the chain, the one of the path first.

    Only those of the next number are looked into.
    """
    following: list[Kept] = []
    others: list[Kept] = []
    for kept in waiting.pop(history.chain.next, []):
        (following if prior_of(kept) == history.chain.tip else others).append(kept)
    if others:
        waiting[history.chain.next] = others
    return sorted(following, key=lambda kept: kept.digest not in path)


def later(one: tuple[int, str], other: tuple[int, str]) -> tuple[int, str]:
    """Which of two words of the vendor's is its last: that of the higher number; of two alike the later one."""
    return other if other[0] >= one[0] else one
