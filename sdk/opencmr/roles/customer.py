"""The customer's face: a wallet, a personal agent. No server is needed: a customer is a key file and a store."""

import asyncio
import inspect
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from .. import trust
from .._telemetry import observe
from ..errors import OpenCMRError, Unreachable, UsageError
from ..messages import consent, intent, terms
from ..messages.personal import Datum
from ..messages.types import MOST_TEXT, Channel, Code, Party, Ref, TermsRef
from ..protocol import instant
from ..protocol.families.consent import Consent, in_words
from ..store import KeyFile, Peer, Rows, Store, beside
from ..transport import Network
from .correspondence import Clock, Correspondence, quiet
from .forgetting import forget
from .given import listed, made, seconds, told
from .handles import AgreementInHand, Casting, ConsentInHand
from .ledger import Ledger
from .pen import Deadline, Draft, Pen, deadline
from .policy import Policy, references
from .polling import Poller, Polling
from .quota import DEFAULT, Quota
from .sender import Retry, Sender


class Relationship(Correspondence):
    """A customer's relationship with one vendor. `Customer.meet` begins it."""

    policy: Policy = Policy()

    async def proffer(
        self,
        *choices: str | TermsRef,
        scope: Ref | None = None,
        answer_by: Deadline = timedelta(days=30),
        note: str | None = None,
    ) -> AgreementInHand:
        """Proffer terms, in order of preference; the vendor accepts, counters once, or declines.

        A counter is taken, or put to whoever is to be asked, as the customer's policy says.

        Args:
            choices: Roster codes, or references; absent: those of the policy.
            scope: The message whose data the terms are for; absent: the whole relationship.
            answer_by: Until when the vendor can accept or counter them, exclusive.
            note: Words for people.
        """
        body = made(
            terms.Proffer,
            choices=references(choices) if choices else self.policy.choices(),
            scope=scope,
            answer_by=deadline(answer_by, self.now()),
            note=note,
        )
        agreement = AgreementInHand(self, await self.say(body))
        if agreement.state == "countered":
            await self._weigh(agreement)
        return agreement

    async def grant(
        self,
        *,
        purpose: str | Sequence[str],
        data: Sequence[str],
        until: Deadline,
        actions: Sequence[str] = ("dpv:Processing",),
        channels: Sequence[Channel] | None = None,
        topics: Sequence[Code] | None = None,
        recipients: Sequence[Party] | None = None,
        discloses: Sequence[Datum] | None = None,
        statement: str | None = None,
    ) -> ConsentInHand:
        """Give a consent that nobody asked for.

        Args:
            purpose: What for: a DPV purpose, or several.
            data: Which data.
            until: Until when, exclusive.
            actions: What may be done. Tracking, profiling, sharing and transfer must be named.
            channels: Over which channels the customer may be reached; absent: no matter which.
            topics: What the words may be about; absent: anything.
            recipients: Who else may process it; absent: the vendor and its processors.
            discloses: Data that goes with it, such as the address for a newsletter; each at or below `data`.
            statement: The customer's own words; absent: a plain sentence that says the same.

        Raises:
            UsageError: The statement is too long.
        """
        last = deadline(until, self.now())
        item = made(
            consent.GrantItem,
            key="1",
            purposes=[purpose] if isinstance(purpose, str) else listed("purpose", purpose),
            data=listed("data", data),
            actions=listed("actions", actions),
            channels=listed("channels", channels) if channels else None,
            topics=listed("topics", topics) if topics else None,
            recipients=listed("recipients", recipients) if recipients else None,
        )
        words: Any = statement or in_words(item, last)
        if isinstance(words, str) and len(words) > MOST_TEXT:
            raise UsageError(f"the statement has {len(words)} characters, {MOST_TEXT} at most; say one: statement=…")
        given = made(
            consent.Grant,
            items=[item],
            until=last,
            statement=words,
            discloses=listed("discloses", discloses) if discloses else None,
        )
        return ConsentInHand(self, await self.say(given))

    def requests(self) -> list[ConsentInHand]:
        """The consents that the vendor asks for and that have not been answered."""
        return [
            ConsentInHand(self, thread)
            for thread, record in self.records.items()
            if isinstance(record, Consent) and record.state == "requested"
        ]

    def consents(self) -> list[ConsentInHand]:
        """All consents, in any state."""
        return [ConsentInHand(self, thread) for thread, record in self.records.items() if isinstance(record, Consent)]

    async def forget(self, vendor: str, *, export: str | Path | None = None) -> None:
        """Let all that the wallet holds of this relationship go, for good. The vendor is told nothing.

        So take back first what is to be taken back, and see with `waiting` that it was answered. What the vendor holds,
        it goes on to hold. The key is never used again: `meet` begins another relationship, with another key.

        Args:
            vendor: The vendor's DID once more, so that nothing is forgotten by mistake.
            export: A folder to which what was decided is written before; absent: it is not.

        Raises:
            UsageError: It is another vendor's DID, or there is nothing that could be exported. Nothing is forgotten.
            StoreError: The export or the store cannot be written. Nothing is forgotten.
        """
        if vendor != self.vendor:
            raise UsageError(f"this is the relationship with {self.vendor}; nothing was forgotten")
        peer = self._store.read(self._wallet.peer)
        await asyncio.to_thread(forget, self._store, peer, folder=export)

    async def _weigh(self, agreement: AgreementInHand) -> None:
        counter = agreement.record.counter
        if counter is None:
            return
        digest, document = counter
        if self.policy.knows(digest):
            await agreement.accept()
        elif self.policy.ask is not None:
            answer = self.policy.ask(self.vendor, document)
            if await answer if inspect.isawaitable(answer) else answer:
                await agreement.accept()
            else:
                await agreement.decline()


class Customer:
    """A customer, who manages their relationships. Use `Customer.open`, as an async context manager.

    Every vendor sees another key. Keys do not join what content and network addresses still can.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyFile,
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
        self._ledger = Ledger()
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
            passphrase: Seals the key file.
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
            from ..transport.client import HttpNetwork

            network = HttpNetwork()
        file = KeyFile(keys if keys is not None else beside(path), passphrase)
        return cls(Store(path), file, network, policy or Policy(), clock, retry, quota, polling)

    async def meet(self, vendor: str) -> Relationship:
        """Begin a relationship with a vendor: a fresh key, and the vendor's keys pinned as they are now.

        A relationship that there is already is found again, with the keys that were pinned when it began. Nothing is
        held while the vendor is looked up: a slow one delays no other.

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
        self._keys.add(key.did, key)
        opened = instant(self._clock())

        def begin(rows: Rows) -> Peer:
            if there := rows.peers_of(vendor):  # met meanwhile, here or in another process: the fresh key goes unused
                return there[0]
            return rows.add_peer(key.did, vendor, opened=opened, pinned=found.keys, endpoint=found.endpoint)

        return self._relationship(await self._store.write(begin))

    def relationships(self) -> list[Relationship]:
        """All relationships, oldest first."""
        return [self._relationship(peer) for peer in self._store.read(lambda rows: list(rows.peers()))]

    async def cast(
        self, wish: intent.Cast | Draft, to: "Relationship | Iterable[Relationship]", *, expires: Deadline | None = None
    ) -> Casting:
        """Cast an intent to vendors of one's choosing, all at once: a thread, a key, an id and a time for each.

        Args:
            wish: What is wanted, and the customer's own terms for it.
            to: The relationships, or one.
            expires: By when a vendor must have received it; absent: a week. Until when it stands says `wish.until`.

        Raises:
            UsageError: No vendor is named.
            ExceptionGroup: Some vendor could not be reached or refused; with those that took it, the intent stands.
        """
        draft = wish if isinstance(wish, Draft) else Draft(wish, expires)
        named = [to] if isinstance(to, Relationship) else listed("to", to)
        if strangers := [one for one in named if not isinstance(one, Relationship)]:
            raise UsageError(f"an intent is cast to relationships, see `meet`, not to {told(strangers[0])}")
        vendors = list(dict.fromkeys(named))
        if not vendors:
            raise UsageError("an intent is cast to somebody")
        said = await asyncio.gather(*(vendor.say(draft) for vendor in vendors), return_exceptions=True)
        threads: dict[Correspondence, str] = {
            vendor: thread for vendor, thread in zip(vendors, said, strict=True) if isinstance(thread, str)
        }
        faults = [fault for fault in said if isinstance(fault, Exception)]
        if not threads:
            raise faults[0] if len(faults) == 1 else ExceptionGroup("no vendor took the intent", faults)
        quiet(list(said))
        return Casting(threads)

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
            pen = Pen(peer.me, self._keys.get(peer.me), trust.key_url(peer.me))
            relationship = Relationship(self._store, pen, peer, self._network, self._ledger, self._clock, self._quota)
            relationship.policy = self.policy
            relationship.on_waiting = lambda asked: self._wake(relationship, asked)
            self._known[peer.number] = relationship
        return self._known[peer.number]
