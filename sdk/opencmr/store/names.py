"""The names of a relationship: the DIDs of its customer, who may move, and the keys of its vendor."""

from abc import ABC, abstractmethod
from typing import Any

import orjson
from sqlalchemy import BindParameter, Result, Select, bindparam, delete, insert, select, update

from .batch import Asked, Batch, Peer
from .kept import Kept, Status
from .tables import collects, dids, findings, messages, muted, relationships

_number: BindParameter[int] = bindparam("number")
_DIDS = select(dids.c.did).where(dids.c.relationship == _number).order_by(dids.c.did)
_MOVED_FROM = (
    select(relationships.c.peer)
    .join(dids, dids.c.relationship == relationships.c.relationship)
    .where(relationships.c.me == bindparam("me"), dids.c.did == bindparam("did"))
)
_ADD_DID = insert(dids)
_DROP_DID = delete(dids).where(dids.c.relationship == _number, dids.c.did == bindparam("did"))
LEAVE = [delete(table).where(table.c.relationship == _number) for table in (messages, findings, collects, muted, dids)]
"""What deletes all rows of a relationship but its own."""


class Names(ABC):
    """What one transaction can read and write of them; a part of `Rows`."""

    _asked: Asked
    _batch: Batch

    @abstractmethod
    def peer(self, me: str, peer: str) -> Peer | None:
        """See `Rows.peer`."""

    @abstractmethod
    def message(self, number: int, digest: str) -> Kept | None:
        """See `Rows.message`."""

    @abstractmethod
    def with_status(self, number: int, status: Status) -> list[Kept]:
        """See `Rows.with_status`."""

    @abstractmethod
    def next_position(self, number: int) -> int:
        """See `Rows.next_position`."""

    @abstractmethod
    def add_message(self, number: int, message: Kept) -> None:
        """See `Rows.add_message`."""

    @abstractmethod
    def _execute(self, query: Select[Any], **values: Any) -> Result[Any]: ...

    def dids(self, number: int) -> list[str]:
        """Other DIDs of a relationship's customer: those before a move, and one to which a move is on its way."""
        return [did for (did,) in self._execute(_DIDS, number=number)]

    def peer_of_before(self, me: str, did: str) -> Peer | None:
        """The relationship whose customer spoke under this DID before they moved; held likewise."""
        found = self._execute(_MOVED_FROM, me=me, did=did).first()
        return self.peer(me, found.peer) if found is not None else None

    def add_did(self, number: int, did: str) -> None:
        """Note another DID of a relationship's customer."""
        if did not in self.dids(number):
            self._asked.at_once()
            self._batch.connection.execute(_ADD_DID, {"relationship": number, "did": did})

    def move(self, number: int, did: str) -> Peer:
        """Let the customer of a relationship go on under another DID; that of before is noted."""
        peer = self._asked.peer_by_number(number)
        assert peer is not None  # noqa: S101  # relationships do not end
        side = "me" if peer.me.startswith("did:key:") else "peer"
        self._asked.at_once()
        connection, before = self._batch.connection, getattr(peer, side)
        connection.execute(update(relationships).where(relationships.c.relationship == number).values({side: did}))
        connection.execute(_DROP_DID, {"number": number, "did": did})
        if before not in self.dids(number):
            connection.execute(_ADD_DID, {"relationship": number, "did": before})
        return self._asked.rename(number, **{side: did})

    def merge(self, number: int, into: int) -> None:
        """Put the messages of a relationship without a place into another one, and delete it."""
        found = self.with_status(number, "held")
        self._asked.at_once()
        for statement in (*LEAVE, delete(relationships).where(relationships.c.relationship == _number)):
            self._batch.connection.execute(statement, {"number": number})
        self._batch.forget(number)
        for kept in found:
            if self.message(into, kept.digest) is None:
                self.add_message(into, kept._replace(position=self.next_position(into)))

    def pin(self, number: int, keys: dict[str, str]) -> None:
        """Pin further keys of a vendor, by their URLs."""
        peer = self._asked.peer_by_number(number)
        assert peer is not None  # noqa: S101  # relationships do not end
        pinned = {**peer.pinned, **keys}
        self._asked.at_once()
        values = {"pinned": orjson.dumps(pinned).decode()}
        self._batch.connection.execute(
            update(relationships).where(relationships.c.relationship == number).values(values)
        )
        self._asked.change(number, pinned=pinned)
