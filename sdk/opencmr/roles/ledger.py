"""Histories, read from the store and remembered as long as nothing has changed."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import orjson

from .. import messages, trust
from .._telemetry import observe
from ..errors import Problem
from ..messages import Message
from ..protocol import History, Thread
from ..protocol.receiving import check_place
from ..store import Kept, Peer, Rows, Status, damaged

REMEMBERED = 200_000
"""How many words the remembered histories may have together; each history counts as one more."""
_UNPLACED: tuple[Status, ...] = ("pending", "held")


class Ledger:
    """The histories of all relationships of one party.

    A history that was handed out is never changed: whoever writes takes a copy and publishes it once it is durable.
    Another process's change is noticed by the relationship's version.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[int, History]] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self._watchers: list[Callable[[int], None]] = []
        observe("opencmr.histories.remembered", self, lambda ledger: len(ledger._known))

    def on_change(self, watcher: Callable[[int], None]) -> None:
        """Tell somebody of each relationship that this process changes: once durable, before others hear of it."""
        self._watchers.append(watcher)

    def history(self, rows: Rows, peer: Peer) -> History:
        """The history of a relationship as this transaction sees it. Not to be changed."""
        noted: tuple[int, History] | None = rows.noted(peer.number)
        if noted is not None and noted[0] == peer.version:
            return noted[1]
        with self._lock:
            known = self._known.get(peer.number)
            if known is not None and known[0] == peer.version:
                self._known.move_to_end(peer.number)
                return known[1]
        history = self.replay(rows, peer)
        if not rows.changes(peer.number):  # or it would count as what this write is going to make of it
            rows.note(peer.number, (peer.version, history))
            rows.done.append(lambda: self._remember(peer.number, peer.version, history))
        return history

    def replay(self, rows: Rows, peer: Peer) -> History:
        """The history of a relationship, folded from its first word on.

        Raises:
            StoreError: What is kept is not what was kept. No answer is given from such a store.
        """
        history = History(mine=peer.me.startswith("did:key:"))
        placed = rows.placed(peer.number)
        answered = {kept.digest: kept for kept in placed if kept.side == "customer" and kept.of is None}
        for kept in placed:
            if kept.side == "vendor":
                message = self.message(kept)
                if {message.from_, message.to} != {peer.me, peer.peer}:
                    raise damaged(f"{kept.type} {kept.digest} was said in another relationship")
                follow(history, kept, answered)
        if left := next((kept for kept in answered.values() if kept.place is not None), None):
            raise damaged(f"{left.type} {left.digest} has place {left.place}, and no receipt gives it one")
        off = rows.with_status(peer.number, "forked") + rows.with_status(peer.number, "undone")
        history.chain.given_up = frozenset(kept.digest for kept in off if kept.side == "vendor")
        for status in _UNPLACED:
            for kept in rows.with_status(peer.number, status):
                history.hear(read(kept)[0], kept.digest)
        if not rows.changes(peer.number) and (count := rows.count(peer.number)) != peer.position:
            raise damaged(f"{peer.position} messages and receipts with {peer.peer} were kept, and {count} are there")
        return history

    def message(self, kept: Kept) -> Message[Any]:
        """A kept message, whatever is wrong with its form.

        Raises:
            StoreError: These are not the bytes that were kept.
        """
        return read(kept)[0]

    def draft(self, rows: Rows, peer: Peer) -> History:
        """A copy to change within this transaction."""
        return self.history(rows, peer).copy()

    def publish(self, rows: Rows, number: int, history: History) -> None:
        """Let the rest of this transaction know a changed history, and everybody else once it is durable."""
        version = rows.version(number)
        rows.note(number, (version, history))
        rows.done.append(lambda: self._changed(number, version, history))

    def _changed(self, number: int, version: int, history: History) -> None:
        self._remember(number, version, history)
        for watcher in self._watchers:
            watcher(number)

    def _remember(self, number: int, version: int, history: History) -> None:
        with self._lock:
            known = self._known.get(number)
            if known is None or known[0] < version:
                self._known[number] = (version, history)
                self._known.move_to_end(number)
                self._size += history.size - (known[1].size if known else 0)
            while self._size > REMEMBERED and len(self._known) > 1:
                self._size -= self._known.popitem(last=False)[1][1].size


def follow(history: History, kept: Kept, answered: dict[str, Kept]) -> Thread | None:
    """Fold in the vendor's next word.

    Args:
        history: The relationship up to here.
        kept: The word.
        answered: The customer's messages that have a place; the one that this answers is taken out.

    Returns:
        The thread that has a new entry by it.

    Raises:
        StoreError: It is not the next word, or what it answers is not there.
    """
    message, fault = read(kept)
    chain = history.chain
    if (message.number, message.prior) != (chain.next, chain.tip) or kept.place != chain.next:
        raise damaged(f"{kept.type} {kept.digest} is not number {chain.next} of the vendor's words, which is not there")
    of: Message[Any] | None = None
    if kept.of is not None and fault is None:
        question = answered.pop(kept.of, None)
        if question is not None:
            of = read(question)[0]
            if {of.from_, of.to} != {message.from_, message.to}:
                raise damaged(f"{question.type} {question.digest} was said in another relationship")
        elif chain.place_of(kept.of) is None:
            raise damaged(f"receipt {kept.digest} answers {kept.of}, which is not there")
    return history.follow(message, kept.digest, of=of, fault=fault)[0]


def read(kept: Kept) -> tuple[Message[Any], Problem | None]:
    """A kept message; and what is wrong with its form, where something is.

    Raises:
        StoreError: These are not the bytes that were kept.
    """
    if trust.digest(kept.raw) != kept.digest:
        raise damaged(f"the bytes of {kept.type} {kept.digest} are not those that were kept")
    return as_message(orjson.loads(kept.raw))


def prior_of(kept: Kept) -> str | None:
    """The word that a kept message says comes before it, without the cost of a whole model.

    Raises:
        StoreError: These are not the bytes that were kept.
    """
    if trust.digest(kept.raw) != kept.digest:
        raise damaged(f"the bytes of {kept.type} {kept.digest} are not those that were kept")
    prior: str | None = orjson.loads(kept.raw).get("prior")
    return prior


def as_message(document: dict[str, Any]) -> tuple[Message[Any], Problem | None]:
    """The message of a document whose envelope holds; and what is wrong with the rest, where something is."""
    try:
        message = messages.read(document)
        check_place(message)
    except Problem as problem:
        # Nobody goes by a body of a wrong form, and it may take fifty times its bytes in memory: it stays in the bytes.
        return messages.read_envelope({**document, "body": {}}), bare(problem)
    return message, None


def bare(problem: Problem) -> Problem:
    """A problem to keep: without what led to it, which holds each fault of a hostile body, and the frames around it."""
    problem.__cause__ = problem.__context__ = None
    return problem.with_traceback(None)
