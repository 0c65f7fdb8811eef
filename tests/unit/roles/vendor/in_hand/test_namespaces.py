"""The namespaces of a vendor's relationship: the same threads as the customer's, with the vendor's words."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Money, Vendor, consent, order, terms
from opencmr.errors import UsageError
from opencmr.messages.types import OrderLine
from opencmr.roles import CustomerRelationship, VendorRelationship
from opencmr.testing import StandingClock
from parties import CAST, MARKETING, REQUEST, SHOP, Street, an_offer, assert_equal_histories

HEARD = consent.Heard(where="phone", when="2026-07-01T11:00:00.000Z")


@pytest.fixture
def shop(street: Street) -> Vendor:
    """A shop that answers by hand."""
    shop = street.vendor()
    shop.on(terms.Proffer)(lambda *_: None)
    return shop


@pytest.fixture
async def alice(street: Street) -> Customer:
    return street.customer()


@pytest.fixture
async def mine(alice: Customer, shop: Vendor) -> AsyncIterator[CustomerRelationship]:
    """Alice at the shop. Afterwards both sides hold the same."""
    relationship = await alice.meet(SHOP)
    yield relationship
    await relationship.sync()
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    assert relationship.misconduct == []


@pytest.fixture
def known(mine: CustomerRelationship, shop: Vendor) -> VendorRelationship:
    """Alice, as the shop knows her."""
    return shop.relationship(mine.me)


@pytest.fixture
async def bought(alice: Customer, mine: CustomerRelationship, known: VendorRelationship) -> str:
    """The thread of an order that waits to be confirmed."""
    cast = await alice.cast(CAST, to=[mine])
    (wish,) = known.dealings.in_state("open")
    await wish.offer(an_offer())
    await mine.collect()
    return (await cast.accept(cast.firm()[0])).thread


def threads_of(handles: Any) -> list[str]:
    return [each.thread for each in handles]


async def test_both_sides_find_the_same_threads(
    mine: CustomerRelationship, known: VendorRelationship, bought: str
) -> None:
    await mine.agreements.proffer("SD-BASE")
    for _ in range(3):
        await known.consents.request(REQUEST)
    await mine.collect()
    for name in ("agreements", "consents", "dealings", "orders"):
        ours, theirs = getattr(mine, name), getattr(known, name)
        assert threads_of(ours) == threads_of(theirs) != []
        assert [each.record for each in ours] == [each.record for each in theirs]
    asked = threads_of(known.consents)
    assert threads_of(known.consents.page(after=asked[0], limit=1)) == [asked[1]]
    assert threads_of(known.consents.in_state("requested")) == asked
    with pytest.raises(UsageError, match="no thread"):
        known.orders[asked[0]]


async def test_terms_are_accepted_countered_or_declined_by_hand_and_terminated(
    mine: CustomerRelationship, known: VendorRelationship
) -> None:
    for _ in range(3):
        await mine.agreements.proffer("SD-BASE-DP", "SD-BASE")
    one, two, three = known.agreements.in_state("proffered")
    await one.accept("SD-BASE")
    await two.counter("SD-BASE-A", answer_by=timedelta(days=1), note="This we can do.")
    await three.decline()
    assert [each.state for each in known.agreements] == ["active", "countered", "declined"]
    await mine.collect()
    await mine.agreements[two.thread].accept()
    assert two.state == "active"
    await one.terminate()
    assert one.state == "terminated"


async def test_terms_that_were_not_proffered_cannot_be_accepted(
    mine: CustomerRelationship, known: VendorRelationship
) -> None:
    await mine.agreements.proffer("SD-BASE")
    (one,) = known.agreements
    for choice in ("SD-BASE-A", "no such code"):
        with pytest.raises(UsageError):
            await one.accept(choice)
    assert one.state == "proffered"


async def test_a_consent_is_asked_for_and_taken_back_for_words_heard_elsewhere(
    mine: CustomerRelationship, known: VendorRelationship
) -> None:
    await mine.agreements.proffer("SD-BASE")
    await known.agreements.page()[0].accept("SD-BASE")
    asked = await known.consents.request(REQUEST, expires=timedelta(days=3))
    await mine.collect()
    await mine.consents[asked.thread].grant()
    assert known.may(**MARKETING).answer == "permit"
    await asked.withdraw("news", heard=HEARD)
    assert (known.may(**MARKETING).answer, asked.state) == ("deny", "given")
    await asked.withdraw(heard=HEARD)
    await mine.collect()
    assert mine.consents[asked.thread].state == "withdrawn"


async def test_a_consent_is_not_taken_back_for_an_item_that_is_not_there(
    mine: CustomerRelationship, known: VendorRelationship
) -> None:
    await mine.agreements.proffer("SD-BASE")
    asked = await known.consents.request(REQUEST)
    with pytest.raises(UsageError):
        await asked.withdraw("letters", heard=HEARD)
    assert asked.state == "requested"


async def test_an_order_is_confirmed_fulfilled_and_refunded(
    mine: CustomerRelationship, known: VendorRelationship, bought: str, clock: StandingClock
) -> None:
    (placed,) = known.orders.in_state("ordered")
    assert placed.thread == bought
    await placed.confirm("R1", note="Thank you.")
    assert placed.record.confirmed == order.Confirm(reference="R1", total=Money("49.00", "EUR"), note="Thank you.")
    await placed.fulfil("shipped", [0], tracking="T1", carrier="Post")
    await mine.collect()
    await mine.orders[bought].withdraw("law", [0])
    clock.move(timedelta(days=15))
    assert len(placed.overdue()) == 1
    await placed.fulfil("refunded", [OrderLine(line=0)], amount=Money("49.00", "EUR"))
    assert placed.overdue() == []
    assert [status for status, _ in placed.record.progress] == ["shipped", "refunded"]


async def test_an_order_is_cancelled_and_settled_in_one_word(known: VendorRelationship, bought: str) -> None:
    placed = known.orders[bought]
    await placed.cancel("outOfStock", refund=Money("49.00", "EUR"), note="The last pair is gone.")
    assert (placed.state, placed.record.settled) == ("cancelled", True)


async def test_what_an_order_or_its_message_does_not_allow_is_refused(known: VendorRelationship, bought: str) -> None:
    placed = known.orders[bought]
    for wrong in ({"status": "lost"}, {"status": "shipped", "tracking": 7}, {"status": "shipped", "lines": "all"}):
        with pytest.raises(UsageError):
            await placed.fulfil(**wrong)
    await placed.confirm("R1")
    with pytest.raises(UsageError):
        await placed.confirm("R2")


async def test_a_handle_of_a_dealing_that_is_no_order_has_no_order_to_tell(
    alice: Customer, mine: CustomerRelationship, known: VendorRelationship
) -> None:
    await alice.cast(CAST, to=[mine])
    (wish,) = known.dealings
    assert wish.record.state == "open"
    with pytest.raises(UsageError, match="no thread"):
        known.orders[wish.thread]
