"""The customer: keys of their own for everybody, terms, consents, offers and orders. Both sides fold alike."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Draft, Policy, Vendor, consent, intent, offer, order, terms, trust
from opencmr.errors import KeyFileError, Problem, StoreError, Unreachable, UsageError
from opencmr.messages.personal import Datum
from opencmr.messages.types import Code, Party, TermsDocument
from opencmr.protocol import roster
from opencmr.roles import AgreementInHand, Casting, CustomerRelationship, OrderInHand
from opencmr.store import KeyFile
from opencmr.testing import StandingClock
from opencmr.transport import Found
from parties import (
    CAST,
    MARKETING,
    OTHER,
    REQUEST,
    SHOP,
    Street,
    an_offer,
    assert_equal_histories,
    read,
)

MORE = intent.Amend(**{**dict(CAST), "note": "brown ones"})

HOME = {"pd:PhysicalAddress": {"streetAddress": "Elm Street 1"}}


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


# Meeting


@pytest.mark.requirement("IDN-1", "IDN-2", "INT-5")
async def test_every_vendor_sees_another_key(alice: Customer, shop: Vendor, other: Vendor) -> None:
    one, two = await alice.meet(SHOP), await alice.meet(OTHER)
    assert one.me != two.me
    assert all(each.me.startswith("did:key:z6Mk") for each in (one, two))
    assert alice.relationships() == [one, two]


async def test_meeting_again_finds_the_same_relationship_even_at_once_and_after_a_restart(
    street: Street, alice: Customer, shop: Vendor
) -> None:
    met = await asyncio.gather(*(alice.meet(SHOP) for _ in range(5)))
    assert {id(each) for each in met} == {id(met[0])}
    await alice.close()
    street.wire.down.add(SHOP)
    again = await street.customer().meet(SHOP)
    assert again.me == met[0].me


async def test_a_key_is_on_the_disk_before_it_is_used(street: Street, alice: Customer, shop: Vendor) -> None:
    relationship = await alice.meet(SHOP)
    key = KeyFile(street.folder / "alice.keys").get(relationship.me)
    assert key.did == relationship.me


async def test_who_cannot_be_found_is_not_met(street: Street, alice: Customer) -> None:
    with pytest.raises(Unreachable):
        await alice.meet(SHOP)
    assert alice.relationships() == []


@pytest.mark.requirement("IDN-5", "IDN-6", "COR-7")
async def test_keys_are_pinned_when_a_relationship_begins_and_a_changed_document_changes_nothing(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody takes over the web site: its document names their key, and they sign as the shop."""
    await at_shop.proffer("SD-BASE")
    (thread,) = at_shop.history.threads.values()
    thief = trust.SigningKey.generate()

    async def find(did: str) -> Found:
        raise AssertionError("who is known is not looked up again")

    monkeypatch.setattr(street.wire, "find", find)
    assert await street.customer("alice").meet(SHOP)
    hand = street.vendors_hand(at_shop)
    for method in (hand.method, SHOP + "#key-2"):
        stolen = type(hand)(hand.did, hand.to, thief, method, hand.clock, hand.chain)
        street.wire.mail = [stolen.write(terms.Terminate(), thread.id)]
        assert await at_shop.collect() == []
    assert at_shop.history.threads[thread.id] == thread


async def test_two_wallets_on_one_file_see_each_others_relationships(
    street: Street, alice: Customer, shop: Vendor, other: Vendor
) -> None:
    phone = street.customer()
    one, two = await alice.meet(SHOP), await phone.meet(OTHER)
    assert [each.me for each in alice.relationships()] == [one.me, two.me]
    assert [each.me for each in phone.relationships()] == [one.me, two.me]
    agreement = await alice.relationships()[1].proffer("SD-BASE")
    assert phone.relationships()[1].thread(agreement.thread) == alice.relationships()[1].thread(agreement.thread)


async def test_a_sealed_wallet_opens_with_its_passphrase_alone(street: Street, shop: Vendor) -> None:
    alice = street.customer(passphrase="correct horse")
    me = (await alice.meet(SHOP)).me
    await alice.close()
    with pytest.raises(KeyFileError):
        street.customer()
    assert street.customer(passphrase="correct horse").relationships()[0].me == me


async def test_a_closed_wallet_says_nothing(street: Street, shop: Vendor) -> None:
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    await alice.close()
    with pytest.raises(StoreError):
        await relationship.proffer("SD-BASE")
    assert street.wire.sent == []


# Terms


async def test_terms_that_the_shop_accepts_bind(at_shop: CustomerRelationship, shop: Vendor) -> None:
    agreement = await at_shop.proffer("SD-BASE-DP", "SD-BASE", note="as always")
    assert agreement.state == "active"
    assert agreement.terms == roster.document("SD-BASE")
    assert agreement.counter is None
    await agreement.terminate()
    assert agreement.state == "terminated"


async def test_without_a_word_the_policys_terms_are_proffered(street: Street, shop: Vendor) -> None:
    alice = street.customer(policy=Policy(proffers=["SD-BASE-A", "SD-BASE"]))
    agreement = await (await alice.meet(SHOP)).proffer()
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
    agreement = await relationship.proffer("SD-BASE")
    assert asked == [(OTHER, "SD-BASE-A")]
    assert agreement.state == ("active" if answer else "declined")
    assert_equal_histories(relationship.history, other.history(relationship.me))


async def test_a_counter_that_the_policy_takes_is_taken_without_asking(street: Street, other: Vendor) -> None:
    def ask(*_: Any) -> bool:
        raise AssertionError("nobody is asked")

    alice = street.customer(policy=Policy(takes=["SD-BASE-A"], ask=ask))
    agreement = await (await alice.meet(OTHER)).proffer("SD-BASE")
    assert (agreement.state, agreement.terms) == ("active", roster.document("SD-BASE-A"))


async def test_a_counter_that_nobody_decides_stays_open_until_the_customer_does(alice: Customer, other: Vendor) -> None:
    relationship = await alice.meet(OTHER)
    first, second = await relationship.proffer("SD-BASE"), await relationship.proffer("SD-BASE")
    assert first.state == second.state == "countered"
    assert first.counter == roster.document("SD-BASE-A")
    await first.accept()
    await second.decline()
    assert (first.state, second.state) == ("active", "declined")
    assert_equal_histories(relationship.history, other.history(relationship.me))


async def test_nothing_can_be_taken_where_there_is_no_counter(at_shop: CustomerRelationship) -> None:
    agreement = await at_shop.proffer("SD-BASE")
    with pytest.raises(UsageError):
        await agreement.accept()


# Consents


@pytest.fixture
async def asked(at_shop: CustomerRelationship, shop: Vendor) -> Any:
    """A consent that the shop asks for: `news` and `calls`."""
    await at_shop.proffer("SD-BASE")
    await shop.say(at_shop.me, REQUEST)
    await at_shop.collect()
    (asked,) = at_shop.requests()
    return asked


async def test_a_request_is_granted_in_part_and_withdrawn_by_key(
    asked: Any, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    calls = {**MARKETING, "data": "pd:TelephoneNumber"}
    await asked.grant("news")
    assert {key: item.state for key, item in asked.record.items.items()} == {"news": "given", "calls": "requested"}
    assert (at_shop.may(**MARKETING).answer, at_shop.may(**calls).answer) == ("permit", "deny")
    assert at_shop.requests() == []
    await asked.grant("calls", until="2026-08-01")
    assert (shop.may(at_shop.me, **calls).answer, asked.record.items["calls"].until[:10]) == ("permit", "2026-08-01")
    await asked.withdraw("news")
    assert (at_shop.may(**MARKETING).answer, at_shop.may(**calls).answer) == ("deny", "permit")
    assert asked.state == "given"
    await asked.withdraw()
    assert asked.state == "withdrawn"
    assert shop.may(at_shop.me, **calls).answer == "deny"


async def test_a_request_is_granted_whole_where_no_key_is_named(asked: Any) -> None:
    await asked.grant()
    assert {item.state for item in asked.record.items.values()} == {"given"}


async def test_a_request_is_granted_more_narrowly_in_the_customers_own_words(asked: Any) -> None:
    news = consent.GrantItem(
        key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"], channels=["email"]
    )
    await asked.grant(items=[news])
    assert asked.record.items["news"].item.channels == ["email"]
    assert asked.record.items["calls"].state == "requested"


async def test_a_request_is_refused(asked: Any, at_shop: CustomerRelationship) -> None:
    await asked.refuse("calls")
    assert asked.state == "requested"
    await asked.refuse(reason="no")
    assert asked.state == "refused"
    assert at_shop.requests() == []
    assert at_shop.consents()[0].thread == asked.thread


async def test_what_was_not_asked_is_not_granted_as_asked(asked: Any, at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError):
        await asked.grant("letters")
    given = await at_shop.grant(purpose="dpv:DirectMarketing", data=["pd:Name"], until="2027-01-01")
    with pytest.raises(UsageError):
        await given.grant()


@pytest.mark.requirement("DEC-8")
async def test_a_consent_that_nobody_asked_for_says_in_words_what_it_says(
    at_shop: CustomerRelationship, shop: Vendor, street: Street
) -> None:
    plain = await at_shop.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    assert "2027-01-01" in read(street.wire.sent[-1])["body"]["statement"]
    await at_shop.grant(
        purpose="dpv:DirectMarketing", data=["pd:Age"], until="2027-01-01", actions=["dpv:Use"], channels=["sms"],
        recipients=[Party(name="Post", role="processor")], topics=[Code(scheme="text", code="bikes")],
    )  # fmt: skip
    bounds = "by the vendor and Post over a text message about bikes until 2027-01-01"
    assert bounds in read(street.wire.sent[-1])["body"]["statement"]
    sent, many = len(street.wire.sent), [Party(name=f"{number:0200}", role="processor") for number in range(30)]
    with pytest.raises(UsageError, match="statement="):
        await at_shop.grant(purpose="dpv:DirectMarketing", data=["pd:Age"], until="2027-01-01", recipients=many)
    assert len(street.wire.sent) == sent
    own = await at_shop.grant(
        purpose=["dpv:DirectMarketing"], data=["pd:Name"], until=timedelta(days=1), actions=["dpv:Use"],
        channels=["email"], recipients=[Party(name="Post", role="processor")], statement="By e-mail, if you must.",
    )  # fmt: skip
    assert read(street.wire.sent[-1])["body"]["statement"] == "By e-mail, if you must."
    assert plain.state == own.state == "given"
    name = {**MARKETING, "data": "pd:Name"}
    answers = [at_shop.may(**name, channel=channel).answer for channel in ("email", "phone", None)]
    assert answers == ["permit", "deny", "deny"]
    assert at_shop.may(**MARKETING, recipient=SHOP).answer == "permit"


@pytest.mark.requirement("DEC-23", "CNS-12")
async def test_a_consent_about_topics_brings_the_address_and_permits_no_other_topic(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    bikes, shoes = (Code(scheme="text", code=code) for code in ("bikes", "shoes"))
    address = Datum(data="pd:EmailAddress", value="alice@moser.example")
    given = await at_shop.grant(
        purpose="dpv:DirectMarketing", data=["pd:Contact"], until="2027-01-01", actions=["dpv:Use"],
        channels=["email", "messenger"], topics=[bikes], discloses=[address],
    )  # fmt: skip
    asked = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress", "channel": "email"}
    known = shop.relationship(at_shop.me)
    for side in (at_shop, known):
        answers = [side.may(**asked, topic=topic).answer for topic in (bikes, shoes, None)]  # type: ignore[attr-defined]
        assert answers == ["permit", "deny", "deny"]
    assert known.may(**{**asked, "channel": "signal"}, topic=bikes)
    assert known.records[given.thread].as_dict()["disclosed"][0]["data"] == "pd:EmailAddress"


@pytest.mark.requirement("DEC-23")
async def test_a_topic_that_is_no_code_is_the_callers_mistake_on_both_sides(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    await at_shop.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01",
        topics=[Code(scheme="text", code="bikes")],
    )  # fmt: skip
    for side in (at_shop, shop.relationship(at_shop.me)):
        with pytest.raises(UsageError, match=r"Code\(scheme='text', code='bikes'\)"):
            side.may(**MARKETING, topic="bikes")  # type: ignore[attr-defined]


async def test_a_value_that_has_not_the_shape_of_its_term_is_the_callers_mistake(
    alice: Customer, at_shop: CustomerRelationship
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    with pytest.raises(UsageError, match=r"^order\.disclose at /discloses/0: pd:PhysicalAddress: Input"):
        await OrderInHand(at_shop, cast.threads[at_shop]).disclose({"pd:PhysicalAddress": "Elm Street 1"})


@pytest.mark.requirement("CNS-7")
async def test_a_withdrawal_holds_at_once_on_both_sides_whatever_their_clocks_show(
    street: Street, shop: Vendor, clock: StandingClock
) -> None:
    """The shop's clock is four minutes ahead, so that is where the withdrawal has its place."""
    alice = street.customer(clock=lambda: clock() - timedelta(minutes=4))
    relationship = await alice.meet(SHOP)
    given = await relationship.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    assert relationship.may(**MARKETING).answer == shop.may(relationship.me, **MARKETING).answer == "permit"
    await given.withdraw()
    assert relationship.may(**MARKETING).answer == shop.may(relationship.me, **MARKETING).answer == "deny"


# Intents, offers, orders


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
    agreement = await at_shop.proffer("SD-BASE")
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
    agreement = await at_shop.proffer("SD-BASE")
    with pytest.raises(UsageError):
        _ = OrderInHand(at_shop, agreement.thread).record
    nothing = AgreementInHand(at_shop, "urn:uuid:00000000-0000-4000-8000-000000000000")
    assert nothing.state == "none"
    with pytest.raises(UsageError):
        _ = nothing.record
    assert Casting({at_shop: agreement.thread}).firm() == []


async def test_what_cannot_be_sent_is_the_callers_mistake(street: Street, at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError):
        await at_shop.say(Draft(CAST, expires="tomorrow"))
    with pytest.raises(UsageError):
        await at_shop.say(Draft(CAST, ext={"no uri": 1}))
    assert street.wire.sent == []


async def test_a_restart_loses_nothing(street: Street, alice: Customer, at_shop: CustomerRelationship) -> None:
    await at_shop.proffer("SD-BASE")
    given = await at_shop.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    cast = await alice.cast(CAST, to=[at_shop])
    await cast.accept(cast.firm()[0])
    await given.withdraw()
    before = at_shop.history
    again = street.customer()
    (relationship,) = again.relationships()
    assert (relationship.me, relationship.history.threads) == (at_shop.me, before.threads)
    assert relationship.may(**MARKETING).answer == "deny"
