"""OpenTelemetry: spans and metrics, where the application has configured a provider for them.

Whether there is one is decided once, when something is first to be measured. Without one nothing is imported, nothing
is wrapped, and what is measured costs a call and a comparison. Everything here stands *around* what it measures: it
looks at what goes in and what comes out, and never changes either.

Attributes are named after OpenTelemetry's semantic conventions where those have a name, else `opencmr.*`. There are no
texts of messages or errors among them, no DIDs of customers, and no URLs. No trace context travels in requests: it
would join the relationships that pairwise keys keep apart.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from importlib.metadata import version as _version
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from .errors import OpenCMRError, Problem, Unknown

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from opentelemetry.trace import Span, TracerProvider

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")
Attributes = dict[str, str | int | float | bool]

# From the bounds of the semantic conventions, and finer below, where a message usually is.
_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WRITES = (1, 2, 5, 10, 20, 50, 100)

_GAUGES = {
    "opencmr.histories.remembered": ("{history}", "Histories that are held in memory, folded."),
    "opencmr.messages.held": ("{message}", "Messages that a vendor keeps, whose receipt follows later."),
    "opencmr.outbox.pending": ("{message}", "What a customer has said and no receipt has answered yet."),
}
_observed: dict[str, WeakKeyDictionary[Any, Callable[[Any], int]]] = {name: WeakKeyDictionary() for name in _GAUGES}
_lock = Lock()


def observe(name: str, owner: S, count: Callable[[S], int]) -> None:
    """Let a gauge show the sum of what is counted for every owner that still lives.

    Args:
        name: One of the gauges above.
        owner: Whose count it is. It is not kept alive.
        count: Counts it, in the thread of whoever exports metrics; what it raises of ours is passed over.
    """
    with _lock:
        _observed[name][owner] = count


class Telemetry:
    """The tracer and the instruments.

    Args:
        tracers: Where spans go.
        meters: Where measurements go.
    """

    def __init__(self, tracers: "TracerProvider", meters: "MeterProvider") -> None:
        version = _version("opencmr")
        self._tracer = tracers.get_tracer("opencmr", version)
        meter = meters.get_meter("opencmr", version)
        self.received = meter.create_counter(
            "opencmr.messages.received", "{message}", "Messages that a vendor was sent, by type and outcome."
        )
        self.problems = meter.create_counter(
            "opencmr.problems",
            "{problem}",
            "Problems that a vendor answered with, by code, and by whether they were signed.",
        )
        self.receive_duration = meter.create_histogram(
            "messaging.process.duration",
            "s",
            "From a message's bytes to its durable receipt.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.at_work = meter.create_up_down_counter(
            "opencmr.messages.at_work", "{message}", "Messages that a vendor works on just now, by type."
        )
        self.sender_wait = meter.create_histogram(
            "opencmr.sender.wait_time",
            "s",
            "How long a message waited for those of the same sender before it.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.store_wait = meter.create_histogram(
            "opencmr.store.wait_time",
            "s",
            "How long a write waited until the store's writer began with it.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.collecting = meter.create_up_down_counter(
            "opencmr.collects.open", "{request}", "Customers that collect just now, most of whom wait."
        )
        self.commit_size = meter.create_histogram(
            "opencmr.store.commit.size",
            "{write}",
            "Writes that shared one commit.",
            explicit_bucket_boundaries_advisory=_WRITES,
        )
        self.commit_duration = meter.create_histogram(
            "db.client.operation.duration",
            "s",
            "How long a commit took, with its writes, or until it failed.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.request_duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "How long a vendor took to answer.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        for name, (unit, description) in _GAUGES.items():
            meter.create_observable_gauge(name, [_summing(name)], unit, description)

    @contextmanager
    def span(self, name: str, kind: str, attributes: Attributes) -> "Iterator[Span]":
        """A span of this name. An error that leaves it is named by its kind or code, never by its text.

        Args:
            name: Its name.
            kind: `internal`, `client` or `consumer`.
            attributes: What is known from the beginning.
        """
        from opentelemetry.trace import SpanKind, Status, StatusCode

        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind[kind.upper()],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                if isinstance(error, Problem):
                    span.set_attribute("opencmr.problem.code", error.code)
                if not isinstance(error, Problem) or error.fault == "receiver" or kind == "client":
                    span.set_attribute("error.type", error_type(error))
                    span.set_status(Status(StatusCode.ERROR))
                raise


_decided = False
_current: Telemetry | None = None


def current() -> Telemetry | None:
    """Where to measure; none where nobody has configured a provider. The first call decides."""
    return _current if _decided else _decide()


def use(telemetry: Telemetry | None) -> None:
    """Measure there from now on, whatever was decided."""
    global _current, _decided  # it is the process that has a provider, or has none
    _current, _decided = telemetry, True


def decide_again() -> None:
    """Decide anew at the next occasion: a provider has been configured meanwhile."""
    global _current, _decided
    _current, _decided = None, False


def _decide() -> Telemetry | None:
    use(_found())
    return _current


def _found() -> Telemetry | None:
    named = any(os.environ.get(f"OTEL_PYTHON_{kind}_PROVIDER") for kind in ("TRACER", "METER"))
    if "opentelemetry" not in sys.modules and not named:
        return None  # whoever configures a provider has imported it
    try:
        from opentelemetry import metrics, trace
    except ImportError:
        return None
    tracers, meters = trace.get_tracer_provider(), metrics.get_meter_provider()
    return Telemetry(tracers, meters) if _is_real(tracers) or _is_real(meters) else None


def _is_real(provider: object) -> bool:
    """Whether a provider does anything. Those of the API itself only stand in for one."""
    return not type(provider).__module__.startswith(("opentelemetry.trace", "opentelemetry.metrics"))


def error_type(error: BaseException) -> str:
    """What `error.type` says: a problem's code, else the kind of the error; a private one is told as its cause."""
    if type(error).__name__.startswith("_") and error.__cause__ is not None:
        error = error.__cause__
    return error.code if isinstance(error, Problem) else type(error).__name__


def count_problem(code: str, outcome: str) -> None:
    """Count a problem that a vendor answers with.

    Args:
        code: Its code.
        outcome: `refused` by a signed receipt, or `problem` for one that nobody signed.
    """
    telemetry = current()
    if telemetry is not None:
        telemetry.problems.add(1, {"opencmr.problem.code": code, "opencmr.outcome": outcome})


def internal(name: str, attributes: Attributes) -> "AbstractContextManager[Any]":
    """A span around something inside, or nothing."""
    telemetry = current()
    return _NOTHING if telemetry is None else telemetry.span(name, "internal", attributes)


_NOTHING = nullcontext()


class Queued(Protocol):
    """A write that waits for the store's writer.

    Attributes:
        since: When it was asked for, by `perf_counter`.
        span: Around it and its waiting; none where there is none.
    """

    since: float
    span: Any


def measure_store_wait(group: Sequence[Queued]) -> None:
    """Measure how long these writes have waited for the writer, who begins with them now."""
    telemetry = current()
    if telemetry is None:
        return
    now = perf_counter()
    for write in group:
        telemetry.store_wait.record(now - write.since)
        if write.span is not None and write.span.is_recording():  # whoever was cancelled has ended theirs
            write.span.set_attribute("opencmr.store.wait_time", now - write.since)


def measure_commit(commit: Callable[[S, list[Any]], T]) -> Callable[[S, list[Any]], T]:
    """Measure a method that commits a group of writes."""

    @wraps(commit)
    def measured(self: S, group: list[Any]) -> T:
        telemetry = current()
        if telemetry is None:
            return commit(self, group)
        attributes: Attributes = {"db.operation.name": "COMMIT"}
        began = perf_counter()
        try:
            with telemetry.span("opencmr.store.commit", "internal", {"db.operation.batch.size": len(group)}):
                done = commit(self, group)
            telemetry.commit_size.record(len(group))
            return done
        except Exception as error:
            attributes["error.type"] = error_type(error)
            raise
        finally:
            telemetry.commit_duration.record(perf_counter() - began, attributes)

    return measured


def measure_request(
    exchange: Callable[Concatenate[S, str, str, P], Any],
) -> Callable[Concatenate[S, str, str, P], Any]:
    """Measure a coroutine method that takes an HTTP method and a URL, and does one request."""

    @wraps(exchange)
    def measured(self: S, method: str, url: str, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        telemetry = current()
        work = exchange(self, method, url, *args, **kwargs)
        return work if telemetry is None else _exchanged(telemetry, method, url, work)

    return measured


async def _exchanged(telemetry: Telemetry, method: str, url: str, work: Any) -> Any:
    attributes: Attributes = {"http.request.method": method, **_server(url)}
    outcome: Attributes = {}
    began = perf_counter()
    try:
        with telemetry.span(method, "client", attributes) as span:
            try:
                answer = await work
                outcome = {"http.response.status_code": 200}  # any other is an error
            except Problem as problem:
                outcome = {} if isinstance(problem, Unknown) else {"http.response.status_code": problem.status}
                outcome["error.type"] = problem.code
                raise
            except OpenCMRError as error:
                outcome = {"error.type": error_type(error)}
                raise
            finally:
                span.set_attributes(outcome)
            return answer
    finally:
        telemetry.request_duration.record(perf_counter() - began, {**attributes, **outcome})


def _server(url: str) -> Attributes:
    """The host and port of a URL, and none of what else it may hold."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return {}
    return {"server.address": parts.hostname or "", "server.port": port}


def _summing(name: str) -> "Callable[[CallbackOptions], Iterable[Observation]]":
    def look(_: "CallbackOptions") -> "Iterable[Observation]":
        from opentelemetry.metrics import Observation

        with _lock:
            owners = list(_observed[name].items())
        total = 0
        for owner, count in owners:
            try:
                total += count(owner)
            except OpenCMRError:  # its store is closed
                continue
        return [Observation(total)]

    return look
