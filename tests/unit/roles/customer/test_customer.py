"""The customer: keys of their own for everybody, kept before they are used."""

import asyncio

import pytest

from opencmr import Customer, Draft, Vendor, terms, trust
from opencmr.errors import KeyFileError, StoreError, Unreachable, UsageError
from opencmr.roles import CustomerRelationship
from opencmr.store import KeyFile
from opencmr.transport import Found
from parties import (
    CAST,
    MARKETING,
    OTHER,
    SHOP,
    Street,
)

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
    await at_shop.agreements.proffer("SD-BASE")
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
    agreement = await alice.relationships()[1].agreements.proffer("SD-BASE")
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
        await relationship.agreements.proffer("SD-BASE")
    assert street.wire.sent == []


async def test_what_cannot_be_sent_is_the_callers_mistake(street: Street, at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError):
        await at_shop.say(Draft(CAST, expires="tomorrow"))
    with pytest.raises(UsageError):
        await at_shop.say(Draft(CAST, ext={"no uri": 1}))
    assert street.wire.sent == []


async def test_a_restart_loses_nothing(street: Street, alice: Customer, at_shop: CustomerRelationship) -> None:
    await at_shop.agreements.proffer("SD-BASE")
    given = await at_shop.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    cast = await alice.cast(CAST, to=[at_shop])
    await cast.accept(cast.firm()[0])
    await given.withdraw()
    before = at_shop.history
    again = street.customer()
    (relationship,) = again.relationships()
    assert (relationship.me, relationship.history.threads) == (at_shop.me, before.threads)
    assert relationship.may(**MARKETING).answer == "deny"
