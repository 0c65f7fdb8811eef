"""The namespaces of a customer's relationship: threads by family, by state and by page."""

from typing import Any

import pytest

from opencmr import Customer, Vendor, intent
from opencmr.errors import UsageError
from opencmr.roles import CustomerRelationship, Draft
from parties import CAST, REQUEST, an_offer


@pytest.fixture
async def asked(at_shop: CustomerRelationship, shop: Vendor) -> list[str]:
    """The threads of three consents that the shop asks for, under an agreement."""
    await at_shop.agreements.proffer("SD-BASE")
    threads = [await shop.say(at_shop.me, REQUEST) for _ in range(3)]
    await at_shop.collect()
    return threads


def threads_of(handles: Any) -> list[str]:
    return [each.thread for each in handles]


async def test_each_namespace_holds_the_threads_of_its_family(
    alice: Customer, at_shop: CustomerRelationship, asked: list[str]
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    assert (len(at_shop.agreements), len(at_shop.consents), len(at_shop.dealings)) == (1, 3, 1)
    assert threads_of(at_shop.consents) == asked
    assert threads_of(at_shop.dealings) == list(cast.threads.values())
    assert asked[0] in at_shop.consents
    assert asked[0] not in at_shop.dealings
    assert all(each in at_shop.consents for each in at_shop.consents)
    assert at_shop.agreements.page()[0] not in at_shop.consents
    assert 0 not in at_shop.consents


async def test_threads_are_found_by_their_states(at_shop: CustomerRelationship, asked: list[str]) -> None:
    await at_shop.consents[asked[1]].grant()
    await at_shop.consents[asked[2]].refuse()
    assert threads_of(at_shop.consents.in_state("requested")) == [asked[0]]
    assert threads_of(at_shop.consents.in_state("given", "refused")) == asked[1:]
    assert at_shop.consents.in_state("withdrawn") == at_shop.consents.in_state() == []


async def test_a_state_that_the_family_does_not_have_is_told(at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError, match="no state 'asked'; there is: none, requested, given"):
        at_shop.consents.in_state("given", "asked")


async def test_a_page_follows_a_thread_in_the_order_of_first_places(
    at_shop: CustomerRelationship, asked: list[str]
) -> None:
    await at_shop.consents[asked[0]].grant()  # a later word does not move its thread
    assert threads_of(at_shop.consents.page()) == asked
    first = at_shop.consents.page(limit=2)
    assert threads_of(first) == asked[:2]
    assert threads_of(at_shop.consents.page(after=first[-1].thread, limit=2)) == asked[2:]
    assert at_shop.consents.page(after=asked[2]) == []


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "2"}, {"after": "urn:uuid:0"}, {"after": 0}])
async def test_a_page_after_no_thread_or_of_no_size_is_refused(
    at_shop: CustomerRelationship, asked: list[str], wrong: Any
) -> None:
    with pytest.raises(UsageError):
        at_shop.consents.page(**wrong)


async def test_an_unknown_thread_is_an_error_that_names_it(at_shop: CustomerRelationship, asked: list[str]) -> None:
    assert at_shop.consents[asked[0]].state == "requested"
    unknown: Any
    for unknown in (
        "urn:uuid:0",
        0,
        None,
        slice(1),
        ["a"],
        at_shop.agreements.page()[0].thread,
        at_shop.consents.page()[0],
    ):
        with pytest.raises(UsageError, match="no thread"):
            at_shop.consents[unknown]


async def test_orders_are_the_dealings_that_became_orders(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    cast, other = await alice.cast(CAST, to=[at_shop]), await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    assert threads_of(at_shop.orders) == [bought.thread]
    assert threads_of(at_shop.orders.in_state("confirmed")) == [bought.thread]
    (wish,) = at_shop.dealings.in_state("open")
    assert [wish.thread] == list(other.threads.values())
    with pytest.raises(UsageError, match="no thread"):
        at_shop.orders[wish.thread]


async def test_a_wish_is_amended_and_withdrawn_in_one_dealing(alice: Customer, at_shop: CustomerRelationship) -> None:
    await alice.cast(CAST, to=[at_shop])
    (wish,) = at_shop.dealings
    await wish.amend(intent.Amend(**{**dict(CAST), "note": "brown ones"}))
    assert wish.record.cast is not None
    assert wish.record.cast.note == "brown ones"
    (made,) = wish.firm()
    await made.decline()
    assert wish.firm() == []
    await wish.withdraw()
    assert wish.state == "withdrawn"


async def test_an_offer_that_nobody_wished_for_is_found_among_the_dealings(
    at_shop: CustomerRelationship, shop: Vendor, asked: list[str]
) -> None:
    await at_shop.consents[asked[0]].grant()
    (grant,) = (each for each in at_shop.history.threads[asked[0]].entries if each.side == "customer")
    unasked = an_offer(basis={"id": grant.id, "digest": grant.digest})
    begun = await shop.relationship(at_shop.me).dealings.offer(unasked, expires="2026-07-02")
    await at_shop.collect()
    (made,) = at_shop.dealings[begun.thread].firm()
    assert made.offer.expires == "2026-07-02T00:00:00.000Z"
    order = await made.accept()
    assert order.thread in at_shop.orders


async def test_a_thread_in_which_nothing_has_taken_effect_is_in_no_namespace(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(Draft(CAST))
    await at_shop.say(intent.Withdraw(), "urn:uuid:00000000-0000-4000-8000-000000000000")  # of a thread that is not
    assert threads_of(at_shop.dealings) == [thread]
