"""Saying, sending and collecting in one relationship of a customer. A message is stored before it is sent."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Unpack

from ..._log import tell
from ...errors import Misconduct, Moved, Problem, QuotaExceeded, StoreError, Unreachable, UsageError
from ...messages import Body
from ...protocol import Decision, History, Question, Record, Thread, Verified, instant, is_narrowing
from ...store import Noticed, Peer, Store
from ...transport import Network
from ..party.asking import Asked, members
from ..party.given import told
from ..party.histories import Histories
from ..party.signing import Draft
from .collecting import Collecting
from .fetching import Fetching
from .keyring import Keyring
from .moving import move_under_way
from .outbox import Fault, Outbox, UnderAnotherKey
from .policy import Policy
from .quota import DEFAULT, Quota
from .transaction import WRONG, Transactions

Clock = Callable[[], datetime]

_log = logging.getLogger("opencmr.customer")


class Messaging:
    """Speaks with one vendor, under the key that belongs to this relationship alone.

    Attributes:
        vendor: The vendor's DID.
        keyring: The keys of the wallet.
        policy: The customer's standing choices.
        on_waiting: Is called when something said has to be sent again, with the seconds that the vendor asked for.
    """

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        peer: Peer,
        network: Network,
        histories: Histories,
        clock: Clock,
        quota: Quota = DEFAULT,
    ) -> None:
        self._me = peer.me
        self.vendor = peer.peer
        self.keyring = keyring
        self.policy = Policy()
        self._store = store
        self._transactions = Transactions(keyring.signer, peer.number, histories, quota)
        self._clock = clock
        endpoint = str(peer.endpoint)
        self._collecting = Collecting(store, self._transactions, network, endpoint, self.vendor, self._now)
        self._fetching = Fetching(store, self._transactions, network, endpoint, self._now)
        self._outbox = Outbox(store, self._transactions, network, endpoint, self._collecting)
        self.on_waiting: Callable[[int], None] = lambda asked: None

    @property
    def me(self) -> str:
        """The customer's DID here; no other vendor sees it."""
        with suppress(StoreError):  # closed: as it was last
            peer = self._store.read(lambda rows: rows.peer_by_number(self._transactions.number))
            self._me = peer.me if peer is not None else self._me
        return self._me

    async def say(
        self, body: Body | Draft, thread: str | None = None, *, check: bool = True, under: str | None = None
    ) -> str:
        """Say something, and wait for the vendor's receipt.

        Args:
            body: What; a `Draft` says more of the envelope.
            thread: The thread that it goes on; absent: it opens one.
            check: Refuse here already what the vendor would have to refuse.
            under: The DID under which the customer goes on by it; absent: it is said under the one of now.

        Returns:
            The thread's id.

        Raises:
            Problem: The thread does not allow it, or the vendor could not take it (`retry` tells whether it waits).
            Refused: The vendor's signed receipt says no.
            Unreachable: The vendor did not answer. The message is kept, and `sync` sends it again.
            Misconduct: Its receipt says what the rules do not bear out; it is kept, see `misconduct`.
            UsageError: The wallet was restored, and what was said since is not here yet. A no can be said.
            QuotaExceeded: What comes before the receipt finds no room here. A no needs none: its receipt will do.
        """
        draft = body if isinstance(body, Draft) else Draft(body)
        if not isinstance(thread, str | None):
            raise UsageError(f"a thread is named by its id, not {told(thread)}")
        if self._collecting.restored and not is_narrowing(draft.body.type, "customer"):
            try:  # what was said since the copy was made comes first: it belongs into `prior`
                await self.collect()
            except Moved:  # by the wallet itself, since the copy was made: the same key moves once more, and finds back
                if under is None:
                    raise
        said: Verified = await self._store.write(
            lambda rows: self._transactions.say(rows, draft, thread, self._now(), check=check, under=under)
        )
        fault = (await self._outbox.flush()).get(said.digest)
        if isinstance(fault, UnderAnotherKey | None) and self._has_no_place(said.digest):
            fault = await self._make_way(said)
        if isinstance(fault, Moved) and not self._has_no_place(said.digest):  # said again, under the key of now
            fault = next(iter((await self._outbox.flush()).values()), None)
        fault = fault or self._answered_elsewhere(said.digest) or self._void(said)
        if fault is not None:
            if self.waits():
                self.on_waiting((isinstance(fault, Problem) and fault.retry_after) or 0)
            raise fault
        return said.message.thread

    async def sync(self) -> None:
        """Send what waits to be sent, and collect what waits to be collected.

        Raises:
            Unreachable: The vendor did not answer; nothing is lost.
            QuotaExceeded: The vendor has left as much here as it may. What waited to be sent was sent.
        """
        faults = await self._outbox.flush()
        await self.collect()
        if faults and self.waits():  # what stood in the way may have been in the mailbox
            faults = await self._outbox.flush()
        if unreachable := next((fault for fault in faults.values() if isinstance(fault, Unreachable)), None):
            raise unreachable

    def waits(self) -> bool:
        """Whether something that was said has no receipt yet."""
        return self._store.read(
            lambda rows: any(
                not self._transactions.has_receipt(rows, kept.digest) for kept in self._transactions.pending(rows)
            )
        )

    @property
    def has_spoken(self) -> bool:
        """Whether anything was said here by the customer."""
        number = self._transactions.number
        return self._store.read(lambda rows: rows.last_said(number, "customer")) is not None

    @property
    def moves(self) -> bool:
        """Whether a move to another key waits for its receipt."""
        return self._store.read(lambda rows: move_under_way(self._transactions.pending(rows))) is not None

    async def flush(self) -> dict[str, Fault]:
        """Send what waits, narrowing messages first; returns what keeps each from being answered, by digest."""
        return await self._outbox.flush()

    async def collect(self, wait: float = 0) -> list[str]:
        """Collect what waits in the mailbox, and bring the receipts for what was collected before.

        A collect ends after the bytes that the wallet's `Quota` has for it, and asks for no further page after a
        minute; the next one goes on. From a vendor that is
        muted nothing is collected.

        Args:
            wait: Seconds to wait for something where there is nothing yet; the vendor waits 30 at most.

        Returns:
            Digests of the vendor's messages that took their place.

        Raises:
            Unreachable: The vendor did not answer.
            Problem: The vendor refused the collect.
            QuotaExceeded: The vendor has left as much here as it may: it is not asked for more.
        """
        try:
            return await self._collecting.collect(wait)
        except Moved:
            if not self.moves:
                raise
            await self._outbox.flush()  # the vendor has placed our move, and its receipt was lost
            return await self._collecting.collect(wait)

    async def mute(self) -> None:
        """Collect nothing from this vendor any more, also after a restart, until `unmute`.

        Own messages are still sent, and their receipts are taken. A receipt that follows on messages which are not
        collected waits for its place until they are. Nothing is lost: the vendor keeps the rest.
        """
        await self._store.write(lambda rows: rows.mute(self._transactions.peer(rows).number, True))

    async def unmute(self) -> None:
        """Collect from this vendor again."""
        await self._store.write(lambda rows: rows.mute(self._transactions.peer(rows).number, False))

    @property
    def muted(self) -> bool:
        """Whether nothing is collected from this vendor."""
        return self._collecting.muted

    @property
    def size(self) -> int:
        """Bytes that the relationship takes in the wallet, as `Quota.relationship` counts them."""
        return self._collecting.size

    def may(self, **asked: Unpack[Asked]) -> Decision:
        """Whether the vendor may do this: the same answer from the same records as the vendor's own `may`.

        Args:
            asked: `action`, `purpose` and what else `opencmr.roles.Asked` has, by name.

        Raises:
            UsageError: A term is not in the vocabulary, or `at` is no instant: it must have its offset from UTC.
        """
        question, at = members(self.vendor, **asked)
        return self.history.may(Question(*question), at or self._now(), now=at is None)

    @property
    def noticed(self) -> list[Noticed]:
        """What the vendor's signed words have shown: contradictions, splits, dates in dispute. It is kept for good."""
        return self._store.read(lambda rows: rows.findings(self._transactions.number))

    @property
    def misconduct(self) -> list[Misconduct]:
        """What among it shows that the vendor is at fault."""
        return [Misconduct(each.why) for each in self.noticed if each.code in WRONG]

    @property
    def history(self) -> History:
        """The threads of this relationship, folded. Not to be changed."""
        return self._store.read(self._transactions.history)

    @property
    def records(self) -> dict[str, Record]:
        """Thread id → agreement, consent or dealing."""
        return self.history.records

    def thread(self, id_: str) -> Thread | None:
        """A thread, as far as it is known here."""
        return self.history.threads.get(id_)

    @property
    def waiting(self) -> int:
        """How many messages have not been answered yet."""
        return len(self._store.read(self._transactions.pending))

    def now(self) -> str:
        """The customer's own time."""
        return self._now()

    def _now(self) -> str:
        return instant(self._clock())

    async def _make_way(self, said: Verified) -> Fault | None:
        """Collect what the receipt of a message of ours follows on; returns the fault where that fails.

        A vendor that is muted, or has used up its quota, is not asked. A no does not need it.
        """
        full: Fault | None = None
        try:
            await self.collect()
        except QuotaExceeded as error:
            full = error
        if self._has_no_place(said.digest) and (fault := (await self._outbox.flush()).get(said.digest)) is not None:
            return fault
        if not self._has_no_place(said.digest):
            return None
        if full is None and self.muted:
            full = Unreachable(f"{self.vendor} is muted, and what it said before its receipt is not here; say: unmute")
        if full is not None and is_narrowing(said.message.type, "customer"):
            return None if self._store.read(lambda rows: self._transactions.has_receipt(rows, said.digest)) else full
        return full or Unreachable("the vendor's receipt does not go on from what it has said before")

    def _answered_elsewhere(self, digest: str) -> Fault | None:
        """The fault of a message that another task was sending at the same time, where it was refused or given up."""
        return self._outbox.given_up.get(digest) or self._store.read(
            lambda rows: self._transactions.refusal(rows, digest)
        )

    def _has_no_place(self, digest: str) -> bool:
        kept = self._store.read(lambda rows: rows.message(self._transactions.number, digest))
        return kept is not None and kept.status == "pending"

    def _void(self, said: Verified) -> Misconduct | None:
        """The misconduct of a vendor that accepts a message of ours which the rules make void."""
        thread = self.thread(said.message.thread)
        if thread is None or all(entry.digest != said.digest or entry.outcome != "void" for entry in thread.entries):
            return None
        found = (each for each in self.noticed if each.code in WRONG and said.digest in each.words)
        return next((Misconduct(each.why) for each in found), None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.me} with {self.vendor})"


def quiet(results: list[Any]) -> None:
    """Log what went wrong with vendors that were asked at once, so that one that fails does not hide the others."""
    for result in results:
        if isinstance(result, Exception):
            code = result.code if isinstance(result, Problem) else None
            tell(_log, logging.WARNING, "vendor.unanswered", code=code, error=type(result).__name__)
