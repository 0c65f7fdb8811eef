"""`Customer`, the entry point for wallets and personal agents: a key file and a store, and no server."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ... import trust
from ..._telemetry import observe
from ...errors import OpenCMRError, Unreachable
from ...protocol import instant
from ...store import KeyFile, Peer, Rows, Store, beside
from ...transport import Network
from ..party.given import seconds
from ..party.histories import Histories
from .backup import next_to
from .in_hand.intent import CastsIntents
from .keyring import Keyring
from .messaging import Clock, quiet
from .policy import Policy
from .polling import Poller, Polling
from .quota import DEFAULT, Quota
from .relationship import Relationship
from .sending import Retry, Sender


class Customer(CastsIntents):
    """A customer, who manages their relationships. Use `Customer.open`, as an async context manager.

    Every vendor sees a different key. So vendors cannot join their records by key; by content or network address they
    still might.
    """

    def __init__(
        self,
        store: Store,
        keys: Keyring,
        network: Network,
        policy: Policy,
        clock: Clock,
        retry: Retry | None = None,
        quota: Quota = DEFAULT,
        polling: Polling | None = None,
    ) -> None:
        self.policy = policy
        self._store = store
        self._keys = keys
        self._network = network
        self._clock = clock
        self._histories = Histories()
        self._known: dict[int, Relationship] = {}
        observe("opencmr.outbox.pending", self, lambda customer: customer._store.read(Rows.unanswered))
        self._retry = retry
        self._sender: Sender | None = None
        self._quota = quota
        self._polling = polling
        self._poller: Poller | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        keys: str | Path | None = None,
        next_keys: str | Path | None = None,
        passphrase: str | None = None,
        policy: Policy | None = None,
        network: Network | None = None,
        retry: Retry | None = None,
        quota: Quota = DEFAULT,
        polling: Polling | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> Self:
        """Open a customer's store, or begin one.

        Several processes on one machine may have it open. Two copies, as on two devices, are two wallets: each wants
        keys and relationships of its own.

        Args:
            path: A file.
            keys: The key file; absent: beside the store, with the ending `.keys`. Its mode is 0600.
            next_keys: The file of the next keys, which may lie elsewhere: it is opened when a relationship is opened or
                moved. Absent: beside the key file, with the ending `.next`. Its mode is 0600.
            passphrase: Seals the key files.
            policy: Standing choices about terms.
            network: How vendors are reached; absent: HTTP.
            retry: Send by itself what waits, within `async with`: `Retry()`. Absent: `sync` sends it.
            quota: How much each vendor may leave in it.
            polling: Ask for mail by itself, within `async with`: `Polling()`. Absent: `sync` and `collect` do, and who
                waits for something.
            clock: The time; for tests.

        Raises:
            KeyFileError, StoreError, UsageError: It cannot be opened.
        """
        if network is None:
            from ...transport.client import HttpNetwork

            network = HttpNetwork()
        file = KeyFile(keys if keys is not None else beside(path), passphrase)
        ring = Keyring(file, Path(next_keys) if next_keys is not None else next_to(file.path), passphrase)
        return cls(Store(path), ring, network, policy or Policy(), clock, retry, quota, polling)

    async def meet(self, vendor: str) -> Relationship:
        """Begin a relationship with a vendor: a fresh key, and the vendor's keys pinned as they are now.

        An existing relationship is found again, with the keys that were pinned when it began. No lock is held while the
        vendor is looked up, so a slow one delays no other.

        Args:
            vendor: The vendor's `did:web`.

        Raises:
            UsageError: Not a `did:web`.
            Unreachable: The vendor does not answer, or not in OpenCMR.
            Problem: What it publishes is not what it must be.
        """
        trust.web_urls(vendor)  # anything else could not even be looked up in the store
        known = self._store.read(lambda rows: rows.peers_of(vendor))
        if known:
            return self._relationship(known[0])
        found = await self._network.find(vendor)
        if known := self._store.read(lambda rows: rows.peers_of(vendor)):
            return self._relationship(known[0])
        key = trust.SigningKey.generate()
        self._keys.current.add(key.did, key)
        opened = instant(self._clock())

        def begin(rows: Rows) -> Peer:
            if there := rows.peers_of(vendor):  # met meanwhile, here or in another process: the fresh key goes unused
                return there[0]
            return rows.add_peer(key.did, vendor, opened=opened, pinned=found.keys, endpoint=found.endpoint)

        return self._relationship(await self._store.write(begin))

    def relationships(self) -> list[Relationship]:
        """All relationships, oldest first."""
        return [self._relationship(peer) for peer in self._store.read(lambda rows: list(rows.peers()))]

    async def sync(self, *, within: float = 60.0) -> dict[str, OpenCMRError]:
        """Send and collect what waits, with all vendors; one that fails, floods or hangs does not keep the others.

        Args:
            within: Seconds after which a vendor that has not come to an end is left until the next time.

        Returns:
            The DIDs of the vendors that could not be dealt with, and why: `Unreachable`, `QuotaExceeded`, a `Problem`;
            a `StoreError` where what is kept of one is damaged. Nothing is lost by it.
        """
        seconds("within", within)
        ones = self.relationships()
        found = await asyncio.gather(*(self._sync(one, within) for one in ones), return_exceptions=True)
        quiet(found)
        for fault in found:
            if isinstance(fault, BaseException) and not isinstance(fault, OpenCMRError):
                raise fault
        return {one.vendor: why for one, why in zip(ones, found, strict=True) if isinstance(why, OpenCMRError)}

    async def _sync(self, one: Relationship, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await one.sync()
        except TimeoutError as error:
            raise Unreachable(f"{one.vendor} has not come to an end within {within:g} seconds") from error

    async def close(self) -> None:
        """Close the store and the connections."""
        if self._sender is not None:
            await self._sender.close()
            self._sender = None
        if self._poller is not None:
            await self._poller.close()
            self._poller = None
        await self._network.close()
        await asyncio.to_thread(self._store.close)

    async def __aenter__(self) -> Self:
        if self._retry is not None:
            self._sender = Sender(self._retry)
            for one in self.relationships():
                self._sender.wake(one)
        if self._polling is not None:
            self._poller = Poller(self._polling, self.relationships)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _wake(self, relationship: Relationship, asked: int) -> None:
        if self._sender is not None:
            self._sender.wake(relationship, asked)

    def _relationship(self, peer: Peer) -> Relationship:
        if peer.number not in self._known:
            self._keys.signer(peer.me)
            relationship = Relationship(
                self._store, self._keys, peer, self._network, self._histories, self._clock, self._quota
            )
            relationship.policy = self.policy
            relationship.on_waiting = lambda asked: self._wake(relationship, asked)
            self._known[peer.number] = relationship
        return self._known[peer.number]
