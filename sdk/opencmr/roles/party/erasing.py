"""Erasing what was said: tombstones take the place of the messages (`spec/v1/sequence.md`, erasing)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial

from ...errors import UsageError
from ...messages.naming import files_in
from ...messages.types import Digest, Term, Uuid
from ...protocol import History
from ...protocol.erasure import bury, is_tombstone, to_be_kept
from ...protocol.history import is_entry
from ...store import Files, Peer, Rows, Status, Store
from .histories import Histories, read

_UNSETTLED: tuple[Status, ...] = ("pending", "waiting", "held", "undone")
"""Of messages that still wait for their place, or for one before them."""


@dataclass(frozen=True)
class Erasure:
    """What came of an erasure.

    Attributes:
        erased: Digests of the messages whose content is gone.
        kept: Ids of the threads that were kept: as it was asked, because an order goes on, or because they decide about
            one of these, or say who speaks. Whoever answers a request names them.
        data: Terms of the personal data that both sides know by these threads.
        files: Digests of the files that the erased messages of a vendor's named. Those that no other names go too.
        scrubbed: Whether nothing of it is in the database's files any more. Where not, as while somebody reads, that is
            tried again.
    """

    erased: tuple[Digest, ...]
    kept: frozenset[Uuid]
    data: frozenset[Term]
    files: frozenset[Digest]
    scrubbed: bool = False


def erase(
    rows: Rows, histories: Histories, peer: Peer, now: str, *, keep: Iterable[str] = (), spare: Collection[str] = ()
) -> Erasure:
    """Erase what was said in a relationship, but for what has to be kept.

    Receipts stay: they say what became of a message, and nothing of what it said.

    Args:
        rows: The transaction.
        histories: What folds.
        peer: The relationship.
        now: The time.
        keep: Ids of threads that are kept.
        spare: Digests of messages that are kept, though their threads are not.

    Raises:
        UsageError: A thread to be kept is not there, or something still waits for its place: collect first.
    """
    history = histories.replay(rows, peer)
    if unknown := sorted({*keep} - history.threads.keys()):
        raise UsageError(f"there is no thread {unknown[0]} to be kept")
    if any(rows.with_status(peer.number, status) for status in _UNSETTLED):
        raise UsageError("something still waits for its place here: let the customer collect first, then erase")
    kept = to_be_kept(history, now, keep)
    erased: list[str] = []
    files: set[str] = set()
    for each in rows.everything(peer.number):
        if each.thread in kept or each.digest in spare or is_tombstone(each.raw):
            continue
        message = read(each)[0]
        if is_entry(message):
            files.update(file.digest for file in files_in(message.body) if each.side == "vendor")
            rows.erase_message(peer.number, each, bury(each.raw, each.digest))
            erased.append(each.digest)
    if erased:
        rows.ask_for_scrub(now)
        after = rows.peer_by_number(peer.number) or peer
        histories.publish(rows, peer.number, histories.replay(rows, after))
    return Erasure(tuple(erased), frozenset(kept), terms_of(history, kept), frozenset(files))


def terms_of(history: History, threads: Iterable[Uuid]) -> frozenset[Term]:
    """The terms of the personal data that both sides know by these threads."""
    records = (history.threads[id_].record for id_ in threads)
    return frozenset(term for record in records if record is not None for term in record.data)


def files_named(store: Store) -> set[Digest]:
    """All files that messages in a vendor's store name. Not for the event loop's thread: it reads all of them.

    One relationship after the other, each in a moment of its own, so that no writer has to wait for it.
    """
    found: set[str] = set()
    for peer in store.read(lambda rows: list(rows.peers())):
        for kept in store.read(partial(Rows.everything, number=peer.number)):
            if kept.side == "vendor" and b'"files":[' in kept.raw:
                found.update(file.digest for file in files_in(read(kept)[0].body))
    return found


def remove_files(store: Store, folder: Files, erasure: Erasure) -> None:
    """Let go of the files that erased messages named, and that no other message names. Not for the loop's thread.

    Raises:
        StoreError: They cannot be removed.
    """
    for digest in erasure.files - files_named(store) if erasure.files else ():
        folder.remove(digest)
