"""What a vendor receives: one transaction with one effect, in the order that the vendor gives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from at_the_shop import (
    a_function,
    collected,
    one_that_returns_a_list,
    proffer,
    state,
    state_of,
    stored,
)
from opencmr import Vendor, consent, intent, offer, order, trust
from opencmr.errors import (
    Conflict,
    HandlerFailed,
    Overloaded,
    OverQuota,
    StoreError,
    UnknownThread,
)
from opencmr.messages import core
from opencmr.roles.vendor.transaction import EARLY_THREADS
from opencmr.store import Kept, Rows
from opencmr.testing import StandingClock
from parties import (
    CAST,
    GRANT,
    MARKETING,
    Hand,
    Street,
    an_offer,
    code_of,
    read,
    types_of,
)


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    """A street whose shops keep their stores in SQLite and in PostgreSQL in turn."""
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    """A customer who signs by hand."""
    return street.stranger()


# One transaction, one effect


@pytest.mark.requirement("RCV-13")
async def test_message_receipt_and_replies_are_on_the_disk_when_the_answer_goes_out(
    street: Street, shop: Vendor, she: Hand
) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    raw = she.write(CAST)
    answers = await shop.receive(raw)
    kept = stored(street)
    assert [one.raw for one in kept] == [raw, *answers]
    assert [one.status for one in kept] == ["entry", "receipt", "entry", "entry"]


@pytest.mark.requirement("RCV-13")
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_a_store_that_fails_half_way_keeps_neither_message_nor_receipt_nor_replies(
    street: Street, shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    shop.on(intent.Cast)(a_function)
    add, added = Rows.add_message, []

    def fails_then(self: Rows, number: int, kept: Kept) -> None:
        added.append(kept)
        if len(added) == last:
            raise StoreError("no space left on device")
        add(self, number, kept)

    raw = she.write(CAST)
    with monkeypatch.context() as broken:
        broken.setattr(Rows, "add_message", fails_then)
        with pytest.raises(Overloaded):
            await shop.receive(raw)
    assert stored(street) == []
    assert shop.history(she.did).threads == {}
    assert types_of(await shop.receive(raw)) == ["receipt", "offer.make"]


async def test_a_store_that_is_gone_makes_the_vendor_overloaded_and_not_the_sender_guilty(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(raw := she.write(CAST))
    await shop.close()
    for act in (shop.receive(raw), shop.receive(she.write(CAST)), shop.collect(she.write(core.Collect()))):
        with pytest.raises(Overloaded) as caught:
            await act
        assert (caught.value.retry, caught.value.fault) == (True, "receiver")


@pytest.mark.requirement("RCV-5", "COR-1")
async def test_ten_copies_at_once_have_one_effect_and_one_receipt(street: Street, shop: Vendor, she: Hand) -> None:
    ran: list[str] = []

    @shop.on(intent.Cast)
    async def quote(cast: Any, _: Any) -> offer.Make:
        ran.append(cast.id)
        await asyncio.sleep(0)
        return an_offer()

    raw = she.write(CAST)
    answers = await asyncio.gather(*(shop.receive(raw) for _ in range(10)))
    assert len({answer[0] for answer in answers}) == 1
    assert [len(answer) for answer in answers].count(2) == 1, "the reply goes out once; it waits in the mailbox too"
    assert len(ran) == 1
    assert [kept.type for kept in stored(street)] == ["intent.cast", "receipt", "offer.make"]


@pytest.mark.requirement("RCV-5", "RCV-7")
async def test_a_message_that_comes_again_gets_its_receipt_alone_byte_for_byte(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    first = await shop.receive(raw := she.write(CAST))
    amend = she.write(intent.Amend(**dict(CAST)), read(raw)["id"], trust.digest(raw))
    refused = await shop.receive(amend)
    assert (code_of(refused[0]), types_of(refused)) == ("stale", ["receipt"]), "what was missed is in the mailbox"
    assert await shop.receive(raw) == first[:1]
    assert await shop.receive(amend) == refused[:1], "a refusal stays a refusal"


@pytest.mark.requirement("RCV-6")
async def test_an_id_that_was_used_for_other_bytes_is_a_conflict_and_nothing_is_kept(
    street: Street, shop: Vendor, she: Hand
) -> None:
    raw = she.write(CAST)
    answers = await shop.receive(raw)
    refused = she.write(proffer("SD-BASE"), id=read(raw)["id"])
    with pytest.raises(Conflict) as caught:
        await shop.receive(refused)
    assert (caught.value.pointer, caught.value.retry) == ("/id", False)
    assert [kept.raw for kept in stored(street)] == [raw, *answers]
    other = street.stranger()
    assert state_of((await shop.receive(other.write(CAST, id=read(raw)["id"])))[0]) == ("accepted", "open")


@pytest.mark.requirement("RCV-9", "COR-10")
async def test_a_thread_of_somebody_else_is_one_that_does_not_exist(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(raw := she.write(CAST))
    thief = street.stranger()
    problems = []
    for thread in (read(raw)["id"], "urn:uuid:00000000-0000-4000-8000-000000000000"):
        with pytest.raises(UnknownThread) as caught:
            await shop.receive(thief.write(intent.Amend(**dict(CAST)), thread))
        problems.append(caught.value.as_dict())
    assert problems[0] == problems[1]
    assert (await collected(shop, thief))[0] == []


# The order that the vendor gives


@pytest.mark.requirement("SEQ-16", "COR-5")
async def test_all_words_are_numbered_across_threads_and_each_names_the_one_before(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    signed = await shop.receive(cast := she.write(CAST))
    thread, head = read(cast)["id"], trust.digest(signed[-1])
    signed += await shop.receive(amend := she.write(intent.Amend(**dict(CAST)), thread, head))
    await shop.say(she.did, an_offer("47.00"), thread)
    await shop.receive(she.write(proffer("SD-BASE")))
    await shop.receive(she.write(intent.Withdraw(), thread, trust.digest(amend)))
    entries = shop.history(she.did).threads[thread].entries
    assert [entry.type for entry in entries] == [
        "intent.cast", "offer.make", "offer.make", "intent.amend", "offer.make", "intent.withdraw",
    ]  # fmt: skip
    words = (await collected(shop, she))[0]
    assert [read(raw)["number"] for raw in words] == list(range(1, 9))
    assert [read(raw).get("prior") for raw in words] == [None, *map(trust.digest, words[:-1])]
    assert [entry.place for entry in entries] == [1, 2, 3, 4, 5, 8]
    assert all(trust.digest(words[entry.place - 1]) == entry.digest for entry in entries if entry.side == "vendor")


@pytest.mark.requirement("SEQ-18")
async def test_numbers_go_on_though_the_clock_is_set_back(street: Street, clock: StandingClock, she: Hand) -> None:
    shop = street.vendor()
    for _ in range(3):
        await shop.receive(she.write(CAST))
        clock.move(-60)
    await shop.close()
    again = street.vendor()
    await again.receive(she.write(CAST))
    words = (await collected(again, she))[0]
    assert [read(raw)["number"] for raw in words] == [1, 2, 3, 4]
    assert [read(raw)["created"][14:16] for raw in words] == ["00", "59", "58", "57"], "dates are what the clock showed"


@pytest.mark.requirement("SEQ-34")
async def test_in_the_mailbox_each_receipt_comes_after_the_message_that_it_answers(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    receipt, made = await shop.receive(cast := she.write(CAST))
    assert await shop.collect(she.write(core.Collect())) == ([cast, receipt, made], False)
    assert await shop.collect(she.write(core.Collect(limit=1))) == ([cast, receipt], True)
    assert await shop.collect(she.write(core.Collect(), seen=trust.digest(receipt))) == ([made], False)


@pytest.mark.requirement("OFR-11")
async def test_a_firm_offer_is_accepted_though_the_shop_would_rather_not_have_made_it(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    _, made = await shop.receive(cast := she.write(CAST))
    thread = read(cast)["id"]
    for amount in ("59.00", "69.00"):  # the price has gone up since
        await shop.say(she.did, an_offer(amount), thread)
    accept = offer.Accept(offer={"id": read(made)["id"], "digest": trust.digest(made)}, total=an_offer().total)
    raw = she.write(accept, thread, trust.digest(made))

    @shop.on(offer.Accept)
    def sold_out(*_: Any) -> None:
        raise LookupError("sold out")

    with pytest.raises(HandlerFailed) as caught:  # is no refusal: the customer may come again
        await shop.receive(raw)
    assert caught.value.retry
    shop.on(offer.Accept)(lambda *_: order.Cancel(reason="soldOut"))
    receipt, cancelled = await shop.receive(raw)
    assert state_of(receipt) == ("accepted", "ordered")
    assert read(cancelled)["type"] == "order.cancel"
    assert state(shop, she, raw) == "cancelled"


async def test_two_vendors_on_one_store_give_one_order(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    cast = she.write(CAST)
    await one.receive(cast)
    thread = read(cast)["id"]
    await asyncio.gather(*(vendor.say(she.did, an_offer(), thread) for vendor in (one, two) * 10))
    ours, theirs = one.history(she.did).threads[thread], two.history(she.did).threads[thread]
    assert ours.entries == theirs.entries
    assert len(ours.entries) == 21
    found, _ = await collected(two, she)
    offers = [read(raw) for raw in found if read(raw)["type"] == "offer.make"]
    assert [each["number"] for each in offers] == list(range(2, 22))
    assert [each["prior"] for each in offers] == [
        trust.digest(found[0]),
        *(entry.digest for entry in ours.entries[1:-1]),
    ]


@pytest.mark.requirement("RCV-5")
async def test_two_vendors_on_one_store_give_one_receipt_for_the_same_bytes(street: Street, she: Hand) -> None:
    one, two = street.vendor(accepts=["SD-BASE"]), street.vendor(accepts=["SD-BASE"])
    raw = she.write(proffer("SD-BASE"))
    answers = await asyncio.gather(*(vendor.receive(raw) for vendor in (one, two) * 5))
    assert len({answer[0] for answer in answers}) == 1
    assert [kept.type for kept in stored(street)] == ["terms.proffer", "receipt", "terms.accept"]


@pytest.mark.requirement("CNS-7")
async def test_a_withdrawal_that_one_has_taken_is_seen_at_once_by_the_other(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    await one.receive(grant := she.write(GRANT))
    assert two.may(she.did, **MARKETING).answer == "permit"
    await one.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert two.may(she.did, **MARKETING).answer == "deny"


@pytest.mark.requirement("SEQ-9")
async def test_only_withdrawals_that_come_before_their_threads_have_a_quota(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(grant := she.write(GRANT))

    def early(number: int) -> bytes:
        return she.write(consent.Withdraw(), f"urn:uuid:00000000-0000-4000-8000-{number:012}")

    first = early(0)
    assert state_of((await shop.receive(first))[0]) == ("moot", "none")
    for number in range(1, EARLY_THREADS):
        await shop.receive(early(number))
    with pytest.raises(OverQuota) as caught:
        await shop.receive(early(EARLY_THREADS))
    assert caught.value.retry
    again = she.write(consent.Withdraw(), read(first)["thread"], trust.digest(first))
    assert state_of((await shop.receive(again))[0]) == ("moot", "none"), "a thread that there is takes more"
    withdrawal = she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant))
    assert state_of((await shop.receive(withdrawal))[0]) == ("accepted", "withdrawn")
    other = street.stranger()
    raw = other.write(consent.Withdraw(), read(early(0))["thread"])
    assert state_of((await shop.receive(raw))[0]) == ("moot", "none"), "nobody uses up anybody else's"


@pytest.mark.requirement("SEQ-9")
async def test_two_vendors_on_one_store_have_one_quota(
    street: Street, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.transaction.EARLY_THREADS", 4)
    shops = [street.vendor(), street.vendor()]

    def early(number: int) -> bytes:
        thread = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        return she.write(consent.Withdraw(), thread)

    for number in range(4):
        await shops[number % 2].receive(early(number))
    for shop in shops:
        with pytest.raises(OverQuota):
            await shop.receive(early(4))
