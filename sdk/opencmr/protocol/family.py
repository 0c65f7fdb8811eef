"""What a family brings: its record, and what the core asks of it. The core knows no family by name.

A family is one `Family` value in a module of `opencmr.protocol.families`:

    @dataclass(frozen=True)
    class Praise(Record):
        state: str
        given: tuple[str, ...] = ()

        def take(self, said, to, context):
            return replace(self, state=to[0], given=(*self.given, said.digest))
        …

    FAMILY = Family("praise", blank=lambda at: Praise(NONE))

What a record leaves out, it has nothing to say to: decisions, the terms of a scope, what a vendor has promised.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, Self

from ..messages import Message, Path
from ..messages.personal import Datum
from ..messages.types import Side
from .binding import Binding
from .chain import Chain
from .context import Context
from .lifecycle import NONE
from .said import Entry, Outcome, Point, Said
from .statements import Activity, Statement, When

if TYPE_CHECKING:
    from .thread import Thread


class OnTerms(NamedTuple):
    """A word of the customer's about the terms of a scope, which a later one about them has to know.

    Attributes:
        place: Its place.
        digest: Its digest, or of what made it bind.
    """

    place: int
    digest: str


class VendorKey(NamedTuple):
    """A key that a vendor has introduced.

    Attributes:
        key: In multibase.
        since: The place of the word that introduces it, and when that took it.
        begins: From when on it counts; none: from that place on.
        ends: The keys that count no more from then on.
    """

    key: str
    since: Point
    begins: str | None = None
    ends: tuple[str, ...] = ()

    def counts(self, place: int, at: str) -> bool:
        """Whether it has begun for a word of this place and place time."""
        return place > self.since.place and (self.begins is None or self.begins <= at)


class Table(NamedTuple):
    """A part of a record, as people read it. Digests and ids are whole: who shows them may shorten them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Told(NamedTuple):
    """All of a record, as people read it: a table, and a line for each thing that happened besides."""

    table: Table
    lines: tuple[str, ...] = ()


class Record(ABC):
    """What a thread folds to. A value: `take` gives another.

    Attributes:
        state: A state of the family's `lifecycle.json`.
        disclosed: The personal data that the customer has disclosed in it, and when.
    """

    state: str
    disclosed: tuple[tuple[Datum, Point], ...] = ()

    @abstractmethod
    def take(self, said: Said, to: tuple[str, ...], context: Context) -> "Record":
        """The record after this message, which the lifecycle allows; itself where nothing changes.

        Args:
            said: The message in its place.
            to: The states that may follow.
            context: The rest of the relationship.

        Raises:
            Problem: A rule of the family's page is broken.
        """

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides. Its member `record` says what it is."""

    @abstractmethod
    def in_brief(self) -> str:
        """What it is about, in a few words for people."""

    @abstractmethod
    def in_full(self, at: str) -> Told:
        """All of it for people, as it stands at this instant."""

    # What it says to decisions (`spec/v1/decisions.md`)

    @property
    def size(self) -> int:
        """How many statements it gives besides those of the terms that bind."""
        return 0

    def bindings(self, thread: str) -> Iterator[Binding]:
        """The terms that bind by it, or have bound. `thread` is the id of its thread, here and below."""
        return iter(())

    def statements(self, when: When) -> Iterable[Statement]:
        """What it permits and prohibits by itself. `when` gives the time of a place."""
        return ()

    def activities(self, thread: str, when: When, chain: Chain) -> Iterable[Activity]:
        """What is being performed for the customer, on what they disclosed for it."""
        return ()

    @property
    def data(self) -> Iterable[str]:
        """The terms of the personal data that is known to both sides by it."""
        return (datum.data for datum, _ in self.disclosed)

    @property
    def governs(self) -> Point | None:
        """Since when the data of its thread has terms of its own."""
        return None

    # What the rest of the relationship asks of it

    def on_terms(self, scope: str | None, thread: str, entries: tuple[Entry, ...]) -> Iterable[OnTerms]:
        """What the customer has said in it about the terms of this scope: a thread's, or the relationship's (none)."""
        return ()

    def promises(self) -> Iterable[str]:
        """Until when the vendor has promised what the customer may still take up."""
        return ()

    # Who speaks in the relationship

    @property
    def announces_a_key(self) -> bool:
        """Whether the customer can go on under another key by what stands here."""
        return False

    @property
    def says_who_speaks(self) -> bool:
        """Whether it says so, by moves or introductions: what else is said there is judged by it."""
        return False

    def admits(self, message: Message[Any]) -> bool:
        """Whether the customer goes on by this word, under the DID that it is from."""
        return False

    def introduced(self) -> Iterable[VendorKey]:
        """The keys that the vendor has introduced, in their order."""
        return ()


@dataclass(frozen=True)
class Unopened(Record):
    """The record of an empty thread, of a family whose threads fold to several things: the first word says to which.

    Attributes:
        begun: Type → the record that a word of it begins.
    """

    begun: Mapping[str, Callable[[Said, Context], Record]]
    state: str = NONE

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Record:
        """The record that this word begins."""
        return self.begun[said.message.type](said, context)

    def as_dict(self) -> dict[str, Any]:
        """Nothing yet."""
        return {}

    def in_brief(self) -> str:
        """Nothing yet."""
        return ""

    def in_full(self, at: str) -> Told:
        """Nothing yet."""
        return Told(Table((), ()))


class Beside(Protocol):
    """What noes of one thread take back beside what its record says: words that no entry stands for."""

    @property
    def size(self) -> int:
        """How many statements it gives, and a no-word could yet make."""

    def take(self, said: Said, outcome: Outcome | Literal["refused"]) -> Self:
        """The same with one more word of the thread, of which that came."""

    def statements(self, when: When) -> Iterable[Statement]:
        """What it prohibits."""


Misplaced = tuple[Path, str, dict[str, Any]]
"""Where a body says what no schema can forbid, why it may not, and members of the problem that tell more."""


def _nothing(*_: Any) -> Iterator[Any]:
    return iter(())


def _nobody(_: Message[Any]) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family of messages.

    Attributes:
        name: Its name: that of its folder in `spec/v1/`.
        blank: The record of a thread in which nothing has taken effect, opened at this point.
        misplaced: Check 7, last part: the faults of a body of this family that no schema can tell.
        beside: What to begin with for what noes take back beside the record; none: nothing is to be kept for it.
        firm: Types that are not stale for what only the vendor has said since.
        never_stale: Types that are stale for nothing.
        introduces: Of a word by which a vendor introduces a key: the key; of others none.
        forerunner: Of a word by which a customer goes on under another DID: the DID of before; of others none.
        announces: Of a word by which a customer announces their next key: its digest; of others none.
        settled_first: Types that a customer says only when all that they said before in the thread is settled: what it
            discloses cannot be taken back.
        passing: Side → types that bind nobody: a relationship with nothing else in it came to nothing.
        rests_on: Other threads that decide about a thread of this family, which evidence about it has to show.
    """

    name: str
    blank: Callable[[Point], Record]
    misplaced: Callable[[Message[Any]], Iterator[Misplaced]] = _nothing
    beside: Callable[[], Beside] | None = None
    firm: frozenset[str] = frozenset()
    never_stale: frozenset[str] = frozenset()
    introduces: Callable[[Message[Any]], str | None] = _nobody
    forerunner: Callable[[Message[Any]], str | None] = _nobody
    announces: Callable[[Message[Any]], str | None] = _nobody
    settled_first: frozenset[str] = frozenset()
    passing: Mapping[Side, frozenset[str]] = field(default_factory=dict)
    rests_on: Callable[["Thread", Context], Iterator[str]] = _nothing
