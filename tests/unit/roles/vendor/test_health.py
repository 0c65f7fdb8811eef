"""Whether a vendor is ready: asked of itself, and over HTTP on a port of its own."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from opencmr import Vendor
from opencmr.errors import StoreError
from opencmr.roles.vendor import health
from opencmr.transport.probes import application
from parties import SHOP, Street


@pytest.fixture
def shop(street: Street, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    monkeypatch.setattr(health, "FRESH", 0.0)
    return street.vendor()


async def test_a_vendor_that_can_work_is_ready_and_nothing_piles_up(shop: Vendor, street: Street) -> None:
    for _ in range(3):
        assert await shop.health.ready() is None
    with closing(sqlite3.connect(street.folder / "shop.example.db")) as connection:
        assert connection.execute("select count(*) from collects").fetchone() == (1,)
        assert connection.execute("select count(*) from relationships").fetchone() == (0,)


async def test_a_key_file_that_is_gone_is_told_and_told_again_when_it_is_back(
    shop: Vendor, street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "opencmr")
    file = street.folder / "shop.example.keys"
    away = file.rename(street.folder / "away")
    assert await shop.health.ready() == "keys-missing"
    assert await shop.health.ready() == "keys-missing"
    away.rename(file)
    assert await shop.health.ready() is None
    changes = [(vars(record)["outcome"], vars(record).get("code")) for record in caplog.records]
    assert changes == [("unready", "keys-missing"), ("ready", None)], "once a change"


@pytest.mark.parametrize(("method", "reason"), [("read", "store-unreadable"), ("write", "store-unwritable")])
async def test_a_store_that_fails_is_told(
    shop: Vendor, monkeypatch: pytest.MonkeyPatch, method: str, reason: str
) -> None:
    def fails(_: Any) -> Any:
        raise StoreError("the disk is full")

    monkeypatch.setattr(shop._store, method, fails)
    assert await shop.health.ready() == reason


async def test_a_store_that_is_closed_is_told(shop: Vendor) -> None:
    shop._store.close()
    assert await shop.health.ready() == "store-unreadable"


async def test_a_store_that_does_not_answer_is_told(shop: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STORE_WITHIN", 0.01)
    never = asyncio.Event()
    monkeypatch.setattr(shop._store, "write", lambda _: never.wait())
    assert await shop.health.ready() == "store-slow"


async def test_those_who_ask_at_once_and_soon_share_one_answer(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = street.vendor()
    writes = 0
    write = shop._store.write

    async def counted(work: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(work)

    monkeypatch.setattr(shop._store, "write", counted)
    assert await asyncio.gather(*(shop.health.ready() for _ in range(20))) == [None] * 20
    assert writes == 1
    shop.let_go()
    assert await shop.health.ready() == "stopping", "which does not wait for an answer to grow old"


async def test_probes_say_a_reason_and_nothing_else(shop: Vendor, street: Street) -> None:
    transport = httpx.ASGITransport(shop.health.asgi())
    async with httpx.AsyncClient(transport=transport, base_url="http://probes") as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
        assert ready.headers["cache-control"] == "no-store"
        (street.folder / "shop.example.keys").unlink()
        unready = await client.get("/readyz")
        assert (unready.status_code, unready.json()) == (503, {"status": "not-ok", "reason": "keys-missing"})
        shop.health.stop()
        assert (await client.get("/readyz")).json()["reason"] == "stopping"
        assert (await client.get("/healthz")).json() == {"status": "ok"}, "it lives to its end"
        assert (await client.post("/readyz")).status_code == 405
        assert (await client.get("/opencmr/messages")).status_code == 404


async def test_health_is_asked_without_touching_anything() -> None:
    class Dead:
        async def ready(self) -> str:
            raise AssertionError("nobody asked")

    transport = httpx.ASGITransport(application(Dead()))
    async with httpx.AsyncClient(transport=transport, base_url="http://probes") as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_customers_do_not_reach_the_probes(shop: Vendor) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.asgi()), base_url="http://shop") as client:
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 404


async def test_two_vendors_beside_each_other_answer_for_themselves(tmp_path: Path) -> None:
    street = Street(tmp_path)
    one, other = street.vendor(SHOP), street.vendor("did:web:other.example")
    one.health.stop()
    assert (await one.health.ready(), await other.health.ready()) == ("stopping", None)
    await street.close()
