"""A rights request ↔ statuses of the Data Rights Protocol."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridging import ANYTHING, view
from dialogue import Dialogue
from opencmr.bridges import Lost, drp, gpc
from opencmr.errors import Malformed, Problem, UsageError
from opencmr.messages import Body, consent, data
from opencmr.messages.data import Kept

ERASE = data.Request(right="erase", data=["pd:EmailAddress"], regime="ccpa")


def answered(one: Dialogue, *answers: data.Answer, request: data.Request = ERASE) -> str:
    thread = one.say(request)
    for answer in answers:
        one.tell(answer, thread)
    return thread


def test_a_request_that_nobody_has_answered_is_open_and_due(one: Dialogue) -> None:
    thread = answered(one)
    exported = drp.status(view(one), thread)
    (entry,) = one.history.threads[thread].entries
    assert exported.document == {
        "request_id": thread.removeprefix("urn:uuid:"),
        "received_at": entry.at,
        "expected_by": "2026-08-16T00:00:00.000Z",
        "status": "open",
    }
    assert exported.lost == ()


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (data.Answer(status="received"), "in_progress", None),
        (data.Answer(status="inProgress"), "in_progress", None),
        (data.Answer(status="needVerification"), "in_progress", "need_user_verification"),
        (data.Answer(status="fulfilled"), "fulfilled", None),
        (data.Answer(status="denied", reason=["noMatch"]), "denied", "no_match"),
        (data.Answer(status="denied", reason=["suspectedFraud"]), "denied", "suspected_fraud"),
        (data.Answer(status="denied", reason=["insufVerification"]), "denied", "insuf_verification"),
        (data.Answer(status="denied", reason=["claimNotCovered"]), "denied", "claim_not_covered"),
        (data.Answer(status="denied", reason=["outsideJurisdiction"]), "denied", "outside_jurisdiction"),
        (data.Answer(status="denied", reason=["tooManyRequests"]), "denied", "too_many_requests"),
        (data.Answer(status="denied", reason=["legalObligation"]), "denied", "other"),
    ],
)
def test_each_state_has_its_status(one: Dialogue, answer: data.Answer, status: str, reason: str | None) -> None:
    document = drp.status(view(one), answered(one, answer)).document
    assert (document["status"], document.get("reason")) == (status, reason)


def test_a_request_that_was_taken_back_is_revoked(one: Dialogue) -> None:
    thread = answered(one)
    one.say(data.Cancel(), thread)
    document = drp.status(view(one), thread).document
    assert document["status"] == "revoked"
    assert "expected_by" not in document


def test_what_a_status_cannot_say_is_told(one: Dialogue) -> None:
    kept = Kept(data=["pd:EmailAddress"], because="legalObligation")
    answer = data.Answer(status="partly", reason=["legalObligation", "other"], kept=[kept], note="On an invoice.")
    exported = drp.status(view(one), answered(one, answer))
    assert (exported.document["status"], exported.document["processing_details"]) == ("fulfilled", "On an invoice.")
    assert [lost.what for lost in exported.lost] == ["reason legalObligation", "reason other", "partly", "kept"]


def test_a_right_that_the_protocol_does_not_have_is_told(one: Dialogue) -> None:
    thread = answered(one, request=data.Request(right="export"))
    assert drp.status(view(one), thread).lost == (Lost("right export", "the protocol has no such right"),)


@pytest.mark.parametrize(
    ("body", "action"),
    [
        (data.Request(right="access"), "access"),
        (data.Request(right="access", detail="categories"), "access:categories"),
        (data.Request(right="access", detail="specific"), "access:specific"),
        (data.Request(right="access", detail="logic"), "access"),
        (ERASE, "deletion"),
        (gpc.objection({"Sec-GPC": "1"}), "sale:opt_out"),
        (data.Object(right="restrict"), None),
        (data.Request(right="export"), None),
        (consent.Withdraw(), None),
    ],
)
def test_a_right_has_its_action(body: Body, action: str | None) -> None:
    assert drp.exercise(body) == action


def test_what_is_no_request_is_told(one: Dialogue) -> None:
    with pytest.raises(UsageError):
        drp.status(view(one), one.say(data.Object(right="object")))


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ({"status": "open"}, {"status": "received"}),
        (
            {"status": "in_progress", "expected_by": "2026-08-01"},
            {"status": "inProgress", "dueBy": "2026-08-01T00:00:00.000Z"},
        ),
        (
            {
                "status": "in_progress",
                "reason": "need_user_verification",
                "user_verification_url": "https://v.example/",
            },
            {"status": "needVerification", "verifyUrl": "https://v.example/"},
        ),
        (
            {"status": "fulfilled", "expires_at": "2026-08-01T00:00:00Z", "processing_details": "Done."},
            {"status": "fulfilled", "availableUntil": "2026-08-01T00:00:00.000Z", "note": "Done."},
        ),
        ({"status": "denied", "reason": "no_match"}, {"status": "denied", "reason": ["noMatch"]}),
        ({"status": "denied", "reason": "we just won't"}, {"status": "denied", "reason": ["other"]}),
    ],
)
def test_a_status_comes_back_as_a_draft_of_an_answer(document: dict[str, Any], body: dict[str, Any]) -> None:
    draft = drp.answer({**document, "request_id": "c789"})
    assert draft.body.wire() == body
    assert draft.lost == (Lost("/request_id", "an answer has no place for it"),)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/status"),
        ({"status": "revoked"}, "/status"),
        ({"status": "expired"}, "/status"),
        ({"status": ["open"]}, "/status"),
        ({"status": "denied", "reason": 3}, "/reason"),
        ({"status": "fulfilled", "expires_at": "soon"}, "/expires_at"),
        ({"status": "open", "expected_by": 7}, "/expected_by"),
        (
            {"status": "in_progress", "reason": "need_user_verification", "user_verification_url": "javascript:x"},
            "/verifyUrl",
        ),
    ],
)
def test_what_no_answer_says_is_refused(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        drp.answer(document)
    assert caught.value.pointer == pointer


NAMES = st.sampled_from(["reason", "processing_details", "expected_by", "expires_at", "user_verification_url", "more"])
STATUS = st.sampled_from(["open", "in_progress", "fulfilled", "denied"])


@given(STATUS, st.dictionaries(NAMES, ANYTHING, max_size=4))
def test_whatever_a_status_says_it_is_a_draft_or_a_problem(status: str, members: dict[str, Any]) -> None:
    with contextlib.suppress(Problem):
        assert drp.answer({"status": status, **members}).body.status
