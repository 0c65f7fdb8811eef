"""One relationship of a customer: saying, sending, collecting. What is said is kept before it is sent."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .._log import tell
from ..errors import Behind, Misconduct, Overloaded, OverQuota, Problem, QuotaExceeded, Refused, Unreachable, UsageError
from ..messages import Body
from ..messages.types import Channel, Code
from ..protocol import EVERYTHING, VENDOR, Decision, History, Question, Record, Thread, Verified, instant, is_narrowing
from ..store import Kept, Noticed, Peer, Rows, Store
from ..transport import Network
from ..transport.bundle import MAX_WORDS, MOST_WORDS
from .arrived import Arrived
from .given import recipient_of, seconds, told
from .ledger import Ledger
from .pen import Draft, Pen, exactly
from .quota import DEFAULT, Checked, Quota
from .wallet import WRONG, Wallet

Clock = Callable[[], datetime]
Fault = Problem | Refused | Unreachable | Misconduct | QuotaExceeded

_log = logging.getLogger("opencmr.customer")
_MOST_PAGES = 1000
"""How many pages are collected at once, of a vendor that never comes to an end."""
_LONGEST_WAIT = 30
_MOST_HAND_BACKS = 3
"""How often a vendor is handed back what it lacks before we give up for now."""
_FRAME = 1024
"""Bytes around the words that are handed back at once."""
_SLICE = 1024 * 1024
"""Bytes of an answer that are taken in at once: what is read of them takes many times as much memory."""
_LITTLE = 16 * 1024
"""Bytes of an answer that are checked at once; more are checked in a thread, so that others go on meanwhile."""


class Correspondence:
    """Speaks with one vendor, under the key that belongs to this relationship alone.

    Attributes:
        me: The customer's DID here; no other vendor sees it.
        vendor: The vendor's DID.
        on_waiting: Is called when something said has to be sent again, with the seconds that the vendor asked for.
    """

    def __init__(
        self,
        store: Store,
        pen: Pen,
        peer: Peer,
        network: Network,
        ledger: Ledger,
        clock: Clock,
        quota: Quota = DEFAULT,
    ) -> None:
        self.me = peer.me
        self.vendor = peer.peer
        self._store = store
        self._wallet = Wallet(pen, peer.number, ledger, quota)
        self._endpoint = str(peer.endpoint)
        self._network = network
        self._clock = clock
        self._quota = quota
        self._sending = asyncio.Lock()
        self._collecting = asyncio.Lock()
        self._given_up: dict[str, Fault] = {}
        self._broken: list[str] = []  # the noes that the line broke for last, each of which lets others go first
        self.on_waiting: Callable[[int], None] = lambda asked: None

    async def say(self, body: Body | Draft, thread: str | None = None, *, check: bool = True) -> str:
        """Say something, and wait for the vendor's receipt.

        Args:
            body: What; a `Draft` says more of the envelope.
            thread: The thread that it goes on; absent: it opens one.
            check: Refuse here already what the vendor would have to refuse.

        Returns:
            The thread's id.

        Raises:
            Problem: The thread does not allow it, or the vendor could not take it (`retry` tells whether it waits).
            Refused: The vendor's signed receipt says no.
            Unreachable: The vendor did not answer. The message is kept, and `sync` sends it again.
            Misconduct: Its receipt says what the rules do not bear out; it is kept, see `misconduct`.
            QuotaExceeded: What comes before the receipt finds no room here. A no needs none: its receipt will do.
        """
        draft = body if isinstance(body, Draft) else Draft(body)
        if not isinstance(thread, str | None):
            raise UsageError(f"a thread is named by its id, not {told(thread)}")
        said: Verified = await self._store.write(
            lambda rows: self._wallet.say(rows, draft, thread, self._now(), check=check)
        )
        fault = (await self._flush()).get(said.digest)
        if fault is None and self._has_no_place(said.digest):
            fault = await self._make_way(said)
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
        faults = await self._flush()
        await self.collect()
        if faults and self.waits():  # what stood in the way may have been in the mailbox
            faults = await self._flush()
        if unreachable := next((fault for fault in faults.values() if isinstance(fault, Unreachable)), None):
            raise unreachable

    def waits(self) -> bool:
        """Whether something that was said has no receipt yet."""
        return self._store.read(
            lambda rows: any(not self._wallet.has_receipt(rows, kept.digest) for kept in self._wallet.pending(rows))
        )

    async def flush(self) -> dict[str, Fault]:
        """Send what waits, narrowing messages first; returns what keeps each from being answered, by digest."""
        return await self._flush()

    async def collect(self, wait: float = 0) -> list[str]:
        """Collect what waits in the mailbox, and bring the receipts for what was collected before.

        A collect ends after the bytes that the wallet's `Quota` has for it; the next one goes on. From a vendor that is
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
        async with self._collecting:
            entries: list[str] = []
            waiting, left = int(max(0, min(seconds("wait", wait), _LONGEST_WAIT))), self._quota.collect
            for _ in range(_MOST_PAGES):
                if self.muted:
                    break
                if (full := self._full()) is not None:
                    if not entries:
                        raise full
                    break  # the next collect says so
                arrived, more, size = await self._collect_page(waiting)
                entries += arrived.entries
                waiting, left = 0, left - size
                if not more or left <= 0:
                    break
            return entries

    async def mute(self) -> None:
        """Collect nothing from this vendor any more, also after a restart, until `unmute`.

        What is said here still goes out, and receipts for it are taken; where the vendor has said something before, a
        receipt waits for its place until that is collected. Nothing is lost: the rest waits at the vendor.
        """
        await self._store.write(lambda rows: self._mute(rows, self._now()))

    async def unmute(self) -> None:
        """Collect from this vendor again."""
        await self._store.write(lambda rows: self._mute(rows, None))

    @property
    def muted(self) -> bool:
        """Whether nothing is collected from this vendor."""
        return self._store.read(lambda rows: rows.muted(self._wallet.number))

    @property
    def size(self) -> int:
        """Bytes that the relationship takes in the wallet, as `Quota.relationship` counts them."""
        return self._store.read(lambda rows: rows.size(self._wallet.number))

    def may(
        self,
        *,
        action: str,
        purpose: str,
        data: str | None = None,
        recipient: str = VENDOR,
        channel: Channel | None = None,
        thread: str | None = None,
        topic: Code | None = None,
        at: datetime | None = None,
    ) -> Decision:
        """Whether the vendor may do this: the same answer from the same records as the vendor's own `may`.

        Raises:
            UsageError: A term is not in the vocabulary, or `at` is no instant: it must have its offset from UTC.
        """
        who = recipient_of(recipient, self.vendor)
        question = Question(action, purpose, data or EVERYTHING["data"], who, channel, thread, topic)
        return self.history.may(question, self._now() if at is None else exactly(at), now=at is None)

    @property
    def noticed(self) -> list[Noticed]:
        """What the vendor's signed words have shown: contradictions, splits, dates in dispute. It is kept for good."""
        return self._store.read(lambda rows: rows.findings(self._wallet.number))

    @property
    def misconduct(self) -> list[Misconduct]:
        """What among it shows that the vendor is at fault."""
        return [Misconduct(each.why) for each in self.noticed if each.code in WRONG]

    @property
    def history(self) -> History:
        """The threads of this relationship, folded. Not to be changed."""
        return self._store.read(self._wallet.history)

    @property
    def records(self) -> dict[str, Record]:
        """Thread id → agreement, consent or dealing."""
        return {id_: thread.record for id_, thread in self.history.threads.items() if thread.record is not None}

    def thread(self, id_: str) -> Thread | None:
        """A thread, as far as it is known here."""
        return self.history.threads.get(id_)

    @property
    def waiting(self) -> int:
        """How many messages have not been answered yet."""
        return len(self._store.read(self._wallet.pending))

    def now(self) -> str:
        """The customer's own time."""
        return self._now()

    def _now(self) -> str:
        return instant(self._clock())

    def _mute(self, rows: Rows, since: str | None) -> None:
        rows.mute(self._wallet.peer(rows).number, since)

    def _full(self) -> QuotaExceeded | None:
        """Why nothing more is collected: the relationship takes as much as it may."""
        size, quota = self.size, self._quota.relationship
        return QuotaExceeded(self.vendor, size, quota) if size >= quota else None

    async def _make_way(self, said: Verified) -> Fault | None:
        """What comes before the receipt for a message of ours may wait in the mailbox; returns what is in the way.

        From a vendor that is muted, or has used its quota up, it is not collected. A no does not need it.
        """
        full: Fault | None = None
        try:
            await self.collect()
        except QuotaExceeded as error:
            full = error
        if self._has_no_place(said.digest) and (fault := (await self._flush()).get(said.digest)) is not None:
            return fault
        if not self._has_no_place(said.digest):
            return None
        if full is None and self.muted:
            full = Unreachable(f"{self.vendor} is muted, and what it said before its receipt is not here; say: unmute")
        if full is not None and is_narrowing(said.message.type, "customer"):
            return None if self._store.read(lambda rows: self._wallet.has_receipt(rows, said.digest)) else full
        return full or Unreachable("the vendor's receipt does not go on from what it has said before")

    async def _collect_page(self, waiting: int) -> tuple[Arrived, bool, int]:
        """One collect, whether there is more to come, and the bytes that it brought."""
        raws, receipts, more = await self._ask(waiting)
        arrived = Arrived()
        *slices, last = _slices(raws)
        for some in slices:
            arrived.join(await self._take_in(some))
        words = await self._checked(last)
        arrived.join(await self._store.write(lambda rows: self._wallet.collected(rows, words, receipts, self._now())))
        return arrived, more and arrived.moved, sum(map(len, raws))

    async def _checked(self, raws: list[bytes]) -> list[Checked]:
        peer = self._store.read(self._wallet.peer)
        if sum(map(len, raws)) <= _LITTLE:
            return self._wallet.check(peer, raws)
        return await asyncio.to_thread(self._wallet.check, peer, raws)

    async def _ask(self, waiting: int) -> tuple[list[bytes], list[str], bool]:
        """What the vendor answers to a collect; where it was restored, after it was handed back what it lacks."""
        for _ in range(_MOST_HAND_BACKS):
            raw, receipts = self._store.read(lambda rows: self._wallet.collect(rows, waiting, self._now()))
            try:
                raws, more = await self._network.collect(self._endpoint, raw, waiting)
                return raws, receipts, more
            except Behind as behind:
                await self._hand_back(behind)
        raise Unreachable("the vendor lacks words of its own, and does not take them back")

    async def _hand_back(self, behind: Behind) -> None:
        """Hand the vendor back its own words, a request's worth at a time."""
        groups = self._store.read(lambda rows: list(self._wallet.handed_back(rows, behind)))
        while groups:
            some = [self._store.read(lambda rows: self._wallet.collect(rows, 0, self._now(), receipts=False))[0]]
            while groups and len(some) < MOST_WORDS:
                if len(some) > 1 and sum(map(len, (*some, *groups[0]))) > MAX_WORDS - _FRAME:
                    break
                some += groups.pop(0)
            await self._network.hand_back(self._endpoint, some)
        tell(_log, logging.WARNING, "vendor.was-restored", vendor=self.vendor)

    async def _flush(self) -> dict[str, Fault]:
        """Send what has not been answered; once more, where the vendor had to be handed back first what it lacked."""
        faults = await self._send_all()
        if any(isinstance(fault, Behind) for fault in faults.values()):
            try:
                if self.muted or self._full():
                    await self._ask(0)  # it is handed back what it lacks, and what it says to us stays there
                else:
                    await self.collect()
            except Problem as problem:
                return faults | {digest: problem for digest, fault in faults.items() if isinstance(fault, Behind)}
            faults = await self._send_all()
        return faults

    async def _send_all(self) -> dict[str, Fault]:
        """Send what has not been answered, withdrawals first; returns what keeps each from being answered.

        A thread's later messages wait for its earlier ones, but for narrowing ones: what keeps a grant from arriving
        does not keep its withdrawal.
        """
        faults: dict[str, Fault] = {}
        async with self._sending:
            held: dict[str, Fault] = {}
            lost: set[str] = set()
            down: Unreachable | None = None
            pause: Problem | None = None  # the vendor asks for one, which narrowing messages need not be part of
            pending = _in_turn(self._store.read(self._wallet.pending), self._broken)
            waiting = {kept.digest for kept in pending}
            self._broken = [digest for digest in self._broken if digest in waiting]
            for position, kept in enumerate(pending):
                narrowing = is_narrowing(kept.type, "customer")
                if down is not None and not narrowing:
                    continue
                fault = None if narrowing else held.get(kept.thread) or pause
                try:
                    fault = fault or await self._send(kept, faults)
                except Unreachable as error:
                    faults.update({each.digest: error for each in pending[position:]})
                    if narrowing:
                        self._broken = [*(digest for digest in self._broken if digest != kept.digest), kept.digest]
                    if down or narrowing:
                        return faults
                    down = error
                    continue
                if fault is None:
                    faults.pop(kept.digest, None)
                else:
                    faults[kept.digest] = held[kept.thread] = fault
                    if isinstance(fault, OverQuota | Overloaded) and fault.retry_after is not None:
                        pause = fault
                    # Unsigned words cannot stop a withdrawal: it is sent again until a signed receipt answers it.
                    final = isinstance(fault, Problem) and not fault.retry
                    if not narrowing and (kept.thread in lost or final):
                        lost.add(kept.thread)
                        await self._give_up(kept.digest, fault)
        return faults

    async def _send(self, kept: Kept, faults: dict[str, Fault]) -> Fault | None:
        """Send one message, and take in the answer; returns what keeps it from being answered.

        Raises:
            Unreachable: Nobody can be reached.
        """
        try:
            arrived = Arrived()
            for some in _slices(await self._network.send(self._endpoint, kept.raw)):
                arrived.join(await self._take_in(some))
        except Problem as problem:
            return problem
        faults.update(arrived.refusals)
        if kept.digest not in arrived.answered:
            return Unreachable("the vendor answered without a receipt for the message")
        return None

    async def _take_in(self, raws: list[bytes]) -> Arrived:
        words = await self._checked(raws)
        return await self._store.write(lambda rows: self._wallet.take_in(rows, words, self._now()))

    async def _give_up(self, digest: str, fault: Fault) -> None:
        """The same bytes never come good: an unsigned problem said so, and there is nobody else to ask.

        It proves nothing, so a signed receipt that comes all the same still counts.
        """
        self._given_up[digest] = fault
        await self._store.write(lambda rows: self._wallet.give_up(rows, digest))

    def _answered_elsewhere(self, digest: str) -> Fault | None:
        """Why a message was refused or given up that somebody else sent who was sending just then."""
        return self._given_up.get(digest) or self._store.read(lambda rows: self._wallet.refusal(rows, digest))

    def _has_no_place(self, digest: str) -> bool:
        kept = self._store.read(lambda rows: rows.message(self._wallet.number, digest))
        return kept is not None and kept.status == "pending"

    def _void(self, said: Verified) -> Misconduct | None:
        """Why a message of ours has no effect though the vendor accepts it: the rules do not allow that."""
        thread = self.thread(said.message.thread)
        if thread is None or all(entry.digest != said.digest or entry.outcome != "void" for entry in thread.entries):
            return None
        found = (each for each in self.noticed if each.code in WRONG and said.digest in each.words)
        return next((Misconduct(each.why) for each in found), None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.me} with {self.vendor})"


def _in_turn(pending: list[Kept], broken: list[str]) -> list[Kept]:
    """Narrowing messages first, but for those whose thread has something earlier to send; else as they were said.

    Those that the line broke for come after the others: a vendor that drops it for one no keeps no other one back.
    """
    first: list[Kept] = []
    later: list[Kept] = []
    busy: set[str] = set()
    for kept in pending:
        if is_narrowing(kept.type, "customer") and kept.thread not in busy:
            first.append(kept)
        else:
            busy.add(kept.thread)
            later.append(kept)
    turns = {digest: turn for turn, digest in enumerate(broken, start=1)}
    return [kept for some in (first, later) for kept in sorted(some, key=lambda kept: turns.get(kept.digest, 0))]


def _slices(raws: list[bytes]) -> list[list[bytes]]:
    """A long answer in parts, each of which is read, taken in and done with before the next; one part at least."""
    slices: list[list[bytes]] = [[]]
    size = 0
    for raw in raws:
        size += len(raw)
        if size > _SLICE and slices[-1]:
            slices.append([])
            size = len(raw)
        slices[-1].append(raw)
    return slices


def quiet(results: list[Any]) -> None:
    """Log what went wrong with vendors that were asked at once, so that one that fails does not hide the others."""
    for result in results:
        if isinstance(result, Exception):
            code = result.code if isinstance(result, Problem) else None
            tell(_log, logging.WARNING, "vendor.unanswered", code=code, error=type(result).__name__)
