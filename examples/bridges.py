"""What a customer keeps of a shop, in formats of others: `examples/bridges.py iso27560`, or `kantara`, or `odrl`."""

import asyncio
import json
import sys
from datetime import timedelta
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor, consent, terms, trust
from opencmr.bridges import View, iso27560, kantara, odrl
from opencmr.messages import Message, types
from opencmr.protocol import instant
from opencmr.roles import VendorRelationship
from opencmr.testing import Loopback, StandingClock

DID, NOTICE = "did:web:shop.example", b"Leave it out: no price depends on it."
NORTHWIND = types.Party(name="Northwind", role="controller", id=DID, address=types.Place(country="IE", locality="Cork"))
NEWSLETTER = consent.RequestItem(
    key="newsletter",
    purposes=["dpv:DirectMarketing"],
    data=["pd:EmailAddress"],
    actions=["dpv:Use"],
    channels=["email"],
    stored_in=["IE"],
    retention=types.Retention(period="P30D", after="consentEnds"),
)


async def main(folder: str) -> None:
    clock = StandingClock()
    now = instant(clock())
    shop = Vendor.open(f"{folder}/shop.db", did=DID, accepts=["SD-BASE-DP"], clock=clock)

    @shop.after(terms.Proffer)
    async def ask(said: Message[terms.Proffer], customer: VendorRelationship) -> None:
        notice = consent.Notice(url="https://shop.example/news", digest=trust.digest(NOTICE), lang="en")
        until = instant(clock() + timedelta(days=365))
        rights = "https://shop.example/rights"
        request = consent.Request(
            items=[NEWSLETTER], controller=[NORTHWIND], notice=notice, until=until, jurisdiction="IE", rights=rights
        )
        await customer.consents.request(request)

    async with Customer.open(f"{folder}/alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        agreement = await mine.agreements.proffer("SD-BASE-DP")
        await mine.collect(wait=5)
        (asked,) = mine.consents.in_state("requested")
        await asked.grant("newsletter")
        tell(View(mine.history, mine.me, DID, now), asked.thread, agreement.thread)
    await shop.close()


def tell(view: View, consented: str, agreed: str) -> None:
    match sys.argv[1:]:
        case ["iso27560"]:
            # --8<-- [start:iso27560]
            exported = iso27560.record(view, consented, "newsletter")
            # --8<-- [end:iso27560]
        case ["kantara"]:
            # --8<-- [start:kantara]
            exported = kantara.receipt(view, consented, service="Northwind's newsletter")
            # --8<-- [end:kantara]
        case _:
            # --8<-- [start:odrl]
            exported = odrl.policy(view, agreed)
            # --8<-- [end:odrl]
    print(json.dumps(exported.document, indent=1, ensure_ascii=False))
    for missing in exported.missing:
        print(f"missing: {missing.pointer}")
    for lost in exported.lost:
        print(f"lost: {lost.what}: {lost.why}")


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
