"""What one transaction can read and write. Every method that names a relationship touches that relationship alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Result,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy import text as sql

from ..messages.types import Side
from .backends import damaged
from .batch import Asked, Batch, Many, Peer, as_peer
from .kept import ELSEWHERE, ROW, Kept, Noticed, Status, as_kept
from .names import LEAVE, Names
from .tables import PASSING, collects, findings, folds, messages, muted, relationships, scrubs, strangers

# Statements are built once: building one costs five times what executing it does.

_number: BindParameter[int] = bindparam("number")
_PEERS = select(relationships).where(relationships.c.peer != "").order_by(relationships.c.relationship)
_OF_PEER = _PEERS.where(relationships.c.peer == bindparam("peer"))

_MESSAGES = select(messages).where(messages.c.relationship == _number)
_BY_DIGEST = _MESSAGES.where(messages.c.digest == bindparam("digest"))
_BY_ID = _MESSAGES.where(messages.c.side == bindparam("side"), messages.c.id == bindparam("id"))
_RECEIPT = _MESSAGES.where(messages.c.of == bindparam("digest"), messages.c.side == bindparam("side")).order_by(
    messages.c.position
)
# Not those that say they have a place, but all that do not say they have none: a word that damage has changed is
# noticed so, instead of leaving out a withdrawal.
_PLACED = _MESSAGES.where(sql(f"status NOT IN ({', '.join(map(repr, ELSEWHERE))})")).order_by(
    messages.c.place, messages.c.position
)
_UNANSWERED = select(func.count()).select_from(messages).where(messages.c.status == literal_column("'pending'"))
_HELD = select(func.count()).select_from(messages).where(messages.c.status == literal_column("'held'"))
_COUNT = select(func.count()).select_from(messages).where(messages.c.relationship == _number)
_EVERYTHING = _MESSAGES.order_by(messages.c.position)
_PLACES = (
    _MESSAGES.where(sql(f"status NOT IN ({', '.join(map(repr, ELSEWHERE))})"), messages.c.place > bindparam("after"))
    .order_by(messages.c.place, messages.c.side)
    .limit(bindparam("limit"))
)
_LAST_SAID = (
    select(messages.c.digest)
    .where(messages.c.relationship == _number, messages.c.side == bindparam("side"), messages.c.of.is_(None))
    .order_by(messages.c.position.desc())
    .limit(1)
)
_FROM_PLACE = _MESSAGES.where(messages.c.place >= bindparam("first")).order_by(messages.c.place, messages.c.side)
_AFTER = messages.c.position > bindparam("after")
_ADDED = _MESSAGES.where(_AFTER).order_by(messages.c.position)
_KNOWN = select(messages.c.digest, messages.c.side, messages.c.id).where(messages.c.relationship == _number, _AFTER)
_CHANGE = update(messages).where(messages.c.relationship == _number, messages.c.digest == bindparam("which"))

_VENDORS = select(relationships.c.me).distinct().where(relationships.c.me.like("did:web:%"))
_PASSED = (
    select(relationships)
    .where(
        relationships.c.me == bindparam("me"),
        sql(PASSING),
        relationships.c.idle < bindparam("before"),
        relationships.c.idle >= bindparam("idle"),
        sql("(idle > :idle OR relationship > :number)"),
    )
    .order_by(relationships.c.idle, relationships.c.relationship)
    .limit(bindparam("limit"))
)
_PASSING_BYTES = select(func.coalesce(func.sum(relationships.c.size), 0)).where(
    relationships.c.me == bindparam("me"), sql(PASSING)
)
_FORGET_MESSAGES = Many(delete(messages).where(messages.c.relationship == _number))
_FORGET = Many(delete(collects).where(collects.c.relationship == _number, collects.c.until < bindparam("now")))
_USED = select(collects.c.id).where(
    collects.c.relationship == _number, collects.c.id == bindparam("id"), collects.c.until >= bindparam("now")
)
_USE = Many(insert(collects).values({column.name: bindparam(column.name) for column in collects.c}))
_FORGET_STRANGERS = Many(delete(strangers).where(strangers.c.until < bindparam("now")))
_STRANGER = select(strangers.c.id).where(strangers.c.sender == bindparam("sender"), strangers.c.id == bindparam("id"))
_ADD_STRANGER = Many(insert(strangers).values({column.name: bindparam(column.name) for column in strangers.c}))
_SCRUBS = select(scrubs.c.asked)
_ASK_FOR_SCRUB = Many(insert(scrubs).values(asked=bindparam("asked")))
_SCRUBBED = Many(delete(scrubs).where(scrubs.c.asked == bindparam("which")))
_BEGIN = insert(relationships)
_RESTORED = update(relationships).values(restored=True, version=relationships.c.version + 1)
_FINDINGS = select(findings).where(findings.c.relationship == _number).order_by(findings.c.finding)
_MUTED = select(muted).where(muted.c.relationship == _number)
_UNMUTE = Many(delete(muted).where(muted.c.relationship == _number))
_MUTE = Many(insert(muted).values({column.name: bindparam(column.name) for column in muted.c}))
_FOLDS = select(folds)
_NOTE_FOLDS = Many(update(folds).values(number=bindparam("new_number"), through=bindparam("new_through")))
_VENDORS_NEXT = (
    select(relationships)
    .where(relationships.c.relationship > bindparam("after"), relationships.c.me.not_like("did:key:%"))
    .order_by(relationships.c.relationship)
    .limit(bindparam("limit"))
    .with_for_update()
)
_KINDS = (
    select(messages.c.relationship, messages.c.side, messages.c.type, messages.c.status, func.max(messages.c.at))
    .where(messages.c.relationship.in_(bindparam("numbers", expanding=True)))
    .group_by(messages.c.relationship, messages.c.side, messages.c.type, messages.c.status)
)
_WITHOUT_NAMES = (
    update(relationships)
    .where(relationships.c.relationship == _number)
    .values(peer="", endpoint=None, pinned="{}", restored=False)
)
MOST_FINDINGS = 200
"""Findings of one kind that are kept of a relationship. The words that show more of them are kept all the same."""
_ADD_FINDING = Many(insert(findings).values({column.name: bindparam(column.name) for column in findings.c}))


@cache
def _with_status(status: Status) -> Select[Any]:
    # In the statement itself: only then does a database see that the index of few rows will do.
    return _MESSAGES.where(messages.c.status == literal_column(f"'{status}'")).order_by(messages.c.position)


@cache
def _changing(*names: str) -> Many:
    return Many(_CHANGE.values(**{name: bindparam(f"new_{name}") for name in names}))


class Rows(Names):
    """What one read or one write sees and does, within a transaction that others may share."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._asked = Asked(batch)
        self.done: list[Callable[[], None]] = []
        """Called once what was written here is durable, and what was read was read."""

    # The transaction

    def settle(self) -> None:
        """Hand over what the write asks for: it has succeeded, and is written with the others of its transaction."""
        self._asked.settle()

    def flush(self) -> None:
        """Give the database what is to be written so far, so that it takes no memory here. It can still be undone."""
        self._asked.at_once()

    def undo(self) -> None:
        """Take back all of the write: it has failed."""
        self._asked.undo()

    @property
    def pending(self) -> bool:
        """Whether something is still to be written."""
        return self._asked.pending

    def note(self, number: int, what: Any) -> None:
        """Let later writes of the same transaction know something of a relationship, should this one succeed."""
        self._asked.noted[number] = what

    def noted(self, number: int) -> Any:
        """What was noted of a relationship in this transaction; none where nothing was."""
        return self._asked.noted.get(number) or self._batch.noted.get(number)

    # Relationships

    def peer(self, me: str, peer: str) -> Peer | None:
        """The relationship of these two. Where something is written, it is held until the transaction ends."""
        return self._asked.peer(me, peer)

    def peer_by_number(self, number: int) -> Peer | None:
        """A relationship by its key; held likewise."""
        return self._asked.peer_by_number(number)

    def changes(self, number: int) -> bool:
        """Whether this write has changed something of a relationship."""
        return self._asked.changes(number)

    def version(self, number: int) -> int:
        """The version that a relationship has once this is durable."""
        return self._asked.version(number)

    def peers(self) -> Iterator[Peer]:
        """All relationships, oldest first."""
        for row in self._execute(_PEERS):
            yield as_peer(row)

    def peers_of(self, peer: str) -> list[Peer]:
        """The relationships with this party, oldest first."""
        return [as_peer(row) for row in self._execute(_OF_PEER, peer=peer)]

    def leave(self, number: int) -> None:
        """Delete all rows of a relationship. What stays says that its key was used, and not with whom."""
        self._asked.at_once()
        for statement in (*LEAVE, _WITHOUT_NAMES):
            self._batch.connection.execute(statement, {"number": number})
        self._asked.revise(number, peer="", endpoint=None, pinned={}, restored=False, position=0, size=0)

    def add_peer(self, me: str, peer: str, *, opened: str, pinned: dict[str, str], endpoint: str | None) -> Peer:
        """Begin a relationship."""
        self._asked.at_once()
        values = {
            "me": me,
            "peer": peer,
            "opened": opened,
            "pinned": orjson.dumps(pinned).decode(),
            "endpoint": endpoint,
            "restored": False,
            "position": 0,
            "version": 0,
            "kept": me.startswith("did:key:"),  # a customer's own; a vendor's may come to nothing
            "idle": opened,
        }
        key = self._batch.connection.execute(_BEGIN, values).inserted_primary_key
        begun = Peer(int(key[0]) if key else 0, me, peer, endpoint, pinned, opened, restored=False, position=0,
                     version=0, kept=bool(values["kept"]), idle=opened)  # fmt: skip
        self._asked.begun(begun)
        return begun

    def change_peer(self, number: int, **values: Any) -> None:
        """Note a change of a relationship: `restored`, `kept`, `idle`."""
        self._asked.change(number, **values)

    # Forgetting

    def vendors(self) -> list[str]:
        """Our own DIDs that are vendors'."""
        return [me for (me,) in self._execute(_VENDORS)]

    def passed(self, me: str, before: str, after: tuple[str, int], limit: int) -> list[Peer]:
        """Relationships of ours of which nothing came, and that are idle since before a date; the oldest first.

        Args:
            me: Our DID.
            before: The date.
            after: Since when the one is idle after which they come, and its key; `("", 0)` for the first ones.
            limit: How many at most.
        """
        idle, number = after
        found = self._execute(_PASSED, me=me, before=before, idle=idle, number=number, limit=limit)
        return [as_peer(row) for row in found]

    def passing_bytes(self, me: str) -> int:
        """What all relationships of ours take together of which nothing came."""
        return int(self._execute(_PASSING_BYTES, me=me).scalar() or 0)

    def forget(self, number: int, *, last: str | None, place: int) -> None:
        """Forget what was said in a relationship: but for the number and the digest of the vendor's last word."""
        self._asked.write(_FORGET_MESSAGES, {"number": number})
        self._asked.revise(number, position=0, size=0, restored=True, forgotten=place, last=last)

    # What is derived, and kept

    def folds(self) -> tuple[int, int | None]:
        """By the rules of which number what is derived was computed, and through which key; none: for all."""
        match [tuple(row) for row in self._execute(_FOLDS)]:
            case [(int(number), int() | None as through)]:
                return number, through
        raise damaged("it does not say by which rules it was written")

    def note_folds(self, number: int, through: int | None) -> None:
        """Note how far what is derived has been computed."""
        self._asked.write(_NOTE_FOLDS, {"new_number": number, "new_through": through})

    def vendors_next(self, after: int, limit: int) -> list[Peer]:
        """The relationships of vendors behind a key, in the order of their keys; held until the transaction ends."""
        found = [as_peer(row) for row in self._execute(_VENDORS_NEXT, after=after, limit=limit)]
        for peer in found:
            self._batch.know(peer)
        return found

    def kinds(self, numbers: list[int]) -> list[tuple[int, Side, str, Status, str | None]]:
        """What kinds of messages some relationships hold: key, side, type, status, and the latest date of such one."""
        found: Iterable[Any] = self._execute(_KINDS, numbers=numbers)
        return [(number, side, type_, status, at) for number, side, type_, status, at in found]

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

    def placed(self, number: int) -> list[Kept]:
        """What has a place in a relationship: the vendor's words by their numbers, each beside what it answers.

        The customer's receipts, which have none, are among it.
        """
        return self._many(_PLACED, number=number)

    def places_after(self, number: int, place: int, limit: int) -> list[Kept]:
        """The vendor's words after a place, each receipt right behind the message that it answers."""
        return self._many(_PLACES, number=number, after=place, limit=limit)

    def from_place(self, number: int, first: int) -> list[Kept]:
        """All that has this place or a later one, or would have it, whatever its status."""
        return self._many(_FROM_PLACE, number=number, first=first)

    def with_status(self, number: int, status: Status) -> list[Kept]:
        """The messages of this status, in the order in which they came."""
        return self._many(_with_status(status), number=number)

    def unanswered(self) -> int:
        """How many messages of all relationships have not been answered yet."""
        return int(self._execute(_UNANSWERED).scalar() or 0)

    def held(self) -> int:
        """How many messages of all relationships are kept whose receipt follows later."""
        return int(self._execute(_HELD).scalar() or 0)

    def count(self, number: int) -> int:
        """How many messages and receipts of a relationship are there; `Peer.position` says how many were kept."""
        return int(self._execute(_COUNT, number=number).scalar() or 0)

    def size(self, number: int) -> int:
        """Bytes that the messages and receipts of a relationship take, with `ROW` for each."""
        peer = self.peer_by_number(number)
        return peer.size if peer else 0

    def everything(self, number: int) -> list[Kept]:
        """All messages and receipts of a relationship, in the order in which they came."""
        return self._many(_EVERYTHING, number=number)

    def added(self, number: int, after: int) -> list[Kept]:
        """The messages and receipts behind a position, in the order in which they came."""
        return self._many(_ADDED, number=number, after=after)

    def known(self, number: int, after: int) -> Iterator[tuple[str, Side, str]]:
        """Digest, side and id of the messages and receipts behind a position; behind 0 are all."""
        for row in self._execute(_KNOWN, number=number, after=after):
            digest, side, id_ = tuple(row)
            yield digest, side, id_

    def last_said(self, number: int, side: Side) -> str | None:
        """Digest of the message that a side has said last, receipts aside: what its next one names as `prior`."""
        found = self._execute(_LAST_SAID, number=number, side=side).scalar()
        return None if found is None else str(found)

    def next_position(self, number: int) -> int:
        """The position of what is added next."""
        peer = self.peer_by_number(number)
        return peer.position + 1 if peer else 1

    def add_message(self, number: int, kept: Kept) -> None:
        """Keep a message. Where its digest is there already, the write fails."""
        self._asked.add({"relationship": number, **kept._asdict()})
        peer = self.peer_by_number(number)
        self._asked.change(number, position=kept.position, size=(peer.size if peer else 0) + len(kept.raw) + ROW)

    def change_message(self, number: int, digest: str, **values: Any) -> None:
        """Note what became of a message. A history that is remembered from before is folded anew as a whole."""
        self.answer_message(number, digest, **values)
        self._asked.revise(number)

    def erase_message(self, number: int, kept: Kept, tombstone: bytes) -> None:
        """Put its tombstone in a message's place. What it said may still stand elsewhere in the database's files."""
        self.change_message(number, kept.digest, raw=tombstone)
        peer = self.peer_by_number(number)
        self._asked.change(number, size=max(0, (peer.size if peer else 0) - len(kept.raw) + len(tombstone)))

    def ask_for_scrub(self, now: str) -> None:
        """Note that what was erased is to be scrubbed from the database's files."""
        if now not in self.scrubs():
            self._asked.write(_ASK_FOR_SCRUB, {"asked": now})

    def scrubs(self) -> list[str]:
        """When it was asked for, and has not been done since."""
        return [asked for (asked,) in self._execute(_SCRUBS)]

    def scrubbed(self, asked: Iterable[str]) -> None:
        """Note that it was done."""
        for each in asked:
            self._asked.write(_SCRUBBED, {"which": each})

    def answer_message(self, number: int, digest: str, **values: Any) -> None:
        """Note what became of a held message. The words that are added with it say the same."""
        new = {f"new_{name}": value for name, value in values.items()}
        self._asked.write(_changing(*values), {"number": number, "which": digest, **new})
        self._asked.change(number)

    # What the other side's words show

    def findings(self, number: int) -> list[Noticed]:
        """What was noticed in a relationship, the first one first."""
        return [
            Noticed(row.code, row.why, tuple(orjson.loads(row.words)), row.noticed)
            for row in self._execute(_FINDINGS, number=number)
        ]

    def add_findings(self, number: int, noticed: Iterable[Noticed]) -> None:
        """Keep what was noticed, for good; what was noticed before is not kept twice, nor beyond `MOST_FINDINGS`.

        What is there is looked up once for all of it: each word of a vendor's may show something.
        """
        if not (new := list(noticed)):
            return
        known = {(str(row.code), str(row.words)) for row in self._execute(_FINDINGS, number=number)}
        count = len(known)
        kinds = Counter(code for code, _ in known)
        for each in new:
            words = orjson.dumps(each.words).decode()
            if (each.code, words) in known or kinds[each.code] >= MOST_FINDINGS:
                continue
            known.add((each.code, words))
            kinds[each.code] += 1
            count += 1
            values = {"code": each.code, "why": each.why, "words": words, "noticed": each.at}
            self._asked.write(_ADD_FINDING, {"relationship": number, "finding": count, **values})
            self._asked.change(number)

    # What a customer does not want to hear

    def muted(self, number: int) -> bool:
        """Whether nothing is to be collected in this relationship."""
        return self._execute(_MUTED, number=number).first() is not None

    def mute(self, number: int, muted: bool) -> None:
        """Note that nothing is to be collected, or that all is again."""
        self._asked.write(_UNMUTE, {"number": number})
        if muted:
            self._asked.write(_MUTE, {"relationship": number})
        self._asked.change(number)

    def mark_restored(self) -> int:
        """Note of every relationship that the store was put back from a copy; tells how many there are."""
        self._asked.at_once()
        return int(self._batch.connection.execute(_RESTORED).rowcount)

    # Collects

    def use_collect(self, number: int, id_: str, *, until: str, now: str) -> bool:
        """Note that a collect has been used; false where it was used before. Old notes are forgotten."""
        if self._execute(_USED, number=number, id=id_, now=now).first() is not None:
            return False
        self._asked.write(_FORGET, {"number": number, "now": now})
        self._asked.write(_USE, {"relationship": number, "id": id_, "until": until})
        return True

    def use_as_stranger(self, sender: str, id_: str, *, until: str) -> bool:
        """Note that a collect of a DID without a relationship has been used; false where it was used before."""
        if self.was_stranger(sender, id_):
            return False
        self._asked.write(_ADD_STRANGER, {"sender": sender, "id": id_, "until": until})
        return True

    def was_stranger(self, sender: str, id_: str) -> bool:
        """Whether a collect was used while its sender had no relationship."""
        return self._execute(_STRANGER, sender=sender, id=id_).first() is not None

    def forget_strangers(self, now: str) -> None:
        """Forget the notes on strangers whose time is over."""
        self._asked.write(_FORGET_STRANGERS, {"now": now})

    def _one(self, query: Select[Any], **values: Any) -> Kept | None:
        return next(iter(self._many(query, **values)), None)

    def _many(self, query: Select[Any], **values: Any) -> list[Kept]:
        found = self._execute(query, **values)
        try:
            return [as_kept(row) for row in found]
        except (TypeError, ValueError) as error:  # a driver's, of a value that its column cannot hold
            raise damaged("a message's row cannot be read") from error

    def _execute(self, query: Select[Any], **values: Any) -> Result[Any]:
        self._asked.before_reading()
        return self._batch.connection.execute(query, values)
