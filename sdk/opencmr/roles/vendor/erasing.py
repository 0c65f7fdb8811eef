"""A vendor erases what a customer has said, and what it has said to them (`spec/v1/sequence.md`, erasing).

The answer and the tombstones are one transaction. What of it still stands in the database's files, in free pages or in
a journal, is scrubbed afterwards; where that fails, or the process ends meanwhile, it is done later: it is noted.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from ..._log import log_failure, tell
from ...errors import StoreError, UsageError
from ...messages.types import Digest, Term
from ...protocol.erasure import to_be_kept
from ...store import Files, Rows, Store
from ..party.erasing import Erasure, erase, files_named, remove_files, terms_of
from ..party.signing import Draft
from .transaction import Transactions

AGAIN = 3600.0
"""Seconds after which somebody looks again whether something is to be scrubbed."""
DAILY = 86_400.0
"""Seconds after which somebody looks which files nobody names: all messages are read for it."""

_log = logging.getLogger("opencmr.vendor")


class Said(NamedTuple):
    """What is said with an erasure.

    Attributes:
        draft: It, of the terms of the personal data that is kept.
        thread: The thread that it goes on.
    """

    draft: Callable[[frozenset[Term]], Draft]
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
            await asyncio.to_thread(remove_files, self._store, files, found)
        scrubbed = await asyncio.to_thread(self._store.scrub)
        tell(_log, logging.INFO, "relationship.erased", count=len(found.erased))
        return replace(found, scrubbed=scrubbed)

    def _erase(self, rows: Rows, customer: str, said: Said | None, keep: frozenset[str]) -> Erasure:
        me, now = self._transactions.keys.did, self._now()
        histories, spare = self._transactions.histories, list[Digest]()
        peer = self._transactions.relationship(rows, customer)
        if peer is None:
            raise UsageError(f"no relationship with {customer}")
        if said is not None:
            history = histories.history(rows, peer)
            draft = said.draft(terms_of(history, to_be_kept(history, now, keep)))
            spare.append(self._transactions.say(rows, customer, draft, said.thread, now).digest)
            peer = rows.peer(me, peer.peer) or peer
        return erase(rows, histories, peer, now, keep=keep, spare=spare)

    async def run(self) -> None:
        """Scrub what was left to be, and let go of files that nobody names, until cancelled."""
        looked = float("-inf")
        while True:
            try:
                await asyncio.to_thread(self._store.scrub)
                if time.monotonic() - looked >= DAILY:
                    looked = time.monotonic()
                    await asyncio.to_thread(self.prune)
            except StoreError as error:
                log_failure(_log, "store.failed", error)
            await asyncio.sleep(AGAIN)

    def prune(self) -> None:
        """Let go of files that nobody names any more, as after a crash. Not for the event loop's thread."""
        if (files := self._files()) is not None:
            files.prune(files_named(self._store))
