"""Who said it: strict JSON, canonical form, keys, DIDs and proofs. No I/O, no clock."""

from .canonical import MAX_BYTES, MAX_DEPTH, canonicalize, digest, digest_of, parse, sha256_of
from .did import DidDocument, document_for, is_loopback, key_url, parse_document, public_key, web_urls
from .keys import SALT_BYTES, SigningKey, seal, stretch, unseal
from .proof import hash_data, sign, verify
from .sealing import MAGIC, Sealed, check_passphrase, seal_stream
from .suite import SUITES, PublicKey, Suite, decode_public, encode_public, key_digest

__all__ = [
    "MAGIC",
    "MAX_BYTES",
    "MAX_DEPTH",
    "SALT_BYTES",
    "SUITES",
    "DidDocument",
    "PublicKey",
    "Sealed",
    "SigningKey",
    "Suite",
    "canonicalize",
    "check_passphrase",
    "decode_public",
    "digest",
    "digest_of",
    "document_for",
    "encode_public",
    "hash_data",
    "is_loopback",
    "key_digest",
    "key_url",
    "parse",
    "parse_document",
    "public_key",
    "seal",
    "seal_stream",
    "sha256_of",
    "sign",
    "stretch",
    "unseal",
    "verify",
    "web_urls",
]
