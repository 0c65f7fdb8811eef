"""Objections, restrictions and erasures are no-words: they deny at once, and only a later yes lifts them."""

import json
from typing import Any

import pytest

from dialogue import ACCEPT, CAST, GRANT, NEW_YEAR, NEWS, PROFFER, Dialogue, an_offer, ref_of
from opencmr import errors
from opencmr.messages import consent, data, offer, validate
from opencmr.messages.types import Money, Party
from opencmr.protocol import Decision, History, Question
from opencmr.protocol.receiving import check_place
from opencmr.protocol.vocabulary import not_of_kind

MARKETING = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
SERVICE = {"purpose": "dpv:RequestedServiceProvision"}
ADS, PRESS = "https://ads.example/", "https://press.example/"


def now(talk: Dialogue, question: Question) -> tuple[str, str]:
    """What is answered now, and why."""
    return said(talk.history.may(question, talk.now, now=True))


def said(decision: Decision) -> tuple[str, str]:
    return decision.answer, decision.reason


def objection(**more: Any) -> data.Object:
    return data.Object(right="object", **more)


def agreed() -> Dialogue:
    """A relationship under SD-BASE, with a consent to news."""
    talk = Dialogue()
    talk.tell(ACCEPT, talk.say(PROFFER))
    talk.say(GRANT)
    return talk


@pytest.mark.requirement("DAT-4", "DEC-13")
def test_an_objection_denies_what_consent_and_agreement_permit() -> None:
    talk = agreed()
    assert now(talk, MARKETING) == ("permit", "consent")
    talk.say(objection())
    assert now(talk, MARKETING) == ("deny", "objected")
    assert now(talk, Question("dpv:Store", **SERVICE)) == ("deny", "objected")
    decision = talk.history.may(MARKETING, talk.now, now=True)
    assert decision.evidence == (ref_of(talk.raws[-2]).digest,)


@pytest.mark.requirement("DAT-4", "DEC-17")
def test_a_question_wider_than_an_objection_is_denied_and_what_it_leaves_is_permitted() -> None:
    talk = agreed()
    wide = consent.GrantItem(key="all", purposes=["dpv:Marketing"], data=["pd:Contact"], actions=["dpv:Use"])
    talk.say(consent.Grant(items=[wide], until=NEW_YEAR, statement="Write to me."))
    talk.say(objection(purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"]))
    assert now(talk, Question("dpv:Use", "dpv:Marketing", "pd:Contact")) == ("deny", "objected")
    assert now(talk, Question("dpv:Use", "dpv:Marketing", "pd:TelephoneNumber")) == ("permit", "consent")


@pytest.mark.requirement("DAT-4", "DEC-14", "SEQ-21")
def test_only_a_later_yes_that_knows_it_and_names_as_much_lifts_an_objection() -> None:
    talk = agreed()
    before = talk.seen
    talk.say(objection(purposes=["dpv:DirectMarketing"]))
    talk.say(GRANT, seen=before, prior=None)
    assert now(talk, MARKETING) == ("deny", "objected")
    talk.say(GRANT)
    assert now(talk, MARKETING) == ("permit", "consent")


@pytest.mark.requirement("DAT-4")
def test_no_cancellation_and_no_answer_ends_an_objection() -> None:
    talk = agreed()
    thread = talk.say(objection())
    talk.say(data.Cancel(), thread)
    talk.tell(data.Answer(status="denied", reason=["claimNotCovered"]), thread)
    assert now(talk, MARKETING) == ("deny", "objected")
    assert talk.history.threads[thread].state == "objected"


@pytest.mark.requirement("DAT-4", "DEC-4")
def test_a_restriction_leaves_the_storing_and_nothing_else() -> None:
    talk = agreed()
    talk.say(data.Object(right="restrict"))
    assert now(talk, Question("dpv:Store", **SERVICE)) == ("permit", "agreement")
    for action in ("dpv:Use", "dpv:Organise", "dpv:Copy", "dpv:Share", "dpv:Processing"):
        assert now(talk, Question(action, **SERVICE)) == ("deny", "objected")
    assert now(talk, Question("dpv:Erase", **SERVICE)) == ("not-governed", "removal")


@pytest.mark.requirement("DAT-4")
@pytest.mark.parametrize(
    ("recipients", "denied"),
    [
        ([Party(name="Ads", role="thirdParty", id=ADS)], {ADS}),
        ([Party(name="Partners", role="thirdParty")], {ADS, PRESS}),
        ([Party(name="Shop", role="controller")], {"vendor"}),
        ([Party(name="Shop", role="controller"), Party(name="Ads", role="thirdParty", id=ADS)], {"vendor", ADS}),
        (None, {"vendor", ADS, PRESS}),
    ],
)
def test_an_objection_names_whom_it_is_to(recipients: list[Party] | None, denied: set[str]) -> None:
    talk = Dialogue()
    shared = [Party(name=id_, role="thirdParty", id=id_) for id_ in (ADS, PRESS)]
    actions = ["dpv:Use", "dpv:Share"]
    item = consent.GrantItem(**{**dict(NEWS), "actions": actions, "recipients": shared})
    talk.say(consent.Grant(items=[item], until=NEW_YEAR, statement="Share it."))
    talk.say(objection(recipients=recipients))
    for recipient in ("vendor", ADS, PRESS):
        action = "dpv:Use" if recipient == "vendor" else "dpv:Share"
        asked = Question(action, "dpv:DirectMarketing", "pd:EmailAddress", recipient)
        assert now(talk, asked)[0] == ("deny" if recipient in denied else "permit")


@pytest.mark.requirement("DAT-4", "DEC-11")
def test_an_objection_does_not_stop_an_order() -> None:
    talk = Dialogue()
    wish = talk.say(CAST)
    talk.tell(an_offer(), wish)
    talk.say(offer.Accept(offer=ref_of(talk.raws[-2]), total=Money("49.00", "EUR")), wish)
    talk.say(objection())
    assert now(talk, Question("dpv:Use", **SERVICE, data="pd:Intention", thread=wish)) == ("permit", "order-live")


@pytest.mark.requirement("DAT-3")
@pytest.mark.parametrize(
    ("member", "term"), [("purposes", "dpv:Marketting"), ("actions", "dpv:Marketing"), ("data", "pd:Adress")]
)
def test_an_objection_with_a_term_that_is_none_is_malformed(member: str, term: str) -> None:
    talk = Dialogue()
    with pytest.raises(errors.Malformed) as caught:
        check_place(validate(json.loads(talk.write(objection(**{member: [term]})))))
    assert (caught.value.pointer, caught.value.rule) == (f"/body/{member}/0", "DAT-3")


def test_a_term_in_the_wrong_list_is_told_of_which_kind_it_is() -> None:
    assert not_of_kind("purpose", "dpv:Profiling") == "dpv:Profiling is not a term of kind purpose, but of kind action"
    assert not_of_kind("purpose", "dpv:Marketting") == "dpv:Marketting is not a term of kind purpose"


# Before they have a place


@pytest.mark.requirement("DAT-4", "DAT-12", "SEQ-27")
@pytest.mark.parametrize(
    ("body", "reason"),
    [(objection(), "objected"), (data.Request(right="erase", data=["pd:EmailAddress"]), "erasure")],
)
def test_in_the_customers_own_view_they_deny_before_they_have_a_place(body: Any, reason: str) -> None:
    talk = agreed()
    mine = History(mine=True)
    for raw, receipt in zip(talk.raws, talk.raws[1:], strict=False):
        if json.loads(receipt)["from"] == talk.vendor_did and json.loads(receipt)["type"] == "receipt":
            mine.follow(validate(json.loads(receipt)), ref_of(receipt).digest, of=validate(json.loads(raw)))
        elif json.loads(receipt)["from"] == talk.vendor_did:
            mine.follow(validate(json.loads(receipt)), ref_of(receipt).digest)
    assert mine.may(MARKETING, talk.now, now=True)
    raw = talk.write(body)
    mine.hear(validate(json.loads(raw)), ref_of(raw).digest)
    assert said(mine.may(MARKETING, talk.now, now=True)) == ("deny", reason)
    mine.unhear(ref_of(raw).digest)
    assert mine.may(MARKETING, talk.now, now=True)


# Erasure


@pytest.mark.requirement("DAT-12")
@pytest.mark.parametrize("answer", ["none", "fulfilled", "partly", "denied", "cancelled"])
def test_who_asks_for_erasure_says_no_whatever_is_answered(answer: str) -> None:
    talk = agreed()
    thread = talk.say(data.Request(right="erase", data=["pd:EmailAddress"], regime="gdpr"))
    kept = data.Kept(data=["pd:EmailAddress"], because="legalObligation")
    answers: dict[str, data.Answer] = {
        "fulfilled": data.Answer(status="fulfilled"),
        "partly": data.Answer(status="partly", kept=[kept]),
        "denied": data.Answer(status="denied", reason=["noMatch"]),
    }
    if answer in answers:
        talk.tell(answers[answer], thread)
    if answer == "cancelled":
        talk.say(data.Cancel(), thread)
    assert now(talk, MARKETING) == ("deny", "erasure")
    assert now(talk, Question("dpv:Store", "dpv:LegalCompliance", "pd:EmailAddress"))[0] == "not-governed"
    assert now(talk, Question("dpv:Store", **SERVICE, data="pd:TelephoneNumber")) == ("permit", "agreement")
    talk.say(GRANT)
    assert now(talk, MARKETING) == ("permit", "consent")


@pytest.mark.requirement("DAT-12")
def test_an_erasure_that_a_vendor_let_expire_denies_all_the_same() -> None:
    talk = agreed()
    raw = talk.write(data.Request(right="erase"), expires=talk.after(minutes=1))
    talk.later(days=1)
    talk.answer(raw)
    assert json.loads(talk.raws[-1])["body"]["outcome"] == "refused"
    assert now(talk, MARKETING) == ("deny", "erasure")


@pytest.mark.requirement("DAT-12", "DEC-11")
def test_an_erasure_during_an_order_leaves_the_order_its_data_until_it_ends() -> None:
    talk = Dialogue()
    wish = talk.say(CAST)
    talk.tell(an_offer(), wish)
    talk.say(offer.Accept(offer=ref_of(talk.raws[-2]), total=Money("49.00", "EUR")), wish)
    talk.say(data.Request(right="erase"))
    asked = Question("dpv:Use", **SERVICE, data="pd:Intention", thread=wish)
    assert now(talk, asked) == ("permit", "order-live")
    talk.now = "2028-01-01T00:00:00.000Z"
    assert now(talk, asked) == ("deny", "erasure")


# A request that is live


@pytest.mark.requirement("DEC-24")
def test_what_identifies_is_used_to_answer_and_for_nothing_else_until_it_is_answered() -> None:
    talk = Dialogue()
    who = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
    thread = talk.say(data.Request(right="access", identify=[who]))  # type: ignore[list-item]
    fulfil = {"purpose": "dpv:RightsFulfilment", "data": "pd:EmailAddress"}
    assert now(talk, Question("dpv:Use", **fulfil, thread=thread)) == ("permit", "request-live")
    assert now(talk, Question("dpv:Use", **fulfil))[0] == "deny"
    assert now(talk, Question("dpv:Share", **fulfil, thread=thread))[0] == "deny"
    assert now(talk, Question("dpv:Use", "dpv:CustomerCare", "pd:EmailAddress", thread=thread))[0] == "deny"
    assert now(talk, Question("dpv:Use", "dpv:RightsFulfilment", "pd:BirthDate", thread=thread))[0] == "deny"
    talk.tell(data.Answer(status="fulfilled"), thread)
    assert now(talk, Question("dpv:Use", **fulfil, thread=thread))[0] == "deny"


@pytest.mark.requirement("DEC-24")
def test_what_identifies_is_used_for_a_year_at_most() -> None:
    talk = Dialogue()
    who = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
    thread = talk.say(data.Request(right="access", identify=[who]))  # type: ignore[list-item]
    fulfil = Question("dpv:Use", "dpv:RightsFulfilment", "pd:EmailAddress", thread=thread)
    talk.now = "2027-07-01T12:00:00.000Z"
    assert now(talk, fulfil) == ("permit", "request-live")
    talk.now = "2027-07-02T12:00:00.000Z"
    assert now(talk, fulfil)[0] == "deny"


# What it costs


def test_requests_count_among_the_statements_and_an_objection_with_long_lists_is_one() -> None:
    talk = Dialogue()
    talk.say(data.Request(right="access"))
    talk.say(data.Request(right="erase"))
    talk.say(objection(purposes=["dpv:Marketing", "dpv:Advertising"], actions=["dpv:Use", "dpv:Share"]))
    assert talk.history.statements == 3
