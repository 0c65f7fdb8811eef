"""Two shirts are bought, one is sent back, and the money comes back in time. Anybody can check what proves it."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from tempfile import TemporaryDirectory

from opencmr import Customer, Money, Quantity, SignedMoney, Vendor, Want, intent, offer, order, roster
from opencmr.messages import Message
from opencmr.messages.types import Ident, OrderLine, Party
from opencmr.protocol.families.intent import Dealing
from opencmr.roles import VendorRelationship, export
from opencmr.testing import Loopback, StandingClock

DID, NAME, ADDRESS = "did:web:shop.example", "pd:Name", "pd:PhysicalAddress"
HOME = {"streetAddress": "Main Street 1", "addressLocality": "Kiel", "addressCountry": "DE"}
ONE = OrderLine(line=0, quantity=Quantity(value="1"))
POST = Party(name="Post", role="thirdParty", id="https://post.example/")


def shirts(cast: Message[intent.Cast]) -> offer.Make:
    """Two shirts, to be returned within 14 days. The carrier is named, and what it gets."""
    line = offer.Line(
        name="Shirt, blue, M",
        want=0,
        quantity=Quantity(value="2"),
        unit_price=SignedMoney("30.00", "EUR"),
        price=Money("60.00", "EUR"),
        identifiers=[Ident(scheme="sku", value="S-7")],
    )
    return offer.Make(
        lines=[line],
        total=Money("60.00", "EUR"),
        under=cast.body.terms[0],
        returns=offer.Returns(days=14, paid_by="vendor"),
        warranty="P2Y",
        needs=[NAME, ADDRESS],
        recipients=[offer.Recipient(party=POST, data=[NAME, ADDRESS])],
    )


def told(record: Dealing, at: str) -> str:
    """What became of the withdrawal, in a line."""
    (withdrawal,) = record.withdrawals
    refunds = ", ".join(f"{money.amount} {money.currency}" for money, _ in record.refunds) or "nothing"
    late = "late" if withdrawal.late else "in time"
    due = f"due by {withdrawal.due[:10]}" + (", overdue" if record.overdue(at) else "")
    return f"{record.state}: withdrawn {late}, refund {due}, refunded {refunds}"


async def main(folder: str) -> None:
    clock = StandingClock()
    shop = Vendor.open(f"{folder}/shop.db", did=DID, accepts=["SD-BASE"], clock=clock)

    @shop.on(intent.Cast)
    def quote(cast: Message[intent.Cast], _: VendorRelationship) -> offer.Make:
        return shirts(cast)

    @shop.on(offer.Accept)
    def confirm(accepted: Message[offer.Accept], _: VendorRelationship) -> order.Confirm:
        return order.Confirm(reference="1001", total=accepted.body.total)

    async with Customer.open(f"{folder}/alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        wish = intent.Cast(wants=[Want(name="Blue shirt")], terms=[roster.ref("SD-BASE")], standing="ready")
        cast = await alice.cast(wish, to=[mine])
        (made,) = cast.firm()
        bought = await made.accept()
        await bought.disclose({NAME: "Alice", ADDRESS: HOME})
        handed_on = shop.may(
            mine.me,
            action="dpv:Share",
            purpose="dpv:RequestedServiceProvision",
            data=ADDRESS,
            recipient="https://post.example/",
            thread=bought.thread,
        )
        print(f"ordered: the carrier may have the address: {handed_on.answer}, {handed_on.reason}")
        sold = shop.relationship(mine.me).orders[bought.thread]
        await sold.fulfil("shipped")
        await sold.fulfil("delivered")
        await sold.fulfil("done")
        await mine.collect()
        print(f"{bought.state}: {len(bought.record.progress)} reports")

        clock.move(timedelta(days=10))
        await bought.withdraw("returns", [ONE], reason="wrongSize", refund_to="asPaid")
        print(told(bought.record, mine.now()))

        clock.move(timedelta(days=5))
        await sold.fulfil("returned", [ONE])
        await sold.fulfil("refunded", [ONE], amount=Money("30.00", "EUR"))
        await mine.collect()
        print(told(bought.record, mine.now()))
    await shop.close()


def prove(folder: str) -> None:
    """The withdrawal and the vendor's receipt for it are in the evidence, signed."""
    written = export(f"{folder}/evidence", f"{folder}/alice.db")
    command = [sys.executable, "-m", "opencmr.cli", "verify", f"{folder}/evidence"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"exported: {len(written.manifest.messages)} messages and receipts, verify ends with {checked.returncode}")


with TemporaryDirectory() as folder:
    asyncio.run(main(folder))
    prove(folder)
