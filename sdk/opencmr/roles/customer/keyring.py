"""The keys of a wallet: those under which it speaks, and apart from them the next ones.

A key is on the disk before it is announced, and in the file of the current keys before it signs. So nothing that a
crash cuts off is lost, and what was begun is gone on with by doing it again (`spec/v1/relationship/page.md`).
"""

from pathlib import Path

from ... import trust
from ...errors import KeyFileError
from ...store import KeyFile
from ..party.signing import Signer


class Keyring:
    """The keys of a wallet.

    Args:
        current: Those under which the customer speaks, by their DIDs.
        following: The file of the next ones, each by the DID before it. It is read when it is needed, and not kept in
            memory.
        passphrase: Seals it.
    """

    def __init__(self, current: KeyFile, following: Path, passphrase: str | None = None) -> None:
        self.current = current
        self._path = following
        self._passphrase = passphrase
        self._signers: dict[str, Signer] = {}

    def signer(self, did: str) -> Signer:
        """Who signs under a DID.

        Raises:
            KeyFileError: Its key is not here.
        """
        if did not in self._signers:
            self._signers[did] = Signer(did, self.current.get(did), trust.key_url(did))
        return self._signers[did]

    def announce(self, did: str) -> str:
        """The key that follows a DID's, made where there is none yet; returns its public part, in multibase.

        Raises:
            KeyFileError: The file of the next keys cannot be read or written.
        """
        file = self._opened()
        if did not in file.names():
            file.add(did, trust.SigningKey.generate())
        return file.get(did).public

    def take(self, did: str) -> str:
        """Bring the key that follows a DID's among the current ones; returns its own DID.

        Raises:
            KeyFileError: There is none here.
        """
        file = self._opened()
        if did not in file.names():
            where = "open the wallet with next_keys, which says where it is"
            raise KeyFileError(f"{self._path} holds no next key for {did}; {where}")
        key = file.get(did)
        self.current.add(key.did, key)
        return key.did

    def used(self, did: str) -> None:
        """Forget the next key of a DID: it is a current one now, and the two are kept apart."""
        if self._path.exists():
            self._opened().remove(did)

    def _opened(self) -> KeyFile:
        return KeyFile(self._path, self._passphrase)
