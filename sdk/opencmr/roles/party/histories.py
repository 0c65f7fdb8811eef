"""Folded histories: read from the store once, remembered, and extended by what any process adds."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from ... import trust
from ..._telemetry import observe
from ...errors import Problem
from ...messages import Message
from ...protocol import History, Thread
from ...protocol.erasure import is_tombstone, unearth
from ...protocol.receiving import validate_verified
from ...protocol.speakers import forerunner
from ...store import ROW, Kept, Peer, Rows, Status, damaged
from ...transport.limits import MEMORY
from .remembered import Remembered

SHARE = 12 / 16
"""The share of the memory that histories may take."""
_UNPLACED: tuple[Status, ...] = ("pending", "held")
_EACH, _ENVELOPE, _LEAST = 18, 540, 1_000
"""Bytes in memory for each byte by which a message is longer than a bare envelope, and at least for each message.

Measured: a grant of 64 items takes 18, which is the most of what a history folds, and one of one item 5. A no-word is
held as a whole: with an extension of nothing but empty lists it takes 24.
"""


class Folded(NamedTuple):
    """A history, and how far into its relationship it goes.

    Attributes:
        version: The relationship's, that it is of.
        revised: The version of the relationship's last change that can't be followed.
        position: Of the last message or receipt that is folded in.
        cost: Bytes in memory, as estimated.
    """

    version: int
    revised: int
    position: int
    cost: int
    history: History


class Histories:
    """The histories of all relationships of one party.

    A history that was handed out is never changed: a writer takes a copy, and publishes it once it is durable. A change
    by another process is noticed by the relationship's version. Where it has only added messages, a copy of the
    remembered history takes them in, so the cost of a message does not grow with the length of its history.

    Args:
        memory: Bytes that may be remembered of relationships altogether.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._known: Remembered[int, Folded] = Remembered(int(memory * SHARE))
        self._watchers: list[Callable[[str], None]] = []
        observe("opencmr.histories.remembered", self, lambda histories: len(histories._known))

    def on_change(self, watcher: Callable[[str], None]) -> None:
        """Tell somebody of each relationship that this process changes, by the DID of its other side.

        Once durable, before others hear of it.
        """
        self._watchers.append(watcher)

    def changed(self, did: str) -> None:
        """Tell the watchers of a relationship that went by this DID so far."""
        for watcher in self._watchers:
            watcher(did)

    def history(self, rows: Rows, peer: Peer) -> History:
        """The history of a relationship as this transaction sees it, or newer. Not to be changed."""
        noted: Folded | None = rows.noted(peer.number)
        if noted is not None and noted.version == peer.version:
            return noted.history
        known = self._known.get(peer.number)
        if known is not None and (known.version == peer.version or known.revised <= peer.version < known.version):
            return known.history  # newer: it was written since this transaction began to read, and only added to
        changing = rows.changes(peer.number)  # what is read would count as what this write is going to make of it
        base = noted or known
        goes_on = base is not None and peer.revised <= base.version < peer.version and not changing
        history = self._forward(rows, peer, base) if base is not None and goes_on else self.replay(rows, peer)
        if not changing:
            folded = _folded(peer, history)
            rows.note(peer.number, folded)
            rows.done.append(lambda: self._remember(peer.number, folded))
        return history

    def _forward(self, rows: Rows, peer: Peer, base: Folded) -> History:
        """A history with what was added to its relationship since.

        Raises:
            StoreError: What is kept is not what was kept. No answer is given from such a store.
        """
        added = rows.added(peer.number, base.position)
        if len(added) != peer.position - base.position:
            raise damaged(f"of {peer.position - base.position} messages and receipts with {peer.peer}, which were "
                          f"kept, {len(added)} are there")  # fmt: skip
        if all(kept.place is None and kept.status not in _UNPLACED for kept in added):
            return base.history  # receipts alone
        history = base.history.copy()
        words = sorted(
            (kept for kept in added if kept.side == "vendor" and kept.placed), key=lambda kept: kept.place or 0
        )
        answered = {kept.digest: kept for kept in added if kept.side == "customer" and kept.of is None}
        for word in words:  # what they answer was added with them, or was held since
            if word.of is not None and word.of not in answered and history.chain.place_of(word.of) is None:
                held = rows.message(peer.number, word.of)
                answered.update({held.digest: held} if held is not None else {})
        self._fold(rows, history, peer, words, answered)
        for kept in added:
            if kept.status in _UNPLACED:
                history.hear(self.message(kept), kept.digest)
        return history

    def replay(self, rows: Rows, peer: Peer) -> History:
        """The history of a relationship, folded from its first word on.

        Raises:
            StoreError: What is kept is not what was kept. No answer is given from such a store.
        """
        history = History(mine=peer.me.startswith("did:key:"))
        placed = rows.placed(peer.number)
        answered = {kept.digest: kept for kept in placed if kept.side == "customer" and kept.of is None}
        self._fold(rows, history, peer, [kept for kept in placed if kept.side == "vendor"], answered)
        off = rows.with_status(peer.number, "forked") + rows.with_status(peer.number, "undone")
        history.chain.given_up = frozenset(kept.digest for kept in off if kept.side == "vendor")
        for status in _UNPLACED:
            for kept in rows.with_status(peer.number, status):
                history.hear(self.message(kept), kept.digest)
        if not rows.changes(peer.number) and (count := rows.count(peer.number)) != peer.position:
            raise damaged(f"{peer.position} messages and receipts with {peer.peer} were kept, and {count} are there")
        return history

    def _fold(self, rows: Rows, history: History, peer: Peer, words: list[Kept], answered: dict[str, Kept]) -> None:
        vendor, customer = sorted((peer.me, peer.peer), reverse=True)  # a did:web, and a did:key
        customers: set[str | None] = {customer}
        for kept in words:
            message = self.message(kept)
            if message.to not in customers | {history.customer} and len(customers) == 1:
                customers |= {*rows.dids(peer.number), *map(self._goes_on_as, answered.values())}
            if message.from_ != vendor or message.to not in customers | {history.customer}:
                raise damaged(f"{kept.type} {kept.digest} was said in another relationship")
            follow(history, kept, answered)
        if left := next((kept for kept in answered.values() if kept.place is not None), None):
            raise damaged(f"{left.type} {left.digest} has place {left.place}, and no receipt gives it one")

    def _goes_on_as(self, kept: Kept) -> str | None:
        """Under which DID the customer wants to go on by a word."""
        message = self.message(kept)
        return message.from_ if forerunner(message) is not None else None

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
        peer = rows.peer_by_number(number)
        assert peer is not None  # noqa: S101  # relationships do not end
        folded = _folded(peer, history)
        rows.note(number, folded)
        rows.done.append(lambda: self._changed(peer, folded))

    def _changed(self, peer: Peer, folded: Folded) -> None:
        self._remember(peer.number, folded)
        self.changed(peer.peer)

    def _remember(self, number: int, folded: Folded) -> None:
        self._known.put(number, folded)


def _folded(peer: Peer, history: History) -> Folded:
    longer = peer.size - (ROW + _ENVELOPE) * peer.position
    cost = _LEAST * (1 + peer.position) + _EACH * max(longer, 0)
    return Folded(peer.version, peer.revised, peer.position, cost, history)


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
    """A kept message; and what is wrong with its form, where something is. Of an erased one, its envelope.

    Raises:
        StoreError: These are not the bytes that were kept.
    """
    if is_tombstone(kept.raw):
        erased, message = unearth(kept.raw)
        if (erased, message.id, message.type, message.thread) != (kept.digest, kept.id, kept.type, kept.thread):
            raise damaged(f"the tombstone of {kept.type} {kept.digest} is of another message")
        return message, None
    if trust.digest(kept.raw) != kept.digest:
        raise damaged(f"the bytes of {kept.type} {kept.digest} are not those that were kept")
    return validate_verified(orjson.loads(kept.raw))


def prior_of(kept: Kept) -> str | None:
    """The word that a kept message says comes before it, without the cost of a whole model.

    Raises:
        StoreError: These are not the bytes that were kept.
    """
    if not is_tombstone(kept.raw) and trust.digest(kept.raw) != kept.digest:
        raise damaged(f"the bytes of {kept.type} {kept.digest} are not those that were kept")
    prior: str | None = orjson.loads(kept.raw).get("prior")
    return prior
