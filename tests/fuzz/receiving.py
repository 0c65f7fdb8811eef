"""The receiving checks, with messages that are validly signed and say whatever a hostile peer may think of."""

import json
import random
from dataclasses import replace
from typing import Any

import orjson

from opencmr import messages, trust
from opencmr.errors import Expired, OpenCMRError, Problem
from opencmr.messages import core
from opencmr.protocol import History, Question, Settled, Verified, is_narrowing, parse, settle, verify
from opencmr.protocol.history import is_entry
from opencmr.protocol.receiving import check_fresh
from opencmr.testing import envelope

from .cast import CUSTOMER, PINNED, VENDOR, examples, histories, hostile_examples, is_unsigned, scenes, signed
from .mutations import crossed, mutated, mutated_json, written
from .target import Target, expect

_PROOF = next(each["proof"] for each in examples() if each["from"] == VENDOR)
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


def _settled(verified: Verified, history: History, now: str) -> None:
    message = verified.message
    if message.type == core.Collect.type and verified.fault is None:
        try:
            check_fresh(message, now)
        except Problem:
            pass
    if message.side == "customer":
        if not is_entry(message) or verified.fault is not None:
            return
        settled = _answer(verified, history, now)
        if settled is None or history.chain.place_of(verified.digest) is not None:
            return  # what has its place is never settled again: check 2
        after = _both_hold(settled, history, now)
    else:
        after = history.copy()
        thread, why = after.follow(message, verified.digest, fault=verified.fault)
        expect((thread is not None) == is_entry(message), "an entry without a place, or the other way round", message)
        void = thread is not None and thread.entries[-1].outcome == "void"
        expect(not is_entry(message) or void == (why is not None), "void without a reason", why)
    for thread in after.threads.values():
        if thread.record is not None:
            trust.canonicalize(thread.record.as_dict())
    for question in QUESTIONS:
        for asked in (True, False):
            decision = after.may(question, now, now=asked)
            expect(decision == after.may(replace(question), now, now=asked), "two answers to one question", decision)


def _answer(verified: Verified, history: History, now: str) -> Settled | None:
    """What `settle` says, once and again; none where the answer is unsigned."""
    message, before = verified.message, history.threads.get(verified.message.thread)
    settled, told = _settle(message, verified.digest, history, now)
    again, told_again = _settle(message, verified.digest, history, now)
    expect(told == told_again, "two problems of the same", told, told_again)
    if settled is None or again is None:
        expect(settled is again, "two answers to the same", settled, again)
        return None
    expect((settled.thread, settled.outcome) == (again.thread, again.outcome), "two answers to the same", settled)
    placed = settled.outcome != "refused"
    count = len(before.entries) if before else 0
    expect(len(settled.thread.entries) == count + placed, "an entry too many or too few", settled)
    expect(placed == (told is None), "refused without a problem, or taken with one", settled)
    expect(placed or not is_narrowing(message.type, "customer"), "a no is refused", settled)
    return settled


def _settle(message: Any, digest: str, history: History, now: str) -> tuple[Settled | None, dict[str, Any] | None]:
    try:
        settled = settle(message, digest, history=history, now=now)
    except Problem as problem:
        expect(is_unsigned(problem), "a refusal that is signed is raised", problem)
        return None, problem.as_dict()
    told = settled.problem.as_dict() if settled.problem else None
    if told is not None:
        core.ProblemDetail.model_validate(told, by_alias=True)
    return settled, told


def _both_hold(settled: Settled, history: History, now: str) -> History:
    """The vendor gives the word its place; whoever hears the receipt, whatever it says, folds the same."""
    ours, said = history.copy(), settled.said
    taken = None if settled.problem else settled.thread
    digest, id_ = trust.digest(settled.said.digest.encode()), "urn:uuid:00000000-0000-4000-8000-00000000fffe"
    ours.answer(said, digest, id_, now, taken)
    body: dict[str, Any] = {"of": said.digest, "outcome": settled.outcome}
    body |= {"problem": settled.problem.as_dict()} if settled.problem else {"state": settled.thread.state}
    document = envelope(
        "receipt", body, id_=id_, from_=VENDOR, to=CUSTOMER, created=now, thread=said.message.thread,
        number=history.chain.next, prior=history.chain.tip, proof=_PROOF,
    )  # fmt: skip
    theirs = history.copy()
    theirs.follow(messages.validate(document), digest, of=said.message)
    expect(ours.threads == theirs.threads, "the two sides fold it otherwise", settled)
    expect(ours.chain.times() == theirs.chain.times(), "the two sides know other times", settled)
    expect(ours.chain.place_of(said.digest) is not None, "no place", settled)
    if settled.problem is None:  # a vendor that refuses what it may not refuse
        document["body"] = {**body, "outcome": "refused", "problem": Expired("no").as_dict()}
        del document["body"]["state"]
        denied = history.copy()
        thread, _ = denied.follow(messages.validate(document), digest, of=said.message)
        if is_narrowing(said.message.type, "customer"):
            expect(thread == taken, "a no counts by its receipt, whatever that says", settled)
        else:
            expect(denied.threads == history.threads, "a refused word changes something", settled)
    return ours


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
        for message in scene.words
    ]
    return [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in (*alone, *placed)]


def _linked(dice: random.Random, message: dict[str, Any], history: History) -> dict[str, Any]:
    """The members that link a message to a relationship, mostly as they should be."""
    chain = history.chain
    entries = [entry.digest for thread in history.threads.values() for entry in thread.entries]
    if message.get("from") == VENDOR:
        number = chain.next if dice.random() < 0.8 else dice.randrange(chain.next + 3)
        return {"number": number, "prior": chain.tip if dice.random() < 0.9 else dice.choice(entries)}
    seen = chain.tip if dice.random() < 0.6 else dice.choice(chain.digests)
    return {"seen": seen, **({"prior": dice.choice(entries)} if dice.random() < 0.5 else {})}


def mutated_case(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """The message changed, its thread another one, its links others, or the whole case changed."""
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
            message = {**message, "thread": thread.id, **_linked(dice, message, history)}
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
        "parse, verify, settle, follow, may: signed and hostile",
        run_receiving,
        seeds,
        mutated_case,
        share=60,
        short=1500,
    ),
)
