"""A thread: a hash-linked sequence of messages, and the record that it folds to (`spec/v1/sequence.md`)."""

from dataclasses import dataclass
from typing import Any, Literal

from ..errors import Expired, Problem, StaleHead, WrongSide, WrongState
from ..messages import Message, is_private
from ..messages.types import Side
from .agreement import Agreement
from .consent import Consent
from .dealing import Context, Dealing
from .lifecycle import NONE, family_of, is_narrowing, lifecycle
from .said import Entry, Outcome, Said

Record = Agreement | Consent | Dealing
Taken = Literal["accepted", "moot"]


@dataclass(frozen=True)
class Thread:
    """A thread as far as it has been folded. Nothing in it depends on the clock.

    Attributes:
        id: Id of its first message.
        family: Whose lifecycle it follows; none for a private type.
        entries: Its links, in order.
        record: What it folds to; none while nothing has taken effect.
    """

    id: str
    family: str | None
    entries: tuple[Entry, ...] = ()
    record: Record | None = None

    @property
    def state(self) -> str:
        """The state that its receipts name."""
        return self.record.state if self.record else NONE

    @property
    def head(self) -> str | None:
        """Digest of the last entry."""
        return self.entries[-1].digest if self.entries else None

    def follows(self, message: Message[Any], side: Side) -> tuple[str, ...] | None:
        """Whether a customer's message may take its place after the head (`sequence.md`, stale heads).

        Returns:
            None if it may, else the digests of the entries that its sender has missed.
        """
        if message.in_reply_to == self.head or is_narrowing(message.type, side):
            return None
        since = self._since(message.in_reply_to)
        if message.type == "offer.accept" and all(entry.side == "vendor" for entry in since) and since != self.entries:
            return None
        return tuple(entry.digest for entry in since)

    def _since(self, digest: str | None) -> tuple[Entry, ...]:
        for position in range(len(self.entries) - 1, -1, -1):
            if self.entries[position].digest == digest:
                return self.entries[position + 1 :]
        return self.entries

    def judge(self, said: Said, context: Context) -> tuple["Thread", Taken]:
        """The thread with this message in its place: a customer's, or one that a vendor is about to say.

        Raises:
            Problem: The state or a rule across members does not allow it; a vendor's message had expired when made.
        """
        side, type_ = said.side, said.message.type
        if side == "vendor" and not self._in_time(said):
            raise Expired("it had expired when it was made", pointer="/expires")
        if self.family is None:
            if is_narrowing(type_, side):
                return self._with(said, "moot", None), "moot"
            if not is_private(type_):
                raise WrongState("a thread of private types holds nothing else", pointer="/type", rule="LIF-2")
            return self._with(said, "accepted", None), "accepted"
        table = lifecycle(self.family)
        to = table.rows.get((self.state, type_, side))
        narrowing = is_narrowing(type_, side)
        if to is None:
            if narrowing:
                return self._with(said, "moot", self.record), "moot"
            other: Side = "vendor" if side == "customer" else "customer"
            allowed = table.allowed(self.state, side)
            if (self.state, type_, other) in table.rows:
                raise WrongSide(f"only the {other} sends {type_}", pointer="/type", expected=allowed or None)
            raise WrongState(f"the thread is {self.state}", pointer="/type", expected=allowed or None)
        before: Record = self.record or _blank(self.family, said.at)
        after = before.take(said, to, context)
        outcome: Taken = "moot" if after is before else "accepted"
        return self._with(said, outcome, self.record if after is before else after), outcome

    def take(self, said: Said, context: Context, fault: Problem | None = None) -> tuple["Thread", Problem | None]:
        """The thread with an entry that has its place already: what may not be is void, and both folds pass over it.

        Args:
            said: The entry.
            context: The relationship up to here.
            fault: Why the message is not of the form that its type asks for, where it isn't.

        Returns:
            The thread, and why the entry is void where it is.
        """
        try:
            if fault is not None:
                raise fault
            return self.judge(said, context)[0], None
        except Problem as problem:
            return self._with(said, "void", self.record), problem

    @staticmethod
    def _in_time(said: Said) -> bool:
        """A vendor's message that had expired when it was made says nothing; later does not matter."""
        expires = said.message.expires
        return expires is None or said.at < expires or is_narrowing(said.message.type, said.side)

    def _with(self, said: Said, outcome: Outcome, record: Record | None) -> "Thread":
        entry = Entry(said.digest, said.message.id, said.message.type, said.side, said.at, outcome)
        return Thread(self.id, self.family, (*self.entries, entry), record)

    def check_follows(self, message: Message[Any], side: Side) -> None:
        """Refuse a stale head.

        Raises:
            StaleHead: With the digests of what was missed in `missing`.
        """
        missed = self.follows(message, side)
        if missed is not None:
            problem = StaleHead(pointer="/inReplyTo", expected=[self.head] if self.head else None, rule="SEQ-4")
            problem.missing = missed
            raise problem


def opened_by(message: Message[Any]) -> Thread:
    """The empty thread that this message takes the first place of."""
    return Thread(message.thread, family_of(message.type))


def _blank(family: str, at: str) -> Record:
    match family:
        case "terms":
            return Agreement(NONE)
        case "consent":
            return Consent(NONE, {})
        case _:
            return Dealing(NONE, at)
