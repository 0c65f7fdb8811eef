"""Two shops that sell, and Alice at one of them."""

from collections.abc import AsyncIterator

import pytest

from opencmr import Customer, Vendor, intent, offer, order
from opencmr.roles import CustomerRelationship
from parties import (
    OTHER,
    SHOP,
    Street,
    an_offer,
    assert_equal_histories,
)


@pytest.fixture
def shop(street: Street) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"])
    sell(shop, "49.00")
    return shop


@pytest.fixture
def other(street: Street) -> Vendor:
    other = street.vendor(OTHER, counter="SD-BASE-A")
    sell(other, "47.00")
    return other


def sell(vendor: Vendor, amount: str) -> None:
    vendor.on(intent.Cast)(lambda *_: an_offer(amount))
    vendor.on(offer.Accept)(lambda message, _: order.Confirm(reference="R1", total=message.body.total))


@pytest.fixture
def alice(street: Street) -> Customer:
    return street.customer()


@pytest.fixture
async def at_shop(alice: Customer, shop: Vendor) -> AsyncIterator[CustomerRelationship]:
    """Alice at the shop. Afterwards both sides hold the same."""
    relationship = await alice.meet(SHOP)
    yield relationship
    await relationship.sync()
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    assert relationship.misconduct == []
    assert relationship.waiting == 0
