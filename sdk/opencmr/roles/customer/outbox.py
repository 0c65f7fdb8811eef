"""The outbox of one relationship: messages that have no receipt yet, sent in their order."""

import asyncio

from ...errors import Behind, Misconduct, Overloaded, OverQuota, Problem, QuotaExceeded, Refused, Unreachable, WrongKey
from ...protocol import is_narrowing
from ...store import Kept, Store
from ...transport import Network
from .collecting import Collecting
from .transaction import Transactions

Fault = Problem | Refused | Unreachable | Misconduct | QuotaExceeded
"""The reason why a message has no receipt, or no effect."""


class UnderAnotherKey(Unreachable):
    """The answer is signed by a key that is not known here: its introduction may wait in the mailbox."""


class Outbox:
    """Sends what waits to one vendor.

    Args:
        store: The customer's.
        transactions: What is done inside a transaction of it, in this relationship.
        network: How the vendor is reached.
        endpoint: Where.
        collecting: What takes in its answers.

    Attributes:
        given_up: Digest of a message that is sent no more → why.
    """

    def __init__(
        self, store: Store, transactions: Transactions, network: Network, endpoint: str, collecting: Collecting
    ) -> None:
        self.given_up: dict[str, Fault] = {}
        self._store = store
        self._transactions = transactions
        self._network = network
        self._endpoint = endpoint
        self._collecting = collecting
        self._lock = asyncio.Lock()
        self._broken: list[str] = []  # the noes that the line broke for last, each of which lets others go first

    async def flush(self) -> dict[str, Fault]:
        """Send what has not been answered; once more, where the vendor had to be handed back first what it lacked."""
        faults = await self._send_all()
        if any(isinstance(fault, Behind) for fault in faults.values()):
            try:
                if self._collecting.muted or self._collecting.full():
                    await self._collecting.ask(0)  # it is handed back what it lacks, and what it says to us stays there
                else:
                    await self._collecting.collect(0)
            except Problem as problem:
                return faults | {digest: problem for digest, fault in faults.items() if isinstance(fault, Behind)}
            faults = await self._send_all()
        return faults

    async def _send_all(self) -> dict[str, Fault]:
        """Send what has not been answered, withdrawals first; returns what keeps each from being answered.

        Within a thread, later messages wait for earlier ones. Narrowing messages do not: what delays a grant must not
        delay its withdrawal.
        """
        faults: dict[str, Fault] = {}
        async with self._lock:
            held: dict[str, Fault] = {}
            lost: set[str] = set()
            down: Unreachable | None = None
            pause: Problem | None = None  # the vendor asks for one, which narrowing messages need not be part of
            pending = _in_turn(self._store.read(self._transactions.pending), self._broken)
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
            arrived = await self._collecting.take_in(await self._network.send(self._endpoint, kept.raw))
        except Problem as problem:
            return problem
        faults.update(arrived.refusals)
        if kept.digest not in arrived.answered and any(isinstance(each, WrongKey) for each in arrived.passed_over):
            return UnderAnotherKey("the vendor answered under a key that is not known here")
        if kept.digest not in arrived.answered:
            return Unreachable("the vendor answered without a receipt for the message")
        return None

    async def _give_up(self, digest: str, fault: Fault) -> None:
        """Send a message no more: by an unsigned problem, the same bytes will never be accepted.

        Such a problem proves nothing, so a signed receipt that still arrives counts.
        """
        self.given_up[digest] = fault
        await self._store.write(lambda rows: self._transactions.give_up(rows, digest))


def _in_turn(pending: list[Kept], broken: list[str]) -> list[Kept]:
    """The order of sending: narrowing messages first, unless their thread has an earlier message to send; else as said.

    Messages for which the connection broke come after the others: so a vendor that breaks it for one no delays no
    other.
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
