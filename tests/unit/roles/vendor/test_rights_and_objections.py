"""What a vendor bounds of rights requests and objections, and what it does not: a no has a rate at most."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import Vendor, consent
from opencmr.errors import Malformed, OverQuota
from opencmr.messages import data
from opencmr.roles.vendor.transaction import EARLY_THREADS
from parties import GRANT, MARKETING, Hand, Street, read

REQUEST, OBJECTION = data.Request(right="access"), data.Object(right="object")


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    """A customer who signs by hand."""
    return street.stranger()


def outcome(receipts: list[bytes]) -> str:
    return str(read(receipts[0])["body"]["outcome"])


@pytest.mark.requirement("SEQ-8", "DAT-4")
async def test_an_objection_is_taken_however_many_noes_came_before_their_threads(shop: Vendor, she: Hand) -> None:
    for number in range(EARLY_THREADS):
        await shop.receive(she.write(consent.Withdraw(), f"urn:uuid:00000000-0000-4000-8000-{number:012}"))
    assert outcome(await shop.receive(she.write(OBJECTION))) == "accepted"


@pytest.mark.requirement("SEQ-8", "DAT-4")
async def test_requests_have_a_bound_and_objections_have_none(
    shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.transaction.MOST_STATEMENTS", 3)
    for _ in range(3):
        assert outcome(await shop.receive(she.write(REQUEST))) == "accepted"
    with pytest.raises(OverQuota) as caught:
        await shop.receive(she.write(REQUEST))
    assert caught.value.retry
    for _ in range(5):
        assert outcome(await shop.receive(she.write(OBJECTION))) == "accepted"


@pytest.mark.requirement("DAT-4")
async def test_an_objection_to_a_vendor_that_was_told_nothing_else_keeps_the_relationship(
    shop: Vendor, she: Hand
) -> None:
    await shop.receive(she.write(OBJECTION))
    assert shop.may(she.did, **MARKETING).reason == "objected"
    assert shop.history(she.did).records


@pytest.mark.requirement("DAT-3")
async def test_an_objection_with_a_term_that_is_none_is_not_stored_and_one_that_is_right_counts(
    shop: Vendor, she: Hand
) -> None:
    await shop.receive(she.write(GRANT))
    with pytest.raises(Malformed) as caught:
        await shop.receive(she.write(data.Object(right="object", purposes=["dpv:Nonsense"])))
    assert caught.value.pointer == "/body/purposes/0"
    assert shop.may(she.did, **MARKETING).answer == "permit"
    await shop.receive(she.write(data.Object(right="object", purposes=["dpv:DirectMarketing"])))
    assert shop.may(she.did, **MARKETING).answer == "deny"
