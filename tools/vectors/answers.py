"""What is answered to a message that breaks rules: each row of the tables by itself, and each with the row after it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from answer_tables import files, read

from opencmr.conformance.conversations import run_words

from . import answers_consent, answers_data, answers_deals, answers_relationship, answers_terms
from .conversation import Script, Word, threads_case
from .folds import COMPUTED
from .writing import Case

ROWS = {each["type"]: each["rules"] for file in files() for each in read(file)}


@dataclass
class Tries:
    """Messages that are wrong on purpose, in one conversation.

    Attributes:
        script: The conversation.
        type: The table's.
        rows: Place → the rows that the message there breaks; the first is the answer.
    """

    script: Script
    type: str
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __call__(self, word: Word, *rows: int) -> Word:
        """The word that was said last breaks these rows."""
        self.rows[self.script.history.chain.next - 1] = rows
        return word


def answers() -> list[Case]:
    """A case a table."""
    listed = [
        *answers_terms.CASES,
        *answers_consent.CASES,
        *answers_deals.CASES,
        *answers_data.CASES,
        *answers_relationship.CASES,
    ]
    return [_case(type_, says, rules, talk) for type_, says, rules, talk in listed]


def _case(type_: str, says: str, rules: str, talk: Callable[[Script, Any], Any]) -> Case:
    id_ = f"answers-{type_ if type_ != '*' else 'all'}"
    script = Script(id_)
    tries = Tries(script, type_)
    talk(script, tries)
    made = threads_case(id_, says, ("LIF-3", *rules.split()), words=[word.message for word in script.words])
    _, got = run_words({**made, **dict.fromkeys(COMPUTED)})
    wrong = {number: place for number, place in enumerate(got["places"], start=1) if "problem" in place}
    assert wrong.keys() == tries.rows.keys(), (id_, sorted(wrong.keys() ^ tries.rows.keys()), wrong, tries.rows)
    for number, rows in tries.rows.items():
        row = ROWS[type_][rows[0] - 1]
        assert wrong[number]["problem"] == row["code"], (id_, number, rows, wrong[number])
        assert wrong[number].get("rule") in (row["rule"] or [None]), (id_, number, rows, wrong[number])
    breaks = {"type": type_, "places": {str(number): list(rows) for number, rows in tries.rows.items()}}
    return {**made, "breaks": breaks, **{name: got[name] for name in COMPUTED}}
