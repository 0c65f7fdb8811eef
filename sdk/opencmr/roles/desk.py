"""The vendor's side of a thread, inside one transaction: it settles what customers say, and sequences what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Conflict, OverQuota, Problem, UnknownReference, UnsupportedType, UsageError
from ..messages import BODIES, Message, core
from ..messages.types import Side
from ..protocol import History, Said, Settled, Verified, is_narrowing, parse, settle, verify
from ..protocol.clock import shifted as strictly_after
from ..protocol.receiving import check_place
from ..protocol.thread import opened_by
from ..store import Kept, Peer, Rows, Status
from ..trust import write
from .ledger import Ledger
from .pen import Draft, Pen
from .seen import Seen

EARLY_THREADS = 100
"""How many threads of one relationship may hold nothing but narrowing messages that came before their threads."""
MISSING = 50
"""How many messages at most follow a refusal for a stale head (SEQ-5); the rest waits in the mailbox."""


@dataclass(frozen=True)
class Received:
    """What became of a customer's message.

    Attributes:
        answers: Signed bytes, the receipt first.
        outcome: `accepted`, `moot` or `refused`; none where the bytes were known already.
    """

    answers: list[bytes]
    outcome: str | None
    peer: Peer | None = None


class Desk:
    """Works on the relationships of one vendor."""

    def __init__(self, pen: Pen, ledger: Ledger) -> None:
        self.pen = pen
        self.ledger = ledger
        self.seen = Seen()
        self.speaks = {type_ for type_, body in BODIES.items() if body.place != "none"}
        """The message types that are taken: all of this version, and private ones that somebody handles."""

    def known(self, rows: Rows, sender: str, id_: str, digest: str) -> Received | None:
        """Check 2: the same bytes get the same answer.

        Raises:
            Conflict: The sender has used this id for other bytes.
        """
        peer = rows.peer(self.pen.did, sender)
        return self._known(rows, peer, id_, digest) if peer else None

    def _known(self, rows: Rows, peer: Peer, id_: str, digest: str) -> Received | None:
        digests, ids = self.seen.look(rows, peer)
        used = id_ in ids  # asked first: the writer may be adding this very message, its digest before its id
        if digest not in digests:
            if used:
                raise Conflict("this id has been used for other bytes", pointer="/id")
            return None
        kept = rows.message(peer.number, digest)
        if kept is None or kept.status == "receipt":  # came with a collect, and gets no receipt: check 4 says so
            return None
        receipt = rows.receipt_of(peer.number, digest, "vendor")
        return Received([receipt.raw] if receipt else [], None, peer)

    def preview(self, rows: Rows, verified: Verified, now: str) -> Settled:
        """What checks 7 to 9 would say now, with nothing stored.

        Raises:
            Problem: One that may come good.
        """
        peer = rows.peer(self.pen.did, verified.message.from_)
        history = self.ledger.history(rows, peer) if peer else History()
        return self._settled(rows, peer, history, verified, strictly_after(now, history.last))

    def receive(self, rows: Rows, verified: Verified, replies: Sequence[Draft], now: str) -> Received:
        """Checks 7 to 10: settle a message and keep it with its receipt and the replies to it, or nothing at all.

        Raises:
            Problem: One that may come good.
            UsageError: A reply is not what the thread allows.
        """
        message = verified.message
        peer = rows.peer(self.pen.did, message.from_)
        if peer is not None and (known := self._known(rows, peer, message.id, verified.digest)) is not None:
            return known
        history = self.ledger.draft(rows, peer) if peer else History()
        at = strictly_after(now, history.last)
        settled = self._settled(rows, peer, history, verified, at)
        if peer is None:
            peer = rows.add_peer(self.pen.did, message.from_, opened=at, pinned={}, endpoint=None)
        position = peer.position + 1
        refused = settled.problem is not None
        place = (None, None) if refused else (settled.previous, at)
        rows.add_message(peer.number, _kept(verified, "customer", position, "refused" if refused else "entry", *place))
        where = {} if refused else {"previous": settled.previous, "state": settled.thread.state}
        receipt = self.pen.receipt(
            verified.digest,
            to=message.from_,
            at=at,
            thread=message.thread,
            outcome=settled.outcome,
            problem=settled.problem,
            **where,
        )
        rows.add_message(peer.number, receipt._replace(position=position + 1))
        history.last = at
        answers, added = [receipt.raw], [verified.digest, receipt.digest]
        if refused:
            answers += self._missing(rows, peer, settled)
        else:
            history.put(settled.thread, at)
            for number, reply in enumerate(replies):
                answer = self._say(rows, peer, history, reply, message.thread, position + 2 + number, now)
                answers.append(answer.raw)
                added.append(answer.digest)
        rows.change_peer(peer.number, last=history.last)
        self.ledger.publish(rows, peer.number, history)
        self.seen.add(rows, peer, added, message.id)
        return Received(answers, settled.outcome, peer)

    def say(self, rows: Rows, customer: str, draft: Draft, thread: str | None, now: str) -> Verified:
        """Say something of the vendor's own accord. It waits in the customer's mailbox.

        Raises:
            UsageError: No such customer, or the thread does not allow it.
        """
        peer = rows.peer(self.pen.did, customer)
        if peer is None:
            raise UsageError(f"no relationship with {customer}")
        history = self.ledger.draft(rows, peer)
        said = self._say(rows, peer, history, draft, thread, peer.position + 1, now)
        rows.change_peer(peer.number, last=history.last)
        self.ledger.publish(rows, peer.number, history)
        self.seen.add(rows, peer, [said.digest])
        return said

    def keep_receipts(self, rows: Rows, peer: Peer, receipts: Sequence[Message[core.Receipt]]) -> None:
        """Keep the customer's receipts for what they collected; what proves nothing is passed over."""
        for receipt in receipts:
            try:
                verified = verify(parse(write(receipt.wire())), me=self.pen.did, pinned={})
            except Problem:
                continue
            said = rows.message(peer.number, receipt.body.of)
            of_ours = said is not None and (said.side, said.status, said.thread) == ("vendor", "entry", receipt.thread)
            if receipt.from_ != peer.peer or not of_ours:
                continue
            if rows.receipt_of(peer.number, receipt.body.of, "customer") is None and (
                rows.message_by_id(peer.number, "customer", receipt.id) is None
            ):
                position = rows.next_position(peer.number)
                kept = _kept(verified, "customer", position, "receipt", None, None)
                rows.add_message(peer.number, kept._replace(of=receipt.body.of))

    def waiting(self, rows: Rows, customer: str, after: str | None, limit: int) -> tuple[list[bytes], str]:
        """What waits for a customer after a cursor, and the cursor after it.

        Raises:
            UnknownReference: No such cursor was given out.
        """
        peer = rows.peer(self.pen.did, customer)
        start = int(after) if after is not None and after.isdecimal() and len(after) < 18 else -1 if after else 0
        last = rows.last_position(peer.number, "vendor") if peer else 0
        if not 0 <= start <= last:
            raise UnknownReference("no such cursor was given out here", pointer="/body/after")
        found = rows.said_by(peer.number, "vendor", after=start, limit=limit) if peer else []
        return [kept.raw for kept in found], str(found[-1].position if found else start)

    def _settled(self, rows: Rows, peer: Peer | None, history: History, verified: Verified, at: str) -> Settled:
        message = verified.message
        if message.type not in self.speaks:
            raise UnsupportedType(f"{message.type} is not taken here", pointer="/type", expected=sorted(self.speaks))
        thread = history.threads.get(message.thread)
        side: Side = "customer"
        if thread is None and is_narrowing(message.type, side):
            # A thread of a private type holds no record either, and is none of these.
            early = sum(1 for one in history.threads.values() if one.family is not None and one.record is None)
            if early >= EARLY_THREADS:
                raise OverQuota("too many messages that came before their threads", pointer="/thread")

        def known(digest: str) -> bool:
            return peer is not None and digest in self.seen.look(rows, peer)[0]

        return settle(verified, side=side, thread=thread, context=history, now=at, known=known)

    def _missing(self, rows: Rows, peer: Peer, settled: Settled) -> list[bytes]:
        """What a sender with a stale head has missed, oldest first: our messages, and receipts of the sender's own."""
        missed: list[bytes] = []
        for digest in getattr(settled.problem, "missing", ())[:MISSING]:
            kept = rows.message(peer.number, digest)
            answer = kept if kept and kept.side == "vendor" else rows.receipt_of(peer.number, digest, "vendor")
            if answer is not None:
                missed.append(answer.raw)
        return missed

    def _say(
        self, rows: Rows, peer: Peer, history: History, draft: Draft, thread_id: str | None, position: int, now: str
    ) -> Verified:
        at = strictly_after(now, history.last)
        thread = history.threads.get(thread_id) if thread_id else None
        if thread_id is not None and thread is None:
            raise UsageError(f"no thread {thread_id} with {peer.peer}")
        head = thread.head if thread else None
        verified = self.pen.write(draft, to=peer.peer, at=at, thread=thread_id, answers=head)
        message = verified.message
        try:
            check_place(message)
            said = Said(message, verified.digest, "vendor", at)
            after, _ = (thread or opened_by(message)).judge(said, history)
        except Problem as problem:
            raise UsageError(f"{message.type} may not be said here: {problem}") from problem
        rows.add_message(peer.number, _kept(verified, "vendor", position, "entry", head, at))
        history.put(after, at)
        return verified


def _kept(verified: Verified, side: Side, position: int, status: Status, previous: str | None, at: str | None) -> Kept:
    message = verified.message
    return Kept(verified.digest, position, side, message.id, message.type, message.thread, verified.raw, status,
                None, previous, at, verified.fault is None)  # fmt: skip
