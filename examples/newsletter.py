"""A shop asks for a consent; the customer grants a part of it, and takes it back."""

import asyncio
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor, consent, terms, trust
from opencmr.messages import Message, types
from opencmr.protocol import instant
from opencmr.roles import CustomerRelationship, VendorRelationship
from opencmr.testing import Loopback, StandingClock

DID, NOTICE = "did:web:shop.example", b"Leave out either: no price depends on it."
USE, MARKETING, EMAIL = "dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"


def request(now: datetime) -> consent.Request:
    item, digest = consent.RequestItem, trust.digest(NOTICE)
    return consent.Request(
        items=[
            item(key="newsletter", purposes=[MARKETING], data=[EMAIL], actions=[USE]),
            item(key="ads", purposes=["dpv:Advertising"], data=[EMAIL], actions=[USE]),
        ],
        controller=[types.Party(name="Northwind", role="controller", country="IE")],
        notice=consent.Notice(url="https://shop.example/n", digest=digest, lang="en"),
        until=instant(now + timedelta(days=365)),
    )


def ask_both(mine: CustomerRelationship, shop: Vendor, when: str) -> None:
    here = mine.may(action=USE, purpose=MARKETING, data=EMAIL)
    there = shop.may(mine.me, action=USE, purpose=MARKETING, data=EMAIL)
    print(f"{when}: {here.answer}, {here.reason}; shop: {there.answer}, {there.reason}")


async def main(folder: str) -> None:
    clock = StandingClock()
    shop = Vendor.open(f"{folder}/shop.db", did=DID, accepts=["SD-BASE"], clock=clock)

    @shop.after(terms.Proffer)
    async def ask(said: Message[terms.Proffer], customer: VendorRelationship) -> None:
        if customer.agreements[said.thread].state == "active":
            await customer.consents.request(request(clock()))

    wire = Loopback(shop)
    async with Customer.open(f"{folder}/alice.db", network=wire, clock=clock) as alice:
        mine = await alice.meet(DID)
        await mine.agreements.proffer("SD-BASE")
        await mine.collect(wait=5)  # as sync(), but waits for what comes any moment
        (asked,) = mine.consents.in_state("requested")
        ask_both(mine, shop, asked.state)
        await asked.grant("newsletter")
        ask_both(mine, shop, asked.state)
        await asked.withdraw()
        ask_both(mine, shop, asked.state)
    await shop.close()


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
