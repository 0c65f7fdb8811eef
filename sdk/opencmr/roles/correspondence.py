"""One relationship of a customer: saying, sending, collecting. What is said is kept before it is sent."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .._log import tell
from ..errors import Behind, Misconduct, Overloaded, OverQuota, Problem, Refused, Unreachable
from ..messages import Body
from ..messages.types import Channel, Code
from ..protocol import EVERYTHING, VENDOR, Decision, History, Question, Record, Thread, Verified, instant, is_narrowing
from ..protocol.uri import normal
from ..store import Kept, Noticed, Peer, Rows, Store
from ..transport import Network
from ..transport.bundle import MAX_WORDS, MOST_WORDS
from .ledger import Ledger
from .pen import Draft, Pen, exactly
from .wallet import WRONG, Arrived, Wallet

Clock = Callable[[], datetime]
Fault = Problem | Refused | Unreachable | Misconduct

_log = logging.getLogger("opencmr.customer")
_MOST_PAGES = 1000
"""How many pages are collected at once, of a vendor that never comes to an end."""
_LONGEST_WAIT = 30
_MOST_HAND_BACKS = 3
"""How often a vendor is handed back what it lacks before we give up for now."""
_FRAME = 1024
"""Bytes around the words that are handed back at once."""


class Correspondence:
    """Speaks with one vendor, under the key that belongs to this relationship alone.

    Attributes:
        me: The customer's DID here; no other vendor sees it.
        vendor: The vendor's DID.
        on_waiting: Is called when something said has to be sent again, with the seconds that the vendor asked for.
    """

    def __init__(self, store: Store, pen: Pen, peer: Peer, network: Network, ledger: Ledger, clock: Clock) -> None:
        self.me = peer.me
        self.vendor = peer.peer
        self._store = store
        self._wallet = Wallet(pen, peer.number, ledger)
        self._endpoint = str(peer.endpoint)
        self._network = network
        self._clock = clock
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
        """
        draft = body if isinstance(body, Draft) else Draft(body)
        said: Verified = await self._store.write(
            lambda rows: self._wallet.say(rows, draft, thread, self._now(), check=check)
        )
        fault = (await self._flush()).get(said.digest)
        if fault is None and self._has_no_place(said.digest):
            await self.collect()  # what comes before its receipt may wait in the mailbox
            if self._has_no_place(said.digest):
                fault = (await self._flush()).get(said.digest)
            if fault is None and self._has_no_place(said.digest):
                fault = Unreachable("the vendor's receipt does not go on from what it has said before")
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
        """
        faults = await self._flush()
        await self.collect()
        if faults and self.waits():  # what stood in the way may have been in the mailbox
            faults = await self._flush()
        if unreachable := next((fault for fault in faults.values() if isinstance(fault, Unreachable)), None):
            raise unreachable

    def waits(self) -> bool:
        """Whether something that was said has not been answered yet."""
        return bool(self._store.read(self._wallet.pending))

    async def flush(self) -> dict[str, Fault]:
        """Send what waits, narrowing messages first; returns what keeps each from being answered, by digest."""
        return await self._flush()

    async def collect(self, wait: float = 0) -> list[str]:
        """Collect what waits in the mailbox, and bring the receipts for what was collected before.

        Args:
            wait: Seconds to wait for something where there is nothing yet; the vendor waits 30 at most.

        Returns:
            Digests of the vendor's messages that took their place.

        Raises:
            Unreachable: The vendor did not answer.
            Problem: The vendor refused the collect.
        """
        async with self._collecting:
            entries: list[str] = []
            waiting = min(int(wait), _LONGEST_WAIT)
            for _ in range(_MOST_PAGES):
                arrived, more = await self._collect_page(waiting)
                entries += arrived.entries
                waiting = 0
                if not more:
                    break
            return entries

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
        who = VENDOR if normal(recipient) == normal(self.vendor) else recipient
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

    async def _collect_page(self, waiting: int) -> tuple[Arrived, bool]:
        """One collect, and whether there is more to come."""
        raws, receipts, more = await self._ask(waiting)
        arrived = await self._store.write(lambda rows: self._wallet.collected(rows, raws, receipts, self._now()))
        return arrived, more and arrived.moved

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
            arrived = await self._take_in(await self._network.send(self._endpoint, kept.raw))
        except Problem as problem:
            return problem
        faults.update(arrived.refusals)
        if kept.digest not in arrived.answered:
            return Unreachable("the vendor answered without a receipt for the message")
        return None

    async def _take_in(self, raws: list[bytes]) -> Arrived:
        return await self._store.write(lambda rows: self._wallet.take_in(rows, raws, self._now()))

    async def _give_up(self, digest: str, fault: Fault) -> None:
        """The same bytes never come good: an unsigned problem said so, and there is nobody else to ask.

        It proves nothing, so a signed receipt that comes all the same still counts.
        """

        def note(rows: Rows) -> None:
            rows.change_message(self._wallet.number, digest, status="refused")

        self._given_up[digest] = fault
        await self._store.write(note)

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


def quiet(results: list[Any]) -> None:
    """Log what went wrong with vendors that were asked at once, so that one that fails does not hide the others."""
    for result in results:
        if isinstance(result, Exception):
            code = result.code if isinstance(result, Problem) else None
            tell(_log, logging.WARNING, "vendor.unanswered", code=code, error=type(result).__name__)
