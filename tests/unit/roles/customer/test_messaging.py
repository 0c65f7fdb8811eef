"""What is said is kept, and sent in order until it is answered; what waits is collected, whatever the wire does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from opencmr import Customer, Draft, Vendor, consent, intent, offer, order, terms, trust
from opencmr.errors import (
    HandlerFailed,
    Malformed,
    Overloaded,
    Problem,
    Refused,
    TooEarly,
    Unreachable,
    WrongState,
)
from opencmr.messages import core
from opencmr.protocol import roster
from opencmr.roles import ConsentInHand, CustomerRelationship
from opencmr.testing import StandingClock
from parties import CAST, GRANT, MARKETING, REQUEST, SHOP, Street, an_offer, assert_equal_histories, read, types_of

AMEND = intent.Amend(**{**dict(CAST), "note": "brown ones"})
PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
async def at_shop(street: Street, alice: Customer, shop: Vendor) -> AsyncIterator[CustomerRelationship]:
    """Alice at the shop. Afterwards, with the wire mended, both sides hold the same."""
    relationship = await alice.meet(SHOP)
    yield relationship
    street.wire.down.clear()
    street.wire.stated = None
    await relationship.sync()
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    assert relationship.misconduct == []
    assert relationship.waiting == 0


def types_in(relationship: CustomerRelationship, thread: str) -> list[str]:
    found = relationship.thread(thread)
    return [entry.type for entry in found.entries] if found else []


# Offline


@pytest.mark.requirement("TRN-6")
async def test_what_is_said_offline_is_sent_in_order_when_the_shop_can_be_reached_again(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, clock: StandingClock
) -> None:
    thread = await at_shop.say(CAST)
    await shop.say(at_shop.me, an_offer(), thread)
    await shop.say(at_shop.me, REQUEST)
    await at_shop.collect()
    street.wire.down.add(SHOP)
    for body, where in ((AMEND, thread), (PROFFER, None), (AMEND, thread), (intent.Withdraw(), thread)):
        with pytest.raises(Unreachable):
            await at_shop.say(body, where)
        clock.move(timedelta(days=1))
    assert at_shop.waiting == 4
    assert at_shop.thread(thread).state == "open", "what is pending changes no state"  # type: ignore[union-attr]
    await shop.say(at_shop.me, consent.Request(**{**dict(REQUEST), "explicit": True}))
    street.wire.down.clear()
    already = len(street.wire.sent)
    await at_shop.sync()
    assert types_of(street.wire.sent[already:]) == ["intent.amend", "terms.proffer", "intent.amend", "intent.withdraw"]
    assert types_in(at_shop, thread)[2:] == ["intent.amend", "intent.amend", "intent.withdraw"]
    assert len(at_shop.consents.in_state("requested")) == 2
    assert [thread.state for thread in at_shop.history.threads.values()].count("active") == 1


async def test_more_than_a_page_is_collected_after_days_though_something_in_it_proves_nothing(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, clock: StandingClock
) -> None:
    thread = await at_shop.say(CAST)
    for _ in range(105):
        await shop.say(at_shop.me, an_offer(), thread)
    clock.move(timedelta(days=5))
    street.wire.mail = [b"{}"]
    assert len(await at_shop.collect()) == 105
    assert len(types_in(at_shop, thread)) == 106


async def test_a_shop_whose_mailbox_never_ends_does_not_hold_the_customer(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends the same page again and again, and says that there is more."""
    await at_shop.say(CAST)
    found, _ = await shop.collect(street.hand_of(at_shop).write(core.Collect(), seen=None))
    asked: list[bytes] = []

    async def collect(endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        asked.append(raw)
        return found * 100, True

    with monkeypatch.context() as endless:
        endless.setattr(street.wire, "collect", collect)
        assert await at_shop.collect() == []
    assert len(asked) == 1


async def test_what_was_said_offline_is_still_said_after_a_restart(
    street: Street, alice: Customer, shop: Vendor
) -> None:
    relationship = await alice.meet(SHOP)
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await relationship.say(PROFFER)
    await alice.close()
    street.wire.down.clear()
    again = street.customer()
    await again.sync()
    (relationship,) = again.relationships()
    assert [thread.state for thread in relationship.history.threads.values()] == ["active"]
    assert_equal_histories(relationship.history, shop.history(relationship.me))


async def test_each_of_those_who_speak_while_the_line_is_down_is_told(
    street: Street, at_shop: CustomerRelationship
) -> None:
    street.wire.down.add(SHOP)
    said = await asyncio.gather(*(at_shop.say(PROFFER) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in said] == [Unreachable] * 3
    assert at_shop.waiting == 3


async def test_one_shop_that_is_down_does_not_keep_the_others_from_being_collected(
    street: Street, alice: Customer, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    street.vendor("did:web:other.example")
    await alice.meet("did:web:other.example")
    await at_shop.say(PROFFER)
    await shop.say(at_shop.me, REQUEST)
    street.wire.down.add("did:web:other.example")
    await alice.sync()
    assert len(at_shop.consents.in_state("requested")) == 1


# Lost answers


@pytest.mark.requirement("TRN-6", "RCV-5")
async def test_a_lost_answer_is_asked_for_with_the_same_bytes_and_the_effect_is_one(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    street.wire.lose = 3
    with pytest.raises(Unreachable):
        await at_shop.say(PROFFER)
    with pytest.raises(Unreachable):
        await at_shop.sync()
    await at_shop.sync()
    assert len(street.wire.sent) == 3
    assert len(set(street.wire.sent)) == 1
    assert len(shop.history(at_shop.me).threads) == 1
    assert [thread.state for thread in at_shop.history.threads.values()] == ["active"]


@pytest.mark.requirement("TRN-6")
async def test_a_receipt_that_was_lost_comes_with_the_mailbox_too(
    street: Street, at_shop: CustomerRelationship
) -> None:
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await at_shop.say(PROFFER)
    await at_shop.collect()
    assert at_shop.waiting == 0
    assert [thread.state for thread in at_shop.history.threads.values()] == ["active"]


@pytest.mark.requirement("TRN-8", "TRN-7")
async def test_what_a_lost_collect_would_have_brought_is_brought_by_the_next_and_receipts_go_again(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    await at_shop.say(PROFFER)
    await shop.say(at_shop.me, REQUEST)
    await at_shop.collect()
    await shop.say(at_shop.me, REQUEST)
    for _ in range(2):
        street.wire.lose = 1
        with pytest.raises(Unreachable):
            await at_shop.collect()
    assert len(at_shop.consents.in_state("requested")) == 1
    await at_shop.collect()
    assert len(at_shop.consents.in_state("requested")) == 2
    asked = [read(raw) for raw in street.wire.collects[-3:]]
    assert len({each["seen"] for each in asked}) == 1
    lost, _, third = (each["body"] for each in asked)
    assert [each["body"]["of"] for each in lost["receipts"]] == [each["body"]["of"] for each in third["receipts"]]
    await at_shop.collect()
    await at_shop.collect()
    assert "receipts" not in read(street.wire.collects[-1])["body"], "once they have been brought, they are not again"
    assert read(street.wire.collects[-1])["seen"] != asked[-1]["seen"]


@pytest.mark.requirement("SEQ-17")
async def test_answers_in_any_order_give_the_same_places(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    shop.on(intent.Cast)(lambda *_: [an_offer("48.00"), an_offer("49.00")])
    street.wire.slip = lambda answers: answers[::-1]
    thread = await at_shop.say(CAST)
    assert types_in(at_shop, thread) == ["intent.cast", "offer.make", "offer.make"]


@pytest.mark.requirement("SEQ-14", "OFR-6")
@pytest.mark.parametrize("attempt", range(4))
async def test_an_unasked_offer_is_judged_after_the_consent_on_which_it_rests_though_both_come_at_once(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, attempt: int
) -> None:
    await at_shop.say(PROFFER)
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await at_shop.say(GRANT)
    (given,) = [
        thread for thread in shop.history(at_shop.me).threads.values() if thread.entries[0].type == "consent.grant"
    ]
    entry = given.entries[0]
    thread = await shop.say(at_shop.me, an_offer(basis={"id": entry.id, "digest": entry.digest}))
    await at_shop.collect()  # brings the lost receipt, and the offer
    assert at_shop.thread(thread).state == "open"  # type: ignore[union-attr]


# Problems that are not signed


@pytest.mark.requirement("RCV-3", "TRN-6")
@pytest.mark.parametrize("problem", [HandlerFailed(), Overloaded(), TooEarly()])
async def test_an_unsigned_problem_that_may_come_good_leaves_the_message_waiting(
    street: Street, at_shop: CustomerRelationship, problem: Problem
) -> None:
    street.wire.stated = problem
    with pytest.raises(type(problem)):
        await at_shop.say(PROFFER)
    assert at_shop.waiting == 1
    assert at_shop.history.threads == {}
    street.wire.stated = None
    await at_shop.sync()
    assert len(set(street.wire.sent)) == 1


async def test_what_is_said_after_something_that_waits_is_not_taken_for_said(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    street.wire.stated = Overloaded()
    for _ in range(2):
        with pytest.raises(Overloaded):
            await at_shop.say(AMEND, thread)
    street.wire.stated = None
    await at_shop.sync()
    assert types_in(at_shop, thread) == ["intent.cast", "intent.amend", "intent.amend"]


@pytest.mark.requirement("RCV-3")
async def test_a_final_unsigned_problem_gives_a_message_up_and_refuses_nothing(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    street.wire.stated = Malformed("so says a proxy")
    with pytest.raises(Malformed):
        await at_shop.say(PROFFER)
    street.wire.stated = None
    await at_shop.sync()
    assert len(street.wire.sent) == 1
    assert at_shop.waiting == 0
    assert at_shop.history.threads == {}


@pytest.mark.requirement("RCV-3")
async def test_a_signed_receipt_counts_though_an_unsigned_problem_came_before_it(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    """The shop has taken the message, its answer was lost, and a proxy refuses the same bytes when they come again."""
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await at_shop.say(PROFFER)
    street.wire.stated = Malformed("so says a proxy")
    await at_shop.sync()
    street.wire.stated = None
    assert at_shop.misconduct == []
    assert [thread.state for thread in at_shop.history.threads.values()] == ["active"]


async def test_what_follows_a_message_that_was_given_up_is_given_up_with_it(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    street.wire.down.add(SHOP)
    for _ in range(2):
        with pytest.raises(Unreachable):
            await at_shop.say(AMEND, thread)
    street.wire.down.clear()
    street.wire.stated = Malformed("so says a proxy")
    await at_shop.sync()
    street.wire.stated = None
    assert at_shop.waiting == 0
    await at_shop.say(AMEND, thread)
    assert types_in(at_shop, thread) == ["intent.cast", "intent.amend"]


@pytest.mark.requirement("SEQ-8", "RCV-3")
@pytest.mark.parametrize("problem", [Malformed(), WrongState(), Overloaded()])
async def test_no_unsigned_problem_stops_a_withdrawal(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, problem: Problem
) -> None:
    thread = await at_shop.say(GRANT)
    street.wire.stated = problem
    with pytest.raises(type(problem)):
        await at_shop.say(consent.Withdraw(), thread)
    assert at_shop.waiting == 1
    assert shop.may(at_shop.me, **MARKETING).answer == "permit"
    street.wire.stated = None
    await at_shop.sync()
    assert shop.may(at_shop.me, **MARKETING).answer == "deny"
    assert at_shop.thread(thread).state == "withdrawn"  # type: ignore[union-attr]


@pytest.mark.requirement("SEQ-8", "SEQ-9")
async def test_what_keeps_a_grant_from_arriving_does_not_keep_its_withdrawal(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    @shop.on(consent.Grant)
    def fails(*_: object) -> None:
        raise RuntimeError("the shop's own code")

    with pytest.raises(HandlerFailed):
        await at_shop.say(GRANT)
    (grant,) = street.wire.sent
    await at_shop.say(consent.Withdraw(), read(grant)["id"])
    assert types_of(street.wire.sent) == ["consent.grant", "consent.grant", "consent.withdraw"]
    shop.on(consent.Grant)(lambda *_: None)
    await at_shop.sync()
    assert shop.may(at_shop.me, **MARKETING).answer == "deny"
    assert types_in(at_shop, read(grant)["id"]) == ["consent.withdraw"], "the late grant is barred"


@pytest.mark.requirement("SEQ-8")
async def test_a_consent_in_hand_is_withdrawn_before_it_has_its_receipt(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await at_shop.say(GRANT)
    given = ConsentInHand(at_shop, read(street.wire.sent[0])["thread"])
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await given.withdraw()
    assert at_shop.waiting == 2
    street.wire.down.clear()
    await at_shop.sync()
    assert given.state == "withdrawn"


async def test_an_answer_without_a_receipt_answers_nothing(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    street.wire.slip = lambda answers: answers[1:]
    with pytest.raises(Unreachable):
        await at_shop.say(PROFFER)
    assert at_shop.waiting == 1


# Signed refusals


@pytest.mark.requirement("RCV-4", "SEQ-4")
async def test_a_stale_word_is_refused_with_a_receipt_and_what_was_missed_is_in_the_mailbox(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    await shop.say(at_shop.me, an_offer(), thread)
    with pytest.raises(Refused) as caught:
        await at_shop.say(AMEND, thread)
    assert caught.value.problem.code == "stale"
    assert read(caught.value.receipt)["body"]["outcome"] == "refused"
    await at_shop.collect()
    assert types_in(at_shop, thread) == ["intent.cast", "offer.make"]
    await at_shop.say(AMEND, thread)
    assert types_in(at_shop, thread) == ["intent.cast", "offer.make", "intent.amend"]


@pytest.mark.requirement("RCV-4")
async def test_each_of_those_who_speak_at_once_hears_what_became_of_their_own_words(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    wrong = offer.Accept(offer={"id": thread, "digest": roster.ref("SD-BASE").digest}, total=an_offer().total)
    disclose = order.Disclose(discloses=[{"data": "pd:Name", "value": "Alice"}])
    bodies = [(PROFFER, None), (wrong, thread), (PROFFER, None), (disclose, thread)]
    syncing = asyncio.create_task(at_shop.sync())
    said = await asyncio.gather(
        *(at_shop.say(body, where, check=False) for body, where in bodies), return_exceptions=True
    )
    await syncing
    assert [type(each) for each in said] == [str, Refused, str, Refused]
    assert isinstance(said[1], Refused)
    assert said[1].problem.code == "unknown-reference"


async def test_what_expired_on_its_way_is_refused_for_good(
    street: Street, at_shop: CustomerRelationship, clock: StandingClock
) -> None:
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await at_shop.say(Draft(PROFFER, expires=timedelta(hours=1)))
    clock.move(timedelta(days=1))
    street.wire.down.clear()
    await at_shop.sync()
    assert at_shop.waiting == 0
    assert at_shop.history.threads == {}


# The customer's own receipts


@pytest.mark.requirement("COR-1", "ENV-13", "COR-5", "RCV-15")
async def test_each_message_of_the_shop_gets_a_receipt_with_the_next_collect(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    for _ in range(2):
        await shop.say(at_shop.me, an_offer(), thread)
    await at_shop.collect()
    await at_shop.collect()
    receipts = read(street.wire.collects[-1])["body"]["receipts"]
    offers = [entry.digest for entry in at_shop.history.threads[thread].entries if entry.side == "vendor"]
    assert [(each["body"]["of"], each["body"]["outcome"], each["body"]["state"]) for each in receipts] == [
        (digest, "accepted", "open") for digest in offers
    ]
    assert all("previous" not in each["body"] and "inReplyTo" not in each for each in receipts)


async def test_more_receipts_than_a_collect_holds_go_with_several(
    street: Street, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    thread = await at_shop.say(CAST)
    for _ in range(50):
        await shop.say(at_shop.me, an_offer(), thread)
    for _ in range(5):
        await at_shop.collect()
    brought = [each["body"]["of"] for raw in street.wire.collects for each in read(raw)["body"].get("receipts", [])]
    assert brought == [entry.digest for entry in at_shop.history.threads[thread].entries if entry.side == "vendor"]
    assert all(len(raw) <= trust.MAX_BYTES for raw in street.wire.collects)
