"""Admission of unknown senders: how many newcomers of one address, and how many bytes of all together."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import OverQuota
from ...messages import Message
from ...protocol import is_narrowing, is_passing
from ...store import Peer, Store
from ...transport.limits import Gate

FRESH = 10.0
"""Seconds for which a count of the store is used; what this process adds meanwhile is added to it."""
COME_AGAIN = 3600
"""Seconds after which there may be room again: by then something has been forgotten."""


class Admission:
    """Bounds the relationships of one vendor of which nothing came.

    Their bytes are counted by the store, so that the count is right for all processes on it; it is looked up seldom.

    Args:
        store: The vendor's.
        me: The vendor's DID.
        gate: The limits.
        clock: Seconds, never going back; for tests.
    """

    def __init__(self, store: Store, me: str, gate: Gate, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._me = me
        self._gate = gate
        self._clock = clock
        self._taken = 0
        self._until = float("-inf")
        self._counting = asyncio.Lock()

    async def check(self, message: Message[Any], peer: Peer | None, address: str | None) -> None:
        """See whether there is room for a message whose signature has held.

        A no is admitted whatever others take, and so is a message by which a relationship comes to something. Beginning
        a relationship is limited by the rate of newcomers of an address; one that begins with a no has a rate of its
        own. This is no quota: the same bytes are taken after `Retry-After`.

        Args:
            message: It.
            peer: The relationship, as far as there is one.
            address: The network address that it came from, where that is known.

        Raises:
            OverQuota: There is none, or it has to come later.
        """
        narrowing = is_narrowing(message.type, "customer")
        if peer is not None and (peer.kept or not is_passing(message.type, "customer")):
            return
        if not narrowing and await self._full():
            raise OverQuota("too much is kept here of those who only asked", retry_after=COME_AGAIN)
        if peer is None:
            self._gate.charge_newcomer(address, narrowing=narrowing)

    async def check_hand_back(self, words: Sequence[Message[Any]], peer: Peer | None) -> None:
        """See whether there is room for words that a customer hands back: what was forgotten counts again.

        Args:
            words: The customer's and ours, as far as they are entries.
            peer: The relationship, as far as there is one.

        Raises:
            OverQuota: There is none, and nothing has come of what they hand back.
        """
        nothing = (peer is None or not peer.kept) and all(is_passing(word.type, word.side) for word in words)
        if nothing and await self._full():
            raise OverQuota("too much is kept here of those who only asked", retry_after=COME_AGAIN)

    def add(self, size: int) -> None:
        """Count what was just kept of somebody of whom nothing has come."""
        self._taken += size

    async def _full(self) -> bool:
        if self._clock() >= self._until:
            async with self._counting:
                if self._clock() >= self._until:
                    self._taken = await asyncio.to_thread(self._store.read, lambda rows: rows.passing_bytes(self._me))
                    self._until = self._clock() + FRESH
        return self._taken >= self._gate.limits.strangers
