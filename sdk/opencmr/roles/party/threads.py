"""Handles of threads, and namespaces of handles, for both roles.

    relationship.consents                            # a namespace: all handles of the family, by first place
    relationship.consents.in_state("requested")      # those in a state
    relationship.consents.page(after=thread)         # the next fifty
    relationship.consents[thread].record             # one thread, and what it folds to

What a party says is a method: of the namespace where it begins a thread, of the handle where it goes on in one. Each
role has one module a family for both in its `in_hand`, and its `Relationship` one line for each namespace.
"""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, Self, TypeGuard, TypeVar, overload

from ...errors import UsageError
from ...messages import Body
from ...protocol import History, Record, Thread, lifecycle
from .given import among, setting, told
from .signing import Draft


class Conversation(Protocol):
    """What a handle asks of a relationship, the customer's or the vendor's."""

    @property
    def history(self) -> History:
        """The threads of the relationship, folded."""
        ...

    def now(self) -> str:
        """The party's own time."""
        ...

    async def say(self, body: Body | Draft, thread: str | None = None) -> str:
        """Say something, in this thread or in one that it opens; returns the thread's id."""
        ...


C = TypeVar("C", bound=Conversation)
R = TypeVar("R", bound=Record)
H = TypeVar("H", bound="Handle[Any, Any]")
N = TypeVar("N")


class Handle(Generic[C, R]):
    """A thread in hand. It is a view: `record` is what the thread folds to now, so nothing in it is out of date.

    Attributes:
        family: The family whose thread it is.
        kind: What its thread folds to.
        relationship: Where it takes place.
        thread: Its id.
    """

    family: str
    kind: type[R]

    def __init__(self, relationship: C, thread: str) -> None:
        self.relationship = relationship
        self.thread = thread

    @classmethod
    def fits(cls, record: Record | None) -> TypeGuard[R]:
        """Whether a thread with this record is one for such a handle."""
        return isinstance(record, cls.kind)

    @property
    def record(self) -> R:
        """What the thread folds to.

        Raises:
            UsageError: Nothing has taken effect in it yet.
        """
        thread = self.relationship.history.threads.get(self.thread)
        record = thread.record if thread is not None else None
        if not self.fits(record):
            raise UsageError(f"nothing has taken effect in {self.thread} yet")
        return record

    @property
    def state(self) -> str:
        """The thread's state, as its receipts name it."""
        thread = self.relationship.history.threads.get(self.thread)
        return thread.state if thread else "none"

    async def say(self, body: Body | Draft) -> None:
        """Go on in this thread, with any word of the family; see `Relationship.say`."""
        await self.relationship.say(body, self.thread)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.thread}, {self.state})"


class Threads(Generic[C, H]):
    """A namespace of a relationship: its threads of one family in which something has taken effect, by first place.

    Attributes:
        relationship: Where they take place.
    """

    handle: type[H]

    def __init__(self, relationship: C) -> None:
        self.relationship = relationship

    def in_state(self, *states: str) -> list[H]:
        """Those that are in one of these states now.

        Args:
            states: States of the family's `lifecycle.json`.

        Raises:
            UsageError: The family has no such state.
        """
        among("state", states, lifecycle(self.handle.family).states)
        held = self._held().items()
        return [self.handle(self.relationship, id_) for id_, thread in held if thread.state in states]

    def page(self, after: str | None = None, limit: int = 50) -> list[H]:
        """So many of them, in the order of their first places.

        Args:
            after: The thread that the page follows, such as the last of the page before; absent: the first page.
            limit: How many at most.

        Raises:
            UsageError: There is no such thread here, or the limit is no whole number from 1.
        """
        setting("limit", limit, whole=True)
        ids = list(self._held())
        if after is not None and after not in ids:
            raise self._unknown(after)
        first = ids.index(after) + 1 if after is not None else 0
        return [self.handle(self.relationship, id_) for id_ in ids[first : first + limit]]

    def __iter__(self) -> Iterator[H]:
        return (self.handle(self.relationship, id_) for id_ in self._held())

    def __len__(self) -> int:
        return len(self._held())

    def __contains__(self, thread: object) -> bool:
        """Whether this thread is among them, by its id or by a handle."""
        id_ = thread.thread if isinstance(thread, Handle) else thread
        found = self.relationship.history.threads.get(id_) if isinstance(id_, str) else None
        return found is not None and self.handle.fits(found.record)

    def __getitem__(self, thread: str) -> H:
        """The handle of a thread.

        Raises:
            UsageError: There is no such thread here, or nothing has taken effect in it yet.
        """
        given: object = thread
        if not isinstance(given, str) or given not in self:
            raise self._unknown(given)
        return self.handle(self.relationship, thread)

    def _held(self) -> dict[str, Thread]:
        threads = self.relationship.history.threads
        return {id_: thread for id_, thread in threads.items() if self.handle.fits(thread.record)}

    def _unknown(self, thread: object) -> UsageError:
        return UsageError(f"no thread {told(thread)} among {self!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.relationship!r})"


class Namespace(Generic[C, N]):
    """Puts a namespace on a relationship: `consents = Namespace(Consents)`.

    Args:
        kind: The class of the namespace.
    """

    def __init__(self, kind: Callable[[C], N]) -> None:
        self._kind = kind

    @overload
    def __get__(self, relationship: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, relationship: C, owner: type[Any]) -> N: ...

    def __get__(self, relationship: C | None, owner: type[Any]) -> Self | N:
        return self if relationship is None else self._kind(relationship)
