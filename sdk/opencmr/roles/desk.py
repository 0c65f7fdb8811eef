"""The vendor's side of a relationship, inside one transaction: it settles what customers say, and numbers its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..errors import Behind, Conflict, OverQuota, Problem, UnsupportedType, UsageError
from ..messages import BODIES, Message, core
from ..messages.types import Side
from ..protocol import History, Settled, Verified, is_narrowing, parse, settle, verify
from ..protocol.receiving import check_place
from ..protocol.thread import opened_by
from ..store import Kept, Peer, Rows, Status
from ..trust import write
from .ledger import Ledger
from .pen import Draft, Link, Pen
from .seen import Seen

EARLY_THREADS = 100
"""How many threads of one relationship may hold nothing but narrowing messages that came before their threads."""
MOST_BYTES = 4 * 1024 * 1024
"""The most bytes of an answer of the mailbox, unless one word and what it answers have more."""
LOCATOR = 16
"""How many of its words a vendor names that has to be handed back what it lost, ever further apart."""


@dataclass(frozen=True)
class Received:
    """What became of a customer's message.

    Attributes:
        answers: Signed bytes, the receipt first.
        outcome: `accepted`, `moot` or `refused`; `held` where the receipt follows later; none where the bytes were
            known already.
        behind: Why the receipt follows later.
    """

    answers: list[bytes]
    outcome: str | None
    peer: Peer | None = None
    behind: Behind | None = None


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
        if kept.status == "held":
            return Received([], None, peer, self.behind(self.ledger.history(rows, peer)))
        receipt = rows.receipt_of(peer.number, digest, "vendor")
        return Received([receipt.raw] if receipt else [], None, peer)

    def behind(self, history: History) -> Behind:
        """What to tell a customer who has seen what is not held here: which words are, the last one first.

        Some of the last, and then ever fewer, so that one of them is held by both sides.
        """
        digests, named, step = history.chain.digests, list[str](), 1
        position = len(digests) - 1
        while position >= 0 and len(named) < LOCATOR:
            named.append(digests[position])
            step *= 2 if len(named) > 4 else 1
            position -= step
        return Behind("words of ours that you have seen are not held here", expected=named or None, rule="SEQ-6")

    def preview(self, rows: Rows, verified: Verified, now: str) -> Settled:
        """What checks 7 to 9 would say now, with nothing stored.

        Raises:
            Problem: One that may come good.
        """
        peer = rows.peer(self.pen.did, verified.message.from_)
        history = self.ledger.history(rows, peer) if peer else History()
        return self._settled(peer, history, verified.message, verified.digest, now)

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
        held: Behind | None = None
        settled: Settled | None = None
        try:
            settled = self._settled(peer, history, message, verified.digest, now)
        except Behind as behind:
            if not is_narrowing(message.type, "customer"):
                raise
            held = behind  # a no is never kept waiting for us to have caught up: its receipt is
        if peer is None:
            peer = rows.add_peer(self.pen.did, message.from_, opened=now, pinned={}, endpoint=None)
        position = peer.position + 1
        if settled is None:
            rows.add_message(peer.number, _kept(verified, "customer", position, "held", None, None))
            history.hear(message, verified.digest)
            self._done(rows, peer, history, [verified.digest], message.id)
            return Received([], "held", peer, held)
        receipt = self._answer(peer, history, settled, now)
        status: Status = "refused" if settled.problem else "entry"
        rows.add_message(peer.number, _kept(verified, "customer", position, status, receipt.place, now))
        rows.add_message(peer.number, receipt._replace(position=position + 1))
        answers, added = [receipt.raw], [verified.digest, receipt.digest]
        if settled.problem is None:
            for reply in replies:
                answer = self._say(rows, peer, history, reply, message.thread, position + len(added), now)
                answers.append(answer.raw)
                added.append(answer.digest)
        self._done(rows, peer, history, added, message.id)
        return Received(answers, settled.outcome, peer)

    def say(self, rows: Rows, customer: str, draft: Draft, thread: str | None, now: str) -> Verified:
        """Say something of the vendor's own accord. It waits in the customer's mailbox.

        Raises:
            UsageError: No such customer, or the thread does not allow it.
            Behind: The store was put back from a copy, and the customer has not collected since.
        """
        peer = rows.peer(self.pen.did, customer)
        if peer is None:
            raise UsageError(f"no relationship with {customer}")
        if peer.restored:
            why = "the store was put back from a copy: nothing is said before the customer has collected"
            raise Behind(why, rule="SEQ-33")
        history = self.ledger.draft(rows, peer)
        said = self._say(rows, peer, history, draft, thread, peer.position + 1, now)
        self._done(rows, peer, history, [said.digest])
        return said

    def check_collect(self, rows: Rows, peer: Peer, message: Message[core.Collect], now: str) -> None:
        """Whether a collect can be answered: what it has seen is held here. Then what was held back is caught up with.

        Raises:
            Behind: It is not.
        """
        history = self.ledger.history(rows, peer)
        if history.chain.lacks(message.seen):
            raise self.behind(history)
        if message.seen in history.chain.given_up:
            return  # the customer goes over to our chain first
        if peer.restored or history.unplaced or history.chain.given_up:
            waiting = [*rows.with_status(peer.number, "undone"), *rows.with_status(peer.number, "held")]
            if peer.restored or waiting:
                self._catch_up(rows, peer, waiting, now)

    def _catch_up(self, rows: Rows, peer: Peer, waiting: list[Kept], now: str) -> None:
        """Answer what was held, and say again what was said on a branch that was given up, in its old order."""
        rows.change_peer(peer.number, restored=False)
        history, added = self.ledger.draft(rows, peer), list[str]()
        threads: dict[str, str] = {}
        for kept in sorted(waiting, key=lambda kept: (kept.place or 1 << 60, kept.position)):
            position = rows.next_position(peer.number)
            message = self.ledger.message(kept)
            if kept.side == "customer":
                try:
                    settled = settle(message, kept.digest, history=history, now=now)
                except Problem:
                    continue  # it may come good, and comes again
                receipt = self._answer(peer, history, settled, now)
                status: Status = "refused" if settled.problem else "entry"
                rows.change_message(peer.number, kept.digest, status=status, place=receipt.place, at=now)
                rows.add_message(peer.number, receipt._replace(position=position))
                added.append(receipt.digest)
                continue
            rows.change_message(peer.number, kept.digest, status="forked")
            if message.type == core.Receipt.type:
                continue
            thread = None if message.opens else threads.get(message.thread, message.thread)
            try:
                said = self._say(rows, peer, history, Draft(message.body, message.expires), thread, position, now)
            except UsageError:
                continue  # what has happened since leaves no room for it
            threads[message.thread] = said.message.thread
            added.append(said.digest)
        history.chain.given_up |= {kept.digest for kept in waiting if kept.side == "vendor"}
        self._done(rows, peer, history, added)

    def lacks(self, rows: Rows, customer: str, seen: str | None) -> bool:
        """Whether a customer has seen a word of ours that is not held here: then we were restored."""
        peer = rows.peer(self.pen.did, customer)
        return (self.ledger.history(rows, peer) if peer else History()).chain.lacks(seen)

    def take_back(self, rows: Rows, customer: str, words: Sequence[Verified]) -> None:
        """Take back our own signed words from a customer, with what they answer: we were restored from an older copy.

        The customer's branch becomes our chain. What we had said on ours is said again once they collect.

        Args:
            rows: The transaction.
            customer: Who hands back.
            words: Vendor's words in their order, each receipt after the customer's message that it answers, each entry
                before the customer's receipt for it.

        Raises:
            Problem: These are no words of ours that go on from what is held here.
        """
        peer = rows.peer(self.pen.did, customer)
        if peer is None:
            peer = rows.add_peer(self.pen.did, customer, opened=words[0].message.created, pinned={}, endpoint=None)
        digests = list(self.ledger.history(rows, peer).chain.digests)
        before: Verified | None = None
        for word in words:
            message = word.message
            if message.side == "vendor":
                number = int(message.number or 0)
                if number <= len(digests) and digests[number - 1] == word.digest:
                    before = word
                    continue
                if number > len(digests) + 1 or message.prior != (digests[number - 2] if number > 1 else None):
                    raise Conflict("it does not go on from what is held here", pointer="/number", rule="SEQ-32")
                if number <= len(digests):
                    self._give_up(rows, peer, number)
                    del digests[number - 1 :]
                digests.append(word.digest)
                rows.change_peer(peer.number, restored=True)
                self._take_back(rows, peer, word, before)
            before = word
        if rows.changes(peer.number):
            self.ledger.publish(rows, peer.number, self.ledger.replay(rows, peer))

    def _take_back(self, rows: Rows, peer: Peer, word: Verified, before: Verified | None) -> None:
        """Put one of our words back into its place, and what it answers."""
        message, place = word.message, word.message.number
        if message.type == core.Receipt.type and word.fault is None:
            of = message.body.of
            held = rows.message(peer.number, of)
            status: Status = "refused" if message.body.outcome == "refused" else "entry"
            if held is not None:
                rows.change_message(peer.number, of, status=status, place=place, at=message.created)
            elif before is not None and before.digest == of:
                position = rows.next_position(peer.number)
                rows.add_message(peer.number, _kept(before, "customer", position, status, place, message.created))
            else:
                raise Conflict("the message that it answers comes right before it", pointer="/body/of", rule="SEQ-32")
            kept = _kept(word, "vendor", rows.next_position(peer.number), "receipt", place, message.created)
            kept = kept._replace(of=of)
        else:
            kept = _kept(word, "vendor", rows.next_position(peer.number), "entry", place, message.created)
        if rows.message(peer.number, word.digest) is not None:  # from a branch that was given up
            rows.change_message(peer.number, word.digest, status=kept.status)
        else:
            rows.add_message(peer.number, kept)

    def _give_up(self, rows: Rows, peer: Peer, first: int) -> None:
        """Leave our own branch from this number on: what it said is said again, what it answered answered again."""
        for kept in rows.from_place(peer.number, first):
            if kept.status in ("forked", "undone"):
                continue
            if kept.side == "vendor":
                rows.change_message(peer.number, kept.digest, status="undone")
            else:
                rows.change_message(peer.number, kept.digest, status="held", place=None, at=None)

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

    def waiting(self, rows: Rows, customer: str, seen: str | None, limit: int) -> tuple[list[bytes], bool]:
        """What waits for a customer after what they have seen, and whether there is more than this.

        Each receipt comes right behind the message that it answers: whoever was restored gets their own words back.

        Raises:
            Behind: What they have seen is not held here.
        """
        peer = rows.peer(self.pen.did, customer)
        history = self.ledger.history(rows, peer) if peer else History()
        if history.chain.lacks(seen):
            raise self.behind(history)
        if peer is None:
            return [], False
        after = history.chain.number(seen) or 0
        if seen is not None and seen in history.chain.given_up:
            after = self._fork(rows, peer, seen, history)
        found = rows.places_after(peer.number, after, 2 * limit + 1)
        end, room = after, MOST_BYTES
        for place, words in groupby(found, key=lambda kept: kept.place or 0):
            room -= sum(len(kept.raw) for kept in words)
            if place > after and (place - after > limit or (room < 0 and end > after)):
                break
            end = place
        return [kept.raw for kept in found if (kept.place or 0) <= end], history.chain.next - 1 > end

    def _fork(self, rows: Rows, peer: Peer, seen: str, history: History) -> int:
        """The last number that a branch which was given up has in common with our chain."""
        digest: str | None = seen
        while digest is not None and history.chain.number(digest) is None:
            kept = rows.message(peer.number, digest)
            digest = self.ledger.message(kept).prior if kept else None
        return history.chain.number(digest) or 0

    def _settled(self, peer: Peer | None, history: History, message: Message[Any], digest: str, now: str) -> Settled:
        if message.type not in self.speaks:
            raise UnsupportedType(f"{message.type} is not taken here", pointer="/type", expected=sorted(self.speaks))
        thread = history.threads.get(message.thread)
        if thread is None and is_narrowing(message.type, "customer"):
            # A thread of a private type holds no record either, and is none of these.
            early = sum(1 for one in history.threads.values() if one.family is not None and one.record is None)
            if early >= EARLY_THREADS:
                raise OverQuota("too many messages that came before their threads", pointer="/thread")
        if history.chain.lacks(message.seen) or (peer is not None and peer.restored):
            raise self.behind(history)
        return settle(message, digest, history=history, now=now)

    def _answer(self, peer: Peer, history: History, settled: Settled, now: str) -> Kept:
        """Give a message its place; the receipt has no position yet."""
        message = settled.said.message
        refused = settled.problem is not None
        receipt = self.pen.receipt(
            settled.said.digest,
            to=peer.peer,
            at=now,
            thread=message.thread,
            link=Link(history.chain.next, history.chain.tip),
            outcome=settled.outcome,
            state=None if refused else settled.thread.state,
            problem=settled.problem,
        )
        history.answer(settled.said, receipt.digest, receipt.id, now, None if refused else settled.thread)
        return receipt

    def _say(
        self, rows: Rows, peer: Peer, history: History, draft: Draft, thread_id: str | None, position: int, now: str
    ) -> Verified:
        thread = history.threads.get(thread_id) if thread_id else None
        if thread_id is not None and thread is None:
            raise UsageError(f"no thread {thread_id} with {peer.peer}")
        link = Link(history.chain.next, history.chain.tip)
        verified = self.pen.write(draft, to=peer.peer, at=now, thread=thread_id, link=link)
        message = verified.message
        try:
            check_place(message)
            said = history.saying(message, verified.digest)
            after, _ = (thread or opened_by(message)).judge(said, history)
        except Problem as problem:
            raise UsageError(f"{message.type} may not be said here: {problem}") from problem
        rows.add_message(peer.number, _kept(verified, "vendor", position, "entry", link.number, now))
        history.say(said, after)
        return verified

    def _done(self, rows: Rows, peer: Peer, history: History, added: Sequence[str], id_: str | None = None) -> None:
        """Let the others know what has changed, once it is durable."""
        self.ledger.publish(rows, peer.number, history)
        self.seen.add(rows, peer, added, id_)


def _kept(verified: Verified, side: Side, position: int, status: Status, place: int | None, at: str | None) -> Kept:
    message = verified.message
    return Kept(verified.digest, position, side, message.id, message.type, message.thread, verified.raw, status,
                None, place, at, verified.fault is None)  # fmt: skip
