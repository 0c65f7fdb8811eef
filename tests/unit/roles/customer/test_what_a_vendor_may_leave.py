"""A vendor may leave so much in a wallet and no more; nothing that it was told of is lost, and a no still gets out."""

from pathlib import Path

import pytest

from flooding import FLOODER, Flooder
from flooding import Street as Flooded
from opencmr import Customer, Quota, Vendor, consent, trust
from opencmr.errors import QuotaExceeded, Unreachable
from opencmr.roles import CustomerRelationship
from opencmr.roles.customer import collecting
from opencmr.roles.customer.quota import MOST_WAITING
from opencmr.testing import StandingClock
from parties import GRANT, REQUEST, SHOP, Street, assert_equal_histories
from soak.flooded_wallet import live

SMALL = Quota(collect=4 * 1024, relationship=24 * 1024)


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor()


@pytest.fixture
def alice(street: Street) -> Customer:
    return street.customer(quota=SMALL)


@pytest.fixture
async def full(alice: Customer, shop: Vendor) -> CustomerRelationship:
    """A relationship whose vendor has said more than there is room for, and to whom something was granted."""
    relationship = await alice.meet(SHOP)
    await relationship.say(GRANT)
    for _ in range(20):
        await shop.say(relationship.me, REQUEST)
    while relationship.size < SMALL.relationship:
        await relationship.collect()
    return relationship


async def test_a_collect_ends_after_its_bytes_and_the_next_one_goes_on(tmp_path: Path, clock: StandingClock) -> None:
    flooder = Flooder(clock, page=10_000, word=1_000)
    quota = Quota(collect=15_000)
    async with Customer.open(tmp_path / "alice.db", network=Flooded(flooder), clock=clock, quota=quota) as alice:
        relationship = await alice.meet(FLOODER)
        first, second = await relationship.collect(), await relationship.collect()
        assert relationship.history.chain.digests == [*first, *second]
        assert 30_000 < flooder.said <= 40_000, "two pages each"


async def test_a_vendor_that_doles_out_its_words_holds_nobody_who_collects_or_says_no(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_LONGEST", 0.0)  # each page is one too late
    flooder = Flooder(clock, page=2_000, word=1_000)
    async with Customer.open(tmp_path / "alice.db", network=Flooded(flooder), clock=clock) as alice:
        relationship = await alice.meet(FLOODER)
        first, second = await relationship.collect(), await relationship.collect()
        assert relationship.history.chain.digests == [*first, *second]
        assert flooder.said <= 4_000, "a page each, though each says that there is more"


@pytest.mark.requirement("TRN-8")
async def test_what_there_is_no_room_for_waits_at_the_vendor_until_there_is(
    street: Street, shop: Vendor, full: CustomerRelationship, alice: Customer
) -> None:
    assert SMALL.relationship <= full.size < SMALL.relationship + 8 * 1024
    asked = len(street.wire.collects)
    with pytest.raises(QuotaExceeded) as caught:
        await full.collect()
    assert len(street.wire.collects) == asked, "who is full is not asked for more"
    assert (caught.value.vendor, caught.value.quota) == (SHOP, SMALL.relationship)
    assert caught.value.size == full.size
    assert full.noticed == [], "more than there is room for is no misconduct"
    await alice.close()
    again = street.customer()
    (relationship,) = again.relationships()
    await relationship.sync()
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    assert len(relationship.consents.in_state("requested")) == 20


@pytest.mark.parametrize("why", ["full", "muted"])
async def test_a_no_goes_out_and_its_receipt_is_taken_where_nothing_else_is(
    shop: Vendor, full: CustomerRelationship, why: str, alice: Customer, street: Street
) -> None:
    (granted,) = full.consents.in_state("given")
    if why == "muted":
        await full.mute()
    await granted.withdraw()
    assert shop.history(full.me).threads[granted.thread].state == "withdrawn"
    assert not full.waits()
    assert full.waiting == 1, "its place comes with what the vendor said before"
    size = full.size
    await alice.sync()
    assert full.size == size
    await alice.close()
    (relationship,) = street.customer().relationships()
    await relationship.unmute()
    await relationship.sync()
    assert relationship.waiting == 0
    assert_equal_histories(relationship.history, shop.history(relationship.me))


async def test_what_needs_its_place_says_that_the_quota_is_in_the_way(full: CustomerRelationship) -> None:
    with pytest.raises(QuotaExceeded):
        await full.say(GRANT)
    assert full.waiting == 1


async def test_a_restored_vendor_is_handed_back_its_words_by_a_wallet_that_is_full(
    street: Street, shop: Vendor, full: CustomerRelationship
) -> None:
    again = street.vendor(file="anew", keys=street.folder / "shop.example.keys")
    (granted,) = full.consents.in_state("given")
    await granted.withdraw()
    assert again.history(full.me).threads[granted.thread].state == "withdrawn"


# Muting


async def test_from_a_muted_vendor_nothing_is_collected_also_after_a_restart_until_it_is_unmuted(
    street: Street, shop: Vendor
) -> None:
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    thread = await relationship.say(GRANT)
    await relationship.mute()
    await shop.say(relationship.me, REQUEST)
    await alice.close()
    alice = street.customer()
    (relationship,) = alice.relationships()
    assert relationship.muted
    assert await alice.sync() == {}
    assert street.wire.collects == []
    await relationship.say(consent.Withdraw(), thread)
    assert shop.history(relationship.me).threads[thread].state == "withdrawn"
    with pytest.raises(Unreachable, match="unmute"):
        await relationship.say(GRANT)
    await relationship.unmute()
    await relationship.sync()
    assert not relationship.muted
    assert_equal_histories(relationship.history, shop.history(relationship.me))


async def test_what_a_muted_vendor_sends_behind_a_receipt_is_left(street: Street, shop: Vendor) -> None:
    relationship = await street.customer().meet(SHOP)
    await relationship.mute()
    hand = street.vendors_hand(relationship)

    def slip(answers: list[bytes]) -> list[bytes]:
        return [*answers, hand.write(REQUEST, number=2, prior=trust.digest(answers[0]))]

    street.wire.slip = slip
    await relationship.say(GRANT)
    assert relationship.consents.in_state("requested") == []
    assert relationship.waiting == 0


# Hostile vendors


@pytest.mark.parametrize("kind", ["gap", "receipts"])
async def test_words_whose_predecessor_is_missing_are_kept_up_to_a_number(
    tmp_path: Path, clock: StandingClock, kind: str
) -> None:
    flooder = Flooder(clock, page=25_000, word=300, kind=kind)
    async with Customer.open(tmp_path / "alice.db", network=Flooded(flooder), clock=clock) as alice:
        relationship = await alice.meet(FLOODER)
        for _ in range(5):
            await relationship.collect()
        assert relationship.history.chain.next <= 2
        kept = alice._store.read(lambda rows: len(rows.with_status(1, "waiting")))
        assert kept <= MOST_WAITING
        assert relationship.size < 2 * 1024 * MOST_WAITING


async def test_a_year_of_a_hostile_vendors_mail_leaves_a_wallet_small_and_the_others_at_work(tmp_path: Path) -> None:
    months = await live(tmp_path, 4, Quota(collect=30_000, relationship=128 * 1024), syncs=3, page=60_000, word=3_000)
    assert [month.wrong for month in months] == [[]] * 4
    assert sum(month.sent for month in months) > 3 * 128 * 1024
