"""Noticing what other processes write, as cheaply as each database allows; or keeping them out."""

import json
import sqlite3
from collections.abc import Collection
from threading import Lock
from typing import Protocol

from sqlalchemy import Engine, bindparam, select, text

from ..errors import StoreError, UsageError
from .private import keep_private
from .tables import relationships

_VERSION = select(relationships.c.version).where(relationships.c.relationship == bindparam("number"))
_VERSIONS = text("SELECT relationship, version FROM relationships WHERE relationship = ANY(:numbers)")


class Watch(Protocol):
    """What can be asked about other processes' writes. Nothing is asked where there are none."""

    def stamp(self) -> int | None:
        """A number that is another one once anybody may have written anything; none where it would cost too much."""

    def version(self, number: int) -> int | None:
        """A relationship's version; none where there is no such relationship."""

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships, asked for at once."""

    def close(self) -> None:
        """Let go of the database."""


class SqliteWatch:
    """One connection that only looks, and is asked in a few microseconds."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.execute("PRAGMA query_only=ON")
        self._lock = Lock()

    def stamp(self) -> int:
        """SQLite's own count of what other connections have committed, those of this process among them."""
        with self._lock:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def version(self, number: int) -> int | None:
        """A relationship's version."""
        with self._lock:
            row = self._connection.execute(_VERSION_OF, (number,)).fetchone()
        return None if row is None else int(row[0])

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships."""
        with self._lock:
            return dict(self._connection.execute(_VERSIONS_OF, (json.dumps(list(numbers)),)).fetchall())

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


_VERSION_OF = "SELECT version FROM relationships WHERE relationship = ?"
_VERSIONS_OF = "SELECT relationship, version FROM relationships WHERE relationship IN (SELECT value FROM json_each(?))"


class EngineWatch:
    """For a database that is a server: nothing costs less than asking for the version itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def stamp(self) -> None:
        """Unknown."""

    def version(self, number: int) -> int | None:
        """A relationship's version."""
        with self._engine.connect() as connection:
            found = connection.execute(_VERSION, {"number": number}).scalar()
        return None if found is None else int(found)

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships."""
        with self._engine.connect() as connection:
            found = connection.execute(_VERSIONS, {"numbers": list(numbers)})
            return {int(row.relationship): int(row.version) for row in found}

    def close(self) -> None:
        """Nothing is held."""


def watch(engine: Engine) -> Watch:
    """The cheapest watch for a database."""
    path = engine.url.database
    return SqliteWatch(path) if engine.dialect.name == "sqlite" and path else EngineWatch(engine)


class Claim:
    """Who may write to a SQLite file: one process that is alone, or any number that are not.

    It is a lock of SQLite's own on an empty file beside the store, so it ends with the process, however that ends.

    Args:
        engine: The store's.
        alone: Whether no other process may have it open for writing.

    Raises:
        StoreError: Another process is alone with it; or is there, where this one wanted to be alone.
        UsageError: To be alone is for stores in a file.
    """

    def __init__(self, engine: Engine, *, alone: bool) -> None:
        self.alone = alone
        self._connection: sqlite3.Connection | None = None
        if engine.dialect.name != "sqlite":
            if alone:
                raise UsageError("a store on a server is shared; alone=True is for a store in a file")
            return
        path = f"{engine.url.database}-claim"
        keep_private(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            connection.execute("BEGIN EXCLUSIVE" if alone else "BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # holds it for reading at least
        except sqlite3.OperationalError as error:
            connection.close()
            who = "another process has it open" if alone else "another process is alone with it (alone=True)"
            raise StoreError(f"{engine.url.database}: {who}") from error
        self._connection = connection

    def close(self) -> None:
        """Give it up."""
        if self._connection is not None:
            self._connection.close()
