"""The vendor: how it is opened, what it says and decides, and a restart."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from at_the_shop import collected, one_that_returns_a_list, one_that_returns_nothing, proffer, state_of, stored
from opencmr import Draft, Vendor, consent, intent, order, terms, trust
from opencmr.errors import (
    HandlerFailed,
    OverQuota,
    UsageError,
)
from opencmr.protocol import roster
from opencmr.protocol.families.intent import Dealing
from opencmr.testing import StandingClock
from parties import (
    CAST,
    GRANT,
    MARKETING,
    NEW_YEAR,
    OTHER,
    REQUEST,
    SHOP,
    Hand,
    Street,
    an_offer,
    read,
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


# Opening


@pytest.mark.parametrize("more", [{"accepts": ["NO-SUCH"]}, {"counter": "NO-SUCH"}, {"did": "did:key:z6Mk"}])
def test_a_vendor_that_cannot_be_is_not_opened(street: Street, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        street.vendor(**more)
    assert list(street.folder.iterdir()) == []


def test_the_key_file_of_another_vendor_is_not_taken(street: Street, shop: Vendor) -> None:
    with pytest.raises(UsageError):
        street.vendor(OTHER, keys=street.folder / "shop.example.keys")


# Saying and deciding


async def test_nothing_is_said_to_somebody_who_never_spoke(street: Street, shop: Vendor, she: Hand) -> None:
    with pytest.raises(UsageError):
        await shop.say(she.did, REQUEST)
    with pytest.raises(UsageError):
        await shop.relationship(she.did).say(REQUEST)
    assert shop.relationships() == []
    assert stored(street) == []


async def test_what_may_not_be_said_is_not_said(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(cast := she.write(CAST))
    thread, before = read(cast)["id"], stored(street)
    nowhere = "urn:uuid:00000000-0000-4000-8000-000000000000"
    for body, where in (
        (order.Fulfil(status="done"), thread),
        (an_offer(under="SD-BASE-DP"), thread),
        (an_offer(), None),
        (an_offer(), nowhere),
        (GRANT, None),
        (terms.Accept(terms=roster.ref("SD-BASE")), thread),
    ):
        with pytest.raises(UsageError):
            await shop.say(she.did, body, where)
    assert stored(street) == before
    assert len(shop.history(she.did).threads[thread].entries) == 1


@pytest.mark.requirement("RCV-12")
async def test_what_has_expired_when_it_is_made_is_not_said(
    street: Street, shop: Vendor, she: Hand, clock: StandingClock
) -> None:
    shop.on(intent.Cast)(lambda *_: Draft(an_offer(), expires=clock()))
    with pytest.raises(HandlerFailed):
        await shop.receive(she.write(CAST))
    assert stored(street) == []
    shop.on(intent.Cast)(one_that_returns_nothing)
    await shop.receive(cast := she.write(CAST))
    with pytest.raises(UsageError):
        await shop.say(she.did, Draft(an_offer(), timedelta(0)), read(cast)["id"])


@pytest.mark.requirement("OFR-3")
async def test_an_offer_is_firm_for_as_long_as_the_shop_says_unless_it_says_when(
    street: Street, she: Hand, clock: StandingClock
) -> None:
    shop = street.vendor(firm_for=timedelta(hours=3))
    shop.on(intent.Cast)(lambda *_: [an_offer(), Draft(an_offer(), expires=NEW_YEAR)])
    await shop.receive(raw := she.write(CAST))
    await shop.say(she.did, an_offer(), read(raw)["id"])
    record = shop.history(she.did).threads[read(raw)["id"]].record
    assert isinstance(record, Dealing)
    assert [each.expires[:16] for each in record.offers] == ["2026-07-01T15:00", "2027-01-01T00:00", "2026-07-01T15:00"]
    clock.move(timedelta(hours=4))
    assert len(record.firm("2026-07-01T16:00:00.000Z")) == 1


@pytest.mark.requirement("CNS-7", "DEC-15")
async def test_may_follows_the_customers_words_at_every_time(shop: Vendor, she: Hand, clock: StandingClock) -> None:
    assert shop.may(she.did, **MARKETING).answer == "deny", "of somebody who never spoke"
    await shop.receive(grant := she.write(GRANT))
    given = clock()
    assert shop.may(she.did, **MARKETING).answer == "permit"
    assert shop.may(known := shop.relationship(she.did), **MARKETING).answer == "permit"
    assert known.may(**MARKETING).answer == "permit"
    clock.move(3600)
    await shop.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert shop.may(she.did, **MARKETING).answer == "deny"
    assert shop.may(she.did, **MARKETING, at=given).answer == "permit"
    assert shop.may(she.did, **MARKETING, at=given - timedelta(seconds=1)).answer == "deny"


async def test_may_counts_the_vendor_itself_as_the_vendor(shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(GRANT))
    assert shop.may(she.did, **MARKETING, recipient=SHOP).answer == "permit"
    assert shop.may(she.did, **MARKETING, recipient="third-party").answer == "deny"
    with pytest.raises(UsageError):
        shop.may(she.did, action="dpv:Usage", purpose="dpv:DirectMarketing")


# Restart


async def test_a_restart_loses_nothing(street: Street, shop: Vendor, she: Hand, clock: StandingClock) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    raws = [she.write(proffer("SD-BASE")), she.write(GRANT), she.write(CAST)]
    answers = [await shop.receive(raw) for raw in raws]
    withdrawal = she.write(consent.Withdraw(), read(raws[1])["id"], trust.digest(raws[1]))
    answers.append(await shop.receive(withdrawal))
    before, (mailbox, cursor) = shop.history(she.did), await collected(shop, she)
    document = shop.did_document()
    await shop.close()
    again = street.vendor(accepts=["SD-BASE"])
    assert again.did_document() == document, "the same key"
    history = again.history(she.did)
    assert (history.threads, history.chain.digests) == (before.threads, before.chain.digests)
    assert [relationship.customer for relationship in again.relationships()] == [she.did]
    assert [await again.receive(raw) for raw in (*raws, withdrawal)] == [answer[:1] for answer in answers]
    assert await collected(again, she) == (mailbox, cursor)
    assert again.may(she.did, **MARKETING).answer == "deny"


async def test_a_sealed_vendor_opens_with_its_passphrase_alone(street: Street) -> None:
    await street.vendor(passphrase="correct horse").close()
    with pytest.raises(Exception, match="passphrase"):
        street.vendor()
    assert street.vendor(passphrase="correct horse").did == SHOP


async def test_who_has_said_too_much_to_decide_by_is_asked_to_take_something_back(
    shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.transaction.MOST_STATEMENTS", 2)
    for _ in range(2):
        await shop.receive(grant := she.write(GRANT))
    with pytest.raises(OverQuota):
        await shop.receive(she.write(GRANT))
    receipt = (await shop.receive(she.write(consent.Withdraw(), read(grant)["id"])))[0]
    assert state_of(receipt) == ("accepted", "withdrawn"), "a no is never too much"
