"""The tables of a store as they are found, made, and brought forward.

Opening a store compares the version in it with `HEAD` and needs no Alembic where they agree. A new store is made at
`HEAD`; an older one is brought forward by the migrations in `store/migrations`. Both happen in one transaction under a
lock, so that of several processes that open one store at once the first does it and the others find it done.

To change a table: change `tables.py`, add a module under `migrations/versions`, and set `HEAD` to its number. A test
compares what the migrations make with `tables.py`, on both databases.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, insert, inspect, text

from ..errors import StoreError, UsageError
from ..protocol import FOLDS
from .backends import DATABASE_ERRORS, SCHEMA_OF_ITS_OWN, Backend, open_backend, partitions_of, shown, why
from .tables import collects, folds, messages, metadata, relationships

HEAD = "0010"
"""The revision that this code reads and writes."""
MIGRATIONS = Path(__file__).parent / "migrations"
_BEFORE_MIGRATIONS = "0001"
"""What a store is whose tables were made before there were migrations."""

_migrating = threading.Lock()
"""Alembic runs a migration in module-wide state, so one process runs one at a time."""

State = Literal["empty", "current", "older", "newer"]


@dataclass(frozen=True)
class Found:
    """What stands in a database.

    Attributes:
        database: Of which kind it is.
        state: How its tables stand to this code.
        version: Their revision; none where there are none.
        partitions: How many partitions messages and collects have each; none where they are whole.
    """

    database: str
    state: State
    version: str | None
    partitions: int | None


def version_of(connection: Connection) -> str | None:
    """The revision of the tables that are there; none where there is no store.

    Raises:
        StoreError: The version is not one of ours.
    """
    there = set(inspect(connection).get_table_names())
    if "alembic_version" not in there:
        return _BEFORE_MIGRATIONS if relationships.name in there else None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if not found and relationships.name not in there:
        return None
    if len(found) != 1 or not (found[0].isdecimal() and len(found[0]) == len(HEAD)):
        raise StoreError(
            "this database holds another program's tables and its `alembic_version`; give OpenCMR a database or "
            f"a schema of its own: {SCHEMA_OF_ITS_OWN}"
        )
    return str(found[0])


def state_of(version: str | None) -> State:
    """How a version stands to this code's."""
    if version is None:
        return "empty"
    return "current" if version == HEAD else "older" if version < HEAD else "newer"


def check_tables(backend: Backend) -> None:
    """See whether a store can be read as it is.

    Raises:
        StoreError: There is none, or it would have to be brought forward, or is newer than this code.
    """
    with backend.transaction() as connection:
        version = version_of(connection)
    match state_of(version):
        case "empty":
            raise StoreError("there is no store of OpenCMR in it")
        case "older":
            raise StoreError(
                f"it was written by an older OpenCMR (its tables are of revision {version}, this code's of {HEAD}), "
                "and is opened for reading only; say: opencmr db upgrade"
            )
        case "newer":
            raise _newer(version)
        case "current":
            return


def prepare(backend: Backend, *, partitions: int | None = None) -> State:
    """Make the tables where there are none, and bring older ones forward.

    Args:
        backend: The database.
        partitions: How many partitions the tables of messages and collects get, by a hash of the relationship.
            Not in a file, and only where there are no tables yet.

    Returns:
        What was found.

    Raises:
        StoreError: It is newer than this code.
        UsageError: It cannot have these partitions.
    """
    with backend.transaction() as connection:
        version = version_of(connection)
    if state_of(version) == "current" and partitions is None:
        return "current"
    with backend.transaction(writing=True) as connection:
        backend.hold(connection)
        version = version_of(connection)  # another process may have been first
        match state := state_of(version):
            case "newer":
                raise _newer(version)
            case "empty":
                _make(backend, connection, partitions)
            case _ if partitions is not None:
                raise UsageError("there are tables already; partitions are given to new ones only")
            case _:
                migrate(connection)
    return state


def open_store(where: str | Path, *, read_only: bool = False, partitions: int | None = None) -> Backend:
    """The database of a store whose tables are there, and are those of this code.

    Raises:
        StoreError: It cannot be opened.
        UsageError: It cannot have these partitions.
    """
    backend = open_backend(where, read_only=read_only)
    try:
        if read_only:
            check_tables(backend)
        else:
            prepare(backend, partitions=partitions)
    except DATABASE_ERRORS as error:
        backend.close()
        raise StoreError(f"cannot open {shown(where)}: {why(error)}") from error
    except (StoreError, UsageError) as error:
        backend.close()
        raise type(error)(f"cannot open {shown(where)}: {error}") from error
    return backend


def inspect_tables(where: str | Path) -> Found:
    """Inspect the tables of a database, with nothing changed.

    Raises:
        StoreError: It cannot be opened.
    """
    backend = open_backend(where, read_only=True)
    try:
        with backend.transaction() as connection:
            version = version_of(connection)
            return Found(backend.name, state_of(version), version, partitions_of(connection, messages.name) or None)
    except DATABASE_ERRORS as error:
        raise StoreError(f"cannot open {shown(where)}: {why(error)}") from error
    finally:
        backend.close()


def _newer(version: str | None) -> StoreError:
    return StoreError(
        f"it was written by a newer OpenCMR (its tables are of revision {version}, this code's of {HEAD}); "
        "say: pip install --upgrade opencmr"
    )


def _make(backend: Backend, connection: Connection, partitions: int | None) -> None:
    """All tables at `HEAD`, without a step in between."""
    backend.make_tables(connection, metadata, (messages.name, collects.name), partitions)
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS alembic_version "
            "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), {"version": HEAD})
    connection.execute(insert(folds), {"number": FOLDS})


def migrate(connection: Connection, to: str = HEAD) -> None:
    """Apply what lies between the tables that are there and a revision, within the transaction that has begun."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _migrating:
        command.upgrade(config, to)
