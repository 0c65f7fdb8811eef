"""Reads a backup, written from `spec/v1/backup.md` and the pages that it leads to, with nothing of the SDK.

    PASSPHRASE=… python read_backup.py alice.backup

Prints what is in it, as JSON: relationships, messages and how many of their signatures hold. Ends with 1 where it is
not whole. It needs libsodium (PyNaCl) and the standard library.
"""

import hashlib
import json
import os
import struct
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import nacl.bindings as sodium
import nacl.exceptions

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MEMBERS: dict[str, tuple[set[str], set[str]]] = {  # required, allowed beside
    "backup": ({"record", "by", "at", "keys", "relationships", "messages"}, set()),
    "key": ({"record", "name", "secretKeyMultibase", "next"}, set()),
    "relationship": (
        {"record", "customer", "dids", "vendor", "opened", "keys", "muted", "messages", "findings"},
        {"endpoint"},
    ),
    "message": ({"record", "side", "digest", "text", "status"}, {"of", "place", "at"}),
    "finding": ({"record", "code", "why", "words", "noticed"}, set()),
    "end": ({"record", "records", "digest"}, set()),
}
ORDER = {  # which kinds may follow
    None: {"backup"},
    "backup": {"key", "relationship", "end"},
    "key": {"key", "relationship", "end"},
    "relationship": {"message", "finding", "relationship", "end"},
    "message": {"message", "finding", "relationship", "end"},
    "finding": {"finding", "relationship", "end"},
}


class NotWhole(Exception):
    """The file is no backup, or not whole, or the passphrase is another one."""


def need(holds: bool, why: str) -> None:
    if not holds:
        raise NotWhole(why)


def base58(text: str) -> bytes:
    need(set(text) <= set(ALPHABET), "not base58")
    number = 0
    for sign in text:
        number = number * 58 + ALPHABET.index(sign)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def digest(hashed: Any) -> bytes:
    return b"\x12\x20" + bytes(hashed.digest())


def canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chunks(file: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """The plaintext, chunk by chunk."""
    header = file.read(64)
    need(len(header) == 64 and header[:14] == b"OpenCMR backup", "no backup")
    version, way, passes, memory = struct.unpack(">BBII", header[14:24])
    need((version, way) == (1, 1), "another version")
    need(1 <= passes <= 10 and 8192 <= memory <= 1048576, "too costly")
    key = sodium.crypto_pwhash_alg(
        32,
        unicodedata.normalize("NFC", passphrase).encode(),
        header[24:40],
        passes,
        memory * 1024,
        sodium.crypto_pwhash_ALG_ARGON2ID13,
    )
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header[40:], key)
    beside: bytes | None = header
    tag = 0
    while tag != 3:
        sealed = file.read(65536 + 17)
        need(len(sealed) >= 17, "cut short")
        try:
            plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed, beside)
        except nacl.exceptions.RuntimeError:
            raise NotWhole("a chunk does not open") from None
        need(tag == 3 or (tag == 0 and len(plain) == 65536), "a chunk that is none")
        beside = None
        yield plain
    need(file.read(1) == b"", "something behind the end")


def lines(plain: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in plain:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        need(len(rest) <= 262144, "a record that is too long")
    need(rest == b"", "the last line does not end")


def records(plain: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The records, each as its table says and in its place; the last of them fits all the others."""
    whole, count, before = hashlib.sha256(), 0, None
    for line in lines(plain):
        record = json.loads(line)
        need(isinstance(record, dict) and canonical(record) == line and len(line) <= 262144, "not canonical")
        kind = record.get("record")
        need(kind in ORDER.get(before, set()), f"{kind} after {before}")
        required, beside = MEMBERS[kind]
        need(required <= record.keys() <= required | beside, f"members of {kind}")
        if kind == "end":
            need(record["records"] == count, "count of records")
            need(base58(record["digest"][1:]) == digest(whole), "digest of all")
        whole.update(line + b"\n")
        count, before = count + 1, kind
        yield record
    need(before == "end", "no end")


def public_key(url: str, did: str, pinned: dict[str, str]) -> bytes:
    """The key of a proof: a customer's is in the DID, a vendor's was pinned."""
    name = did.removeprefix("did:key:") if did.startswith("did:key:") else pinned[url]
    need(url.split("#")[0] == did, "a key of somebody else")
    raw = base58(name[1:])
    need(raw[:2] == b"\xed\x01" and len(raw) == 34, "no key of Ed25519")
    return raw[2:]


def signature_holds(document: dict[str, Any], pinned: dict[str, str]) -> bool:
    options = dict(document["proof"])
    signature = base58(options.pop("proofValue")[1:])
    said = {name: value for name, value in document.items() if name != "proof"}
    hashed = hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(said)).digest()
    try:
        sodium.crypto_sign_open(signature + hashed, public_key(options["verificationMethod"], document["from"], pinned))
    except nacl.exceptions.BadSignatureError:
        return False
    return True


def read(file: BinaryIO, passphrase: str) -> dict[str, Any]:
    """What is in a backup."""
    told: dict[str, Any] = {"relationships": [], "keys": []}
    counts: Counter[str] = Counter()
    for record in records(chunks(file, passphrase)):
        counts[record["record"]] += 1
        match record["record"]:
            case "backup":
                told["by"], told["at"], said = record["by"], record["at"], record
            case "key":
                secret = base58(record["secretKeyMultibase"][1:])
                need(secret[:2] == b"\x80\x26" and len(secret) == 34, "no private key of Ed25519")
                public, _ = sodium.crypto_sign_seed_keypair(secret[2:])
                if not record["next"]:
                    need(base58(record["name"].removeprefix("did:key:z"))[2:] == public, "a key of another name")
                told["keys"].append(record["name"])
            case "relationship":
                here = {"customer": record["customer"], "vendor": record["vendor"], "muted": record["muted"]}
                dids = {record["customer"], *record["dids"]}
                told["relationships"].append({**here, "messages": [], "findings": [], "signaturesThatHold": 0})
                pinned = record["keys"]
            case "message":
                here = told["relationships"][-1]
                raw = record["text"].encode()
                need(base58(record["digest"][1:]) == digest(hashlib.sha256(raw)), "digest of a message")
                document = json.loads(raw)
                pair = [document["from"], document["to"]]
                mine, theirs = pair if record["side"] == "customer" else reversed(pair)
                need(mine in dids and theirs == here["vendor"], "a message of another party")
                here["signaturesThatHold"] += signature_holds(document, pinned)
                here["messages"].append({"digest": record["digest"], "status": record["status"], **_said(document)})
            case "finding":
                told["relationships"][-1]["findings"].append(record["code"])
    found = {"keys": counts["key"], "relationships": counts["relationship"], "messages": counts["message"]}
    need(found == {name: said[name] for name in found}, "counts")
    return told


def _said(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("type", "thread", "created")}


if __name__ == "__main__":
    try:
        with Path(sys.argv[1]).open("rb") as opened:
            print(json.dumps(read(opened, os.environ["PASSPHRASE"]), indent=2))
    except NotWhole as error:
        sys.exit(f"not whole: {error}")
