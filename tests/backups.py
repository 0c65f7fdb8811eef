"""Wallets to back up, and backups that are taken apart and sealed anew, at little cost, with something wrong."""

import hashlib
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nacl.bindings as sodium

from opencmr import Customer, Draft, consent, trust
from opencmr.errors import Unreachable
from opencmr.roles import CustomerRelationship
from opencmr.store import Store
from parties import CAST, GRANT, MARKETING, OTHER, SHOP, Street

WORDS = "correct horse bättery"
CHEAP = (1, 8192)
"""The least passes and KiB that a reader takes."""

Record = dict[str, Any]


async def a_wallet(street: Street) -> Customer:
    """Two vendors, one of them muted; words with every fate; a key of a relationship that was forgotten."""
    for did in (SHOP, OTHER, "did:web:third.example"):
        street.vendor(did, accepts=["SD-BASE"])
    alice = street.customer()
    shop, other, third = [await alice.meet(did) for did in (SHOP, OTHER, "did:web:third.example")]
    await shop.agreements.proffer("SD-BASE")
    for _ in range(2):  # too long for one chunk
        await shop.say(Draft(CAST, ext={"https://example.org/padding": "x" * 40_000}))
    granted = await shop.say(GRANT.model_copy(update={"statement": 'Ja, gerne.\u2028\\ "\n😀'}))
    await shop.say(consent.Withdraw(), granted)
    await shop.sync()
    await other.say(GRANT)
    await third.forget("did:web:third.example")
    street.wire.down.add(OTHER)
    for said in (CAST, GRANT):  # nobody hears them
        try:
            await other.say(said)
        except Unreachable:
            continue
    await other.mute()
    return alice


def folded(alice: Customer) -> bytes:
    """All that a wallet computes from its words, as canonical bytes."""
    return trust.canonicalize([_folded(one) for one in alice.relationships()])


def _folded(one: CustomerRelationship) -> dict[str, Any]:
    decided = one.may(**MARKETING)
    return {
        "parties": [one.me, one.vendor],
        "records": {id_: record.as_dict() for id_, record in one.records.items()},
        "states": {id_: thread.state for id_, thread in one.history.threads.items()},
        "may": [decided.answer, decided.reason],
        "muted": one.muted,
        "waiting": one.waiting,
        "noticed": [list(map(str, each)) for each in one.noticed],
    }


def held(store: str | Path) -> list[Any]:
    """All rows of a store that a backup brings back."""
    with Store(store, read_only=True) as opened:
        return opened.read(
            lambda rows: [
                (
                    [peer.me, peer.peer, peer.endpoint, peer.pinned, peer.opened, rows.muted(peer.number)],
                    rows.everything(peer.number),
                    rows.findings(peer.number),
                )
                for peer in rows.peers()
            ]
        )


def plaintext(backup: Path, passphrase: str = WORDS) -> bytes:
    """What is in a backup."""
    with backup.open("rb") as file:
        sealed = trust.Sealed.begin(file.read)
        return b"".join(sealed.chunks(file.read, sealed.how.key(passphrase)))


def opened(raw: bytes, passphrase: str = WORDS) -> bytes:
    """The plaintext of the bytes of a backup."""
    file = io.BytesIO(raw)
    sealed = trust.Sealed.begin(file.read)
    return b"".join(sealed.chunks(file.read, sealed.how.key(passphrase)))


def seal(
    plain: bytes,
    passphrase: str = WORDS,
    *,
    chunk: int = 65536,
    header: Callable[[bytes], bytes] = bytes,
    last: int = 3,
) -> bytes:
    """A backup of this plaintext, as the page says, or nearly so."""
    salt = bytes(range(16))
    key = sodium.crypto_pwhash_alg(
        32, passphrase.encode(), salt, CHEAP[0], CHEAP[1] * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13
    )
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    stream = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    head = header(b"OpenCMR backup" + struct.pack(">BBII", 1, 1, *CHEAP) + salt + stream)
    pieces = [plain[at : at + chunk] for at in range(0, len(plain), chunk)] or [b""]
    sealed = [head]
    for position, piece in enumerate(pieces):
        tag = last if position == len(pieces) - 1 else 0
        beside = head if position == 0 else None
        sealed.append(sodium.crypto_secretstream_xchacha20poly1305_push(state, piece, beside, tag))
    return b"".join(sealed)


def records(plain: bytes) -> list[Record]:
    """The records of a plaintext."""
    return [json.loads(line) for line in plain.splitlines()]


def lines(some: list[Record]) -> bytes:
    """A plaintext of these records, whose last one fits the others."""
    *before, end = some
    plain = b"".join(trust.canonicalize(record) + b"\n" for record in before)
    if end["record"] == "end":
        end = {"record": "end", "records": len(before), "digest": trust.digest_of(hashlib.sha256(plain))}
    return plain + trust.canonicalize(end) + b"\n"
