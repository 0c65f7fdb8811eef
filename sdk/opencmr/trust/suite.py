"""The cryptosuite: a kind of key, and the one way in which keys of that kind sign (`spec/versioning.md`, "Suites").

A key has one algorithm. What it is written as says which (its multicodec), so nobody chooses one for a key: no proof,
no header, no setting. Today one suite is registered; a second one is another `Suite` in `SUITES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import nacl.bindings
import nacl.exceptions

from ..errors import BadSignature, WeakKey, WrongKey
from . import base58
from .canonical import digest


@dataclass(frozen=True, slots=True)
class Suite:
    """One algorithm.

    Attributes:
        name: What proofs call it, in `cryptosuite`.
        multicodec: What stands before the bytes of a public key in its multibase form.
        public_size: Bytes of a public key.
        signature_size: Bytes of a signature.
        is_good: Whether bytes of that size are a key that may be used.
        holds: Whether a signature of that size holds: public key, data, signature.
    """

    name: str
    multicodec: bytes
    public_size: int
    signature_size: int
    is_good: Callable[[bytes], bool]
    holds: Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that was checked, with its algorithm.

    Attributes:
        suite: How it signs.
        raw: Its bytes.
    """

    suite: Suite
    raw: bytes

    def check_suite(self, name: str) -> None:
        """A proof says the suite of its key, and no other.

        Raises:
            WrongKey: It says another.
        """
        if name != self.suite.name:
            raise WrongKey(
                f"this key signs by {self.suite.name} alone", pointer="/proof/cryptosuite", expected=[self.suite.name]
            )

    def verify(self, data: bytes, signature: bytes) -> None:
        """Check a signature strictly.

        Raises:
            BadSignature: It does not hold.
        """
        if len(signature) != self.suite.signature_size or not self.suite.holds(self.raw, data, signature):
            raise BadSignature("the signature does not hold for these bytes and this key")

    @property
    def multikey(self) -> bytes:
        """Its multicodec, and its bytes: 34 of an Ed25519 key."""
        return self.suite.multicodec + self.raw

    @property
    def multibase(self) -> str:
        """How the key is written: `z6Mk…` for Ed25519."""
        return encode_public(self.raw, self.suite)


def _ed25519_is_good(public: bytes) -> bool:
    """Libsodium calls a point valid when it is canonical, on the curve, in the main subgroup, not of small order."""
    return bool(nacl.bindings.crypto_core_ed25519_is_valid_point(public))


def _ed25519_holds(public: bytes, data: bytes, signature: bytes) -> bool:
    """Strictly: a canonical S, no point of small order, the equation without the cofactor."""
    try:
        nacl.bindings.crypto_sign_open(signature + data, public)
    except (nacl.exceptions.BadSignatureError, nacl.exceptions.CryptoError, ValueError):
        return False
    return True


EDDSA = Suite(
    name="eddsa-jcs-2022",
    multicodec=b"\xed\x01",
    public_size=32,
    signature_size=64,
    is_good=_ed25519_is_good,
    holds=_ed25519_holds,
)
SUITES = (EDDSA,)
"""Every suite of this version."""


def encode_public(raw: bytes, suite: Suite = EDDSA) -> str:
    """The multibase form of a public key."""
    return "z" + base58.encode(suite.multicodec + raw)


def key_digest(public: str) -> str:
    """The digest by which a key is announced: of its multikey bytes (`spec/v1/relationship/page.md`).

    Args:
        public: The public key, in multibase.

    Raises:
        WeakKey: It is none, or may not be used.
    """
    return digest(decode_public(public).multikey)


@lru_cache(maxsize=65536)
def decode_public(multibase: str) -> PublicKey:
    """The public key that a multibase text names. The check costs as much as a signature's: answers are remembered.

    Raises:
        WeakKey: A key of no suite that is spoken here, or one that may not be used: not a canonical point of the
            prime-order group, or of small order.
    """
    try:
        said = base58.decode(multibase[1:]) if multibase[:1] == "z" and multibase.isalnum() else b""
    except ValueError:
        said = b""
    for suite in SUITES:
        raw = said.removeprefix(suite.multicodec)
        if len(raw) == suite.public_size and len(said) == len(suite.multicodec) + suite.public_size:
            if not suite.is_good(raw):
                raise WeakKey("the key is not a point of the prime-order group")
            return PublicKey(suite, raw)
    raise WeakKey("not an Ed25519 public key in multibase")
