"""The fold of a terms thread."""

from typing import Any

import pytest

from opencmr import errors
from opencmr.protocol import roster

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
    assert (heard.outcome, heard.thread.state, heard.thread.head) == ("void", "proffered", heard.said.digest)


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
    assert (ended.record.state, ended.record.ended) == ("terminated", ended.said.at)
    assert ended.record.terms == agreed.record.terms
    again = getattr(talk, side)(type_, body, agreed.said.message.thread)
    assert (again.outcome, again.record) == ("moot", ended.record)


def test_an_agreement_may_be_for_one_thread(talk: Any) -> None:
    wish = talk.cast("SD-BASE")
    agreed = talk.agree("PDC-INTENT", scope=wish.ref)
    assert agreed.record.as_dict()["scope"] == wish.ref
    assert list(talk.history.active_terms(talk.now)) == []


def test_of_two_agreements_the_later_is_the_relationships(talk: Any) -> None:
    talk.agree("SD-BASE")
    second = talk.agree("SD-BASE-A")
    assert list(talk.history.active_terms(talk.now)) == [second.record.terms]
    talk.customer("terms.terminate", {}, second.said.message.thread)


def test_a_code_that_is_not_on_the_roster_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(errors.UsageError, match="SD-BASE-DP"):
        roster.document("SD-BASES")
