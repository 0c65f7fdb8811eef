"""One order, looked at from both sides: the same namespaces, each with the words of its own side."""

import asyncio
from tempfile import TemporaryDirectory

from opencmr import Customer, Money, Vendor, Want, intent, offer, roster
from opencmr.testing import Loopback

DID, TERMS, PRICE = "did:web:shop.example", roster.ref("SD-BASE"), Money("189.00", "EUR")
WISH = intent.Cast(wants=[Want(name="Boots")], terms=[TERMS], standing="ready")
BOOTS = offer.Make(lines=[offer.Line(name="Boots", price=PRICE)], total=PRICE, under=TERMS)


async def main(folder: str) -> None:
    shop = Vendor.open(f"{folder}/shop.db", did=DID, accepts=["SD-BASE"])
    async with Customer.open(f"{folder}/alice.db", network=Loopback(shop)) as alice:
        mine = await alice.meet(DID)  # the relationship as Alice has it
        theirs = shop.relationship(mine.me)  # and as the shop has it

        await mine.agreements.proffer("SD-BASE")
        await alice.cast(WISH, to=mine)
        (wish,) = theirs.dealings.in_state("open")
        await wish.offer(BOOTS)

        await mine.collect()
        (made,) = mine.dealings[wish.thread].firm()
        bought = await made.accept()
        print("to be confirmed:", len(theirs.orders.in_state("ordered")))

        await theirs.orders[bought.thread].confirm("1001")
        await theirs.orders[bought.thread].fulfil("shipped", carrier="Post")
        await mine.collect()
        for side in (mine, theirs):
            latest = side.orders.page(limit=10)
            print(f"{len(side.agreements)} agreement, orders:", *(order.state for order in latest))
    await shop.close()


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
