"""Export of messages as a folder of evidence that anybody can check offline (`spec/v1/evidence.md`)."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import trust
from ...errors import StoreError, UsageError
from ...messages import side_of
from ...protocol.arrangement import Arrangement, Piece, arrange
from ...protocol.evidence import folded, records_of
from ...protocol.excerpt import excerpt
from ...protocol.manifest import DIDS, FOLDS, MANIFEST, MESSAGES, Document, Fold, Manifest, Numbered, Part, file_of
from ...store import Kept, KeyFile, Peer, Rows, Store, beside, path_of
from .histories import read


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

    @property
    def customer(self) -> str:
        return _sides(self.peer)[0]

    @property
    def vendor(self) -> str:
        return _sides(self.peer)[1]


def export(
    folder: str | Path,
    store: Store | str | Path,
    *,
    relationships: Collection[str] | None = None,
    thread: str | None = None,
    keys: str | Path | None = None,
    passphrase: str | None = None,
) -> Exported:
    """Write what a customer's or a vendor's store holds of decided messages into a folder.

    Messages without a receipt are left out, since they have no place. Files of an earlier export are replaced; other
    files in the folder stay. The folder states the vendor's public keys: a customer's store has pinned them, a vendor's
    are read from its key file.

    Args:
        folder: Where to; it is made if need be.
        store: The store, open or by its path.
        relationships: Only these, by the DID of either side, also one of before a move; absent: all.
        thread: Only this thread, with what it needs to be folded. The manifest says that it is a part.
        keys: Of a vendor's store, the key file; absent: beside the store, where that is given by its path.
        passphrase: Of a vendor's key file, where it is sealed.

    Raises:
        UsageError: There is no such relationship or thread, nothing has been decided, or a vendor's key file is not
            there or holds no key of it.
        KeyFileError: A vendor's key file cannot be opened.
        StoreError: The store cannot be read, or the folder not written.
    """
    if not isinstance(store, Store):
        if (path := path_of(store)) is not None and not Path(path).is_file():
            raise StoreError(f"there is no store at {store}")
        with Store(store, read_only=True) as opened:
            keys = beside(path) if keys is None and path is not None else keys
            return export(folder, opened, relationships=relationships, thread=thread, keys=keys, passphrase=passphrase)
    wanted = None if relationships is None else frozenset(relationships)
    dealings, threads = store.read(lambda rows: _dealings(rows, wanted, thread))
    stated = _keys(dealings, keys, passphrase)
    try:
        return _write(Path(folder), dealings, threads, stated)
    except OSError as error:
        raise StoreError(f"cannot write into {folder}: {error}") from error


def _dealings(rows: Rows, wanted: frozenset[str] | None, thread: str | None) -> tuple[list[_Dealt], list[str]]:
    """What is to be written, by the customer's DID and then the vendor's; and of a part, its threads."""
    left = set(wanted or ())
    peers = []
    for peer in rows.peers():
        names = {peer.me, peer.peer} | ({*rows.dids(peer.number)} if wanted else set())
        if wanted is None or names & wanted:
            peers.append(peer)
            left -= names
    if left:
        raise UsageError(f"there is no relationship with {', '.join(sorted(left))}")
    dealings: list[_Dealt] = []
    threads = [] if thread is None else [thread]
    for peer in sorted(peers, key=_sides):
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


def _sides(peer: Peer) -> tuple[str, str]:
    """The customer's DID, and the vendor's."""
    return (peer.me, peer.peer) if side_of(peer.me) == "customer" else (peer.peer, peer.me)


def _keys(dealings: Iterable[_Dealt], file: str | Path | None, passphrase: str | None) -> dict[str, dict[str, str]]:
    """Vendor → key URL → public key: what a customer has pinned, or what the vendor's own key file holds."""
    keys: dict[str, dict[str, str]] = {}
    for dealt in dealings:
        if dealt.vendor == dealt.peer.peer:
            keys.setdefault(dealt.vendor, {}).update(dealt.peer.pinned)
        elif dealt.vendor not in keys:
            keys[dealt.vendor] = _own(dealt.vendor, file, passphrase)
    return keys


def _own(vendor: str, file: str | Path | None, passphrase: str | None) -> dict[str, str]:
    """The public keys of a vendor, from its key file."""
    name_it = "name the vendor's key file with `keys=`, or --keys: the folder states its public keys"
    if file is None:
        raise UsageError(name_it)
    if not Path(file).is_file():
        raise UsageError(f"there is no key file at {file}; {name_it}")
    opened = KeyFile(file, passphrase)
    keys = {url: opened.get(url).public for url in opened.names() if url.startswith(vendor + "#")}
    if not keys:
        raise UsageError(f"{file} holds no key of {vendor}; {name_it}")
    return keys


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


def _write(folder: Path, dealings: list[_Dealt], threads: Collection[str], keys: dict[str, dict[str, str]]) -> Exported:
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
    names = _names(dealt.vendor for dealt in dealings)
    dids, folds, stated = [], [], set()
    for dealt, name in zip(dealings, names, strict=True):
        customer, vendor = dealt.customer, dealt.vendor
        if vendor not in stated:
            stated.add(vendor)
            file = f"{DIDS}/{name}.json"
            digest = _put(folder / file, trust.document_for(vendor, keys[vendor], dealt.peer.endpoint))
            dids.append(Document(did=vendor, file=file, digest=digest))
        file = f"{FOLDS}/{name}.json"
        digest = _put(folder / file, {"customer": customer, "vendor": vendor, "records": dealt.records})
        folds.append(Fold(customer=customer, vendor=vendor, file=file, digest=digest))
    stated_part = Part(threads=[*threads]) if threads else None
    manifest = Manifest(opencmr="1.0", messages=numbered, dids=dids, folds=folds, part=stated_part)
    return Exported(manifest, _put(folder / MANIFEST, manifest.wire()))


def _put(path: Path, document: dict[str, Any]) -> str:
    """Write canonical bytes; returns their digest."""
    raw = trust.canonicalize(document)
    path.write_bytes(raw)
    return trust.digest(raw)


def _names(vendors: Iterable[str]) -> list[str]:
    """A file name for each relationship: its vendor's host as far as possible, and no two alike in any case."""
    names: dict[str, None] = {}
    counts: Counter[str] = Counter()
    for vendor in vendors:
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", vendor.removeprefix("did:web:").replace("%3A", "-"))[:100].strip(".-")
        name = plain = plain.lower()
        counts[plain] += 1
        while name in names:
            counts[plain] += 1
            name = f"{plain}-{counts[plain]}"
        names[name] = None
    return list(names)
