"""Rights, objections, sharing and giving in hand, on both sides. Both sides fold alike."""

from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Money, Vendor
from opencmr.errors import Malformed, UnknownReference, UsageError
from opencmr.messages.data import GivenLine, Kept
from opencmr.messages.personal import Datum
from opencmr.messages.types import Ref
from opencmr.roles import CustomerRelationship, VendorRelationship
from opencmr.testing import StandingClock
from parties import CAST, MARKETING, NEW_YEAR

EMAIL = Datum(data="pd:EmailAddress", value="alice@moser.example")
BORN = Datum(data="pd:BirthDate", value="1988-02-29")


@pytest.fixture
def known(at_shop: CustomerRelationship, shop: Vendor) -> VendorRelationship:
    """Alice, as the shop knows her."""
    return shop.relationship(at_shop.me)


async def consenting(at_shop: CustomerRelationship) -> Any:
    return await at_shop.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=NEW_YEAR)


async def test_an_access_is_asked_for_verified_and_answered(
    at_shop: CustomerRelationship, known: VendorRelationship
) -> None:
    asked = await at_shop.rights.request("access", regime="gdpr", detail="specific", identify=[EMAIL])
    (theirs,) = known.rights.in_state("requested")
    await theirs.answer("needVerification", needs=["pd:BirthDate"])
    await at_shop.collect()
    assert asked.answer is not None
    assert (asked.state, asked.answer.needs) == ("needVerification", ["pd:BirthDate"])
    await asked.share([BORN])
    about = {"action": "dpv:Use", "purpose": "dpv:RightsFulfilment", "data": "pd:BirthDate"}
    assert known.may(**about, thread=asked.thread).reason == "request-live"
    await theirs.answer("fulfilled", data=[EMAIL], categories=["pd:Contact"])
    await at_shop.collect()
    assert asked.state == theirs.state == "fulfilled"
    assert not known.may(**about, thread=asked.thread)


async def test_both_sides_see_what_is_overdue_at_a_time(
    at_shop: CustomerRelationship, known: VendorRelationship, clock: StandingClock
) -> None:
    asked = await at_shop.rights.request("export", regime="ccpa")
    theirs = known.rights[asked.thread]
    assert not asked.overdue()
    assert asked.overdue(timedelta(days=60))
    assert theirs.overdue("2028-01-01")
    assert (at_shop.rights.overdue(), known.rights.overdue()) == ([], [])
    clock.move(timedelta(days=20))
    assert [one.thread for one in at_shop.rights.overdue()] == [asked.thread]
    await theirs.answer("received")
    assert known.rights.overdue() == []
    with pytest.raises(UsageError, match="wider-than-asked"):
        await theirs.answer("inProgress", due_by=timedelta(days=90))
    await theirs.answer("inProgress", reason=["extended"], due_by=timedelta(days=60))
    await at_shop.collect()
    assert (asked.record.due, asked.record.extended) == (theirs.record.due, True)


async def test_an_objection_denies_on_both_sides_and_a_later_yes_lifts_it(
    at_shop: CustomerRelationship, known: VendorRelationship
) -> None:
    await consenting(at_shop)
    objected = await at_shop.objections.object(purposes=["dpv:DirectMarketing"], regime="gdpr", note="Please don't.")
    assert at_shop.may(**MARKETING).reason == known.may(**MARKETING).reason == "objected"
    assert (len(known.objections), objected.state) == (1, "objected")
    await consenting(at_shop)
    assert known.may(**MARKETING).answer == "permit"


async def test_a_restriction_leaves_the_storing(at_shop: CustomerRelationship, known: VendorRelationship) -> None:
    await at_shop.agreements.proffer("SD-BASE")
    await at_shop.objections.object(data=["pd:EmailAddress"], storing=True)
    about = {"purpose": "dpv:RequestedServiceProvision", "data": "pd:EmailAddress"}
    assert known.may(action="dpv:Store", **about).answer == "permit"
    assert known.may(action="dpv:Use", **about).reason == "objected"


async def test_what_was_asked_to_be_erased_is_denied_and_what_is_kept_is_told(
    at_shop: CustomerRelationship, known: VendorRelationship
) -> None:
    await consenting(at_shop)
    asked = await at_shop.rights.request("erase", data=["pd:EmailAddress"], regime="gdpr")
    assert known.may(**MARKETING).reason == "erasure"
    kept = Kept(data=["pd:EmailAddress"], because="legalObligation", until="2033-12-31T00:00:00.000Z")
    await known.rights[asked.thread].answer("partly", kept=[kept])
    await at_shop.collect()
    assert asked.answer is not None
    assert (asked.record.erased, asked.answer.kept) == (("pd:EmailAddress",), [kept])
    await asked.cancel()
    assert (asked.state, at_shop.may(**MARKETING).reason) == ("partly", "erasure")


async def test_a_request_is_taken_back(at_shop: CustomerRelationship, known: VendorRelationship) -> None:
    asked = await at_shop.rights.request("access")
    await asked.cancel("changedMind")
    with pytest.raises(UsageError):
        await known.rights[asked.thread].answer("fulfilled")


async def test_data_is_shared_on_what_is_in_hand_and_on_nothing_that_has_ended(
    at_shop: CustomerRelationship, known: VendorRelationship
) -> None:
    agreed = await at_shop.agreements.proffer("SD-BASE")
    given = await consenting(at_shop)
    for basis in (agreed, given):
        shared = await at_shop.sharings.share([EMAIL], basis)
        assert known.sharings[shared.thread].record.disclosed[0][0] == EMAIL
    await given.withdraw()
    with pytest.raises(UsageError, match="nothing that is said in"):
        await at_shop.sharings.share([EMAIL], given)


async def test_a_vendor_gives_a_bill_for_an_order(
    alice: Customer, at_shop: CustomerRelationship, known: VendorRelationship
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    bought = await cast.accept(cast.firm()[0])
    thread = at_shop.thread(bought.thread)
    assert thread is not None
    accepted = next(entry for entry in thread.entries if entry.type == "offer.accept")
    boots = GivenLine(name="Boots", price=Money("49.00", "EUR"))
    about = Ref(id=accepted.id, digest=accepted.digest)
    await known.givings.give("bill", about, lines=[boots], total=Money("49.00", "EUR"))
    await at_shop.collect()
    (bill,) = at_shop.givings
    assert (bill.record.body.kind, bill.record.about.id) == ("bill", accepted.id)
    with pytest.raises(UsageError, match="wrong-total"):
        await known.givings.give("bill", about, lines=[boots], total=Money("48.00", "EUR"))


async def test_what_was_never_shared_cannot_be_corrected(at_shop: CustomerRelationship) -> None:
    with pytest.raises(UnknownReference):
        await at_shop.rights.request("correct", corrections=[EMAIL])


async def test_wrong_words_are_a_usage_error(at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError, match="regime"):
        await at_shop.rights.request("access", regime="lgpd")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="data is a list"):
        await at_shop.objections.object(data="pd:EmailAddress")
    with pytest.raises(Malformed, match="dpv:Marketting"):
        await at_shop.objections.object(purposes=["dpv:Marketting"])
