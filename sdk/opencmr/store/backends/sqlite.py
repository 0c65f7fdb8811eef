"""A store in a file of SQLite's. One process writes at a time, and what is committed is on the disk."""

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Collection
from contextlib import closing
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text

from ..._log import log_failure
from ...errors import StoreError
from .backend import LONGEST_WAIT, Backend, Trait
from .private import keep_private

FULL = {sqlite3.SQLITE_FULL}
FIXED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
UNWRITTEN = {sqlite3.SQLITE_IOERR}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary result codes: no room; not to be written; the disk fails; damaged."""
_SURE = ("2", "3")
"""`synchronous`: FULL, EXTRA."""
_OPEN = "let `opencmr serve` open it once; where that does not help, it lies on a network's file system: move it"
_INSTALL = "pip install --force-reinstall opencmr"
_MEND = "stop whoever writes, keep the file, and bring back a copy (docs/operation.md)"
_VERSION = "SELECT version FROM relationships WHERE relationship = ?"
_VERSIONS = "SELECT relationship, version FROM relationships WHERE relationship IN (SELECT value FROM json_each(?))"
_log = logging.getLogger("opencmr.store")


def code_of(error: BaseException | None) -> int | None:
    """The primary result code of an error; none where it is not SQLite's."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # the other bytes say more of the same kind


class SQLite(Backend):
    """A file.

    Args:
        path: Where it is, or will be.
        read_only: Only look; it must be there.

    Raises:
        StoreError: It is not there, though it is only to be read.
    """

    name = "sqlite"

    def __init__(self, path: str, *, read_only: bool) -> None:
        self.file = Path(path)
        self._path = path
        self._read_only = read_only
        self._lock = Lock()
        if read_only and not self.file.is_file():  # or looking would make it
            raise StoreError(f"there is no store at {path}")
        if not read_only:
            keep_private(path)
        url = URL.create(self.name, database=path)
        self.engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
        event.listen(self.engine, "connect", _look_only if read_only else _make_ready)

    def _begin(self, connection: Connection, *, writing: bool) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing and not self._read_only else "BEGIN")

    def stamp(self) -> int:
        """SQLite's own count of what other connections have committed, those of this process among them."""
        with self._lock:
            return int(self._looking.execute("PRAGMA data_version").fetchone()[0])

    def version(self, number: int) -> int | None:
        """A relationship's version."""
        found = self._look(_VERSION, number)
        return int(found[0][0]) if found else None

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships."""
        return dict(self._look(_VERSIONS, json.dumps(list(numbers))))

    def _look(self, query: str, value: int | str) -> list[Any]:
        with self._lock:
            return self._looking.execute(query, (value,)).fetchall()

    @cached_property
    def _looking(self) -> sqlite3.Connection:
        """A connection that only looks, and is asked in a few microseconds."""
        made = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=LONGEST_WAIT)
        made.execute("PRAGMA query_only=ON")
        return made

    def claim(self, *, alone: bool) -> Callable[[], None]:
        """One process that is alone, or any number that are not.

        It is a lock of SQLite's own on an empty file beside the store, so it ends with the process, however that ends.

        Raises:
            StoreError: Another process is alone with it; or is there, where this one wanted to be alone.
        """
        path = f"{self._path}-claim"
        keep_private(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            connection.execute("BEGIN EXCLUSIVE" if alone else "BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # holds it for reading at least
        except sqlite3.OperationalError as error:
            connection.close()
            who = "another process has it open" if alone else "another process is alone with it (alone=True)"
            raise StoreError(f"{self._path}: {who}") from error
        return connection.close

    def traits(self, connection: Connection, *, ours: bool) -> list[Trait]:
        """The journal; how a connection that writes waits for the disk; the pages."""
        mode = str(connection.execute(text("PRAGMA journal_mode")).scalar())
        ahead = mode == "wal"  # elsewhere, as in a fresh copy, whoever opens it to write sets the mode
        found = [Trait("journal", f"journal mode {mode}", "ok" if ahead else "note", _OPEN)]
        if ahead and ours and os.access(self._path, os.W_OK):
            level = self._synchronous()
            found.append(Trait("synchronous", f"level {level}", "ok" if level in _SURE else "wrong", _INSTALL))
        damage = self.damage(connection, 10)
        said = "; ".join(damage[:3]) or "its pages and indexes hold together"
        return [*found, Trait("integrity", said, "wrong" if damage else "ok", _MEND)]

    def _synchronous(self) -> str:
        """How a connection that writes waits for the disk: no property of the file, but of whoever opens it."""
        other = SQLite(self._path, read_only=False)
        try:
            with other.engine.connect() as connection:
                return str(connection.execute(text("PRAGMA synchronous")).scalar())
        finally:
            other.close()

    def damage(self, connection: Connection, most: int) -> list[str]:
        """What a quick check of all pages and indexes says."""
        lines = map(str, connection.execute(text(f"PRAGMA quick_check({most})")).scalars())
        return [line for line in lines if line != "ok"]

    def compact(self) -> None:
        """Write the file anew, without its holes, and empty what is written ahead."""
        connection = self.engine.raw_connection()
        try:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            log_failure(_log, "store.not-compacted", error)
        finally:
            connection.close()

    def scrub(self) -> bool:
        """Write the file anew, and empty what is written ahead; not done while somebody still reads what was before."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy
        except (sqlite3.Error, UnicodeDecodeError) as error:
            log_failure(_log, "store.not-scrubbed", error)
            return False
        finally:
            connection.close()

    def copy_to(self, target: Path) -> None:
        """Copy all that is committed, whatever still stands in a journal beside the original.

        Raises:
            StoreError: It cannot be read or written.
        """
        try:
            with closing(sqlite3.connect(self._path)) as here, closing(sqlite3.connect(target)) as there:
                here.backup(there)
                there.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be copied to {target}: {error}") from error

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if "_looking" in self.__dict__:
                self._looking.close()
        super().close()


def _make_ready(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, or savepoints would not hold
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={LONGEST_WAIT * 1000:.0f}")
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Have changes written ahead. While another does that, SQLite says `locked` at once and waits for nobody: we do."""
    patience = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= patience:
                raise
            time.sleep(0.02)


def _look_only(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")
