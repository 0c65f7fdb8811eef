"""Intents, offers and orders in hand. Both sides fold alike."""

import asyncio
import json
from datetime import timedelta

import pytest

from opencmr import Customer, Draft, Vendor, intent, offer, order
from opencmr.errors import Problem, Unreachable, UsageError
from opencmr.roles import AgreementInHand, Casting, CustomerRelationship, OrderInHand
from opencmr.testing import StandingClock
from parties import (
    CAST,
    OTHER,
    SHOP,
    Street,
    an_offer,
    assert_equal_histories,
    read,
)

MORE = intent.Amend(**{**dict(CAST), "note": "brown ones"})


HOME = {"pd:PhysicalAddress": {"streetAddress": "Elm Street 1"}}


@pytest.mark.requirement("INT-5", "IDN-2")
async def test_an_intent_to_two_shops_has_two_keys_two_threads_and_no_id_in_common(
    street: Street, alice: Customer, shop: Vendor, other: Vendor
) -> None:
    both = [await alice.meet(SHOP), await alice.meet(OTHER)]
    await alice.cast(CAST, to=both)
    one, two = (read(raw) for raw in street.wire.sent)
    for member in ("id", "from", "thread", "to"):
        assert one[member] != two[member]
    assert one["proof"]["verificationMethod"] != two["proof"]["verificationMethod"]
    seen = [json.dumps(read(raw)) for raw in street.wire.sent]
    assert one["from"] not in seen[1]
    assert two["from"] not in seen[0]


async def test_offers_of_all_shops_come_cheapest_first(alice: Customer, shop: Vendor, other: Vendor) -> None:
    cast = await alice.cast(CAST, to=[await alice.meet(SHOP), await alice.meet(OTHER)])
    assert [made.total.amount async for made in cast.offers()] == ["47.00", "49.00"]


async def test_a_shop_that_is_named_twice_is_asked_once(street: Street, alice: Customer, shop: Vendor) -> None:
    relationship = await alice.meet(SHOP)
    cast = await alice.cast(CAST, to=[relationship, relationship])
    assert len(street.wire.sent) == len(cast.firm()) == 1


async def test_a_shop_that_cannot_be_reached_does_not_keep_an_intent_from_the_others(
    street: Street, alice: Customer, shop: Vendor, other: Vendor
) -> None:
    both = [await alice.meet(SHOP), await alice.meet(OTHER)]
    street.wire.down.add(SHOP)
    cast = await alice.cast(CAST, to=both)
    assert [made.total.amount for made in cast.firm()] == ["47.00"]
    assert both[0].waiting == 1
    street.wire.down.clear()
    await alice.sync()
    assert both[0].waiting == 0
    assert [len(each.records) for each in both] == [1, 1], "it has been cast to the other one after all"


async def test_an_intent_that_no_shop_took_is_an_error(
    street: Street, alice: Customer, shop: Vendor, other: Vendor
) -> None:
    both = [await alice.meet(SHOP), await alice.meet(OTHER)]
    street.wire.down |= {SHOP, OTHER}
    with pytest.raises(Unreachable):
        await alice.cast(CAST, to=both[:1])
    with pytest.raises(ExceptionGroup):
        await alice.cast(CAST, to=both)
    with pytest.raises(UsageError):
        await alice.cast(CAST, to=[])


async def test_withdrawing_an_intent_reaches_all_shops_though_one_is_down(
    street: Street, alice: Customer, shop: Vendor, other: Vendor
) -> None:
    both = [await alice.meet(SHOP), await alice.meet(OTHER)]
    cast = await alice.cast(CAST, to=both)
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await cast.withdraw()
    threads = [cast.threads[each] for each in both]
    assert other.history(both[1].me).threads[threads[1]].state == "withdrawn"
    street.wire.down.clear()
    await alice.sync()
    assert shop.history(both[0].me).threads[threads[0]].state == "withdrawn"


async def test_an_intent_is_withdrawn_everywhere_but_where_it_became_an_order(
    alice: Customer, shop: Vendor, other: Vendor
) -> None:
    both = [await alice.meet(SHOP), await alice.meet(OTHER)]
    cast = await alice.cast(CAST, to=both)
    bought = await cast.accept(cast.firm()[0])
    await cast.withdraw(but=bought)
    assert [each.thread(cast.threads[each]).state for each in both] == ["withdrawn", "confirmed"]  # type: ignore[union-attr]
    for each, vendor in zip(both, (shop, other), strict=True):
        assert_equal_histories(each.history, vendor.history(each.me))


async def test_offers_end_at_once_without_a_time_and_at_their_time_with_one(
    alice: Customer, at_shop: CustomerRelationship, clock: StandingClock
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    async with asyncio.timeout(5):
        for until in (None, 0, 0.05, timedelta(seconds=-5), "2026-01-01", clock() - timedelta(hours=1)):
            assert len([made async for made in cast.offers(until=until)]) == 1


async def test_an_offer_that_comes_later_is_told_as_soon_as_it_comes(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    told: list[str] = []
    async with asyncio.timeout(5):
        async for made in cast.offers(until=30):
            told.append(made.total.amount)
            if len(told) == 2:
                break
            await shop.say(at_shop.me, an_offer("45.00"), made.thread)
    assert told == ["49.00", "45.00"]


async def test_waiting_for_offers_does_not_hammer_a_shop_that_is_down(
    street: Street, alice: Customer, at_shop: CustomerRelationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    asked: list[int] = []

    async def collect(wait: float = 0) -> list[str]:
        asked.append(1)
        raise Unreachable("down")

    monkeypatch.setattr(at_shop, "collect", collect)
    assert len([made async for made in cast.offers(until=0.1)]) == 1
    assert len(asked) <= 2
    monkeypatch.undo()


async def test_only_offers_that_are_still_firm_are_told(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor, clock: StandingClock
) -> None:
    shop.on(intent.Cast)(lambda *_: [an_offer("1.00"), Draft(an_offer("2.00"), expires=timedelta(hours=1)), an_offer()])
    cast = await alice.cast(CAST, to=[at_shop], expires=timedelta(days=1))
    await cast.firm()[0].decline(note="too cheap to be true")
    clock.move(timedelta(hours=2))
    assert [made.total.amount for made in cast.firm()] == ["49.00"]


async def test_an_order_runs_to_its_end(alice: Customer, at_shop: CustomerRelationship, shop: Vendor) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    assert bought.state == "confirmed"
    await bought.disclose(HOME)
    waiting = asyncio.create_task(bought.reaches("done"))
    for status in ("shipped", "done"):
        await shop.say(at_shop.me, order.Fulfil(status=status), bought.thread)
    async with asyncio.timeout(10):
        assert await waiting
    assert await bought.reaches("done", "cancelled", within=0)
    assert not await bought.reaches("open", within=0)


@pytest.mark.requirement("DEC-11", "DEC-12")
async def test_an_order_may_be_performed_on_its_own_data_until_it_is_done_whatever_else_was_taken_back(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    agreement = await at_shop.agreements.proffer("SD-BASE")
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    await bought.disclose(HOME)
    await agreement.terminate()
    deliver = {"action": "dpv:Use", "purpose": "dpv:DeliveryOfGoods", "data": "pd:PhysicalAddress"}
    decision = shop.may(at_shop.me, **deliver, thread=bought.thread)
    assert (decision.answer, decision.reason) == ("permit", "order-live")
    assert shop.may(at_shop.me, **deliver).answer == "deny", "what is not asked of the order's data"
    await shop.say(at_shop.me, order.Fulfil(status="done"), bought.thread)
    assert shop.may(at_shop.me, **deliver, thread=bought.thread).reason != "order-live"


async def test_an_order_is_cancelled_and_settled_by_the_shop(
    alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    await bought.cancel()
    await shop.say(at_shop.me, order.Cancel(reason="asWished", refund=an_offer().total), bought.thread)
    await at_shop.collect()
    assert (bought.state, bought.record.settled) == ("cancelled", True)


@pytest.mark.requirement("ORD-1")
async def test_nothing_is_disclosed_before_there_is_an_order(
    street: Street, alice: Customer, at_shop: CustomerRelationship
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    sent = len(street.wire.sent)
    early = OrderInHand(at_shop, cast.threads[at_shop])
    with pytest.raises(Problem) as caught:
        await early.disclose(HOME)
    assert caught.value.code == "wrong-state"
    assert len(street.wire.sent) == sent
    assert at_shop.waiting == 0


@pytest.mark.requirement("ORD-1")
async def test_nothing_is_disclosed_while_the_acceptance_has_no_receipt_yet(
    street: Street, alice: Customer, at_shop: CustomerRelationship
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await cast.accept(cast.firm()[0])
    with pytest.raises(Problem) as caught:
        await OrderInHand(at_shop, cast.threads[at_shop]).disclose(
            {"pd:PhysicalAddress": {"streetAddress": "Elm Street 1"}}
        )
    assert caught.value.code == "wrong-state"
    await at_shop.sync()
    await OrderInHand(at_shop, cast.threads[at_shop]).disclose(
        {"pd:PhysicalAddress": {"streetAddress": "Elm Street 1"}}
    )


async def test_what_the_state_does_not_allow_is_refused_here_already(
    street: Street, alice: Customer, at_shop: CustomerRelationship, clock: StandingClock
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    (made,) = cast.firm()
    clock.move(timedelta(days=8))
    sent = len(street.wire.sent)
    for act, code in (
        (made.accept(), "offer-not-firm"),
        (at_shop.say(offer.Accept(offer=made.offer.ref, total=an_offer("1.00").total), made.thread), "offer-not-firm"),
        (at_shop.say(order.Fulfil(status="done"), made.thread), "wrong-state"),
        (at_shop.say(MORE, "urn:uuid:00000000-0000-4000-8000-000000000000"), "unknown-reference"),
    ):
        with pytest.raises(Problem) as caught:
            await act
        assert caught.value.code == code
    assert len(street.wire.sent) == sent


async def test_a_handle_of_another_kind_of_thread_shows_no_record(at_shop: CustomerRelationship) -> None:
    agreement = await at_shop.agreements.proffer("SD-BASE")
    with pytest.raises(UsageError):
        _ = OrderInHand(at_shop, agreement.thread).record
    nothing = AgreementInHand(at_shop, "urn:uuid:00000000-0000-4000-8000-000000000000")
    assert nothing.state == "none"
    with pytest.raises(UsageError):
        _ = nothing.record
    assert Casting({at_shop: agreement.thread}).firm() == []
