"""The fold of a terms thread."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import roster
from opencmr.protocol.families.intent.basis import active_terms

OTHER = "zQm" + "2" * 44


@pytest.mark.requirement("TRM-4", "TRM-7")
def test_an_acceptance_binds_one_of_the_choices(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE-DP", "SD-BASE")
    assert proffered.record.state == "proffered"
    accepted = talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, proffered.id)
    assert accepted.record.as_dict() == {
        "record": "agreement",
        "state": "active",
        "choices": [bodies.terms("SD-BASE-DP"), bodies.terms("SD-BASE")],
        "terms": bodies.terms("SD-BASE"),
        "since": accepted.said.at,
        "evidence": [proffered.said.digest, accepted.said.digest],
    }


@pytest.mark.requirement("TRM-4")
def test_terms_that_were_not_proffered_cannot_be_accepted(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE-DP", "SD-BASE")
    with pytest.raises(errors.TermsNotOffered) as caught:
        talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE-ATP")}, proffered.id)
    assert caught.value.pointer == "/body/terms/id"
    assert caught.value.expected == ["SD-BASE-DP", "SD-BASE"]


@pytest.mark.requirement("TRM-4")
def test_an_acceptance_of_other_terms_is_void_where_the_vendor_has_said_it(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    heard = talk.heard("terms.accept", {"terms": bodies.terms("SD-BASE-ATP")}, proffered.id)
    assert (heard.outcome, heard.thread.state, heard.why.code) == ("void", "proffered", "terms-not-offered")
    assert heard.thread.entries[-1].digest == heard.said.digest


@pytest.mark.requirement("TRM-1")
def test_a_digest_that_is_not_of_the_roster_is_a_mismatch(talk: Any, bodies: Any) -> None:
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.proffer("SD-BASE-DP", {"id": "SD-BASE", "digest": OTHER})
    assert caught.value.pointer == "/body/choices/1/digest"
    assert caught.value.expected == [bodies.terms("SD-BASE")["digest"]]


@pytest.mark.requirement("TRM-1")
def test_carried_terms_cannot_take_an_id_of_the_roster(talk: Any, document: dict[str, Any]) -> None:
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.proffer({**document, "id": "SD-BASE"})
    assert caught.value.pointer == "/body/choices/0/document/id"


@pytest.mark.requirement("TRM-1")
def test_two_documents_of_one_id_are_a_mismatch(talk: Any, document: dict[str, Any]) -> None:
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.proffer(document, {**document, "version": "4"})
    assert caught.value.pointer == "/body/choices/1/document/id"


@pytest.mark.requirement("TRM-2", "TRM-3")
def test_terms_that_are_neither_carried_nor_on_the_roster_are_unknown(talk: Any) -> None:
    with pytest.raises(errors.TermsUnknown) as caught:
        talk.proffer({"id": "https://alice.example/terms/garden", "digest": OTHER})
    assert caught.value.pointer == "/body/choices/0/id"


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"effect": "permit", "action": "dpv:Usage", "by": ["vendor"]}, "/action"),
        ({"effect": "permit", "action": "dpv:Use", "purpose": "dpv:Fun", "by": ["vendor"]}, "/purpose"),
        ({"effect": "permit", "action": "dpv:Use", "data": "pd:Soul", "by": ["vendor"]}, "/data"),
    ],
)
def test_carried_rules_use_the_words_of_the_vocabulary(
    talk: Any, document: dict[str, Any], rule: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(errors.UnknownTerm) as caught:
        talk.proffer({**document, "rules": [*document["rules"], rule]})
    assert caught.value.pointer == "/body/choices/0/document/rules/2" + pointer


@pytest.mark.requirement("TRM-2", "TRM-7")
def test_carried_terms_are_accepted_by_id_and_digest(talk: Any, document: dict[str, Any]) -> None:
    proffered = talk.proffer(document)
    digest, _ = proffered.record.choices[0]
    accepted = talk.vendor("terms.accept", {"terms": {"id": document["id"], "digest": digest}}, proffered.id)
    assert accepted.record.terms == proffered.record.choices[0]
    assert digest == roster.digest_of(accepted.record.terms[1])


@pytest.mark.requirement("TRM-1")
def test_carried_terms_are_not_accepted_by_another_digest(talk: Any, document: dict[str, Any]) -> None:
    proffered = talk.proffer(document)
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.vendor("terms.accept", {"terms": {"id": document["id"], "digest": OTHER}}, proffered.id)
    assert caught.value.pointer == "/body/terms/digest"


@pytest.mark.requirement("TRM-5")
def test_a_counter_is_accepted_as_it_stands(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    countered = talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    assert countered.record.state == "countered"
    with pytest.raises(errors.TermsNotOffered) as caught:
        talk.customer("terms.accept", {"terms": bodies.terms("SD-BASE")}, proffered.id)
    assert caught.value.expected == ["SD-BASE-A"]
    accepted = talk.customer("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    assert (accepted.record.state, accepted.record.terms[1].id) == ("active", "SD-BASE-A")


@pytest.mark.requirement("TRM-2")
def test_a_counter_may_name_terms_that_the_proffer_carried(talk: Any, document: dict[str, Any]) -> None:
    proffered = talk.proffer("SD-BASE", document)
    digest, _ = proffered.record.choices[1]
    countered = talk.vendor("terms.counter", {"terms": {"id": document["id"], "digest": digest}}, proffered.id)
    assert countered.record.counter == proffered.record.choices[1]


@pytest.mark.requirement("TRM-1")
def test_a_counter_cannot_change_terms_under_their_id(talk: Any, document: dict[str, Any]) -> None:
    proffered = talk.proffer(document)
    with pytest.raises(errors.TermsMismatch) as caught:
        talk.vendor(
            "terms.counter", {"terms": {"document": {**document, "rules": document["rules"][:1]}}}, proffered.id
        )
    assert caught.value.pointer == "/body/terms/document/id"


@pytest.mark.requirement("TRM-6")
def test_a_vendor_counters_once(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, proffered.id)
    with pytest.raises(errors.WrongState):
        talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-AT")}, proffered.id)
    assert talk.heard("terms.counter", {"terms": bodies.terms("SD-BASE-AT")}, proffered.id).outcome == "void"


def test_the_customer_cannot_accept_their_own_proffer(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    with pytest.raises(errors.WrongSide):
        talk.customer("terms.accept", {"terms": bodies.terms("SD-BASE")}, proffered.id)


@pytest.mark.requirement("TRM-8", "TRM-9")
@pytest.mark.parametrize("side", ["customer", "vendor"])
@pytest.mark.parametrize(("type_", "body"), [("terms.decline", {"reason": "other"}), ("terms.terminate", {})])
def test_any_no_word_ends_what_is_active(talk: Any, side: str, type_: str, body: dict[str, Any]) -> None:
    agreed = talk.agree("SD-BASE")
    ended = getattr(talk, side)(type_, body, agreed.said.message.thread)
    assert (ended.record.state, ended.record.ended) == ("terminated", ended.said.point)
    assert ended.record.ended_by == side
    assert ended.record.terms == agreed.record.terms
    again = getattr(talk, side)(type_, body, agreed.said.message.thread)
    assert (again.outcome, again.record) == ("moot", ended.record)


def test_an_agreement_may_be_for_one_thread(talk: Any) -> None:
    wish = talk.cast("SD-BASE")
    agreed = talk.agree("PDC-INTENT", scope=wish.ref)
    assert agreed.record.as_dict()["scope"] == wish.ref
    assert list(active_terms(talk.history)) == []


@pytest.mark.requirement("TRM-10", "OFR-7")
def test_of_two_agreements_the_later_is_the_relationships(talk: Any) -> None:
    talk.agree("SD-BASE")
    second = talk.agree("SD-BASE-A")
    assert list(active_terms(talk.history)) == [second.record.terms]
    talk.customer("terms.terminate", {}, second.said.message.thread)
    assert list(active_terms(talk.history)) == [], "what was replaced does not come back"


def test_a_code_that_is_not_on_the_roster_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(errors.UsageError, match="SD-BASE-DP"):
        roster.document("SD-BASES")


# what the customer has said since


def late(talk: Any, bodies: Any, proffered: Any, code: str) -> Any:
    """The vendor accepts an old proffer: refused where it asks before, void where it has said it."""
    body = {"terms": bodies.terms(code)}
    with pytest.raises(errors.WrongState) as caught:
        talk.vendor("terms.accept", body, proffered.id)
    assert (caught.value.pointer, caught.value.rule) == ("/type", "TRM-10")
    heard = talk.heard("terms.accept", body, proffered.id)
    assert (heard.outcome, heard.thread.state, heard.record.terms) == ("void", "proffered", None)
    return caught.value


@pytest.mark.requirement("TRM-10")
def test_an_old_proffer_cannot_be_accepted_once_a_newer_one_is(talk: Any, bodies: Any) -> None:
    old = talk.proffer("SD-BASE-A")
    newer = talk.proffer("SD-BASE")
    talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, newer.id)
    assert late(talk, bodies, old, "SD-BASE-A").expected == [newer.said.digest]
    assert [document.id for _, document in active_terms(talk.history)] == ["SD-BASE"]


@pytest.mark.requirement("TRM-10")
def test_an_old_proffer_cannot_be_accepted_once_the_customer_has_ended_the_terms(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    old = talk.proffer("SD-BASE-A")
    ended = talk.customer("terms.terminate", {}, agreed.said.message.thread)
    assert late(talk, bodies, old, "SD-BASE-A").expected == [ended.said.digest]


@pytest.mark.requirement("TRM-10")
def test_a_proffer_that_knows_of_the_end_can_be_accepted(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    talk.customer("terms.terminate", {}, agreed.said.message.thread)
    assert talk.agree("SD-BASE-A").record.state == "active"


@pytest.mark.requirement("TRM-10")
def test_an_end_that_the_vendor_puts_to_terms_bars_no_proffer(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    open_ = talk.proffer("SD-BASE-A")
    talk.vendor("terms.terminate", {}, agreed.said.message.thread)
    assert talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, open_.id).outcome == "accepted"


@pytest.mark.requirement("TRM-10")
def test_of_two_open_proffers_the_later_can_be_accepted_last(talk: Any, bodies: Any) -> None:
    first, second = talk.proffer("SD-BASE-A"), talk.proffer("SD-BASE")
    talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, first.id)
    assert talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, second.id).outcome == "accepted"
    assert [document.id for _, document in active_terms(talk.history)] == ["SD-BASE"]


@pytest.mark.requirement("TRM-10")
def test_the_customers_acceptance_of_a_counter_is_their_own_word(talk: Any, bodies: Any) -> None:
    old = talk.proffer("SD-BASE-AT")
    talk.agree("SD-BASE")
    talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, old.id)
    accepted = talk.customer("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, old.id)
    assert (accepted.record.state, accepted.record.own) == ("active", accepted.said.word)


@pytest.mark.requirement("TRM-10")
def test_terms_for_another_scope_bar_nothing(talk: Any, bodies: Any) -> None:
    open_ = talk.proffer("SD-BASE-A")
    talk.agree("SD-BASE", scope=talk.cast().ref)
    assert talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, open_.id).outcome == "accepted"


@pytest.mark.requirement("TRM-10")
@pytest.mark.parametrize("since", ["amended", "ordered", "withdrawn"])
def test_terms_for_a_wish_cannot_be_accepted_once_the_customer_has_said_more_of_it(
    talk: Any, bodies: Any, since: str
) -> None:
    cast = talk.cast()
    made = talk.offer(cast.id)
    open_ = talk.proffer("SD-BASE-A", scope=cast.ref)
    match since:
        case "amended":
            later = talk.amend(cast.id, "SD-BASE")
        case "ordered":
            later = talk.accept(made)
        case _:
            later = talk.customer("intent.withdraw", {}, cast.id)
    assert late(talk, bodies, open_, "SD-BASE-A").expected == [later.said.digest]


@pytest.mark.requirement("TRM-12")
def test_a_proffer_that_does_not_know_what_holds_is_stale(talk: Any, bodies: Any) -> None:
    agreed = talk.agree("SD-BASE")
    proffer = {"choices": [bodies.terms("SD-BASE-A")]}
    with pytest.raises(errors.Stale) as caught:
        talk.customer("terms.proffer", proffer, seen=None, prior=None)
    assert (caught.value.pointer, caught.value.rule) == ("/seen", "TRM-12")
    assert caught.value.expected == [agreed.thread.entries[0].digest]
    assert talk.customer("terms.proffer", proffer).outcome == "accepted"


# until when


@pytest.mark.requirement("TRM-11")
@pytest.mark.parametrize("type_", ["terms.accept", "terms.counter"])
def test_a_proffer_can_be_answered_until_it_says(talk: Any, bodies: Any, type_: str) -> None:
    first, second = (talk.proffer("SD-BASE", answerBy=talk.after(minutes=minutes)) for minutes in (4, 4))
    body = {"terms": bodies.terms("SD-BASE")}
    assert talk.vendor(type_, body, first.id).outcome == "accepted"
    talk.later(minutes=1)
    with pytest.raises(errors.Expired) as caught:
        talk.vendor(type_, body, second.id)
    assert (caught.value.pointer, caught.value.rule) == ("/created", "TRM-11")
    assert talk.now <= second.record.answer_by
    assert talk.heard(type_, body, second.id).outcome == "void"


@pytest.mark.requirement("TRM-11")
def test_a_counter_can_be_accepted_until_it_says(talk: Any, bodies: Any) -> None:
    body = {"terms": bodies.terms("SD-BASE-A")}
    for minutes, held in ((2, True), (1, False)):
        proffered = talk.proffer("SD-BASE")
        talk.vendor("terms.counter", {**body, "answerBy": talk.after(minutes=1 + minutes)}, proffered.id)
        if held:
            assert talk.customer("terms.accept", body, proffered.id).record.state == "active"
            continue
        with pytest.raises(errors.Expired) as caught:
            talk.customer("terms.accept", body, proffered.id)
        assert (caught.value.pointer, caught.value.rule) == ("/created", "TRM-11")


@pytest.mark.requirement("TRM-8", "TRM-11")
def test_what_can_be_answered_no_more_can_still_be_declined(talk: Any) -> None:
    proffered = talk.proffer("SD-BASE", answerBy=talk.after(minutes=2))
    talk.later(days=9)
    assert talk.customer("terms.decline", {"reason": "changedMind"}, proffered.id).record.state == "declined"


@pytest.mark.requirement("SEQ-25", "RCV-11")
def test_a_proffer_takes_its_place_before_it_expires_and_can_be_accepted_after(talk: Any, bodies: Any) -> None:
    late_ = talk.write("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, expires=talk.after(minutes=3))
    in_time = talk.proffer("SD-BASE")
    talk.later(minutes=1)
    with pytest.raises(errors.Expired) as caught:
        talk.place(late_)
    assert (caught.value.pointer, caught.value.rule) == ("/expires", "RCV-11")
    assert talk.receipted(late_).outcome == "void", "whatever the vendor says of it"
    talk.later(days=400)
    assert talk.vendor("terms.accept", {"terms": bodies.terms("SD-BASE")}, in_time.id).outcome == "accepted"
