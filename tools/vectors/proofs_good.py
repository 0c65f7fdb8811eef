"""Messages whose proof holds, with every step on the way to it as a file of its own."""

import hashlib
import json
from typing import Any

from opencmr import trust
from opencmr.protocol import roster
from opencmr.testing import envelope

from .writing import (
    CUSTOMER,
    CUSTOMER_URL,
    PINNED,
    VENDOR,
    VENDOR_KEY,
    VENDOR_KEY_2,
    VENDOR_URL,
    Files,
    multibase,
    uuid,
)

Document = dict[str, Any]
P256 = b"\x80\x24"
THREAD = uuid("proofs thread")
SECOND = VENDOR_URL.replace("key-1", "key-2")


def message(type_: str, body: Document, *, by: str = "customer", **more: Any) -> Document:
    sender, to = (CUSTOMER.did, VENDOR) if by == "customer" else (VENDOR, CUSTOMER.did)
    id_ = uuid(f"proofs {type_} {json.dumps(body, sort_keys=True)}")
    right = {"from_": sender, "to": to, "created": "2026-03-02T09:30:00.000Z"}
    return envelope(type_, body, id_=id_, **{**right, **more})


def ref(code: str) -> Document:
    return roster.ref(code).wire()


IN_TIME = "2026-03-09T09:30:00.000Z"


def proffer(**more: Any) -> Document:
    body = {"choices": [ref("SD-BASE-DP"), ref("SD-BASE")]}
    return message("terms.proffer", body, expires=IN_TIME, **more)


def accept(**more: Any) -> Document:
    body = {"terms": ref("SD-BASE-DP")}
    links = {"number": 3, "prior": trust.digest(b"before")}
    return message("terms.accept", body, by="vendor", thread=THREAD, **links, **more)


def good() -> list[tuple[str, str, Document, trust.SigningKey, str, dict[str, str]]]:
    note = "Größe 42, bitte · \u2028 · 😀 · e\u0301"
    cast = {
        "wants": [{"name": "Schuhe", "deal": "buy"}],
        "terms": [ref("PDC-INTENT")],
        "standing": "ready",
        "note": note,
    }
    ext = {"https://loyalty.example/ns#card": {"tier": "gold", "since": 2019, "tags": ["b", "a"], "A": True}}
    receipt = message(
        "receipt",
        {"of": trust.digest(b"a message"), "outcome": "moot", "state": "none"},
        by="vendor",
        thread=THREAD,
        number=1,
    )
    seen = trust.digest(b"the last word")
    collect = message("mailbox.collect", {"limit": 100, "wait": 30}, seen=seen)
    links = {"prior": trust.digest(b"an own word"), "seen": seen}
    theirs = {**PINNED, SECOND: VENDOR_KEY_2.public}
    return [
        ("customer", "A customer's message", proffer(), CUSTOMER, CUSTOMER_URL, {}),
        ("vendor", "A vendor's message, under its pinned key", accept(), VENDOR_KEY, VENDOR_URL, PINNED),
        (
            "ext",
            "Extensions, and text beyond ASCII",
            message("intent.cast", cast, ext=ext, expires=IN_TIME, **links),
            CUSTOMER,
            CUSTOMER_URL,
            {},
        ),
        ("second-key", "Another pinned key of the same vendor", accept(), VENDOR_KEY_2, SECOND, theirs),
        ("receipt", "A receipt", receipt, VENDOR_KEY, VENDOR_URL, PINNED),
        ("collect", "A collect", collect, CUSTOMER, CUSTOMER_URL, {}),
    ]


def steps(document: Document, key: trust.SigningKey, url: str) -> Files:
    """Each step as `envelope.md` numbers them, by the standard library and base58 alone; only the key signs."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": url,
        "proofPurpose": "assertionMethod",
    }
    canonical_document, canonical_options = canonical(document), canonical(options)
    document_hash, options_hash = (hashlib.sha256(raw).digest() for raw in (canonical_document, canonical_options))
    signature = key.sign(options_hash + document_hash)
    signed = {**document, "proof": {**options, "proofValue": multibase(signature)}}
    named = {"seedHex": key.seed.hex(), "publicKeyMultibase": key.public}
    return {
        "key.json": _pretty(named),
        "unsigned.json": _pretty(document),
        "options.json": _pretty(options),
        "canonicalDocument.txt": canonical_document,
        "documentHash.txt": document_hash.hex().encode(),
        "canonicalOptions.txt": canonical_options,
        "optionsHash.txt": options_hash.hex().encode(),
        "combined.txt": (options_hash + document_hash).hex().encode(),
        "signature.txt": signature.hex().encode(),
        "signed.json": canonical(signed),
    }


def canonical(value: Any) -> bytes:
    """RFC 8785, as far as messages go: names in ASCII, integers only."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
