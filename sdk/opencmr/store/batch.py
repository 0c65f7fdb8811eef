"""One transaction that several writes share: what it holds, and what it has still to write.

A statement costs the same for one row as for thirty, so rows are written together: when the transaction ends, or when
somebody asks the database for what may be among them. What a write has not flushed is forgotten when it fails; a
savepoint is made only for what it has.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Connection,
    Delete,
    Dialect,
    Insert,
    NestedTransaction,
    Row,
    Update,
    bindparam,
    insert,
    select,
    update,
)

from ..errors import UsageError
from .backends import damaged
from .tables import messages, relationships


class Peer(NamedTuple):
    """One relationship's row.

    Attributes:
        number: Its key in this store.
        me: The DID by which this side is known in it; `peer`, the other side's.
        pinned: Key URL → public key of the vendor, as seen when the relationship began.
        restored: Whether the store was put back from a copy, and the customer has not collected since.
        position: Of the message that came or was made last.
        version: Goes up with every write that changes something of the relationship.
        size: Bytes of all messages and receipts in it, with `ROW` for each.
        revised: The version in which something was changed last that had been kept before: all that came after it was
            only added, so that what is remembered from then on can be brought forward.
        kept: Whether something came of it: it is kept for good.
        idle: Until then, when its last word came or was made, or until when the vendor has promised something.
        forgotten: Number of the vendor's last word when it was forgotten; 0 where it was not, or has been handed back.
        last: Digest of that word.
    """

    number: int
    me: str
    peer: str
    endpoint: str | None
    pinned: dict[str, str]
    opened: str
    restored: bool
    position: int
    version: int
    size: int = 0
    revised: int = 0
    kept: bool = False
    idle: str = ""
    forgotten: int = 0
    last: str | None = None


class Many:
    """A statement for many rows. Its values go to the driver as they are, without being looked at one by one again."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._written: dict[Dialect, tuple[str, Callable[[dict[str, Any]], Any]]] = {}

    def execute(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        """Execute it for each of these rows."""
        dialect = connection.dialect
        if dialect not in self._written:
            compiled = self._statement.compile(dialect=dialect)
            self._written[dialect] = (str(compiled), _in_order(compiled.positiontup))
        text, values = self._written[dialect]
        connection.exec_driver_sql(text, list(map(values, rows)))


def _in_order(names: Sequence[str] | None) -> Callable[[dict[str, Any]], Any]:
    """How a driver takes the values: by their places, or by their names."""
    match names:
        case None:
            return dict
        case [name]:
            return lambda values: (values[name],)
        case _:
            return itemgetter(*names)


CHANGES = ("restored", "position", "version", "size", "revised", "kept", "idle", "forgotten", "last")
"""What of a relationship's row changes."""

_BY_NUMBER = select(relationships).where(relationships.c.relationship == bindparam("number"))
_HELD_BY_NUMBER = _BY_NUMBER.with_for_update()
_BY_NAMES = (
    select(relationships)
    .where(relationships.c.me == bindparam("me"), relationships.c.peer.in_(bindparam("peers", expanding=True)))
    .order_by(relationships.c.relationship)
)
_HELD_BY_NAMES = _BY_NAMES.with_for_update()
_CHANGE = Many(
    update(relationships)
    .where(relationships.c.relationship == bindparam("number"))
    .values({name: bindparam(f"new_{name}") for name in CHANGES})
)
_ADD = Many(insert(messages).values({column.name: bindparam(column.name) for column in messages.c}))

Write = tuple[Many, dict[str, Any]]


class Batch:
    """What the writes of one transaction share.

    Attributes:
        connection: The transaction.
        writing: Whether relationships that are looked at are held until it ends, where the database can hold rows.
        noted: What later writes of the same transaction may know already: by relationship.
    """

    def __init__(self, connection: Connection, *, writing: bool = False) -> None:
        self.connection = connection
        self.writing = writing
        self.noted: dict[int, Any] = {}
        self._peers: dict[int, Peer] = {}
        self._numbers: dict[tuple[str, str], int | None] = {}
        self._changed: set[int] = set()
        self._added: list[dict[str, Any]] = []
        self._writes: list[Write] = []

    def look_up(self, names: Iterable[tuple[str, str]]) -> None:
        """Read the relationships of these pairs of DIDs, all at once, and in one order for all processes."""
        wanted: dict[str, set[str]] = {}
        for me, peer in names:
            if (me, peer) not in self._numbers:
                wanted.setdefault(me, set()).add(peer)
        for me, peers in wanted.items():
            query = _HELD_BY_NAMES if self.writing else _BY_NAMES
            self._numbers.update(((me, peer), None) for peer in peers)
            for row in self.connection.execute(query, {"me": me, "peers": sorted(peers)}):
                self.know(as_peer(row))

    def peer(self, me: str, peer: str) -> Peer | None:
        """The relationship of these two, as it stands in this transaction."""
        if (me, peer) not in self._numbers:
            self.look_up([(me, peer)])
        number = self._numbers[me, peer]
        return None if number is None else self._peers[number]

    def peer_by_number(self, number: int) -> Peer | None:
        """A relationship by its key, as it stands in this transaction."""
        if number not in self._peers:
            query = _HELD_BY_NUMBER if self.writing else _BY_NUMBER
            row = self.connection.execute(query, {"number": number}).first()
            if row is None:
                return None
            self.know(as_peer(row))
        return self._peers[number]

    def know(self, peer: Peer) -> None:
        """Keep in mind how a relationship stands, unless it has changed in this transaction."""
        self._peers.setdefault(peer.number, peer)
        self._numbers[peer.me, peer.peer] = peer.number

    @property
    def pending(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._added or self._writes or self._changed)

    def take_over(self, changed: dict[int, Peer], added: list[dict[str, Any]], writes: list[Write]) -> None:
        """Write what one write asks for, with all others."""
        self._peers.update(changed)
        self._changed.update(changed)
        self._added += added
        self._writes += writes

    def restore(self, before: dict[int, Peer]) -> None:
        """Put relationships back to how they stood before a write that was undone."""
        self._peers.update(before)

    def rename(self, before: Peer, now: Peer) -> None:
        """A relationship goes by another name."""
        self._numbers[before.me, before.peer] = None
        self._numbers[now.me, now.peer] = now.number

    def forget(self, number: int) -> None:
        """Forget a relationship whose beginning was undone."""
        peer = self._peers.pop(number, None)
        if peer is not None:
            self._numbers[peer.me, peer.peer] = None

    def flush(self) -> None:
        """Write what has been asked for. Messages come first: what changes one may change it at once."""
        if self._added:
            _ADD.execute(self.connection, self._added)
        for statement, run in groupby(self._writes, key=itemgetter(0)):
            statement.execute(self.connection, [values for _, values in run])
        if self._changed:
            peers = [self._peers[number] for number in sorted(self._changed)]
            _CHANGE.execute(self.connection, [_new(peer) for peer in peers])
        self._added, self._writes, self._changed = [], [], set()


class Asked:
    """What one write asks for within a batch, until it has succeeded."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.noted: dict[int, Any] = {}
        self._before: dict[int, Peer] = {}
        self._new: dict[int, dict[str, Any]] = {}
        self._unwritten: set[int] = set()
        self._begun: list[int] = []
        self._renamed: list[tuple[Peer, Peer]] = []
        self._added: list[dict[str, Any]] = []
        self._writes: list[Write] = []
        self._savepoint: NestedTransaction | None = None

    @property
    def pending(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._added or self._writes or self._unwritten)

    def change(self, number: int, **values: Any) -> None:
        """Note a change of a relationship. Its version goes up once a write."""
        if number not in self._new:
            known = self.batch.peer_by_number(number)
            if known is None:
                return
            self._before[number] = known
            self._new[number] = {"version": known.version + 1}
        self._new[number].update(values)
        self._unwritten.add(number)

    def revise(self, number: int, **values: Any) -> None:
        """Note a change of what was kept before: a history that is remembered from then is folded anew as a whole."""
        self.change(number, **values)  # first: before it, the version is that which others remember
        self.change(number, revised=self.version(number))

    def rename(self, number: int, **names: str) -> Peer:
        """Note that a relationship goes by another name, which the database has already."""
        before = self.peer_by_number(number)
        self.revise(number, **names)
        now = self.peer_by_number(number)
        assert before is not None  # noqa: S101  # relationships do not end
        assert now is not None  # noqa: S101
        self._renamed.append((before, now))
        self.batch.rename(before, now)
        return now

    def changes(self, number: int) -> bool:
        """Whether it has changed something of a relationship."""
        return number in self._new

    def version(self, number: int) -> int:
        """A relationship's version, should this write succeed."""
        if number in self._new:
            return int(self._new[number]["version"])
        known = self.batch.peer_by_number(number)
        return known.version if known else 0

    def begun(self, peer: Peer) -> None:
        """Note a relationship that has been begun; it is in the database already, which gives it its key."""
        self._begun.append(peer.number)
        self.batch.know(peer)

    def peer_by_number(self, number: int) -> Peer | None:
        """A relationship as this write has changed it."""
        changes = self._new.get(number)
        return self._before[number]._replace(**changes) if changes else self.batch.peer_by_number(number)

    def peer(self, me: str, peer: str) -> Peer | None:
        """The same, by the DIDs of its sides."""
        found = self.batch.peer(me, peer)
        return self.peer_by_number(found.number) if found and found.number in self._new else found

    def add(self, message: dict[str, Any]) -> None:
        """Write a message."""
        self._added.append(message)

    def write(self, statement: Many, values: dict[str, Any]) -> None:
        """Write something else, after the messages."""
        self._writes.append((statement, values))

    def before_reading(self) -> None:
        """Write what waits, since the query that comes next may ask for it."""
        if self.pending:
            self.at_once()
        elif self.batch.pending:
            self.batch.flush()

    def at_once(self) -> None:
        """Write all that has been asked for, within a savepoint.

        Raises:
            UsageError: The transaction only reads: what it wrote would be undone at its end, and nobody told.
        """
        if not self.batch.writing:
            raise UsageError("a store is written to with write")
        self.batch.flush()
        if self._savepoint is None:
            self._savepoint = self.batch.connection.begin_nested()
        self._hand_over()
        self.batch.flush()

    def settle(self) -> None:
        """Hand over what the write asks for: it has succeeded."""
        self._hand_over()
        self.batch.noted.update(self.noted)
        if self._savepoint is not None:
            self._savepoint.commit()

    def undo(self) -> None:
        """Take back all of the write: it has failed."""
        if self._savepoint is not None:
            self._savepoint.rollback()
            self.batch.restore(self._before)
        for before, now in reversed(self._renamed):
            self.batch.rename(now, before)
        for number in self._begun:
            self.batch.forget(number)

    def _hand_over(self) -> None:
        changed = {number: self._before[number]._replace(**self._new[number]) for number in self._unwritten}
        self.batch.take_over(changed, self._added, self._writes)
        self._added, self._writes, self._unwritten = [], [], set()


def as_peer(row: Row[Any]) -> Peer:
    """A relationship from its row.

    Raises:
        StoreError: It is damaged.
    """
    number, me, peer, endpoint, pinned, opened, restored, version, position, *more = tuple(row)
    size, revised, kept, idle, forgotten, last = more
    try:
        keys = orjson.loads(pinned)
    except orjson.JSONDecodeError as error:
        raise damaged(f"the keys that are pinned for {peer} cannot be read") from error
    return Peer(number, me, peer, endpoint, keys, opened, bool(restored), position, version,
                size, revised, bool(kept), idle, forgotten, last)  # fmt: skip


def _new(peer: Peer) -> dict[str, Any]:
    return {"number": peer.number, **{f"new_{name}": getattr(peer, name) for name in CHANGES}}
