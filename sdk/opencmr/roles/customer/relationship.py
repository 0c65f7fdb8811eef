"""A customer's relationship with one vendor."""

import asyncio
from pathlib import Path

from ...errors import UsageError
from ..party.threads import Namespace
from .forgetting import forget
from .in_hand.consent import Consents
from .in_hand.intent import Dealings, Orders
from .in_hand.terms import Agreements
from .messaging import Messaging


class Relationship(Messaging):
    """A customer's relationship with one vendor. `Customer.meet` begins it.

    Attributes:
        agreements: The terms that were proffered, and `proffer`.
        consents: The consents, asked for or given, and `grant`.
        dealings: What the customer wished for, and what was offered. `Customer.cast` begins one.
        orders: The dealings that became orders.
    """

    agreements = Namespace(Agreements)
    consents = Namespace(Consents)
    dealings = Namespace(Dealings)
    orders = Namespace(Orders)

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
