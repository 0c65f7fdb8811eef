"""A phone is lost. The wallet is made anew of a backup, and what was said since comes back from the shop."""

import asyncio
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor
from opencmr.roles import CustomerRelationship, backup, restore
from opencmr.testing import Loopback, StandingClock

DID, WORDS = "did:web:shop.example", "correct horse battery staple"


def told(when: str, mine: CustomerRelationship) -> None:
    states = [f"{record.as_dict()['record']} {record.state}" for record in mine.records.values()]
    answer = mine.may(action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress").answer
    print(f"{when}: {', '.join(states)}; may the shop advertise? {answer}")


async def main(folder: Path) -> None:
    clock, phone, new = StandingClock(), folder / "phone", folder / "new-phone"
    phone.mkdir()
    new.mkdir()
    shop = Vendor.open(folder / "shop.db", did=DID, accepts=["SD-BASE"], clock=clock)
    wire = Loopback(shop)
    async with Customer.open(phone / "alice.db", network=wire, clock=clock) as alice:
        mine = await alice.meet(DID)
        await mine.agreements.proffer("SD-BASE")
        consent = await mine.consents.grant(
            purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=date(2027, 1, 1)
        )
        await asyncio.to_thread(backup, phone / "alice.db", folder / "alice.backup", WORDS)
        told("backup", mine)
        await consent.withdraw()
        told("lost", mine)

    made = await asyncio.to_thread(restore, folder / "alice.backup", new / "alice.db", WORDS)
    print(f"restored: {made.relationships} relationship, {made.messages} messages and receipts")
    async with Customer.open(new / "alice.db", network=wire, clock=clock) as alice:
        (mine,) = alice.relationships()
        told("before the first sync", mine)
        await alice.sync()
        told("after it", mine)
        print(f"came back: {len([each for each in mine.noticed if each.code == 'restored'])} word")
    await shop.close()


with TemporaryDirectory() as name:
    asyncio.run(main(Path(name)))
