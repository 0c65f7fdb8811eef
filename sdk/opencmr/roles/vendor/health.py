"""Health of a vendor: the answers for a load balancer and a supervisor."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ..._log import tell
from ...errors import StoreError
from ...protocol import instant
from ...store import Store

Reason = Literal["stopping", "keys-missing", "store-unreadable", "store-unwritable", "store-slow"]
"""Why a vendor is not ready; nothing more is told to whoever asks."""

FRESH = 1.0
"""Seconds for which an answer holds: however often it is asked, the store is tried once in that time."""
STORE_WITHIN = 5.0
"""Seconds in which the store has to answer."""
_NOBODY = 0
"""No relationship has this number."""

_log = logging.getLogger("opencmr.vendor")


class Health:
    """Whether a vendor is ready to receive.

    Args:
        store: Its store.
        did: Its DID.
        keys: Its key file.
        clock: The time.

    Attributes:
        store: Its store.
        keys: Its key file.
    """

    def __init__(self, store: Store, did: str, keys: Path, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.keys = keys
        self._did = did
        self._clock = clock
        self._stopping = False
        self._known: Reason | None = None
        self._until = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Be no longer ready, whatever else: the vendor is about to close."""
        self._stopping = True

    async def ready(self) -> Reason | None:
        """Why the vendor is not ready; none where it is.

        The store is read, and one row is written and committed, so that a full disk, a lost database or a writer that
        hangs are noticed. The answer holds for a second, and those who ask at once share one.
        """
        loop = asyncio.get_running_loop()
        if loop.time() >= self._until and not self._stopping:
            if self._asking is None or self._asking.done():
                self._asking = loop.create_task(self._ask())
            await asyncio.shield(self._asking)
        return "stopping" if self._stopping else self._known

    def asgi(self) -> Any:
        """An ASGI application that answers `/healthz` and `/readyz`: for a port that customers do not reach."""
        from ...transport.probes import application

        return application(self)

    async def _ask(self) -> None:
        found = await self._look()
        if found != self._known:
            level = logging.INFO if found is None else logging.ERROR
            tell(_log, level, "readiness.changed", outcome="ready" if found is None else "unready", code=found)
        self._known, self._until = found, asyncio.get_running_loop().time() + FRESH

    async def _look(self) -> Reason | None:
        if not self.keys.is_file():  # this process has its key in memory, but the next one could not start
            return "keys-missing"
        try:
            async with asyncio.timeout(STORE_WITHIN):
                await asyncio.to_thread(self.store.read, lambda rows: rows.peer(self._did, self._did))
                try:
                    await self._write()
                except StoreError:
                    return "store-unwritable"
        except TimeoutError:
            return "store-slow"
        except StoreError:
            return "store-unreadable"
        return None

    async def _write(self) -> None:
        """Write one row, the same again and again, by the way that messages take."""
        now = self._clock()
        at, later = instant(now), instant(now + timedelta(milliseconds=1))
        await self.store.write(lambda rows: rows.use_collect(_NOBODY, "readiness", until=at, now=later))
