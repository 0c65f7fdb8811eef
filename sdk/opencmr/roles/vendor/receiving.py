"""Receiving of a message, from its bytes to the signed receipt (`spec/v1/receiving.md`).

The docstring of the package, `opencmr.roles.vendor`, shows the whole way from the socket on, and where it can wait.

     1      size and shape                       `parse`
     2      already known? the same answer       `Transactions.known`
     3- 7   addressee, envelope, key, signature, body     `verify`
            is there room for it                 `Gate`, `Admission`
            what its handler replies             `Handlers`
     8-11   its place, its time, its effect, stored with receipt and replies     `Transactions.receive`
            whoever waits for mail is woken; what is to follow begins

Nothing is stored before the last step, and then all of it at once: whatever fails leaves nothing behind.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from ..._log import tell
from ...errors import Problem, UsageError
from ...messages import Message
from ...protocol import Verified, is_narrowing, parse, verify
from ...protocol.speakers import forerunner
from ...store import Peer, Store
from ...transport.limits import Gate
from ..party.signing import Draft
from .acceptance import Acceptance
from .admission import Admission
from .handlers import Handlers
from .mailbox import Mailbox
from .messaging import Face
from .relationship import Relationship
from .telemetry import turn
from .transaction import Received, Transactions

_log = logging.getLogger("opencmr.vendor")


class Receiving:
    """Receives the messages of one vendor's customers.

    Args:
        vendor: Whose relationships handlers get.
        store: Where what is said is kept.
        transactions: What is done inside a transaction of it.
        gate: What may come in.
        admission: Who is let in.
        handlers: What replies.
        acceptance: The terms that an offer may stand under.
        mailbox: Who waits for mail.
        now: The time.
    """

    def __init__(
        self,
        vendor: Face,
        store: Store,
        transactions: Transactions,
        *,
        gate: Gate,
        admission: Admission,
        handlers: Handlers[Relationship],
        acceptance: Acceptance,
        mailbox: Mailbox,
        now: Callable[[], str],
    ) -> None:
        self._vendor = vendor
        self._me = transactions.keys.did
        self._store = store
        self._transactions = transactions
        self._gate = gate
        self._admission = admission
        self._handlers = handlers
        self._acceptance = acceptance
        self._mailbox = mailbox
        self._now = now
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def receive(self, raw: bytes, address: str | None) -> list[bytes]:
        """Receive a message; see `Vendor.receive`.

        Raises:
            Problem: To be answered unsigned; nothing was stored.
            StoreError: The store fails.
        """
        parsed = parse(raw)
        try:
            verified = verify(parsed, me=self._me, pinned={}, types=self._transactions.speaks)
        except Problem:
            # Check 2 comes before checks 3 to 7: bytes that are known already get their old answer, whatever is wrong
            # with them now. For bytes that pass, `_received` makes check 2.
            if (known := self._known(parsed.sender, parsed.id, parsed.digest)[1]) is None:
                raise
            return known
        return await self._received(verified, address)

    async def keep(self, verified: Verified, replies: list[Draft]) -> Received:
        """Keep a message with its receipt and the replies to it, or nothing at all.

        Raises:
            HandlerFailed: A reply is not what the thread allows.
            Problem: One that may come good.
        """
        try:
            return await self._store.write(
                lambda rows: self._transactions.receive(rows, verified, replies, self._now()),
                about=(self._me, verified.message.from_),
            )
        except UsageError as error:
            raise self._handlers.misspoke(verified.message, error) from error

    def _known(self, sender: str, id_: str, digest: str) -> tuple[Peer | None, list[bytes] | None]:
        """Check 2: the sender's relationship, and what was answered to these bytes; none where they are new.

        Raises:
            Conflict: The sender has used this id for other bytes.
            Behind: Their receipt follows later.
        """
        known, peer = self._store.read(
            lambda rows: (
                self._transactions.known(rows, sender, id_, digest),
                self._transactions.relationship(rows, sender),
            )
        )
        if known is not None and known.behind is not None:
            raise known.behind
        return peer, known.answers if known is not None else None

    async def _received(self, verified: Verified, address: str | None) -> list[bytes]:
        message = verified.message
        peer, known = self._known(message.from_, message.id, verified.digest)
        if known is not None:
            return known  # charged to nobody: whoever has copied these bytes uses up nothing of their sender's
        if peer is None or peer.peer != message.from_ or forerunner(message) is not None:
            peer = self._store.read(lambda rows: self._transactions.speaker(rows, message))
        narrowing = is_narrowing(message.type, "customer")
        self._gate.charge_key(message.from_, narrowing=narrowing)
        self._gate.charge_volume(address, len(verified.raw), narrowing=narrowing)
        await self._admission.check(message, peer, address)
        if narrowing:  # waits for no handler, not even for that of another message
            received = await self.keep(verified, [])
        else:
            with self._gate.work_by_key.place(message.from_):
                async with turn(self._locks.setdefault(message.from_, asyncio.Lock())):
                    received = await self.keep(verified, await self._replies(verified))
        self._mailbox.ring(message.from_)
        if peer is not None and peer.peer != message.from_:
            self._mailbox.ring(peer.peer)  # who waits there waits for nothing any more
        if peer is None or not peer.kept:
            self._admission.add(sum(map(len, (verified.raw, *received.answers))))
        if received.behind is not None:
            raise received.behind
        if received.outcome == "accepted":
            relationship = Relationship(self._vendor, message.from_)
            self._handlers.begin(message, relationship, partial(self._go_on, message))
        return received.answers

    async def _replies(self, verified: Verified) -> list[Draft]:
        message = verified.message
        if not self._handlers.waits_for(message.type):
            return []
        now = self._now()
        preview = self._store.read(lambda rows: self._transactions.preview(rows, verified, now))
        if preview.outcome != "accepted":
            return []
        drafts = await self._handlers.replies(message, Relationship(self._vendor, message.from_))
        if unmade := [draft for draft in drafts if not self._acceptance.stands_by(draft.body)]:
            # They stand under terms that are not accepted here.
            tell(_log, logging.WARNING, "offers.unmade", message_id=message.id, count=len(unmade))
        return [draft for draft in drafts if draft not in unmade]

    async def _go_on(self, message: Message[Any], draft: Draft) -> None:
        await self._vendor.say(message.from_, draft, message.thread)
