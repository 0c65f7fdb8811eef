"""A look at a store from outside, for `opencmr doctor`: how it is kept, not what is in it. Nothing is written."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from ..errors import StoreError
from .engine import DATABASE_ERRORS, open_engine, shown, why
from .schema import HEAD, State, state_of, version_of
from .tables import messages, relationships

NEWEST = 10_000
"""In how many relationships dates are looked at."""
_newest = select(func.coalesce(func.max(relationships.c.relationship), 0)).scalar_subquery()
_words = (
    select(
        messages.c.at,
        func.lag(messages.c.at).over(partition_by=messages.c.relationship, order_by=messages.c.place).label("before"),
    )
    .where(
        messages.c.relationship > _newest - NEWEST,
        messages.c.side == "vendor",
        messages.c.status.in_(("entry", "receipt")),
        messages.c.place.is_not(None),
    )
    .subquery()
)
_DATES = select(func.max(_words.c.at), func.count().filter(_words.c.at < _words.c.before))
MOST_PARTIES = 20_000
"""How many of our own DIDs are looked at: a wallet has one for each relationship."""


@dataclass(frozen=True)
class Checkup:
    """How a store is kept.

    Attributes:
        where: The store, as it may be shown.
        kind: `sqlite` or `postgresql`.
        state: How its tables stand to this code's, `version` to `HEAD`.
        settings: What decides about durability: name → value, of SQLite `journal_mode`, of PostgreSQL `fsync`,
            `synchronous_commit` and `full_page_writes`.
        free: Bytes that are free where the file is; none for a database elsewhere.
        size: Bytes of the file.
        me: Our own DIDs in it, `MOST_PARTIES` at most.
        last: The latest date of a vendor's word, in the newest relationships.
        went_back: How often in these a vendor's word is dated before the one that it follows: its clock was set back.
        damage: What the database itself finds wrong with its file; empty where it finds nothing.
    """

    where: str
    kind: str
    state: State
    version: str | None
    settings: dict[str, str]
    free: int | None = None
    size: int | None = None
    me: tuple[str, ...] = ()
    last: str | None = None
    went_back: int = 0
    damage: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The revision that this code reads and writes."""
        return HEAD


def look(where: str | Path) -> Checkup:
    """Look at a store.

    Args:
        where: A path, or a database URL.

    Raises:
        StoreError: It cannot be opened, or is damaged so much that it cannot be read.
    """
    engine = open_engine(where, read_only=True)
    try:
        with engine.connect() as connection:
            kind = connection.dialect.name
            version = version_of(connection)
            state = state_of(version)
            settings, damage = _sqlite(connection) if kind == "sqlite" else (_postgres(connection), ())
            me: tuple[str, ...] = ()
            last, went_back = None, 0
            if state == "current":
                found = connection.execute(select(relationships.c.me).distinct().limit(MOST_PARTIES))
                me = tuple(found.scalars())
                last, went_back = connection.execute(_DATES).one()
    except DATABASE_ERRORS as error:
        raise StoreError(f"cannot read {shown(where)}: {why(error)}") from error
    finally:
        engine.dispose()
    file = Path(engine.url.database) if kind == "sqlite" and engine.url.database else None
    return Checkup(
        shown(where),
        kind,
        state,
        version,
        settings,
        free=shutil.disk_usage(file.resolve().parent).free if file else None,
        size=file.stat().st_size if file else None,
        me=me,
        last=last,
        went_back=went_back or 0,
        damage=damage,
    )


def synchronous(where: str | Path) -> str:
    """What SQLite's `synchronous` is on a connection that writes: no property of the file, but of whoever opens it.

    Raises:
        StoreError: It cannot be opened.
    """
    engine = open_engine(where)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text("PRAGMA synchronous")).scalar())
    except DATABASE_ERRORS as error:
        raise StoreError(f"cannot open {shown(where)}: {why(error)}") from error
    finally:
        engine.dispose()


def _sqlite(connection: Connection) -> tuple[dict[str, str], tuple[str, ...]]:
    found = [str(line) for line in connection.execute(text("PRAGMA quick_check(10)")).scalars()]
    mode = str(connection.execute(text("PRAGMA journal_mode")).scalar())
    return {"journal_mode": mode}, () if found == ["ok"] else tuple(found)


def _postgres(connection: Connection) -> dict[str, str]:
    names = ("fsync", "synchronous_commit", "full_page_writes")
    return {
        name: str(connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar()) for name in names
    }
