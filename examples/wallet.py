import asyncio

from opencmr import Customer, Want, intent


async def main():
    async with Customer.open("alice.db") as alice:
        shop = await alice.meet("did:web:shop.example")
        await shop.proffer("SD-BASE-DP", "SD-BASE")
        wish = intent.Cast(wants=[Want(name="Rugged boots, size 49")], terms=["PDC-INTENT"], standing="ready")
        cast = await alice.cast(wish, to=[shop])
        async for made in cast.offers():
            print(made.body.total, await cast.accept(made))


asyncio.run(main())
