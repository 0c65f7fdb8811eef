"""Deadlines of wishes, terms and requests: each is judged at the place time of what comes, on both sides."""

from typing import Any

import pytest

from in_memory_vendor import EVENING, MORROW, NEXT_WEEK, NOON, InMemoryVendor, word
from opencmr.protocol import Question

BEFORE = "2026-03-01T19:59:59.999Z"
"""The last moment before the evening."""
GARDEN = {
    "id": "https://alice.example/terms/garden",
    "version": "3",
    "title": "My garden, my data",
    "rules": [
        {"effect": "permit", "action": "dpv:Use", "purpose": "dpv:ServicePersonalisation", "by": ["vendor"]},
    ],
}


@pytest.fixture
def vendor() -> InMemoryVendor:
    return InMemoryVendor()


def wish(*terms: Any, **more: Any) -> dict[str, Any]:
    return {"wants": [{"name": "Boots"}], "terms": list(terms), "standing": "ready", **more}


# terms


@pytest.mark.requirement("TRM-11")
@pytest.mark.parametrize(("type_", "state"), [("terms.accept", "active"), ("terms.counter", "countered")])
def test_a_proffer_is_answered_before_its_answer_by(
    vendor: InMemoryVendor, bodies: Any, type_: str, state: str
) -> None:
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")], "answerBy": EVENING}, 1))
    thread, why = vendor.say(word(type_, {"terms": bodies.terms("SD-BASE")}, 2, 1), EVENING)
    assert (why.code, why.pointer, why.rule) == ("expired", "/created", "TRM-11")
    assert (thread.state, thread.entries[-1].outcome) == ("proffered", "void")
    in_time = InMemoryVendor()
    in_time.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")], "answerBy": EVENING}, 1))
    thread, why = in_time.say(word(type_, {"terms": bodies.terms("SD-BASE")}, 2, 1), BEFORE)
    assert (why, thread.state) == (None, state)


@pytest.mark.requirement("TRM-11")
@pytest.mark.parametrize(("when", "code"), [(BEFORE, None), (EVENING, "expired")])
def test_a_counter_is_accepted_before_its_own_answer_by(
    vendor: InMemoryVendor, bodies: Any, when: str, code: str | None
) -> None:
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1))
    vendor.say(word("terms.counter", {"terms": bodies.terms("SD-BASE-A"), "answerBy": EVENING}, 2, 1), NOON)
    accepted = vendor.after(word("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, 3, 1), when)
    assert (accepted.problem and accepted.problem.code) == code
    if accepted.problem:
        assert (accepted.problem.pointer, accepted.problem.rule) == ("/created", "TRM-11")
    assert accepted.thread.state == ("countered" if code else "active")


@pytest.mark.requirement("TRM-11", "TRM-8")
def test_a_no_to_terms_is_never_too_late(vendor: InMemoryVendor, bodies: Any) -> None:
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")], "answerBy": EVENING}, 1))
    declined = vendor.after(word("terms.decline", {"reason": "changedMind"}, 2, 1), MORROW)
    assert (declined.outcome, declined.thread.state) == ("accepted", "declined")


@pytest.mark.requirement("TRM-10")
def test_old_terms_are_not_brought_back_by_accepting_them_late(vendor: InMemoryVendor, bodies: Any) -> None:
    """The vendor accepts a proffer that was left open, after newer terms were agreed."""
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1))
    vendor.after(word("terms.proffer", {"choices": [bodies.terms("SD-BASE-A")]}, 2))
    _, why = vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, 3, 2))
    assert why is None
    thread, why = vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE")}, 4, 1))
    assert (why.code, why.pointer, why.rule) == ("wrong-state", "/type", "TRM-10")
    assert (thread.state, thread.entries[-1].outcome) == ("proffered", "void")


@pytest.mark.requirement("TRM-10")
def test_terms_that_the_customer_has_ended_are_not_replaced_by_an_older_proffer(
    vendor: InMemoryVendor, bodies: Any
) -> None:
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1))
    vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE")}, 2, 1))
    left_open = word("terms.proffer", {"choices": [bodies.terms("SD-BASE-A")]}, 3)
    vendor.after(left_open)
    vendor.after(word("terms.terminate", {}, 4, 1))
    _, why = vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, 5, 3))
    assert (why.code, why.rule) == ("wrong-state", "TRM-10")
    vendor.after(word("terms.proffer", {"choices": [bodies.terms("SD-BASE-A")]}, 6))
    thread, why = vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE-A")}, 7, 6))
    assert (why, thread.state) == (None, "active")


@pytest.mark.requirement("TRM-12")
def test_a_proffer_that_does_not_know_what_holds_or_was_ended_is_stale(vendor: InMemoryVendor, bodies: Any) -> None:
    vendor.decide(word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1))
    vendor.say(word("terms.accept", {"terms": bodies.terms("SD-BASE")}, 2, 1))
    other = {"choices": [bodies.terms("SD-BASE-A")]}
    unknowing = vendor.decide(word("terms.proffer", other, 3))
    assert (unknowing.outcome, unknowing.problem.code, unknowing.problem.pointer) == ("refused", "stale", "/seen")
    assert unknowing.problem.rule == "TRM-12"
    before = vendor.tip
    vendor.after(word("terms.terminate", {}, 4, 1))
    assert vendor.decide(word("terms.proffer", other, 5, seen=before)).problem.rule == "TRM-12"
    assert vendor.after(word("terms.proffer", other, 6)).outcome == "accepted"


# consent


@pytest.mark.requirement("CNS-9")
@pytest.mark.parametrize(("when", "code"), [(BEFORE, None), (EVENING, "expired")])
def test_a_request_is_answered_before_it_expires(
    vendor: InMemoryVendor, bodies: Any, when: str, code: str | None
) -> None:
    body = {
        "items": [bodies.item()],
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": "zQm" + "2" * 44, "lang": "en"},
        "until": "2027-01-01T00:00:00.000Z",
    }
    vendor.say({**word("consent.request", body, 1), "expires": EVENING}, NOON)
    granted = vendor.after(word("consent.grant", {"items": [bodies.item()], "until": NEXT_WEEK}, 2, 1), when)
    assert (granted.problem and granted.problem.code) == code
    if granted.problem:
        assert (granted.problem.pointer, granted.problem.rule) == ("/created", "CNS-9")
    assert granted.thread.state == ("requested" if code else "given")


# wishes


@pytest.mark.requirement("INT-4", "INT-1")
def test_a_wish_is_answered_before_its_until_and_the_amendments_own(vendor: InMemoryVendor, bodies: Any) -> None:
    terms = bodies.terms("PDC-INTENT")
    vendor.decide(word("intent.cast", wish(terms, until=EVENING), 1))
    _, why = vendor.say(word("offer.make", bodies.offer(), 2, 1, expires=NEXT_WEEK), BEFORE)
    assert why is None
    thread, why = vendor.say(word("offer.make", bodies.offer(), 3, 1, expires=NEXT_WEEK), EVENING)
    assert (why.code, why.pointer, why.rule) == ("expired", "/created", "INT-4")
    assert [each.state for each in thread.record.offers] == ["firm"]
    vendor.after(word("intent.amend", wish(terms, until=MORROW), 4, 1), EVENING)
    _, why = vendor.say(word("offer.make", bodies.offer(), 5, 1, expires=NEXT_WEEK), EVENING)
    assert why is None


@pytest.mark.requirement("INT-4")
@pytest.mark.parametrize(
    ("when", "code"), [("2026-03-31T11:59:59.999Z", None), ("2026-03-31T12:00:00.000Z", "expired")]
)
def test_a_wish_that_does_not_say_until_when_stands_for_thirty_days_from_its_place(
    vendor: InMemoryVendor, bodies: Any, when: str, code: str | None
) -> None:
    settled = vendor.decide(word("intent.cast", wish(bodies.terms("PDC-INTENT")), 1))
    assert settled.thread.record.as_dict()["until"] == "2026-03-31T12:00:00.000Z"
    _, why = vendor.say(word("offer.make", bodies.offer(), 2, 1, expires="2026-06-01T00:00:00.000Z"), when)
    assert (why and why.code) == code


@pytest.mark.requirement("INT-6", "INT-2")
def test_an_amendment_ends_what_an_offer_permits_under_terms_that_it_names_no_more(
    vendor: InMemoryVendor, bodies: Any
) -> None:
    own, plain = {"document": GARDEN}, bodies.terms("PDC-INTENT")
    told = [{"data": "pd:Interest", "value": "walking"}]
    vendor.decide(word("intent.cast", wish(plain, own, discloses=told), 1))
    thread, why = vendor.say(word("offer.make", bodies.offer(under=own), 2, 1, expires=NEXT_WEEK))
    assert why is None
    made = thread.record.offers[0]
    question = Question("dpv:Use", "dpv:ServicePersonalisation", "pd:Interest", thread=thread.id)
    assert vendor.history.may(question, NOON, now=True)
    vendor.after(word("intent.amend", wish(own, plain, discloses=told), 3, 1), EVENING)
    assert vendor.history.may(question, EVENING, now=True)
    vendor.after(word("intent.amend", wish(plain, discloses=told), 4, 1), EVENING)
    assert not vendor.history.may(question, EVENING, now=True)
    body = {"offer": made.ref.wire(), "total": bodies.euros("100.00")}
    accepted = vendor.after(word("offer.accept", body, 5, 1), EVENING)
    assert (accepted.outcome, accepted.thread.state) == ("accepted", "ordered")
    assert not vendor.history.may(question, EVENING, now=True)
