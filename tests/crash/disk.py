"""A process on a small disk that fills up, and has room again. `tests/crash/test_disk.py` starts it.

    python -m crash.disk vendor FOLDER ballast      FOLDER is a small file system; a file fills it
    python -m crash.disk customer FOLDER limit      no file of this process may grow any more (RLIMIT_FSIZE)

Ends with 0 where all that must hold held.
"""

import asyncio
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from crash import sides
from opencmr import Customer, Vendor, trust
from opencmr.errors import Overloaded, Problem, StoreError
from opencmr.roles import CustomerRelationship
from opencmr.store import Store
from opencmr.store.integrity import inspect_messages
from opencmr.testing import Loopback
from opencmr.transport.app import MEDIA_TYPE
from parties import GRANT, Hand

SHOP = "did:web:127.0.0.1%3A8000"
MANY = 300
"""Messages: more than a full disk takes into what SQLite has reserved already."""


@contextmanager
def no_room(folder: Path, how: str) -> Iterator[None]:
    """While it lasts, nothing grows in a folder."""
    if how == "ballast":
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        yield
        ballast.unlink()
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(file.stat().st_size for file in folder.glob("*.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def vendor(folder: Path, how: str) -> None:
    """503, `overloaded` and when to come again; nothing of the message is kept; then the same bytes are taken."""
    shop = Vendor.open(folder / "shop.db", did=SHOP, accepts=["SD-BASE"])
    hand = Hand.stranger(SHOP)
    told: set[str] = set()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(shop.asgi(), raise_app_exceptions=False), base_url="http://127.0.0.1:8000"
    ) as client:

        async def post(raw: bytes) -> httpx.Response:
            answer = await client.post("/opencmr/messages", content=raw, headers={"Content-Type": MEDIA_TYPE})
            if answer.status_code == 200:
                told.add(trust.digest(raw))
            return answer

        assert (await post(hand.write(GRANT))).status_code == 200
        refused: list[bytes] = []
        with no_room(folder, how):
            for _ in range(MANY):
                raw = hand.write(GRANT)
                answer = await post(raw)
                if answer.status_code != 200:
                    refused.append(raw)
                    assert answer.status_code == 503, answer.text
                    assert answer.json()["type"].endswith("#" + Overloaded.code), answer.text
                    assert int(answer.headers["Retry-After"]) > 0
                if len(refused) == 3:
                    break
            assert len(refused) == 3, "the disk did not fill up"
            assert held(folder / "shop.db") == told
            assert list(inspect_messages(folder / "shop.db")) == []
        for raw in refused:
            assert (await post(raw)).status_code == 200
    await shop.close()
    assert held(folder / "shop.db") == told
    assert list(inspect_messages(folder / "shop.db")) == []


async def customer(folder: Path, how: str) -> None:
    """An error that says what to do; what could not be kept was not sent; then they go on."""
    elsewhere = folder.parent / f"{folder.name}-elsewhere"
    elsewhere.mkdir()
    shop = Vendor.open(elsewhere / "shop.db", did=SHOP, accepts=["SD-BASE"])
    async with Customer.open(folder / "wallet.db", network=Loopback(shop)) as wallet:
        met = await wallet.meet(SHOP)
        await grant(met)
        with no_room(folder, how):
            assert "room" in str(await first_error(met))
        await met.sync()
        assert met.waiting == 0  # what was kept before the answer could not be is sent again, and answered as before
        await grant(met)
        await met.sync()
    await shop.close()
    with Store(elsewhere / "shop.db") as theirs, Store(folder / "wallet.db") as ours:
        assert list(sides.losses(sides.seen(theirs), sides.seen(ours), [])) == []
    assert list(inspect_messages(folder / "wallet.db")) == []


async def grant(met: CustomerRelationship) -> None:
    await met.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=timedelta(days=1))


async def first_error(met: CustomerRelationship) -> StoreError | Problem:
    for _ in range(MANY):
        try:
            await grant(met)
        except StoreError as error:
            return error
    raise AssertionError("the disk did not fill up")


def held(store: Path) -> set[str]:
    """The digests of the customers' messages in a store, as another process sees it."""
    with Store(store, read_only=True) as opened:
        found: sides.Seen = sides.seen(opened)
    return {each.digest for kept, _ in found.values() for each in kept if each.side == "customer"}


ROLES: dict[str, Any] = {"vendor": vendor, "customer": customer}

if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(ROLES[sys.argv[1]](Path(sys.argv[2]), sys.argv[3]))
