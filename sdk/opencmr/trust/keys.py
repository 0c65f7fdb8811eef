"""Ed25519 keys: making, naming and sealing them (`spec/v1/identity.md`)."""

from functools import lru_cache
from typing import NoReturn, Self

import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id as argon2id
import nacl.secret
import nacl.signing
import nacl.utils

from ..errors import BadSignature, KeyFileError, WeakKey
from . import base58

_ED25519_PUBLIC = b"\xed\x01"


class SigningKey:
    """A private key that signs. Its `public` part, in multibase, is its name."""

    def __init__(self, seed: bytes) -> None:
        self._key = nacl.signing.SigningKey(seed)
        self._secret = bytes(self._key) + bytes(self._key.verify_key)  # as libsodium wants it: seed, then public key
        self.public = encode_public(bytes(self._key.verify_key))

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(nacl.utils.random(32))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes. They belong into a key file and nowhere else."""
        return bytes(self._key)

    @property
    def did(self) -> str:
        """The `did:key` of this key."""
        return "did:key:" + self.public

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return nacl.bindings.crypto_sign(data, self._secret)[:64]

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied into a pipe: the secret bytes stay where they are.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a private key is not pickled; it stays in its key file")


def encode_public(raw: bytes) -> str:
    """The multibase form of a public key: `z6Mk…`."""
    return "z" + base58.encode(_ED25519_PUBLIC + raw)


@lru_cache(maxsize=65536)
def decode_public(multibase: str) -> bytes:
    """The 32 bytes of a public key in multibase. The check costs as much as a signature's, so answers are remembered.

    Raises:
        WeakKey: Not an Ed25519 key, not a canonical point of the prime-order group, or of small order.
    """
    try:
        raw = base58.decode(multibase[1:]) if multibase[:1] == "z" and multibase.isalnum() else b""
    except ValueError:
        raw = b""
    if len(raw) != 34 or raw[:2] != _ED25519_PUBLIC:
        raise WeakKey("not an Ed25519 public key in multibase")
    # libsodium calls a point valid when it is canonical, on the curve, in the main subgroup, and not of small order.
    if not nacl.bindings.crypto_core_ed25519_is_valid_point(raw[2:]):
        raise WeakKey("the key is not a point of the prime-order group")
    return raw[2:]


def verify(public: bytes, data: bytes, signature: bytes) -> None:
    """Check a signature strictly: canonical S, no small-order points.

    Raises:
        BadSignature: It does not hold.
    """
    try:
        nacl.bindings.crypto_sign_open(signature + data, public)
    except (nacl.exceptions.BadSignatureError, nacl.exceptions.CryptoError, ValueError) as error:
        raise BadSignature("the signature does not hold for these bytes and this key") from error


SALT_BYTES: int = argon2id.SALTBYTES


def stretch(passphrase: str, salt: bytes) -> bytes:
    """The key that a passphrase stands for. Takes a tenth of a second and 64 MiB, on purpose."""
    return argon2id.kdf(
        nacl.secret.SecretBox.KEY_SIZE,
        passphrase.encode(),
        salt,
        opslimit=argon2id.OPSLIMIT_INTERACTIVE,
        memlimit=argon2id.MEMLIMIT_INTERACTIVE,
    )


def seal(secret: bytes, key: bytes) -> str:
    """A secret in a box that only `key` opens, as hexadecimal text."""
    return bytes(nacl.secret.SecretBox(key).encrypt(secret)).hex()


def unseal(box: str, key: bytes) -> bytes:
    """What `seal` sealed.

    Raises:
        KeyFileError: The passphrase is wrong, or the box was tampered with.
    """
    try:
        return nacl.secret.SecretBox(key).decrypt(bytes.fromhex(box))
    except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError, ValueError) as error:
        raise KeyFileError("wrong passphrase, or a damaged key file") from error
