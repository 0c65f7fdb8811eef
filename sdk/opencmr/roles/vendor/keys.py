"""The keys of a vendor: one signs in each relationship, by what was introduced there."""

from collections.abc import Callable, Iterable
from typing import Self

from ... import trust
from ...errors import UsageError
from ...protocol import History
from ...protocol.speakers import key_url
from ...store import KeyFile
from ..party.signing import Signer


class Keys:
    """Who signs in which relationship: the key that was introduced there last and counts by now, else the first.

    Args:
        first: Who signs before anything was introduced.
        further: Who signs once they were.
        file: Where further keys are kept; none: there can be none.
    """

    def __init__(self, first: Signer, further: Iterable[Signer] = (), file: KeyFile | None = None) -> None:
        self.did = first.did
        self.first = first
        self._further = {signer.method: signer for signer in further}
        self._file = file

    @classmethod
    def of(cls, did: str, file: KeyFile, ids: Callable[[], str]) -> Self:
        """The keys of a vendor's key file, which holds one at least.

        Args:
            did: The vendor.
            file: The file.
            ids: Where the ids of messages come from.
        """
        first, *further = (Signer(did, file.get(url), url, ids) for url in file.names() if url.startswith(did + "#"))
        return cls(first, further, file)

    @property
    def public(self) -> dict[str, str]:
        """Key URL → public key, of all: what `did.json` says."""
        return {signer.method: signer.key.public for signer in (self.first, *self._further.values())}

    def signer(self, history: History, now: str) -> Signer:
        """Who signs the next word of a relationship."""
        place, at = history.chain.next, history.chain.place_time(now)
        signer = self.first
        for each in history.introduced():
            mine = self._further.get(key_url(self.did, each.key))
            if mine is not None and each.counts(place, at):
                signer = mine
        return signer

    def add(self) -> str:
        """Make a further key; returns it, in multibase. It signs nowhere before it was introduced there.

        Raises:
            KeyFileError: The key file cannot be written.
            UsageError: There is none.
        """
        if self._file is None:
            raise UsageError("there is no key file to keep a further key in")
        key = trust.SigningKey.generate()
        url = key_url(self.did, key.public)
        self._file.add(url, key)
        self._further[url] = Signer(self.did, key, url, self.first.ids)
        return key.public
