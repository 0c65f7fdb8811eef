"""A damaged store is noticed and said: by `check`, by whoever folds, and never by an exception of somebody else's."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from crash import damage
from crash.disk import SHOP
from opencmr import Vendor
from opencmr.errors import StoreError
from opencmr.store import Store
from opencmr.store.integrity import Fault, inspect_messages

ROUNDS = 300
"""How often the file is damaged at random; `make soak` does it thousands of times."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bool]]:
    import asyncio

    folder = tmp_path_factory.mktemp("written")
    return folder, asyncio.run(damage.write_store(folder))


@pytest.fixture
def shop(written: tuple[Path, dict[str, bool]], tmp_path: Path) -> Path:
    """A copy of the vendor's store and its keys."""
    for name in ("shop.db", "shop.keys"):
        shutil.copy(written[0] / name, tmp_path / name)
    return tmp_path / "shop.db"


def test_whatever_becomes_of_the_file_no_exception_is_foreign_and_no_wrong_answer_goes_unnoticed(
    written: tuple[Path, dict[str, bool]], tmp_path: Path
) -> None:
    for number in range(ROUNDS):
        assert damage.try_once(written[0], tmp_path / str(number), written[1], random.Random(number)) == []


def test_nothing_is_found_in_a_store_that_is_whole(written: tuple[Path, dict[str, bool]]) -> None:
    counts: list[int] = []
    assert list(inspect_messages(written[0] / "shop.db", seen=lambda count: not counts.append(count))) == []  # type: ignore[func-returns-value]
    assert len(counts) == 4
    for wallet in written[0].glob("wallet-*.db"):
        assert list(inspect_messages(wallet)) == []


CHANGES: dict[str, str] = {
    "its bytes": "UPDATE messages SET raw = CAST(replace(CAST(raw AS TEXT), 'EmailAddress', 'EmailAddresz') AS BLOB) "
    "WHERE type = 'consent.grant'",
    "its bytes for another's": "UPDATE messages SET raw = (SELECT raw FROM messages WHERE type = 'terms.proffer') "
    "WHERE type = 'consent.grant'",
    "the place": "UPDATE messages SET place = place + 1 WHERE side = 'vendor'",
    "a message within its thread": "DELETE FROM messages WHERE type = 'consent.grant'",
    "the status": "UPDATE messages SET status = 'entsy' WHERE type = 'consent.withdraw'",
    "the side": "UPDATE messages SET side = 'cvstomer' WHERE type = 'consent.withdraw'",
    "the type of a value": "UPDATE messages SET place = 'first' WHERE type = 'consent.withdraw'",
    "the last message": "DELETE FROM messages WHERE type = 'consent.withdraw'",
    "the relationship": "UPDATE messages SET relationship = 2 WHERE rowid IN "
    "(SELECT min(rowid) FROM messages WHERE type = 'consent.grant')",
    "a number for text": "UPDATE messages SET raw = 'text' WHERE type = 'consent.withdraw'",
}
LOOKED_FOR: dict[str, str] = {
    "a receipt": "DELETE FROM messages WHERE rowid IN (SELECT max(rowid) FROM messages WHERE type = 'receipt')",
    "a receipt's bytes": "UPDATE messages SET raw = CAST('{}' AS BLOB) WHERE type = 'receipt'",
    "an earlier time": "UPDATE messages SET at = '2001-07-01T00:00:00.000Z' WHERE type = 'consent.grant'",
    "a later time": "UPDATE messages SET at = '6026-07-01T00:00:00.000Z' WHERE type = 'consent.withdraw'",
    "the place of what was answered": "UPDATE messages SET place = place + 1 WHERE type = 'consent.withdraw'",
    "no place": "UPDATE messages SET place = NULL WHERE type = 'consent.grant'",
    "of": "UPDATE messages SET of = 'zQmNobody' WHERE type = 'receipt'",
}


def change(store: Path, sql: str) -> None:
    with sqlite3.connect(store) as connection:
        assert connection.execute(sql).rowcount > 0
    connection.close()


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_is_answered_from_what_is_damaged(shop: Path, written: tuple[Path, dict[str, bool]], what: str) -> None:
    change(shop, CHANGES[what])
    withdrawn = next(customer for customer, allowed in written[1].items() if not allowed)
    vendor = Vendor.open(shop, did=SHOP, accepts=["SD-BASE"])
    with pytest.raises(StoreError, match=r"damaged.*doctor"):
        vendor.may(withdrawn, **damage.ASKED)
    vendor._store.close()
    assert damage.faults(shop)


@pytest.mark.parametrize("what", LOOKED_FOR)
def test_what_no_fold_needs_is_found_by_looking_for_it(shop: Path, what: str) -> None:
    change(shop, LOOKED_FOR[what])
    found = list(inspect_messages(shop))
    assert found
    assert all(isinstance(fault, Fault) and fault.me == SHOP for fault in found)
    assert all("did:key:" in str(fault) for fault in found)


def half(store: Path) -> None:
    raw = store.read_bytes()
    store.write_bytes(raw[: len(raw) // 2])


def empty_pages(store: Path) -> None:
    raw = bytearray(store.read_bytes())
    raw[damage.PAGE :] = bytes(len(raw) - damage.PAGE)
    store.write_bytes(raw)


@pytest.mark.parametrize("how", [half, empty_pages])
def test_a_file_that_is_cut_or_wiped_is_an_error_of_the_store_that_says_what_to_do(
    shop: Path, how: Callable[[Path], None]
) -> None:
    how(shop)
    with pytest.raises(StoreError, match="bring back a copy"), Store(shop) as store:
        store.read(lambda rows: [rows.everything(peer.number) for peer in list(rows.peers())])
    assert damage.faults(shop)


def test_a_store_whose_log_was_deleted_is_whole_without_what_was_in_it(tmp_path: Path) -> None:
    """SQLite cannot know of what it was never told. So copies are made with VACUUM INTO, never of one file of two."""
    with Store(tmp_path / "wallet.db") as store:
        store.write_now(lambda rows: rows.add_peer("did:key:a", SHOP, opened="2026", pinned={}, endpoint=None))
        shutil.copy(tmp_path / "wallet.db", tmp_path / "copy.db")
    try:
        with Store(tmp_path / "copy.db") as copy:
            assert copy.read(lambda rows: list(rows.peers())) == []
    except StoreError:
        pass
    assert all(isinstance(fault, str) for fault in damage.faults(tmp_path / "copy.db"))
