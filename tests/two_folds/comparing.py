"""Random conversations, folded by Python and by JavaScript, and compared word by word and question by question."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencmr.conformance.collecting import taken_in
from opencmr.conformance.conversations import Case, asked, folded
from opencmr.errors import OpenCMRError

from .conversations import conversation
from .mailboxes import mailbox

FOLD = Path(__file__).with_name("fold.mjs")
BOUND = 600
"""Seconds for one process. A thousand conversations take about a minute."""


@dataclass(frozen=True)
class Compared:
    """One conversation that both have folded.

    Attributes:
        seed: Of the conversation.
        words: How many there are.
        questions: How many were asked.
        apart: Where the two differ, a line each: the member, what Python says, what JavaScript says.
    """

    seed: int
    words: int
    questions: int
    apart: tuple[str, ...]


def compare(node: str, seeds: Iterable[int]) -> Iterator[Compared]:
    """Fold the conversations of these seeds on both sides; every third is what a mailbox brings.

    Args:
        node: The path of Node.
        seeds: Of the conversations.

    Raises:
        RuntimeError: Node ended without an answer for each.
    """
    cases = {seed: mailbox(seed) if seed % 3 == 2 else conversation(seed) for seed in seeds}
    lines = "".join(json.dumps(case) + "\n" for case in cases.values())
    done = subprocess.run([node, str(FOLD)], input=lines, capture_output=True, text=True, timeout=BOUND)
    theirs = done.stdout.splitlines()
    if done.returncode or len(theirs) != len(cases):
        raise RuntimeError(f"Node gave {len(theirs)} of {len(cases)} answers: {done.stderr[-2000:]}")
    for (seed, case), their in zip(cases.items(), theirs, strict=True):
        words, questions, ours = _collected(case) if "answers" in case else _folded(case)
        read = json.loads(their)
        if "steps" in read:
            for name in ("places", "pending"):
                read.pop(name)
            read["steps"] = _steps(read["steps"])
        yield Compared(seed, words, questions, tuple(differences("", json.loads(json.dumps(ours)), read)))


def _folded(case: Case) -> tuple[int, int, dict[str, Any]]:
    """How many words and questions a conversation has, and what Python makes of it, as the other side tells it."""
    history, got = folded({**case, "asks": []})
    for place in got["places"]:
        place.pop("rule", None)
        place.pop("expected", None)
    mine = history.copy()
    mine.mine = True
    got["asks"] = [_answered(mine if ask["mine"] else history, ask) for ask in case["asks"]]
    return len(case["words"]), len(case["asks"]), {**got, "digests": list(history.chain.digests)}


def _collected(case: Case) -> tuple[int, int, dict[str, Any]]:
    """The same of what a mailbox brings."""
    got = taken_in(case)
    steps = _steps([step["expect"] for step in got["answers"]])
    words = sum(len(step["messages"]) for step in case["answers"])
    ends = {name: got[name] for name in ("times", "disputes", "threads", "digests")}
    return words, sum(len(step["asks"]) for step in case["answers"]), {**ends, "steps": steps}


def _steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is known after each answer, with what has no order in one. What was shown once may be told again, or not."""
    shown: set[str] = set()
    found = []
    for step in steps:
        shown |= {f"{one['code']} {sorted(one['words'])}" for one in step["shows"]}
        asked = [{**answer, "evidence": sorted(answer["evidence"])} for answer in step["asked"]]
        found.append({**step, "waiting": sorted(step["waiting"]), "shows": sorted(shown), "asked": asked})
    return found


def _answered(history: Any, ask: dict[str, Any]) -> dict[str, Any] | None:
    try:
        answer = asked(history, ask)
    except OpenCMRError:  # a question that gets no decision
        return None
    return {**answer, "evidence": sorted(answer["evidence"])}


def differences(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Where two values of JSON differ, as deep as can be said."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            yield from differences(f"{where}/{name}", ours.get(name, "nothing"), theirs.get(name, "nothing"))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for position, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(f"{where}/{position}", *pair)
    elif ours != theirs:
        yield f"{where}: Python {json.dumps(ours)}, JavaScript {json.dumps(theirs)}"
