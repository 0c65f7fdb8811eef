"""A customer withdraws from an order or cancels lines of it, and both sides hold the same."""

import pytest

from opencmr import Customer, Vendor, intent, offer, order
from opencmr.messages.types import OrderLine
from opencmr.protocol.families.intent import Dealing
from opencmr.roles import CustomerRelationship
from parties import CAST, Street, an_offer


@pytest.fixture
def shop(street: Street) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda *_: an_offer())
    shop.on(offer.Accept)(lambda message, _: order.Confirm(reference="R1", total=message.body.total))
    return shop


@pytest.mark.requirement("ORD-7", "ORD-10")
async def test_the_customer_withdraws_once_it_is_done_and_is_paid_back(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    await shop.say(at_shop.me, order.Fulfil(status="done"), bought.thread)
    await at_shop.collect()
    await bought.withdraw("returns", [0], reason="wrongSize", note="Too small.")
    assert (bought.state, bought.overdue()) == ("returning", [])
    (there,) = shop.relationship(at_shop.me).records.values()
    assert isinstance(there, Dealing)
    assert (len(there.overdue(there.withdrawals[0].due)), there.as_dict()) == (1, bought.record.as_dict())
    await shop.say(at_shop.me, order.Fulfil(status="refunded", amount=an_offer().total), bought.thread)
    await at_shop.collect()
    assert (bought.state, len(bought.record.refunds)) == ("done", 1)


@pytest.mark.requirement("ORD-11")
async def test_a_line_that_there_is_not_cancels_nothing(alice: Customer, at_shop: CustomerRelationship) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    await bought.cancel(lines=[7])
    assert bought.state == "confirmed"
    await bought.cancel(lines=[OrderLine(line=0)])
    assert bought.state == "cancelled"
