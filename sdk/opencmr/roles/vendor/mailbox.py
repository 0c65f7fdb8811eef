"""The mailboxes of a vendor's customers: collecting, waiting, and handing back (`spec/v1/transport.md`)."""

import asyncio
from collections.abc import Callable

from ...errors import Malformed, Problem, Replayed, UnknownReference, UnsupportedType
from ...messages import Message, core
from ...protocol import Verified, parse, verify
from ...protocol.clock import shifted
from ...protocol.history import is_entry
from ...protocol.receiving import REQUEST_WINDOW, check_fresh
from ...store import Peer, Rows, Store
from ...transport.bundle import MOST_WORDS
from ...transport.limits import Gate
from ...trust import canonicalize
from .admission import Admission
from .keys import Keys
from .transaction import Transactions
from .unknown_senders import UnknownSenders
from .waking import Bell, Waking

_MOST_BAD = 5
"""The number of useless receipts in a collect after which its others are not looked at."""


class Mailbox:
    """The mailboxes of one vendor's customers.

    Args:
        store: Where the words are.
        transactions: What reads and writes them.
        keys: Whose they are.
        gate: What may come in.
        admission: Who is let in.
        now: The time.
    """

    def __init__(
        self,
        store: Store,
        transactions: Transactions,
        keys: Keys,
        gate: Gate,
        admission: Admission,
        now: Callable[[], str],
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._keys = keys
        self._gate = gate
        self._admission = admission
        self._now = now
        self._unknown_senders = UnknownSenders()
        self._checking = asyncio.Semaphore(1)
        self.waking = Waking(store)
        self._closing = False

    def ring(self, customer: str) -> None:
        """Something new may wait for a customer."""
        self.waking.ring(customer)

    def let_go(self) -> None:
        """Release those who wait, and hold no collect any more."""
        self._closing = True
        self.waking.ring_all()

    async def collect(self, raw: bytes) -> tuple[list[bytes], bool]:
        """What waits for the sender of a signed `mailbox.collect`, and whether there is more.

        Raises:
            Problem: To be answered unsigned.
        """
        message = self._asked(raw)
        body = message.body
        self._unknown_senders.check(message)
        if self._store.read(lambda rows: self._transactions.check_moved(rows, message.from_)) is None:
            self._unknown_senders.note(message, self._now())
            await self._store.write(lambda rows: self._unknown_senders.keep(rows, message, self._now()))
            return self._store.read(lambda rows: self._transactions.waiting(rows, message.from_, message.seen, 0))
        receipts = await asyncio.to_thread(self._verified, message) if body.receipts else []
        await self._store.write(lambda rows: self._note(rows, message, receipts))
        if not body.wait:
            return self._found(message)[:2]
        with self._gate.waiting.place(message.from_), self.waking.bell(message.from_) as bell:
            return await self._wait(message, body.wait, bell)

    async def take_back(self, words: list[bytes]) -> None:
        """Take back our own words from a customer: the store was put back from an older copy (`spec/v1/sequence.md`).

        Args:
            words: A `mailbox.collect` that has seen what is not held here; then what the customer holds of our words,
                in their order, each receipt right after the customer's message that it answers.

        Raises:
            Problem: To be answered unsigned; nothing was stored.
        """
        if not 0 < len(words) <= MOST_WORDS:
            raise Malformed(f"a collect and the words, {MOST_WORDS} at most", pointer="/messages", rule="TRN-20")
        asking = self._asked(words[0], pointer="/messages/0/type", count=len(words))
        with self._gate.handing_back.place(asking.from_):
            async with self._checking:
                taken = await asyncio.to_thread(self._words, asking.from_, words[1:])
            await self._taken_back(asking, taken)

    async def _taken_back(self, asking: Message[core.Collect], taken: list[Verified]) -> None:
        entries = [word.message for word in taken if is_entry(word.message)]
        peer = self._store.read(lambda rows: rows.peer(self._keys.did, asking.from_))
        await self._admission.check_hand_back(entries, peer)
        await self._store.write(lambda rows: self._take_back(rows, asking, taken))
        self.ring(asking.from_)

    def _asked(self, raw: bytes, pointer: str = "/type", count: int = 1) -> Message[core.Collect]:
        types = (core.Collect.type,)
        try:
            message: Message[core.Collect] = verify(parse(raw), me=self._keys.did, pinned={}, types=types).message
        except UnsupportedType as problem:
            raise UnsupportedType(
                "only mailbox.collect opens a mailbox", pointer=pointer, expected=[*types]
            ) from problem
        check_fresh(message, self._now())
        self._gate.charge_key(message.from_, count=count)
        return message

    # Collecting

    def _verified(self, message: Message[core.Collect]) -> list[Verified]:
        """The receipts that a collect brings and that are good for something.

        The messages that they answer are looked up first. Signatures are checked neither within the writer nor on the
        event loop, so one customer's receipts do not delay the others.
        """
        brought = message.body.receipts or []
        wanted = self._store.read(lambda rows: self._transactions.unanswered(rows, message.from_, brought))
        good: list[Verified] = []
        bad = 0
        for receipt in wanted:
            try:
                good.append(verify(parse(canonicalize(receipt.wire())), me=self._keys.did, pinned={}))
            except Problem:
                bad += 1
                if bad == _MOST_BAD:
                    break
        return good

    def _note(self, rows: Rows, message: Message[core.Collect], receipts: list[Verified]) -> None:
        peer = self._transactions.check_moved(rows, message.from_)
        assert peer is not None  # noqa: S101  # relationships do not end
        self._unknown_senders.check_kept(rows, peer, message, self._now())
        use_request(rows, peer, message, self._now())
        self._transactions.check_collect(rows, peer, message, self._now())
        self._transactions.keep_receipts(rows, peer, receipts)

    def _found(self, message: Message[core.Collect]) -> tuple[list[bytes], bool, Peer | None]:
        limit = message.body.limit or 100

        def look(rows: Rows) -> tuple[list[bytes], bool, Peer | None]:
            found, more = self._transactions.waiting(rows, message.from_, message.seen, limit)
            return found, more, rows.peer(self._keys.did, message.from_)

        return self._store.read(look)

    async def _wait(self, message: Message[core.Collect], wait: int, bell: Bell) -> tuple[list[bytes], bool]:
        """What waits for the sender of a collect, or comes while they wait for it."""
        try:
            async with asyncio.timeout(wait):
                while True:
                    bell.rung.clear()  # first: what is said while we look rings again
                    found, more, peer = self._found(message)
                    if peer is not None:
                        bell.number, bell.version = peer.number, peer.version
                    if found or not await self._goes_on(bell):
                        return found, more
        except TimeoutError:
            return self._found(message)[:2]

    async def _goes_on(self, bell: Bell) -> bool:
        """Wait until it rings; false where nobody waits any more, and the store may be closed."""
        if not self._closing:
            await bell.rung.wait()
        return not self._closing

    # Taking back

    def _words(self, customer: str, raws: list[bytes]) -> list[Verified]:
        """What is handed back, checked: two hundred signatures, which nobody else shall wait for."""
        return [self._word(customer, raw, position) for position, raw in enumerate(raws, start=1)]

    def _word(self, customer: str, raw: bytes, position: int) -> Verified:
        """One of our words, or what belongs to it."""
        parsed = parse(raw)
        mine = parsed.sender == self._keys.did
        ours = self._keys.public if mine else {}
        word = verify(parsed, me=customer if mine else self._keys.did, pinned=ours, lenient=mine)
        if not mine and word.message.from_ != customer:
            raise UnknownReference("said by somebody else", pointer=f"/messages/{position}/from", rule="TRN-21")
        return word

    def _take_back(self, rows: Rows, asking: Message[core.Collect], words: list[Verified]) -> None:
        peer = rows.peer(self._keys.did, asking.from_)
        if peer is not None:
            use_request(rows, peer, asking, self._now(), "/messages/0/id")
        # Without a word of ours there is nothing to take back, and a stranger's row would cost them nothing.
        ours = any(word.message.side == "vendor" for word in words)
        if ours and self._transactions.lacks(rows, asking.from_, asking.seen):
            self._transactions.take_back(rows, asking.from_, words, self._now())


def use_request(
    rows: Rows, peer: Peer, message: Message[core.Collect] | Message[core.Fetch], now: str, pointer: str = "/id"
) -> None:
    """Remember that this collect or fetch was answered.

    Raises:
        Replayed: It was before.
    """
    until = shifted(message.created, 2 * REQUEST_WINDOW)
    if not rows.use_collect(peer.number, message.id, until=until, now=now):
        raise Replayed("this request has been used", pointer=pointer, rule="COR-9")
