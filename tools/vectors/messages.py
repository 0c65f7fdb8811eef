"""The examples of the specification as vectors, and systematic mutants of the valid ones."""

import json
from typing import Any

from sign_examples import SPEC

from opencmr import messages, trust
from opencmr.conformance.changes import Change, apply, every_change
from opencmr.errors import Problem
from opencmr.messages import Path
from opencmr.protocol.receiving import check_place

from .writing import Case, Files, case, cases_file

EXAMPLES = (
    "Each example of the specification, by its path under spec/v1. A valid one is the message itself; an invalid one "
    "stands in `message` beside the reason. Problem and pointer are those of the checks 1 and 4 to 7, with the keys of "
    "keys.json."
)
MUTANTS = (
    "A valid example with one change: a member removed, renamed by one letter, of another type or form, null, or given "
    "an unknown sibling. `accepted` says whether checks 1, 4 and 7 let it pass; nothing is signed anew, nor checked."
)
LONGEST = 120
"""Of what is put in the place of a member, in characters of JSON: the file is not to be a megabyte of x."""


def files() -> Files:
    return {
        "messages/examples.json": cases_file(EXAMPLES, "message", _examples()),
        "messages/mutants.json": cases_file(MUTANTS, "mutant", _mutants()),
    }


def _examples() -> list[Case]:
    cases = []
    for file in sorted(SPEC.glob("*/examples/valid/*.json")):
        says = f"A valid {_type(file.name)}"
        cases.append(case(file.stem, says, "ENV-1", "SIG-6", file=_relative(file), valid=True))
    for file in sorted(SPEC.glob("*/examples/invalid/*.json")):
        example = json.loads(file.read_text())
        rule = {"bad-number": "JSN-3", "null-member": "JSN-4"}.get(example["problem"], "ENV-8")
        told = {"problem": example["problem"], "pointer": example["pointer"]}
        cases.append(case(f"invalid.{file.stem}", example["reason"], rule, file=_relative(file), valid=False, **told))
    return cases


def _relative(file: Any) -> str:
    return str(file.relative_to(SPEC).as_posix())


def _type(name: str) -> str:
    return max((type_ for type_ in messages.BODIES if name.startswith(type_ + ".")), key=len)


def _mutants() -> list[Case]:
    cases: list[Case] = []
    seen: set[tuple[Any, ...]] = set()
    for file in sorted(SPEC.glob("*/examples/valid/*.json")):
        document, type_ = json.loads(file.read_text()), _type(file.name)
        for path, change in every_change(document):
            place = _place(type_, document, path, change)
            if (
                place in seen
                or not _is_told(type_, path)
                or len(json.dumps(change.get("value"))) > LONGEST
                or _is_again(document, path, change)
            ):
                continue
            seen.add(place)
            says, rule = _says(change)
            cases.append(
                case(f"m{len(cases) + 1:05}", says, rule, of=_relative(file), change=change, **judged(document, change))
            )
    return cases


def judged(document: Any, change: Change) -> dict[str, Any]:
    """What checks 1, 4 and 7 say of a mutant."""
    try:
        check_place(messages.validate(trust.parse(trust.canonicalize(apply(document, change)))))
    except Problem as problem:
        return {"accepted": False, "problem": problem.code, "pointer": problem.pointer}
    return {"accepted": True}


def _place(type_: str, document: Any, path: Path, change: Change) -> tuple[Any, ...]:
    """What makes a mutant new: what is done and where, without positions, and in a small object beside what."""
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    beside = tuple(sorted(parent)) if isinstance(parent, dict) and len(parent) <= 4 else ()
    told = _kind(change, parent[path[-1]] if change["op"] == "set" else None)
    plain = tuple("#" if isinstance(step, int) else step for step in path)
    # A shared type is the same wherever it stands: its last two names tell it, of whichever message.
    return (told, plain if len(plain) <= 2 else plain[-2:], beside, type_ if len(plain) <= 2 else "")


def _kind(change: Change, before: Any) -> str:
    value = change.get("value")
    if change["op"] != "set" or value is None:
        return str(change["op"]) + ("null" if change["op"] == "set" else str(change.get("path", "").split("/")[-1]))
    if isinstance(value, str) and isinstance(before, str):
        return "appended" if value.startswith(before) and before else value[:10]
    return f"{type(value).__name__} {len(value) if isinstance(value, str | list | dict) else value}"


def _is_told(type_: str, path: Path) -> bool:
    """Whether this type is asked about this member: the envelope is the same for all, so a few types do for it."""
    if path[-1] in ("zUnknown", "is_unknown"):
        return path[0] in ("aUnknown", "zUnknown")
    return path[0] in ("body", "number", "prior", "seen", "expires", "type") or type_ in ("receipt", "offer.make")


def _is_again(document: Any, path: Path, change: Change) -> bool:
    """`true` is worth a case in the place of a number; elsewhere another type has been tried."""
    for step in path[:-1]:
        document = document[step]
    return change.get("value") is True and type(document[path[-1]]) is not int


def _says(change: Change) -> tuple[str, str]:
    match change["op"], change.get("value"):
        case "remove", _:
            return "A member is missing", "ENV-1"
        case "rename", _:
            return "A member is misspelt", "ENV-6"
        case "add", _:
            return "A member that nobody knows", "ENV-6"
        case _, None:
            return "A member is null", "JSN-4"
    return "A member says something else", "ENV-8"
