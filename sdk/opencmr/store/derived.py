"""What is derived from messages and yet kept beside them: computed anew where the rules are others (`protocol.FOLDS`).

Histories, records and decisions are kept nowhere: whoever asks has them folded from the signed messages. What the
messages' rows say (status, place, date) was settled once, stands in signed receipts, and stays; so do findings, which
are evidence. There is one thing left: of a vendor's relationship, whether something came of it (`kept`) and since when
it is idle. It says who is looked at when relationships are forgotten, and nobody is forgotten without a fold.
"""

from collections.abc import Callable
from typing import Any

from ..protocol import FOLDS, is_passing
from .rows import Rows

AT_ONCE = 200
"""Relationships that are computed in one transaction."""
_KEPT = ("held", "undone", "forked")
"""Of a message for which a relationship is kept, whatever its type."""

Work = Callable[[Callable[[Rows], Any]], Any]


def compute_anew(read: Work, write: Work) -> None:
    """Compute what is derived in a store by the rules of this code, unless that has been done.

    It goes through the relationships in transactions of `AT_ONCE`. Whoever is killed meanwhile goes on where it was
    left; two processes that do it at once do some of it twice.

    Args:
        read: Reads in the store.
        write: Writes in it, and returns once that is durable.

    Raises:
        StoreError: The store fails, or does not say by which rules it was written.
    """
    if read(Rows.folds) != (FOLDS, None):
        while not write(_step):
            continue


def _step(rows: Rows) -> bool:
    """Compute some; tells whether these were the last."""
    number, through = rows.folds()
    if number == FOLDS and through is None:
        return True
    peers = rows.vendors_next(through or 0 if number == FOLDS else 0, AT_ONCE)
    came = dict[int, bool]()
    dates = dict[int, str]()
    for key, side, type_, status, at in rows.kinds([peer.number for peer in peers]):
        binding = status in _KEPT or (status == "entry" and not is_passing(type_, side))
        came[key] = came.get(key, False) or binding
        dates[key] = max(dates.get(key, ""), at or "")
    for peer in peers:
        if peer.kept and not came.get(peer.number, True):
            rows.change_peer(peer.number, kept=False, idle=dates[peer.number] or peer.opened)
        elif came.get(peer.number) and not peer.kept:
            rows.change_peer(peer.number, kept=True)
    last = len(peers) < AT_ONCE
    rows.note_folds(FOLDS, None if last else peers[-1].number)
    return last
