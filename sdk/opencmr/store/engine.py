"""The engine under a store: SQLite by a path, PostgreSQL by a URL, set up so that what is committed is durable."""

import logging
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError, SQLAlchemyError

from ..errors import StoreError
from .naming import Misnamed, path_of
from .private import keep_private

WRITER = "opencmr-store"
"""The name of the thread that writes. What another thread begins only reads, unless it says `writing`."""
POOL, MORE = 5, 15
"""Connections to PostgreSQL that one process keeps, and how many more it opens when all of them are busy."""
PATIENCE = 10.0
"""Seconds to wait: for a free connection, for a connection to be made, for a lock that somebody else holds."""
LONGEST = 60
"""Seconds that one statement may take."""
IDLE = 5.0
"""Seconds after which a connection that nobody used is asked whether it still answers before it is used again."""
_TOLD = ("host", "port", "user", "dbname", "options", "sslmode", "target_session_attrs", "application_name")
"""What of a URL's query may be shown. Whatever else stands there may be a password, or a misspelt one."""
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_FULL = "make room; nothing of this was stored, and no restart is needed"
_FIXED = (
    "nothing can be written there: look at the mode and the owner of the file and its folder, and how it is mounted"
)
_UNWRITTEN = "the file could not be read or written: look at the disk's room, the limits of the process, and its health"
_DAMAGED = "stop what writes, keep the file, see `opencmr doctor`, and bring back a copy (docs/operation.md)"
_WHAT_TO_DO: dict[int | str | None, str] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FIXED,
    sqlite3.SQLITE_CANTOPEN: _FIXED,
    sqlite3.SQLITE_IOERR: _UNWRITTEN,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    "53100": _FULL,
    "25006": _FIXED,
    "58030": _UNWRITTEN,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
"""What to do, by SQLite's primary result code, and by PostgreSQL's SQLSTATE."""
_log = logging.getLogger("opencmr.store")

# What is the same on every connection, said in one statement. Limits that the URL, the role or the server sets are
# left as they are; that a commit waits for the disk is not.
_READY = f"""
SELECT current_setting('fsync'),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
    ELSE current_setting('synchronous_commit') END, false),
  set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' THEN '{PATIENCE:.0f}s'
    ELSE current_setting('lock_timeout') END, false),
  set_config('statement_timeout', CASE current_setting('statement_timeout') WHEN '0' THEN '{LONGEST}s'
    ELSE current_setting('statement_timeout') END, false),
  set_config('idle_in_transaction_session_timeout', CASE current_setting('idle_in_transaction_session_timeout')
    WHEN '0' THEN '{LONGEST}s' ELSE current_setting('idle_in_transaction_session_timeout') END, false)
"""


def open_engine(where: str | Path, *, read_only: bool = False) -> Engine:
    """The engine for a path or a database URL. Nothing is connected yet.

    Raises:
        Misnamed: It names no file and no PostgreSQL; see `path_of`.
        StoreError: It is not there though it is only to be read, or the driver is missing.
    """
    url = _url(where)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only)
    return _postgres(url, read_only)


def shown(where: str | Path) -> str:
    """A path or URL as it may be shown and logged: without passwords."""
    try:
        if path_of(where) is not None:
            return str(where)
    except Misnamed:  # it is told what is wrong with it where it is opened
        pass
    if "://" not in str(where):
        return str(where)
    try:
        url = make_url(str(where))
        if "@" in (url.database or ""):
            raise ValueError
    except (ArgumentError, ValueError):
        return f"{str(where).partition('://')[0]}://…"
    told = {name: value for name, value in url.query.items() if name in _TOLD}
    return url.set(query=told).render_as_string(hide_password=True)


def why(error: BaseException) -> str:
    """What a database says is wrong, in a line, without the statement and its values; and what to do about it."""
    original = getattr(error, "orig", None) or error
    if isinstance(original, UnicodeDecodeError):
        return f"a text in it is damaged: {_DAMAGED}"
    said = " ".join(str(original).split()) or type(original).__name__
    code = getattr(original, "sqlite_errorcode", None)  # its lowest byte is the kind of error
    kind = getattr(original, "sqlstate", None) if code is None else code & 0xFF
    return f"{said}: {_WHAT_TO_DO[kind]}" if kind in _WHAT_TO_DO else said


def damaged(said: str) -> StoreError:
    """The error that says that a store does not hold what was written into it."""
    return StoreError(f"the store is damaged: {said}: {_DAMAGED}")


def writing(connection: Connection) -> Connection:
    """Let a connection write whose transactions are not begun by the writer's thread."""
    return connection.execution_options(opencmr_writes=True)


def _url(where: str | Path) -> URL:
    if (path := path_of(where)) is not None:
        return URL.create("sqlite", database=path)
    try:
        url = make_url(str(where))
        if "@" in (url.database or ""):  # the rest of a password that was not written so
            raise ValueError
    except (ArgumentError, ValueError):  # with no cause: it would carry the URL, and so the password
        raise Misnamed(
            "the store's URL cannot be read; say postgresql://USER:PASSWORD@HOST/DATABASE, "
            "with signs such as @ and / in the password written as %40 and %2F"
        ) from None
    if url.drivername in _POSTGRES:
        return url.set(drivername="postgresql+psycopg")
    raise Misnamed(f"no store can be kept in {url.drivername}: name a file, or say postgresql://…")


def _sqlite(url: URL, read_only: bool) -> Engine:
    path = str(url.database)
    if read_only and not Path(path).is_file():  # or looking would make it
        raise StoreError(f"there is no store at {path}")
    if not read_only:
        keep_private(path)
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _sqlite_looking if read_only else _sqlite_ready)
    event.listen(engine, "begin", _sqlite_look if read_only else _sqlite_begin)
    return engine


def _sqlite_ready(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, or savepoints would not hold
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    _log_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _log_ahead(cursor: Any) -> None:
    """Have changes written ahead. While another does that, SQLite says `locked` at once and waits for nobody: we do."""
    patience = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= patience:
                raise
            time.sleep(0.02)


def _sqlite_looking(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _sqlite_look(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _writes(connection: Connection) -> bool:
    return threading.current_thread().name == WRITER or "opencmr_writes" in connection.get_execution_options()


def _postgres(url: URL, read_only: bool) -> Engine:
    asked = {"connect_timeout": f"{PATIENCE:.0f}", "application_name": "opencmr", "keepalives_idle": "30"}
    try:
        engine = create_engine(
            url.update_query_dict({name: value for name, value in asked.items() if name not in url.query}),
            hide_parameters=True,  # they are messages, and errors are logged
            pool_size=POOL,
            max_overflow=MORE,
            pool_timeout=PATIENCE,
            pool_use_lifo=True,  # so that those beyond what is needed fall idle, and the server may close them
        )
    except ImportError as error:
        raise StoreError("psycopg is missing; say: pip install 'opencmr[postgres]'") from error
    except ArgumentError:
        raise StoreError(f"{shown(url.render_as_string(hide_password=False))} cannot be read") from None

    def ready(connection: Any, _: Any) -> None:
        connection.autocommit = True
        fsync = connection.execute(_READY).fetchone()[0]
        connection.autocommit = False
        connection.read_only = True if read_only else None
        if fsync != "on" and not warned:
            warned.append(True)
            _log.warning("PostgreSQL runs with fsync=%s: what was acknowledged does not outlive a power cut", fsync)

    warned: list[bool] = []
    event.listen(engine, "connect", ready)
    event.listen(engine, "begin", _postgres_begin)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ask_whether_it_answers)
    return engine


def _postgres_begin(connection: Connection) -> None:
    """Who reads sees one moment of the store. Who writes, and waited for a row, sees what the other has written."""
    from psycopg import IsolationLevel

    wanted = IsolationLevel.READ_COMMITTED if _writes(connection) else IsolationLevel.REPEATABLE_READ
    driver: Any = connection.connection.dbapi_connection
    if driver.isolation_level is not wanted:
        driver.isolation_level = wanted


def _note_use(_: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask_whether_it_answers(connection: Any, record: Any, _: Any) -> None:
    """The pool's own pre-ping asks before every use, which costs as much as a small query."""
    if time.monotonic() - record.info.get("used", time.monotonic()) < IDLE:
        return
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except Exception as error:  # whatever it is, the pool takes a fresh connection
        raise DisconnectionError from error


def is_gone(error: BaseException) -> bool:
    """Whether an error says that the connection is lost: the next one may find the server again."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def may_pass(error: BaseException | None) -> bool:
    """Whether the same work may well succeed when it is done anew: somebody else was first, or stood in the way."""
    return isinstance(error, IntegrityError) or (
        isinstance(error, DBAPIError)
        and (error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _IN_THE_WAY)
    )


_IN_THE_WAY = ("40001", "40P01")  # serialization failure, deadlock

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, UnicodeDecodeError)
"""What a database raises; the last where damage has reached the words of a text, or those of SQLite's own error."""
