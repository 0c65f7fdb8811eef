"""Operations on a vendor's relationships, each inside one transaction of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ...errors import Behind, Conflict, Moved, OverQuota, UsageError, WrongKey
from ...messages import VERSIONS, Message, core
from ...protocol import (
    MOST_STATEMENTS,
    History,
    Settled,
    Thread,
    Verified,
    came_to_nothing,
    is_narrowing,
    is_passing,
    settle,
)
from ...protocol.erasure import is_tombstone
from ...protocol.speakers import forerunner
from ...store import Peer, Rows, Status
from ...transport.limits import MEMORY
from ..party.histories import Histories
from ..party.signing import Draft
from .keys import Keys
from .known_messages import KnownMessages
from .numbering import Numbering, as_kept
from .restored import catch_up, fork, take_back

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


class Transactions:
    """What is done with the relationships of one vendor: each method works on the rows of one transaction.

    Args:
        keys: Who signs.
        histories: What folds.
        memory: Bytes that may be remembered of relationships altogether.
    """

    def __init__(self, keys: Keys, histories: Histories, memory: int = MEMORY) -> None:
        self.keys = keys
        self.histories = histories
        self.numbering = Numbering(keys, histories)
        self.known_messages = KnownMessages(memory)
        self.speaks = frozenset(
            type_ for version in VERSIONS.values() for type_, body in version.types.items() if body.place != "none"
        )
        """The message types that are taken: all that are entries."""

    def known(self, rows: Rows, sender: str, id_: str, digest: str) -> Received | None:
        """Check 2: the same bytes get the same answer.

        Raises:
            Conflict: The sender has used this id for other bytes.
        """
        peer = self.relationship(rows, sender)
        return self._known(rows, peer, id_, digest) if peer else None

    def relationship(self, rows: Rows, customer: str) -> Peer | None:
        """The relationship of a customer, by the DID of now or one of before."""
        return rows.peer(self.keys.did, customer) or rows.peer_of_before(self.keys.did, customer)

    def speaker(self, rows: Rows, message: Message[Any]) -> Peer | None:
        """Check 8, first part: the relationship in which the sender speaks, or goes on by this very message.

        Returns:
            It; none where they have none: a message of theirs begins one.

        Raises:
            Moved: They spoke in one under this DID, and have gone on under another.
        """
        was = forerunner(message)
        peer = rows.peer(self.keys.did, was) if was is not None else None
        if peer is not None and self.histories.history(rows, peer).goes_on(message):
            return peer
        return self.check_moved(rows, message.from_)

    def check_moved(self, rows: Rows, customer: str) -> Peer | None:
        """The relationship that goes by this DID.

        Raises:
            Moved: One did, and goes by another now.
        """
        peer = rows.peer(self.keys.did, customer)
        if peer is None and rows.peer_of_before(self.keys.did, customer) is not None:
            raise Moved(pointer="/from", rule="REL-7")
        return peer

    def _move(self, rows: Rows, peer: Peer, did: str) -> Peer:
        """Let the customer of a relationship go on under another DID.

        Raises:
            WrongKey: This DID has a relationship of its own, or had one.
        """
        before = rows.peer_of_before(self.keys.did, did)
        if before is not None and before.number != peer.number:  # what was said there would be heard again here
            raise WrongKey("this key had a relationship of its own here", pointer="/from", rule="REL-4")
        if (other := rows.peer(self.keys.did, did)) is not None:
            if self.histories.history(rows, other).chain.digests:
                raise WrongKey("this key has a relationship of its own here", pointer="/from", rule="REL-4")
            rows.merge(other.number, peer.number)  # a no that came before it was known whose it is
        moved = rows.move(peer.number, did)
        rows.done.append(lambda: self.histories.changed(peer.peer))
        return moved

    def _known(self, rows: Rows, peer: Peer, id_: str, digest: str) -> Received | None:
        used, there = self.known_messages.look(rows, peer, id_, digest)
        if not there:
            if used:
                raise Conflict("this id has been used for other bytes", pointer="/id")
            return None
        kept = rows.message(peer.number, digest)
        if kept is None or kept.status == "receipt":  # a receipt gets none; check 4 refuses it
            return None
        if kept.status == "held":
            return Received([], None, peer, self.behind(self.histories.history(rows, peer)))
        receipt = rows.receipt_of(peer.number, digest, "vendor")
        return Received([receipt.raw] if receipt else [], None, peer)

    def behind(self, history: History, seen: str | None = None) -> Behind:
        """What to tell a customer who has seen what is not held here: which words are, the last one first.

        The last ones closely, the earlier ones ever further apart, so that one of them is held by both sides.
        """
        digests, named, step = history.chain.digests, list[str](), 1
        position = len(digests) - 1
        while position >= 0 and len(named) < LOCATOR:
            named.append(digests[position])
            step *= 2 if len(named) > 4 else 1
            position -= step
        where = "/seen" if history.chain.lacks(seen) else None
        why = "words of ours that you have seen are not held here"
        return Behind(why, pointer=where, expected=named or None, rule="SEQ-6")

    def preview(self, rows: Rows, verified: Verified, now: str) -> Settled:
        """What checks 8 to 10 would say now, with nothing stored.

        Raises:
            Problem: One that may come good.
        """
        peer = self.speaker(rows, verified.message)
        history = self.histories.history(rows, peer) if peer else History()
        return self._settled(peer, history, verified.message, verified.digest, now)

    def receive(self, rows: Rows, verified: Verified, replies: Sequence[Draft], now: str) -> Received:
        """Checks 8 to 11: settle a message and keep it with its receipt and the replies to it, or nothing at all.

        Raises:
            Problem: One that may come good.
            UsageError: A reply is not what the thread allows.
        """
        message = verified.message
        peer = self.speaker(rows, message)
        if peer is not None and (known := self._known(rows, peer, message.id, verified.digest)) is not None:
            return known
        history = self.histories.draft(rows, peer) if peer else History()
        held: Behind | None = None
        settled: Settled | None = None
        try:
            settled = self._settled(peer, history, message, verified.digest, now)
        except Behind as behind:
            if not is_narrowing(message.type, "customer"):
                raise
            held = behind  # a no takes effect at once; its receipt waits until we have caught up
        if peer is None:
            peer = rows.add_peer(self.keys.did, message.from_, opened=now, pinned={}, endpoint=None)
        if settled is not None and settled.problem is None and forerunner(message) is not None:
            peer = self._move(rows, peer, message.from_)
        position = peer.position + 1
        if settled is None:
            rows.add_message(peer.number, as_kept(verified, "customer", position, "held", None, None))
            history.hear(message, verified.digest)
            self._note(rows, peer, now, binding=True)
            self._done(rows, peer, history, [verified.digest], message.id)
            return Received([], "held", peer, held)
        receipt = self.numbering.answer(peer, history, settled, now)
        status: Status = "refused" if settled.problem else "entry"
        rows.add_message(peer.number, as_kept(verified, "customer", position, status, receipt.place, now))
        rows.add_message(peer.number, receipt._replace(position=position + 1))
        answers, added = [receipt.raw], [verified.digest, receipt.digest]
        binding = bool(history.chain.disputes)
        if settled.problem is None:
            binding = binding or not is_passing(message.type, "customer")
            binding = binding or not all(is_passing(reply.body.type, "vendor") for reply in replies)
            for reply in replies:
                answer = self.numbering.say(rows, peer, history, reply, message.thread, position + len(added), now)
                answers.append(answer.raw)
                added.append(answer.digest)
        self._note(rows, peer, now, binding=binding)
        self._done(rows, peer, history, added, message.id)
        return Received(answers, settled.outcome, peer)

    def say(self, rows: Rows, customer: str, draft: Draft, thread: str | None, now: str) -> Verified:
        """Say something of the vendor's own accord. It waits in the customer's mailbox.

        Raises:
            UsageError: No such customer, or the thread does not allow it.
            Behind: The store was put back from a copy, and the customer has not collected since.
        """
        peer = self.relationship(rows, customer)
        if peer is None:
            raise UsageError(f"no relationship with {customer}")
        if peer.restored:
            why = "not all that was said is held here: nothing is said before the customer has collected"
            raise Behind(why, rule="SEQ-33")
        history = self.histories.draft(rows, peer)
        said = self.numbering.say(rows, peer, history, draft, thread, peer.position + 1, now)
        self._note(rows, peer, now, binding=not is_passing(said.message.type, "vendor"))
        self._done(rows, peer, history, [said.digest])
        return said

    def check_collect(self, rows: Rows, peer: Peer, message: Message[core.Collect], now: str) -> None:
        """Whether a collect can be answered: what it has seen is held here. Then what was held back is caught up with.

        Raises:
            Behind: It is not.
        """
        history = self.histories.history(rows, peer)
        if history.chain.lacks(message.seen):
            raise self.behind(history, message.seen)
        if message.seen in history.chain.given_up:
            return  # the customer goes over to our chain first
        if peer.restored or history.unplaced or history.chain.given_up:
            waiting = [*rows.with_status(peer.number, "undone"), *rows.with_status(peer.number, "held")]
            if peer.restored or waiting:
                catch_up(self.numbering, rows, peer, waiting, now)
                self._note_anew(rows, peer.number, now)

    def take_back(self, rows: Rows, customer: str, words: Sequence[Verified], now: str) -> None:
        """Take back our own words from a customer: see `restored`.

        Raises:
            Problem: These are no words of ours that go on from what is held here.
        """
        peer = self.speaker(rows, words[0].message) or rows.peer(self.keys.did, customer)
        if peer is None:
            peer = rows.add_peer(self.keys.did, customer, opened=words[0].message.created, pinned={}, endpoint=None)
        take_back(self.histories, rows, peer, words)
        after = rows.peer_by_number(peer.number) or peer
        speaks = self.histories.history(rows, after).customer
        if speaks is not None and speaks != peer.peer:
            self._move(rows, after, speaks)
        self._note_anew(rows, peer.number, now)

    def lacks(self, rows: Rows, customer: str, seen: str | None) -> bool:
        """Whether a customer has seen a word of ours that is not held here: then we were restored."""
        peer = rows.peer(self.keys.did, customer)
        return (self.histories.history(rows, peer) if peer else History()).chain.lacks(seen)

    def unanswered(
        self, rows: Rows, customer: str, receipts: Sequence[Message[core.Receipt]]
    ) -> list[Message[core.Receipt]]:
        """Those of a customer's receipts, as yet unchecked, that answer something of ours, and for the first time."""
        peer = rows.peer(self.keys.did, customer)
        if peer is None:
            return []
        return [receipt for receipt in receipts if receipt.from_ == customer and self._wants(rows, peer, receipt)]

    def keep_receipts(self, rows: Rows, peer: Peer, receipts: Sequence[Verified]) -> None:
        """Keep the customer's receipts for what they collected; what proves nothing is passed over."""
        for verified in receipts:
            if self._wants(rows, peer, verified.message):
                position = rows.next_position(peer.number)
                kept = as_kept(verified, "customer", position, "receipt", None, None)
                rows.add_message(peer.number, kept._replace(of=verified.message.body.of))

    def _wants(self, rows: Rows, peer: Peer, receipt: Message[core.Receipt]) -> bool:
        said = rows.message(peer.number, receipt.body.of)
        return (
            said is not None
            and (said.side, said.status, said.thread) == ("vendor", "entry", receipt.thread)
            and rows.receipt_of(peer.number, receipt.body.of, "customer") is None
            and rows.message_by_id(peer.number, "customer", receipt.id) is None
        )

    def waiting(self, rows: Rows, customer: str, seen: str | None, limit: int) -> tuple[list[bytes], bool]:
        """What waits for a customer after what they have seen, and whether there is more than this.

        Each receipt comes right after the message that it answers, so a wallet that was restored gets its own words
        back.

        Raises:
            Behind: What they have seen is not held here.
        """
        peer = self.check_moved(rows, customer)
        history = self.histories.history(rows, peer) if peer else History()
        if history.chain.lacks(seen):
            raise self.behind(history, seen)
        if peer is None:
            return [], False
        after = history.chain.number(seen) or 0
        if seen is not None and seen in history.chain.given_up:
            after = fork(rows, peer, seen, history)
        found = rows.places_after(peer.number, after, 2 * limit + 1)
        end, room = after, MOST_BYTES
        for place, words in groupby(found, key=lambda kept: kept.place or 0):
            room -= sum(len(kept.raw) for kept in words)
            if place > after and (place - after > limit or (room < 0 and end > after)):
                break
            end = place
        told = [kept.raw for kept in found if (kept.place or 0) <= end and not is_tombstone(kept.raw)]
        return told, history.chain.next - 1 > end

    def _settled(self, peer: Peer | None, history: History, message: Message[Any], digest: str, now: str) -> Settled:
        thread = history.threads.get(message.thread)
        if thread is None and not message.opens and is_narrowing(message.type, "customer"):
            # What is held has opened none yet.
            early = sum(map(_began_with_a_no, history.threads.values()))
            held = {one.thread for one in history.unplaced.values()} - {message.thread}
            if early + sum(one not in history.threads for one in held) >= EARLY_THREADS:
                raise OverQuota("too many messages that came before their threads", pointer="/thread")
        if history.chain.lacks(message.seen) or (peer is not None and peer.restored):
            raise self.behind(history, message.seen)
        settled = settle(message, digest, history=history, now=now)
        if is_narrowing(message.type, "customer"):
            return settled
        took = settled.outcome == "accepted"
        after = history.statements_with(settled.thread) if took else history.statements_besides(settled.said)
        if after > MOST_STATEMENTS and after > history.statements:
            raise OverQuota("more was said here than is decided by; take something back first", pointer="/body")
        return settled

    @staticmethod
    def _note(rows: Rows, peer: Peer, now: str, *, binding: bool) -> None:
        """Note whether something has come of a relationship by now. Once it has, it stays so."""
        if not peer.kept:
            rows.change_peer(peer.number, idle=now, kept=binding)

    def _note_anew(self, rows: Rows, number: int, now: str) -> None:
        """The same, of one whose words were put back; and whether they go as far as what was forgotten."""
        peer = rows.peer_by_number(number)
        if peer is None:
            return
        history = self.histories.history(rows, peer)
        self._note(rows, peer, now, binding=not came_to_nothing(history))
        if peer.forgotten and (not peer.restored or history.chain.number(peer.last) is not None):
            rows.change_peer(number, forgotten=0, last=None)

    def _done(self, rows: Rows, peer: Peer, history: History, added: Sequence[str], id_: str | None = None) -> None:
        """Let the others know what has changed, once it is durable."""
        self.histories.publish(rows, peer.number, history)
        self.known_messages.add(rows, peer, added, id_)


def _began_with_a_no(thread: Thread) -> bool:
    first = thread.entries[0]
    return thread.record is None or is_narrowing(first.type, first.side)
