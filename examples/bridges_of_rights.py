"""What a customer asks for by right, in the formats of others: `… bridges_of_rights.py gpc`, `drp` or `eudi`."""

import asyncio
import json
import sys
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor
from opencmr.bridges import View, drp, eudi, gpc
from opencmr.messages import Message, data
from opencmr.protocol import instant
from opencmr.roles import VendorRelationship
from opencmr.testing import Loopback, StandingClock

DID = "did:web:shop.example"
HEADERS = {"Accept": "text/html", "Sec-GPC": "1"}
PRESENTED = {"pd:EmailAddress": [eudi.Claim("urn:eudi:pid:1", "email")]}


async def main(folder: str) -> None:
    clock = StandingClock()
    shop = Vendor.open(f"{folder}/shop.db", did=DID, accepts=["SD-BASE"], clock=clock)

    @shop.after(data.Request)
    async def answer(said: Message[data.Request], customer: VendorRelationship) -> None:
        await customer.say(data.Answer(status="inProgress", note="We look into three systems."), said.thread)

    async with Customer.open(f"{folder}/alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        # --8<-- [start:gpc]
        objection = gpc.objection(HEADERS)
        if objection is not None:
            await mine.say(objection)
        # --8<-- [end:gpc]
        asked = await mine.say(data.Request(right="erase", data=["pd:Contact"], regime="gdpr"))
        await mine.collect(wait=5)
        tell(View(mine.history, mine.me, DID, instant(clock())), asked)
    await shop.close()


def tell(view: View, asked: str) -> None:
    match sys.argv[1:]:
        case ["gpc"]:
            # --8<-- [start:processed]
            shown = gpc.processed(view)
            print(f"{shown.text}, since {shown.since}")
            # --8<-- [end:processed]
            return
        case ["drp"]:
            # --8<-- [start:drp]
            exported = drp.status(view, asked)
            # --8<-- [end:drp]
        case _:
            # --8<-- [start:eudi]
            register = eudi.Identifier("http://data.europa.eu/eudi/id/EUID", "IERBO.123456")
            name = eudi.MultiLangString("en-IE", "Northwind")
            exported = eudi.log_entry(view, asked, claims=PRESENTED, name=name, identifier=register)
            # --8<-- [end:eudi]
    print(json.dumps(exported.document, indent=1, ensure_ascii=False))
    for missing in exported.missing:
        print(f"missing: {missing.pointer}")
    for lost in exported.lost:
        print(f"lost: {lost.what}: {lost.why}")


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
