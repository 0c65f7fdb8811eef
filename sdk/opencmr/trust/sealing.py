"""A stream of bytes under a passphrase, of which no byte can be changed, moved or left out (`spec/v1/backup.md`).

A header of 64 bytes says how the key is derived; then come chunks of one size, each sealed with all before it. What is
read and written is a chunk at a time, whatever the length of the whole.
"""

import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import nacl.bindings as sodium
import nacl.exceptions
import nacl.utils

from ..errors import BackupError, UsageError

MAGIC = b"OpenCMR backup"
CHUNK = 64 * 1024
"""Bytes of plaintext in each chunk but the last."""
HEADER = struct.Struct(">14sBBII16s24s")
PASSES, MEMORY = 3, 128 * 1024
"""What a new file asks of Argon2id: passes, and KiB of memory. It takes half a second, on purpose."""
MOST_PASSES, LEAST_MEMORY, MOST_MEMORY = 10, 8 * 1024, 1024 * 1024
"""What is done for a file that somebody else may have made."""
LONGEST_PASSPHRASE = 1024

_VERSION, _SEALING = 1, 1
_SEALED = CHUNK + sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_MORE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_LAST = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_CUT = "the backup is cut short: its end is not there"

Read = Callable[[int], bytes]
"""Gives so many bytes, fewer only at the end."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the key is derived from the passphrase.

    Attributes:
        passes: Of Argon2id.
        memory: In KiB.
        salt: 16 bytes.
    """

    passes: int
    memory: int
    salt: bytes

    @classmethod
    def fresh(cls) -> Self:
        """One for a new file."""
        return cls(PASSES, MEMORY, nacl.utils.random(16))

    def key(self, passphrase: str) -> bytes:
        """The key of 32 bytes.

        Raises:
            UsageError: The passphrase is empty, too long, or no text.
            BackupError: There is not enough memory.
        """
        secret = check_passphrase(passphrase)
        try:
            found: bytes = sodium.crypto_pwhash_alg(
                32, secret, self.salt, self.passes, self.memory * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13
            )
        except (nacl.exceptions.RuntimeError, MemoryError) as error:
            raise BackupError(f"deriving the key takes {self.memory} KiB of memory, which are not free") from error
        return found


def check_passphrase(passphrase: str) -> bytes:
    """The bytes of a passphrase, the same however a keyboard has composed them.

    Raises:
        UsageError: It is empty, too long, or no text.
    """
    try:
        secret = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError as error:
        raise UsageError("the passphrase is not text in UTF-8") from error
    if not 1 <= len(secret) <= LONGEST_PASSPHRASE:
        raise UsageError(f"a passphrase of a backup has 1 to {LONGEST_PASSPHRASE} bytes")
    return secret


def seal_stream(plain: Iterable[bytes], passphrase: str) -> Iterator[bytes]:
    """The bytes of a file that holds this plaintext.

    Args:
        plain: The plaintext, in pieces of any size.
        passphrase: What opens it.

    Raises:
        UsageError: The passphrase is empty, too long, or no text.
    """
    how = Derivation.fresh()
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    stream = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, how.key(passphrase))
    header = HEADER.pack(MAGIC, _VERSION, _SEALING, how.passes, how.memory, how.salt, stream)
    yield header
    beside: bytes | None = header
    rest = bytearray()
    for piece in plain:
        rest += piece
        while len(rest) > CHUNK:  # the last chunk may be a full one
            yield sodium.crypto_secretstream_xchacha20poly1305_push(state, bytes(rest[:CHUNK]), beside, _MORE)
            del rest[:CHUNK]
            beside = None
    yield sodium.crypto_secretstream_xchacha20poly1305_push(state, bytes(rest), beside, _LAST)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file as far as its header says: nothing of it is believed yet.

    Attributes:
        how: How the key is derived.
        header: The 64 bytes.
    """

    how: Derivation
    header: bytes

    @classmethod
    def begin(cls, read: Read) -> Self:
        """Read the header.

        Raises:
            BackupError: It is no backup, of another version, or asks for more work than is done for it.
        """
        header = read(HEADER.size)
        if not header.startswith(MAGIC):
            raise BackupError("it is no backup of OpenCMR")
        if len(header) < HEADER.size:
            raise BackupError(_CUT)
        _, version, sealing, passes, memory, salt, _ = HEADER.unpack(header)
        if (version, sealing) != (_VERSION, _SEALING):
            raise BackupError(
                f"the backup is of version {version}.{sealing}, and this program reads {_VERSION}.{_SEALING}; "
                "say: pip install --upgrade opencmr"
            )
        if not (1 <= passes <= MOST_PASSES and LEAST_MEMORY <= memory <= MOST_MEMORY):
            raise BackupError(
                f"the backup asks for {passes} passes and {memory} KiB to derive its key; 1 to {MOST_PASSES} passes "
                f"and {LEAST_MEMORY} to {MOST_MEMORY} KiB are done"
            )
        return cls(Derivation(passes, memory, salt), header)

    def chunks(self, read: Read, key: bytes) -> Iterator[bytes]:
        """The plaintext, a chunk at a time, each once it is known to be whole.

        Args:
            read: Reads on behind the header.
            key: As `how` derives it.

        Raises:
            BackupError: The key is another one, or a byte was changed, moved or cut off.
        """
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        stream = self.header[-sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES :]
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, stream, key)
        beside: bytes | None = self.header
        tag = _MORE
        while tag == _MORE:
            sealed = read(_SEALED)
            if len(sealed) < _SEALED - CHUNK:
                raise BackupError(_CUT)
            try:
                plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed, beside)
            except nacl.exceptions.RuntimeError as error:
                why = "wrong passphrase, or the backup is damaged" if beside else "the backup is damaged or cut short"
                raise BackupError(why) from error
            if tag not in (_MORE, _LAST) or (tag == _MORE and len(sealed) < _SEALED):
                raise BackupError("the backup has a chunk that is none of this format")
            beside = None
            yield plain
        if read(1):
            raise BackupError("the backup goes on after its end")
