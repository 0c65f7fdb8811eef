"""A whole conversation of one customer with two shops, in one process, and what it leaves as evidence."""

import random
from pathlib import Path

import pytest

from opencmr import Customer, Money, Policy, Price, Vendor, Want, consent, intent, offer, order
from opencmr.cli.folder import read_folder
from opencmr.errors import Refused
from opencmr.messages.consent import Notice, RequestItem
from opencmr.messages.types import Party
from opencmr.protocol import roster
from opencmr.protocol.evidence import Evidence
from opencmr.roles import CustomerRelationship
from opencmr.roles.export import export
from opencmr.testing import Loopback, StandingClock

REQUEST = consent.Request(
    items=[
        RequestItem(key=key, text=f"May we? ({key})", purposes=["dpv:DirectMarketing"], data=[f"pd:{data}"],
                    actions=["dpv:Use"])
        for key, data in (("news", "EmailAddress"), ("calls", "TelephoneNumber"))
    ],
    controller=[Party(name="Shop", role="controller")],
    notice=Notice(url="https://shop.example/notice", digest=roster.ref("SD-BASE").digest, lang="en"),
    until="2027-01-01T00:00:00.000Z",
)  # fmt: skip


async def converse(folder: Path) -> Path:
    """Terms, a counter, a consent granted in part and withdrawn, an order, refusals. Returns the customer's store."""
    clock = StandingClock()
    plain = Vendor.open(
        folder / "plain.db", did="did:web:plain.example", accepts=["SD-BASE-DP", "PDC-INTENT"], clock=clock
    )
    picky = Vendor.open(folder / "picky.db", did="did:web:picky.example", counter="SD-BASE-A", clock=clock)
    for vendor, amount in ((plain, "49.00"), (picky, "51.00")):
        _sell(vendor, amount)
    network = Loopback(plain, picky, dice=random.Random(7))
    policy = Policy(takes=["SD-BASE-A"])
    async with Customer.open(folder / "alice.db", network=network, clock=clock, policy=policy) as alice:
        shops = [await alice.meet(vendor.did) for vendor in (plain, picky)]
        for shop in shops:
            await shop.proffer("SD-BASE-DP")
            clock.move(1)
        await plain.say(shops[0].me, REQUEST)
        await shops[0].collect()
        (asked,) = shops[0].requests()
        await asked.grant("news")
        clock.move(60)
        wish = intent.Cast(
            wants=[Want(name="Größe 49, rugged boots")], terms=[roster.ref("PDC-INTENT")], standing="ready"
        )
        cast = await alice.cast(wish, to=shops)
        bought = await cast.accept(cast.firm()[0])
        await bought.disclose({"pd:PhysicalAddress": {"streetAddress": "Elm Street 1"}})
        await plain.say(shops[0].me, order.Fulfil(status="shipped"), bought.thread)
        for _ in ("stale-head", "wrong-state"):  # with the first refusal comes what was missed
            await _is_refused(shops[0], intent.Amend(**dict(wish)), bought.thread)
        await cast.withdraw(but=bought)
        await asked.withdraw()
        await asked.withdraw()  # moot
        await alice.sync()
    await plain.close()
    await picky.close()
    return folder / "alice.db"


def _sell(vendor: Vendor, amount: str) -> None:
    @vendor.on(intent.Cast)
    def quote(cast, _):
        line = offer.Line(name="Boots", price=Price(amount, "EUR"), want=0)
        return offer.Make(lines=[line], total=Money(amount, "EUR"), under=cast.body.terms[0])

    @vendor.on(offer.Accept)
    def confirm(accepted, _):
        return order.Confirm(reference="R1", total=accepted.body.total)


async def _is_refused(shop: CustomerRelationship, body: intent.Amend, thread: str) -> None:
    with pytest.raises(Refused):
        await shop.say(body, thread, check=False)


async def write_evidence(folder: Path) -> Path:
    """The folder that an export of the conversation leaves."""
    export(folder / "evidence", await converse(folder))
    return folder / "evidence"


def read_evidence(folder: Path) -> Evidence:
    """What the folder puts forward."""
    evidence = read_folder(folder).evidence
    assert evidence is not None
    return evidence
