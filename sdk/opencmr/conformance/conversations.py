"""Cases of threads, first form: what the words of one relationship fold to, place by place.

This is run by `opencmr.protocol` alone. The other two forms are what a vendor answers (`answering`), and what a
customer makes of the answers (`collecting`).
"""

from typing import Any

from .. import trust
from ..errors import Problem
from ..messages import Message, core
from ..protocol import History, Verified, parse, verify
from ..protocol.history import is_entry
from ..protocol.question import as_dict
from ..protocol.said import Knowledge
from ..protocol.thread import opened_by
from .decisions import question_of

Case = dict[str, Any]


def run_words(case: Case) -> tuple[Any, Any]:
    """What a case with `words` expects, and what came of it."""
    return as_asked(case, folded(case)[1])


def folded(case: Case) -> tuple[History, dict[str, Any]]:
    """What the words of a case fold to, and all that can be told of it."""
    history, held = History(), dict[str, Verified]()
    places: list[dict[str, Any]] = []
    for document in case["words"]:
        word = read(case, document)
        if word.message.side == "customer":
            held[word.digest] = word
            history.hear(word.message, word.digest)
        else:
            places.append(_take(history, word, held))
    got = {"places": places, **at_the_end(case, history)}
    got["pending"] = [digest for digest in held if history.chain.place_of(digest) is None]
    return history, got


def as_asked(case: Case, got: dict[str, Any]) -> tuple[Any, Any]:
    """Of what came, what the case speaks of; and what the case says of it."""
    stated = [name for name in got if name in case]
    return {name: case[name] for name in stated}, {name: got[name] for name in stated}


def read(case: Case, document: dict[str, Any]) -> Verified:
    """A word of either side, signed and well-formed; a vendor's may be wrong in what it says."""
    raw, vendor = trust.canonicalize(document), document["from"] == case["vendor"]
    me = document["to"] if vendor else case["vendor"]  # the customer may have moved
    return verify(parse(raw), me=me, pinned=case["keys"], lenient=vendor)


def at_the_end(case: Case, history: History) -> dict[str, Any]:
    """What is known of a relationship once all is taken in."""
    return {
        "times": history.chain.times(),
        "disputes": [{"place": one.place, "word": one.word} for one in history.chain.disputes],
        "threads": {
            id_: {"state": thread.state, "record": thread.record.as_dict() if thread.record else None}
            for id_, thread in history.threads.items()
        },
        "asks": [{**ask, **asked(history, ask)} for ask in case.get("asks", ())],
    }


def asked(history: History, ask: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question, at an instant, or by every word that is held (`now`)."""
    decision = as_dict(history.may(question_of(ask["question"]), ask["at"], now=ask.get("now", False)))
    return {name: decision[name] for name in ("answer", "reason", "evidence")}


def _take(history: History, word: Verified, held: dict[str, Verified]) -> dict[str, Any]:
    """Take in the vendor's next word, and tell each step.

    Raises:
        ValueError: It is not the next one: the case is wrong.
    """
    message, chain = word.message, history.chain
    if (message.number, message.prior) != (chain.next, chain.tip):
        raise ValueError(f"{message.type} is not word number {chain.next} of the vendor's")
    place: dict[str, Any] = {"digest": word.digest, "at": chain.place_time(message.created)}
    if is_entry(message):
        _, why = history.follow(message, word.digest, fault=word.fault)
        entered = history.threads[message.thread]
        return {**place, "outcome": entered.entries[-1].outcome, "state": entered.state, **told(why)}
    of = held.get(str(message.body.of)) if word.fault is None else None
    if of is None or of.message.thread != message.thread:
        return {**place, "outcome": "nothing", **told(_pass(history, word, of))}
    if chain.place_of(of.digest) is not None:
        history.follow(message, word.digest, of=of.message)
        return {**place, "outcome": "again"}
    place["knows"] = as_knows(chain.knowledge(of.message))
    right = judged(history, of, message.created)
    thread, _ = history.follow(message, word.digest, of=of.message)
    if thread is None:
        place |= {"outcome": "refused"}
    else:
        place |= {"outcome": thread.entries[-1].outcome, "state": thread.state}
    place |= told(right)
    if differs := difference(message, place["outcome"], place.get("state"), right):
        place["differs"] = differs
    return place


def _pass(history: History, word: Verified, of: Verified | None) -> Problem | None:
    """Let a receipt that answers nothing have its number."""
    return history.follow(word.message, word.digest, of=of.message if of else None, fault=word.fault)[1]


def judged(history: History, of: Verified, created: str) -> Problem | None:
    """Why a customer's word may not take its place by a receipt of this date; none where it may."""
    said = history.placing(of.message, of.digest, created)
    return (history.threads.get(of.message.thread) or opened_by(of.message)).take(said, history)[1]


def difference(receipt: Message[core.Receipt], outcome: str, state: str | None, right: Problem | None) -> str | None:
    """How a receipt differs from the rules: `other-outcome`, `other-state`, or not."""
    body = receipt.body
    if body.outcome == "refused":
        return "other-outcome" if right is None else None
    if body.outcome != outcome:
        return "other-outcome"
    return "other-state" if body.state != state else None


def as_knows(knows: Knowledge) -> dict[str, Any]:
    """What a word knows: all places up to `seen`, and those beyond."""
    beyond = [knows.seen + 1 + bit for bit in range(knows.beyond.bit_length()) if knows.beyond >> bit & 1]
    return {"seen": knows.seen, "beyond": beyond}


def told(problem: Problem | None) -> dict[str, Any]:
    """A problem as cases state it."""
    if problem is None:
        return {}
    where = problem.as_dict().get("pointer")
    found = {"problem": problem.code, "pointer": where, "rule": problem.rule, "expected": problem.expected}
    return {name: value for name, value in found.items() if value and (name != "expected" or problem.code == "stale")}
