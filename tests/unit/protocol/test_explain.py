"""Decisions in a sentence for people."""

import typing
from typing import Any

import pytest

from opencmr.protocol import THIRD_PARTY, Decision, Question, explain
from opencmr.protocol.question import Answer, Reason

AT = "2026-03-05T12:00:00.000Z"
THREAD = "urn:uuid:12345678-1111-4111-8111-111111111111"


def decided(
    answer: Any = "permit", reason: Any = "consent", evidence: tuple[str, ...] = (), **members: Any
) -> Decision:
    members = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", **members}
    return Decision(answer, reason, evidence, Question(**members), AT)


@pytest.mark.parametrize("reason", typing.get_args(Reason))
def test_every_reason_has_words_of_its_own(reason: str) -> None:
    others = [explain(decided(reason=other)) for other in typing.get_args(Reason) if other != reason]
    assert explain(decided(reason=reason)) not in others


def test_every_answer_begins_with_its_verdict() -> None:
    sentences = [explain(decided(answer=answer)) for answer in typing.get_args(Answer)]
    assert [sentence.split(":")[0] for sentence in sentences] == ["Yes", "No", "Not for OpenCMR to say"]


def test_a_sentence_tells_the_whole_question_in_words() -> None:
    said = explain(
        decided(
            data="pd:EmailAddress", recipient=THIRD_PARTY, channel="email", thread=THREAD, evidence=("zQm1", "zQm2")
        ),
        name=lambda digest: f"message {digest[-1]}",
    )
    for part in (
        "use of email address",
        "direct marketing",
        "third party",
        "email",
        "12345678",
        AT,
        "message 1, message 2",
    ):
        assert part in said
    assert said.endswith(".")


def test_a_third_party_is_called_by_its_name_and_no_evidence_is_left_out_quietly() -> None:
    said = explain(decided("deny", "no-word", recipient="https://ads.example"))
    assert "https://ads.example" in said
    assert "see" not in said.split(":")[-1]
