"""A customer's relationship with one vendor."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...errors import StoreError, UsageError
from ...messages.types import File
from ..party.erasing import Erasure, erase
from ..party.threads import Namespace
from .data_package import describe, paths
from .fetching import Named, Progress
from .forgetting import forget
from .in_hand.consent import Consents
from .in_hand.data import Givings, Objections, RightsRequests, Sharings
from .in_hand.intent import Dealings, Orders
from .in_hand.relationship import Standings
from .in_hand.terms import Agreements
from .messaging import Messaging


class Relationship(Messaging):
    """A customer's relationship with one vendor. `Customer.meet` begins it.

    Attributes:
        agreements: The terms that were proffered, and `proffer`.
        consents: The consents, asked for or given, and `grant`.
        dealings: What the customer wished for, and what was offered. `Customer.cast` begins one.
        orders: The dealings that became orders.
        rights: The rights requests, and `request`.
        objections: The objections and restrictions, and `object`.
        sharings: The data that was shared on some basis, and `share`.
        givings: The documents that the vendor gave.
        standing: Who speaks: `open`, `move` to the next key, and `close`.
    """

    agreements = Namespace(Agreements)
    consents = Namespace(Consents)
    dealings = Namespace(Dealings)
    orders = Namespace(Orders)
    rights = Namespace(RightsRequests)
    objections = Namespace(Objections)
    sharings = Namespace(Sharings)
    givings = Namespace(Givings)
    standing = Namespace(Standings)

    def files(self, thread: str | None = None) -> list[Named]:
        """The files that the vendor has named, in the order of its words; in one thread, or in all.

        Some of them may be fetched no more: see `file.expires`.
        """
        return self._fetching.named(thread)

    async def fetch(self, file: Named | File, to: str | Path, *, progress: Progress = lambda size: None) -> Path:
        """Fetch a file that the vendor has named: piece by piece, from where it broke off, and checked.

        Args:
            file: One of `files`, or one in a message of the vendor's.
            to: Where to. Nothing stands there before size and digest hold; what has come so far is beside it, with the
                ending `.part`.
            progress: Is told how many bytes are here, again and again.

        Returns:
            Where it is.

        Raises:
            UsageError: No message names it, another file is there, or it is being fetched there already.
            WrongFile: The bytes are not those that the message names; they were thrown away.
            Problem: The vendor refuses; `NotFound` where it gives the file no more.
            Unreachable: It does not answer, or breaks off again and again. Call again: what has come is kept.
            StoreError: The file cannot be written.
        """
        named = file if isinstance(file, Named) else self._fetching.naming(file)
        await self._fetching.fetch(named, Path(to), progress)
        return Path(to)

    async def fetch_all(
        self,
        files: Iterable[Named | File],
        folder: str | Path,
        *,
        progress: Callable[[str, int], None] = lambda *_: None,
    ) -> list[Path]:
        """Fetch files into a folder that other tools read: a data package (`spec/v1/transport.md`, a folder of files).

        Whatever the vendor calls a file, it lies in the folder, under a name of its own. Call again to go on after a
        fault: what is there already is not fetched again.

        Args:
            files: Of `files`, or of messages of the vendor's.
            folder: Where to; it is made if need be, for its owner alone.
            progress: Is told the name of a file, and how many bytes of it are here.

        Returns:
            Where the files are, in their order.

        Raises:
            UsageError, WrongFile, Problem, Unreachable, StoreError: As `fetch`. The files before it are there.
        """
        named = [each if isinstance(each, Named) else self._fetching.naming(each) for each in files]
        names, folder = paths(named), Path(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror or error}") from error
        for each, name in zip(named, names, strict=True):
            await self._fetching.fetch(each, folder / name, partial(progress, name))
        describe(folder, named, names, self._now())
        return [folder / name for name in names]

    async def erase(self, *, keep: Iterable[str] = ()) -> Erasure:
        """Erase what was said with this vendor from the wallet, by either side. The vendor is told nothing.

        Digests, receipts and the chain stay, and a tombstone in the place of each message: the relationship goes on. An
        order that goes on is kept. What was erased can be shown to nobody any more, nor handed back to the vendor.

        Args:
            keep: Ids of threads that are kept.

        Returns:
            What was erased, and which threads were kept.

        Raises:
            UsageError: There is no such thread, or something still waits for its place: `sync` first.
            StoreError: The store fails; nothing was erased.
        """
        found = await self._store.write(
            lambda rows: erase(
                rows, self._transactions.histories, self._transactions.peer(rows), self._now(), keep=keep
            )
        )
        return replace(found, scrubbed=await asyncio.to_thread(self._store.scrub))

    async def forget(self, vendor: str, *, export: str | Path | None = None) -> None:
        """Let all that the wallet holds of this relationship go, for good. The vendor is told nothing.

        So first withdraw what is to end, and check with `waiting` that it was answered. The vendor keeps what it holds.
        The key is never used again: `meet` begins another relationship, with another key.

        Args:
            vendor: The vendor's DID once more, so that nothing is forgotten by mistake.
            export: A folder to which what was decided is written before; absent: it is not.

        Raises:
            UsageError: It is another vendor's DID, or there is nothing that could be exported. Nothing is forgotten.
            StoreError: The export or the store cannot be written. Nothing is forgotten.
        """
        if vendor != self.vendor:
            raise UsageError(f"this is the relationship with {self.vendor}; nothing was forgotten")
        peer = self._store.read(self._transactions.peer)
        await asyncio.to_thread(forget, self._store, peer, folder=export)
