"""What one transaction can read and write. Every method that names a relationship touches that relationship alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..messages.types import Side
from .tables import collects, messages, relationships

Status = Literal["pending", "waiting", "entry", "refused", "forked", "receipt", "unsent"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One relationship's row.

    Attributes:
        number: Its key in this store.
        me: The DID by which this side is known in it; `peer`, the other side's.
        pinned: Key URL → public key of the vendor, as seen when the relationship began.
        last: The vendor's latest time in it.
        cursor: How far the customer has collected.
        version: Counts every change.
    """

    number: int
    me: str
    peer: str
    endpoint: str | None
    pinned: dict[str, str]
    opened: str
    last: str | None
    cursor: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One message's row. See `tables.messages` for the members."""

    digest: str
    position: int
    side: Side
    id: str
    type: str
    thread: str
    raw: bytes
    status: Status
    of: str | None
    previous: str | None
    at: str | None
    formed: bool


class Rows:
    """One transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.undone: list[Callable[[], None]] = []
        """Called if what was written here is rolled back."""
        self.done: list[Callable[[], None]] = []
        """Called once what was written here is durable."""

    # Relationships

    def peer(self, me: str, peer: str) -> Peer | None:
        """The relationship of these two, held until the transaction ends where the database can hold rows."""
        return self._peer((relationships.c.me == me) & (relationships.c.peer == peer), hold=True)

    def peer_by_number(self, number: int) -> Peer | None:
        """A relationship by its key."""
        return self._peer(relationships.c.relationship == number)

    def peers(self) -> Iterator[Peer]:
        """All relationships, oldest first."""
        for row in self._connection.execute(select(relationships).order_by(relationships.c.relationship)):
            yield _as_peer(row)

    def add_peer(self, me: str, peer: str, *, opened: str, pinned: dict[str, str], endpoint: str | None) -> Peer:
        """Begin a relationship."""
        values = {
            "me": me,
            "peer": peer,
            "opened": opened,
            "pinned": orjson.dumps(pinned).decode(),
            "endpoint": endpoint,
            "version": 0,
        }
        key = self._connection.execute(insert(relationships).values(**values)).inserted_primary_key
        return Peer(int(key[0]) if key else 0, me, peer, endpoint, pinned, opened, None, None, 0)

    def change_peer(self, number: int, **values: Any) -> None:
        """Note a change of a relationship: `last`, `cursor`; its version goes up."""
        self._connection.execute(
            update(relationships)
            .where(relationships.c.relationship == number)
            .values(version=relationships.c.version + 1, **values)
        )

    # Messages

    def message(self, number: int, digest: str) -> Kept | None:
        """A message by its digest."""
        return self._one(number, messages.c.digest == digest)

    def message_by_id(self, number: int, side: Side, id_: str) -> Kept | None:
        """A message by its sender's id."""
        return self._one(number, messages.c.side == side, messages.c.id == id_)

    def receipt_of(self, number: int, digest: str, side: Side) -> Kept | None:
        """The receipt that a side has given for a message."""
        return self._one(number, messages.c.of == digest, messages.c.side == side)

    def entries(self, number: int) -> list[Kept]:
        """All entries of a relationship, in the order of their places."""
        return self._many(number, messages.c.status == "entry", order=messages.c.at)

    def with_status(self, number: int, *statuses: Status) -> list[Kept]:
        """The messages of these statuses, in the order in which they came."""
        return self._many(number, messages.c.status.in_(statuses), order=messages.c.position)

    def everything(self, number: int) -> list[Kept]:
        """All messages and receipts of a relationship, in the order in which they came."""
        return self._many(number, order=messages.c.position)

    def said_by(self, number: int, side: Side, *, after: int, limit: int) -> list[Kept]:
        """What a side has said, receipts included, after a position: the other side's mailbox."""
        return self._many(
            number, messages.c.side == side, messages.c.position > after, order=messages.c.position, limit=limit
        )

    def next_position(self, number: int) -> int:
        """The position of what is added next."""
        return self.last_position(number) + 1

    def last_position(self, number: int, side: Side | None = None) -> int:
        """The position of the last message, or of the last that a side has said; 0 where there is none."""
        top = select(func.max(messages.c.position)).where(messages.c.relationship == number)
        return int(self._connection.execute(top if side is None else top.where(messages.c.side == side)).scalar() or 0)

    def add_message(self, number: int, kept: Kept) -> None:
        """Keep a message.

        Raises:
            IntegrityError: Its digest, or its sender's id, is there already.
        """
        values = {name: getattr(kept, name) for name in Kept.__slots__}
        self._connection.execute(insert(messages).values(relationship=number, **values))

    def change_message(self, number: int, digest: str, **values: Any) -> None:
        """Note what became of a message."""
        here = (messages.c.relationship == number) & (messages.c.digest == digest)
        self._connection.execute(update(messages).where(here).values(**values))

    # Collects

    def use_collect(self, number: int, id_: str, *, until: str, now: str) -> bool:
        """Note that a collect has been used; false where it was used before. Old notes are forgotten."""
        self._connection.execute(delete(collects).where(collects.c.relationship == number, collects.c.until < now))
        used = select(collects.c.id).where(collects.c.relationship == number, collects.c.id == id_)
        if self._connection.execute(used).first() is not None:
            return False
        try:
            self._connection.execute(insert(collects).values(relationship=number, id=id_, until=until))
        except IntegrityError:
            return False
        return True

    def _peer(self, where: Any, *, hold: bool = False) -> Peer | None:
        query = select(relationships).where(where)
        row = self._connection.execute(query.with_for_update() if hold else query).first()
        return _as_peer(row) if row is not None else None

    def _one(self, number: int, *where: Any) -> Kept | None:
        row = self._connection.execute(select(messages).where(messages.c.relationship == number, *where)).first()
        return _as_kept(row) if row is not None else None

    def _many(self, number: int, *where: Any, order: Any, limit: int | None = None) -> list[Kept]:
        query = select(messages).where(messages.c.relationship == number, *where).order_by(order).limit(limit)
        return [_as_kept(row) for row in self._connection.execute(query)]


def _as_peer(row: Row[Any]) -> Peer:
    number, me, peer, endpoint, pinned, opened, last, cursor, version = tuple(row)
    return Peer(number, me, peer, endpoint, orjson.loads(pinned), opened, last, cursor, version)


def _as_kept(row: Row[Any]) -> Kept:
    _, digest, position, side, id_, type_, thread, raw, status, of, previous, at, formed = tuple(row)
    return Kept(digest, position, side, id_, type_, thread, bytes(raw), status, of, previous, at, bool(formed))
