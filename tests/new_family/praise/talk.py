"""A customer praises somebody, and a vendor thanks; both stores are kept. Run in a house that has the family."""

import asyncio
import sys
from pathlib import Path

from opencmr import Customer, Vendor
from opencmr.testing import Loopback


async def main(folder: Path) -> None:
    shop = Vendor.open(folder / "shop.db", did="did:web:shop.example")
    alice = Customer.open(folder / "alice.db", network=Loopback(shop))
    relationship = await alice.meet(shop.did)
    given = await relationship.praises.give("Ms Okafor")
    (praise,) = shop.relationship(relationship.me).praises.in_state("given")
    await praise.thank("She was glad to hear it.")
    await relationship.collect()
    print(given.state, praise.state)
    await alice.close()
    await shop.close()


asyncio.run(main(Path(sys.argv[1])))
