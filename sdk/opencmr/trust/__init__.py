"""Who said it: strict JSON, canonical form, keys, DIDs and proofs. No I/O, no clock."""

from .canonical import MAX_BYTES, MAX_DEPTH, digest, read, write
from .did import DidDocument, document_for, is_loopback, key_url, public_key, read_document, web_urls
from .keys import SALT_BYTES, SigningKey, seal, stretch, unseal
from .proof import check, hash_data, sign
from .suite import SUITES, PublicKey, Suite, decode_public, encode_public

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "SALT_BYTES",
    "SUITES",
    "DidDocument",
    "PublicKey",
    "SigningKey",
    "Suite",
    "check",
    "decode_public",
    "digest",
    "document_for",
    "encode_public",
    "hash_data",
    "is_loopback",
    "key_url",
    "public_key",
    "read",
    "read_document",
    "seal",
    "sign",
    "stretch",
    "unseal",
    "web_urls",
    "write",
]
