"""Recovery of a vendor whose store was put back from an older copy (`spec/v1/sequence.md`, after a restore).

A customer has seen words of the vendor that its store lacks. The customer hands them back, with what they answer; the
vendor's own signatures prove whose they are. This branch becomes the vendor's chain. What the vendor has said or
answered on its own branch meanwhile is said or answered again when the customer next collects.
"""

from collections.abc import Sequence

from ...errors import Conflict, Problem, UsageError
from ...messages import core
from ...protocol import History, Verified, settle
from ...store import Kept, Peer, Rows, Status
from ..party.histories import Histories, read
from ..party.signing import Draft
from .numbering import Numbering, as_kept

_LAST = 1 << 60
"""After all places: what was held without one is answered last."""


def take_back(histories: Histories, rows: Rows, peer: Peer, words: Sequence[Verified]) -> None:
    """Take back our own words from a customer.

    Args:
        histories: What folds them.
        rows: The transaction.
        peer: The relationship.
        words: Ours in their order, each receipt right after the customer's message that it answers; the customer's
            receipts, if any, after the entries that they answer.

    Raises:
        Conflict: These are no words of ours that go on from what is held here.
    """
    history = histories.draft(rows, peer)
    before: Verified | None = None
    for word in words:
        message, chain = word.message, history.chain
        if message.side == "customer":
            if message.type == core.Receipt.type:
                _keep_receipt(rows, peer, word)
            before = word
            continue
        number = int(message.number or 0)
        if word.digest in chain.given_up:  # or who holds words of two branches could send us to and fro
            raise Conflict("we go on from another branch, and this one is given up", pointer="/number", rule="SEQ-32")
        if chain.number(word.digest) is None:
            if number > chain.next or message.prior != (chain.digests[number - 2] if number > 1 else None):
                raise Conflict("it does not go on from what is held here", pointer="/number", rule="SEQ-32")
            if number < chain.next:
                _give_up(rows, peer, number)
                history = histories.replay(rows, peer)
            rows.change_peer(peer.number, restored=True)
            _put_back(rows, peer, history, word, before)
        before = word
    if rows.changes(peer.number):
        histories.publish(rows, peer.number, histories.replay(rows, peer))


def _give_up(rows: Rows, peer: Peer, first: int) -> None:
    """Leave our own branch from this number on: what it said is said again, what it answered is answered again."""
    for kept in rows.from_place(peer.number, first):
        if kept.side == "customer":
            rows.change_message(peer.number, kept.digest, status="held", place=None, at=None)
        elif kept.status in ("entry", "receipt"):
            rows.change_message(peer.number, kept.digest, status="undone")


def _put_back(rows: Rows, peer: Peer, history: History, word: Verified, before: Verified | None) -> None:
    """Put one of our words back into its place, and what it answers."""
    message, place, of = word.message, word.message.number, None
    status: Status = "entry"
    if message.type == core.Receipt.type:
        status = "receipt"
        asked = _asked(rows, peer, word, before)
        history.follow(message, word.digest, of=asked.message if asked else None, fault=word.fault)
        if asked is not None and history.chain.place_of(asked.digest) == place:
            of = asked.digest
            _place(
                rows, peer, asked, "refused" if message.body.outcome == "refused" else "entry", place, message.created
            )
    else:
        history.follow(message, word.digest, fault=word.fault)
    if rows.message(peer.number, word.digest) is not None:  # of a branch that was given up
        rows.change_message(peer.number, word.digest, status=status, of=of)
    else:
        kept = as_kept(word, "vendor", rows.next_position(peer.number), status, place, message.created)
        rows.add_message(peer.number, kept._replace(of=of))


def _asked(rows: Rows, peer: Peer, receipt: Verified, before: Verified | None) -> Verified | None:
    """What a receipt of ours answers: right before it, or held here.

    Raises:
        Conflict: Neither.
    """
    if receipt.fault is not None:
        return None
    of = receipt.message.body.of
    if before is not None and before.digest == of:
        return before
    held = rows.message(peer.number, of)
    if held is None:
        raise Conflict("the message that it answers comes right before it", pointer="/body/of", rule="SEQ-32")
    return Verified(held.raw, held.digest, read(held)[0])


def _place(rows: Rows, peer: Peer, asked: Verified, status: Status, place: int | None, at: str) -> None:
    if rows.message(peer.number, asked.digest) is not None:
        rows.change_message(peer.number, asked.digest, status=status, place=place, at=at)
    else:
        position = rows.next_position(peer.number)
        rows.add_message(peer.number, as_kept(asked, "customer", position, status, place, at))


def _keep_receipt(rows: Rows, peer: Peer, receipt: Verified) -> None:
    of = receipt.message.body.of
    said = rows.message(peer.number, of)
    if said is None or (said.side, said.status, said.thread) != ("vendor", "entry", receipt.message.thread):
        return  # it answers nothing of ours
    used = rows.message_by_id(peer.number, "customer", receipt.message.id) is not None
    if not used and rows.receipt_of(peer.number, of, "customer") is None:
        kept = as_kept(receipt, "customer", rows.next_position(peer.number), "receipt", None, None)
        rows.add_message(peer.number, kept._replace(of=of))


def catch_up(numbering: Numbering, rows: Rows, peer: Peer, waiting: Sequence[Kept], now: str) -> None:
    """Answer what was held, and say again what was said on a branch that was given up, in its old order.

    Args:
        numbering: What gives our words their numbers.
        rows: The transaction.
        peer: The relationship.
        waiting: What is held or was undone.
        now: The time.
    """
    rows.change_peer(peer.number, restored=False)
    history = numbering.histories.draft(rows, peer)
    threads: dict[str, str] = {}
    for kept in sorted(waiting, key=lambda kept: (kept.place or _LAST, kept.position)):
        position = rows.next_position(peer.number)
        message = read(kept)[0]
        if kept.side == "customer":
            try:
                settled = settle(message, kept.digest, history=history, now=now, caught_up=True)
            except Problem:
                continue  # it may come good, and comes again
            receipt = numbering.answer(peer, history, settled, now)
            status: Status = "refused" if settled.problem else "entry"
            rows.answer_message(peer.number, kept.digest, status=status, place=receipt.place, at=now)
            rows.add_message(peer.number, receipt._replace(position=position))
            continue
        rows.answer_message(peer.number, kept.digest, status="forked")
        history.chain.given_up |= {kept.digest}
        if message.type == core.Receipt.type:
            continue
        thread = None if message.opens else threads.get(message.thread, message.thread)
        try:
            draft = Draft(message.body, message.expires, message.ext)
            said = numbering.say(rows, peer, history, draft, thread, position, now)
        except UsageError:
            continue  # what has happened since leaves no room for it
        threads[message.thread] = said.message.thread
    numbering.histories.publish(rows, peer.number, history)


def fork(rows: Rows, peer: Peer, seen: str, history: History) -> int:
    """The last number that a branch which was given up has in common with our chain."""
    digest: str | None = seen
    while digest is not None and history.chain.number(digest) is None:
        kept = rows.message(peer.number, digest)
        digest = read(kept)[0].prior if kept else None
    return history.chain.number(digest) or 0
