"""A shop that breaks the rules with its own key: what a customer notices, keeps, passes over, and answers."""

from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Vendor, consent, intent, offer, order, terms, trust
from opencmr.errors import PROBLEMS, Misconduct, Refused, Unreachable, WrongState
from opencmr.messages import core
from opencmr.protocol import Dealing, instant, roster
from opencmr.roles import CustomerRelationship
from opencmr.store import Kept, Store
from opencmr.testing import StandingClock
from parties import CAST, GRANT, MARKETING, REQUEST, SHOP, Hand, Street, an_offer, code_of, read

LATER, EARLIER = "2026-07-01T12:30:00.000Z", "2026-07-01T11:00:00.000Z"
TOMORROW = "2026-07-02T12:00:00.000Z"


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def alice(street: Street) -> Customer:
    return street.customer()


@pytest.fixture
async def at_shop(alice: Customer, shop: Vendor) -> CustomerRelationship:
    return await alice.meet(SHOP)


@pytest.fixture
async def thread(at_shop: CustomerRelationship, clock: StandingClock) -> str:
    """The thread of an intent."""
    thread = await at_shop.say(CAST)
    clock.move(1)
    return thread


@pytest.fixture
def hand(street: Street, at_shop: CustomerRelationship) -> Hand:
    """The shop's own key."""
    return street.vendors_hand(at_shop)


def head(at_shop: CustomerRelationship, thread: str) -> str:
    known = at_shop.thread(thread)
    return (known.head if known else None) or ""


def kept(street: Street) -> list[Kept]:
    with Store(street.folder / "alice.db", read_only=True) as store:
        return store.read(lambda rows: [kept for peer in rows.peers() for kept in rows.everything(peer.number)])


def digests(at_shop: CustomerRelationship, thread: str) -> list[str]:
    known = at_shop.thread(thread)
    return [entry.digest for entry in known.entries] if known else []


async def hear(street: Street, at_shop: CustomerRelationship, *raws: bytes) -> list[str]:
    """What of this took its place when it was collected."""
    street.wire.mail = list(raws)
    return await at_shop.collect()


async def brought(street: Street, at_shop: CustomerRelationship) -> dict[str, bytes]:
    """The receipts that the next collect brings: digest → receipt."""
    await at_shop.collect()
    receipts = read(street.wire.collects[-1])["body"].get("receipts", [])
    return {each["body"]["of"]: trust.write(each) for each in receipts}


# What is noticed


@pytest.mark.requirement("SEQ-13")
@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_entries_with_one_predecessor_the_first_stays_and_both_are_kept(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, at_once: bool
) -> None:
    before = head(at_shop, thread)
    one = hand.write(an_offer("48.00"), thread, before, expires=TOMORROW)
    two = hand.write(an_offer("49.00"), thread, before, expires=TOMORROW)
    if at_once:
        await hear(street, at_shop, one, two)
    else:
        await hear(street, at_shop, one)
        assert at_shop.misconduct == []
        assert await hear(street, at_shop, two) == []
    assert len(at_shop.misconduct) == 1
    assert digests(at_shop, thread) == [before, trust.digest(one)]
    assert {one, two} <= {each.raw for each in kept(street)}, "the evidence"
    receipts = await brought(street, at_shop)
    assert code_of(receipts[trust.digest(two)]) == "stale-head"
    if at_once:
        assert code_of(receipts[trust.digest(one)]) is None
    again = street.customer()
    assert again.relationships()[0].thread(thread) == at_shop.thread(thread)
    assert await hear(street, at_shop, two) == []
    assert len(at_shop.misconduct) == 1, "once told is enough"


@pytest.mark.requirement("SEQ-13")
async def test_two_openings_of_one_thread_are_a_fork(street: Street, at_shop: CustomerRelationship, hand: Hand) -> None:
    one = hand.write(REQUEST)
    two = hand.write(consent.Request(**{**dict(REQUEST), "explicit": True}), id=read(one)["id"])
    await hear(street, at_shop, one)
    assert await hear(street, at_shop, two) == []
    assert len(at_shop.misconduct) == 1
    assert digests(at_shop, read(one)["id"]) == [trust.digest(one)]


@pytest.mark.requirement("SEQ-13")
async def test_a_receipt_that_names_a_predecessor_twice_is_a_fork(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, hand: Hand
) -> None:
    """The shop places the amendment where its own offer stands already."""
    first = head(at_shop, thread)
    await shop.say(at_shop.me, an_offer(), thread)
    await at_shop.collect()
    place = digests(at_shop, thread)
    street.clock.move(60)
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await at_shop.say(intent.Amend(**dict(CAST)), thread)
    street.wire.down.clear()
    (pending,) = [each.raw for each in kept(street) if each.status == "pending"]
    await hear(street, at_shop, hand.receipt(pending, body={"previous": first, "state": "open"}))
    assert len(at_shop.misconduct) == 1
    assert digests(at_shop, thread) == place


@pytest.mark.requirement("SEQ-13", "COR-1")
async def test_two_receipts_for_one_message_are_noticed_and_the_first_counts(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, hand: Hand
) -> None:
    thread = await at_shop.say(GRANT)
    (grant,) = street.wire.sent
    for second in (hand.receipt(grant, body={"state": "given"}), hand.refusal(grant, WrongState())):
        await hear(street, at_shop, second)
        assert second in [each.raw for each in kept(street)]
    assert len(at_shop.misconduct) == 2
    assert at_shop.thread(thread) == shop.history(at_shop.me).threads[thread]
    again = street.customer()
    assert again.relationships()[0].thread(thread) == at_shop.thread(thread)


@pytest.mark.requirement("SEQ-12", "COR-5")
@pytest.mark.parametrize(("outcome", "said"), [("accepted", "withdrawn"), ("moot", "given"), ("accepted", "no-such")])
async def test_a_receipt_that_says_another_state_changes_nothing_and_is_noticed(
    street: Street, at_shop: CustomerRelationship, hand: Hand, outcome: str, said: str
) -> None:
    street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], outcome, body={"state": said})]
    thread = await at_shop.say(GRANT)
    assert at_shop.thread(thread).state == "given"  # type: ignore[union-attr]
    assert at_shop.may(**MARKETING).answer == "permit"
    assert len(at_shop.misconduct) == 1


@pytest.mark.requirement("SEQ-8")
async def test_a_withdrawal_that_is_refused_is_noticed_and_the_refusal_kept(
    street: Street, at_shop: CustomerRelationship, hand: Hand
) -> None:
    thread = await at_shop.say(GRANT)
    street.clock.move(1)
    street.wire.slip = lambda _: [hand.refusal(street.wire.sent[-1], WrongState("we would rather not"))]
    with pytest.raises(Refused) as caught:
        await at_shop.say(consent.Withdraw(), thread)
    assert len(at_shop.misconduct) == 1
    assert caught.value.receipt in [each.raw for each in kept(street)]


@pytest.mark.requirement("SEQ-3")
@pytest.mark.parametrize("created", [EARLIER, "2026-07-01T12:00:00.000Z"])
async def test_an_entry_dated_before_the_one_that_it_follows_is_noticed_and_stays_behind_it(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, created: str
) -> None:
    street.clock.move(60)
    one = hand.write(an_offer("48.00"), thread, head(at_shop, thread), expires=TOMORROW)
    two = hand.write(an_offer("49.00"), thread, trust.digest(one), expires=TOMORROW, created=created)
    await hear(street, at_shop, two, one)
    assert len(at_shop.misconduct) == 1
    assert digests(at_shop, thread)[1:] == [trust.digest(one), trust.digest(two)]
    again = street.customer()
    assert again.relationships()[0].thread(thread) == at_shop.thread(thread), "a restart folds in the same order"


@pytest.mark.parametrize("receipt", [True, False])
async def test_two_messages_of_one_id_are_noticed_and_the_first_counts(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, hand: Hand, receipt: bool
) -> None:
    """Whatever it sends, what else is in the mailbox is still collected."""
    one = hand.write(an_offer("48.00"), thread, head(at_shop, thread), expires=TOMORROW)
    await hear(street, at_shop, one)
    street.clock.move(1)
    if receipt:
        street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "given"}, id=read(one)["id"])]
        with pytest.raises(Misconduct):
            await at_shop.say(GRANT)
        assert at_shop.waiting == 1
    else:
        two = hand.write(an_offer("1.00"), thread, trust.digest(one), expires=TOMORROW, id=read(one)["id"])
        assert await hear(street, at_shop, two) == []
    assert len(at_shop.misconduct) == 1
    assert digests(at_shop, thread)[1:] == [trust.digest(one)]
    await shop.say(at_shop.me, REQUEST)
    await at_shop.sync()
    assert len(at_shop.requests()) == 1
    assert at_shop.waiting == 0


@pytest.mark.requirement("SEQ-13")
async def test_a_message_whose_predecessor_is_missing_waits_for_it_and_is_no_fork(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    one = hand.write(an_offer("48.00"), thread, head(at_shop, thread), expires=TOMORROW)
    street.clock.move(1)
    two = hand.write(an_offer("49.00"), thread, trust.digest(one), expires=TOMORROW)
    assert await hear(street, at_shop, two) == []
    assert len(digests(at_shop, thread)) == 1
    assert await hear(street, at_shop, one) == [trust.digest(one), trust.digest(two)]
    assert at_shop.misconduct == []


# What is void

TOO_LONG = "x" * 3000
VOID: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "a total that is no sum": (
        "offer.make",
        {"body": {**an_offer().wire(), "total": {"amount": "1.00", "currency": "EUR"}}},
        "wrong-total",
        "/body/total",
    ),
    "terms that the intent does not name": (
        "offer.make",
        {"body": an_offer(under="SD-BASE-A").wire()},
        "terms-not-offered",
        "/body/under/id",
    ),
    "an end before its beginning": ("offer.make", {"expires": EARLIER}, "expired", "/expires"),
    "no end": ("offer.make", {"expires": None}, "malformed", "/expires"),
    "a member that nobody knows": (
        "offer.make",
        {"body": {**an_offer().wire(), "trackers": "all"}},
        "malformed",
        "/body/trackers",
    ),
    "a member with a name that is too long for a receipt": (
        "offer.make",
        {"body": {**an_offer().wire(), TOO_LONG: "all"}},
        "malformed",
        "/body",
    ),
    "a body that is empty": ("offer.make", {"body": {}}, "malformed", "/body/lines"),
    "a type that nobody knows": ("offer.insist", {}, "unsupported-type", "/type"),
    "a want that there is not": (
        "offer.make",
        {"body": {**an_offer().wire(), "lines": [{**an_offer().wire()["lines"][0], "want": 7}]}},
        "unknown-reference",
        "/body/lines/0/want",
    ),
    "an order that there is not": (
        "order.confirm",
        {"body": order.Confirm(reference="R1", total=an_offer().total).wire(), "expires": None},
        "wrong-state",
        "/type",
    ),
    "an acceptance of its own offer": (
        "offer.accept",
        {"body": {"offer": {"id": "", "digest": ""}, "total": {"amount": "49.00", "currency": "EUR"}}, "expires": None},
        "wrong-side",
        "/type",
    ),
}


@pytest.mark.requirement("RCV-15", "SEQ-10", "OFR-1", "OFR-4", "COR-1", "COR-4")
@pytest.mark.parametrize("why", VOID)
async def test_a_void_message_keeps_its_place_has_no_effect_and_is_refused_with_a_signed_receipt(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, why: str
) -> None:
    type_, members, code, pointer = VOID[why]
    said = {"body": an_offer().wire(), "expires": TOMORROW, **members}
    if type_ == "offer.accept":
        said["body"] = {**said["body"], "offer": {"id": thread, "digest": head(at_shop, thread)}}
    envelope = {name: value for name, value in said.items() if name != "body" and value is not None}
    before = at_shop.thread(thread)
    void = hand.write(said["body"], thread, head(at_shop, thread), type=type_, **envelope)
    assert await hear(street, at_shop, void) == [trust.digest(void)]
    after = at_shop.thread(thread)
    assert before is not None
    assert after is not None
    assert after.record == before.record
    assert [entry.outcome for entry in after.entries] == ["accepted", "void"]
    receipt = (await brought(street, at_shop))[trust.digest(void)]
    body = read(receipt)["body"]
    assert (body["outcome"], code_of(receipt), body["problem"].get("pointer")) == ("refused", code, pointer)
    assert body["problem"]["status"] == PROBLEMS[code].status
    street.clock.move(1)
    good = hand.write(an_offer("47.00"), thread, trust.digest(void), expires=TOMORROW)
    await hear(street, at_shop, good)
    record = at_shop.records[thread]
    assert isinstance(record, Dealing)
    assert [made.body.total.amount for made in record.offers] == ["47.00"], "the thread goes on after it"
    assert street.customer().relationships()[0].thread(thread) == at_shop.thread(thread)
    assert at_shop.misconduct == []


@pytest.mark.requirement("RCV-12")
async def test_an_offer_that_was_made_in_time_stands_though_it_is_collected_too_late(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, clock: StandingClock
) -> None:
    await shop.say(at_shop.me, an_offer(), thread)
    clock.move(timedelta(days=30))
    await at_shop.collect()
    record = at_shop.records[thread]
    assert isinstance(record, Dealing)
    assert [made.state for made in record.offers] == ["firm"]
    assert record.firm(at_shop.now()) == []
    assert (record, record.offers) == (shop.relationship(at_shop.me).records[thread], record.offers)


@pytest.mark.requirement("TRM-4")
async def test_a_shop_that_accepts_what_was_not_proffered_binds_nobody(
    street: Street, at_shop: CustomerRelationship, hand: Hand, shop: Vendor
) -> None:
    shop.on(terms.Proffer)(lambda *_: None)
    agreement = await at_shop.proffer("SD-BASE")
    street.clock.move(1)
    wrong = hand.write(terms.Accept(terms=roster.ref("SD-BASE-A")), agreement.thread, head(at_shop, agreement.thread))
    await hear(street, at_shop, wrong)
    assert (agreement.state, agreement.terms) == ("proffered", None)
    assert code_of((await brought(street, at_shop))[trust.digest(wrong)]) == "terms-not-offered"


# What is passed over


async def forgeries(street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand) -> dict[str, bytes]:
    good = hand.write(an_offer(), thread, head(at_shop, thread), expires=TOMORROW)
    stranger, changed = street.stranger(at_shop.me), {**read(good), "created": LATER}
    made = (an_offer(), thread, head(at_shop, thread))
    nobody = Hand(hand.did, hand.to, stranger.key, hand.method, hand.clock)
    return {
        "no JSON": b"<html>",
        "not canonical": good + b"\n",
        "changed after it was signed": trust.write(changed),
        "signed with somebody else's key": nobody.write(*made, expires=TOMORROW),
        "somebody else": stranger.write(*made, expires=TOMORROW),
        "for somebody else": hand.write(*made, expires=TOMORROW, to=stranger.did),
        "a key of another name": Hand(hand.did, hand.to, hand.key, SHOP + "#key-2", hand.clock).write(
            *made, expires=TOMORROW
        ),
        "an envelope that is wrong": hand.write(*made, expires="soon"),
        "a collect": hand.write(core.Collect()),
    }


@pytest.mark.requirement("IDN-5", "IDN-9", "RCV-8", "COR-7")
async def test_what_the_shop_has_not_said_changes_nothing_and_gets_no_receipt(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    before, stored = at_shop.history.threads, kept(street)
    for name, forged in (await forgeries(street, at_shop, thread, hand)).items():
        assert await hear(street, at_shop, forged) == [], name
    assert at_shop.history.threads == before
    assert kept(street) == stored
    assert at_shop.misconduct == []
    assert await brought(street, at_shop) == {}


@pytest.mark.requirement("COR-7")
async def test_a_receipt_that_is_not_the_shops_or_is_of_something_else_answers_nothing(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await at_shop.say(GRANT)
    street.wire.down.clear()
    (pending,) = [each.raw for each in kept(street) if each.status == "pending"]
    stranger = street.stranger(at_shop.me)
    good, given = hand.receipt(pending, body={"state": "given"}), {"state": "given"}
    nowhere = "urn:uuid:00000000-0000-4000-8000-000000000000"
    for forged in (
        stranger.receipt(pending, body=given),
        trust.write({**read(good), "created": LATER}),
        hand.write({"of": trust.digest(pending), "outcome": "accepted", **given}, nowhere, type="receipt"),
        hand.write({"of": trust.digest(b"{}"), "outcome": "accepted", **given}, thread, type="receipt"),
        hand.receipt(pending, body={**given, "reason": "none"}),
        hand.receipt(street.hand_of(at_shop).receipt(good), body=given),
    ):
        await hear(street, at_shop, forged)
        assert at_shop.waiting == 1
    assert at_shop.misconduct == []
    await hear(street, at_shop, good)
    assert at_shop.waiting == 0


@pytest.mark.requirement("COR-1")
async def test_a_receipt_for_a_receipt_is_no_misconduct_and_nothing_else(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, hand: Hand
) -> None:
    await shop.say(at_shop.me, an_offer(), thread)
    await at_shop.collect()
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await at_shop.collect()  # the shop has the customer's receipt now; the customer doesn't know
    (ours,) = [each.raw for each in kept(street) if each.status == "unsent"]
    await hear(street, at_shop, hand.receipt(ours, body={"state": "open"}))
    assert at_shop.misconduct == []
    assert len(digests(at_shop, thread)) == 2


@pytest.mark.requirement("SEQ-11", "COR-6")
@pytest.mark.parametrize(
    ("seconds", "taken"),
    [(-300, True), (-300.001, False), (-3600, False), (300, True), (300.001, False), (9**9, False)],
)
async def test_a_receipt_is_taken_within_five_minutes_of_its_message_and_of_the_customers_clock(
    street: Street, at_shop: CustomerRelationship, hand: Hand, seconds: float, taken: bool
) -> None:
    created = instant(street.clock() + timedelta(seconds=seconds))
    street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "given"}, created=created)]
    if taken:
        thread = await at_shop.say(GRANT)
        assert at_shop.history.threads[thread].entries[0].at == created
    else:
        with pytest.raises(Unreachable):
            await at_shop.say(GRANT)
        assert at_shop.history.threads == {}
        assert at_shop.waiting == 1
        await at_shop.sync()
        assert at_shop.waiting == 0, "the shop's own receipt is good"


@pytest.mark.requirement("RCV-10", "TRN-8")
async def test_what_is_dated_ahead_is_left_in_the_mailbox_until_its_time_has_come(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, clock: StandingClock
) -> None:
    clock.move(601)  # for a while the shop's clock was wrong
    await shop.say(at_shop.me, REQUEST)
    clock.move(-601)
    for _ in range(2):
        assert await at_shop.collect() == []
    assert at_shop.requests() == []
    clock.move(302)
    assert len(await at_shop.collect()) == 1
    assert len(at_shop.requests()) == 1
    assert at_shop.misconduct == []


async def test_the_same_bytes_over_another_way_are_one_message_with_one_receipt(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    made = hand.write(an_offer(), thread, head(at_shop, thread), expires=TOMORROW)
    await hear(street, at_shop, made, made)
    first = await brought(street, at_shop)
    await hear(street, at_shop, made)
    assert len(first) == 1
    assert await brought(street, at_shop) == {}
    assert isinstance(record := at_shop.records[thread], Dealing)
    assert len(record.offers) == 1
    assert isinstance(record.offers[0].body, offer.Make)


@pytest.mark.requirement("SEQ-15")
async def test_a_later_word_cannot_be_dated_before_what_was_heard_first(
    street: Street, at_shop: CustomerRelationship, hand: Hand
) -> None:
    """Else a vendor could turn the customer's last word into an earlier one, and so lift it."""
    street.clock.move(60)
    first = await at_shop.say(GRANT)
    street.clock.move(1)
    early = "2026-07-01T12:00:30.000Z"
    street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "withdrawn"}, created=early)]
    with pytest.raises(Misconduct):
        await at_shop.say(consent.Withdraw(), first)
    assert at_shop.waiting == 1, "it is sent again"
