"""Checks 8 to 10: the chain and the thread, time and expiry, state."""

from typing import Any

import pytest

from in_memory_vendor import IDS, NOWHERE, InMemoryVendor, refusal, word
from in_memory_vendor import NOON as NOW
from opencmr import errors

LATER = "2026-03-01T12:05:00.000Z"


@pytest.fixture
def proffer(bodies: Any) -> dict[str, Any]:
    return word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1)


@pytest.fixture
def vendor() -> InMemoryVendor:
    return InMemoryVendor()


def decline(at: int = 2, thread: int = 1, **more: Any) -> dict[str, Any]:
    return word("terms.decline", {"reason": "changedMind"}, at, thread, **more)


def accept(proffer: dict[str, Any], at: int = 3, thread: int = 1, **more: Any) -> dict[str, Any]:
    return word("terms.accept", {"terms": proffer["body"]["choices"][0]}, at, thread, **more)


@pytest.mark.requirement("SEQ-6")
def test_check_8_signs_nothing_where_a_word_that_was_seen_is_not_held(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    for document in (
        {**proffer, "seen": NOWHERE},
        {**proffer, "seen": NOWHERE, "expires": NOW},
        accept(proffer, thread=5, seen=NOWHERE, created="2026-03-01T13:00:00.000Z"),
    ):
        problem = refusal(errors.Behind, lambda asked=document: vendor.decide(asked))
        assert (problem.pointer, problem.retry) == ("/seen", True)
    assert vendor.history.threads == {}
    assert vendor.decide(proffer).outcome == "accepted"


@pytest.mark.requirement("RCV-9")
def test_check_8_knows_no_thread_that_was_not_opened_between_the_two(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    opened = vendor.decide(proffer)
    assert (opened.outcome, opened.said.place, opened.thread.state) == ("accepted", 1, "proffered")
    problem = refusal(errors.UnknownThread, lambda: vendor.after(accept(proffer, thread=5)))
    assert (problem.pointer, problem.retry) == ("/thread", True)
    assert IDS[5] not in vendor.history.threads


@pytest.mark.requirement("SEQ-9")
def test_check_8_lets_a_no_word_come_before_its_thread(proffer: dict[str, Any], vendor: InMemoryVendor) -> None:
    early = vendor.decide(decline())
    assert (early.outcome, early.said.place, early.thread.state) == ("moot", 1, "none")
    late = vendor.decide(proffer)
    assert (late.outcome, late.problem.code, late.problem.pointer) == ("refused", "stale", "/seen")
    assert late.problem.expected == [early.said.digest]


@pytest.mark.requirement("RCV-10")
def test_check_9_waits_for_a_message_that_is_dated_ahead(proffer: dict[str, Any], vendor: InMemoryVendor) -> None:
    ahead = {**proffer, "created": "2026-03-01T12:05:00.001Z"}
    problem = refusal(errors.TooEarly, lambda: vendor.decide(ahead))
    assert (problem.pointer, problem.retry) == ("/created", True)
    assert vendor.decide(ahead, "2026-03-01T12:00:00.001Z").outcome == "accepted"


@pytest.mark.requirement("RCV-11", "RCV-4", "SEQ-25")
def test_check_9_refuses_for_good_what_comes_too_late_to_its_place(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    short = {**proffer, "expires": LATER}
    late = vendor.decide(short, LATER)
    assert (late.outcome, late.problem.code, late.problem.pointer) == ("refused", "expired", "/expires")
    assert late.thread.entries == ()
    in_time = vendor.decide({**short, "id": IDS[4], "thread": IDS[4]}, "2026-03-01T12:04:59.999Z")
    assert in_time.outcome == "accepted"


@pytest.mark.requirement("SEQ-8", "RCV-10", "RCV-11")
def test_checks_8_and_9_refuse_no_word_that_takes_something_back(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    vendor.decide(proffer)
    settled = vendor.decide(decline(created="2030-01-01T00:00:00.000Z"), LATER)
    assert (settled.outcome, settled.thread.state) == ("accepted", "declined")
    again = vendor.decide(decline(4, prior=NOWHERE), "2026-03-01T12:06:00.000Z")
    assert (again.outcome, again.thread.state, again.said.place) == ("moot", "declined", 3)


@pytest.mark.requirement("SEQ-4", "RCV-4")
def test_check_10_refuses_for_good_what_does_not_know_its_thread(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    opened = vendor.decide(proffer)
    stale = vendor.decide(accept(proffer), LATER)
    assert (stale.outcome, stale.problem.code, stale.problem.pointer) == ("refused", "stale", "/seen")
    assert stale.problem.expected == [opened.said.digest]
    assert stale.thread.entries == opened.thread.entries
    knowing = vendor.after(accept(proffer, 4), LATER)
    assert knowing.problem.code == "wrong-side"  # it is not stale


@pytest.mark.requirement("RCV-12", "RCV-15")
def test_a_customer_judges_a_vendors_deadline_at_its_place_time(
    proffer: dict[str, Any], bodies: Any, vendor: InMemoryVendor
) -> None:
    wish = {"wants": [{"name": "Boots"}], "terms": [bodies.terms("PDC-INTENT")], "standing": "ready"}
    vendor.decide(word("intent.cast", wish, 1))
    body = bodies.offer()
    _, why = vendor.say(word("offer.make", body, 2, 1, expires=LATER), "2026-03-01T12:04:59.999Z")
    assert why is None
    thread, why = vendor.say(word("offer.make", body, 3, 1, expires=LATER), LATER)
    assert (why.code, why.pointer, thread.entries[-1].outcome) == ("expired", "/expires", "void")


@pytest.mark.requirement("RCV-16")
def test_a_customer_lets_a_vendors_word_take_its_place_whatever_its_date_is(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    vendor.decide(proffer)
    accepted = word("terms.accept", {"terms": proffer["body"]["choices"][0]}, 2, 1)
    thread, why = vendor.say(accepted, "2030-01-01T00:00:00.000Z")
    assert (why, thread.state, thread.entries[-1].place) == (None, "active", 2)
    withdrawn = vendor.after(word("terms.terminate", {}, 3, 1), LATER)
    assert (withdrawn.outcome, withdrawn.thread.state, withdrawn.said.place) == ("accepted", "terminated", 3)


@pytest.mark.requirement("RCV-4", "LIF-1")
def test_check_10_refuses_what_a_rule_across_members_forbids_and_keeps_the_thread(
    proffer: dict[str, Any], vendor: InMemoryVendor
) -> None:
    document = {**proffer, "body": {"choices": [{"id": "SD-BASE", "digest": NOWHERE}]}}
    settled = vendor.decide(document)
    assert (settled.outcome, settled.problem.code) == ("refused", "terms-mismatch")
    assert settled.problem.pointer == "/body/choices/0/digest"
    assert (settled.thread.entries, settled.thread.record) == ((), None)


@pytest.mark.requirement("ENV-9")
def test_an_extension_changes_nothing(proffer: dict[str, Any], vendor: InMemoryVendor) -> None:
    plain = vendor.decide(proffer)
    ext = {"https://wallet.example/ext/permit": "everything"}
    extended = vendor.decide({**proffer, "id": IDS[4], "thread": IDS[4], "ext": ext}, LATER)
    assert (extended.outcome, extended.thread.state) == (plain.outcome, plain.thread.state)
    assert extended.thread.record.choices == plain.thread.record.choices
