"""A vendor erases what a customer has said, and what it has said to them (`spec/v1/sequence.md`, erasing).

The answer and the tombstones are one transaction. What of it still stands in the database's files, in free pages or in
a journal, is scrubbed afterwards; where that fails, or the process ends meanwhile, it is done later: it is noted.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from ..._log import log_failure, tell
from ...errors import StoreError, UsageError
from ...store import Files, Rows, Store
from ..party.erasing import Erasure, erase, named_by
from ..party.signing import Draft
from .transaction import Transactions

AGAIN = 3600.0
"""Seconds after which somebody looks again whether something is to be scrubbed, and which files nobody names."""

_log = logging.getLogger("opencmr.vendor")


class Said(NamedTuple):
    """What is said with an erasure.

    Attributes:
        draft: It.
        thread: The thread that it goes on.
    """

    draft: Draft
    thread: str


class Erasing:
    """Erases in the relationships of one vendor.

    Args:
        store: Where they are.
        transactions: What reads and writes them.
        files: The vendor's files; asked for anew each time.
        now: The time.
    """

    def __init__(
        self,
        store: Store,
        transactions: Transactions,
        files: Callable[[], Files | None],
        now: Callable[[], str],
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._files = files
        self._now = now

    async def erase(self, customer: str, said: Said | None, keep: Iterable[str]) -> Erasure:
        """Erase what was said with a customer; see `Vendor.erase`.

        Raises:
            UsageError: No such customer, the thread does not allow the answer, or something still waits for its place.
            StoreError: The store fails; nothing was erased.
        """
        threads = frozenset(keep)
        found = await self._store.write(lambda rows: self._erase(rows, customer, said, threads))
        if (files := self._files()) is not None:
            for digest in found.files:
                await asyncio.to_thread(files.remove, digest)
        scrubbed = await asyncio.to_thread(self._store.scrub)
        tell(_log, logging.INFO, "relationship.erased", count=len(found.erased))
        return replace(found, scrubbed=scrubbed)

    def _erase(self, rows: Rows, customer: str, said: Said | None, keep: frozenset[str]) -> Erasure:
        me, now = self._transactions.keys.did, self._now()
        spare = []
        if said is not None:
            spare.append(self._transactions.say(rows, customer, said.draft, said.thread, now).digest)
        peer = rows.peer(me, customer)
        if peer is None:
            raise UsageError(f"no relationship with {customer}")
        return erase(rows, self._transactions.histories, peer, now, keep=keep, spare=spare)

    async def run(self) -> None:
        """Scrub what was left to be, and let go of files that nobody names, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._tidy)
            except StoreError as error:
                log_failure(_log, "store.failed", error)
            await asyncio.sleep(AGAIN)

    def _tidy(self) -> None:
        self._store.scrub()
        if (files := self._files()) is not None:
            files.prune(self._store.read(_named_files))


def _named_files(rows: Rows) -> set[str]:
    found: set[str] = set()
    for peer in rows.peers():
        for kept in rows.everything(peer.number):
            found |= named_by(kept)
    return found
