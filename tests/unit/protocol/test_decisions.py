"""Decisions: the vectors, and what holds whatever was said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencmr.errors import OpenCMRError
from opencmr.protocol import Facts, Question, Statement, decide, replay, roster
from opencmr.protocol.decisions import Binding, as_dict, statements_of_terms

import json
from pathlib import Path

VECTORS = Path(__file__).parents[3] / "spec" / "v1" / "vectors" / "decisions"
RULES = json.loads((VECTORS / "rules.json").read_text())["cases"]
ROSTER = json.loads((VECTORS / "roster.json").read_text())
AT = "2026-03-05T12:00:00.000Z"


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["id"], marks=pytest.mark.requirement(*case["requirements"])) for case in RULES],
)
def test_a_case_of_the_rules_is_decided_as_its_vector_says(
    case: dict[str, Any], facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    made = as_dict(decide(facts_of(case["facts"]), Question(**case["question"]), case["at"]))
    assert {name: made[name] for name in ("answer", "reason", "evidence")} == {
        name: case[name] for name in ("answer", "reason", "evidence")
    }


@pytest.mark.requirement("DEC-3", "DEC-4", "DEC-5", "DEC-9", "DEC-10", "DEC-13", "DEC-15", "DEC-16")
@pytest.mark.parametrize("code", roster.codes())
def test_an_agreement_of_the_roster_permits_what_its_table_says(code: str) -> None:
    binding = Binding(roster.document(code), AT, ("zQm",))
    facts = Facts(tuple(statements_of_terms([binding])))
    cases = [dict(zip(ROSTER["columns"], case, strict=True)) for case in ROSTER["cases"] if case[0] == code]
    assert len(cases) == 7 * 8 * 3 * 2
    for case in cases:
        question = Question(case["action"], case["purpose"], case["data"], case["recipient"])
        made = decide(facts, question, AT)
        assert (made.answer, made.reason) == (case["answer"], case["reason"]), case
