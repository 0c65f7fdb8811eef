"""Cases of decisions: facts and a question, as `spec/v1/vectors/decisions/` writes them."""

from functools import cache
from typing import Any

from ..messages.consent import GrantItem
from ..messages.types import TermsDocument
from ..protocol import Facts, Question, decide, roster
from ..protocol.consent import ItemRecord
from ..protocol.decisions import Activity, Binding, as_dict, statements_of_item, statements_of_terms

_FOR_EVER = "9999-12-31T23:59:59.999Z"
_LIVE: dict[str, Any] = {"intent": "intent-live", "order": "order-live"}
_STATES: dict[str, Any] = {"consent": "given", "refusal": "refused", "withdrawal": "withdrawn"}


def run_decision(case: dict[str, Any]) -> tuple[Any, Any]:
    """A case of `rules.json`: what is expected, and what was decided."""
    made = as_dict(decide(facts_of(case["facts"]), Question(**case["question"]), case["at"]))
    names = ("answer", "reason", "evidence")
    return {name: case[name] for name in names}, {name: made[name] for name in names}


def run_roster(case: dict[str, Any]) -> tuple[Any, Any]:
    """A line of `roster.json`: what is expected, and what was decided."""
    question = Question(case["action"], case["purpose"], case["data"], case["recipient"])
    made = decide(_agreed(case["agreement"]), question, _AT)
    return [case["answer"], case["reason"]], [made.answer, made.reason]


_AT = "2026-03-05T12:00:00.000Z"


@cache
def _agreed(code: str) -> Facts:
    return Facts(tuple(statements_of_terms([Binding(roster.document(code), _AT, ("zQm",))])))


def facts_of(facts: list[dict[str, Any]]) -> Facts:
    """What a case says has happened, as decisions take it in."""
    binding = [
        Binding(_terms(fact["terms"]), fact["at"], tuple(fact["evidence"]), fact.get("ended"), fact.get("scope"))
        for fact in facts
        if fact["kind"] == "agreement"
    ]
    statements = statements_of_terms(binding)
    for fact in facts:
        if fact["kind"] in _STATES:
            statements += statements_of_item(_item(fact), fact.get("ended"))
    activities = [
        Activity(
            fact["thread"],
            _LIVE[fact["kind"]],
            fact["since"],
            fact.get("closed"),
            tuple((datum["data"], datum["at"]) for datum in fact["data"]),
            tuple(fact["evidence"]),
        )
        for fact in facts
        if fact["kind"] in _LIVE
    ]
    governed = [(one.scope, one.since) for one in binding if one.scope]
    governed += [(one.thread, one.since) for one in activities if one.kind == "intent-live"]
    return Facts(tuple(statements), tuple(activities), tuple(governed))


def _terms(terms: str | dict[str, Any]) -> TermsDocument:
    return roster.document(terms) if isinstance(terms, str) else TermsDocument.model_validate(terms)


def _item(fact: dict[str, Any]) -> ItemRecord:
    item = GrantItem.model_validate({"key": "item", **fact["item"]})
    until = fact.get("until", _FOR_EVER)
    return ItemRecord("item", _STATES[fact["kind"]], item, fact["at"], until, tuple(fact["evidence"]))
