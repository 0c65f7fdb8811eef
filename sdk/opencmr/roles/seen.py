"""What has come in before, remembered by relationship: check 2 is asked with every message, and seldom answers yes."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from ..store import Peer, Rows

REMEMBERED = 500_000
"""How many messages may be remembered, those of all relationships together; each relationship counts as one more."""


class Seen:
    """Digests and ids of what is kept, relationship by relationship, as long as nobody else has changed it."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[int, set[str], set[str]]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def look(self, rows: Rows, peer: Peer) -> tuple[set[str], set[str]]:
        """What is kept of a relationship, as this transaction sees it. Not to be changed.

        Returns:
            The digests of all messages and receipts, and the ids of those that the customer sent.
        """
        with self._lock:
            known = self._known.get(peer.number)
            if known is not None and known[0] == peer.version:
                self._known.move_to_end(peer.number)
                return known[1], known[2]
        kept = list(rows.known(peer.number))
        digests = {digest for digest, _, _ in kept}
        ids = {id_ for _, side, id_ in kept if side == "customer"}
        if not rows.changes(peer.number):
            rows.done.append(lambda: self._remember(peer.number, peer.version, digests, ids))
        return digests, ids

    def add(self, rows: Rows, before: Peer, digests: Iterable[str], id_: str | None = None) -> None:
        """Remember what is added to a relationship, once it is durable.

        Args:
            rows: The transaction.
            before: The relationship as it was when `look` was asked.
            digests: Of all that was added.
            id_: Of the customer's message among it.
        """
        version = rows.version(before.number)
        rows.done.append(lambda: self._extend(before, version, list(digests), id_))

    def _extend(self, before: Peer, version: int, digests: list[str], id_: str | None) -> None:
        with self._lock:
            known = self._known.get(before.number)
            if known is None and before.version == 0:
                known = (0, set(), set())
                self._size += 1
            if known is None or known[0] != before.version:
                return  # somebody else has written meanwhile: it will be read anew
            known[1].update(digests)
            if id_ is not None:
                known[2].add(id_)
            self._known[before.number] = (version, known[1], known[2])
            self._size += len(digests)
            self._forget()

    def _remember(self, number: int, version: int, digests: set[str], ids: set[str]) -> None:
        with self._lock:
            known = self._known.get(number)
            if known is None or known[0] < version:
                self._size += len(digests) - len(known[1]) if known else 1 + len(digests)
                self._known[number] = (version, digests, ids)
                self._known.move_to_end(number)
            self._forget()

    def _forget(self) -> None:
        while self._size > REMEMBERED and len(self._known) > 1:
            self._size -= 1 + len(self._known.popitem(last=False)[1][1])
