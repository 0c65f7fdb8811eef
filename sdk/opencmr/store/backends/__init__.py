"""The databases that can hold a store. What is special about one of them is said here, and nowhere else.

=========== ================================================================================================
backend     what a store asks of its database: transactions, versions, a claim, durability, copies
sqlite      a file: one process writes at a time
postgresql  a server: many processes on many machines share it
naming      which of them a name means
failing     what went wrong, in a line, and what to do about it
private     files that nobody else on the machine reads
=========== ================================================================================================

    backend = open_backend("shop.db")
    with backend.transaction(writing=True) as connection:
        connection.execute(…)
"""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from .backend import Backend, Trait
from .failing import DATABASE_ERRORS, damaged, is_gone, may_pass, why
from .naming import SCHEMA_OF_ITS_OWN, Misnamed, beside, path_of, shown, url_of
from .postgresql import PostgreSQL, make_partitions, partitioned, partitions_of
from .sqlite import SQLite

__all__ = [
    "DATABASE_ERRORS",
    "SCHEMA_OF_ITS_OWN",
    "Backend",
    "Misnamed",
    "Trait",
    "beside",
    "copy_store",
    "damaged",
    "is_gone",
    "make_partitions",
    "may_pass",
    "only",
    "open_backend",
    "partitioned",
    "partitions_of",
    "path_of",
    "shown",
    "why",
]


def open_backend(where: str | Path, *, read_only: bool = False) -> Backend:
    """The database of a path or a URL. Nothing is connected yet.

    Raises:
        Misnamed: It names no file and no server; see `path_of`.
        StoreError: It is not there though it is only to be read, or the driver is missing.
    """
    path = path_of(where)
    return PostgreSQL(url_of(where), read_only=read_only) if path is None else SQLite(path, read_only=read_only)


def copy_store(where: str | Path, target: Path) -> None:
    """Copy a store that is a file, with all that is committed, into one new file.

    Raises:
        StoreError: It cannot be read or written.
        UsageError: The store is no file.
    """
    backend = open_backend(where, read_only=True)
    try:
        backend.copy_to(target)
    finally:
        backend.close()


def only(rows: str) -> dict[str, Any]:
    """What an index of a migration says that holds these rows alone, in any of the databases."""
    return {f"{kind.name}_where": text(rows) for kind in (SQLite, PostgreSQL)}
