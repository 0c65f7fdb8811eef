"""Telemetry of a vendor: an event, a span and measurements of each message and each collect.

Receiving itself is not touched: the bytes are looked at once more, and only where telemetry is on. Before its signature
is verified, a message may claim anything; so ids are told only where they are UUIDs, a type only where it is in the
specification, and the sender never.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import orjson

from ... import _telemetry, trust
from ..._log import tell
from ..._telemetry import Attributes, Telemetry
from ...errors import PROBLEM_BASE, PROBLEMS, Problem
from ...messages import VERSIONS

V = TypeVar("V")
T = TypeVar("T")
_Works = Callable[[V, bytes], Coroutine[Any, Any, T]]
_Receives = Callable[..., Coroutine[Any, Any, list[bytes]]]

OTHER = "_OTHER"
"""What OpenTelemetry calls a value that is none of the known ones."""

_log = logging.getLogger("opencmr.vendor")
_ID = re.compile(r"urn:uuid:[0-9a-f-]{36}", re.ASCII)


def measure_receive(receive: _Receives) -> _Receives:
    """Tell of each message that a method receives: its type, what came of it, and how long that took."""

    @wraps(receive)
    def told(self: Any, raw: bytes, address: str | None = None) -> Coroutine[Any, Any, list[bytes]]:
        telemetry = _telemetry.current()
        if telemetry is None and not _log.isEnabledFor(logging.INFO):
            return receive(self, raw, address)
        return _received(telemetry, raw, receive(self, raw, address))

    return told


def measure_collect(collect: _Works[V, tuple[list[bytes], bool]]) -> _Works[V, tuple[list[bytes], bool]]:
    """Tell of each collect that a method answers: how many messages it brought, and how long it was held."""

    @wraps(collect)
    def told(self: V, raw: bytes) -> Coroutine[Any, Any, tuple[list[bytes], bool]]:
        telemetry = _telemetry.current()
        if telemetry is None and not _log.isEnabledFor(logging.INFO):
            return collect(self, raw)
        return _collected(telemetry, collect(self, raw))

    return told


def turn(lock: asyncio.Lock) -> AbstractAsyncContextManager[None]:
    """The lock of one sender, to be held with `async with`; how long it is waited for is measured."""
    telemetry = _telemetry.current()
    return lock if telemetry is None else _turn(telemetry, lock)


@asynccontextmanager
async def _turn(telemetry: Telemetry, lock: asyncio.Lock) -> AsyncIterator[None]:
    began = perf_counter()
    try:
        with telemetry.span("opencmr.sender.wait", "internal", {}):
            await lock.acquire()
    finally:
        telemetry.sender_wait.record(perf_counter() - began)
    try:
        yield
    finally:
        lock.release()


async def _received(telemetry: Telemetry | None, raw: bytes, work: Coroutine[Any, Any, list[bytes]]) -> list[bytes]:
    claims = Claims.of(raw)
    if telemetry is None:
        return await _decided(None, None, claims, work)
    attributes: Attributes = {
        "messaging.system": "opencmr",
        "messaging.operation.name": "receive",
        "messaging.operation.type": "process",
        "messaging.message.body.size": len(raw),
        "opencmr.message.type": claims.type,
    }
    if claims.id is not None:
        attributes["messaging.message.id"] = claims.id
    if claims.thread is not None:
        attributes["messaging.message.conversation_id"] = claims.thread
    kind: Attributes = {"opencmr.message.type": claims.type}
    telemetry.at_work.add(1, kind)
    try:
        with telemetry.span("opencmr.receive", "consumer", attributes) as span:
            return await _decided(telemetry, span, claims, work)
    finally:
        telemetry.at_work.add(-1, kind)


async def _decided(
    telemetry: Telemetry | None, span: Any, claims: "Claims", work: Coroutine[Any, Any, list[bytes]]
) -> list[bytes]:
    """Wait for what becomes of a message, and tell it."""
    began = perf_counter()
    outcome, code, rule, digest = "failed", None, None, None
    try:
        answers = await work
        outcome, code, rule, digest = _decision(answers)
        return answers
    except Problem as problem:
        outcome, code, rule = "problem", problem.code, problem.rule
        raise
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        took = perf_counter() - began
        tell(_log, logging.INFO, "message.received", message_type=claims.type, outcome=outcome, code=code, rule=rule,
             message_id=claims.id, thread_id=claims.thread, digest=digest, duration_ms=_ms(took))  # fmt: skip
        if telemetry is not None:
            _measure(telemetry, span, claims.type, outcome, code, took)


def _measure(telemetry: Telemetry, span: Any, type_: str, outcome: str, code: str | None, took: float) -> None:
    what: Attributes = {"opencmr.message.type": type_, "opencmr.outcome": outcome}
    span.set_attribute("opencmr.outcome", outcome)
    telemetry.received.add(1, what)
    telemetry.receive_duration.record(
        took, {**what, "messaging.system": "opencmr", "messaging.operation.name": "receive"}
    )
    if code is not None:
        span.set_attribute("opencmr.problem.code", code)
        if outcome != "problem":  # one that nobody signs is counted by whoever answers with it: `transport.app`
            _telemetry.count_problem(code, outcome)


async def _collected(
    telemetry: Telemetry | None, work: Coroutine[Any, Any, tuple[list[bytes], bool]]
) -> tuple[list[bytes], bool]:
    began = perf_counter()
    outcome, code, count = "failed", None, None
    if telemetry is not None:
        telemetry.collecting.add(1)
    try:
        if telemetry is None:
            found = await work
        else:
            kind: Attributes = {
                "messaging.system": "opencmr",
                "messaging.operation.name": "collect",
                "messaging.operation.type": "receive",
            }
            with telemetry.span("opencmr.collect", "consumer", kind) as span:
                found = await work
                span.set_attribute("messaging.batch.message_count", len(found[0]))
        outcome, count = "accepted", len(found[0])
        return found
    except Problem as problem:
        outcome, code = "problem", problem.code
        raise
    except asyncio.CancelledError:  # the customer has gone
        outcome = "cancelled"
        raise
    finally:
        took = perf_counter() - began
        tell(_log, logging.INFO, "mailbox.collected", outcome=outcome, code=code, count=count, duration_ms=_ms(took))
        if telemetry is not None:
            telemetry.collecting.add(-1)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


class Claims(NamedTuple):
    """What a message that nobody has checked says of itself, as far as it can be told without telling anything else.

    Attributes:
        type: As the specification names it; or `_OTHER`.
        id: Its id, where that is a UUID.
        thread: The thread's id, where that is a UUID.
    """

    type: str
    id: str | None
    thread: str | None

    @classmethod
    def of(cls, raw: bytes) -> "Claims":
        """The claims of some bytes, whatever they are."""
        try:
            said = orjson.loads(raw) if len(raw) <= trust.MAX_BYTES else None
        except (orjson.JSONDecodeError, RecursionError):
            said = None
        if not isinstance(said, dict):
            return cls(OTHER, None, None)
        return cls(known_type(said.get("type")), _uuid(said.get("id")), _uuid(said.get("thread")))


def known_type(type_: object) -> str:
    """A message type as it may be told: anybody could call theirs what they like, and as many as they like."""
    if not isinstance(type_, str):
        return OTHER
    return type_ if any(type_ in version.types for version in VERSIONS.values()) else OTHER


def _uuid(id_: object) -> str | None:
    return id_ if isinstance(id_, str) and _ID.fullmatch(id_) else None


def _decision(answers: list[bytes]) -> tuple[str, str | None, str | None, str | None]:
    """What our own receipt says: outcome, code and rule of its problem, digest of the message."""
    body = orjson.loads(answers[0])["body"] if answers else {}
    problem = body.get("problem") or {}
    code = str(problem.get("type", "")).removeprefix(PROBLEM_BASE)
    return body.get("outcome", OTHER), code if code in PROBLEMS else None, problem.get("rule"), body.get("of")
