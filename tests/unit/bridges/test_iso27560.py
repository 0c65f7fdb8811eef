"""A consent ↔ records and receipts of ISO/IEC TS 27560."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridging import ADS, MAILER, NEWS, NORTHWIND, asked_and_granted, grant, request, view
from dialogue import NEW_YEAR, NOON, SHOP, Dialogue
from opencmr.bridges import gate, iso27560
from opencmr.bridges.gate import Exported, Lost, Missing
from opencmr.errors import Malformed, Problem, UnknownTerm, UsageError
from opencmr.messages import consent
from opencmr.messages.personal import Datum
from opencmr.messages.types import Code, Party

UNTIL = {"@type": "dpv:UntilTimeDuration", "rdf:value": NEW_YEAR}


def states(exported: Exported) -> list[Any]:
    return [event["@type"] for event in exported.document["dpv:hasConsentStatus"]]


def test_a_consent_that_was_asked_for_holds_all_mandatory_members(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    exported = iso27560.record(view(one), thread, "news")
    assert exported.missing == ()
    assert exported.lost == ()
    document = exported.document
    assert document["dct:identifier"] == f"{thread}#news"
    assert document["dct:conformsTo"] == "https://w3id.org/dpv/schema/dpv-27560#record"
    assert document["dpv:hasDataSubject"] == one.customer_did
    assert document["dpv:hasDataController"] == [SHOP]
    assert document["dpv:hasJurisdiction"] == "loc:IE"
    assert document["dpv:hasNotice"]["dct:language"] == "en"
    assert document["dpv:hasConsentControl"]["dpv:isExercisedAt"] == "https://shop.example/stop"
    assert document["dpv:hasProcess"] == [
        {
            "@type": "dpv:Process",
            "dpv:hasPurpose": ["dpv:DirectMarketing"],
            "dpv:hasPersonalData": ["pd:EmailAddress"],
            "dpv:hasProcessing": ["dpv:Use", "dpv:Share"],
            "dpv:hasRule": [
                {"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Profiling"},
                {"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Tracking"},
            ],
            "dpv:hasRecipient": [SHOP, MAILER.id, ADS.id],
            "dpv:hasStorageCondition": [
                {"@type": "dpv:StorageLocation", "dpv:hasLocation": ["loc:IE", "dpv:WithinDevice"]},
                {
                    "@type": "dpv:StorageDuration",
                    "dpv:hasDuration": {
                        "@type": "dpv:TemporalDuration",
                        "rdf:value": "P30D",
                        "dct:description": "after consentEnds",
                    },
                },
            ],
        }
    ]
    asked, given = document["dpv:hasConsentStatus"]
    assert (asked["@type"], asked["dpv:isIndicatedBy"]) == ("dpv:ConsentRequested", SHOP)
    assert (given["@type"], given["dpv:isIndicatedBy"]) == (
        ["dpv:ConsentGiven", "dpv:ExpressedConsent"],
        one.customer_did,
    )
    assert given["dpv:hasDuration"] == UNTIL


def test_a_consent_that_nobody_asked_for_is_told_at_once_what_it_lacks(one: Dialogue) -> None:
    item = {name: value for name, value in NEWS.items() if name not in ("retention", "stored_in", "recipients")}
    thread = one.say(grant(item, statement="Write to me."))
    exported = iso27560.record(view(one), thread, "news")
    assert set(exported.missing) == {
        Missing("/dpv:hasNotice", "dpv:hasNotice"),
        Missing("/dpv:hasProcess/0/dpv:hasStorageCondition/dpv:StorageLocation", "dpv:StorageLocation"),
        Missing("/dpv:hasProcess/0/dpv:hasStorageCondition/dpv:StorageDuration", "dpv:StorageDuration"),
        Missing("/dpv:hasDataController", "dpv:hasDataController"),
        Missing("/dpv:hasJurisdiction", "dpv:hasJurisdiction"),
        Missing("/dpv:hasRight", "dpv:hasRight"),
    }
    known = iso27560.record(view(one), thread, "news", parties=[NORTHWIND], jurisdiction="IE")
    assert {one.member for one in known.missing} == {
        "dpv:hasNotice", "dpv:StorageLocation", "dpv:StorageDuration", "dpv:hasRight",
    }  # fmt: skip


def test_what_the_messages_leave_out_of_a_party_is_taken_from_the_caller(one: Dialogue) -> None:
    thread = asked_and_granted(one, controller=[Party(name="Northwind", role="controller", id=SHOP)])
    lacking = iso27560.record(view(one), thread, "news").missing
    assert [one.pointer for one in lacking] == [
        "/dpv:hasEntity/1/schema:contactPoint",
        "/dpv:hasEntity/1/schema:address",
    ]
    assert iso27560.record(view(one), thread, "news", parties=[NORTHWIND]).missing == ()


def test_a_controller_without_an_id_is_the_vendor(one: Dialogue) -> None:
    thread = asked_and_granted(one, controller=[Party(name="Northwind", role="controller")])
    document = iso27560.record(view(one), thread, "news").document
    assert document["dpv:hasDataController"] == [SHOP]
    assert document["dpv:hasEntity"][1]["dpv:hasIdentifier"] == SHOP


def test_another_controller_is_named_and_receives_nothing_by_that(one: Dialogue) -> None:
    other = Party(name="Sister", role="controller", id="did:web:sister.example")
    thread = asked_and_granted(one, controller=[NORTHWIND, other])
    document = iso27560.record(view(one), thread, "news").document
    assert document["dpv:hasDataController"] == [SHOP, other.id]
    assert other.id not in document["dpv:hasProcess"][0]["dpv:hasRecipient"]


def test_a_withdrawal_is_told_with_what_it_took_back(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    one.say(consent.Withdraw(), thread)
    exported = iso27560.record(view(one), thread, "news")
    assert states(exported)[-1] == "dpv:ConsentWithdrawn"
    assert exported.document["dpv:hasConsentStatus"][-1]["dpv:hasDuration"] == {"@type": "dpv:EndlessDuration"}
    assert exported.document["dpv:hasProcess"][0]["dpv:hasPurpose"] == ["dpv:DirectMarketing"]
    assert exported.missing == ()


def test_words_heard_elsewhere_are_indicated_by_the_vendor(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    one.tell(consent.Withdraw(heard=consent.Heard(where="the shop", when=NOON)), thread)
    last = iso27560.record(view(one), thread, "news").document["dpv:hasConsentStatus"][-1]
    assert (last["@type"], last["dpv:isIndicatedBy"]) == ("dpv:ConsentWithdrawn", SHOP)


def test_a_consent_granted_again_is_renewed(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    one.say(grant(), thread)
    assert states(iso27560.record(view(one), thread, "news"))[-1] == ["dpv:RenewedConsentGiven", "dpv:ExpressedConsent"]


def test_a_consent_that_has_run_out_is_expired(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    assert states(iso27560.record(view(one, days=300), thread, "news"))[-1] == "dpv:ConsentExpired"


def test_a_consent_that_begins_later_states_nothing_yet(one: Dialogue) -> None:
    thread = one.say(grant(statement="From next week.", from_=one.after(days=7)))
    exported = iso27560.record(view(one), thread, "news")
    assert "dpv:hasProcess" not in exported.document
    assert Missing("/dpv:hasProcess", "dpv:hasProcess") in exported.missing
    assert Lost("news: dpv:Use dpv:DirectMarketing pd:EmailAddress", "no-word") in exported.lost
    assert "dpv:hasProcess" in iso27560.record(view(one, days=8), thread, "news").document


def test_what_another_word_denies_is_left_out_and_told(one: Dialogue) -> None:
    wide = {"key": "all", "purposes": ["dpv:Marketing"], "data": ["pd:EmailAddress", "pd:Name"], "actions": ["dpv:Use"]}
    thread = one.say(grant(wide, statement="Do."))
    other = one.say(grant(NEWS, statement="Do."))
    one.say(consent.Withdraw(), other)
    exported = iso27560.record(view(one), thread, "all")
    assert [process["dpv:hasPersonalData"] for process in exported.document["dpv:hasProcess"]] == [["pd:Name"]]
    assert exported.lost == (Lost("all: dpv:Use dpv:Marketing pd:EmailAddress", "withdrawn"),)


def test_a_third_party_that_a_no_speaks_of_is_left_out(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    other = one.say(grant({**NEWS, "actions": ["dpv:Share"], "recipients": [ADS]}, statement="Do."))
    one.say(consent.Withdraw(), other)
    one.say(grant({**NEWS, "actions": ["dpv:Share"], "recipients": [MAILER]}, statement="To you alone."))
    (process,) = iso27560.record(view(one), thread, "news").document["dpv:hasProcess"]
    assert ADS.id not in process["dpv:hasRecipient"]


def test_a_party_without_an_id_receives_nothing(one: Dialogue) -> None:
    thread = asked_and_granted(one, {**NEWS, "recipients": [Party(name="Advertisers", role="thirdParty")]})
    exported = iso27560.record(view(one), thread, "news")
    assert exported.document["dpv:hasProcess"][0]["dpv:hasRecipient"] == [SHOP]
    assert exported.lost == (Lost("news: Advertisers", "a party without an id only informs"),)


def test_channels_and_topics_narrow_the_purpose(one: Dialogue) -> None:
    bikes = Code(scheme="text", code="bikes", label="Bikes")
    thread = asked_and_granted(one, {**NEWS, "channels": ["email", "signal"], "topics": [bikes]})
    (purpose,) = iso27560.record(view(one), thread, "news").document["dpv:hasProcess"][0]["dpv:hasPurpose"]
    assert purpose == {
        "@type": "dpv:Purpose",
        "skos:broader": "dpv:DirectMarketing",
        "dct:description": "over email, signal only; about Bikes only",
        "opencmr:channel": ["email", "signal"],
        "opencmr:topic": [{"scheme": "text", "code": "bikes", "label": "Bikes"}],
    }


def test_a_narrower_action_that_a_prohibition_beside_it_would_take_is_left_out(one: Dialogue) -> None:
    thread = asked_and_granted(one, {**NEWS, "actions": ["dpv:Use", "dpv:TrackingByFirstParty"], "recipients": None})
    exported = iso27560.record(view(one), thread, "news")
    assert exported.document["dpv:hasProcess"][0]["dpv:hasProcessing"] == ["dpv:Use"]
    assert [lost.what for lost in exported.lost] == ["news: dpv:TrackingByFirstParty"]


def test_what_is_permitted_for_some_of_what_lies_below_is_prohibited_as_a_whole(one: Dialogue) -> None:
    """Selling is permitted, and tracking is, but no tracking for what is sold; DPV has both below this item's terms."""
    item = {"key": "x", "data": ["pd:EmailAddress"], "actions": ["dpv:Use"], "purposes": ["dpv:ServiceProvision"]}
    thread = one.say(grant(item, statement="Do."))
    one.say(grant({**item, "actions": ["dpv:Tracking"]}, statement="Do."))
    one.say(grant({**item, "purposes": ["dpv:SellDataToThirdParties"]}, statement="Do."))
    (process,) = iso27560.record(view(one), thread, "x").document["dpv:hasProcess"]
    assert [rule.get("dpv:hasProcessing", rule.get("dpv:hasPurpose")) for rule in process["dpv:hasRule"]] == [
        "dpv:Profiling",
        "dpv:Tracking",
        "dpv:SellInsightsFromData",
    ]


def test_a_receipt_wraps_the_records_of_all_items(one: Dialogue) -> None:
    study = {**NEWS, "key": "study", "purposes": ["dpv:AcademicResearch"]}
    thread = one.tell(request(NEWS, study))
    one.say(grant(NEWS), thread)
    exported = iso27560.receipt(view(one), thread)
    assert exported.missing == ()
    kept = exported.document["dpv:hasRecordOfActivity"]
    assert [record["dct:identifier"] for record in kept] == [f"{thread}#news", f"{thread}#study"]
    assert [record["dpv:hasConsentStatus"][-1]["@type"] for record in kept][1] == "dpv:ConsentRequested"
    assert exported.document["dct:created"] == one.now


def test_the_missing_members_of_a_receipt_say_of_which_record(one: Dialogue) -> None:
    thread = asked_and_granted(one, jurisdiction=None)
    assert iso27560.receipt(view(one), thread).missing == (
        Missing("/dpv:hasRecordOfActivity/0/dpv:hasJurisdiction", "dpv:hasJurisdiction"),
    )


def test_the_same_words_make_the_same_bytes(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    first, again = (json.dumps(iso27560.receipt(view(one), thread).document) for _ in range(2))
    assert first == again


def test_values_that_went_with_a_grant_are_no_part_of_a_record(one: Dialogue) -> None:
    datum = Datum(data="pd:EmailAddress", value="alice@mail.example")
    thread = one.say(grant(statement="Do.", discloses=[datum]))
    exported = iso27560.record(view(one), thread, "news")
    assert "alice@mail.example" not in json.dumps(exported.document)
    assert Lost("discloses", "a record holds no values") in exported.lost


def test_an_export_asks_so_many_questions_and_no_more(one: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = asked_and_granted(one)
    monkeypatch.setattr(gate, "MOST_QUESTIONS", 1)
    exported = iso27560.record(view(one), thread, "news")
    assert "dpv:hasProcess" in exported.document
    assert all(one["dpv:hasProcessing"] == ["dpv:Use"] for one in exported.document["dpv:hasProcess"])
    assert any("1 questions an export" in lost.why for lost in exported.lost)


def test_what_is_no_consent_is_told(one: Dialogue) -> None:
    thread = asked_and_granted(one)
    with pytest.raises(UsageError):
        iso27560.record(view(one), "urn:uuid:00000000-0000-4000-8000-000000000000", "news")
    with pytest.raises(UsageError):
        iso27560.record(view(one), thread, "other")


# Back: a draft


def test_a_record_comes_back_as_a_draft_that_can_be_said(one: Dialogue) -> None:
    bikes = Code(scheme="text", code="bikes", label="Bikes")
    thread = asked_and_granted(one, {**NEWS, "channels": ["email"], "topics": [bikes]})
    draft = iso27560.grant(iso27560.record(view(one), thread, "news").document)
    (item,) = draft.body.items
    assert item == consent.GrantItem(**{**NEWS, "key": "item1", "channels": ["email"], "topics": [bikes]}).model_copy(
        update={"recipients": [MAILER_BACK, ADS_BACK]}
    )
    assert draft.body.until == NEW_YEAR
    assert "direct marketing" in str(draft.body.statement)
    assert draft.lost == ()
    other = Dialogue(key=7)
    said = other.say(draft.body)
    assert other.history.threads[said].state == "given"


MAILER_BACK = Party(name="Mailer", role="processor", id=MAILER.id)
ADS_BACK = Party(name="Ads", role="thirdParty", id=ADS.id)
PROCESS: dict[str, Any] = {
    "@type": "dpv:Process",
    "dpv:hasPurpose": "dpv:DirectMarketing",
    "dpv:hasPersonalData": "pd:EmailAddress",
    "dpv:hasProcessing": "dpv:Use",
}
GIVEN = {
    "@type": "dpv:ConsentGiven",
    "dpv:isIndicatedAtTime": "2026-01-01T00:00:00",
    "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": "P6M"},
}
FOREIGN: dict[str, Any] = {
    "@context": {"dpv": "https://w3id.org/dpv#"},
    "@type": "dpv:ConsentRecord",
    "dpv:hasProcess": PROCESS,
    "dpv:hasConsentStatus": GIVEN,
}


def test_a_record_of_others_is_read_as_they_may_write_it() -> None:
    purpose = {"@type": "dpv:Purpose", "skos:broader": "https://w3id.org/dpv#Marketing", "dct:description": "news"}
    document = {
        **FOREIGN,
        "dpv:hasProcess": {**PROCESS, "dpv:hasPurpose": [purpose], "dpv:hasNecessity": "dpv:Optional"},
    }
    draft = iso27560.grant(document)
    assert draft.body.items[0].purposes == ["dpv:Marketing"]
    assert draft.body.until == "2026-06-30T00:00:00.000Z"
    assert draft.lost == (Lost("/dpv:hasProcess/dpv:hasNecessity", "a grant cannot say it"),)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"@type": "dpv:ConsentNotice"}, "/@type"),
        ({"@context": "https://evil.example/context"}, "/@context"),
        ({"@context": {"dpv": "https://evil.example/#"}}, "/@context/dpv"),
        ({"@context": [{"dpv:hasPurpose": {"@id": "dpv:hasContext"}}]}, "/@context"),
        ({"dpv:hasProcess": []}, "/dpv:hasProcess"),
        ({"dpv:hasProcess": "a name"}, "/dpv:hasProcess"),
        ({"dpv:hasConsentStatus": "dpv:ConsentGiven"}, "/dpv:hasConsentStatus"),
        ({"dpv:hasConsentStatus": [GIVEN, {"@type": "dpv:ConsentWithdrawn"}]}, "/dpv:hasConsentStatus"),
        ({"dpv:hasConsentStatus": {"@type": "dpv:ConsentGiven"}}, "/dpv:hasConsentStatus/dpv:hasDuration"),
        (
            {"dpv:hasConsentStatus": {**GIVEN, "dpv:hasDuration": {"@type": "dpv:EndlessDuration", "rdf:value": "1"}}},
            "/dpv:hasConsentStatus/dpv:hasDuration/@type",
        ),
        (
            {"dpv:hasConsentStatus": {**GIVEN, "dpv:isIndicatedAtTime": "soon"}},
            "/dpv:hasConsentStatus/dpv:hasDuration/rdf:value",
        ),
        ({"dpv:hasProcess": [PROCESS] * 65}, "/dpv:hasProcess"),
        (
            {"dpv:hasConsentStatus": {**GIVEN, "@type": ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]}},
            "/dpv:hasConsentStatus",
        ),
    ],
)
def test_a_document_that_is_no_consent_given_is_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        iso27560.grant({**FOREIGN, **change})
    assert caught.value.pointer == pointer


RULE = {"@type": "dpv:Prohibition", "dpv:hasPersonalData": "dpv:PersonalData"}
DEEP: list[Any] = []
for _ in range(10_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("context", "within"),
    [
        ({}, {"https://w3id.org/dpv#hasRule": RULE}),
        ({"rules": "dpv:hasRule"}, {"rules": RULE}),
        ({"rules": {"@id": "https://w3id.org/dpv#hasRule"}}, {"rules": RULE}),
        ({"d": "https://w3id.org/dpv#"}, {"d:hasRule": RULE}),
        ({"d": "https://w3id.org/"}, {"d:dpv#hasRule": RULE}),
        ({"rules": {"@reverse": "dpv:hasRule"}}, {"rules": RULE}),
        ({"within": "@nest"}, {"within": {"dpv:hasRule": RULE}}),
        ({"@vocab": "https://w3id.org/dpv#"}, {"hasRule": RULE}),
        ({}, {"@nest": {"dpv:hasRule": RULE}}),
        ({}, {"@context": {"dpv": "https://evil.example/#"}}),
        ({}, {"dct:source": DEEP}),
    ],
)
def test_a_rule_is_passed_over_under_no_other_name(context: dict[str, Any], within: dict[str, Any]) -> None:
    document = {**FOREIGN, "@context": {**FOREIGN["@context"], **context}, "dpv:hasProcess": {**PROCESS, **within}}
    with pytest.raises(Malformed):
        iso27560.grant(document)


def test_a_context_may_name_what_is_none_of_ours() -> None:
    context = {**FOREIGN["@context"], "ex": "https://example.org/", "title": {"@id": "https://example.org/title"}}
    document = {**FOREIGN, "@context": context, "title": {"@value": "News", "@language": "en"}}
    assert iso27560.grant(document).body.items[0].purposes


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"dpv:hasProcessing": None}, "/dpv:hasProcess/dpv:hasProcessing"),
        ({"dpv:hasProcess": PROCESS}, "/dpv:hasProcess/dpv:hasProcess"),
        ({"dpv:hasPersonalData": [7]}, "/dpv:hasProcess/dpv:hasPersonalData/0"),
        ({"dpv:hasPurpose": {"@type": "dpv:Purpose"}}, "/dpv:hasProcess/dpv:hasPurpose"),
        ({"dpv:hasRule": {"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Use"}}, "/dpv:hasProcess/dpv:hasRule"),
        (
            {"dpv:hasRule": {"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Analyse"}},
            "/dpv:hasProcess/dpv:hasRule",
        ),
        (
            {"dpv:hasRule": {"@type": "dpv:Permission", "dpv:hasProcessing": "dpv:Tracking"}},
            "/dpv:hasProcess/dpv:hasRule",
        ),
        ({"dpv:hasRule": [{"@type": "dpv:Prohibition", "dct:description": "no"}]}, "/dpv:hasProcess/dpv:hasRule/0"),
        ({"dpv:hasStorageCondition": {"@type": "dpv:StorageDeletion"}}, "/dpv:hasProcess/dpv:hasStorageCondition"),
        (
            {"dpv:hasStorageCondition": {"@type": "dpv:StorageLocation", "dpv:hasLocation": "the moon"}},
            "/dpv:hasProcess",
        ),
        (
            {"dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dpv:hasDuration": 6}},
            "/dpv:hasProcess/dpv:hasStorageCondition/dpv:hasDuration",
        ),
        (
            {"dpv:hasPurpose": [{"skos:broader": "dpv:Marketing", "opencmr:channel": ["email"]}, "dpv:Advertising"]},
            "/dpv:hasProcess/dpv:hasPurpose",
        ),
        ({"dpv:hasPurpose": {"skos:broader": "dpv:Marketing", "opencmr:channel": ["pigeon"]}}, "/dpv:hasProcess"),
    ],
)
def test_a_process_that_no_grant_can_say_is_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        iso27560.grant({**FOREIGN, "dpv:hasProcess": {**PROCESS, **change}})
    assert caught.value.pointer == pointer


NAMES = st.sampled_from(["@id", "@type", "dpv:hasPurpose", "dpv:hasRule", "dpv:hasRecipient", "dpv:hasDuration",
                         "dpv:hasStorageCondition", "rdf:value", "skos:broader", "opencmr:channel"])  # fmt: skip
WORDS = st.sampled_from(
    ["dpv:Use", "dpv:Marketing", "pd:EmailAddress", "dpv:Prohibition", "dpv:StorageDuration", "P6M"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab:#", max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["@context", "@type", "dpv:hasProcess", "dpv:hasConsentStatus", "dpv:hasEntity"])


@given(st.dictionaries(MEMBERS, ANYTHING, max_size=2), st.dictionaries(NAMES, ANYTHING, max_size=3))
def test_whatever_a_document_says_it_is_a_draft_or_a_problem(record: dict[str, Any], process: dict[str, Any]) -> None:
    document = {**FOREIGN, "dpv:hasProcess": {**PROCESS, **process}, **record}
    iso27560.missing(document)
    with contextlib.suppress(Problem):
        assert iso27560.grant(document).body.statement


def test_a_term_that_is_not_in_the_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownTerm) as caught:
        iso27560.grant({**FOREIGN, "dpv:hasProcess": {**PROCESS, "dpv:hasPurpose": "dpv:Fun"}})
    assert caught.value.pointer == "/dpv:hasProcess/dpv:hasPurpose"


def test_a_prohibition_of_what_has_to_be_named_anyway_is_none_to_refuse() -> None:
    rule = {"@type": "dpv:Prohibition", "dpv:hasProcessing": "dpv:Tracking"}
    draft = iso27560.grant({**FOREIGN, "dpv:hasProcess": {**PROCESS, "dpv:hasRule": rule}})
    assert draft.body.items[0].actions == ["dpv:Use"]
