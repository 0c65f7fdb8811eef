"""A thread: the messages about one thing, in their places, and the record that they fold to (`spec/v1/sequence.md`)."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Literal

from ..errors import Expired, Problem, Stale, UnknownThread, WrongSide, WrongState
from ..messages import Message
from ..messages.types import Side
from .context import Context
from .families import FAMILIES
from .family import Record
from .lifecycle import NONE, family_of, is_narrowing, lifecycle
from .said import Entry, Erased, Outcome, Said

Taken = Literal["accepted", "moot"]
ERASED = "erased"
"""The state of a thread of which something was erased, in every family."""
GONE = "SEQ-40"
"""The rule by which a word that widens is refused in such a thread."""


@dataclass(frozen=True)
class Thread:
    """A thread as far as it has been folded. Nothing in it depends on the clock.

    Attributes:
        id: Id of its first message.
        family: Whose lifecycle it follows; none where its first word is of a type that is not known here. Then nothing
            takes effect in it.
        entries: Its links, in order.
        record: What it folds to; none while nothing has taken effect, and none where something was erased.
        erased: The last of its words whose content was erased. What is said here since is passed over, but for noes.
    """

    id: str
    family: str | None
    entries: tuple[Entry, ...] = ()
    record: Record | None = None
    erased: Said | None = None

    @property
    def state(self) -> str:
        """The state that its receipts name."""
        if self.erased is not None:
            return ERASED
        return self.record.state if self.record else NONE

    def missed(self, said: Said) -> list[Entry]:
        """The entries that a customer's widening word does not know, and would have to (`sequence.md`, stale words)."""
        family = FAMILIES[self.family] if self.family is not None else None
        if is_narrowing(said.message.type, said.side) or (family and said.message.type in family.never_stale):
            return []
        first = bisect_right(self.entries, said.knows.seen, key=attrgetter("place"))  # a long thread is mostly seen
        missed = [entry for entry in self.entries[first:] if not said.knows.knows(entry.place)]
        # What is firm, a vendor that says something each second must not keep from being taken up.
        firm = family is not None and said.message.type in family.firm
        return [] if firm and all(entry.side == "vendor" for entry in missed) else missed

    def check_in_time(self, said: Said) -> None:
        """Refuse a customer's widening word that takes its place too late, or does not know what stands here.

        Raises:
            Expired, Stale: It does.
        """
        if is_narrowing(said.message.type, said.side):
            return
        expires = said.message.expires
        if expires is not None and expires <= said.at:
            raise Expired(f"to take its place before {expires}, and it is {said.at}", pointer="/expires", rule="RCV-11")
        if missed := self.missed(said):
            raise Stale(
                f"it does not know {len(missed)} of what stands in the thread, such as {missed[-1].type}",
                pointer="/seen",
                expected=[missed[-1].digest],
                rule="SEQ-4",
            )

    def judge(self, said: Said, context: Context) -> tuple["Thread", Taken]:
        """The thread with this message in its place: a customer's that is in time, or a vendor's.

        Raises:
            Problem: The state or a rule across members does not allow it; a vendor's message had expired when made.
        """
        side, type_ = said.side, said.message.type
        if side == "vendor" and not self._in_time(said):
            raise Expired("it had expired when it was made", pointer="/expires", rule="RCV-12")
        if not self.entries and not said.message.opens and not is_narrowing(type_, side):
            raise UnknownThread("no such thread is known between these two parties", pointer="/thread")
        if self.erased is not None:
            if is_narrowing(type_, side):
                return self._with(said, "moot", None), "moot"
            raise WrongState("what was said in this thread was erased", pointer="/type", rule=GONE)
        if self.family is None:
            if is_narrowing(type_, side):
                return self._with(said, "moot", None), "moot"
            raise WrongState("the thread began with a word of a type that is not known", pointer="/type", rule="LIF-2")
        table = lifecycle(self.family)
        to = table.rows.get((self.state, type_, side))
        narrowing = is_narrowing(type_, side)
        if to is None:
            if narrowing:
                return self._with(said, "moot", self.record), "moot"
            other: Side = "vendor" if side == "customer" else "customer"
            allowed = table.allowed(self.state, side)
            if (self.state, type_, other) in table.rows:
                raise WrongSide(
                    f"only the {other} sends {type_}", pointer="/type", expected=allowed or None, rule="LIF-1"
                )
            raise WrongState(f"the thread is {self.state}", pointer="/type", expected=allowed or None, rule="LIF-1")
        before = self.record or FAMILIES[self.family].blank(said.point)
        after = before.take(said, to, context)
        outcome: Taken = "moot" if after is before else "accepted"
        return self._with(said, outcome, self.record if after is before else after), outcome

    def take(self, said: Said, context: Context, fault: Problem | None = None) -> tuple["Thread", Problem | None]:
        """The thread with an entry that has its place already: what may not be is void, and both folds pass over it.

        Where something was erased, nothing can be judged any more: each entry is what its receipt says.

        Args:
            said: The entry.
            context: The relationship up to here.
            fault: What is wrong with the message by itself, where something is.

        Returns:
            The thread, and why the entry is void where it is.
        """
        if isinstance(said.message.body, Erased):
            return replace(self._with(said, "accepted", None), erased=said), None
        if self.erased is not None and fault is None:
            return self._with(said, "accepted", None), None
        try:
            if fault is not None:
                raise fault
            if said.side == "customer":
                if not is_narrowing(said.message.type, "customer"):
                    context.check_customer(said.message)
                self.check_in_time(said)
            return self.judge(said, context)[0], None
        except Problem as problem:
            return self._with(said, "void", self.record), problem

    @staticmethod
    def _in_time(said: Said) -> bool:
        """A vendor's message that had expired when it was made says nothing; later does not matter."""
        expires = said.message.expires
        return expires is None or said.at < expires or is_narrowing(said.message.type, said.side)

    def _with(self, said: Said, outcome: Outcome, record: Record | None) -> "Thread":
        entry = Entry(said.digest, said.message.id, said.message.type, said.side, said.place, said.at, outcome)
        return Thread(self.id, self.family, (*self.entries, entry), record, self.erased)


def tells_of_erasure(receipt: Any) -> bool:
    """Whether a receipt says that what it rests on was erased: then nobody can say what it should have said.

    Args:
        receipt: Its body.
    """
    return receipt.state == ERASED or (receipt.problem is not None and receipt.problem.rule == GONE)


def opened_by(message: Message[Any]) -> Thread:
    """The empty thread that this message takes the first place of."""
    return Thread(message.thread, family_of(message.type))
