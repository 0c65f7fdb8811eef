"""A key is stolen. The thief speaks, and cannot take the relationship; the owner moves to the next key, and goes on."""

import asyncio
import shutil
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor
from opencmr.errors import KeyFileError, Moved
from opencmr.roles import CustomerRelationship
from opencmr.testing import Loopback, StandingClock

DID = "did:web:shop.example"


def told(when: str, mine: CustomerRelationship) -> None:
    state = mine.standing.page()[0].state
    answer = mine.may(action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress").answer
    print(f"{when}: {state}; may the shop advertise? {answer}")


async def grant(mine: CustomerRelationship) -> None:
    await mine.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=date(2027, 1, 1))


def steal(folder: Path) -> None:
    for file in folder.glob("alice.*"):
        shutil.copy(file, folder / file.name.replace("alice", "thief"))


async def main(folder: Path) -> None:
    clock, stick = StandingClock(), folder / "stick.next"
    shop = Vendor.open(folder / "shop.db", did=DID, clock=clock)
    wire = Loopback(shop)
    alice = Customer.open(folder / "alice.db", next_keys=stick, network=wire, clock=clock)
    mine = await alice.meet(DID)
    await mine.standing.open("en")  # the first word: it announces the next key, which lies on the stick
    await grant(mine)
    told("opened", mine)

    steal(folder)
    thief = Customer.open(folder / "thief.db", network=wire, clock=clock)
    (stolen,) = thief.relationships()
    await stolen.standing.close()
    try:
        await stolen.standing.move()
    except KeyFileError:
        print("the thief cannot move it: the next key is not there")

    await mine.standing.move()
    told("moved", mine)
    print(f"told: {mine.noticed[0].why.split()[0]} was said by somebody else")
    await grant(mine)
    told("granted again", mine)
    try:
        await stolen.sync()
    except Moved as problem:
        print(f"the thief hears: {problem.title}")
    for party in (alice, thief, shop):
        await party.close()


with TemporaryDirectory() as name:
    asyncio.run(main(Path(name)))
