"""Consents in hand: asked for or given unasked, in part, and taken back. Both sides fold alike."""

from datetime import timedelta
from typing import Any

import pytest

from opencmr import Customer, Vendor, consent
from opencmr.errors import UsageError
from opencmr.messages.personal import Datum
from opencmr.messages.types import Code, Party
from opencmr.roles import CustomerRelationship, OrderInHand
from opencmr.testing import StandingClock
from parties import (
    CAST,
    MARKETING,
    REQUEST,
    SHOP,
    Street,
    read,
)


@pytest.fixture
async def asked(at_shop: CustomerRelationship, shop: Vendor) -> Any:
    """A consent that the shop asks for: `news` and `calls`."""
    await at_shop.agreements.proffer("SD-BASE")
    await shop.say(at_shop.me, REQUEST)
    await at_shop.collect()
    (asked,) = at_shop.consents.in_state("requested")
    return asked


async def test_a_request_is_granted_in_part_and_withdrawn_by_key(
    asked: Any, at_shop: CustomerRelationship, shop: Vendor
) -> None:
    calls = {**MARKETING, "data": "pd:TelephoneNumber"}
    await asked.grant("news")
    assert {key: item.state for key, item in asked.record.items.items()} == {"news": "given", "calls": "requested"}
    assert (at_shop.may(**MARKETING).answer, at_shop.may(**calls).answer) == ("permit", "deny")
    assert at_shop.consents.in_state("requested") == []
    await asked.grant("calls", until="2026-08-01")
    assert (shop.may(at_shop.me, **calls).answer, asked.record.items["calls"].until[:10]) == ("permit", "2026-08-01")
    await asked.withdraw("news")
    assert (at_shop.may(**MARKETING).answer, at_shop.may(**calls).answer) == ("deny", "permit")
    assert asked.state == "given"
    await asked.withdraw()
    assert asked.state == "withdrawn"
    assert shop.may(at_shop.me, **calls).answer == "deny"


async def test_a_request_is_granted_whole_where_no_key_is_named(asked: Any) -> None:
    await asked.grant()
    assert {item.state for item in asked.record.items.values()} == {"given"}


async def test_a_request_is_granted_more_narrowly_in_the_customers_own_words(asked: Any) -> None:
    news = consent.GrantItem(
        key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"], channels=["email"]
    )
    await asked.grant(items=[news])
    assert asked.record.items["news"].item.channels == ["email"]
    assert asked.record.items["calls"].state == "requested"


async def test_a_request_is_refused(asked: Any, at_shop: CustomerRelationship) -> None:
    await asked.refuse("calls")
    assert asked.state == "requested"
    await asked.refuse(reason="no")
    assert asked.state == "refused"
    assert at_shop.consents.in_state("requested") == []
    assert [one.thread for one in at_shop.consents] == [asked.thread]


async def test_what_was_not_asked_is_not_granted_as_asked(asked: Any, at_shop: CustomerRelationship) -> None:
    with pytest.raises(UsageError):
        await asked.grant("letters")
    given = await at_shop.consents.grant(purpose="dpv:DirectMarketing", data=["pd:Name"], until="2027-01-01")
    with pytest.raises(UsageError):
        await given.grant()


@pytest.mark.requirement("DEC-8")
async def test_a_consent_that_nobody_asked_for_says_in_words_what_it_says(
    at_shop: CustomerRelationship, shop: Vendor, street: Street
) -> None:
    plain = await at_shop.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01")
    assert "2027-01-01" in read(street.wire.sent[-1])["body"]["statement"]
    await at_shop.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:Age"], until="2027-01-01", actions=["dpv:Use"], channels=["sms"],
        recipients=[Party(name="Post", role="processor")], topics=[Code(scheme="text", code="bikes")],
    )  # fmt: skip
    bounds = "by the vendor and Post over a text message about bikes until 2027-01-01"
    assert bounds in read(street.wire.sent[-1])["body"]["statement"]
    sent, many = len(street.wire.sent), [Party(name=f"{number:0200}", role="processor") for number in range(30)]
    with pytest.raises(UsageError, match="statement="):
        await at_shop.consents.grant(
            purpose="dpv:DirectMarketing", data=["pd:Age"], until="2027-01-01", recipients=many
        )
    assert len(street.wire.sent) == sent
    own = await at_shop.consents.grant(
        purpose=["dpv:DirectMarketing"], data=["pd:Name"], until=timedelta(days=1), actions=["dpv:Use"],
        channels=["email"], recipients=[Party(name="Post", role="processor")], statement="By e-mail, if you must.",
    )  # fmt: skip
    assert read(street.wire.sent[-1])["body"]["statement"] == "By e-mail, if you must."
    assert plain.state == own.state == "given"
    name = {**MARKETING, "data": "pd:Name"}
    answers = [at_shop.may(**name, channel=channel).answer for channel in ("email", "phone", None)]
    assert answers == ["permit", "deny", "deny"]
    assert at_shop.may(**MARKETING, recipient=SHOP).answer == "permit"


@pytest.mark.requirement("DEC-23", "CNS-12")
async def test_a_consent_about_topics_brings_the_address_and_permits_no_other_topic(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    bikes, shoes = (Code(scheme="text", code=code) for code in ("bikes", "shoes"))
    address = Datum(data="pd:EmailAddress", value="alice@moser.example")
    given = await at_shop.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:Contact"], until="2027-01-01", actions=["dpv:Use"],
        channels=["email", "messenger"], topics=[bikes], discloses=[address],
    )  # fmt: skip
    asked = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress", "channel": "email"}
    known = shop.relationship(at_shop.me)
    for side in (at_shop, known):
        answers = [side.may(**asked, topic=topic).answer for topic in (bikes, shoes, None)]  # type: ignore[attr-defined]
        assert answers == ["permit", "deny", "deny"]
    assert known.may(**{**asked, "channel": "signal"}, topic=bikes)
    assert known.records[given.thread].as_dict()["disclosed"][0]["data"] == "pd:EmailAddress"


@pytest.mark.requirement("DEC-23")
async def test_a_topic_that_is_no_code_is_the_callers_mistake_on_both_sides(
    at_shop: CustomerRelationship, shop: Vendor
) -> None:
    await at_shop.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01",
        topics=[Code(scheme="text", code="bikes")],
    )  # fmt: skip
    for side in (at_shop, shop.relationship(at_shop.me)):
        with pytest.raises(UsageError, match=r"Code\(scheme='text', code='bikes'\)"):
            side.may(**MARKETING, topic="bikes")  # type: ignore[attr-defined]


async def test_a_value_that_has_not_the_shape_of_its_term_is_the_callers_mistake(
    alice: Customer, at_shop: CustomerRelationship
) -> None:
    cast = await alice.cast(CAST, to=[at_shop])
    with pytest.raises(UsageError, match=r"^order\.disclose at /discloses/0: pd:PhysicalAddress: Input"):
        await OrderInHand(at_shop, cast.threads[at_shop]).disclose({"pd:PhysicalAddress": "Elm Street 1"})


@pytest.mark.requirement("CNS-7")
async def test_a_withdrawal_holds_at_once_on_both_sides_whatever_their_clocks_show(
    street: Street, shop: Vendor, clock: StandingClock
) -> None:
    """The shop's clock is four minutes ahead, so that is where the withdrawal has its place."""
    alice = street.customer(clock=lambda: clock() - timedelta(minutes=4))
    relationship = await alice.meet(SHOP)
    given = await relationship.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01"
    )
    assert relationship.may(**MARKETING).answer == shop.may(relationship.me, **MARKETING).answer == "permit"
    await given.withdraw()
    assert relationship.may(**MARKETING).answer == shop.may(relationship.me, **MARKETING).answer == "deny"
