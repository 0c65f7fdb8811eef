"""Backups: their header, and the records within; what is taken, the second reader takes too."""

import io
import struct
from typing import Any

import orjson

from opencmr import trust
from opencmr.errors import BackupError
from opencmr.protocol import backup as form
from second_reader import read_backup

from .cast import CUSTOMER, CUSTOMER_KEY, PINNED, VENDOR
from .mutations import mutated_bytes, written
from .target import Target, expect

_AT = "2026-07-01T12:00:00.000Z"
_WORD = {"record": "message", "side": "vendor", "digest": trust.digest(b"{}"), "text": "{}", "status": "entry",
         "of": trust.digest(b"{}"), "place": 1, "at": _AT}  # fmt: skip
_RECORDS: list[dict[str, Any]] = [
    {"record": "backup", "by": "somebody", "at": _AT, "keys": 1, "relationships": 1, "messages": 1},
    {"record": "key", "name": CUSTOMER, "secretKeyMultibase": CUSTOMER_KEY.secret, "next": False},
    {"record": "relationship", "customer": CUSTOMER, "dids": [], "vendor": VENDOR, "opened": _AT, "keys": PINNED,
     "muted": True, "endpoint": "https://shop.example/opencmr", "messages": 1, "findings": 1},
    _WORD,
    {"record": "finding", "code": "split", "why": "two words", "words": [_WORD["digest"]], "noticed": _AT},
]  # fmt: skip


def run_records(data: bytes) -> None:
    """Records of any kind, written as a plaintext whose last line fits them; or any bytes at all."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    plain = b"".join(written(each) + b"\n" for each in found) if isinstance(found, list) else data
    end = form.End(records=plain.count(b"\n"), digest=trust.digest(plain)).wire()
    plain += trust.canonicalize(end) + b"\n"
    try:
        taken = list(form.records([plain]))
    except BackupError:
        return
    others = list(read_backup.records(iter([plain])))
    expect([record.wire() for record in taken] == others, "the two readers differ", plain)
    expect(b"".join(form.lines(taken[:-1])) == plain, "it is written otherwise than it was read", plain)  # type: ignore[arg-type]


def run_header(data: bytes) -> None:
    """The beginning of a file: what is taken asks for no more work than is done."""
    try:
        sealed = trust.Sealed.begin(io.BytesIO(data).read)
    except BackupError:
        return
    expect(1 <= sealed.how.passes <= 10 and 8192 <= sealed.how.memory <= 1048576, "too much work", sealed)


def _record_seeds() -> list[bytes]:
    whole = [_RECORDS, _RECORDS[:2], [{**_RECORDS[0], "keys": 0, "relationships": 0, "messages": 0}]]
    return [trust.canonicalize(some) for some in whole]


def _header_seeds() -> list[bytes]:
    costs = ((3, 131072), (1, 8192), (10, 1048576))
    return [struct.pack(">14sBBII16s24s", b"OpenCMR backup", 1, 1, *cost, bytes(16), bytes(24)) for cost in costs]


TARGETS = (
    Target("backups", "the records of a backup, beside the second reader", run_records, _record_seeds, short=1000),
    Target("backup-headers", "the header of a backup", run_header, _header_seeds, mutated_bytes, short=2000),
)
