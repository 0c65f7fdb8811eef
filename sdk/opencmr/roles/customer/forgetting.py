"""Forgetting a relationship: its messages leave the customer's store, and its key is never used again."""

from pathlib import Path

from ...errors import StoreError, UsageError
from ...store import Peer, Rows, Store, path_of
from ..party.export import export


def open_there(where: str) -> Store:
    """A store that is there already, for writing.

    Raises:
        StoreError: There is none, or it cannot be opened.
    """
    if (path := path_of(where)) is not None and not Path(path).is_file():
        raise StoreError(f"there is no store at {where}")
    return Store(where)


def find(store: Store, vendor: str) -> Peer:
    """A customer's relationship with a vendor.

    Raises:
        UsageError: There is none, or it is not a customer's store.
    """
    peers = store.read(lambda rows: list(rows.peers()))
    if any(not peer.me.startswith("did:key:") for peer in peers):
        why = "this is for a customer's store; a vendor mutes nobody, and forgets strangers by `opencmr db forget`"
        raise UsageError(why)
    found = next((peer for peer in peers if peer.peer == vendor), None)
    if found is None:
        raise UsageError(f"there is no relationship with {vendor}")
    return found


def forget(store: Store, peer: Peer, *, folder: str | Path | None = None) -> None:
    """Let all that a store holds of a relationship go. Not for the event loop's thread.

    The row stays, without the vendor's name, as a mark that its key was used; so its number is not given to another
    relationship.

    Args:
        store: A customer's.
        peer: The relationship.
        folder: Where what was decided is written first, as evidence; absent: nowhere.

    Raises:
        UsageError: Something came or was said meanwhile, or nothing has been decided that could be written.
        StoreError: It is gone already, or the folder cannot be written; then nothing is forgotten.
    """
    if folder is not None:
        export(folder, store, relationships=[peer.me])
    store.write_now(lambda rows: _forget(rows, peer))
    store.compact()


def _forget(rows: Rows, peer: Peer) -> None:
    now = rows.peer_by_number(peer.number)
    if now is None or not now.peer:
        raise StoreError(f"the relationship with {peer.peer} is gone from the store")
    if now.position != peer.position:
        raise UsageError(f"something was said with {peer.peer} meanwhile; look again before you forget it")
    rows.leave(peer.number)
