"""`Vendor`, the entry point for shops, services and all who have customers."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, Unpack

from ... import trust
from ..._log import log_failure
from ..._telemetry import observe
from ...errors import Overloaded, StoreError, UsageError
from ...messages import Body, Message
from ...messages.types import Term, TermsRef
from ...protocol import Decision, History, instant
from ...store import Files, KeyFile, Rows, Store, beside
from ...transport import Outgoing
from ...transport.limits import Gate, Limits
from ..party.asking import Asked
from ..party.erasing import Erasure
from ..party.given import customers_did, setting
from ..party.histories import Histories
from ..party.signing import new_id
from .acceptance import TERMS_ARE_ASKED_FOR, Acceptance
from .admission import Admission
from .decisions import Decisions
from .erasing import Erasing, Said
from .fetching import Fetching
from .forgetting import KEPT_FOR, Forgetting, check_span
from .handlers import Handler, Handlers, Reply
from .health import Health
from .in_hand.relationship import IntroducesKeys
from .keys import Keys
from .mailbox import Mailbox
from .published import Published
from .receiving import Receiving
from .relationship import Relationship
from .steadiness import Steadiness
from .telemetry import measure_collect, measure_receive
from .transaction import Transactions

Registered = Handler[Relationship]
Clock = Callable[[], datetime]

_log = logging.getLogger("opencmr.vendor")
_EMPTY = History()


class Vendor(IntroducesKeys):
    """A vendor: receives, decides, answers, and keeps the same records as its customers.

    Use `Vendor.open`. Handlers are registered with `on`; a message type without a handler is taken, its receipt is
    given, and nothing is replied, but for `terms.proffer`, which `accepts` answers.
    """

    def __init__(
        self,
        store: Store,
        keys: Keys,
        *,
        acceptance: Acceptance,
        endpoint: str,
        handler_timeout: float,
        about: Mapping[str, Any],
        kept_for: timedelta | None,
        limits: Limits,
        clock: Clock,
        health: Health,
        files: Files | None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._histories = Histories(limits.memory)
        self._transactions = Transactions(keys, self._histories, limits.memory)
        self._decisions = Decisions(store, self._histories, keys.did, clock, limits.memory)
        self._acceptance = acceptance
        self._published = Published(keys, endpoint, about, kept_for)
        self._clock = clock
        self.health = health
        self._steadiness = Steadiness(clock)
        self._handlers: Handlers[Relationship] = Handlers(handler_timeout, acceptance.complete)
        self._handlers.answer(TERMS_ARE_ASKED_FOR, self._reply_to_proffer)
        self._gate = Gate(limits)
        self._admission = Admission(store, keys.did, self._gate)
        self._mailbox = Mailbox(store, self._transactions, keys, self._gate, self._admission, self.now)
        self._fetching = Fetching(store, files, keys.first, self._gate, self.now)
        self._erasing = Erasing(store, self._transactions, lambda: self._fetching.files, self.now)
        self._receiving = Receiving(
            self,
            store,
            self._transactions,
            gate=self._gate,
            admission=self._admission,
            handlers=self._handlers,
            acceptance=acceptance,
            mailbox=self._mailbox,
            now=self.now,
        )
        observe("opencmr.messages.held", self, lambda vendor: vendor._store.read(Rows.held))
        self._forgetting = Forgetting(store, self._histories, keys.did, kept_for, self.now) if kept_for else None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        did: str,
        accepts: Iterable[str] = (),
        counter: str | None = None,
        keys: str | Path | None = None,
        passphrase: str | None = None,
        endpoint: str | None = None,
        files: str | Path | None = None,
        firm_for: timedelta = timedelta(days=7),
        handler_timeout: float = 25.0,
        about: Mapping[str, Any] | None = None,
        kept_for: timedelta | None = KEPT_FOR,
        alone: bool = False,
        limits: Limits | None = None,
        clock: Clock = lambda: datetime.now(UTC),
        ids: Callable[[], str] = new_id,
    ) -> Self:
        """Open a vendor's store, or begin one.

        Args:
            path: A file for SQLite, or a database URL.
            did: The vendor's `did:web`. With a loopback host it is served over plain http, for trying out.
            accepts: Roster codes of the terms that are accepted, such as `SD-BASE`.
            counter: Roster code of the one alternative that is put to customers whose terms are not accepted.
                Absent: such terms are declined.
            keys: The key file; absent: beside the store, with the ending `.keys`. Its mode is 0600.
            passphrase: Seals the key file.
            endpoint: Where messages are received; absent: `/opencmr` on the DID's host.
            files: A folder for the files that messages name; absent: the vendor gives none.
            firm_for: How long an offer is firm whose handler does not say.
            handler_timeout: Seconds that a handler may take before the sender is told to try again.
            about: What discovery says besides: `categories`, `places`, `consents`, `tosUrl`.
            kept_for: After how long a relationship is forgotten that never came to anything, in whole days, counted
                from its last word; none: never. Discovery says it.
            alone: Keep other processes from writing to the store, which must be a file. `may` then need not look
                whether one has: it answers in a microsecond.
            limits: What is taken under load; absent: what lets any honest wallet through.
            clock: The time; for tests.
            ids: Where the ids of messages come from; absent: random. For tests that compare bytes.

        Raises:
            KeyFileError, StoreError, UsageError: It cannot be opened.
        """
        _, origin = trust.web_urls(did)
        setting("handler_timeout", handler_timeout)
        acceptance = Acceptance(accepts, counter, firm_for)
        check_span(kept_for)
        file = KeyFile(keys if keys is not None else beside(path), passphrase)
        url = file.names()[0] if file.names() else trust.key_url(did)
        if not url.startswith(did + "#"):
            raise UsageError(f"{file.path} holds keys of {url.partition('#')[0]}, not of {did}")
        if not file.names():
            file.add(url, trust.SigningKey.generate())
        store = Store(path, alone=alone)
        return cls(
            store,
            Keys.of(did, file, ids),
            acceptance=acceptance,
            endpoint=(endpoint or origin + "/opencmr").rstrip("/"),
            handler_timeout=handler_timeout,
            about=about or {},
            kept_for=kept_for,
            limits=limits or Limits(),
            clock=clock,
            health=Health(store, did, file.path, clock),
            files=Files(files) if files is not None else None,
        )

    # What users call

    @property
    def did(self) -> str:
        """The vendor's DID."""
        return self._keys.did

    @property
    def endpoint(self) -> str:
        """The URL at which messages are received."""
        return self._published.endpoint

    @property
    def files(self) -> Files:
        """The files that its messages name: `await shop.files.add("orders.json", media_type="application/json")`.

        What that gives can stand in a message; then its receiver may fetch the file.

        Raises:
            UsageError: The vendor was opened without a folder for them.
        """
        if self._fetching.files is None:
            raise UsageError("open the vendor with files=, a folder for what customers are to fetch")
        return self._fetching.files

    def on(self, message_type: type[Body]) -> Callable[[Registered], Registered]:
        """Register what answers a message type: `@shop.on(intent.Cast)`.

        The handler gets the message and the relationship. It returns or yields bodies, or `Draft`s that say more of
        the envelope; plain functions, coroutines and generators of both kinds will do. They are said in the message's
        thread, in one transaction with it: a handler that raises leaves nothing behind, and the sender may try again,
        so it may run more than once for one message (`message.id` tells). A narrowing message, such as a withdrawal,
        never waits for its handler: that runs as if registered with `after`.

        Raises:
            UsageError: No such type.
        """
        return self._registering(message_type, self._handlers.answer)

    def after(self, message_type: type[Body]) -> Callable[[Registered], Registered]:
        """Register what is to be done once a message has taken effect: `@shop.after(order.Disclose)`.

        It runs once, beside everything else, when message, receipt and replies are durable; what it replies waits in
        the customer's mailbox. It fires for what customers say, whatever was replied: after a `terms.Proffer`, look
        whether `relationship.agreements[message.thread]` is active. A failure is logged and changes nothing. A handler
        that a crash cut off is not run again: find out from the records what is still to be done.

        Raises:
            UsageError: No such type.
        """
        return self._registering(message_type, self._handlers.follow)

    def accept(self, *codes: str, counter: str | None = None) -> None:
        """Accept these terms of the roster from now on, and no others; put `counter` to customers who proffer others.

        Raises:
            UsageError: A code is not on the roster.
        """
        self._acceptance.change(codes, counter)

    def acceptable(self, choices: Iterable[TermsRef]) -> TermsRef | None:
        """The first of a customer's terms that the vendor accepts: what an offer is made under.

        Terms that a message carries are never among them: whoever wants to accept such terms has read them, and
        registers a handler of their own. A vendor that was opened without `accepts` judges for itself: any will do.
        """
        return self._acceptance.first(choices)

    def may(self, customer: str | Relationship, **asked: Unpack[Asked]) -> Decision:
        """Whether the vendor may do this with a customer's data (`spec/v1/decisions.md`). Truthy only for `permit`.

        Args:
            customer: Whose data it is.
            asked: `action`, `purpose` and what else `opencmr.roles.Asked` has, by name.

        Returns:
            The answer. One that was worked out before is returned again for as long as it holds, with the `at` of then:
            nothing has been said since, by this process or another on the same store, and nothing has run out.

        Raises:
            UsageError: A term is not in the vocabulary, or `at` is no instant: it must have its offset from UTC.
        """
        return self._decisions.may(customers_did(customer), asked)

    def decide(self, customer: str, asked: Asked) -> Decision:
        """As `may`, with the customer's DID and what is asked in one: for a relationship, which has both."""
        return self._decisions.may(customer, asked)

    async def say(self, customer: str | Relationship, body: Reply, thread: str | None = None) -> str:
        """Say something of the vendor's own accord, such as a `consent.request`. It waits in the customer's mailbox.

        Args:
            customer: To whom.
            body: What; a `Draft` says more of the envelope.
            thread: The thread that it goes on; absent: it opens one.

        Returns:
            The thread's id.

        Raises:
            UsageError: No such customer, or the thread does not allow it.
        """
        did = customers_did(customer)
        draft = self._handlers.draft(body)
        if not self._acceptance.stands_by(draft.body):
            raise UsageError("making an offer accepts the terms that it stands under; these are not accepted here")
        said = await self._store.write(lambda rows: self._transactions.say(rows, did, draft, thread, self.now()))
        self._mailbox.ring(did)
        return said.message.thread

    async def erase(
        self,
        customer: str | Relationship,
        *,
        answer: Reply | Callable[[frozenset[Term]], Reply] | None = None,
        thread: str | None = None,
        keep: Iterable[str] = (),
    ) -> Erasure:
        """Erase what was said with a customer, by either side; say the answer to their request in the same transaction.

        Digests, receipts and the chain stay, and a tombstone in the place of each message. An order that goes on is
        kept, with what it rests on; so is who speaks. Afterwards `may` denies what the customer does not grant anew.

        Args:
            customer: Whose data it is.
            answer: What is said with it, such as a `data.Answer`; it stays. Or what makes it of the terms of the data
                that is kept, which it has to name.
            thread: The thread of their request, which the answer goes on.
            keep: Ids of threads that are kept besides, as the law obliges.

        Returns:
            What was erased, and which threads were kept.

        Raises:
            UsageError: No such customer or thread, the thread does not allow the answer, or something still waits for
                its place.
            StoreError: The store fails; nothing was erased or said.
        """
        did = customers_did(customer)
        if (answer is None) is not (thread is None):
            raise UsageError("an answer goes on the thread of its request: say both, or neither")
        said: Said | None = None
        if answer is not None and thread is not None:
            made = answer if callable(answer) else lambda _: answer
            said = Said(lambda terms: self._handlers.draft(made(terms)), thread)
        found = await self._erasing.erase(did, said, keep)
        self._mailbox.ring(did)
        return found

    def relationship(self, customer: str) -> Relationship:
        """The relationship with a customer."""
        return Relationship(self, customer)

    def relationships(self) -> list[Relationship]:
        """All relationships, oldest first."""
        peers = self._store.read(lambda rows: list(rows.peers()))
        return [Relationship(self, peer.peer) for peer in peers]

    def history(self, customer: str) -> History:
        """The threads with a customer, folded. Not to be changed."""

        def look(rows: Rows) -> History:
            peer = self._transactions.relationship(rows, customer)
            return self._histories.history(rows, peer) if peer else _EMPTY

        return self._store.read(look)

    def now(self) -> str:
        """The vendor's own time."""
        now = self._clock()
        self._steadiness.look(now)
        return instant(now)

    def asgi(self) -> Any:
        """The ASGI application: mount it anywhere ASGI runs, at the root of the DID's host."""
        from urllib.parse import urlsplit

        from ...transport.app import application

        return application(self, path=urlsplit(self.endpoint).path, gate=self._gate)

    @property
    def handler_timeout(self) -> float:
        """Seconds that a handler may take, and so a message may be at work."""
        return self._handlers.timeout

    def let_go(self) -> None:
        """Release the collects that wait, since the vendor will close. Work under way goes on."""
        self.health.stop()
        self._mailbox.let_go()

    async def close(self) -> None:
        """Release those who wait, give handlers a short while, write what is still to be written, close the store."""
        self.let_go()
        await self._handlers.close()
        await asyncio.to_thread(self._store.close)

    # What the transport calls

    def did_document(self) -> dict[str, Any]:
        """What `did.json` says."""
        return self._published.did_document()

    def discovery(self) -> dict[str, Any]:
        """What `/.well-known/opencmr` says."""
        return self._published.discovery(self._transactions.speaks, self._acceptance.codes)

    def myterms(self) -> dict[str, Any] | None:
        """What `/.well-known/myterms.json` says; none where no agreement is accepted."""
        return self._published.myterms(self.discovery(), self._clock())

    def knows(self, did: str) -> bool:
        """Whether this is a customer's DID. Nothing is proven by asking: the transport keeps the answer to itself."""
        with _keeping():
            return self._store.read(lambda rows: rows.peer(self.did, did)) is not None

    @measure_receive
    async def receive(self, raw: bytes, address: str | None = None) -> list[bytes]:
        """Receive a message: the eleven checks, its handler, and its effect.

        Args:
            raw: Its bytes.
            address: The network address that it came from, which may bring so many newcomers; absent: uncounted.

        Returns:
            Signed bytes: the receipt, then what the vendor says in reply.

        Raises:
            Problem: To be answered unsigned; nothing was stored.
        """
        with _keeping():
            return await self._receiving.receive(raw, address)

    @measure_collect
    async def collect(self, raw: bytes) -> tuple[list[bytes], bool]:
        """What waits for the sender of a signed `mailbox.collect`, and whether there is more.

        Raises:
            Problem: To be answered unsigned.
        """
        with _keeping():
            return await self._mailbox.collect(raw)

    async def take_back(self, words: list[bytes]) -> None:
        """Take back our own words from a customer: see `Mailbox.take_back`.

        Raises:
            Problem: To be answered unsigned; nothing was stored.
        """
        with _keeping():
            await self._mailbox.take_back(words)

    async def fetch(self, raw: bytes) -> Outgoing:
        """The file that a signed `blob.fetch` asks for, if it was named to its sender.

        Raises:
            Problem: To be answered unsigned.
        """
        with _keeping():
            return await self._fetching.fetch(raw)

    async def tend(self) -> None:
        """Do the vendor's upkeep until cancelled: forget relationships that came to nothing, scrub what was erased."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._erasing.run())
            if self._forgetting is not None:
                tasks.create_task(self._forgetting.run())

    # Inside

    def _registering(
        self, message_type: type[Body], keep: Callable[[str, Registered], None]
    ) -> Callable[[Registered], Registered]:
        type_ = getattr(message_type, "type", message_type)
        if not isinstance(type_, str) or type_ not in self._transactions.speaks:
            raise UsageError(f"{type_!r} is no message type that a vendor receives")

        def register(handler: Registered) -> Registered:
            keep(type_, handler)
            return handler

        return register

    def _reply_to_proffer(self, message: Message[Any], _: Relationship) -> Body:
        return self._acceptance.reply(message.body, self.now())


@contextmanager
def _keeping() -> Iterator[None]:
    """A store that fails is the receiver's fault, and may come good: nothing was stored, and the sender may retry."""
    try:
        yield
    except StoreError as error:
        log_failure(_log, "store.failed", error)
        raise Overloaded("the receiver cannot keep anything now; nothing was stored") from error
