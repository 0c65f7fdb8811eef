"""A consent → a Kantara consent receipt."""

from typing import Any

import pytest

from bridging import ADS, MAILER, NEWS, NORTHWIND, asked_and_granted, grant, request, view
from dialogue import NEW_YEAR, Dialogue
from opencmr.bridges import kantara
from opencmr.bridges.gate import Exported, Lost, Missing
from opencmr.errors import UsageError
from opencmr.messages import consent
from opencmr.messages.types import Code, Place
from opencmr.protocol import moment

SHOP = NORTHWIND.model_copy(
    update={
        "contact": "Data protection",
        "email": "privacy@northwind.example",
        "address": Place(country="IE", locality="Cork", street="Quay 1", postal_code="T12"),
    }
)


def receipt(one: Dialogue, thread: str, **more: Any) -> Exported:
    return kantara.receipt(view(one), thread, service="Northwind's shop", **more)


def test_a_consent_that_was_asked_for_holds_all_mandatory_members(one: Dialogue) -> None:
    thread = asked_and_granted(one, controller=[SHOP])
    exported = receipt(one, thread)
    assert exported.missing == ()
    document = exported.document
    given = one.history.records[thread].items["news"].since.at  # type: ignore[attr-defined]
    (service,) = document.pop("services")
    assert document == {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": "IE",
        "consentTimestamp": int(moment(given).timestamp()),
        "collectionMethod": "signed message",
        "consentReceiptID": thread,
        "language": "en",
        "piiPrincipalId": one.customer_did,
        "piiControllers": [
            {
                "piiController": "Northwind",
                "contact": "Data protection",
                "address": {
                    "streetAddress": "Quay 1",
                    "postalCode": "T12",
                    "addressLocality": "Cork",
                    "addressCountry": "IE",
                },
                "email": "privacy@northwind.example",
                "phone": "+35315550100",
            }
        ],
        "policyUrl": "https://shop.example/n",
        "sensitive": False,
        "spiCat": [],
    }
    assert service == {
        "service": "Northwind's shop",
        "purposes": [
            {
                "purpose": "direct marketing, by use and share, without profiling or tracking",
                "purposeCategory": ["dpv:DirectMarketing"],
                "consentType": "EXPLICIT",
                "piiCategory": ["pd:EmailAddress"],
                "termination": NEW_YEAR,
                "thirdPartyDisclosure": True,
                "thirdPartyName": "Ads <https://ads.example/>",
            }
        ],
    }
    assert set(exported.lost) == {
        Lost("news: retention", "a receipt has no place for it"),
        Lost("news: stored_in", "a receipt has no place for it"),
    }


def test_a_consent_that_nobody_asked_for_is_told_at_once_what_it_lacks(one: Dialogue) -> None:
    thread = one.say(grant(statement="Write to me."))
    assert {missing.member for missing in receipt(one, thread).missing} == {
        "jurisdiction", "piiControllers", "policyUrl",
    }  # fmt: skip
    known = receipt(one, thread, parties=[NORTHWIND], jurisdiction="IE").missing
    assert known == (
        Missing("/policyUrl", "policyUrl"),
        Missing("/piiControllers/0/contact", "contact"),
        Missing("/piiControllers/0/email", "email"),
    )


def test_bounds_are_told_in_words(one: Dialogue) -> None:
    bikes = Code(scheme="text", code="bikes", label="Bikes")
    item = {**NEWS, "channels": ["email", "sms"], "topics": [bikes], "actions": ["dpv:Store"], "recipients": [MAILER]}
    (purpose,) = receipt(one, asked_and_granted(one, item)).document["services"][0]["purposes"]
    assert purpose["purpose"] == "direct marketing, by store over email or sms only about Bikes only"
    assert purpose["thirdPartyDisclosure"] is False


def test_sensitive_data_is_told(one: Dialogue) -> None:
    thread = asked_and_granted(one, {**NEWS, "data": ["pd:EmailAddress", "dpv:SpecialCategoryPersonalData"]})
    document = receipt(one, thread).document
    assert (document["sensitive"], document["spiCat"]) == (True, ["dpv:SpecialCategoryPersonalData"])


def test_only_what_is_given_has_a_place_in_a_receipt(one: Dialogue) -> None:
    study = {**NEWS, "key": "study", "purposes": ["dpv:AcademicResearch"]}
    thread = one.tell(request(NEWS, study))
    one.say(grant(NEWS, study), thread)
    one.say(consent.Withdraw(keys=["study"]), thread)
    exported = receipt(one, thread)
    assert [each["purposeCategory"] for each in exported.document["services"][0]["purposes"]] == [
        ["dpv:DirectMarketing"]
    ]
    assert Lost("study", "withdrawn") in exported.lost


def test_a_receipt_of_nothing_lacks_its_purposes(one: Dialogue) -> None:
    thread = asked_and_granted(one, controller=[SHOP])
    one.say(consent.Withdraw(), thread)
    assert [missing.member for missing in receipt(one, thread).missing] == ["consentTimestamp", "purposes"]
    assert [missing.member for missing in kantara.receipt(view(one, days=300), thread, service="x").missing]


def test_a_third_party_that_a_no_speaks_of_is_left_out(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    other = one.say(grant({**NEWS, "actions": ["dpv:Share"], "recipients": [ADS]}, statement="Do."))
    one.say(consent.Withdraw(), other)
    purposes = receipt(one, thread).document["services"][0]["purposes"]
    assert not any(each["thirdPartyDisclosure"] for each in purposes)


def test_what_is_no_consent_is_told(one: Dialogue) -> None:
    with pytest.raises(UsageError):
        receipt(one, "urn:uuid:00000000-0000-4000-8000-000000000000")
