import asyncio

from opencmr import Customer, Want, intent, roster


async def main():
    async with Customer.open("alice.db") as alice:
        shop = await alice.meet("did:web:127.0.0.1%3A8001")
        agreement = await shop.proffer("SD-BASE-DP", "SD-BASE")
        print("agreed:", agreement.terms.title)
        wish = intent.Cast(wants=[Want(name="Rugged boots, 49")], terms=[roster.ref("SD-BASE-DP")], standing="ready")
        cast = await alice.cast(wish, to=[shop])
        async for made in cast.offers():
            order = await made.accept()
            print(f"{order.state}: {made.body.lines[0].name} for {made.total.amount} {made.total.currency}")


asyncio.run(main())
