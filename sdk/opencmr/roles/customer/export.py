"""Export of messages as a folder of evidence that anybody can check offline (`spec/v1/evidence.md`)."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import trust
from ...errors import StoreError, UsageError
from ...protocol.arrangement import Arrangement, Piece, arrange
from ...protocol.evidence import folded, records_of
from ...protocol.excerpt import excerpt
from ...protocol.manifest import DIDS, FOLDS, MANIFEST, MESSAGES, Document, Fold, Manifest, Numbered, Part, file_of
from ...store import Kept, Peer, Rows, Store, path_of
from ..party.histories import read


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        manifest: The manifest.
        digest: The digest of the manifest's bytes. Whoever keeps it can tell later that nothing was left out since.
    """

    manifest: Manifest
    digest: str

    @property
    def numbers(self) -> dict[str, int]:
        """Digest of a message → its number."""
        return {each.digest: each.number for each in self.manifest.messages}


@dataclass(frozen=True)
class _Dealt:
    """What is to be written of one relationship: messages and receipts in their order, and the records."""

    peer: Peer
    kept: list[Kept]
    records: dict[str, Any]


def export(
    folder: str | Path,
    store: Store | str | Path,
    *,
    relationships: Collection[str] | None = None,
    thread: str | None = None,
) -> Exported:
    """Write what a customer's store holds of decided messages into a folder.

    Messages without a receipt are left out, since they have no place. Files of an earlier export are replaced; other
    files in the folder stay.

    Args:
        folder: Where to; it is made if need be.
        store: A customer's store, open or by its path.
        relationships: Only these, by the vendor's DID or the customer's own; absent: all.
        thread: Only this thread, with what it needs to be folded. The manifest says that it is a part.

    Raises:
        UsageError: It is not a customer's store, there is no such relationship or thread, or nothing has been decided.
        StoreError: The store cannot be read, or the folder not written.
    """
    if not isinstance(store, Store):
        if (path := path_of(store)) is not None and not Path(path).is_file():
            raise StoreError(f"there is no store at {store}")
        with Store(store, read_only=True) as opened:
            return export(folder, opened, relationships=relationships, thread=thread)
    wanted = None if relationships is None else frozenset(relationships)
    dealings, threads = store.read(lambda rows: _dealings(rows, wanted, thread))
    try:
        return _write(Path(folder), dealings, threads)
    except OSError as error:
        raise StoreError(f"cannot write into {folder}: {error}") from error


def _dealings(rows: Rows, wanted: frozenset[str] | None, thread: str | None) -> tuple[list[_Dealt], list[str]]:
    """What is to be written, by the customer's DID and then the vendor's; and of a part, its threads."""
    left = set(wanted or ())
    peers = []
    for peer in rows.peers():
        if not peer.me.startswith("did:key:"):
            raise UsageError("evidence is written from a customer's store")
        if wanted is None or {peer.me, peer.peer} & wanted:
            peers.append(peer)
            left -= {peer.me, peer.peer}
    if left:
        raise UsageError(f"there is no relationship with {', '.join(sorted(left))}")
    dealings: list[_Dealt] = []
    threads = [] if thread is None else [thread]
    for peer in sorted(peers, key=lambda peer: (peer.me, peer.peer)):
        kept = {each.digest: each for each in rows.everything(peer.number)}
        whole = _decided(kept.values())
        order, history = whole.order, folded(whole)
        if thread is not None:
            if thread not in history.threads:
                continue
            part = excerpt(whole, history, thread)
            order, history = arrange(part.pieces).order, folded(arrange(part.pieces), part.threads)
            threads += sorted(part.threads.difference(threads))
        if order:
            dealings.append(_Dealt(peer, [kept[piece.digest] for piece in order], records_of(history)))
    if not dealings and thread is not None:
        raise UsageError(f"no thread {thread} has a place in these relationships")
    if not dealings:
        raise UsageError("nothing has been decided yet, so there is nothing to export")
    return dealings, threads


def _decided(kept: Iterable[Kept]) -> Arrangement:
    """The decided messages: the chain with what it answers, what lies off it, and the customer's receipts."""
    pieces = [_piece(each) for each in kept]
    there = arrange(pieces)
    chain = list(_linked(there, there.chain))
    while chain and chain[-1].is_entry and chain[-1].digest not in there.receipts:
        chain.pop()  # nobody has said yet that it has arrived
    words = {word.digest: word for word in (*chain, *_linked(there, there.strays, *chain))}
    answered = {word.of for word in words.values()}
    return arrange(
        piece
        for piece in pieces
        if piece.digest in words or piece.digest in answered or (piece.side == "customer" and piece.of in words)
    )


def _linked(there: Arrangement, words: Iterable[Piece], *before: Piece) -> Iterator[Piece]:
    """The vendor's words whose words before are held, and what they answer."""
    held: set[str | None] = {None, *(word.digest for word in before)}
    for word in words:
        if word.message.prior in held and (word.of is None or word.of in there.customers):
            held.add(word.digest)
            yield word


def _piece(kept: Kept) -> Piece:
    message, fault = read(kept)
    # Of two words with one number, the one that has its place stands first.
    return Piece(kept.digest, kept.digest, message, fault, kept.position + _LATER * (kept.status in _OFF))


_OFF = ("waiting", "forked", "undone")
_LATER = 1 << 62


def _write(folder: Path, dealings: list[_Dealt], threads: Collection[str]) -> Exported:
    for part in (MESSAGES, DIDS, FOLDS):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for old in (folder / part).glob("*.json"):
            old.unlink()
    numbered = []
    for number, kept in enumerate((kept for dealt in dealings for kept in dealt.kept), start=1):
        file = file_of(number, kept.type)
        (folder / file).write_bytes(kept.raw)
        digest = trust.digest(kept.raw)  # of a tombstone, its own
        numbered.append(Numbered(number=number, file=file, type=kept.type, digest=digest))
    names = _names(dealt.peer.peer for dealt in dealings)
    keys: dict[str, dict[str, str]] = {}
    for dealt in dealings:
        keys.setdefault(dealt.peer.peer, {}).update(dealt.peer.pinned)
    dids, folds, stated = [], [], set()
    for dealt, name in zip(dealings, names, strict=True):
        me, vendor = dealt.peer.me, dealt.peer.peer
        if vendor not in stated:
            stated.add(vendor)
            file = f"{DIDS}/{name}.json"
            digest = _put(folder / file, trust.document_for(vendor, keys[vendor], str(dealt.peer.endpoint)))
            dids.append(Document(did=vendor, file=file, digest=digest))
        file = f"{FOLDS}/{name}.json"
        digest = _put(folder / file, {"customer": me, "vendor": vendor, "records": dealt.records})
        folds.append(Fold(customer=me, vendor=vendor, file=file, digest=digest))
    stated_part = Part(threads=[*threads]) if threads else None
    manifest = Manifest(opencmr="1.0", messages=numbered, dids=dids, folds=folds, part=stated_part)
    return Exported(manifest, _put(folder / MANIFEST, manifest.wire()))


def _put(path: Path, document: dict[str, Any]) -> str:
    """Write canonical bytes; returns their digest."""
    raw = trust.canonicalize(document)
    path.write_bytes(raw)
    return trust.digest(raw)


def _names(vendors: Iterable[str]) -> list[str]:
    """A file name for each vendor: its host as far as possible, and no two alike, in upper or lower case."""
    names: list[str] = []
    for vendor in vendors:
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", vendor.removeprefix("did:web:").replace("%3A", "-"))[:100].strip(".-")
        name, count = plain.lower(), 1
        while name in names:
            count += 1
            name = f"{plain.lower()}-{count}"
        names.append(name)
    return names
