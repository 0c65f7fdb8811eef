"""A look at a store from outside, for `opencmr doctor`: how it is kept, not what is in it. Nothing is written."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from ..errors import StoreError
from .backends import DATABASE_ERRORS, Trait, open_backend, shown, why
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
        kind: Of which kind the database is.
        state: How its tables stand to this code's, `version` to `HEAD`.
        traits: What decides whether committed work outlives a power cut, and whether the database is whole.
        free: Bytes that are free where the file is; none for a database elsewhere.
        size: Bytes of the file.
        me: Our own DIDs in it, `MOST_PARTIES` at most.
        last: The latest date of a vendor's word, in the newest relationships.
        went_back: How often in these a vendor's word is dated before the one that it follows: its clock was set back.
    """

    where: str
    kind: str
    state: State
    version: str | None
    traits: tuple[Trait, ...]
    free: int | None = None
    size: int | None = None
    me: tuple[str, ...] = ()
    last: str | None = None
    went_back: int = 0

    @property
    def head(self) -> str:
        """The revision that this code reads and writes."""
        return HEAD


def inspect_database(where: str | Path) -> Checkup:
    """Inspect a store as its database keeps it.

    Args:
        where: A path, or a database URL.

    Raises:
        StoreError: It cannot be opened, or is damaged so much that it cannot be read.
    """
    backend = open_backend(where, read_only=True)
    me: tuple[str, ...] = ()
    last, went_back = None, 0
    try:
        with backend.transaction() as connection:
            version = version_of(connection)
            state = state_of(version)
            traits = backend.traits(connection, ours=state == "current")
            if state == "current":
                found = connection.execute(select(relationships.c.me).distinct().limit(MOST_PARTIES))
                me = tuple(found.scalars())
                last, went_back = connection.execute(_DATES).one()
    except DATABASE_ERRORS as error:
        raise StoreError(f"cannot read {shown(where)}: {why(error)}") from error
    finally:
        backend.close()
    file = backend.file
    return Checkup(
        shown(where),
        backend.name,
        state,
        version,
        tuple(traits),
        free=shutil.disk_usage(file.resolve().parent).free if file else None,
        size=file.stat().st_size if file else None,
        me=me,
        last=last,
        went_back=went_back or 0,
    )
