"""A reader of stores that needs no keys, for the command line and for auditors."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from ...errors import Problem
from ...messages import core
from ...messages.types import Side
from ...protocol import Entry, History, Thread
from ...store import Kept, Noticed, Peer, Rows, Status, Store, shown
from .histories import Histories, follow


@dataclass(frozen=True)
class Line:
    """One message or receipt of a relationship, and what became of it.

    Attributes:
        at: When it took effect; of what takes no place, its `created`.
        status: As the store keeps it: `entry`, `refused`, `receipt`, `pending` …
        outcome: `accepted`, `moot`, `refused` or `void`; of a receipt, what it says; none while unanswered.
        state: The thread's state afterwards: of what has taken its place, as it folds; of a receipt, as it says.
        of: Of a receipt: the digest of what it answers.
        problem: Code of the problem, where it was refused.
    """

    at: str
    side: Side
    type: str
    thread: str
    id: str
    digest: str
    status: Status
    outcome: str | None
    state: str | None
    of: str | None
    problem: str | None
    raw: bytes

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON, without the bytes."""
        names = ("at", "side", "type", "thread", "id", "digest", "status", "outcome", "state", "of", "problem")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class StoredRelationship:
    """One relationship, as this store holds it.

    Attributes:
        customer: The customer's DID in it.
        vendor: The vendor's DID.
        dids: Both, and those under which the customer spoke before they moved.
        opened: When it began.
        history: Its threads, folded.
        noticed: What the other side's signed words have shown, such as contradictions.
        muted: Whether a customer collects nothing in it.
    """

    def __init__(self, store: Store, peer: Peer) -> None:
        self._store = store
        self._number = peer.number
        self.side: Side = "vendor" if peer.me.startswith("did:web:") else "customer"
        self.customer, self.vendor = (peer.me, peer.peer) if self.side == "customer" else (peer.peer, peer.me)
        self.dids = {peer.me, peer.peer, *store.read(lambda rows: rows.dids(peer.number))}
        self.opened = peer.opened
        self.history: History = store.read(self._fold)
        self.noticed: list[Noticed] = store.read(lambda rows: rows.findings(peer.number))
        self.muted = store.read(lambda rows: rows.muted(peer.number))

    def _fold(self, rows: Rows) -> History:
        # With the row of the same moment: an older one would make damage of what was said since by whoever serves.
        peer = rows.peer_by_number(self._number)
        return Histories().history(rows, peer) if peer else History()

    def timeline(self, thread: str | None = None) -> list[Line]:
        """Messages and receipts in the order in which they came or were made.

        Args:
            thread: The thread to keep to; absent: all.
        """
        kept = self._store.read(lambda rows: rows.everything(self._number))
        entries = {entry.digest: entry for one in self.history.threads.values() for entry in one.entries}
        receipts = {receipt.of: receipt for receipt in kept if receipt.type == core.Receipt.type}
        states = self._states(kept)
        return [_line(one, entries, receipts, states) for one in kept if thread is None or one.thread == thread]

    def _states(self, kept: list[Kept]) -> dict[str, str]:
        """The state of its thread after each entry."""
        history, states = History(), {}
        answered = {one.digest: one for one in kept if one.side == "customer" and one.place is not None}
        chain = {digest: number for number, digest in enumerate(self.history.chain.digests)}
        words = sorted((one for one in kept if one.digest in chain), key=lambda one: chain[one.digest])
        for word in words:
            thread = follow(history, word, answered)
            if thread is not None:
                states[thread.entries[-1].digest] = thread.state
        return states

    def threads(self, beginning: str = "") -> list[Thread]:
        """The threads whose id begins so; `urn:uuid:` may be left out."""
        whole = "urn:uuid:" + beginning.removeprefix("urn:uuid:")
        return [thread for id_, thread in self.history.threads.items() if id_.startswith(whole)]


class Reader:
    """A store that is looked at and not written to. No key file is needed.

    Args:
        path: A file, or a database URL.

    Attributes:
        where: The same as it may be shown: without a password.

    Raises:
        StoreError: There is no store.
    """

    def __init__(self, path: str | Path) -> None:
        self.where = shown(path)
        self._store = Store(path, read_only=True)

    def relationships(self) -> Iterator[StoredRelationship]:
        """All relationships, oldest first."""
        for peer in self._store.read(lambda rows: list(rows.peers())):
            yield StoredRelationship(self._store, peer)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _line(kept: Kept, entries: dict[str, Entry], receipts: dict[str | None, Kept], states: dict[str, str]) -> Line:
    document = orjson.loads(kept.raw)
    entry = entries.get(kept.digest)
    receipt = document if kept.type == core.Receipt.type else None
    if receipt is None and kept.digest in receipts:
        receipt = orjson.loads(receipts[kept.digest].raw)
    told = receipt["body"] if receipt else {}
    problem = told.get("problem")
    return Line(
        at=entry.at if entry else document["created"],
        side=kept.side,
        type=kept.type,
        thread=kept.thread,
        id=kept.id,
        digest=kept.digest,
        status=kept.status,
        outcome=entry.outcome if entry else told.get("outcome"),
        state=states.get(kept.digest, told.get("state")),
        of=kept.of if kept.type == core.Receipt.type else None,
        problem=Problem.from_dict(problem).code if problem else None,
        raw=kept.raw,
    )
