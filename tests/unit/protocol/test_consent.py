"""The fold of a consent thread."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import Question

ADS = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
PRESS = {"name": "Press", "role": "thirdParty", "id": "https://press.example/"}
MAILER = {"name": "Mailer", "role": "processor"}
ASKED = {
    "purposes": ["dpv:Marketing"],
    "data": ["pd:Contact"],
    "actions": ["dpv:Use", "dpv:Share"],
    "recipients": [ADS],
    "channels": ["email", "sms"],
    "retention": {"period": "P6M", "after": "consentEnds"},
    "storedIn": ["DE", "IE"],
}


def states(record: Any) -> dict[str, str]:
    return {key: item.state for key, item in record.items.items()}


@pytest.mark.requirement("CNS-1", "CNS-5")
def test_a_grant_in_part_leaves_the_rest_asked(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item("news"), bodies.item("study", purposes=["dpv:ResearchAndDevelopment"]))
    granted = talk.grant(asked.id, bodies.item("news"))
    assert states(granted.record) == {"news": "given", "study": "requested"}
    assert granted.record.state == "given"
    assert granted.record.items["news"].evidence == (granted.said.digest, asked.said.digest)
    assert granted.record.as_dict() == {
        "record": "consent",
        "state": "given",
        "asked": asked.said.digest,
        "items": [
            {
                "key": "news",
                "state": "given",
                "since": granted.said.at,
                "until": "2027-01-01T00:00:00.000Z",
                "evidence": [granted.said.digest, asked.said.digest],
                "item": bodies.item("news"),
            },
            {
                "key": "study",
                "state": "requested",
                "since": asked.said.at,
                "until": "2027-01-01T00:00:00.000Z",
                "evidence": [asked.said.digest],
                "item": bodies.item("study", purposes=["dpv:ResearchAndDevelopment"]),
            },
        ],
    }


@pytest.mark.requirement("CNS-5")
def test_a_grant_replaces_the_items_of_its_keys_and_no_others(talk: Any, bodies: Any) -> None:
    wide, study = bodies.item("news", **ASKED), bodies.item("study")
    asked = talk.ask(wide, study)
    talk.grant(asked.id, wide, study)
    narrow = {**wide, "channels": ["email"]}
    again = talk.grant(asked.id, narrow)
    assert again.record.items["news"].item.wire() == narrow
    assert again.record.items["study"].item.wire() == study
    assert [(item.key, item.state, ended) for item, ended in again.record.past] == [
        ("news", "requested", again.record.past[0][1]),
        ("study", "requested", again.record.past[0][1]),
        ("news", "given", again.said.point),
    ]
    question = Question("dpv:Use", "dpv:Marketing", "pd:Contact", channel="sms")
    assert talk.history.may(question, talk.after(seconds=-1)).reason == "consent"
    assert talk.history.may(question, talk.now).reason == "consent-expired"


@pytest.mark.requirement("CNS-1")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"purposes": ["dpv:Marketing", "dpv:Personalisation"]}, "/purposes/1"),
        ({"purposes": ["dpv:Purpose"]}, "/purposes/0"),
        ({"data": ["pd:EmailAddress", "pd:BirthDate"]}, "/data/1"),
        ({"data": ["dpv:PersonalData"]}, "/data/0"),
        ({"actions": ["dpv:Use", "dpv:Store"]}, "/actions/1"),
        ({"actions": ["dpv:Processing"]}, "/actions/0"),
        ({"actions": ["dpv:Tracking"]}, "/actions/0"),
        ({"recipients": [PRESS]}, "/recipients/0"),
        ({"recipients": [ADS, PRESS]}, "/recipients/1"),
        ({"recipients": [{"name": "https://ads.example/", "role": "jointController"}]}, "/recipients/0"),
        ({"channels": ["email", "post"]}, "/channels/1"),
        ({"channels": None}, "/channels"),
        ({"retention": None}, "/retention"),
        ({"retention": {"period": "P7M", "after": "consentEnds"}}, "/retention"),
        ({"retention": {"period": "P1M", "after": "relationshipEnds"}}, "/retention"),
        ({"retention": {"until": "2026-04-01T00:00:00.000Z"}}, "/retention"),
        ({"storedIn": ["DE", "US"]}, "/storedIn/1"),
        ({"storedIn": None}, "/storedIn"),
        ({"key": "other"}, "/key"),
    ],
)
def test_a_grant_wider_than_the_request_is_refused_with_its_pointer(
    talk: Any, bodies: Any, change: dict[str, Any], pointer: str
) -> None:
    asked = talk.ask(bodies.item(**ASKED))
    members = {name: value for name, value in {**ASKED, **change}.items() if value is not None}
    with pytest.raises(errors.WiderThanAsked) as caught:
        talk.grant(asked.id, bodies.item(**members))
    assert (caught.value.pointer, caught.value.rule) == ("/body/items/0" + pointer, "CNS-1")


@pytest.mark.requirement("CNS-1")
@pytest.mark.parametrize("asked", ["EU", "EEA"])
def test_what_is_overseas_is_in_the_union_only_where_its_law_applies(talk: Any, bodies: Any, asked: str) -> None:
    request = talk.ask(bodies.item(**{**ASKED, "storedIn": [asked]}))
    there = ["RE", "FR-974", "FR-GF", "PT-30", "ES-CN", "FI-01", "AX", "FR-IDF"]
    for place in ("FR-NC", "NC", "FR-PF", "FR-988", "NL-CW", "NL-BQ3", "BQ", "DK-GL", "NO-21"):
        with pytest.raises(errors.WiderThanAsked) as caught:
            talk.grant(request.id, bodies.item(**{**ASKED, "storedIn": [*there, place]}))
        assert (caught.value.pointer, caught.value.rule) == (f"/body/items/0/storedIn/{len(there)}", "CNS-1")
    assert talk.grant(request.id, bodies.item(**{**ASKED, "storedIn": there})).record.state == "given"


@pytest.mark.requirement("CNS-1")
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"purposes": ["dpv:DirectMarketing", "dpv:Advertising"]},
        {"data": ["pd:EmailAddress"]},
        {"actions": ["dpv:Analyse"]},
        {"actions": ["dpv:Share"]},
        {"recipients": None},
        {"recipients": [{**ADS, "name": "Ads Ltd"}, MAILER]},
        {"channels": ["sms"]},
        {"retention": {"period": "P180D", "after": "consentEnds"}},
        {"retention": {"period": "P3W", "after": "consentEnds"}},
        {"storedIn": ["IE"]},
        {"storedIn": ["DE-BY"]},
    ],
)
def test_a_grant_may_be_narrower_than_the_request(talk: Any, bodies: Any, change: dict[str, Any]) -> None:
    asked = talk.ask(bodies.item(**ASKED))
    members = {name: value for name, value in {**ASKED, **change}.items() if value is not None}
    assert talk.grant(asked.id, bodies.item(**members)).record.state == "given"


@pytest.mark.requirement("CNS-1")
def test_where_the_request_sets_no_bound_the_grant_may(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item())
    bounds = {name: ASKED[name] for name in ("channels", "retention", "storedIn")}
    assert talk.grant(asked.id, bodies.item(**bounds)).record.state == "given"


@pytest.mark.requirement("CNS-1")
def test_a_named_only_term_that_was_asked_for_by_name_can_be_granted(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item(actions=["dpv:Tracking"], purposes=["opencmr:AITraining"]))
    granted = bodies.item(actions=["dpv:TrackingByFirstParty"], purposes=["opencmr:AITraining"])
    assert talk.grant(asked.id, granted).record.state == "given"


@pytest.mark.requirement("CNS-1")
@pytest.mark.parametrize("date", ["2026-06-01T00:00:00.000Z", "2026-05-01T00:00:00.000Z"])
def test_a_date_of_deletion_may_come_earlier(talk: Any, bodies: Any, date: str) -> None:
    asked = talk.ask(bodies.item(retention={"until": "2026-06-01T00:00:00.000Z"}))
    assert talk.grant(asked.id, bodies.item(retention={"until": date})).record.state == "given"


@pytest.mark.requirement("CNS-2")
def test_a_consent_never_lasts_longer_than_was_asked(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item())
    late = "2027-01-01T00:00:00.001Z"
    with pytest.raises(errors.WiderThanAsked) as caught:
        talk.grant(asked.id, bodies.item(), until=late)
    assert (caught.value.pointer, caught.value.rule) == ("/body/until", "CNS-2")
    with pytest.raises(errors.WiderThanAsked) as caught:
        talk.grant(asked.id, bodies.item(until=late))
    assert (caught.value.pointer, caught.value.rule) == ("/body/items/0/until", "CNS-2")


@pytest.mark.requirement("CNS-10", "DEC-6")
def test_an_item_ends_with_the_earlier_of_its_own_end_and_the_grants(talk: Any, bodies: Any) -> None:
    first, second = "2026-03-10T00:00:00.000Z", "2026-03-20T00:00:00.000Z"
    granted = talk.grant(
        None, bodies.item("a", until=first), bodies.item("b"), until=second, statement="Write to me for a while."
    )
    assert {key: item.until for key, item in granted.record.items.items()} == {"a": first, "b": second}
    question = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
    assert talk.history.may(question, "2026-03-19T23:59:59.999Z").answer == "permit"
    assert talk.history.may(question, second).reason == "consent-expired"


@pytest.mark.requirement("CNS-3")
def test_a_grant_that_nobody_asked_for_says_so_in_the_customers_words(talk: Any, bodies: Any) -> None:
    with pytest.raises(errors.UnaskedWithoutStatement) as caught:
        talk.grant(None, bodies.item())
    assert caught.value.pointer == "/body/statement"
    granted = talk.grant(None, bodies.item(), statement="Do write.", controller=[{"name": "S", "role": "controller"}])
    assert granted.record.state == "given"
    assert granted.record.items["news"].evidence == (granted.said.digest,)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"actions": ["dpv:Use", "dpv:Usage"]}, "/actions/1"),
        ({"data": ["dpv:Use"]}, "/data/0"),
        ({"purposes": ["pd:EmailAddress"]}, "/purposes/0"),
    ],
)
def test_a_request_uses_the_words_of_the_vocabulary(
    talk: Any, bodies: Any, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(errors.UnknownTerm) as caught:
        talk.ask(bodies.item(**change))
    assert caught.value.pointer == "/body/items/0" + pointer


@pytest.mark.requirement("CNS-6")
def test_refusing_one_key_leaves_the_others_asked(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item("a"), bodies.item("b"))
    refused = talk.customer("consent.refuse", {"keys": ["a"]}, asked.id)
    assert (states(refused.record), refused.record.state) == ({"a": "refused", "b": "requested"}, "requested")
    assert refused.record.items["a"].evidence == (refused.said.digest, asked.said.digest)
    rest = talk.customer("consent.refuse", {}, asked.id)
    assert rest.record.state == "refused"
    assert rest.record.items["a"] == refused.record.items["a"]


@pytest.mark.requirement("CNS-6", "CNS-7", "DEC-7")
@pytest.mark.parametrize("type_", ["consent.refuse", "consent.withdraw"])
def test_any_no_word_takes_back_what_was_given_and_refuses_what_was_asked(talk: Any, bodies: Any, type_: str) -> None:
    asked = talk.ask(bodies.item("a"), bodies.item("b"))
    granted = talk.grant(asked.id, bodies.item("a"))
    said = talk.customer(type_, {}, asked.id)
    assert (states(said.record), said.record.state) == ({"a": "withdrawn", "b": "refused"}, "withdrawn")
    made = talk.history.may(Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"), talk.now)
    assert made.answer == "deny"
    assert granted.said.digest in said.record.items["a"].evidence


@pytest.mark.requirement("CNS-6")
def test_withdrawing_in_part_leaves_the_rest_given(talk: Any, bodies: Any) -> None:
    granted = talk.grant(None, bodies.item("a"), bodies.item("b"), statement="Do.")
    said = talk.customer("consent.withdraw", {"keys": ["a", "nothing"]}, granted.id)
    assert (states(said.record), said.record.state) == ({"a": "withdrawn", "b": "given"}, "given")


@pytest.mark.requirement("CNS-6", "SEQ-10")
@pytest.mark.parametrize("keys", [{}, {"keys": ["a"]}, {"keys": ["nothing"]}])
def test_a_no_word_that_changes_no_item_is_moot(talk: Any, bodies: Any, keys: dict[str, Any]) -> None:
    granted = talk.grant(None, bodies.item("a"), statement="Do.")
    first = talk.customer("consent.withdraw", {}, granted.id)
    again = talk.customer("consent.withdraw", keys, granted.id)
    assert (first.outcome, again.outcome, again.record) == ("accepted", "moot", first.record)
    assert again.thread.entries[-1].digest == again.said.digest


@pytest.mark.requirement("CNS-9")
def test_a_request_can_be_answered_until_it_expires(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item(), expires=talk.after(hours=1))
    talk.customer("consent.refuse", {}, asked.id)
    talk.later(minutes=55)
    granted = talk.grant(asked.id, bodies.item())
    assert granted.record.state == "given"
    talk.customer("consent.withdraw", {}, asked.id)
    assert talk.after(minutes=1) == asked.said.message.expires
    with pytest.raises(errors.Expired) as caught:
        talk.grant(asked.id, bodies.item())
    assert (caught.value.pointer, caught.value.rule) == ("/created", "CNS-9")


@pytest.mark.requirement("CNS-9")
def test_a_consent_that_is_given_can_be_changed_at_any_time(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item(), expires=talk.after(hours=1))
    talk.grant(asked.id, bodies.item())
    talk.later(days=30)
    assert talk.grant(asked.id, bodies.item(channels=["email"])).outcome == "accepted"


@pytest.mark.requirement("CNS-9", "CNS-6")
def test_an_expired_request_can_still_be_refused(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item(), expires=talk.after(hours=1))
    talk.later(days=1)
    assert talk.customer("consent.refuse", {}, asked.id).record.state == "refused"


def test_what_was_withdrawn_can_be_given_anew(talk: Any, bodies: Any) -> None:
    granted = talk.grant(None, bodies.item(), statement="Do.")
    talk.customer("consent.withdraw", {}, granted.id)
    again = talk.grant(granted.id, bodies.item(), statement="Do again.")
    assert again.record.state == "given"
    assert talk.history.may(Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"), talk.now)


def test_a_vendor_may_withdraw_for_words_heard_elsewhere(talk: Any, bodies: Any) -> None:
    granted = talk.grant(None, bodies.item(), statement="Do.")
    heard = {"where": "in the shop", "when": talk.now}
    said = talk.vendor("consent.withdraw", {"heard": heard}, granted.id)
    assert said.record.state == "withdrawn"


def test_a_vendor_can_neither_grant_nor_refuse(talk: Any, bodies: Any) -> None:
    asked = talk.ask(bodies.item())
    body = {"items": [bodies.item()], "until": "2027-01-01T00:00:00.000Z"}
    for type_, said in (("consent.grant", body), ("consent.refuse", {})):
        with pytest.raises(errors.WrongSide):
            talk.vendor(type_, said, asked.id)


@pytest.mark.requirement("SEQ-4", "CNS-5")
def test_an_item_is_replaced_only_by_who_knows_what_stands(talk: Any, bodies: Any) -> None:
    granted = talk.grant(None, bodies.item(channels=["email"]), statement="Do.")
    seen = talk.history.chain.tip
    talk.customer("consent.withdraw", {}, granted.id)
    blind = {"seen": seen, "prior": granted.said.digest}
    with pytest.raises(errors.Stale) as caught:
        talk.customer(
            "consent.grant",
            {"items": [bodies.item()], "until": granted.record.items["news"].until},
            granted.id,
            **blind,
        )
    assert (caught.value.pointer, caught.value.rule) == ("/seen", "SEQ-4")
