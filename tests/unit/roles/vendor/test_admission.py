"""What strangers take is bounded for all of them together; nobody else notices."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from opencmr import Limits, Rate, Vendor, consent, terms, trust
from opencmr.errors import OverQuota
from opencmr.protocol import roster
from opencmr.roles.vendor import admission
from opencmr.roles.vendor.admission import COME_AGAIN
from parties import CAST, GRANT, MARKETING, SHOP, Hand, Street, read, types_of

PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
ADDRESS = "203.0.113.9"
A_THREAD = "urn:uuid:0190c1de-0000-4000-8000-000000000001"


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
async def known(street: Street) -> Hand:
    """A customer, before strangers came."""
    shop = street.vendor()
    hand = street.stranger()
    await shop.receive(hand.write(GRANT))
    return hand


@pytest.fixture
async def fellow(street: Street) -> tuple[Hand, bytes]:
    """A stranger who came before the others, and their wish."""
    shop = street.vendor()
    hand = street.stranger()
    await shop.receive(cast := hand.write(CAST))
    return hand, cast


@pytest.fixture
def full(street: Street, known: Hand, fellow: tuple[Hand, bytes]) -> Vendor:
    return street.vendor(limits=Limits(strangers=1))


async def test_a_stranger_is_told_when_to_come_again_where_strangers_take_too_much(
    street: Street, full: Vendor
) -> None:
    for body in (CAST, PROFFER, GRANT):
        with pytest.raises(OverQuota) as refused:
            await full.receive((hand := street.stranger()).write(body))
        assert refused.value.retry_after == COME_AGAIN
        assert hand.did not in [one.customer for one in full.relationships()]


async def test_a_stranger_of_before_says_nothing_more_that_binds_nobody(
    street: Street, full: Vendor, fellow: tuple[Hand, bytes]
) -> None:
    hand, cast = fellow
    receipt = trust.digest((await full.receive(cast))[0])
    with pytest.raises(OverQuota):
        await full.receive(hand.write(CAST, seen=receipt))
    assert types_of(await full.receive(hand.write(GRANT, seen=receipt))) == ["receipt"]
    assert types_of(await full.receive(hand.write(CAST, seen=full.history(hand.did).chain.tip))) == ["receipt"]


async def test_customers_and_every_no_go_on(street: Street, full: Vendor, known: Hand) -> None:
    assert types_of(await full.receive(known.write(CAST, seen=full.history(known.did).chain.tip))) == ["receipt"]
    stranger = street.stranger()
    assert types_of(await full.receive(stranger.write(consent.Withdraw(), read(stranger.write(GRANT))["id"]))) == [
        "receipt"
    ]
    assert full.may(known.did, **MARKETING)


async def let_in(street: Street, *shops: Vendor) -> int:
    """How many strangers are let in, at these processes in turn, until one is not."""
    for count in range(100):
        try:
            await shops[count % len(shops)].receive(street.stranger().write(CAST))
        except OverQuota:
            return count
    return 100


async def test_two_processes_count_what_both_have_let_in(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "FRESH", 0.0)
    limits = Limits(strangers=10_000)
    assert 2 < await let_in(street, street.vendor(limits=limits), street.vendor(limits=limits)) < 6


async def test_what_this_process_lets_in_counts_at_once(street: Street) -> None:
    assert 2 < await let_in(street, street.vendor(limits=Limits(strangers=10_000))) < 10


async def test_there_is_room_again_once_something_is_forgotten(
    street: Street, full: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "FRESH", 0.0)
    street.clock.move(timedelta(days=31))
    assert full._forgetting is not None
    await full._forgetting.step()
    assert types_of(await full.receive(street.stranger().write(CAST))) == ["receipt"]


async def test_who_hands_back_what_was_forgotten_waits_for_room_as_well(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "FRESH", 0.0)
    shop = street.vendor(limits=Limits(strangers=1))
    relationship = await street.customer().meet(SHOP)
    await relationship.say(CAST)
    street.clock.move(timedelta(days=31))
    assert shop._forgetting is not None
    await shop._forgetting.step()
    await shop.receive(street.stranger().write(CAST))  # there was room for one
    with pytest.raises(OverQuota):
        await relationship.collect()


async def test_a_no_of_a_stranger_is_not_held_back_by_others_who_began_at_their_address(street: Street) -> None:
    shop = street.vendor(limits=Limits(newcomers=Rate(0.1, 1)))
    await shop.receive(street.stranger().write(CAST), ADDRESS)
    with pytest.raises(OverQuota):
        await shop.receive(street.stranger().write(CAST), ADDRESS)
    no = consent.Withdraw()
    assert types_of(await shop.receive((hand := street.stranger()).write(no, A_THREAD), ADDRESS)) == ["receipt"]
    with pytest.raises(OverQuota) as later:  # a rate and no refusal: the same bytes are taken then
        await shop.receive(street.stranger().write(no, A_THREAD), ADDRESS)
    assert later.value.retry_after == 10
    assert types_of(await shop.receive(hand.write(no, A_THREAD), ADDRESS)) == ["receipt"]


async def test_what_a_stranger_binds_the_vendor_to_keep_is_bounded_in_bytes_at_each_address(street: Street) -> None:
    shop = street.vendor(limits=Limits(volume=Rate(1e-3, 5 * len(street.stranger().write(GRANT)) // 2)))
    for _ in range(2):
        await shop.receive((hand := street.stranger()).write(GRANT), ADDRESS)
    with pytest.raises(OverQuota):
        await shop.receive(street.stranger().write(GRANT), ADDRESS)
    assert len(shop.relationships()) == 2
    assert shop.may(hand.did, **MARKETING)
    assert types_of(await shop.receive(hand.write(consent.Withdraw(), A_THREAD), ADDRESS)) == ["receipt"]
    assert types_of(await shop.receive(street.stranger().write(GRANT), "203.0.113.10")) == ["receipt"]


async def test_so_many_newcomers_come_from_one_address(street: Street, known: Hand) -> None:
    shop = street.vendor(limits=Limits(newcomers=Rate(0.1, 2)))
    for _ in range(2):
        await shop.receive((hand := street.stranger()).write(CAST), ADDRESS)
    with pytest.raises(OverQuota) as refused:
        await shop.receive(street.stranger().write(CAST), ADDRESS)
    assert refused.value.retry_after == 10
    for sender, address in ((known, ADDRESS), (hand, ADDRESS), (street.stranger(), "203.0.113.10")):
        raw = sender.write(CAST, seen=shop.history(sender.did).chain.tip)
        assert types_of(await shop.receive(raw, address)) == ["receipt"]
