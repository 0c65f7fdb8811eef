"""`opencmr db`, and the other commands on a store that has a URL."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import postgres
from opencmr import Vendor
from opencmr.protocol import FOLDS
from opencmr.store import Store, schema
from opencmr.store.backends import open_backend
from opencmr.testing import StandingClock
from parties import CAST, GRANT, SHOP, Hand


@pytest.fixture
def url(postgres_server: postgres.Cluster) -> Iterator[str]:
    with postgres_server.schema() as url:
        yield url.replace("postgres@", "postgres:secret@")


def test_tables_are_looked_at_and_made_in_partitions(run: Any, url: str) -> None:
    before = run("db", "status", url, "--json")
    assert (before.code, before.json["state"], before.json["revision"]) == (1, "empty", None)
    made = run("db", "init", url, "--partitions", "4", "--json")
    assert made.code == 0, made
    assert (made.json["state"], made.json["revision"], made.json["partitions"]) == ("current", schema.HEAD, 4)
    after = run("db", "status", url)
    assert (after.code, "up to date" in after.out, "4 of messages" in after.out) == (0, True, True)
    assert run("db", "upgrade", url).code == 0
    shown = run("show", url)
    assert (shown.code, "holds no relationships yet" in shown.out) == (0, True)
    assert "secret" not in made.out + before.out + after.out + shown.out


def test_an_older_file_is_brought_forward(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    backend = open_backend(file)
    with backend.transaction(writing=True) as connection:
        schema.migrate(connection, "0001")
    backend.close()
    assert run("db", "status", file).code == 1
    assert "opencmr db upgrade" in run("show", file).err
    assert run("db", "upgrade", file, "--json").json["state"] == "current"
    assert run("db", "status", file).code == 0
    with Store(file, read_only=True) as store:
        assert store.read(lambda rows: rows.folds()) == (FOLDS, None), "what is derived is computed, too"


def test_what_cannot_be_done_to_tables_is_told(run: Any, url: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    assert run("db", "status", file).code == 1
    assert (run("db", "upgrade", url).code, run("db", "init", file).code) == (2, 2)
    for partitions in (0, 1, 100_000):
        assert run("db", "init", url, "--partitions", partitions).code == 2
    assert run("db", "status", url, "--json").json["state"] == "empty"
    Store(url).close()
    assert run("db", "init", url, "--partitions", "4").code == 2
    in_sqlite = run("db", "init", f"sqlite:///{file}", "--partitions", "4")
    assert (in_sqlite.code, file.exists()) == (2, False)


@pytest.mark.requirement("SEQ-33")
def test_a_store_that_was_put_back_waits_for_its_customers_once_that_is_said(
    run: Any, stores: Any, tmp_path: Path
) -> None:
    copy = tmp_path / "shop.db"
    shutil.copy(stores.shop, copy)
    assert run("db", "restored", copy, "--json").json == {"store": str(copy), "restored": 1}
    assert "1 relationship waits" in run("db", "restored", copy).out
    with Store(copy, read_only=True) as store:
        assert [peer.restored for peer in store.read(lambda rows: list(rows.peers()))] == [True]


@pytest.mark.requirement("BAK-9")
def test_a_wallet_can_be_said_to_be_put_back_and_a_store_that_is_not_there_cannot(
    run: Any, stores: Any, tmp_path: Path
) -> None:
    nowhere = run("db", "restored", tmp_path / "no.db")
    assert (nowhere.code, "no store" in nowhere.err, list(tmp_path.iterdir())) == (1, True, [])
    copy = Path(shutil.copy(stores.alice, tmp_path / "alice.db"))
    assert run("db", "restored", copy).code == 0
    with Store(copy, read_only=True) as store:
        assert [peer.restored for peer in store.read(lambda rows: list(rows.peers()))] == [True]


@pytest.mark.requirement("SEQ-36")
def test_what_never_came_to_anything_is_forgotten_by_hand(run: Any, tmp_path: Path) -> None:
    clock, place = StandingClock(datetime(2020, 1, 1, tzinfo=UTC)), tmp_path / "shop.db"

    async def strangers() -> None:
        shop = Vendor.open(place, did=SHOP, clock=clock)
        for body in (CAST, GRANT):
            await shop.receive(Hand.stranger(clock=clock).write(body))
        await shop.close()

    asyncio.run(strangers())
    for ages in (36_501, 800_000, 10**12):  # so long ago that no date tells it, and so not today
        assert "whole days" in run("db", "forget", place, "--days", ages).err
    dry = run("db", "forget", place, "--days", 30, "--dry-run", "--json").json
    assert dry == {"store": str(place), "days": 30, "due": 1}
    assert run("db", "forget", place, "--days", 10_000).out == f"{place}: 0 relationships were forgotten\n"
    assert run("db", "forget", place, "--days", 30, "--json").json == {"store": str(place), "days": 30, "forgotten": 1}
    with Store(place, read_only=True) as store:
        assert [peer.forgotten for peer in store.read(lambda rows: list(rows.peers()))] == [1, 0]
    assert "no store" in run("db", "forget", tmp_path / "no.db", "--days", 30).err
    unsaid = run("db", "forget", place)  # the vendor may have promised to keep for longer
    assert (unsaid.code, "--days" in unsaid.err) == (2, True)


def test_a_customers_store_is_not_for_db_forget(run: Any, stores: Any) -> None:
    before = stores.alice.read_bytes()
    wallet = run("db", "forget", stores.alice, "--days", 30)
    assert (wallet.code, "opencmr forget" in wallet.err, stores.alice.read_bytes() == before) == (2, True, True)
