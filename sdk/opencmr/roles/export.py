"""Writing out what was said, as a folder that anybody can check offline (`spec/v1/evidence.md`)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import trust
from ..errors import StoreError, UsageError
from ..protocol.evidence import records_of
from ..protocol.manifest import DIDS, FOLDS, MANIFEST, MESSAGES, Document, Fold, Manifest, Numbered, file_of
from ..store import Kept, Peer, Rows, Store, path_of
from .ledger import Ledger


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
    """One relationship as the store holds it."""

    peer: Peer
    kept: list[Kept]
    records: dict[str, Any]


def export(folder: str | Path, store: Store | str | Path) -> Exported:
    """Write all that a customer's store holds of decided messages into a folder.

    What has not been answered yet is left out: it has no place. Whatever else is in the folder stays, but for the
    files of an earlier export.

    Args:
        folder: Where to; it is made if need be.
        store: A customer's store, open or by its path.

    Raises:
        UsageError: It is not a customer's store, or nothing has been decided yet.
        StoreError: The store cannot be read, or the folder not written.
    """
    if not isinstance(store, Store):
        if (path := path_of(store)) is not None and not Path(path).is_file():
            raise StoreError(f"there is no store at {store}")
        with Store(store) as opened:
            return export(folder, opened)
    dealings = [dealt for dealt in store.read(_dealings) if dealt.kept]
    if not dealings:
        raise UsageError("nothing has been decided yet, so there is nothing to export")
    try:
        return _write(Path(folder), dealings)
    except OSError as error:
        raise StoreError(f"cannot write into {folder}: {error}") from error


def _dealings(rows: Rows) -> list[_Dealt]:
    ledger = Ledger()
    dealings = []
    for peer in rows.peers():
        if not peer.me.startswith("did:key:"):
            raise UsageError("evidence is written from a customer's store")
        records = records_of(ledger.history(rows, peer))
        dealings.append(_Dealt(peer, _decided(rows.everything(peer.number)), records))
    return dealings


def _decided(kept: list[Kept]) -> list[Kept]:
    """What has been answered, with the answers; and what the vendor has signed, answered or not."""
    answered = {each.of for each in kept if each.of is not None}
    return [each for each in kept if each.side == "vendor" or each.of is not None or each.digest in answered]


def _in_order(dealings: list[_Dealt]) -> list[Kept]:
    """By the place in time; at one instant by relationship; a receipt right after what it answers."""
    keyed: list[tuple[tuple[Any, ...], Kept]] = []
    for dealt in dealings:
        pair = (dealt.peer.me, dealt.peer.peer)
        said = {each.digest: each for each in dealt.kept if each.of is None}
        given = {each.of: each for each in dealt.kept if each.of is not None}
        for each in dealt.kept:
            what = said.get(each.of, each) if each.of is not None else each
            gave = what if what.side == "vendor" else given.get(what.digest, what)
            keyed.append(((gave.at or "", pair, each.of is not None, each.position), each))
    return [each for _, each in sorted(keyed, key=lambda one: one[0])]


def _write(folder: Path, dealings: list[_Dealt]) -> Exported:
    for part in (MESSAGES, DIDS, FOLDS):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for old in (folder / part).glob("*.json"):
            old.unlink()
    numbered = []
    for number, kept in enumerate(_in_order(dealings), start=1):
        file = file_of(number, kept.type)
        (folder / file).write_bytes(kept.raw)
        numbered.append(Numbered(number=number, file=file, type=kept.type, digest=kept.digest))
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
    manifest = Manifest(opencmr="1.0", messages=numbered, dids=dids, folds=folds)
    return Exported(manifest, _put(folder / MANIFEST, manifest.wire()))


def _put(path: Path, document: dict[str, Any]) -> str:
    """Write canonical bytes; returns their digest."""
    raw = trust.write(document)
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
