"""Checks 8 to 10: the chain and the thread, time and expiry, state."""

from typing import Any

import pytest

from desk import IDS, NOWHERE, Desk, refusal, word
from desk import NOON as NOW
from opencmr import errors

LATER = "2026-03-01T12:05:00.000Z"


@pytest.fixture
def proffer(bodies: Any) -> dict[str, Any]:
    return word("terms.proffer", {"choices": [bodies.terms("SD-BASE")]}, 1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def decline(at: int = 2, thread: int = 1, **more: Any) -> dict[str, Any]:
    return word("terms.decline", {"reason": "changedMind"}, at, thread, **more)


def accept(proffer: dict[str, Any], at: int = 3, thread: int = 1, **more: Any) -> dict[str, Any]:
    return word("terms.accept", {"terms": proffer["body"]["choices"][0]}, at, thread, **more)


@pytest.mark.requirement("SEQ-6")
def test_check_8_signs_nothing_where_a_word_that_was_seen_is_not_held(proffer: dict[str, Any], desk: Desk) -> None:
    for document in (
        {**proffer, "seen": NOWHERE},
        {**proffer, "seen": NOWHERE, "expires": NOW},
        accept(proffer, thread=5, seen=NOWHERE, created="2026-03-01T13:00:00.000Z"),
    ):
        problem = refusal(errors.Behind, lambda asked=document: desk.decide(asked))
        assert (problem.pointer, problem.retry) == ("/seen", True)
    assert desk.history.threads == {}
    assert desk.decide(proffer).outcome == "accepted"


@pytest.mark.requirement("RCV-9")
def test_check_8_knows_no_thread_that_was_not_opened_between_the_two(proffer: dict[str, Any], desk: Desk) -> None:
    opened = desk.decide(proffer)
    assert (opened.outcome, opened.said.place, opened.thread.state) == ("accepted", 1, "proffered")
    problem = refusal(errors.UnknownThread, lambda: desk.after(accept(proffer, thread=5)))
    assert (problem.pointer, problem.retry) == ("/thread", True)
    assert IDS[5] not in desk.history.threads


@pytest.mark.requirement("SEQ-9")
def test_check_8_lets_a_no_word_come_before_its_thread(proffer: dict[str, Any], desk: Desk) -> None:
    early = desk.decide(decline())
    assert (early.outcome, early.said.place, early.thread.state) == ("moot", 1, "none")
    late = desk.decide(proffer)
    assert (late.outcome, late.problem.code, late.problem.pointer) == ("refused", "stale", "/seen")
    assert late.problem.expected == [early.said.digest]


@pytest.mark.requirement("RCV-10")
def test_check_9_waits_for_a_message_that_is_dated_ahead(proffer: dict[str, Any], desk: Desk) -> None:
    ahead = {**proffer, "created": "2026-03-01T12:05:00.001Z"}
    problem = refusal(errors.TooEarly, lambda: desk.decide(ahead))
    assert (problem.pointer, problem.retry) == ("/created", True)
    assert desk.decide(ahead, "2026-03-01T12:00:00.001Z").outcome == "accepted"


@pytest.mark.requirement("RCV-11", "RCV-4", "SEQ-25")
def test_check_9_refuses_for_good_what_comes_too_late_to_its_place(proffer: dict[str, Any], desk: Desk) -> None:
    short = {**proffer, "expires": LATER}
    late = desk.decide(short, LATER)
    assert (late.outcome, late.problem.code, late.problem.pointer) == ("refused", "expired", "/expires")
    assert late.thread.entries == ()
    in_time = desk.decide({**short, "id": IDS[4], "thread": IDS[4]}, "2026-03-01T12:04:59.999Z")
    assert in_time.outcome == "accepted"


@pytest.mark.requirement("SEQ-8", "RCV-10", "RCV-11")
def test_checks_8_and_9_refuse_no_word_that_takes_something_back(proffer: dict[str, Any], desk: Desk) -> None:
    desk.decide(proffer)
    settled = desk.decide(decline(created="2030-01-01T00:00:00.000Z"), LATER)
    assert (settled.outcome, settled.thread.state) == ("accepted", "declined")
    again = desk.decide(decline(4, prior=NOWHERE), "2026-03-01T12:06:00.000Z")
    assert (again.outcome, again.thread.state, again.said.place) == ("moot", "declined", 3)


@pytest.mark.requirement("SEQ-4", "RCV-4")
def test_check_10_refuses_for_good_what_does_not_know_its_thread(proffer: dict[str, Any], desk: Desk) -> None:
    opened = desk.decide(proffer)
    stale = desk.decide(accept(proffer), LATER)
    assert (stale.outcome, stale.problem.code, stale.problem.pointer) == ("refused", "stale", "/seen")
    assert stale.problem.expected == [opened.said.digest]
    assert stale.thread.entries == opened.thread.entries
    knowing = desk.after(accept(proffer, 4), LATER)
    assert knowing.problem.code == "wrong-side"  # it is not stale


@pytest.mark.requirement("RCV-12", "RCV-15")
def test_a_customer_judges_a_vendors_deadline_at_its_place_time(
    proffer: dict[str, Any], bodies: Any, desk: Desk
) -> None:
    wish = {"wants": [{"name": "Boots"}], "terms": [bodies.terms("PDC-INTENT")], "standing": "ready"}
    desk.decide(word("intent.cast", wish, 1))
    body = bodies.offer()
    _, why = desk.say(word("offer.make", body, 2, 1, expires=LATER), "2026-03-01T12:04:59.999Z")
    assert why is None
    thread, why = desk.say(word("offer.make", body, 3, 1, expires=LATER), LATER)
    assert (why.code, why.pointer, thread.entries[-1].outcome) == ("expired", "/expires", "void")


@pytest.mark.requirement("RCV-16")
def test_a_customer_lets_a_vendors_word_take_its_place_whatever_its_date_is(
    proffer: dict[str, Any], desk: Desk
) -> None:
    desk.decide(proffer)
    accepted = word("terms.accept", {"terms": proffer["body"]["choices"][0]}, 2, 1)
    thread, why = desk.say(accepted, "2030-01-01T00:00:00.000Z")
    assert (why, thread.state, thread.entries[-1].place) == (None, "active", 2)
    withdrawn = desk.after(word("terms.terminate", {}, 3, 1), LATER)
    assert (withdrawn.outcome, withdrawn.thread.state, withdrawn.said.place) == ("accepted", "terminated", 3)


@pytest.mark.requirement("RCV-4", "LIF-1")
def test_check_10_refuses_what_a_rule_across_members_forbids_and_keeps_the_thread(
    proffer: dict[str, Any], desk: Desk
) -> None:
    document = {**proffer, "body": {"choices": [{"id": "SD-BASE", "digest": NOWHERE}]}}
    settled = desk.decide(document)
    assert (settled.outcome, settled.problem.code) == ("refused", "terms-mismatch")
    assert settled.problem.pointer == "/body/choices/0/digest"
    assert (settled.thread.entries, settled.thread.record) == ((), None)


@pytest.mark.requirement("ENV-9")
def test_an_extension_changes_nothing(proffer: dict[str, Any], desk: Desk) -> None:
    plain = desk.decide(proffer)
    ext = {"https://wallet.example/ext/permit": "everything"}
    extended = desk.decide({**proffer, "id": IDS[4], "thread": IDS[4], "ext": ext}, LATER)
    assert (extended.outcome, extended.thread.state) == (plain.outcome, plain.thread.state)
    assert extended.thread.record.choices == plain.thread.record.choices
