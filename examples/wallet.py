import asyncio

from opencmr import Customer, Want, intent, roster


async def main():
    async with Customer.open("alice.db") as alice:
        shop = await alice.meet("did:web:127.0.0.1%3A8001")
        agreement = await shop.agreements.proffer("SD-BASE-DP", "SD-BASE")
        print("agreed:", agreement.terms.title)
        boots, terms = Want(name="Rugged boots, 49"), roster.ref("SD-BASE-DP")
        wish = intent.Cast(wants=[boots], terms=[terms], standing="ready")
        cast = await alice.cast(wish, to=[shop])
        async for made in cast.offers():
            order = await made.accept()
            total = f"{made.total.amount} {made.total.currency}"
            print(f"{order.state}: {made.body.lines[0].name} for {total}")


asyncio.run(main())
