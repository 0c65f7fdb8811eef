"""What one transaction can read and write. Every method that names a relationship touches that relationship alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, delete, func, insert, select, update

from ..messages.types import Side
from .tables import collects, messages, relationships, strangers

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


# Statements are built once: building one costs five times what executing it does.

_number: BindParameter[int] = bindparam("number")
_PEER = select(relationships).where(relationships.c.me == bindparam("me"), relationships.c.peer == bindparam("peer"))
_PEER_HELD = _PEER.with_for_update()
_PEER_BY_NUMBER = select(relationships).where(relationships.c.relationship == _number)
_PEERS = select(relationships).order_by(relationships.c.relationship)
_BUMP = update(relationships).where(relationships.c.relationship == _number)

_MESSAGES = select(messages).where(messages.c.relationship == _number)
_BY_DIGEST = _MESSAGES.where(messages.c.digest == bindparam("digest"))
_BY_ID = _MESSAGES.where(messages.c.side == bindparam("side"), messages.c.id == bindparam("id"))
_RECEIPT = _MESSAGES.where(messages.c.of == bindparam("digest"), messages.c.side == bindparam("side")).order_by(
    messages.c.position
)
_ENTRIES = _MESSAGES.where(messages.c.status == "entry").order_by(messages.c.at, messages.c.position)
_WITH_STATUS = _MESSAGES.where(messages.c.status == bindparam("status")).order_by(messages.c.position)
_UNANSWERED = select(func.count()).select_from(messages).where(messages.c.status == "pending")
_EVERYTHING = _MESSAGES.order_by(messages.c.position)
_SAID_BY = (
    _MESSAGES.where(messages.c.side == bindparam("side"), messages.c.position > bindparam("after"))
    .order_by(messages.c.position)
    .limit(bindparam("limit"))
)
_SAID_IN = _MESSAGES.where(messages.c.thread == bindparam("thread"), messages.c.side == bindparam("side")).order_by(
    messages.c.position
)
_LATEST = select(func.max(messages.c.at)).where(
    messages.c.relationship == _number,
    messages.c.side == bindparam("side"),
    messages.c.position < bindparam("before"),
)
_LAST = select(func.max(messages.c.position)).where(messages.c.relationship == _number)
_LAST_BY = _LAST.where(messages.c.side == bindparam("side"))
_ADD = insert(messages)
_CHANGE = update(messages).where(messages.c.relationship == _number, messages.c.digest == bindparam("which"))

_FORGET = delete(collects).where(collects.c.relationship == _number, collects.c.until < bindparam("now"))
_USED = select(collects.c.id).where(collects.c.relationship == _number, collects.c.id == bindparam("id"))
_USE = insert(collects)

_FORGET_STRANGERS = delete(strangers).where(strangers.c.until < bindparam("now"))
_STRANGER = select(strangers.c.id).where(strangers.c.sender == bindparam("sender"), strangers.c.id == bindparam("id"))
_ADD_STRANGER = insert(strangers)


class Rows:
    """One transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.done: list[Callable[[], None]] = []
        """Called once what was written here is durable, and what was read was read."""

    # Relationships

    def peer(self, me: str, peer: str, *, hold: bool = False) -> Peer | None:
        """The relationship of these two; `hold`: until the transaction ends, where the database can hold rows."""
        row = self._connection.execute(_PEER_HELD if hold else _PEER, {"me": me, "peer": peer}).first()
        return _as_peer(row) if row is not None else None

    def peer_by_number(self, number: int) -> Peer | None:
        """A relationship by its key."""
        row = self._connection.execute(_PEER_BY_NUMBER, {"number": number}).first()
        return _as_peer(row) if row is not None else None

    def peers(self) -> Iterator[Peer]:
        """All relationships, oldest first."""
        for row in self._connection.execute(_PEERS):
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
        change = _BUMP.values(version=relationships.c.version + 1, **{name: bindparam(name) for name in values})
        self._connection.execute(change, {"number": number, **values})

    # Messages

    def message(self, number: int, digest: str) -> Kept | None:
        """A message by its digest."""
        return self._one(_BY_DIGEST, number=number, digest=digest)

    def message_by_id(self, number: int, side: Side, id_: str) -> Kept | None:
        """A message by its sender's id."""
        return self._one(_BY_ID, number=number, side=side, id=id_)

    def receipt_of(self, number: int, digest: str, side: Side) -> Kept | None:
        """The receipt that a side has given for a message; the first, should there be two."""
        return self._one(_RECEIPT, number=number, digest=digest, side=side)

    def entries(self, number: int) -> list[Kept]:
        """All entries of a relationship, in the order of their dates."""
        return self._many(_ENTRIES, number=number)

    def with_status(self, number: int, status: Status) -> list[Kept]:
        """The messages of this status, in the order in which they came."""
        return self._many(_WITH_STATUS, number=number, status=status)

    def unanswered(self) -> int:
        """How many messages of all relationships have not been answered yet."""
        return int(self._connection.execute(_UNANSWERED).scalar() or 0)

    def everything(self, number: int) -> list[Kept]:
        """All messages and receipts of a relationship, in the order in which they came."""
        return self._many(_EVERYTHING, number=number)

    def said_by(self, number: int, side: Side, *, after: int, limit: int) -> list[Kept]:
        """What a side has said, receipts included, after a position: the other side's mailbox."""
        return self._many(_SAID_BY, number=number, side=side, after=after, limit=limit)

    def said_in(self, number: int, thread: str, side: Side) -> list[Kept]:
        """What a side has said in a thread, whatever became of it, in the order in which it came."""
        return self._many(_SAID_IN, number=number, thread=thread, side=side)

    def latest(self, number: int, side: Side, *, before: int) -> str | None:
        """The latest date among what a side had said before a position."""
        found = self._connection.execute(_LATEST, {"number": number, "side": side, "before": before}).scalar()
        return None if found is None else str(found)

    def next_position(self, number: int) -> int:
        """The position of what is added next."""
        return self.last_position(number) + 1

    def last_position(self, number: int, side: Side | None = None) -> int:
        """The position of the last message, or of the last that a side has said; 0 where there is none."""
        found = self._connection.execute(_LAST if side is None else _LAST_BY, {"number": number, "side": side})
        return int(found.scalar() or 0)

    def add_message(self, number: int, kept: Kept) -> None:
        """Keep a message.

        Raises:
            IntegrityError: Its digest, or its sender's id, is there already.
        """
        values = {name: getattr(kept, name) for name in Kept.__slots__}
        self._connection.execute(_ADD, {"relationship": number, **values})

    def change_message(self, number: int, digest: str, **values: Any) -> None:
        """Note what became of a message."""
        change = _CHANGE.values(**{name: bindparam(name) for name in values})
        self._connection.execute(change, {"number": number, "which": digest, **values})

    # Collects

    def use_collect(self, number: int, id_: str, *, until: str, now: str) -> bool:
        """Note that a collect has been used; false where it was used before. Old notes are forgotten."""
        self._connection.execute(_FORGET, {"number": number, "now": now})
        if self._connection.execute(_USED, {"number": number, "id": id_}).first() is not None:
            return False
        self._connection.execute(_USE, {"relationship": number, "id": id_, "until": until})
        return True

    def use_as_stranger(self, sender: str, id_: str, *, until: str) -> bool:
        """Note that a collect of a DID without a relationship has been used; false where it was used before."""
        if self.was_stranger(sender, id_):
            return False
        self._connection.execute(_ADD_STRANGER, {"sender": sender, "id": id_, "until": until})
        return True

    def was_stranger(self, sender: str, id_: str) -> bool:
        """Whether a collect was used while its sender had no relationship."""
        return self._connection.execute(_STRANGER, {"sender": sender, "id": id_}).first() is not None

    def forget_strangers(self, now: str) -> None:
        """Forget the notes on strangers whose time is over."""
        self._connection.execute(_FORGET_STRANGERS, {"now": now})

    def _one(self, query: Select[Any], **values: Any) -> Kept | None:
        row = self._connection.execute(query, values).first()
        return _as_kept(row) if row is not None else None

    def _many(self, query: Select[Any], **values: Any) -> list[Kept]:
        return [_as_kept(row) for row in self._connection.execute(query, values)]


def _as_peer(row: Row[Any]) -> Peer:
    number, me, peer, endpoint, pinned, opened, last, cursor, version = tuple(row)
    return Peer(number, me, peer, endpoint, orjson.loads(pinned), opened, last, cursor, version)


def _as_kept(row: Row[Any]) -> Kept:
    _, digest, position, side, id_, type_, thread, raw, status, of, previous, at, formed = tuple(row)
    return Kept(digest, position, side, id_, type_, thread, bytes(raw), status, of, previous, at, bool(formed))
