"""Signatures that careless libraries accept and the protocol refuses (`spec/v1/envelope.md`, checking)."""

import hashlib
import os
import uuid
from collections.abc import Callable

import nacl.bindings as sodium

from .. import trust
from .hand import Document, Hand

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

IDENTITY = (1).to_bytes(32, "little")
SMALL_ORDER = {
    "order 1": IDENTITY,
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "order 1, not canonical": (PRIME + 1).to_bytes(32, "little"),
    "order 4, not canonical": PRIME.to_bytes(32, "little"),
}
TORSION = SMALL_ORDER["order 8"]


class Crooked(trust.SigningKey):
    """A key that signs otherwise than it should.

    Args:
        how: From the 64 bytes that are to be signed to what stands for their signature.
    """

    def __init__(self, how: Callable[[bytes], bytes]) -> None:
        super().__init__(bytes(32))
        self._how = how

    def sign(self, data: bytes) -> bytes:
        """As it was told."""
        return self._how(data)


def under_weak_key(hand: Hand, document: Document, public: bytes) -> bytes:
    """A message signed under a public key that nobody needs a secret for: it holds under [S]B = R + [k]A.

    With A of small order, S = r and R = rB satisfy it as soon as k is a multiple of A's order.
    """
    did = "did:key:" + trust.encode_public(public)
    return _until_divisible(hand, document, public, lambda r, k: r, did)


def under_mixed_key(hand: Hand, document: Document) -> bytes:
    """A message under the sum of a good key and a point of order 8: outside the prime-order subgroup."""
    public = sodium.crypto_core_ed25519_add(_public(hand), TORSION)
    did = "did:key:" + trust.encode_public(public)
    secret = _scalar(hand)
    return _until_divisible(hand, document, public, lambda r, k: r + k * secret, did)


def with_small_r(hand: Hand, document: Document, r: bytes) -> bytes:
    """A message whose R is of small order, or that identity in another encoding: S = ka makes it hold."""

    def sign(data: bytes) -> bytes:
        return r + as_bytes(_challenge(r, _public(hand), data) * _scalar(hand) % ORDER)

    return hand.sign(document, Crooked(sign))


def with_large_s(hand: Hand, document: Document) -> bytes:
    """The same signature once more, with S + L for S."""

    def sign(data: bytes) -> bytes:
        signature = hand.key.sign(data)
        return signature[:32] + as_bytes(int.from_bytes(signature[32:], "little") + ORDER)

    return hand.sign(document, Crooked(sign))


def with_hashes_swapped(hand: Hand, document: Document) -> bytes:
    """A signature over the hash of the document followed by that of the options: the wrong way round."""
    return hand.sign(document, Crooked(lambda data: hand.key.sign(data[32:] + data[:32])))


def with_signature(hand: Hand, document: Document, signature: bytes) -> bytes:
    """A message with these bytes for a signature."""
    return hand.sign(document, Crooked(lambda data: signature))


def _until_divisible(hand: Hand, document: Document, public: bytes, s_of: Callable[[int, int], int], did: str) -> bytes:
    """Try new ids until the challenge is a multiple of 8, so that what is of small order vanishes."""
    r = int.from_bytes(os.urandom(64), "little") % ORDER
    commitment = sodium.crypto_scalarmult_ed25519_base_noclamp(as_bytes(r))
    challenges: list[int] = []

    def sign(data: bytes) -> bytes:
        challenges.append(_challenge(commitment, public, data))
        return commitment + as_bytes(s_of(r, challenges[-1]) % ORDER)

    while True:
        id_ = uuid.uuid4().urn
        raw = hand.sign({**document, "from": did, "id": id_, "thread": id_}, Crooked(sign), trust.key_url(did))
        if challenges[-1] % 8 == 0:
            return raw


def as_bytes(scalar: int) -> bytes:
    """A scalar as a signature holds it."""
    return scalar.to_bytes(32, "little")


def _challenge(r: bytes, public: bytes, data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + data).digest(), "little") % ORDER


def _scalar(hand: Hand) -> int:
    half = bytearray(hashlib.sha512(hand.key.seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return int.from_bytes(half, "little")


def _public(hand: Hand) -> bytes:
    return trust.decode_public(hand.key.public).raw
