"""The plaintext of a backup: records, one a line, and what must hold of them together (`spec/v1/backup.md`)."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints, ValidationError

from .. import trust
from ..errors import BackupError, Problem
from ..messages import pointer
from ..messages.faults import first_fault
from ..messages.model import Model
from ..messages.types import CustomerDid, Did, Digest, Instant, KeyUrl, Name, Side, Url

MAX_RECORD = 256 * 1024
"""The most bytes of a record."""

Number = Annotated[StrictInt, Field(ge=0)]
Status = Literal["pending", "entry", "refused", "receipt", "unsent", "waiting", "forked"]
_Text = Annotated[str, StringConstraints(min_length=1, strict=True)]


class Begin(Model):
    """What the first record says: who made the backup, when, and how much is in it."""

    record: Literal["backup"] = "backup"
    by: Name
    at: Instant
    keys: Number
    relationships: Number
    messages: Number


class SecretKey(Model):
    """A private key. `next`: it has signed nothing yet, and takes over from the key of this name."""

    record: Literal["key"] = "key"
    name: CustomerDid
    secret_key_multibase: Annotated[str, StringConstraints(pattern="^z[1-9A-HJ-NP-Za-km-z]{1,100}$", strict=True)]
    next: StrictBool

    def __repr__(self) -> str:
        return f"SecretKey({self.name})"


class Relationship(Model):
    """A relationship: what follows belongs to it."""

    record: Literal["relationship"] = "relationship"
    customer: CustomerDid
    dids: list[CustomerDid]
    vendor: Did
    opened: Instant
    keys: dict[KeyUrl, _Text]
    endpoint: Url | None = None
    muted: StrictBool
    messages: Number
    findings: Number


class Word(Model):
    """A message or receipt, and what became of it."""

    record: Literal["message"] = "message"
    side: Side
    digest: Digest
    text: _Text
    status: Status
    of: Digest | None = None
    place: Annotated[StrictInt, Field(ge=1)] | None = None
    at: Instant | None = None


class Finding(Model):
    """What was noticed of a vendor's signed words."""

    record: Literal["finding"] = "finding"
    code: Annotated[str, StringConstraints(min_length=1, max_length=40, strict=True)]
    why: _Text
    words: list[Digest]
    noticed: Instant


class End(Model):
    """What the last record says: that nothing is missing."""

    record: Literal["end"] = "end"
    records: Number
    digest: Digest


Record = Begin | SecretKey | Relationship | Word | Finding | End
_KINDS: dict[str, type[Record]] = {
    "backup": Begin,
    "key": SecretKey,
    "relationship": Relationship,
    "message": Word,
    "finding": Finding,
    "end": End,
}
_FOLLOWS: dict[str, tuple[str, ...]] = {
    "": ("backup",),
    "backup": ("key", "relationship", "end"),
    "key": ("key", "relationship", "end"),
    "relationship": ("message", "finding", "relationship", "end"),
    "message": ("message", "finding", "relationship", "end"),
    "finding": ("finding", "relationship", "end"),
    "end": (),
}


def lines(records: Iterable[Begin | SecretKey | Relationship | Word | Finding]) -> Iterator[bytes]:
    """The plaintext of these records, a line at a time, with the last record behind them.

    Raises:
        BackupError: A record is too long.
    """
    whole, count = hashlib.sha256(), 0
    for count, record in enumerate(records, start=1):  # noqa: B007  # how many there were
        line = _line(record)
        whole.update(line)
        yield line
    yield _line(End(records=count, digest=trust.digest_of(whole)))


def _line(record: Record) -> bytes:
    raw = trust.canonicalize(record.wire())
    if len(raw) > MAX_RECORD:
        raise BackupError(f"a record of {len(raw)} bytes has no place in a backup, {MAX_RECORD} at most")
    return raw + b"\n"


def records(plain: Iterable[bytes]) -> Iterator[Record]:
    """The records of a plaintext. What they say holds once the last of them has been given, and not before.

    Raises:
        BackupError: A record is none, stands where it may not, or is one of more or fewer than was said.
    """
    whole, count, tally, before = hashlib.sha256(), 0, _Tally(), ""
    for line in _cut(plain):
        record = _read(line, count + 1)
        if record.record not in _FOLLOWS[before]:
            raise BackupError(f"record {count + 1} of the backup: no {record.record} stands there")
        if isinstance(record, End) and (record.records, record.digest) != (count, trust.digest_of(whole)):
            raise BackupError("the last record of the backup does not fit what stands before it")
        tally.take(record, count + 1)
        whole.update(line + b"\n")
        count, before = count + 1, record.record
        yield record
    if before != "end":
        raise BackupError("the last record of the backup is not there")


class _Tally:
    """Whether there are as many records as was said before."""

    def __init__(self) -> None:
        self._left = {"key": 0, "relationship": 0, "message": 0}
        self._here = {"message": 0, "finding": 0}

    def take(self, record: Record, position: int) -> None:
        """Count a record.

        Raises:
            BackupError: There are more or fewer than was said.
        """
        kind = record.record
        for counts in (self._left, self._here):
            if kind in counts:
                counts[kind] -= 1
        done = isinstance(record, Relationship | End) and any(self._here.values())
        match record:
            case Begin():
                self._left = {"key": record.keys, "relationship": record.relationships, "message": record.messages}
            case Relationship():
                self._here = {"message": record.messages, "finding": record.findings}
        over = min(*self._left.values(), *self._here.values()) < 0
        if done or over or (isinstance(record, End) and any(self._left.values())):
            raise BackupError(f"record {position} of the backup: there are not as many records as was said before")


def _cut(plain: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, without their ends."""
    rest = b""
    for piece in plain:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > MAX_RECORD:
            raise BackupError(f"a record of the backup has more than {MAX_RECORD} bytes")
    if rest:
        raise BackupError("the last record of the backup does not end")


def _read(line: bytes, position: int) -> Record:
    try:
        document = trust.parse(line, limit=MAX_RECORD)
    except Problem as problem:
        raise BackupError(f"record {position} of the backup: {problem}") from None  # it may hold a key
    kind = document.get("record")
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise BackupError(f"record {position} of the backup is of no kind that is known")
    try:
        return model.model_validate(document, by_alias=True, by_name=False)
    except ValidationError:
        path, why = first_fault(model, document)
    raise BackupError(f"record {position} of the backup, {kind}: {why} at {pointer(path)}")
