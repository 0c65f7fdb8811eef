"""Derive what each agreement of the roster permits, without the SDK, and write it out as vectors.

    python tools/decision_vectors.py           # write spec/v1/vectors/decisions/roster.json and roster.md
    python tools/decision_vectors.py --check   # exit 1 if they are not what would be written

A second opinion is worth something only if it is thought out differently. `opencmr.protocol.decisions` matches terms
as a question comes; here every rule of the terms is multiplied out into the set of all questions of the table that it
speaks of, by `spec/v1/decisions.md`, and a decision is a look into two sets.
"""

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parents[1] / "spec" / "v1"
FOLDER = SPEC / "vectors" / "decisions"

ACTIONS = (
    "dpv:Processing",
    "dpv:Use",
    "dpv:Store",
    "dpv:Tracking",
    "dpv:Profiling",
    "dpv:Disclose",
    "dpv:Share",
    "dpv:Transmit",
    "dpv:Transfer",
    "dpv:Erase",
)
PURPOSES = (
    "dpv:RequestedServiceProvision",
    "dpv:DeliveryOfGoods",
    "ieee-7012:ServiceAnalytics",
    "dpv:DirectMarketing",
    "opencmr:IntentCasting",
    "opencmr:AITraining",
    "dpv:PublicBenefit",
    "dpv:LegalCompliance",
)
DATA = ("dpv:PersonalData", "pd:EmailAddress", "dpv:AnonymisedData")
RECIPIENTS = ("vendor", "third-party")
SHARE = "dpv:Share"

Asked = tuple[str, str, str, str]
"""Action, purpose, data, recipient."""


def read(path: str) -> Any:
    return json.loads((SPEC / path).read_text())


class Family:
    """The terms of one kind: for each, all that lies at or below it."""

    def __init__(self, table: str, guards: list[str]) -> None:
        broader = {term: entry["broader"] for term, entry in read(f"vocabulary/{table}.json")["terms"].items()}
        self.below = {term: {term} for term in broader}
        grown = True
        while grown:  # until no term takes up anything new
            grown = False
            for term, above in broader.items():
                for parent in (each for each in above if each in broader):  # some lie outside of this kind
                    grown |= not self.below[term] <= self.below[parent]
                    self.below[parent] |= self.below[term]
        self.guards = guards

    def prohibited(self, term: str) -> set[str]:
        """All that have a part at or below; with personal data all that may hold some: all but what holds none.

        The parts of a question are what a permission of its term would reach.
        """
        forbidden = self.below[term]
        if term == "dpv:PersonalData":
            forbidden = set(self.below).difference(self.below["dpv:NonPersonalData"])
        return {asked for asked in self.below if not forbidden.isdisjoint(self.permitted(asked))}

    def permitted(self, term: str) -> set[str]:
        """All at or below, without what lies behind a named-only term that is not itself at or below."""
        hidden = [self.below[guard] for guard in self.guards if term not in self.below[guard]]
        return self.below[term].difference(*hidden)


NAMED_ONLY = read("vocabulary/named-only.json")
ACTION = Family("processing", NAMED_ONLY["actions"])
PURPOSE = Family("purposes", NAMED_ONLY["purposes"])
PURPOSE.below["dpv:Purpose"] = set(PURPOSE.below)  # every purpose, also where DPV does not say so
DATUM = Family("personal-data", [])


def questions(rule: dict[str, Any], named: list[str]) -> set[Asked]:
    """All questions of the table that a rule speaks of."""
    permit = rule["effect"] == "permit"
    ways = [getattr(family, "permitted" if permit else "prohibited") for family in (ACTION, PURPOSE, DATUM)]
    actions = ways[0](rule["action"])
    if "purpose" in rule:
        purposes = ways[1](rule["purpose"])
    elif permit:
        purposes = set().union(*map(ways[1], named))
    else:
        purposes = set(PURPOSE.below)
    data = ways[2](rule.get("data", "dpv:PersonalData"))

    def all_of(actions: set[str], recipient: str) -> set[Asked]:
        asked = zip((actions, purposes, data), (ACTIONS, PURPOSES, DATA), strict=True)
        return set(product(*(terms.intersection(column) for terms, column in asked), [recipient]))

    found: set[Asked] = set()
    if "vendor" in rule["by"]:
        found |= all_of(actions, "vendor")
    if "third-party" in rule["by"]:
        if SHARE in actions:
            # Handing over is sharing, whatever it is called; only what must be named is still to be named.
            below = [ACTION.below[guard] for guard in ACTION.guards if guard != SHARE]
            others = [terms for terms in below if rule["action"] not in terms]
            actions = set(ACTION.below).difference(*others) if permit else set(ACTION.below)
        elif permit:
            actions = set()
        found |= all_of(actions, "third-party")
    return found


def decisions(code: str) -> list[tuple[str, ...]]:
    """One agreement's answers to all questions of the table."""
    rules = [rule for rule in read(f"vocabulary/roster/{code}.json")["rules"] if rule["effect"] != "oblige"]
    named = [rule["purpose"] for rule in rules if rule["effect"] == "permit" and "purpose" in rule]
    said = {
        effect: set().union(*(questions(rule, named) for rule in rules if rule["effect"] == effect))
        for effect in ("permit", "prohibit")
    }
    return [(code, *asked, *answer(asked, said)) for asked in product(ACTIONS, PURPOSES, DATA, RECIPIENTS)]


def answer(asked: Asked, said: dict[str, set[Asked]]) -> tuple[str, str]:
    if asked[1] == "dpv:LegalCompliance":
        return "not-governed", "legal-compliance"
    if asked[0] in ACTION.below["dpv:Remove"]:
        return "not-governed", "removal"
    if asked in said["prohibit"]:
        return "deny", "prohibited-by-agreement"
    if asked in said["permit"]:
        return "permit", "agreement"
    return "deny", "no-word"


def as_json(rows: list[tuple[str, ...]]) -> str:
    """One line a case, so that a change shows as the lines it changes."""
    head = {
        "about": "One agreement of the roster is active, and nothing else was said. Made by tools/decision_vectors.py.",
        "kind": "decision-roster",
        "columns": ["agreement", "action", "purpose", "data", "recipient", "answer", "reason"],
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return (
        "{\n"
        + "".join(f' "{name}": {json.dumps(value)},\n' for name, value in head.items())
        + f' "cases": [\n{lines}\n ]\n}}\n'
    )


def as_page(rows: list[tuple[str, ...]]) -> str:
    every = list(dict.fromkeys(row[0] for row in rows))
    codes = [code for code in every if not code.endswith("-DP")]
    by_question = {row[:5]: row[5:] for row in rows}
    marks = {"agreement": "yes", "prohibited-by-agreement": "no", "no-word": "–"}
    for code, action, purpose, data, who in by_question:  # what the page has no room for makes no difference
        same = (code.removesuffix("-DP"), action, purpose, data.replace("pd:EmailAddress", "dpv:PersonalData"), who)
        assert by_question[code, action, purpose, data, who] == by_question[same]

    def table(data: str) -> list[str]:
        lines = ["| action | purpose | " + " | ".join(codes) + " |", "|---" * (2 + len(codes)) + "|"]
        for action, purpose in product(ACTIONS, PURPOSES):
            answers = [[by_question[code, action, purpose, data, who] for who in RECIPIENTS] for code in codes]
            if any(answer == "permit" for pair in answers for answer, _ in pair):
                cells = [" / ".join(marks[reason] for _, reason in pair) for pair in answers]
                lines.append(f"| `{action}` | `{purpose}` | " + " | ".join(cells) + " |")
        return lines

    return "\n".join(
        [
            "# What the agreements of the roster permit",
            "",
            "Made by `tools/decision_vectors.py` from the terms, as [decisions](../../decisions.md) says. "
            "The whole table, for programs, is",
            f"[roster.json](roster.json): {len(rows)} decisions for {len(every)} agreements, {len(ACTIONS)} actions, "
            f"{len(PURPOSES)} purposes, {len(DATA)} kinds of data and {len(RECIPIENTS)} recipients.",
            "",
            "A cell says: by the vendor / by a third party. *yes*: permitted. *no*: prohibited. *–*: no word.",
            "Rows in which nobody says yes are left out. `dpv:LegalCompliance` and `dpv:Erase` are not governed.",
            "An agreement whose code ends in `-DP` permits the same as the one without; it adds a duty.",
            "",
            "## Personal data",
            "",
            *table("dpv:PersonalData"),
            "",
            "## Anonymised data",
            "",
            "It is not personal data, so only terms that name it speak of it.",
            "",
            *table("dpv:AnonymisedData"),
            "",
        ]
    )


def main() -> int:
    rows = [row for code in read("vocabulary/roster.json")["terms"] for row in decisions(code)]
    stale = []
    for name, text in {"roster.json": as_json(rows), "roster.md": as_page(rows)}.items():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            stale.append(name)
    for name in stale:
        print(f"{name} is not what the roster says; run python tools/decision_vectors.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
