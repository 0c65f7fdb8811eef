"""The seam: what a store asks of its database."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from sqlalchemy import Connection, Engine, MetaData, text

from ...errors import UsageError

LONGEST_WAIT = 10.0
"""Seconds to wait: for a free connection, for a connection to be made, for a lock that somebody else holds."""


class Trait(NamedTuple):
    """One thing that decides whether a database keeps what is committed.

    Attributes:
        name: A setting, or what was looked at.
        said: How it was found.
        outcome: `ok`; `note`: worth knowing; `wrong`.
        mend: What to do where it is not `ok`.
    """

    name: str
    said: str
    outcome: Literal["ok", "note", "wrong"]
    mend: str


class Backend(ABC):
    """One database.

    Attributes:
        name: What kind it is, as it is shown.
        engine: SQLAlchemy's, for what every kind does alike.
        file: The file; none for a server.
    """

    name: ClassVar[str]
    engine: Engine
    file: Path | None = None

    @contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[Connection]:
        """A connection within a transaction.

        Args:
            writing: Whether it may write. It is committed at the end then, or undone where an error leaves it.
        """
        with self.engine.connect() as connection:
            if writing:
                with connection.begin():
                    self._begin(connection, writing=True)
                    yield connection
            else:
                self._begin(connection, writing=False)
                yield connection

    @abstractmethod
    def _begin(self, connection: Connection, *, writing: bool) -> None:
        """Begin as the database needs it. Who reads sees one moment; who writes sees what others have written."""

    @abstractmethod
    def stamp(self) -> int | None:
        """A number that is another one once anybody may have written anything; none where it would cost too much."""

    @abstractmethod
    def version(self, number: int) -> int | None:
        """A relationship's version, asked for as cheaply as can be; none where there is no such relationship."""

    @abstractmethod
    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships, by one question."""

    @abstractmethod
    def claim(self, *, alone: bool) -> Callable[[], None]:
        """Claim the right to write, until what is returned is called or the process ends.

        Args:
            alone: Whether no other process may have it.

        Raises:
            StoreError: Another process is alone with the store; or is there, where this one wanted to be alone.
            UsageError: Nobody can be alone with this kind.
        """

    def hold(self, connection: Connection) -> None:
        """Keep other processes from changing the tables until a writing transaction ends."""
        return  # where one writes at a time, no other does

    def make_tables(
        self, connection: Connection, tables: MetaData, split: Collection[str], partitions: int | None
    ) -> None:
        """Make the tables.

        Args:
            connection: A transaction that writes.
            tables: All of them.
            split: The names of those that may lie in partitions, by a hash of the relationship.
            partitions: In how many; absent: each lies in one piece.

        Raises:
            UsageError: There can't be so many partitions, or none at all.
        """
        if partitions is not None:
            raise UsageError("only PostgreSQL knows partitions")
        self.restrict_indexes(tables)
        tables.create_all(connection)

    def restrict_indexes(self, tables: MetaData) -> None:
        """Give each index that holds some rows only its condition, in this database's words.

        `tables` says it in no database's: SQLAlchemy loads each one's dialect as soon as a word of it is said.
        """
        for table in tables.tables.values():
            for index in table.indexes:
                if rows := index.info.get("only"):
                    index.dialect_kwargs[f"{self.name}_where"] = text(rows)

    @abstractmethod
    def traits(self, connection: Connection, *, ours: bool) -> list[Trait]:
        """What decides whether committed work outlives a power cut, and whether the database is whole.

        Args:
            connection: A transaction that reads.
            ours: Whether the tables are those of this code, so that the store may be opened as for writing.
        """

    def damage(self, connection: Connection, most: int) -> list[str]:
        """What the database itself finds wrong with its file, a line each; nothing where it cannot look."""
        return []

    def compact(self) -> None:
        """Give the room of what was deleted back to the disk, where the database does not do so by itself.

        Where that is impossible now, as on a full disk, the room is used again for what comes next.
        """
        return

    def scrub(self) -> bool:
        """Write the tables anew, so that nothing of what was replaced or deleted stands in their files any more.

        Returns:
            Whether it was done. Where not, the log says why.
        """
        return True

    def copy_to(self, target: Path) -> None:
        """Copy all that is committed into one new file.

        Raises:
            StoreError: It cannot be read or written.
            UsageError: The database is no file.
        """
        raise UsageError(f"a store in {self.name} is copied with the tools of its server")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
