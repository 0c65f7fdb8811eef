"""A shop that breaks the rules with its own key: what a customer notices, keeps, passes over, and answers."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Vendor, consent, offer, order, terms, trust
from opencmr.errors import PROBLEMS, OpenCMRError, Refused, Unreachable, WrongState
from opencmr.messages import core
from opencmr.protocol import instant, roster
from opencmr.protocol.families.intent import Dealing
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


def codes(at_shop: CustomerRelationship) -> list[str]:
    return [each.code for each in at_shop.noticed]


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
    return {each["body"]["of"]: trust.canonicalize(each) for each in receipts}


# What is noticed


@pytest.mark.requirement("SEQ-29", "SEQ-30")
@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_words_of_one_number_both_are_kept_and_nobody_is_accused(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, at_once: bool
) -> None:
    number, prior = at_shop.history.chain.next, at_shop.history.chain.tip
    one = hand.write(an_offer("48.00"), thread, expires=TOMORROW, number=number, prior=prior)
    two = hand.write(an_offer("49.00"), thread, expires=TOMORROW, number=number, prior=prior)
    if at_once:
        await hear(street, at_shop, one, two)
    else:
        await hear(street, at_shop, one)
        assert at_shop.noticed == []
        await hear(street, at_shop, two)
    assert codes(at_shop) == ["split"]
    assert set(at_shop.noticed[0].words) == {trust.digest(one), trust.digest(two)}
    assert at_shop.misconduct == []
    assert at_shop.history.chain.tip == trust.digest(two), "the chain is the path of the vendor's last word"
    assert {one, two} <= {each.raw for each in kept(street)}, "the evidence"
    again = street.customer().relationships()[0]
    assert (again.thread(thread), again.noticed) == (at_shop.thread(thread), at_shop.noticed), "for good"


@pytest.mark.requirement("SEQ-30")
@pytest.mark.parametrize("answered", ["here", "missing"])
async def test_what_waits_of_another_branch_takes_no_place_of_the_path_of_the_vendors_last_word(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, answered: str
) -> None:
    """Of two branches that part once more, the wallet goes on along the one that the last answer brought."""
    chain = at_shop.history.chain

    def offered(total: str, number: int, prior: str | None) -> bytes:
        return hand.write(an_offer(total), thread, expires=TOMORROW, number=number, prior=prior)

    number = chain.next
    left = offered("47.00", number, chain.tip)
    shared = offered("48.00", number, chain.tip)
    waits = offered("49.00", number + 1, trust.digest(shared))
    if answered == "here":
        taken = offered("50.00", number + 1, trust.digest(shared))
    else:
        body = {"of": trust.digest(b"what nobody said"), "outcome": "accepted", "state": "open"}
        taken = hand.write(body, thread, type="receipt", number=number + 1, prior=trust.digest(shared))
    last = offered("51.00", number + 2, trust.digest(taken))
    await hear(street, at_shop, left, waits)
    assert at_shop.history.chain.tip == trust.digest(left)
    await hear(street, at_shop, shared, taken, last)
    path = [shared, taken, last] if answered == "here" else [shared]
    assert at_shop.history.chain.digests[number - 1 :] == [trust.digest(each) for each in path]


@pytest.mark.requirement("SEQ-26", "SEQ-27")
@pytest.mark.parametrize("how", ["on a branch", "behind a gap", "refused", "under another state"])
async def test_a_no_counts_by_any_receipt_whatever_place_or_outcome_it_names(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, how: str
) -> None:
    """Of the kind of hostile 30: a fork voided a receipted withdrawal."""
    given = await at_shop.say(GRANT)
    assert at_shop.may(**MARKETING)
    chain = at_shop.history.chain
    place = {
        "on a branch": {"number": chain.next - 1, "prior": chain.digests[-2]},
        "behind a gap": {"number": chain.next + 7, "prior": trust.digest(b"nothing")},
    }.get(how, {})

    def answer(_: list[bytes]) -> list[bytes]:
        if how == "refused":
            return [hand.refusal(street.wire.sent[-1], WrongState("we would rather not"))]
        state = "given" if how == "under another state" else "withdrawn"
        return [hand.receipt(street.wire.sent[-1], body={"state": state}, **place)]

    street.wire.down.add(SHOP)  # it answers nothing else
    reach, street.wire._reach = street.wire._reach, lambda _: None  # type: ignore[method-assign]
    street.wire.slip = answer
    with suppress(OpenCMRError):
        await at_shop.say(consent.Withdraw(), given)
    street.wire._reach = reach  # type: ignore[method-assign]
    assert not at_shop.may(**MARKETING)
    assert not street.customer().relationships()[0].may(**MARKETING), "and after a restart"


@pytest.mark.requirement("COR-1")
async def test_two_receipts_for_one_message_are_noticed_and_the_first_counts(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, hand: Hand
) -> None:
    thread = await at_shop.say(GRANT)
    (grant,) = street.wire.sent
    for second in (hand.receipt(grant, body={"state": "given"}), hand.refusal(grant, WrongState())):
        await hear(street, at_shop, second)
        assert second in [each.raw for each in kept(street)]
    assert codes(at_shop) == ["answered-twice"] * 2
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


@pytest.mark.requirement("SEQ-18")
@pytest.mark.parametrize("created", [EARLIER, "2026-07-01T12:00:00.000Z"])
async def test_dates_order_nothing(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, created: str
) -> None:
    street.clock.move(60)
    one = hand.write(an_offer("48.00"), thread, expires=TOMORROW)
    two = hand.write(an_offer("49.00"), thread, expires=TOMORROW, created=created)
    await hear(street, at_shop, two, one)
    assert at_shop.noticed == []
    assert digests(at_shop, thread)[1:] == [trust.digest(one), trust.digest(two)]
    again = street.customer()
    assert again.relationships()[0].thread(thread) == at_shop.thread(thread), "a restart folds in the same order"


@pytest.mark.parametrize("receipt", [True, False])
async def test_two_messages_of_one_id_are_noticed_and_the_first_counts(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, hand: Hand, receipt: bool
) -> None:
    """Whatever it sends, what else is in the mailbox is still collected."""
    one = hand.write(an_offer("48.00"), thread, expires=TOMORROW)
    await hear(street, at_shop, one)
    street.clock.move(1)
    if receipt:
        street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "given"}, id=read(one)["id"])]
        await at_shop.say(GRANT)  # the shop is handed back what its own key has signed, and answers again
    else:
        two = hand.write(an_offer("1.00"), thread, expires=TOMORROW, id=read(one)["id"])
        await hear(street, at_shop, two)
        assert [entry.outcome for entry in at_shop.history.threads[thread].entries] == ["accepted", "accepted", "void"]
    assert codes(at_shop)[0] == "conflict"
    assert len(at_shop.misconduct) == 1
    await shop.say(at_shop.me, REQUEST)
    await at_shop.sync()
    assert len(at_shop.consents.in_state("requested")) == 1
    assert at_shop.waiting == 0


@pytest.mark.requirement("SEQ-17", "SEQ-29")
async def test_a_message_whose_predecessor_is_missing_waits_for_it_and_is_no_fork(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    one = hand.write(an_offer("48.00"), thread, expires=TOMORROW)
    street.clock.move(1)
    two = hand.write(an_offer("49.00"), thread, expires=TOMORROW)
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
        {"body": {"offer": {"id": "", "digest": ""}, "total": {"amount": "49.00", "currency": "EUR"}}},
        "wrong-side",
        "/type",
    ),
}


@pytest.mark.requirement("RCV-15", "SEQ-10", "OFR-1", "OFR-4", "COR-1", "ENV-13")
@pytest.mark.parametrize("why", VOID)
async def test_a_void_message_keeps_its_place_has_no_effect_and_is_refused_with_a_signed_receipt(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand, why: str
) -> None:
    type_, members, code, pointer = VOID[why]
    said = {"body": an_offer().wire(), "expires": TOMORROW, **members}
    if type_ == "offer.accept":
        said["body"] = {**said["body"], "offer": {"id": thread, "digest": digests(at_shop, thread)[-1]}}
    before = at_shop.thread(thread)
    void = hand.write(said.pop("body"), thread, type=type_, **said)
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
    good = hand.write(an_offer("47.00"), thread, expires=TOMORROW)
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
    agreement = await at_shop.agreements.proffer("SD-BASE")
    street.clock.move(1)
    wrong = hand.write(terms.Accept(terms=roster.ref("SD-BASE-A")), agreement.thread)
    await hear(street, at_shop, wrong)
    assert (agreement.state, agreement.terms) == ("proffered", None)
    assert code_of((await brought(street, at_shop))[trust.digest(wrong)]) == "terms-not-offered"


# What is passed over


async def forgeries(street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand) -> dict[str, bytes]:
    good = hand.write(an_offer(), thread, expires=TOMORROW)
    stranger, changed = street.stranger(at_shop.me), {**read(good), "created": LATER}
    made = (an_offer(), thread)
    nobody = Hand(hand.did, hand.to, stranger.key, hand.method, hand.clock)
    return {
        "no JSON": b"<html>",
        "not canonical": good + b"\n",
        "changed after it was signed": trust.canonicalize(changed),
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
        trust.canonicalize({**read(good), "created": LATER}),
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


@pytest.mark.requirement("SEQ-18", "SEQ-22")
@pytest.mark.parametrize("seconds", [-3600, -300.001, 300.001, 86_400])
async def test_a_receipt_of_a_wrong_date_is_a_receipt_and_the_person_is_told(
    street: Street, at_shop: CustomerRelationship, hand: Hand, seconds: float
) -> None:
    created = instant(street.clock() + timedelta(seconds=seconds))
    street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "given"}, created=created)]
    thread = await at_shop.say(GRANT)
    assert at_shop.history.threads[thread].entries[0].at == created
    assert (at_shop.waiting, at_shop.misconduct) == (0, [])
    assert codes(at_shop) == (["date-ahead"] if seconds > 600 else [])
    assert at_shop.may(**MARKETING), "now, every word that is held counts"


@pytest.mark.requirement("RCV-12", "TRN-8")
async def test_what_is_dated_ahead_takes_its_place_at_once(
    street: Street, at_shop: CustomerRelationship, shop: Vendor, thread: str, clock: StandingClock
) -> None:
    clock.move(601)  # for a while the shop's clock was wrong
    await shop.say(at_shop.me, REQUEST)
    clock.move(-601)
    assert len(await at_shop.collect()) == 1
    assert len(at_shop.consents.in_state("requested")) == 1
    assert (codes(at_shop), at_shop.misconduct) == (["date-ahead"], [])


async def test_the_same_bytes_over_another_way_are_one_message_with_one_receipt(
    street: Street, at_shop: CustomerRelationship, thread: str, hand: Hand
) -> None:
    made = hand.write(an_offer(), thread, expires=TOMORROW)
    await hear(street, at_shop, made, made)
    first = await brought(street, at_shop)
    await hear(street, at_shop, made)
    assert len(first) == 1
    assert await brought(street, at_shop) == {}
    assert isinstance(record := at_shop.records[thread], Dealing)
    assert len(record.offers) == 1
    assert isinstance(record.offers[0].body, offer.Make)
