"""What must hold after a crash: both sides hold the same bytes, each once, in the same places, and fold alike."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from opencmr.cli.folder import read_folder
from opencmr.messages.types import Side
from opencmr.protocol import evidence
from opencmr.roles import export
from opencmr.roles.party.histories import Histories
from opencmr.store import Kept, Peer, Rows, Store

Seen = dict[str, tuple[list[Kept], dict[str, object]]]
"""The customer's DID → all messages of the relationship, and its records."""


def seen(store: Store, *, did: str | None = None) -> Seen:
    """What a store holds, read in one moment; of a vendor's, what belongs to its DID."""

    def look(rows: Rows) -> Seen:
        histories, found = Histories(), {}
        for peer in list(rows.peers()):
            if did is None or peer.me == did:
                records = evidence.records_of(histories.replay(rows, peer))
                found[_customer(peer)] = (rows.everything(peer.number), records)
        return found

    return store.read(look)


def acknowledged(journals: Sequence[Path]) -> Iterator[dict[str, str]]:
    """The lines of journals. One that a kill has cut off was never acted upon."""
    for journal in journals:
        for line in journal.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield json.loads(line)


def losses(vendor: Seen, customers: Seen, lines: Sequence[dict[str, str]]) -> Iterator[str]:
    """What is lost, applied twice, or told otherwise on one of the sides, once they have come to rest."""
    for side, found in (("customer", customers), ("vendor", vendor)):
        yield from (f"{side}: {why}" for why in missing(found, lines))
    for me in customers.keys() | {line["me"] for line in lines}:
        ours, ours_folded = customers.get(me, ([], {}))
        theirs, theirs_folded = vendor.get(me, ([], {}))
        for side, kept in (("customer", ours), ("vendor", theirs)):
            yield from (f"{side} of {me}: {why}" for why in _one_side(kept))
        yield from (
            f"{me}: {why}"
            for why in _apart({each.digest: each for each in ours}, {each.digest: each for each in theirs})
        )
        if ours_folded != theirs_folded:
            yield f"{me}: the sides fold differently"


def missing(found: Seen, lines: Sequence[dict[str, str]]) -> Iterator[str]:
    """What was acknowledged and is not there. At the vendor all of it must be there at any time."""
    digests = {me: {each.digest for each in kept} for me, (kept, _) in found.items()}
    for line in lines:
        for what in ("digest", "receipt"):
            if line[what] not in digests.get(line["me"], ()):
                yield f"acknowledged {what} {line[what]} of {line['me']} is not there"


def evidence_losses(wallet: Path, folder: Path) -> Iterator[str]:
    """What `opencmr verify` would find wrong with the evidence that a wallet exports."""
    with Store(wallet, read_only=True) as store:
        if not store.read(lambda rows: any(rows.everything(peer.number) for peer in rows.peers())):
            return
        export(folder, store)
    put = read_folder(folder).evidence
    if put is None:
        yield f"{wallet.name}: the evidence cannot be read"
        return
    for finding in evidence.examine(put).findings:
        yield f"{wallet.name}: {finding}"


def _customer(peer: Peer) -> str:
    return peer.me if peer.me.startswith("did:key:") else peer.peer


def _apart(ours: dict[str, Kept], theirs: dict[str, Kept]) -> Iterator[str]:
    for digest in ours.keys() ^ theirs.keys():
        one = ours.get(digest) or theirs[digest]
        yield f"{one.type} {digest} ({one.status}) is on one side alone"
    for digest in ours.keys() & theirs.keys():
        one, other = ours[digest], theirs[digest]
        if one.raw != other.raw:
            yield f"{one.type} {digest}: other bytes"
        if (one.status, one.side, one.thread, one.of) != (other.status, other.side, other.thread, other.of):
            yield f"{one.type} {digest}: {one.status} here, {other.status} there"
        if (one.place, one.at) != (other.place, other.at):
            yield f"{one.type} {digest}: another place"


def _one_side(kept: list[Kept]) -> Iterator[str]:
    """One receipt for each message, each kept once, one whole chain, and places that are those of the receipts."""
    told: dict[str, Kept] = {each.of: each for each in kept if each.of is not None}
    receipts: Counter[tuple[str, Side]] = Counter((each.of, each.side) for each in kept if each.of is not None)
    yield from (f"{count} receipts for {of}" for (of, _), count in receipts.items() if count > 1)
    if twice := [id_ for id_, count in Counter((each.side, each.id) for each in kept).items() if count > 1]:
        yield f"kept twice: {twice}"
    if odd := [(each.type, each.status) for each in kept if each.status not in ("entry", "refused", "receipt")]:
        yield f"still undecided: {odd}"
    for each in kept:
        if each.status == "receipt":
            continue
        if (receipt := told.get(each.digest)) is None:
            yield f"no receipt for {each.type} {each.digest}"
        elif each.side == "customer" and receipt.place != each.place:
            yield f"the receipt for {each.digest} names another place"
    yield from _chain(sorted((each for each in kept if each.side == "vendor"), key=lambda each: each.place or 0))


def _chain(words: list[Kept]) -> Iterator[str]:
    """The vendor's words are numbered from 1, each names the one before, and a row stands at its word's number."""
    before: str | None = None
    for number, each in enumerate(words, start=1):
        document = json.loads(each.raw)
        if (each.place, document["number"], document.get("prior")) != (number, number, before):
            yield f"{each.type} {each.digest} hangs on no chain as number {number}"
        before = each.digest
