"""A customer asks what a shop holds, objects to letters, and asks for erasure; the shop answers, late and in part."""

import asyncio
from datetime import timedelta
from tempfile import TemporaryDirectory

from opencmr import Customer, Datum, Vendor, data
from opencmr.testing import Loopback, StandingClock

DID = "did:web:shop.example"
USE, MARKETING, EMAIL = "dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"
MAIL = Datum(data=EMAIL, value="alice@moser.example")


async def main(folder: str) -> None:
    clock = StandingClock()
    shop = Vendor.open(f"{folder}/shop.db", did=DID, clock=clock)
    async with Customer.open(f"{folder}/alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        known = shop.relationship(mine.me)
        await mine.consents.grant(purpose=MARKETING, data=[EMAIL], until=timedelta(days=365), discloses=[MAIL])

        asked = await mine.rights.request("access", regime="gdpr", identify=[MAIL])
        clock.move(timedelta(days=40))
        print(f"after 40 days: {asked.state}, overdue: {asked.overdue()}; shop: {len(known.rights.overdue())} overdue")
        await known.rights[asked.thread].answer("fulfilled", data=[MAIL])
        await mine.collect()
        print(f"access: {asked.state}")

        await mine.objections.object(purposes=[MARKETING], channels=["post"])
        for channel in ("post", "email"):
            there = known.may(action=USE, purpose=MARKETING, data=EMAIL, channel=channel)
            print(f"by {channel}: {there.answer}, {there.reason}")

        erased = await mine.rights.request("erase", data=[EMAIL], regime="gdpr")
        kept = data.Kept(data=[EMAIL], because="legalObligation", until="2033-12-31T23:59:59.999Z")
        await known.rights[erased.thread].answer("partly", kept=[kept])
        await mine.collect()
        there = known.may(action=USE, purpose=MARKETING, data=EMAIL, channel="email")
        print(f"erasure: {erased.state}, kept: {kept.because}; by email: {there.answer}, {there.reason}")
    await shop.close()


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
