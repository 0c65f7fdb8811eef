"""What the terms of a wish permit, in its thread: from which offer on, on which data, and until when."""

from typing import Any

import pytest

from opencmr.protocol import Question, turning_point

EMAIL = {"data": "pd:EmailAddress", "value": "ada@alice.example"}
ADDRESS = {"data": "pd:PhysicalAddress", "value": {"addressLocality": "Kiel"}}
SERVICE, MARKETING, CASTING, CARE = (
    "dpv:RequestedServiceProvision",
    "dpv:DirectMarketing",
    "opencmr:IntentCasting",
    "dpv:CustomerCare",
)


def rule(effect: str, purpose: str, action: str = "dpv:Use") -> dict[str, Any]:
    return {"effect": effect, "action": action, "purpose": purpose, "by": ["vendor"]}


def document(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"https://alice.example/{name}", "version": "1", "title": name, "rules": list(rules)}


LAX = document("lax", rule("permit", MARKETING), rule("permit", SERVICE))
STRICT = document("strict", rule("permit", SERVICE), rule("prohibit", MARKETING))
PLAIN = document("plain", rule("permit", SERVICE))


def under(turn: Any, terms: dict[str, Any]) -> dict[str, str]:
    """These terms by id and digest, as the wish carried them."""
    return next(
        {"id": held.id, "digest": digest} for digest, held in turn.record.carried.values() if held.id == terms["id"]
    )


def ask(thread: str, purpose: str = MARKETING, data: str = "pd:EmailAddress") -> Question:
    return Question("dpv:Use", purpose, data, thread=thread)


# which terms


@pytest.mark.requirement("SEQ-21", "DEC-16")
def test_terms_of_a_wish_bind_from_each_offer_on(talk: Any) -> None:
    cast = talk.cast(LAX, discloses=[EMAIL])
    assert talk.may(ask(cast.id)).reason == "no-word"
    made = talk.offer(cast.id, under=under(cast, LAX))
    assert (talk.may(ask(cast.id)).answer, talk.may(ask(cast.id)).evidence) == ("permit", (made.said.digest,))


@pytest.mark.requirement("SEQ-21")
def test_an_amendment_ends_what_terms_permit_that_it_names_no_more(talk: Any) -> None:
    cast = talk.cast(LAX, PLAIN, discloses=[EMAIL])
    made = talk.offer(cast.id, under=under(cast, LAX))
    assert talk.may(ask(cast.id))
    amended = talk.amend(cast.id, under(cast, PLAIN))
    assert amended.record.offers[0].dropped == amended.said.point
    assert talk.may(ask(cast.id)).reason == "agreement-ended"
    assert talk.may(ask(cast.id), made.said.at)


@pytest.mark.requirement("SEQ-21")
def test_an_amendment_leaves_the_terms_that_it_names(talk: Any) -> None:
    cast = talk.cast(LAX, discloses=[EMAIL])
    talk.offer(cast.id, under=under(cast, LAX))
    talk.amend(cast.id, under(cast, LAX))
    assert talk.may(ask(cast.id))


@pytest.mark.requirement("SEQ-21")
def test_terms_that_were_named_no_more_come_back_by_an_offer_alone(talk: Any) -> None:
    cast = talk.cast(LAX, PLAIN, discloses=[EMAIL])
    talk.offer(cast.id, under=under(cast, LAX))
    talk.amend(cast.id, under(cast, PLAIN))
    again = talk.amend(cast.id, under(cast, LAX))
    assert not talk.may(ask(cast.id))
    made = talk.offer(cast.id, under=under(cast, LAX))
    assert made.record.offers[-1].own == again.said.word
    assert talk.may(ask(cast.id))


@pytest.mark.requirement("DEC-12")
def test_after_an_order_only_the_terms_of_the_accepted_offer_permit(talk: Any) -> None:
    cast = talk.cast(LAX, PLAIN, discloses=[EMAIL])
    chosen = talk.offer(cast.id, under=under(cast, PLAIN))
    talk.offer(cast.id, under=under(cast, LAX))
    assert talk.may(ask(cast.id))
    ordered = talk.accept(chosen)
    assert talk.may(ask(cast.id)).reason == "agreement-ended"
    use = Question("dpv:Use", SERVICE, "pd:EmailAddress", thread=cast.id)
    statements = [one for one in talk.history.facts.statements if one.lasts(talk.now)]
    assert [(one.evidence, one.own) for one in statements if one.covers(use)] == [
        ((chosen.said.digest, ordered.said.digest), cast.said.word)
    ], "dated by the wish, not by the acceptance"


@pytest.mark.requirement("DEC-12", "INT-2")
def test_an_order_under_terms_that_are_named_no_more_permits_by_rule_1_alone(talk: Any) -> None:
    cast = talk.cast(LAX, PLAIN, discloses=[EMAIL])
    chosen = talk.offer(cast.id, under=under(cast, LAX))
    talk.amend(cast.id, under(cast, PLAIN))
    talk.accept(chosen)
    assert talk.may(ask(cast.id)).reason == "agreement-ended"
    assert talk.may(ask(cast.id, CARE)).reason == "order-live"


@pytest.mark.requirement("DEC-12")
def test_an_accepted_offer_that_nobody_asked_for_leaves_no_terms_of_the_wish(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    consent = talk.grant(None, bodies.item(), statement="Do write.")
    lines = [{"name": "Wax", "price": bodies.euros("100")}]
    unasked = talk.offer(None, basis=consent.ref, under=bodies.terms("SD-BASE"), lines=lines)
    amended = talk.amend(unasked.id, LAX, discloses=[{"data": "pd:TelephoneNumber", "value": "+4911123"}])
    talk.offer(unasked.id, under=under(amended, LAX))
    question = ask(unasked.id, data="pd:TelephoneNumber")
    assert talk.may(question)
    talk.accept(unasked)
    assert talk.may(question).reason == "agreement-ended"


@pytest.mark.requirement("TRM-9", "DEC-12")
@pytest.mark.parametrize("ends", ["intent.withdraw", "order.cancel"])
def test_what_is_off_permits_nothing_and_its_prohibitions_stay(talk: Any, ends: str) -> None:
    cast = talk.cast(STRICT, discloses=[EMAIL])
    made = talk.offer(cast.id, under=under(cast, STRICT))
    if ends == "order.cancel":
        talk.accept(made)
    talk.customer(ends, {"reason": "changedMind"}, cast.id)
    assert talk.may(ask(cast.id, SERVICE)).reason == "agreement-ended"
    assert talk.may(ask(cast.id)).reason == "prohibited-by-agreement"


@pytest.mark.requirement("SEQ-21", "TRM-10")
def test_an_offer_under_an_old_wish_replaces_no_terms_that_were_agreed_since(talk: Any) -> None:
    cast = talk.cast(LAX, discloses=[EMAIL])
    agreed = talk.agree(PLAIN, scope=cast.ref)
    talk.offer(cast.id, under=under(cast, LAX))
    assert talk.may(ask(cast.id)).reason == "agreement-ended"
    made = talk.may(ask(cast.id, SERVICE))
    assert (made.reason, made.evidence[-1]) == ("agreement", agreed.said.digest)
    talk.amend(cast.id, under(cast, LAX))
    talk.offer(cast.id, under=under(cast, LAX))
    assert talk.may(ask(cast.id)).reason == "agreement", "a wish said anew came later"


# which data


@pytest.mark.requirement("DEC-19")
def test_the_terms_of_a_thread_permit_nothing_with_data_that_was_not_disclosed_in_it(talk: Any) -> None:
    talk.agree(LAX)
    cast = talk.cast(LAX, discloses=[EMAIL])
    made = talk.offer(cast.id, under=under(cast, LAX))
    assert talk.may(ask(cast.id))
    assert talk.may(ask(cast.id, SERVICE, "pd:PhysicalAddress")).reason == "no-word"
    assert talk.may(ask(cast.id, SERVICE, "dpv:PersonalData")).reason == "no-word"
    talk.accept(made)
    talk.customer("order.disclose", {"discloses": [ADDRESS]}, cast.id)
    assert talk.may(ask(cast.id, MARKETING, "pd:City")).reason == "agreement"


@pytest.mark.requirement("DEC-19")
def test_the_prohibitions_of_a_thread_speak_of_all_its_data(talk: Any) -> None:
    cast = talk.cast(STRICT, discloses=[EMAIL])
    talk.offer(cast.id, under=under(cast, STRICT))
    assert talk.may(ask(cast.id, MARKETING, "pd:TelephoneNumber")).reason == "prohibited-by-agreement"


# until when


@pytest.mark.requirement("DEC-20")
def test_a_wish_permits_to_answer_it_for_as_long_as_it_stands(talk: Any) -> None:
    cast = talk.cast(discloses=[EMAIL], until=talk.after(hours=2))
    until, question = cast.record.wished_until, ask(cast.id, CASTING)
    assert turning_point(talk.history.facts, talk.now) == until
    talk.now = until
    talk.later(minutes=-1)
    assert talk.may(question).reason == "intent-live"
    talk.later(minutes=1)
    assert talk.may(question).reason == "no-word"
    assert talk.may(question, until).reason == "no-word"
    talk.amend(cast.id)
    assert talk.may(question).reason == "intent-live"


@pytest.mark.requirement("DEC-20")
def test_an_order_permits_what_it_takes_until_its_days_for_returning_are_over(talk: Any, bodies: Any) -> None:
    cast = talk.cast(discloses=[EMAIL])
    talk.accept(talk.offer(cast.id, returns={"days": 14}))
    talk.vendor("order.confirm", {"reference": "1", "total": bodies.euros("100")}, cast.id)
    talk.vendor("order.fulfil", {"status": "done"}, cast.id)
    question = ask(cast.id, CARE)
    talk.later(days=14, minutes=-1)
    assert talk.may(question).reason == "order-live"
    talk.later(minutes=1)
    assert talk.may(question).answer == "deny"


@pytest.mark.requirement("DEC-12", "DEC-20")
@pytest.mark.parametrize("days", [None, {"days": 0}])
def test_an_order_without_returns_permits_until_it_is_done(talk: Any, bodies: Any, days: dict[str, int] | None) -> None:
    cast = talk.cast(discloses=[EMAIL])
    talk.accept(talk.offer(cast.id, **({"returns": days} if days else {})))
    talk.vendor("order.confirm", {"reference": "1", "total": bodies.euros("100")}, cast.id)
    assert talk.may(ask(cast.id, CARE)).reason == "order-live"
    talk.vendor("order.fulfil", {"status": "done"}, cast.id)
    assert talk.may(ask(cast.id, CARE)).reason == "no-word"


@pytest.mark.requirement("DEC-20")
def test_an_order_that_is_never_done_permits_for_a_year_after_its_last_entry(talk: Any) -> None:
    cast = talk.cast(discloses=[EMAIL])
    talk.accept(talk.offer(cast.id))
    question = ask(cast.id, CARE)
    talk.later(days=300)
    told = talk.customer("order.disclose", {"discloses": [ADDRESS]}, cast.id)
    for days, held in ((364, True), (1, False)):
        talk.later(days=days)
        assert bool(talk.may(question)) is held
        assert bool(talk.may(question, talk.now)) is held
    silent = talk.now
    talk.later(days=10)
    assert talk.customer("order.disclose", {"discloses": [EMAIL]}, cast.id).said.place > told.said.place
    assert talk.may(question).reason == "order-live", "it goes on"
    assert talk.may(question, silent).answer == "deny", "and answers nothing otherwise about the time before"
