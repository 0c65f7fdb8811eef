"""A wallet is backed up and restored: `spec/v1/backup.md`."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import postgres
from backups import WORDS, Record, a_wallet, folded, held, lines, plaintext, records, seal
from opencmr import Customer, consent, trust
from opencmr.errors import BackupError, KeyFileError, StoreError, Unreachable, UsageError
from opencmr.roles import backup, restore
from opencmr.store import KeyFile, Store
from parties import CAST, GRANT, MARKETING, REQUEST, SHOP, Street, assert_equal_histories


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wallet at rest, and a backup of it that was sealed anew, so that opening it costs little."""
    folder = tmp_path_factory.mktemp("wallet")

    async def begin() -> None:
        street = Street(folder)
        await a_wallet(street)
        await street.close()

    asyncio.run(begin())
    backup(folder / "alice.db", folder / "alice.backup", WORDS)
    (folder / "alice.backup").write_bytes(seal(plaintext(folder / "alice.backup")))
    return folder


@pytest.fixture
def wallet(once: Path, tmp_path: Path) -> Path:
    """The wallet's store, for this test alone."""
    for file in once.glob("*.*"):
        if file.suffix != ".backup":
            shutil.copy(file, tmp_path)
    return tmp_path / "alice.db"


@pytest.fixture
def made(once: Path, tmp_path: Path) -> Path:
    """The backup, for this test alone."""
    return Path(shutil.copy(once / "alice.backup", tmp_path))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Another machine."""
    (tmp_path / "fresh").mkdir()
    return tmp_path / "fresh"


@pytest.mark.requirement("BAK-7")
async def test_a_restored_wallet_folds_byte_for_byte_as_before(street: Street, tmp_path: Path, fresh: Path) -> None:
    alice = await a_wallet(street)
    before = folded(alice)
    told = backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)  # while it is open
    await alice.close()
    assert (told.relationships, told.keys) == (2, 3)
    assert restore(tmp_path / "alice.backup", fresh / "alice.db", WORDS) == told
    assert held(fresh / "alice.db") == held(tmp_path / "alice.db")
    again = Customer.open(fresh / "alice.db", network=street.wire, clock=street.clock)
    assert folded(again) == before
    assert {one.waiting for one in again.relationships()} == {0, 2}
    assert [one.muted for one in again.relationships()] == [False, True]
    await again.close()


@pytest.mark.requirement("BAK-7")
def test_what_changes_meanwhile_is_not_half_in_it(wallet: Path, tmp_path: Path, fresh: Path) -> None:
    before = held(wallet)

    def seen(done: int, count: int) -> None:
        with Store(wallet) as other:
            other.write_now(lambda rows: [rows.mute(peer.number, peer.peer == SHOP) for peer in rows.peers()])

    backup(wallet, tmp_path / "new.backup", WORDS, seen=seen)
    restore(tmp_path / "new.backup", fresh / "alice.db", WORDS)
    assert held(fresh / "alice.db") == before != held(wallet)


def test_keys_may_lie_elsewhere_than_the_store(made: Path, wallet: Path, fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir()
    restore(made, fresh / "alice.db", WORDS, keys=tmp_path / "safe" / "my.keys")
    assert [file.name for file in (*fresh.iterdir(), *(tmp_path / "safe").iterdir())] == ["alice.db", "my.keys"]
    backup(fresh / "alice.db", tmp_path / "again.backup", WORDS, keys=tmp_path / "safe" / "my.keys")
    assert plaintext(tmp_path / "again.backup").count(b'"record":"key"') == 3


@pytest.mark.requirement("BAK-7")
async def test_a_wallet_moves_from_a_file_into_a_server_and_back(
    street: Street, made: Path, wallet: Path, fresh: Path, postgres_server: postgres.Cluster
) -> None:
    with postgres_server.schema() as url:
        restore(made, url, WORDS, keys=fresh / "alice.keys")
        assert held(url) == held(wallet)
        again = Customer.open(url, keys=fresh / "alice.keys", network=street.wire, clock=street.clock)
        there = folded(again)
        await again.close()
        backup(url, fresh / "two.backup", WORDS, keys=fresh / "alice.keys")
        with pytest.raises(UsageError, match="already"):
            restore(made, url, WORDS, keys=fresh / "other.keys")
        assert not (fresh / "other.keys").exists()
    restore(fresh / "two.backup", fresh / "bob.db", WORDS)
    back = Customer.open(fresh / "bob.db", network=street.wire, clock=street.clock)
    assert folded(back) == there
    await back.close()
    assert {record["record"] for record in records(plaintext(fresh / "two.backup"))} > {"key", "message", "end"}


def test_a_server_keeps_nothing_of_a_backup_that_fails(
    made: Path, fresh: Path, postgres_server: postgres.Cluster
) -> None:
    spoilt = fresh / "spoilt.backup"
    spoilt.write_bytes(seal(plaintext(made)[:-2]))
    with postgres_server.schema() as url:
        with pytest.raises(BackupError):
            restore(spoilt, url, WORDS, keys=fresh / "alice.keys")
        with Store(url) as store:
            assert store.read(lambda rows: list(rows.peers())) == []
    assert [file.name for file in fresh.iterdir()] == ["spoilt.backup"]


def test_the_files_of_a_restored_wallet_are_for_nobody_else(made: Path, wallet: Path, fresh: Path) -> None:
    restore(made, fresh / "alice.db", WORDS, key_passphrase="sealed")
    assert {file.name: file.stat().st_mode & 0o777 for file in fresh.iterdir()} == {
        "alice.db": 0o600,
        "alice.keys": 0o600,
    }
    with pytest.raises(KeyFileError):
        KeyFile(fresh / "alice.keys")
    names = KeyFile(wallet.with_suffix(".keys")).names()
    assert sorted(KeyFile(fresh / "alice.keys", "sealed").names()) == sorted(names)


def test_next_keys_come_back_as_what_they_are(wallet: Path, tmp_path: Path, fresh: Path) -> None:
    name, key = KeyFile(wallet.with_suffix(".keys")).names()[0], trust.SigningKey.generate()
    KeyFile(wallet.with_suffix(".next")).add(name, key)
    backup(wallet, tmp_path / "alice.backup", WORDS)
    restore(tmp_path / "alice.backup", fresh / "alice.db", WORDS)
    assert KeyFile(fresh / "alice.next").get(name).did == key.did
    assert key.did not in KeyFile(fresh / "alice.keys").names()


def nothing_at(folder: Path) -> bool:
    return list(folder.iterdir()) == []


@pytest.mark.requirement("BAK-3", "BAK-5")
def test_one_changed_byte_restores_nothing(made: Path, fresh: Path) -> None:
    whole = made.read_bytes()
    step = max(1, len(whole) // 60)
    spoilt = made.with_name("spoilt.backup")
    for position in (*range(14), *range(24, 80), *range(80, len(whole), step), len(whole) - 1):
        changed = bytearray(whole)
        changed[position] ^= 0x20
        spoilt.write_bytes(changed)
        with pytest.raises(BackupError):
            restore(spoilt, fresh / "alice.db", WORDS)
        assert nothing_at(fresh)


@pytest.mark.requirement("BAK-3", "BAK-5")
def test_a_backup_that_is_cut_short_restores_nothing(made: Path, fresh: Path) -> None:
    whole, spoilt = made.read_bytes(), made.with_name("spoilt.backup")
    for length in (0, 13, 14, 63, 64, 70, 81, 64 + 65553, len(whole) // 2, len(whole) - 1):
        spoilt.write_bytes(whole[: min(length, len(whole) - 1)])
        with pytest.raises(BackupError):
            restore(spoilt, fresh / "alice.db", WORDS)
        assert nothing_at(fresh)


def test_another_passphrase_restores_nothing(made: Path, fresh: Path) -> None:
    with pytest.raises(BackupError, match="wrong passphrase"):
        restore(made, fresh / "alice.db", "another")
    with pytest.raises(UsageError):
        restore(made, fresh / "alice.db", "")
    assert nothing_at(fresh)


def _index(some: list[Record], kind: str, **members: Any) -> int:
    wanted = {"record": kind, **members}
    return next(at for at, each in enumerate(some) if wanted.items() <= each.items())


def _other_key(some: list[Record]) -> None:
    some[1]["secretKeyMultibase"] = trust.SigningKey.generate().secret


def _twice(some: list[Record]) -> None:
    at = _index(some, "message")
    some.insert(at, some[at])
    some[0]["messages"] += 1
    some[_index(some, "relationship")]["messages"] += 1


def _without_a_message(some: list[Record]) -> None:
    del some[_index(some, "message", side="vendor")]
    some[0]["messages"] -= 1
    some[_index(some, "relationship")]["messages"] -= 1


def _change(kind: str, **members: Any) -> Callable[[list[Record]], None]:
    return lambda some: some[_index(some, kind)].update(members)


def _answered(some: list[Record]) -> None:
    word = some[_index(some, "message", status="pending")]
    word |= {"status": "entry", "place": 1, "at": "2026-07-01T12:00:00.000Z"}


def _unplaced(status: str) -> Callable[[list[Record]], None]:
    def spoil(some: list[Record]) -> None:
        some[_index(some, "message", side="customer", status="entry")] |= {"status": status, "place": None, "at": None}

    return spoil


def _forged(some: list[Record]) -> None:
    word = some[_index(some, "message", side="vendor")]
    word["text"] = word["text"].replace('"created":"2026', '"created":"2027')
    word["digest"] = trust.digest(word["text"].encode())


def _same_key_twice(some: list[Record]) -> None:
    some.insert(1, some[1])
    some[0]["keys"] += 1


def _no_keys(some: list[Record]) -> None:
    some[:] = [each for each in some if each["record"] != "key"]
    some[0]["keys"] = 0


def _one_customer_twice(some: list[Record]) -> None:
    first, second = [each for each in some if each["record"] == "relationship"]
    second["customer"] = first["customer"]


@pytest.mark.requirement("BAK-6")
@pytest.mark.parametrize(
    "spoil",
    [
        _change("message", text="{}"),
        _change("message", digest=trust.digest(b"")),
        _change("message", side="vendor"),
        _change("message", place=7),
        _answered,
        *(_unplaced(status) for status in ("pending", "unsent", "waiting", "forked")),
        _change("relationship", vendor="did:web:other.example"),
        _change("relationship", keys={}),
        _change("relationship", customer=trust.SigningKey(bytes(32)).did),
        _forged,
        _twice,
        _without_a_message,
        _other_key,
        _same_key_twice,
        _no_keys,
        _one_customer_twice,
    ],
)
def test_what_does_not_hold_together_restores_nothing(
    made: Path, fresh: Path, spoil: Callable[[list[Record]], None]
) -> None:
    some = records(plaintext(made))
    spoil(some)
    some = [{name: value for name, value in each.items() if value is not None} for each in some]
    made.write_bytes(seal(lines(some)))
    with pytest.raises(BackupError):
        restore(made, fresh / "alice.db", WORDS)
    assert nothing_at(fresh)


@pytest.mark.requirement("BAK-8")
@pytest.mark.parametrize("there", ["alice.db", "alice.keys", "alice.next", "alice.db-wal", "alice.db-journal"])
def test_nothing_is_written_over(made: Path, fresh: Path, there: str) -> None:
    (fresh / there).write_bytes(b"mine")
    with pytest.raises(UsageError, match="already"):
        restore(made, fresh / "alice.db", WORDS)
    assert {file.name: file.read_bytes() for file in fresh.iterdir()} == {there: b"mine"}


@pytest.mark.requirement("BAK-8")
def test_a_link_that_leads_nowhere_is_not_followed(made: Path, fresh: Path) -> None:
    (fresh / "alice.db").symlink_to(fresh / "elsewhere.db")
    with pytest.raises(UsageError, match="already"):
        restore(made, fresh / "alice.db", WORDS)
    assert not (fresh / "elsewhere.db").exists()


def test_only_an_older_backup_is_replaced(wallet: Path, tmp_path: Path) -> None:
    keys = wallet.with_suffix(".keys")
    before = keys.read_bytes()
    for file in (keys, wallet, tmp_path):
        with pytest.raises(UsageError):
            backup(wallet, file, WORDS)
    assert keys.read_bytes() == before
    backup(wallet, tmp_path / "alice.backup", WORDS)
    first = (tmp_path / "alice.backup").read_bytes()
    backup(wallet, tmp_path / "alice.backup", WORDS)
    assert (tmp_path / "alice.backup").read_bytes() != first
    assert (tmp_path / "alice.backup").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".alice*"))


def test_what_cannot_be_backed_up_leaves_no_file(wallet: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.backup"
    with pytest.raises(StoreError, match="no store"):
        backup(tmp_path / "none.db", target, WORDS)
    with pytest.raises(UsageError, match="folder"):
        backup(wallet, tmp_path / "none" / "x.backup", WORDS)
    with pytest.raises(UsageError, match="vendor"):
        backup(tmp_path / "shop.example.db", target, WORDS)
    shutil.move(wallet.with_suffix(".keys"), tmp_path / "gone")
    with pytest.raises(KeyFileError):
        backup(wallet, target, WORDS)
    assert not target.exists()


def test_a_damaged_store_makes_no_backup_that_would_not_come_back(wallet: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(wallet) as connection:
        connection.execute("UPDATE messages SET raw = replace(raw, 'a', 'b') WHERE position = 2")
    connection.close()
    with pytest.raises(StoreError, match="doctor"):
        backup(wallet, tmp_path / "alice.backup", WORDS)
    assert not (tmp_path / "alice.backup").exists()


def lose(folder: Path) -> None:
    for file in [*folder.glob("alice.db*"), *folder.glob("alice.keys")]:
        file.unlink()


async def lost_and_restored(street: Street, alice: Customer, tmp_path: Path) -> Customer:
    """Store and key file are gone; the wallet is made of the backup."""
    await alice.close()
    lose(tmp_path)
    restore(tmp_path / "alice.backup", tmp_path / "alice.db", WORDS)
    return street.customer()


@pytest.mark.requirement("BAK-9")
async def test_words_said_after_the_backup_come_back_before_anything_is_said(street: Street, tmp_path: Path) -> None:
    shop = street.vendor(accepts=["SD-BASE"])
    alice = street.customer()
    mine = await alice.meet(SHOP)
    await mine.agreements.proffer("SD-BASE")
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    granted = await mine.say(GRANT)
    await mine.say(consent.Withdraw(), granted)
    await shop.say(mine.me, REQUEST)
    await mine.sync()
    alice = await lost_and_restored(street, alice, tmp_path)
    (mine,) = alice.relationships()
    assert granted not in mine.records
    again = await mine.say(GRANT)
    assert mine.records[granted].state == "withdrawn"
    assert {each.code for each in mine.noticed} == {"restored"}
    words = mine._store.read(lambda rows: rows.everything(1))
    said = [each for each in words if each.side == "customer" and each.type != "receipt"]
    assert [each.type for each in said] == ["terms.proffer", "consent.grant", "consent.withdraw", "consent.grant"]
    assert f'"prior":"{said[-2].digest}"'.encode() in said[-1].raw
    await mine.sync()
    assert_equal_histories(mine.history, shop.history(mine.me))
    assert mine.may(**MARKETING).answer == shop.may(mine.me, **MARKETING).answer == "permit"
    assert mine.records[again].state == "given"


@pytest.mark.requirement("BAK-9")
async def test_until_then_only_a_no_is_said(street: Street, tmp_path: Path) -> None:
    street.vendor(accepts=["SD-BASE"])
    alice = street.customer()
    mine = await alice.meet(SHOP)
    granted = await mine.say(GRANT)
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    alice = await lost_and_restored(street, alice, tmp_path)
    (mine,) = alice.relationships()
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await mine.say(CAST)
    assert mine.waiting == 0  # it was not said
    with pytest.raises(Unreachable):
        await mine.say(consent.Withdraw(), granted)
    assert mine.waiting == 1  # it was, and waits
    assert mine.may(**MARKETING).answer == "deny"
    street.wire.down.clear()
    await mine.mute()
    with pytest.raises(UsageError, match="collect"):
        await mine.say(CAST)
    await mine.unmute()
    await mine.sync()
    await mine.say(CAST)
    assert mine.records[granted].state == "withdrawn"


@pytest.mark.requirement("BAK-9")
async def test_what_was_pending_is_sent_again_and_has_its_effect_once(street: Street, tmp_path: Path) -> None:
    shop = street.vendor(accepts=["SD-BASE"])
    alice = street.customer()
    mine = await alice.meet(SHOP)
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await mine.say(GRANT)
    street.wire.down.clear()
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    await mine.sync()  # it arrives, after the backup
    alice = await lost_and_restored(street, alice, tmp_path)
    (mine,) = alice.relationships()
    assert mine.waiting == 1
    await mine.sync()
    assert mine.waiting == 0
    assert_equal_histories(mine.history, shop.history(mine.me))
    assert len(mine.history.threads) == 1
    assert mine.misconduct == []


def test_a_claim_of_a_trillion_messages_costs_nothing(made: Path, fresh: Path) -> None:
    some = records(plaintext(made))
    some[0]["messages"] = some[_index(some, "relationship")]["messages"] = 10**12
    made.write_bytes(seal(lines(some)))
    with pytest.raises(BackupError, match="not as many"):
        restore(made, fresh / "alice.db", WORDS)
    assert nothing_at(fresh)


async def test_a_wallet_without_relationships_comes_back_too(street: Street, tmp_path: Path, fresh: Path) -> None:
    await street.customer().close()
    KeyFile(tmp_path / "alice.keys").begin()
    assert backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS).relationships == 0
    restore(tmp_path / "alice.backup", fresh / "alice.db", WORDS)
    again = Customer.open(fresh / "alice.db", network=street.wire, clock=street.clock)
    assert again.relationships() == []
    await again.close()


LIMITED = """
import resource, sys
from opencmr.errors import BackupError, StoreError
from opencmr.roles import backup, restore
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
try:
    (backup if sys.argv[2] == "backup" else restore)(sys.argv[3], sys.argv[4], sys.argv[5])
except (BackupError, StoreError) as error:
    print(type(error).__name__)
"""


@pytest.mark.requirement("BAK-8")
@pytest.mark.parametrize(
    ("room", "verb"), [(8192, "backup"), (8192, "restore"), (65536, "restore"), (98304, "restore")]
)
def test_where_the_disk_is_full_nothing_is_left(wallet: Path, made: Path, fresh: Path, room: int, verb: str) -> None:
    paths = (wallet, fresh / "new.backup") if verb == "backup" else (made, fresh / "alice.db")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(room), verb, *map(str, paths), WORDS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() in ("BackupError", "StoreError"), done.stderr
    assert nothing_at(fresh)
