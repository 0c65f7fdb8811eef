"""The customer's side of a thread, inside one transaction.

What they say waits until it is answered; what comes in takes the place that the vendor's signed words give it.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .._log import tell
from ..errors import Misconduct, Problem, Refused, Stale, StoreError, TooEarly, UnknownReference
from ..messages import Message, core, order
from ..messages.types import Side
from ..protocol import History, Said, Verified, is_narrowing, parse, verify
from ..protocol.clock import AHEAD, shifted
from ..protocol.history import is_entry
from ..protocol.thread import Thread, opened_by
from ..store import Kept, Peer, Rows, Status
from .ledger import Ledger
from .ledger import said as as_said
from .pen import Draft, Pen

_log = logging.getLogger("opencmr.customer")


@dataclass
class Arrived:
    """What an answer of the vendor's brought.

    Attributes:
        answered: Digests of messages of ours that have their receipt.
        refusals: Digest of a message of ours → why it was refused, with the signed receipt.
        entries: Digests of the vendor's messages that took their place.
        misconduct: What its signed words contradict.
        passed_over: What proves nothing, and why.
        acknowledged: Whether the next collect goes on after this.
    """

    answered: set[str] = field(default_factory=set)
    refusals: dict[str, Refused] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    misconduct: list[Misconduct] = field(default_factory=list)
    passed_over: list[Problem] = field(default_factory=list)
    acknowledged: bool = False


class Wallet:
    """Works on one relationship of a customer, under the key that belongs to it alone."""

    def __init__(self, pen: Pen, number: int, ledger: Ledger) -> None:
        self.pen = pen
        self.number = number
        self.ledger = ledger

    def peer(self, rows: Rows) -> Peer:
        """The relationship's row."""
        peer = rows.peer_by_number(self.number)
        if peer is None:
            raise StoreError(f"relationship {self.number} is gone from the store")
        return peer

    def history(self, rows: Rows) -> History:
        """The relationship as far as it is known here."""
        return self.ledger.history(rows, self.peer(rows))

    def say(self, rows: Rows, draft: Draft, thread_id: str | None, now: str, *, check: bool = True) -> Verified:
        """Write a message, sign it, and keep it until it is answered.

        Args:
            rows: The transaction.
            draft: What is said.
            thread_id: The thread that it goes on; absent: it opens one.
            now: The time.
            check: Refuse here already what the vendor would have to refuse.

        Raises:
            Problem: The thread does not allow it, as far as it is known here.
        """
        peer = self.peer(rows)
        history = self.ledger.history(rows, peer)
        thread = history.threads.get(thread_id) if thread_id else None
        waiting = [kept for kept in self.pending(rows) if kept.thread == thread_id]
        head = waiting[-1].digest if waiting else thread.head if thread else None
        if thread_id is not None and head is None:
            # What an unsigned problem made us give up may have been taken all the same, and so can be taken back.
            said_before = [kept.digest for kept in rows.said_in(self.number, thread_id, "customer")]
            if not said_before or not is_narrowing(draft.body.type, "customer"):
                raise UnknownReference(f"no thread {thread_id}", pointer="/thread")
            head = said_before[-1]
        verified = self.pen.write(draft, to=peer.peer, at=now, thread=thread_id, answers=head)
        # What is disclosed too early cannot be taken back, so no receipt that may still come is counted on (ORD-1).
        if check and (not waiting or draft.body.type == order.Disclose.type):
            said = Said(verified.message, verified.digest, "customer", now)
            (thread or opened_by(verified.message)).judge(said, history)
        self._add(rows, verified, "customer", "pending")
        return verified

    def pending(self, rows: Rows) -> list[Kept]:
        """What has not been answered yet, in the order in which it was said."""
        return rows.with_status(self.number, "pending")

    def refusal(self, rows: Rows, digest: str) -> Refused | None:
        """The signed receipt that refuses a message of ours, if there is one."""
        receipt = rows.receipt_of(self.number, digest, "vendor")
        return _refusal(receipt) if receipt is not None else None

    def collect(self, rows: Rows, wait: int, now: str) -> tuple[bytes, list[str]]:
        """A signed `mailbox.collect`, and the digests of the receipts that it brings."""
        peer = self.peer(rows)
        unsent = rows.with_status(self.number, "unsent")[:20]
        receipts = [self._as_receipt(kept) for kept in unsent]
        body = core.Collect(after=peer.cursor, limit=100, wait=wait or None, receipts=receipts or None)
        return self.pen.write(Draft(body), to=peer.peer, at=now).raw, [kept.digest for kept in unsent]

    def collected(self, rows: Rows, raws: Iterable[bytes], cursor: str, receipts: Iterable[str], now: str) -> Arrived:
        """Take in what a collect brought, and note how far it went. A message dated too far ahead is left for later."""
        for digest in receipts:
            rows.change_message(self.number, digest, status="receipt")
        arrived = self.take_in(rows, raws, now)
        if not any(isinstance(problem, TooEarly) for problem in arrived.passed_over):
            arrived.acknowledged = cursor != self.peer(rows).cursor
            rows.change_peer(self.number, cursor=cursor)
        return arrived

    def take_in(self, rows: Rows, raws: Iterable[bytes], now: str) -> Arrived:
        """Take in signed answers: receipts, and what the vendor says. In any order, any number of times."""
        peer, arrived = self.peer(rows), Arrived()
        history = self.ledger.draft(rows, peer)
        touched: set[str] = set()
        for raw in raws:
            try:
                parsed = parse(raw)
                if (known := rows.message(self.number, parsed.digest)) is not None:
                    self._heard_again(known, arrived)
                    continue
                verified = verify(parsed, me=self.pen.did, pinned=peer.pinned, lenient=True)
                if verified.message.from_ != peer.peer:
                    raise UnknownReference("not from this vendor", pointer="/from")
                self._take_in(rows, verified, arrived, now)
                touched.add(verified.message.thread)
            except Problem as problem:
                tell(
                    _log, logging.WARNING, "answer.passed-over", vendor=peer.peer, code=problem.code, rule=problem.rule
                )
                arrived.passed_over.append(problem)
        if self._place(rows, peer, history, touched, arrived, now):
            history = self.ledger.replay(rows, peer)
        rows.change_peer(self.number, last=history.last)
        self.ledger.publish(rows, peer.number, history)
        if arrived.misconduct:  # `misconduct` of the relationship says what it was
            tell(_log, logging.ERROR, "vendor.misconduct", vendor=peer.peer, count=len(arrived.misconduct))
        return arrived

    def _take_in(self, rows: Rows, verified: Verified, arrived: Arrived, now: str) -> None:
        message = verified.message
        if message.created > shifted(now, AHEAD):
            raise TooEarly(f"dated {message.created}, here it is {now}", pointer="/created")
        if rows.message_by_id(self.number, "vendor", message.id) is not None:
            arrived.misconduct.append(Misconduct(f"two messages of one id {message.id}"))
        elif message.type == core.Receipt.type:
            if verified.fault is not None:
                raise verified.fault
            self._answered(rows, verified, arrived)
        elif is_entry(message):
            self._add(rows, verified, "vendor", "waiting", previous=message.in_reply_to, at=message.created)

    def _answered(self, rows: Rows, verified: Verified, arrived: Arrived) -> None:
        """A receipt for something that we said."""
        message: Message[core.Receipt] = verified.message
        body = message.body
        ours = rows.message(self.number, body.of)
        is_said = ours is not None and ours.side == "customer" and ours.type != core.Receipt.type
        if ours is None or not is_said or ours.thread != message.thread:
            raise UnknownReference("a receipt for nothing that we said", pointer="/body/of")
        said = as_said(ours)[0]
        if message.created < shifted(said.message.created, -AHEAD):
            raise UnknownReference("a receipt dated before its message", pointer="/created")
        heard = rows.latest(self.number, "vendor", before=ours.position)
        if heard is not None and message.created < heard:
            # SEQ-3: what is said later takes its place later, or a vendor could turn the last word into an earlier one.
            why = f"{ours.digest} is dated {message.created} by its receipt, before {heard}, which it came after"
            arrived.misconduct.append(Misconduct(why))
            return
        given_up = ours.status == "refused" and rows.receipt_of(self.number, body.of, "vendor") is None
        if ours.status != "pending" and not given_up:  # an unsigned problem made us give up, and decided nothing
            arrived.misconduct.append(Misconduct(f"two receipts for {ours.digest}"))
            self._add(rows, verified, "vendor", "forked", of=body.of)
            return
        self._add(rows, verified, "vendor", "receipt", of=body.of, at=message.created)
        arrived.answered.add(body.of)
        if body.outcome == "refused":
            rows.change_message(self.number, ours.digest, status="refused")
            refused = arrived.refusals[ours.digest] = Refused(_problem(body), verified.raw)
            if is_narrowing(ours.type, "customer"):
                arrived.misconduct.append(Misconduct(f"the vendor refused {ours.type} {ours.digest}: {refused}"))
        else:
            rows.change_message(self.number, ours.digest, status="waiting", previous=body.previous, at=message.created)

    def _heard_again(self, known: Kept, arrived: Arrived) -> None:
        """What came before by another way is told again, and changes nothing."""
        if known.status == "receipt" and known.side == "vendor" and known.of is not None:
            arrived.answered.add(known.of)
            if (refused := _refusal(known)) is not None:
                arrived.refusals[known.of] = refused

    def _place(self, rows: Rows, peer: Peer, history: History, touched: set[str], arrived: Arrived, now: str) -> bool:
        """Give every message its place whose predecessor has one, the earliest first: threads depend on each other.

        Returns:
            Whether one came later than others that it should have come before, so that they are to be folded again.
        """
        waiting: dict[tuple[str, str | None], list[Kept]] = {}
        for kept in rows.with_status(self.number, "waiting"):
            if kept.thread in touched:
                waiting.setdefault((kept.thread, kept.previous), []).append(kept)
        late = False
        while ready := [place for thread in touched if (place := (thread, _head(history, thread))) in waiting]:
            following = waiting.pop(
                min(ready, key=lambda place: (str(waiting[place][0].at), waiting[place][0].position))
            )
            late = late or str(following[0].at) <= (history.last or "")
            self._take_place(rows, peer, history, following[0], arrived, now)
            for fork in following[1:]:
                self._fork(rows, peer, fork, arrived, now)
        for (thread, previous), rest in waiting.items():
            known = {entry.digest for entry in history.threads[thread].entries} if thread in history.threads else set()
            if previous in known or (previous is None and known):
                for fork in rest:
                    self._fork(rows, peer, fork, arrived, now)
        return late

    def _take_place(self, rows: Rows, peer: Peer, history: History, kept: Kept, arrived: Arrived, now: str) -> None:
        before = history.threads[kept.thread].entries[-1].at if kept.thread in history.threads else ""
        if str(kept.at) <= before:
            arrived.misconduct.append(Misconduct(f"{kept.digest} is dated {kept.at}, not after {before}"))
        why = history.take(*as_said(kept))
        thread = history.threads[kept.thread]
        rows.change_message(self.number, kept.digest, status="entry")
        if kept.side == "vendor":
            arrived.entries.append(kept.digest)
            self._give_receipt(rows, peer, thread, kept, why, now)
        else:
            self._compare(rows, thread, kept, arrived)

    def _fork(self, rows: Rows, peer: Peer, kept: Kept, arrived: Arrived, now: str) -> None:
        """Two entries with one predecessor: the one that was held first stays."""
        arrived.misconduct.append(
            Misconduct(f"two entries follow {kept.previous or 'the beginning'}: see {kept.digest}")
        )
        rows.change_message(self.number, kept.digest, status="forked")
        if kept.side == "vendor":
            problem = Stale("another entry follows this one's predecessor", pointer="/inReplyTo")
            self._write_receipt(rows, peer, kept, now, problem=problem)

    def _give_receipt(self, rows: Rows, peer: Peer, thread: Thread, kept: Kept, why: Problem | None, now: str) -> None:
        if why is not None:
            self._write_receipt(rows, peer, kept, now, problem=why)
        else:
            self._write_receipt(rows, peer, kept, now, outcome=thread.entries[-1].outcome, state=thread.state)

    def _write_receipt(self, rows: Rows, peer: Peer, kept: Kept, now: str, **said: Any) -> None:
        receipt = self.pen.receipt(kept.digest, to=peer.peer, at=now, thread=kept.thread, **said)
        position = rows.next_position(self.number)
        rows.add_message(self.number, receipt._replace(position=position, status="unsent", at=None))

    def _compare(self, rows: Rows, thread: Thread, kept: Kept, arrived: Arrived) -> None:
        """Two sides that disagree about a state find out at once."""
        receipt = rows.receipt_of(self.number, kept.digest, "vendor")
        if receipt is not None:
            body = as_said(receipt)[0].message.body
            here = (thread.entries[-1].outcome, thread.state)
            if (body.outcome, body.state) != here:
                arrived.misconduct.append(
                    Misconduct(f"the vendor says {body.outcome}, {body.state} of {kept.digest}; here it is {here}")
                )

    def _as_receipt(self, kept: Kept) -> core.ReceiptMessage:
        return core.ReceiptMessage.model_validate(as_said(kept)[0].message.wire(), by_alias=True, by_name=False)

    def _add(
        self,
        rows: Rows,
        verified: Verified,
        side: Side,
        status: Status,
        *,
        of: str | None = None,
        previous: str | None = None,
        at: str | None = None,
    ) -> None:
        message = verified.message
        kept = Kept(verified.digest, rows.next_position(self.number), side, message.id, message.type, message.thread,
                    verified.raw, status, of, previous, at, verified.fault is None)  # fmt: skip
        rows.add_message(self.number, kept)


def _head(history: History, thread: str) -> str | None:
    return history.threads[thread].head if thread in history.threads else None


def _problem(body: core.Receipt) -> Problem:
    return Problem.from_dict(body.problem.wire() if body.problem else {})


def _refusal(receipt: Kept) -> Refused | None:
    body: core.Receipt = as_said(receipt)[0].message.body
    return Refused(_problem(body), receipt.raw) if body.outcome == "refused" else None
