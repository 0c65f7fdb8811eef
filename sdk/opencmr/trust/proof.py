"""Who said it: Data Integrity proofs (`spec/v1/envelope.md`, "Proof")."""

import hashlib
from typing import Any

from ..errors import BadSignature
from . import base58
from .canonical import canonicalize, check_profile
from .keys import SigningKey
from .suite import PublicKey


def hash_data(document: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed: the hash of the proof's options, then that of the document without its proof."""
    options = {name: value for name, value in document["proof"].items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return hashlib.sha256(canonicalize(options)).digest() + hashlib.sha256(canonicalize(unsecured)).digest()


def sign(document: dict[str, Any], key: SigningKey, method: str, *, check: bool = True) -> bytes:
    """Canonical bytes of a message, signed.

    Args:
        document: The message without `proof`.
        key: The sender's key.
        method: The key URL that names it.
        check: Whether to look for what cannot travel. A document that was made here of known parts has none of it.

    Raises:
        BadNumber, NullMember, TooDeep: The document cannot travel.
    """
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": key.suite.name,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = key.sign(hash_data({**document, "proof": options}))
    signed = {**document, "proof": {**options, "proofValue": "z" + base58.encode(signature)}}
    raw = canonicalize(signed)
    if check:
        check_profile(signed, raw)
    return raw


def verify(document: dict[str, Any], public: PublicKey) -> None:
    """Verify the proof of a document that has been parsed strictly.

    Raises:
        WrongKey: It says another suite than that of its key.
        BadSignature: It does not hold, with the pointer of the proof's value.
    """
    public.check_suite(document["proof"]["cryptosuite"])
    try:
        public.verify(hash_data(document), base58.decode(document["proof"]["proofValue"][1:]))
    except (BadSignature, ValueError) as error:
        raise BadSignature(
            "the signature does not hold for these bytes and this key", pointer="/proof/proofValue"
        ) from error
