"""A cache of known digests and ids by relationship: check 2 looks for each message, and seldom finds it."""

from collections.abc import Iterable
from typing import NamedTuple

from ...store import Peer, Rows
from ...transport.limits import MEMORY
from ..party.remembered import Remembered

SHARE = 1 / 16
"""The share of the memory that it may take."""
_EACH, _LEAST = 400, 1_000
"""Bytes in memory of a message's digest and id, each in a set that has room to grow; and of two such sets."""


class Known(NamedTuple):
    """Digests and ids of what is kept of a relationship, up to a position. The sets grow as it does."""

    version: int
    position: int
    digests: set[str]
    ids: set[str]

    @property
    def cost(self) -> int:
        """Bytes in memory, as estimated."""
        return _LEAST + _EACH * len(self.digests)


class KnownMessages:
    """Digests and ids of what is kept, relationship by relationship; what others have added is read behind it.

    Args:
        memory: Bytes that may be remembered of relationships altogether.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._known: Remembered[int, Known] = Remembered(int(memory * SHARE))

    def look(self, rows: Rows, peer: Peer, id_: str, digest: str) -> tuple[bool, bool]:
        """What is kept of a relationship, as this transaction sees it, or newer.

        Returns:
            Whether the customer has used this id; and whether these bytes are kept, be it as a receipt.
        """
        known = self._known.get(peer.number) or Known(-1, 0, set(), set())
        used = id_ in known.ids  # asked first: the writer may be adding this very message, its digest before its id
        kept = digest in known.digests
        if known.version >= peer.version:
            return used, kept
        digests, ids = set[str](), set[str]()
        for each, side, one in rows.known(peer.number, known.position):
            digests.add(each)
            if side == "customer":
                ids.add(one)
        if not rows.changes(peer.number):
            rows.done.append(lambda: self._extend(peer.number, known, peer.version, peer.position, digests, ids))
        return used or id_ in ids, kept or digest in digests

    def add(self, rows: Rows, before: Peer, digests: Iterable[str], id_: str | None = None) -> None:
        """Remember what is added to a relationship, once it is durable.

        Args:
            rows: The transaction.
            before: The relationship as it was when `look` was asked.
            digests: Of all that was added.
            id_: Of the customer's message among it.
        """
        version, position, added = rows.version(before.number), before.position, list(digests)
        ids = [id_] if id_ is not None else []

        def remember() -> None:
            known = self._known.get(before.number) or (Known(0, 0, set(), set()) if before.version == 0 else None)
            if known is not None and known.version == before.version:  # or it will be read: somebody else has written
                self._extend(before.number, known, version, position + len(added), added, ids)

        rows.done.append(remember)

    def _extend(
        self, number: int, known: Known, version: int, position: int, digests: Iterable[str], ids: Iterable[str]
    ) -> None:
        known.digests.update(digests)
        known.ids.update(ids)
        self._known.put(number, Known(version, position, known.digests, known.ids))
