"""Histories, read from the store and remembered as long as nothing has changed."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Lock

import orjson

from .. import messages, trust
from .._telemetry import observe
from ..errors import Problem
from ..protocol import History, Said
from ..protocol.receiving import check_place
from ..store import Kept, Peer, Rows, damaged

REMEMBERED = 200_000
"""How many entries the remembered histories may have together; each history counts as one more."""


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
        """The history of a relationship, folded from its first entry on.

        Raises:
            StoreError: What is kept is not what was kept. No answer is given from such a store.
        """
        history = History(last=peer.last)
        entries = rows.entries(peer.number)
        sides = {peer.me, peer.peer}
        for kept in in_their_places(entries):
            message, fault = said(kept)
            if {message.message.from_, message.message.to} != sides:
                raise damaged(f"{kept.type} {kept.digest} was said in another relationship")
            history.take(message, fault)
        if not rows.changes(peer.number) and (count := rows.count(peer.number)) != peer.position:
            raise damaged(f"{peer.position} messages and receipts with {peer.peer} were kept, and {count} are there")
        late = entries and str(entries[-1].at) > (peer.last or "")  # a withdrawal could lie in the future
        if late and not rows.changes(peer.number):
            raise damaged(f"{entries[-1].type} {entries[-1].digest} is dated after the last that there was")
        return history

    def draft(self, rows: Rows, peer: Peer) -> History:
        """A copy to change within this transaction."""
        history = self.history(rows, peer)
        return History(dict(history.threads), history.last, history.size)

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


def in_their_places(entries: Iterable[Kept]) -> Iterator[Kept]:
    """Entries, given by their dates, in the order of their places: none before the one that it follows.

    The two differ where a vendor has dated an entry before the one that it names.

    Raises:
        StoreError: One follows what is not there.
    """
    heads: dict[str, str] = {}
    held: dict[tuple[str, str | None], list[Kept]] = {}
    for entry in entries:
        ready = [entry]
        for kept in ready:
            if heads.get(kept.thread) == kept.previous:
                heads[kept.thread] = kept.digest
                yield kept
                ready += held.pop((kept.thread, kept.digest), [])
            else:
                held.setdefault((kept.thread, kept.previous), []).append(kept)
    for (_, previous), kept_ones in held.items():  # leaving them out could leave a withdrawal out
        raise damaged(f"{kept_ones[0].type} {kept_ones[0].digest} follows {previous}, which has no place in its thread")


def said(kept: Kept) -> tuple[Said, Problem | None]:
    """A kept message as the folds take it in; and what is wrong with its form, where something is.

    Raises:
        StoreError: These are not the bytes that were kept.
    """
    if trust.digest(kept.raw) != kept.digest:
        raise damaged(f"the bytes of {kept.type} {kept.digest} are not those that were kept")
    document, fault = orjson.loads(kept.raw), None
    try:
        message = messages.read(document)
        check_place(message)
    except Problem as problem:
        message, fault = messages.read_envelope(document), problem
    return Said(message, kept.digest, kept.side, kept.at or message.created), fault
