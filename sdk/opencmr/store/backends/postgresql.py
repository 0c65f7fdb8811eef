"""A store on a PostgreSQL server: many processes share it, and what is committed is on the disk."""

import logging
import time
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import URL, Connection, MetaData, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError

from ..._log import log_failure
from ...errors import StoreError, UsageError
from .backend import LONGEST_WAIT, Backend, Trait
from .naming import shown

POOL, MORE = 5, 15
"""Connections that one process keeps, and how many more it opens when all of them are busy."""
LONGEST = 60
"""Seconds that one statement may take."""
IDLE = 5.0
"""Seconds after which a connection that nobody used is asked whether it still answers before it is used again."""
MOST_PARTITIONS = 1024
FULL, FIXED, UNWRITTEN, DAMAGED = {"53100"}, {"25006"}, {"58030"}, {"XX001", "XX002"}
"""SQLSTATE: no room; not to be written; the disk fails; damaged."""
IN_THE_WAY = {"40001", "40P01"}
"""SQLSTATE: serialization failure, deadlock."""
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")
_LOCK = int.from_bytes(b"opencmr", "big")
_HOLD = "10min"  # a big store takes its time to be brought forward, and the others wait for it
_VERSION = text("SELECT version FROM relationships WHERE relationship = :number")
_VERSIONS = text("SELECT relationship, version FROM relationships WHERE relationship = ANY(:numbers)")
_PARTITIONS = text("SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass(:table)")
_log = logging.getLogger("opencmr.store")

# What is the same on every connection, said in one statement. Limits that the URL, the role or the server sets are
# left as they are; that a commit waits for the disk is not.
_READY = f"""
SELECT current_setting('fsync'),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
    ELSE current_setting('synchronous_commit') END, false),
  set_config('lock_timeout', CASE current_setting('lock_timeout') WHEN '0' THEN '{LONGEST_WAIT:.0f}s'
    ELSE current_setting('lock_timeout') END, false),
  set_config('statement_timeout', CASE current_setting('statement_timeout') WHEN '0' THEN '{LONGEST}s'
    ELSE current_setting('statement_timeout') END, false),
  set_config('idle_in_transaction_session_timeout', CASE current_setting('idle_in_transaction_session_timeout')
    WHEN '0' THEN '{LONGEST}s' ELSE current_setting('idle_in_transaction_session_timeout') END, false)
"""


def code_of(error: BaseException | None) -> str | None:
    """The SQLSTATE of an error; none where it is not PostgreSQL's."""
    return getattr(error, "sqlstate", None)


class PostgreSQL(Backend):
    """A database on a server.

    Args:
        url: Which.
        read_only: Only look.

    Raises:
        StoreError: The driver is missing, or the URL asks for what cannot be.
    """

    name = "postgresql"

    def __init__(self, url: URL, *, read_only: bool) -> None:
        self._read_only = read_only
        self._warned = False
        asked = {"connect_timeout": f"{LONGEST_WAIT:.0f}", "application_name": "opencmr", "keepalives_idle": "30"}
        url = url.set(drivername=f"{self.name}+psycopg")
        try:
            self.engine = create_engine(
                url.update_query_dict({name: value for name, value in asked.items() if name not in url.query}),
                hide_parameters=True,  # they are messages, and errors are logged
                pool_size=POOL,
                max_overflow=MORE,
                pool_timeout=LONGEST_WAIT,
                pool_use_lifo=True,  # so that those beyond what is needed fall idle, and the server may close them
            )
        except ImportError as error:
            raise StoreError("psycopg is missing; say: pip install 'opencmr[postgres]'") from error
        except ArgumentError:
            raise StoreError(f"{shown(url.render_as_string(hide_password=False))} cannot be read") from None
        event.listen(self.engine, "connect", self._make_ready)
        event.listen(self.engine, "checkin", _note_use)
        event.listen(self.engine, "checkout", _ask_whether_it_answers)

    def _make_ready(self, connection: Any, _: Any) -> None:
        connection.autocommit = True
        fsync = connection.execute(_READY).fetchone()[0]
        connection.autocommit = False
        connection.read_only = True if self._read_only else None
        if fsync != "on" and not self._warned:
            self._warned = True
            _log.warning("PostgreSQL runs with fsync=%s: what was acknowledged does not outlive a power cut", fsync)

    def _begin(self, connection: Connection, *, writing: bool) -> None:
        """Who reads sees one moment of the store. Who writes, and waited for a row, sees what the other has written."""
        from psycopg import IsolationLevel

        wanted = IsolationLevel.READ_COMMITTED if writing else IsolationLevel.REPEATABLE_READ
        driver: Any = connection.connection.dbapi_connection
        if driver.isolation_level is not wanted:
            driver.isolation_level = wanted

    def stamp(self) -> None:
        """Unknown: nothing costs less than asking for the version itself."""

    def version(self, number: int) -> int | None:
        """A relationship's version."""
        with self.transaction() as connection:
            found = connection.execute(_VERSION, {"number": number}).scalar()
        return None if found is None else int(found)

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships."""
        with self.transaction() as connection:
            found = connection.execute(_VERSIONS, {"numbers": list(numbers)})
            return {int(row.relationship): int(row.version) for row in found}

    def claim(self, *, alone: bool) -> Callable[[], None]:
        """Anybody may write.

        Raises:
            UsageError: Nobody is alone on a server.
        """
        if alone:
            raise UsageError("a store on a server is shared; alone=True is for a store in a file")
        return lambda: None

    def hold(self, connection: Connection) -> None:
        """Take a lock of the whole database, however long another process has it."""
        connection.execute(text(f"SET LOCAL lock_timeout = '{_HOLD}'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def make_tables(
        self, connection: Connection, tables: MetaData, split: Collection[str], partitions: int | None
    ) -> None:
        """Make the tables, some of them in partitions.

        Raises:
            UsageError: There can't be so many partitions.
        """
        self.restrict_indexes(tables)
        if partitions is None:
            tables.create_all(connection)
            return
        if not 1 < partitions <= MOST_PARTITIONS:
            raise UsageError(f"from 2 to {MOST_PARTITIONS} partitions, not {partitions}")
        made = MetaData()
        for table in tables.tables.values():
            copy = table.to_metadata(made)
            if table.name in split:
                copy.dialect_kwargs.update(partitioned(partitions))
        made.create_all(connection)
        for name in split:
            make_partitions(connection, name, partitions)

    def scrub(self) -> bool:
        """Write the tables anew, and what the server has noted about their values.

        What is written ahead ages out by itself: see `docs/operation.md`.
        """
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("SET statement_timeout = 0"))
                connection.execute(text("VACUUM (FULL, ANALYZE) messages"))
                connection.execute(text("VACUUM FULL pg_statistic"))
                connection.execute(text("RESET statement_timeout"))
                connection.invalidate()  # it was set to wait without end
        except SQLAlchemyError as error:
            log_failure(_log, "store.not-scrubbed", error)
            return False
        return True

    def traits(self, connection: Connection, *, ours: bool) -> list[Trait]:
        """The settings without which committed work is lost when the power fails."""
        found = connection.execute(text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)"),
                                   {"names": list(_SETTINGS)})  # fmt: skip
        values = {str(row.name): str(row.setting) for row in found}
        mend = "set {} = on: without it what was acknowledged is lost when the power fails"
        return [
            Trait(name, values[name], "wrong" if values[name] == "off" else "ok", mend.format(name))
            for name in _SETTINGS
        ]


def partitions_of(connection: Connection, table: str) -> int:
    """In how many partitions a table lies; 0 where it lies in one piece, as in any other database."""
    if connection.dialect.name != PostgreSQL.name:
        return 0
    return int(connection.execute(_PARTITIONS, {"table": table}).scalar() or 0)


def partitioned(partitions: int) -> dict[str, Any]:
    """What a table says of itself that lies in partitions by a hash of the relationship."""
    return {"postgresql_partition_by": "HASH (relationship)" if partitions else None}


def make_partitions(connection: Connection, table: str, partitions: int) -> None:
    """Make the partitions of a table."""
    for number in range(partitions):
        connection.execute(
            text(
                f"CREATE TABLE {table}_{number} PARTITION OF {table} "
                f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {number})"
            )
        )


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
