"""Terms in hand: proffered, countered, bound. Both sides fold alike."""

from typing import Any

import pytest

from opencmr import Customer, Policy, Vendor
from opencmr.errors import UsageError
from opencmr.messages.types import TermsDocument
from opencmr.protocol import roster
from opencmr.roles import CustomerRelationship
from parties import (
    OTHER,
    SHOP,
    Street,
    assert_equal_histories,
)


async def test_terms_that_the_shop_accepts_bind(at_shop: CustomerRelationship, shop: Vendor) -> None:
    agreement = await at_shop.agreements.proffer("SD-BASE-DP", "SD-BASE", note="as always")
    assert agreement.state == "active"
    assert agreement.terms == roster.document("SD-BASE")
    assert agreement.counter is None
    await agreement.terminate()
    assert agreement.state == "terminated"


async def test_without_a_word_the_policys_terms_are_proffered(street: Street, shop: Vendor) -> None:
    alice = street.customer(policy=Policy(proffers=["SD-BASE-A", "SD-BASE"]))
    agreement = await (await alice.meet(SHOP)).agreements.proffer()
    assert [document.id for _, document in agreement.record.choices] == ["SD-BASE-A", "SD-BASE"]


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("later", [True, False])
async def test_who_is_asked_about_a_counter_decides(street: Street, other: Vendor, answer: bool, later: bool) -> None:
    asked: list[tuple[str, str]] = []

    def ask(vendor: str, document: TermsDocument) -> Any:
        asked.append((vendor, document.id))
        if not later:
            return answer

        async def think() -> bool:
            return answer

        return think()

    alice = street.customer(policy=Policy(ask=ask))
    relationship = await alice.meet(OTHER)
    agreement = await relationship.agreements.proffer("SD-BASE")
    assert asked == [(OTHER, "SD-BASE-A")]
    assert agreement.state == ("active" if answer else "declined")
    assert_equal_histories(relationship.history, other.history(relationship.me))


async def test_a_counter_that_the_policy_takes_is_taken_without_asking(street: Street, other: Vendor) -> None:
    def ask(*_: Any) -> bool:
        raise AssertionError("nobody is asked")

    alice = street.customer(policy=Policy(takes=["SD-BASE-A"], ask=ask))
    agreement = await (await alice.meet(OTHER)).agreements.proffer("SD-BASE")
    assert (agreement.state, agreement.terms) == ("active", roster.document("SD-BASE-A"))


async def test_a_counter_that_nobody_decides_stays_open_until_the_customer_does(alice: Customer, other: Vendor) -> None:
    relationship = await alice.meet(OTHER)
    first, second = await relationship.agreements.proffer("SD-BASE"), await relationship.agreements.proffer("SD-BASE")
    assert first.state == second.state == "countered"
    assert first.counter == roster.document("SD-BASE-A")
    await first.accept()
    await second.decline()
    assert (first.state, second.state) == ("active", "declined")
    assert_equal_histories(relationship.history, other.history(relationship.me))


async def test_nothing_can_be_taken_where_there_is_no_counter(at_shop: CustomerRelationship) -> None:
    agreement = await at_shop.agreements.proffer("SD-BASE")
    with pytest.raises(UsageError):
        await agreement.accept()
