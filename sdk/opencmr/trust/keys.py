"""Ed25519 keys: making, naming and sealing them (`spec/v1/identity.md`)."""

from typing import NoReturn, Self

import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id as argon2id
import nacl.secret
import nacl.signing
import nacl.utils

from ..errors import KeyFileError
from . import base58
from .suite import EDDSA, encode_public

_SECRET = b"\x80\x26"
"""What stands before the bytes of a private key of Ed25519 in its multibase form."""


class SigningKey:
    """A private key that signs. Its `public` part, in multibase, is its name; its `suite` says how it signs."""

    suite = EDDSA

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
    def secret(self) -> str:
        """The secret bytes in multibase, as `secretKeyMultibase` of a Multikey has them."""
        return "z" + base58.encode(_SECRET + self.seed)

    @classmethod
    def from_secret(cls, multibase: str) -> Self:
        """The key whose `secret` this is.

        Raises:
            KeyFileError: It is none of Ed25519.
        """
        try:
            raw = base58.decode(multibase.removeprefix("z"))
        except ValueError:
            raw = b""
        if multibase[:1] != "z" or len(raw) != 34 or not raw.startswith(_SECRET):
            raise KeyFileError("not a private key of Ed25519 in multibase")
        return cls(raw[2:])

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
