"""Numbers of a vendor's words: its receipts and its own messages take their places in the chain."""

from ...errors import Problem, UsageError
from ...messages.types import Side
from ...protocol import History, Settled, Verified
from ...protocol.receiving import check_place
from ...protocol.thread import opened_by
from ...store import Kept, Peer, Rows, Status
from ..party.given import told
from ..party.histories import Histories
from ..party.signing import Draft, Link
from .keys import Keys


class Numbering:
    """Writes a vendor's words into the chain of a relationship.

    Attributes:
        keys: Who signs.
        histories: What folds.
    """

    def __init__(self, keys: Keys, histories: Histories) -> None:
        self.keys = keys
        self.histories = histories

    def answer(self, peer: Peer, history: History, settled: Settled, now: str) -> Kept:
        """Give a customer's message its place; the receipt has no position yet."""
        message = settled.said.message
        refused = settled.problem is not None
        receipt = self.keys.signer(history, now).receipt(
            settled.said.digest,
            to=message.from_,
            at=now,
            thread=message.thread,
            link=Link(history.chain.next, history.chain.tip),
            outcome=settled.outcome,
            state=None if refused else settled.thread.state,
            problem=settled.problem,
        )
        history.answer(settled.said, receipt.digest, receipt.id, now, None if refused else settled.thread)
        return receipt

    def say(
        self, rows: Rows, peer: Peer, history: History, draft: Draft, thread_id: str | None, position: int, now: str
    ) -> Verified:
        """Say something of the vendor's own.

        Raises:
            UsageError: The thread does not allow it.
        """
        thread = history.threads.get(thread_id) if isinstance(thread_id, str) else None
        if thread_id is not None and thread is None:
            raise UsageError(f"no thread {told(thread_id)} with {peer.peer}")
        link = Link(history.chain.next, history.chain.tip)
        verified = self.keys.signer(history, now).write(draft, to=peer.peer, at=now, thread=thread_id, link=link)
        message = verified.message
        try:
            check_place(message)
            said = history.saying(message, verified.digest)
            after, _ = (thread or opened_by(message)).judge(said, history)
        except Problem as problem:
            raise UsageError(f"{message.type} may not be said here: {problem}") from problem
        rows.add_message(peer.number, as_kept(verified, "vendor", position, "entry", link.number, now))
        history.say(said, after)
        return verified


def as_kept(word: Verified, side: Side, position: int, status: Status, place: int | None, at: str | None) -> Kept:
    """A verified message as a row."""
    message = word.message
    return Kept(word.digest, position, side, message.id, message.type, message.thread, word.raw, status,
                None, place, at)  # fmt: skip
