"""The receiving checks, with messages that are validly signed and say whatever a hostile peer may think of."""

import json
import random
from dataclasses import replace
from typing import Any

import orjson

from opencmr import trust
from opencmr.errors import OpenCMRError, Problem
from opencmr.messages import core
from opencmr.protocol import History, Question, Said, Thread, parse, settle, verify
from opencmr.protocol.history import is_entry
from opencmr.protocol.receiving import check_collect
from opencmr.protocol.thread import opened_by

from .cast import CUSTOMER, PINNED, VENDOR, examples, histories, hostile_examples, scenes, signed
from .mutations import crossed, mutated, mutated_json, written
from .target import Target, expect

NOWS = (
    "2026-03-01T12:00:00.000Z", "2026-09-01T20:15:00.000Z", "2027-03-10T18:00:00.000Z", "0001-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z", "2026-12-31T23:59:59.999Z",
)  # fmt: skip
QUESTIONS = (
    Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress"),
    Question("dpv:Use", "dpv:Marketing", channel="email"),
    Question("dpv:Share", "dpv:RequestedServiceProvision", recipient="https://other.example/"),
    Question("dpv:Profiling", "dpv:Personalisation", "dpv:PersonalData", recipient="third-party"),
)


def run_receiving(data: bytes) -> None:
    """`{"in": conversation, "now": which time, "message": …}`: signed, and put through the checks in their order."""
    try:
        case = orjson.loads(data)
    except orjson.JSONDecodeError:
        case = None
    if not isinstance(case, dict) or not isinstance(case.get("message"), dict):
        _read(data)
        return
    message = case["message"]
    try:
        raw = signed(message)
    except OpenCMRError:
        raw = written(message)
    history = _chosen(histories(), case.get("in"))
    now = str(_chosen(NOWS, case.get("now")))
    me = VENDOR if message.get("from") == CUSTOMER else CUSTOMER
    for lenient in (False, True):
        try:
            verified = verify(parse(raw), me=me, pinned=PINNED, lenient=lenient)
        except Problem as problem:
            core.ProblemDetail.model_validate(problem.as_dict(), by_alias=True)
            continue
        _settled(verified, history, now)


def _settled(verified: Any, history: History, now: str) -> None:
    message = verified.message
    side = "vendor" if message.from_ == VENDOR else "customer"
    if message.type == core.Collect.type and verified.fault is None:
        try:
            check_collect(message, now)
        except Problem:
            pass
    if not is_entry(message):
        return
    thread = history.threads.get(message.thread)
    known = {entry.digest for each in history.threads.values() for entry in each.entries}
    if side == "customer" and verified.fault is None:
        first, second = (_answer(verified, thread, history, now, known) for _ in range(2))
        expect(first == second, "two answers to the same", first, second)
    said = Said(message, verified.digest, side, now)
    after, why = (thread or opened_by(message)).take(said, history, verified.fault)
    expect((after.entries[-1].outcome == "void") == (why is not None), "void without a reason", why)
    later = History(dict(history.threads), history.last)
    later.put(after, now)
    if after.record is not None:
        trust.write(after.record.as_dict())
    for question in QUESTIONS:
        decision = later.may(question, later.now(now))
        expect(decision == later.may(replace(question), later.now(now)), "two answers to one question", decision)


def _answer(verified: Any, thread: Thread | None, history: History, now: str, known: set[str]) -> tuple[Any, ...]:
    """What `settle` says, as values that can be compared."""
    try:
        settled = settle(verified, side="customer", thread=thread, context=history, now=now, known=known.__contains__)
    except Problem as problem:
        expect(problem.retry, "a refusal that is final is raised", problem)
        return (problem.as_dict(),)
    before = len(thread.entries) if thread else 0
    placed = settled.outcome != "refused"
    expect(len(settled.thread.entries) == before + placed, "an entry too many or too few", settled)
    told = settled.problem.as_dict() if settled.problem else None
    expect(placed == (told is None), "refused without a problem, or taken with one", settled)
    if told is not None:
        core.ProblemDetail.model_validate(told, by_alias=True)
    return settled.thread, settled.previous, settled.outcome, told


def _chosen(among: Any, which: Any) -> Any:
    return among[which % len(among) if type(which) is int else 0]


def _read(data: bytes) -> None:
    try:
        verify(parse(data), me=VENDOR, pinned=PINNED)
    except Problem:
        pass


def seeds() -> list[bytes]:
    """The examples by themselves, and each message of the conversations in its own."""
    alone = [{"in": 0, "now": number % len(NOWS), "message": each} for number, each in enumerate(examples())]
    alone += [{"in": 0, "now": 0, "message": each} for each in hostile_examples()]
    placed = [
        {"in": number + 1, "now": 0, "message": message}
        for number, scene in enumerate(scenes())
        for message, _, _ in scene.entries
    ]
    return [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in (*alone, *placed)]


def mutated_case(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """The message changed, its thread another one, its predecessor the head, or the whole case changed."""
    roll = dice.random()
    try:
        case = json.loads(data)
        message = case["message"]
        history = _chosen(histories(), case["in"])
        if roll < 0.15:
            case["in"], case["now"] = dice.randrange(len(histories())), dice.randrange(len(NOWS))
            return written(case)
        if roll < 0.45 and history.threads:
            thread = dice.choice(list(history.threads.values()))
            message = {**message, "thread": thread.id, "inReplyTo": dice.choice(thread.entries).digest}
            if dice.random() < 0.3:
                del message["inReplyTo"]
            if dice.random() < 0.5:
                message["id"] = f"urn:uuid:{dice.randrange(16**8):08x}-0000-4000-8000-000000000000"
        elif roll < 0.97:
            for _ in range(dice.choice((1, 1, 2))):
                message = mutated(dice, message, json.loads(donor).get("message") if dice.random() < 0.3 else None)
        else:
            return mutated_json(dice, data, donor)
        return written({**case, "message": message})
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return mutated_json(dice, crossed(dice, (data, donor))[0], donor)


TARGETS = (
    Target(
        "receiving",
        "parse, verify, settle, take, may: signed and hostile",
        run_receiving,
        seeds,
        mutated_case,
        share=60,
        short=1500,
    ),
)
