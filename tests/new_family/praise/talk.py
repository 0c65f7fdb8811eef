"""A customer praises somebody, and a vendor thanks; both stores are kept. Run in a house that has the family."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from opencmr import Customer, Vendor
from opencmr.messages import praise
from opencmr.testing import Loopback


async def main(folder: Path) -> None:
    shop = Vendor.open(folder / "shop.db", did="did:web:shop.example")

    @shop.on(praise.Give)
    async def thank(message: Any, relationship: Any) -> praise.Thank:
        return praise.Thank(text="She was glad to hear it.")

    alice = Customer.open(folder / "alice.db", network=Loopback(shop))
    relationship = await alice.meet(shop.did)
    thread = await relationship.say(praise.Give(who="Ms Okafor"))
    print(relationship.records[thread].state, shop.history(relationship.me).threads[thread].state)
    await alice.close()
    await shop.close()


asyncio.run(main(Path(sys.argv[1])))
