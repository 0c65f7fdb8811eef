"""Decisions: the vectors, and what holds whatever was said."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr.conformance.decisions import question_of
from opencmr.errors import OpenCMRError
from opencmr.protocol import Facts, Question, decide, roster
from opencmr.protocol.question import as_dict
from opencmr.protocol.vocabulary import parts

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
    asked, now = question_of(case["question"]), case.get("now", False)
    made = as_dict(decide(facts_of(case["facts"]), asked, case["at"], now=now))
    assert {name: made[name] for name in ("answer", "reason", "evidence")} == {
        name: case[name] for name in ("answer", "reason", "evidence")
    }


@pytest.mark.requirement("DEC-3", "DEC-4", "DEC-5", "DEC-9", "DEC-10", "DEC-13", "DEC-15", "DEC-16")
@pytest.mark.parametrize("code", roster.codes())
def test_an_agreement_of_the_roster_permits_what_its_table_says(
    code: str, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    facts = facts_of([{"kind": "agreement", "terms": code, "place": 1, "at": AT, "evidence": ["zQm"]}])
    cases = [dict(zip(ROSTER["columns"], case, strict=True)) for case in ROSTER["cases"] if case[0] == code]
    assert len(cases) == 10 * 8 * 3 * 2
    for case in cases:
        question = Question(case["action"], case["purpose"], case["data"], case["recipient"])
        made = decide(facts, question, AT)
        assert (made.answer, made.reason) == (case["answer"], case["reason"]), case


@pytest.mark.parametrize("name", ["action", "purpose", "data"])
@pytest.mark.requirement("DEC-2")
def test_a_question_in_words_that_no_table_knows_gets_no_decision(name: str) -> None:
    with pytest.raises(OpenCMRError, match="dpv:Missspelt"):
        Question(**{"action": "dpv:Use", "purpose": "dpv:Marketing", name: "dpv:Missspelt"})


def test_only_a_permit_counts_as_yes(facts_of: Callable[[list[dict[str, Any]]], Facts]) -> None:
    consent = {"kind": "consent", "item": ITEM, "place": 1, "at": DAYS[1], "until": DAYS[9], "evidence": ["m"]}
    asked = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
    assert decide(facts_of([consent]), asked, AT)
    assert not decide(facts_of([]), asked, AT)
    assert not decide(facts_of([]), Question("dpv:Erase", "dpv:DirectMarketing"), AT)


# whatever was said

DAYS = [f"2026-03-{day:02}T12:00:00.000Z" for day in range(1, 31)]
ITEM = {"purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
ACTIONS = ["dpv:Processing", "dpv:Use", "dpv:Store", "dpv:Analyse", "dpv:Tracking", "dpv:Share", "dpv:Profiling"]
PURPOSES = [
    "dpv:Purpose",
    "dpv:Marketing",
    "dpv:DirectMarketing",
    "dpv:RequestedServiceProvision",
    "opencmr:AITraining",
]
DATA = ["dpv:PersonalData", "pd:Contact", "pd:EmailAddress", "dpv:AnonymisedData"]
ADS = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
THREAD = "urn:uuid:11111111-1111-4111-8111-111111111111"


def some(of: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=2, unique=True)


ITEMS = st.fixed_dictionaries(
    {"purposes": some(PURPOSES), "data": some(DATA), "actions": some(ACTIONS)},
    optional={"channels": some(["email", "sms"]), "recipients": st.just([ADS])},
)
RULES_OF_TERMS = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["permit", "prohibit"]),
        "action": st.sampled_from(ACTIONS),
        "by": some(["vendor", "third-party"]),
    },
    optional={"purpose": st.sampled_from(PURPOSES), "data": st.sampled_from(DATA)},
)
TERMS = st.one_of(
    st.sampled_from(roster.codes()),
    st.lists(RULES_OF_TERMS, min_size=1, max_size=3).map(
        lambda rules: {"id": "https://alice.example/terms", "version": "1", "title": "Mine", "rules": rules}
    ),
)
WORDS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("agreement"), "terms": TERMS}, optional={"scope": st.just(THREAD)}),
    st.fixed_dictionaries({"kind": st.just("consent"), "item": ITEMS, "until": st.sampled_from(DAYS[10:])}),
    st.fixed_dictionaries({"kind": st.sampled_from(["refusal", "withdrawal"]), "item": ITEMS}),
)


@st.composite
def spoken(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Words of one relationship, each in its place; some of them ended, and some that do not know all before them."""
    words = draw(st.lists(WORDS, max_size=6))
    days = sorted(draw(st.permutations(DAYS[:20]))[: len(words)])
    facts = []
    for place, (word, day) in enumerate(zip(words, days, strict=True), 1):
        seen = draw(st.integers(0, place - 1))
        fact = {**word, "place": place, "own": {"seen": seen}, "at": day, "evidence": [f"m{place}"]}
        if fact["kind"] in ("agreement", "consent") and draw(st.booleans()):
            fact["ended"] = draw(st.sampled_from(DAYS[20:25]))
        facts.append(fact)
    return facts


QUESTIONS = st.builds(
    Question,
    st.sampled_from(ACTIONS),
    st.sampled_from(PURPOSES),
    st.sampled_from(DATA),
    st.sampled_from(["vendor", "third-party", "https://ads.example/", "https://press.example/"]),
    st.sampled_from([None, "email", "sms"]),
    st.sampled_from([None, THREAD]),
)


@pytest.mark.requirement("DEC-15")
@given(QUESTIONS)
def test_silence_is_a_no(question: Question) -> None:
    made = decide(Facts(), question, AT)
    assert (made.answer, made.reason, made.evidence) == ("deny", "no-word", ())


@pytest.mark.requirement("DEC-7", "CNS-7")
@given(said=spoken(), question=QUESTIONS)
def test_a_withdrawal_of_what_is_asked_about_denies_whatever_was_said_before(
    said: list[dict[str, Any]], question: Question, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    item = {"purposes": [question.purpose], "data": [question.data], "actions": [question.action]}
    taken_back = {"kind": "withdrawal", "item": item, "place": len(said) + 1, "at": DAYS[25], "evidence": ["last"]}
    made = decide(facts_of([*said, taken_back]), question, DAYS[25])
    assert (made.answer, made.reason, made.evidence) == ("deny", "withdrawn", ("last",))


@pytest.mark.requirement("DEC-13", "DEC-14")
@given(said=spoken(), more=ITEMS, place=st.integers(1, 9), question=QUESTIONS, at=st.sampled_from(DAYS))
def test_a_further_no_never_makes_a_yes(
    said: list[dict[str, Any]],
    more: dict[str, Any],
    place: int,
    question: Question,
    at: str,
    facts_of: Callable[[list[dict[str, Any]]], Facts],
) -> None:
    before = decide(facts_of(said), question, at)
    no = {"kind": "refusal", "item": more, "place": place, "at": DAYS[place], "evidence": ["no"]}
    after = decide(facts_of([*said, no]), question, at)
    assert before or not after


@pytest.mark.requirement("DEC-1")
@given(said=spoken(), question=QUESTIONS, at=st.sampled_from(DAYS))
def test_what_is_said_later_changes_no_answer_about_before(
    said: list[dict[str, Any]], question: Question, at: str, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    until_then = [fact for fact in said if fact["at"] <= at]
    assert decide(facts_of(said), question, at) == decide(facts_of(until_then), question, at)


@pytest.mark.requirement("DEC-1")
@given(said=spoken(), question=QUESTIONS, at=st.sampled_from(DAYS), random=st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_held_means_nothing(
    said: list[dict[str, Any]], question: Question, at: str, random: Any, facts_of: Callable[..., Facts]
) -> None:
    facts = facts_of(said)
    statements = list(facts.statements)
    random.shuffle(statements)
    shuffled = Facts(tuple(statements), facts.activities, facts.governed)
    assert decide(shuffled, question, at) == decide(facts, question, at)


@pytest.mark.requirement("DEC-3")
@given(said=spoken(), question=QUESTIONS, at=st.sampled_from(DAYS))
def test_nobody_is_tracked_whose_words_do_not_name_tracking(
    said: list[dict[str, Any]], question: Question, at: str, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    facts = facts_of(said)
    named = any("dpv:Tracking" in one.actions for one in facts.statements if one.effect == "permit")
    asked = Question("dpv:Tracking", question.purpose, question.data, question.recipient, question.channel)
    assert named or not decide(facts, asked, at)


@pytest.mark.requirement("DEC-9")
@given(said=spoken(), question=QUESTIONS, at=st.sampled_from(DAYS))
def test_no_third_party_gets_data_unless_words_name_sharing(
    said: list[dict[str, Any]], question: Question, at: str, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    facts = facts_of(said)
    named = any("dpv:Share" in one.actions for one in facts.statements if one.effect == "permit")
    asked = Question(question.action, question.purpose, question.data, "https://ads.example/", question.channel)
    assert named or not decide(facts, asked, at)


@pytest.mark.requirement("DEC-17")
@given(said=spoken(), question=QUESTIONS, at=st.sampled_from(DAYS), data=st.data())
def test_what_is_permitted_is_permitted_in_each_of_its_parts(
    said: list[dict[str, Any]],
    question: Question,
    at: str,
    data: st.DataObject,
    facts_of: Callable[[list[dict[str, Any]]], Facts],
) -> None:
    """So asking wider never turns a no into a yes."""
    facts = facts_of(said)
    if not decide(facts, question, at):
        return
    part = {
        kind: data.draw(st.sampled_from(sorted(parts(kind, term))))
        for kind, term in (("action", question.action), ("purpose", question.purpose), ("data", question.data))
    }
    narrower = replace(question, **part)
    assert decide(facts, narrower, at).answer in ("permit", "not-governed"), narrower


# who ends up processing


@pytest.mark.requirement("DEC-18")
@pytest.mark.parametrize(
    "recipient", ["ads.example", "Ads", "", "https://ads.example/\u00fc", "https://ads example/", "x:"]
)
def test_a_party_that_no_message_could_name_gets_no_decision(recipient: str) -> None:
    """Else no no-word could ever speak of it."""
    with pytest.raises(OpenCMRError, match="third-party"):
        Question("dpv:Share", "dpv:Marketing", recipient=recipient)


@pytest.mark.requirement("DEC-18")
def test_a_party_is_asked_about_by_its_normal_form() -> None:
    assert Question("dpv:Share", "dpv:Marketing", recipient="HTTPS://ads.example").recipient == "https://ads.example/"
    assert Question("dpv:Share", "dpv:Marketing", recipient="third-party").recipient == "third-party"
