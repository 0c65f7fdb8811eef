"""The records of a backup: `spec/v1/backup.md`, the plaintext."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from backups import lines, records
from opencmr import trust
from opencmr.errors import BackupError
from opencmr.protocol import backup as form

ME, SHOP = trust.SigningKey(bytes(32)), "did:web:shop.example"
AT = "2026-07-01T12:00:00.000Z"
TEXT = "{}"
WORD = {
    "record": "message",
    "side": "customer",
    "status": "pending",
    "text": TEXT,
    "digest": trust.digest(TEXT.encode()),
}
WHOLE: list[dict[str, Any]] = [
    {"record": "backup", "by": "a test", "at": AT, "keys": 1, "relationships": 2, "messages": 2},
    {"record": "key", "name": ME.did, "secretKeyMultibase": ME.secret, "next": False},
    {
        "record": "relationship",
        "customer": ME.did,
        "dids": [],
        "vendor": SHOP,
        "opened": AT,
        "keys": {},
        "messages": 2,
        "findings": 1,
        "muted": True,
    },
    WORD,
    WORD,
    {"record": "finding", "code": "split", "why": "why", "words": [WORD["digest"]], "noticed": AT},
    {
        "record": "relationship",
        "customer": ME.did,
        "dids": [],
        "vendor": SHOP,
        "opened": AT,
        "keys": {},
        "messages": 0,
        "findings": 0,
        "muted": False,
    },
    {"record": "end", "records": 0, "digest": ""},
]
Change = Callable[[list[dict[str, Any]]], Any]


def read(plain: bytes) -> list[form.Record]:
    return list(form.records([plain]))


def changed(change: Change) -> list[dict[str, Any]]:
    copy = json.loads(json.dumps(WHOLE))
    change(copy)
    return copy


def test_records_are_written_and_read_alike() -> None:
    found = read(lines(WHOLE))
    assert [record.wire() for record in found[:-1]] == WHOLE[:-1]
    assert b"".join(form.lines(found[:-1])) == lines(WHOLE)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_records_are_read_alike_however_the_plaintext_is_cut(size: int) -> None:
    plain = lines(WHOLE)
    assert list(form.records(plain[at : at + size] for at in range(0, len(plain), size))) == read(plain)


@pytest.mark.requirement("BAK-4")
@pytest.mark.parametrize(
    "change",
    [
        lambda some: some.pop(0),
        lambda some: some.insert(0, some[0]),
        lambda some: some.insert(3, some[1]),  # a key behind a relationship
        lambda some: some.insert(1, WORD),  # a message of no relationship
        lambda some: some.insert(6, WORD),  # a message behind a finding
        lambda some: some[3].pop("side"),
        lambda some: some[3].update(more=1),
        lambda some: some[3].update(status="held"),
        lambda some: some[3].update(place=0),
        lambda some: some[3].update(digest="zQm"),
        lambda some: some[2].update(muted=1),
        lambda some: some[2].update(customer="did:key:z6Mk/../../x"),
        lambda some: some[2].update(vendor="../../x"),
        lambda some: some[2].update(keys={"x": "y"}),
        lambda some: some[1].update(name="alice"),
        lambda some: some[0].update(messages=-1),
        lambda some: some[0].update(messages="2"),
        lambda some: some[0].update(record="other"),
        lambda some: some[0].update(record=["backup"]),
        lambda some: some[3].update(text="x" * form.MAX_RECORD),
    ],
)
def test_a_record_that_is_none_or_stands_in_the_wrong_place_is_refused(change: Change) -> None:
    with pytest.raises(BackupError, match="record"):
        read(lines(changed(change)))


@pytest.mark.requirement("BAK-4")
@pytest.mark.parametrize(
    "line", [b"", b"[]", b'{"record": "end"}', b'{"record":"end","record":"end"}', b"\xff", b"null"]
)
def test_a_line_that_is_no_object_in_canonical_form_is_refused(line: bytes) -> None:
    plain = lines(WHOLE)
    with pytest.raises(BackupError):
        read(line + b"\n" + plain)


@pytest.mark.requirement("BAK-4")
def test_a_line_without_an_end_is_given_up_before_it_fills_the_memory() -> None:
    def endless() -> Any:
        while True:
            yield b"x" * 65536

    with pytest.raises(BackupError, match="more than 262144 bytes"):
        list(form.records(endless()))


@pytest.mark.requirement("BAK-5")
@pytest.mark.parametrize(
    "change",
    [
        lambda some: some[0].update(keys=0),
        lambda some: some[0].update(keys=2),
        lambda some: some[0].update(relationships=1),
        lambda some: some[0].update(relationships=3),
        lambda some: some[0].update(messages=1),
        lambda some: some[0].update(messages=10**12),
        lambda some: some[2].update(messages=1),
        lambda some: some[2].update(messages=3),
        lambda some: some[2].update(findings=0),
        lambda some: some[2].update(findings=2),
        lambda some: some[6].update(messages=1),
        lambda some: some.pop(4),
    ],
)
def test_counts_that_do_not_hold_are_noticed(change: Change) -> None:
    with pytest.raises(BackupError, match="not as many"):
        read(lines(changed(change)))


@pytest.mark.requirement("BAK-5")
@pytest.mark.parametrize("end", [{"records": 6}, {"digest": WORD["digest"]}])
def test_a_last_record_that_does_not_fit_is_noticed(end: dict[str, Any]) -> None:
    plain = lines(WHOLE)
    last = records(plain)[-1]
    whole = plain[: plain.rindex(b"{")] + trust.canonicalize({**last, **end}) + b"\n"
    with pytest.raises(BackupError, match="does not fit"):
        read(whole)


@pytest.mark.requirement("BAK-5")
def test_without_the_last_record_or_behind_it_nothing_is_whole() -> None:
    plain = lines(WHOLE)
    for spoilt in (b"", plain[: plain.rindex(b"{")], plain[:-1], plain + b"\n", plain + plain):
        with pytest.raises(BackupError):
            read(spoilt)


def test_no_error_tells_a_private_key() -> None:
    for change in ({"secretKeyMultibase": ME.secret + "0"}, {"name": 1}, {"more": 1.5}):
        with pytest.raises(BackupError) as found:
            read(lines(changed(lambda some, change=change: some[1].update(change))))  # type: ignore[misc]
        error: BaseException | None = found.value
        while error is not None:
            assert ME.secret[5:40] not in f"{error!r} {error}"
            error = error.__cause__
    assert ME.secret not in repr(read(lines(WHOLE)))
