"""An agreement as a policy of ODRL 2.2, in JSON-LD (`docs/bridges/odrl.md`).

The model is https://www.w3.org/TR/odrl-model/, the terms are those of DPV, as its mapping to ODRL has it. `conflict` is
`prohibit`: inside one document a prohibition wins, here as there.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..errors import UsageError
from ..protocol import EVERYTHING, THIRD_PARTY, VENDOR, Question, Statement
from ..protocol.families.terms import Agreement
from ..protocol.statements import any_reaches
from ..protocol.vocabulary import prohibits
from .gate import Exported, Gate, View, in_terms
from .json_ld import PREFIXES, without_none

__all__ = ["policy"]

_CONTEXT = [
    "http://www.w3.org/ns/odrl.jsonld",
    {name: PREFIXES[name] for name in ("dct", "dpv", "ieee-7012", "opencmr", "pd")},
]
_PROFILE = "https://w3id.org/dpv/mappings/odrl"


class _Rule(NamedTuple):
    """What one rule of a policy speaks of; a purpose of none is any."""

    action: str
    purpose: str | None
    data: str
    recipient: str

    def covers(self, other: "_Rule") -> bool:
        """Whether a prohibition of this takes all of that permission away."""
        return (
            prohibits("action", self.action, other.action)
            and prohibits("purpose", self.purpose or EVERYTHING["purpose"], other.purpose or EVERYTHING["purpose"])
            and prohibits("data", self.data, other.data)
            and self.recipient == other.recipient
        )


def policy(view: View, thread: str) -> Exported:
    """The terms that an agreement binds, as an ODRL policy of type Agreement.

    Prohibitions are all there, also those of an agreement that has ended: they outlive it. Permissions are there if the
    agreement still gives them, and `may()` permits them.

    Args:
        view: The relationship, and the instant.
        thread: The thread of the agreement.

    Raises:
        UsageError: There is no such agreement, or none binds yet.
    """
    found = view.history.threads.get(thread)
    record = found.record if found else None
    binding = next(record.bindings(thread), None) if isinstance(record, Agreement) else None
    if binding is None:
        raise UsageError(f"{thread} is no thread of an agreement that binds")
    gate = Gate(view)
    said = [
        one
        for one in view.history.facts.statements
        if one.source == "agreement" and one.evidence == binding.evidence and one.scope == binding.scope
    ]
    prohibited = [rule for one in said if one.effect == "prohibit" for rule in _rules(one, one.data)]
    permitted, unnamed = _permitted(gate, said)
    unnamed = [one for one in unnamed if not any(no.covers(one) for no in prohibited)]
    overridden = [one for one in permitted if any(no.covers(one) for no in unnamed)]
    for one in overridden:
        gate.lose(in_terms(_question(one, binding.scope)), "a wider permission beside it does not include it")
    digest, document = binding.terms
    duties = [{"action": rule.duty} for rule in document.rules if rule.effect == "oblige"]
    scope = binding.scope
    made = {
        "@context": _CONTEXT,
        "@type": "Agreement",
        "uid": thread,
        "profile": _PROFILE,
        "conflict": "prohibit",
        "dct:issued": view.at,
        "dct:title": document.title,
        "dct:source": [document.id, digest, *binding.evidence],
        "assigner": view.customer,
        "assignee": view.vendor,
        "permission": _written((one for one in permitted if one not in overridden), view, scope),
        "prohibition": _written((*prohibited, *unnamed), view, scope),
        "obligation": duties or None,
    }
    return Exported(without_none(made), tuple(gate.lost))


def _permitted(gate: Gate, said: list[Statement]) -> tuple[list[_Rule], list[_Rule]]:
    """What may be stated as permitted, and what has to be named besides and is not: a reader would include it."""
    permitted: dict[_Rule, None] = {}
    unnamed: dict[_Rule, None] = {}
    for one in said:
        if one.effect == "prohibit":
            continue
        lasts = one.lasts(gate.view.at, now=True)
        for rule in _rules(one, _data(gate, one)):
            question = _question(rule, one.scope)
            if not lasts:
                gate.lose(in_terms(question), "agreement-ended")
            elif gate.permits(question, in_terms(question)):
                permitted[rule] = None
                unnamed |= dict.fromkeys(_to_be_named(gate, rule, one.scope))
    return list(permitted), list(unnamed)


def _to_be_named(gate: Gate, rule: _Rule, scope: str | None) -> Iterator[_Rule]:
    """Purposes first: what is done may be for each that is left."""

    def of_purpose(term: str) -> list[Question]:
        return [_question(rule._replace(purpose=term), scope)]

    purpose = rule.purpose or EVERYTHING["purpose"]
    purposes = gate.to_be_named("purpose", purpose, of_purpose)

    def of_action(term: str) -> list[Question]:
        return [_question(rule._replace(action=term, purpose=one), scope) for one in (purpose, *purposes.permitted)]

    yield from (rule._replace(purpose=no) for no in purposes.denied)
    yield from (rule._replace(action=no) for no in gate.to_be_named("action", rule.action, of_action).denied)


def _rules(one: Statement, data: Iterable[str]) -> Iterator[_Rule]:
    """A statement as rules: for the vendor and for third parties by themselves."""
    whom = (VENDOR,) * one.vendor + (THIRD_PARTY,) * (one.third_parties is None)
    for recipient in whom:
        for action in one.actions:
            for purpose in one.purposes if one.purposes is not None else (None,):
                for term in data:
                    yield _Rule(action, purpose, term, recipient)


def _data(gate: Gate, one: Statement) -> Iterable[str]:
    """With which data: under the terms of a thread, what was disclosed in it and lies at or below theirs."""
    if one.scope is None:
        return one.data
    disclosed = {
        term
        for activity in gate.view.history.facts.activities
        if activity.thread == one.scope
        for term, _ in activity.data
    }
    return sorted(term for term in disclosed if any_reaches("data", one.data, term))


def _question(rule: _Rule, scope: str | None) -> Question:
    return Question(rule.action, rule.purpose or EVERYTHING["purpose"], rule.data, rule.recipient, thread=scope)


def _written(rules: Iterable[_Rule], view: View, scope: str | None) -> list[dict[str, Any]] | None:
    return [_as_rule(rule, view, scope) for rule in dict.fromkeys(rules)] or None


def _as_rule(rule: _Rule, view: View, scope: str | None) -> dict[str, Any]:
    whom = ("eq", view.vendor) if rule.recipient == VENDOR else ("isA", "dpv:ThirdParty")
    constraints = [("recipient", *whom)]
    if rule.purpose is not None:
        constraints.append(("purpose", "isA", rule.purpose))
    return {
        "target": rule.data if scope is None else _part_of(scope, rule.data),
        "action": rule.action,
        "constraint": [
            {"leftOperand": left, "operator": operator, "rightOperand": {"@id": right}}
            for left, operator, right in constraints
        ],
    }


def _part_of(scope: str, data: str) -> dict[str, Any]:
    """The data of one thread alone."""
    kind = {"leftOperand": f"{_PROFILE}#PersonalData", "operator": "isA", "rightOperand": {"@id": data}}
    return {"@type": "AssetCollection", "source": scope, "refinement": [kind]}
