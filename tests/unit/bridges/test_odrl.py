"""An agreement → a policy of ODRL."""

import json
from typing import Any

import pytest

from bridging import view
from dialogue import ACCEPT, CAST, PROFFER, SHOP, Dialogue, ref_of
from opencmr.bridges import odrl
from opencmr.bridges.gate import Lost
from opencmr.errors import UsageError
from opencmr.messages import consent, intent, terms
from opencmr.messages.personal import Datum
from opencmr.messages.types import Rule, TermsDocument, TermsRef
from opencmr.protocol import roster


def rule(effect: str, action: str, purpose: str | None, data: str | None = None, by: str = "vendor") -> Rule:
    return Rule.model_validate({"effect": effect, "action": action, "by": [by]} | _given(purpose=purpose, data=data))


def _given(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def agreed(one: Dialogue, *rules: Rule, **more: Any) -> str:
    ref = TermsRef(document=TermsDocument(id="mine", version="1", title="Mine", rules=list(rules)))
    thread = one.say(terms.Proffer(choices=[ref], **more))
    one.tell(terms.Accept(terms=TermsRef(**dict(zip(("id", "digest"), roster.named(ref), strict=True)))), thread)
    return thread


def actions(document: dict[str, Any], member: str) -> list[str]:
    return [each["action"] for each in document.get(member, ())]


def test_terms_of_the_roster_become_an_agreement_in_which_a_prohibition_wins(one: Dialogue) -> None:
    thread = one.say(PROFFER)
    one.tell(ACCEPT, thread)
    exported = odrl.policy(view(one), thread)
    document = exported.document
    assert {name: document[name] for name in ("@type", "uid", "conflict", "assigner", "assignee")} == {
        "@type": "Agreement",
        "uid": thread,
        "conflict": "prohibit",
        "assigner": one.customer_did,
        "assignee": SHOP,
    }
    assert document["permission"] == [
        {
            "target": "dpv:PersonalData",
            "action": "dpv:Processing",
            "constraint": [
                {"leftOperand": "recipient", "operator": "eq", "rightOperand": {"@id": SHOP}},
                {"leftOperand": "purpose", "operator": "isA", "rightOperand": {"@id": "dpv:RequestedServiceProvision"}},
            ],
        }
    ]
    assert {"dpv:Tracking", "dpv:Profiling", "dpv:Share"} <= set(actions(document, "prohibition"))
    assert {"dpv:Disclose", "dpv:Transfer"} <= set(actions(document, "prohibition"))  # nobody named them
    assert exported.lost == ()


def test_what_the_vendor_owes_is_an_obligation(one: Dialogue) -> None:
    ref = roster.ref("SD-BASE-DP")
    thread = one.say(terms.Proffer(choices=[ref]))
    one.tell(terms.Accept(terms=ref), thread)
    duty = next(rule.duty for rule in roster.document("SD-BASE-DP").rules if rule.effect == "oblige")
    assert odrl.policy(view(one), thread).document["obligation"] == [{"action": duty}]


def test_an_agreement_that_has_ended_keeps_its_prohibitions_alone(one: Dialogue) -> None:
    thread = one.say(PROFFER)
    one.tell(ACCEPT, thread)
    one.say(terms.Terminate(), thread)
    exported = odrl.policy(view(one), thread)
    assert "permission" not in exported.document
    assert "dpv:Tracking" in actions(exported.document, "prohibition")
    assert exported.lost == (Lost("dpv:Processing dpv:RequestedServiceProvision dpv:PersonalData", "agreement-ended"),)


def test_an_agreement_that_a_later_one_replaced_gives_no_permission(one: Dialogue) -> None:
    first = one.say(PROFFER)
    one.tell(ACCEPT, first)
    agreed(one, rule("permit", "dpv:Processing", "dpv:RequestedServiceProvision"))
    assert "permission" not in odrl.policy(view(one), first).document


def test_what_a_withdrawal_denies_is_left_out_and_told(one: Dialogue) -> None:
    mail = rule("permit", "dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
    thread = agreed(one, mail, rule("permit", "dpv:Use", "dpv:AccountManagement", "pd:EmailAddress"))
    news = consent.GrantItem(key="news", purposes=[mail.purpose], data=[mail.data], actions=["dpv:Use"])
    given = one.say(consent.Grant(items=[news], until=one.after(days=90), statement="Do."))
    one.say(consent.Withdraw(), given)
    exported = odrl.policy(view(one), thread)
    (left,) = exported.document["permission"]
    assert left["constraint"][1]["rightOperand"] == {"@id": "dpv:AccountManagement"}
    assert exported.lost == (Lost("dpv:Use dpv:DirectMarketing pd:EmailAddress", "withdrawn"),)


def test_a_permission_without_a_purpose_is_one_for_each_that_is_named(one: Dialogue) -> None:
    thread = agreed(
        one,
        rule("permit", "dpv:Use", "dpv:AccountManagement", "pd:EmailAddress"),
        rule("permit", "dpv:Tracking", None, "pd:EmailAddress"),
    )
    permitted = odrl.policy(view(one), thread).document["permission"]
    assert [(one["action"], one["constraint"][1]["rightOperand"]["@id"]) for one in permitted] == [
        ("dpv:Use", "dpv:AccountManagement"),
        ("dpv:Tracking", "dpv:AccountManagement"),
    ]


def test_what_is_named_for_less_than_a_wider_permission_is_left_out(one: Dialogue) -> None:
    thread = agreed(
        one,
        rule("permit", "dpv:Use", "dpv:Marketing", "pd:EmailAddress"),
        rule("permit", "dpv:Tracking", "dpv:DirectMarketing", "pd:EmailAddress"),
    )
    exported = odrl.policy(view(one), thread)
    assert actions(exported.document, "permission") == ["dpv:Use"]
    assert exported.lost == (
        Lost("dpv:Tracking dpv:DirectMarketing pd:EmailAddress", "a wider permission beside it does not include it"),
    )


def test_what_is_permitted_for_some_of_what_lies_below_is_prohibited_as_a_whole(one: Dialogue) -> None:
    thread = agreed(
        one,
        rule("permit", "dpv:Use", "dpv:ServiceProvision", "pd:EmailAddress"),
        rule("permit", "dpv:Tracking", "dpv:ServiceProvision", "pd:EmailAddress"),
        rule("permit", "dpv:Use", "dpv:SellDataToThirdParties", "pd:EmailAddress"),
    )
    document = odrl.policy(view(one), thread).document
    assert actions(document, "permission") == ["dpv:Use", "dpv:Use"]
    assert "dpv:Tracking" in actions(document, "prohibition")


def test_a_permission_for_third_parties_is_one_of_its_own(one: Dialogue) -> None:
    share = rule("permit", "dpv:Share", "dpv:Advertising", "pd:EmailAddress", by="third-party")
    (permitted,) = odrl.policy(view(one), agreed(one, share)).document["permission"]
    assert permitted["constraint"][0] == {
        "leftOperand": "recipient",
        "operator": "isA",
        "rightOperand": {"@id": "dpv:ThirdParty"},
    }


def test_terms_of_a_wish_are_about_what_was_disclosed_in_it(one: Dialogue) -> None:
    email = Datum(data="pd:EmailAddress", value="alice@mail.example")
    wish = one.say(intent.Cast(**dict(CAST) | {"discloses": [email]}))
    scope = ref_of(next(raw for raw in one.raws if json.loads(raw)["id"] == wish))
    thread = agreed(one, rule("permit", "dpv:Use", "dpv:AccountManagement", "pd:Contact"), scope=scope)
    (permitted,) = odrl.policy(view(one), thread).document["permission"]
    assert permitted["target"] == {
        "@type": "AssetCollection",
        "source": wish,
        "refinement": [
            {
                "leftOperand": "https://w3id.org/dpv/mappings/odrl#PersonalData",
                "operator": "isA",
                "rightOperand": {"@id": "pd:EmailAddress"},
            }
        ],
    }


def test_what_binds_nobody_is_no_policy(one: Dialogue) -> None:
    thread = one.say(PROFFER)
    for id_ in (thread, "urn:uuid:00000000-0000-4000-8000-000000000000"):
        with pytest.raises(UsageError):
            odrl.policy(view(one), id_)


def test_the_same_words_make_the_same_bytes(one: Dialogue) -> None:
    thread = one.say(PROFFER)
    one.tell(ACCEPT, thread)
    first, again = (json.dumps(odrl.policy(view(one), thread).document) for _ in range(2))
    assert first == again
