"""Cases of decisions: facts and a question, as `spec/v1/vectors/decisions/` writes them."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from ..messages import data
from ..messages.consent import GrantItem
from ..messages.types import Code, TermsDocument
from ..protocol import Facts, Knowledge, Point, Question, Word, decide, roster
from ..protocol.binding import Binding, statements_of_terms
from ..protocol.clock import length, shifted
from ..protocol.families.consent import ItemRecord, statements_of_item
from ..protocol.families.data.objection import Objection, erasing
from ..protocol.families.data.request import answering
from ..protocol.families.intent import STANDS
from ..protocol.families.intent.performing import Lasting, Turn, standing_order, standing_wish
from ..protocol.question import as_dict
from ..protocol.statements import Activity

Fact = dict[str, Any]
_FOR_EVER = "9999-12-31T23:59:59.999Z"
_STATES: dict[str, Any] = {"consent": "given", "refusal": "refused", "withdrawal": "withdrawn"}


def run_decision(case: dict[str, Any]) -> tuple[Any, Any]:
    """A case of `rules.json`: what is expected, and what was decided."""
    question = question_of(case["question"])
    made = as_dict(decide(facts_of(case["facts"]), question, case["at"], now=case.get("now", False)))
    names = ("answer", "reason", "evidence")
    return {name: case[name] for name in names}, {name: made[name] for name in names}


def question_of(asked: dict[str, Any]) -> Question:
    """A question, as cases write it."""
    topic = {"topic": Code.model_validate(asked["topic"])} if "topic" in asked else {}
    return Question(**{**asked, **topic})


def run_roster(case: dict[str, Any]) -> tuple[Any, Any]:
    """A line of `roster.json`: what is expected, and what was decided."""
    question = Question(case["action"], case["purpose"], case["data"], case["recipient"])
    made = decide(_agreed(case["agreement"]), question, _AT)
    return [case["answer"], case["reason"]], [made.answer, made.reason]


_AT = "2026-03-05T12:00:00.000Z"


@cache
def _agreed(code: str) -> Facts:
    return facts_of([{"kind": "agreement", "terms": code, "place": 1, "at": _AT, "evidence": ["zQm"]}])


def facts_of(facts: list[Fact]) -> Facts:
    """What a case says has happened, as decisions take it in."""
    binding = [_binding(fact) for fact in facts if fact["kind"] == "agreement"]
    statements = statements_of_terms(binding, _when)
    for fact in facts:
        if fact["kind"] in _STATES:
            statements += statements_of_item(_item(fact), _when, _ended(fact))
        if fact["kind"] == "objection":
            body = data.Object.model_validate(fact["body"])
            said = Objection("objected", body, _since(fact), _own(fact), *fact["evidence"])
            statements += said.statements(_when)
        if fact["kind"] == "erasure":
            statements.append(erasing(fact.get("data"), _own(fact), fact["at"], *fact["evidence"]))
    activities = [activity for fact in facts for activity in _activities(fact)]
    governed = [(one.scope, one.since.at) for one in binding if one.scope]
    governed += [(one.thread, one.since) for one in activities if one.kind == "intent-live"]
    return Facts(tuple(statements), tuple(activities), tuple(governed))


def _when(point: Point) -> str:
    return point.at


def _binding(fact: Fact) -> Binding:
    named = fact["terms"]
    document = roster.document(named) if isinstance(named, str) else TermsDocument.model_validate(named)
    evidence = tuple(fact["evidence"])
    return Binding(
        (roster.digest_of(document), document), _own(fact), _since(fact), evidence, _ended(fact), fact.get("scope")
    )


def _item(fact: Fact) -> ItemRecord:
    item = GrantItem.model_validate({"key": "item", **fact["item"]})
    until = fact.get("until", _FOR_EVER)
    state, evidence = _STATES[fact["kind"]], tuple(fact["evidence"])
    return ItemRecord("item", state, item, _since(fact), _own(fact), until, evidence, fact.get("from"))


def _activities(fact: Fact) -> Iterator[Activity]:
    if fact["kind"] not in ("intent", "order", "request"):
        return
    thread, evidence = fact["thread"], tuple(fact["evidence"])
    disclosed = tuple((datum["data"], datum["at"]) for datum in fact["data"])
    if fact["kind"] == "request":
        yield answering(thread, fact["since"], fact.get("closed"), disclosed, *evidence)
        return
    if fact["kind"] == "intent":
        wishes = [(wish["since"], wish.get("until") or shifted(wish["since"], STANDS)) for wish in fact["wishes"]]
        yield from standing_wish(thread, wishes, fact.get("closed"), disclosed, evidence)
        return
    left = fact.get("left", True)
    turns = [Turn(at) for at in fact["steps"]]
    turns += [Turn(at, "returning", "customer", left) for at in fact.get("withdrawn", [])]
    turns += [Turn(at, "returning", "vendor", left) for at in fact.get("reports", [])]
    turns += [Turn(at, "done", "vendor", left) for at in fact.get("done", [])]
    lasting = Lasting(
        timedelta(days=fact.get("returnDays", 0)),
        length(fact["warranty"]) if "warranty" in fact else timedelta(),
        tuple((each["id"], tuple(each["data"])) for each in fact.get("recipients", [])),
    )
    yield from standing_order(thread, sorted(turns), fact.get("cancelled"), lasting, disclosed, evidence)


def _since(fact: Fact) -> Point:
    return Point(fact["place"], fact["at"])


def _ended(fact: Fact) -> Point | None:
    return Point(fact["place"], fact["ended"]) if "ended" in fact else None


def _own(fact: Fact) -> Word:
    """The customer's own word: the fact itself, unless it says otherwise, and then it knew all before it."""
    own = {"place": fact["place"], "created": fact["at"], **fact.get("own", {})}
    knows = Knowledge(own.get("seen", own["place"] - 1))
    for place in own.get("beyond", ()):
        knows = knows.and_of(place)
    return Word(own["place"], knows, own["created"])
