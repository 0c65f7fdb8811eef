"""Looking at a store while others write into it."""

from datetime import timedelta
from pathlib import Path

from opencmr import Customer, Vendor
from opencmr.roles import CustomerRelationship
from opencmr.roles.party.reading import Reader
from opencmr.testing import Loopback

SHOP = "did:web:shop.example"


async def test_what_is_said_while_somebody_looks_is_no_damage(tmp_path: Path) -> None:
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, accepts=["SD-BASE"])
    network = Loopback(shop)
    async with (
        Customer.open(tmp_path / "alice.db", network=network) as alice,
        Customer.open(tmp_path / "bob.db", network=network) as bob,
    ):
        first, second = await alice.meet(SHOP), await bob.meet(SHOP)
        await grant(first)
        await grant(second)
        with Reader(tmp_path / "shop.db") as reader:
            relationships = reader.relationships()
            next(relationships)
            await grant(second)
            book = next(relationships)
            assert len(book.history.threads) == 2
            await grant(second)
            assert len(book.timeline()) == 6  # with what has come since
    await shop.close()


async def grant(met: CustomerRelationship) -> None:
    await met.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=timedelta(days=1))
