"""Checks, and a runner that nothing stops.

A check is a small coroutine with an id, a title and the requirements that it holds. It raises `Failed` where the target
is wrong. Checks run one after the other, each in bounded time; a target that has stopped answering ends the run early.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from ..errors import OpenCMRError, UsageError
from .running import begins
from .wire import NoAnswer

Side = Literal["vendor", "customer"]
Outcome = Literal["passed", "failed", "skipped"]
S = TypeVar("S")

CHECK_TIMEOUT = 10.0
TOTAL_TIMEOUT = 600.0
PATIENCE = 3
"""After so many checks in a row without an answer, the rest is skipped."""


class Failed(OpenCMRError):
    """The target is wrong.

    Attributes:
        requirement: What it breaks, where that is another requirement than the check's own.
    """

    def __init__(self, why: str, requirement: str | None = None) -> None:
        super().__init__(why)
        self.requirement = requirement


@dataclass(frozen=True)
class Check(Generic[S]):
    """One thing that must hold.

    Attributes:
        id: Page and name, such as `envelope/unknown-member`.
        title: What holds, as a sentence.
        requirements: Ids of `spec/v1/**/requirements.toml`.
        run: Raises `Failed` where it does not hold.
        first: Can be run with a target that has not yet said who it is.
    """

    id: str
    title: str
    requirements: tuple[str, ...]
    side: Side
    run: Callable[[S], Awaitable[None]]
    first: bool = False


class Page(Generic[S]):
    """The checks of one page of the specification."""

    def __init__(self, name: str, side: Side) -> None:
        self.name = name
        self.side = side
        self.checks: list[Check[S]] = []

    def add(
        self, slug: str, title: str, *requirements: str, first: bool = False
    ) -> Callable[[Callable[[S], Awaitable[None]]], Callable[[S], Awaitable[None]]]:
        """Register a check: a decorator."""

        def register(run: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
            self.checks.append(Check(f"{self.name}/{slug}", title, requirements, self.side, run, first))
            return run

        return register


@dataclass(frozen=True)
class Result:
    """What became of a check.

    Attributes:
        broken: The requirements that the target breaks, the right one first.
        detail: Why it failed or was skipped.
        expected: Whether it was expected to fail.
        waited: Seconds that the target has asked to wait, or politeness; not among the `seconds`.
        said: Where it failed: the last message that the target got, see `running`.
    """

    check: Check[Any]
    outcome: Outcome
    detail: str = ""
    broken: tuple[str, ...] = ()
    seconds: float = 0.0
    expected: bool = False
    waited: float = 0.0
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """A whole run.

    Attributes:
        target: Its URL or command.
        unexpected: Ids of checks that were expected to fail and passed.
    """

    target: str
    side: Side
    results: list[Result] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything passed that was not expected to fail, and nothing else did."""
        return not self.unexpected and all(one.outcome == "passed" or one.expected for one in self.results)

    @property
    def broken(self) -> set[str]:
        """The requirements that the target breaks."""
        return {requirement for one in self.results for requirement in one.broken[:1]}

    def count(self, outcome: Outcome) -> int:
        """How many checks had this outcome."""
        return sum(1 for one in self.results if one.outcome == outcome)

    @property
    def waited(self) -> float:
        """Seconds that were waited because the target, or politeness, asked for it."""
        return sum(one.waited for one in self.results)

    @property
    def passed(self) -> set[str]:
        """The requirements that a passed check holds."""
        return {
            requirement for one in self.results if one.outcome == "passed" for requirement in one.check.requirements
        }


async def run(
    checks: Sequence[Check[S]],
    subject: S,
    *,
    target: str,
    side: Side,
    begin: Callable[[], Awaitable[None]],
    expected_failures: Iterable[str] = (),
    check_timeout: float = CHECK_TIMEOUT,
    total_timeout: float = TOTAL_TIMEOUT,
    trace: Path | None = None,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Run checks one after the other.

    Args:
        checks: What is to hold.
        subject: Handed to each check.
        target: What to call the target.
        side: Which side the target plays.
        begin: Gets to know the target. Where it fails, only checks that need no introduction are run.
        expected_failures: Ids of checks that are known to fail. One of them that passes fails the run.
        check_timeout: Seconds for one check. What the target asks to wait is not counted.
        total_timeout: Seconds for all, likewise.
        trace: A folder for what is exchanged, in a folder of its own for each check.
        on_result: Called after each check.
    """
    report, started, expected = Report(target, side), time.monotonic(), set(expected_failures)
    met = await _tried("", begin(), check_timeout, trace)
    silent = 0
    for check in checks:
        left = total_timeout - (time.monotonic() - started) + met.waited + report.waited
        if met.failure is not None and not check.first:
            result = Result(check, "skipped", f"the target did not introduce itself: {met.failure}")
        elif left <= 0:
            result = Result(check, "skipped", f"the {total_timeout:g} s for the whole run are used up")
        elif silent >= PATIENCE:
            result = Result(check, "skipped", f"the target has not answered {PATIENCE} checks in a row")
        else:
            tried = await _tried(check.id, check.run(subject), min(check_timeout, left), trace)
            silent = silent + 1 if isinstance(tried.failure, NoAnswer) else 0
            result = _judged(check, tried, check.id in expected)
        if result.outcome == "passed" and check.id in expected:
            report.unexpected.append(check.id)
        report.results.append(result)
        on_result(result)
    report.seconds = time.monotonic() - started
    return report


@dataclass(frozen=True)
class _Tried:
    """What came of something that a target could make fail."""

    failure: Exception | None
    seconds: float
    waited: float
    said: Mapping[str, str]


def _judged(check: Check[S], tried: _Tried, expected: bool) -> Result:
    failure, spent = tried.failure, max(0.0, tried.seconds - tried.waited)
    if failure is None:
        return Result(check, "passed", seconds=spent, waited=tried.waited)
    named = failure.requirement if isinstance(failure, Failed) else None
    broken = (named, *(one for one in check.requirements if one != named)) if named else check.requirements
    why = str(failure) or type(failure).__name__
    return Result(check, "failed", why, broken, spent, expected, tried.waited, tried.said)


async def _tried(check: str, work: Awaitable[None], timeout: float, trace: Path | None) -> _Tried:
    """Do something, and say why it did not succeed. Nothing that a target does, and no fault of a check, ends the run.

    It is a task of its own, so that what it tells of itself is told of no other.
    """

    async def within() -> _Tried:
        begun, began = begins(check, trace), time.monotonic()
        failure: Exception | None = None
        try:
            async with asyncio.timeout(timeout) as begun.limit:
                await work
        except TimeoutError:
            failure = NoAnswer(f"not done within {timeout:g} s")
        except (Failed, NoAnswer) as known:
            failure = known
        except Exception as error:
            why = f"{type(error).__name__}: {str(error)[:200]}"
            failure = Failed(f"the check could not make sense of the answer: {why}")
        return _Tried(failure, time.monotonic() - began, begun.waited, begun.said)

    return await asyncio.create_task(within())


def only(checks: Sequence[Check[S]], patterns: Sequence[str]) -> list[Check[S]]:
    """The checks whose id, or a requirement of whose, begins with one of these; all where none are given.

    Raises:
        UsageError: Nothing is left.
    """
    chosen = [
        check
        for check in checks
        if not patterns or any(name.startswith(tuple(patterns)) for name in (check.id, *check.requirements))
    ]
    if not chosen:
        raise UsageError(f"no check matches {', '.join(patterns)}")
    return chosen


def known(ids: Iterable[str], checks: Sequence[Check[S]]) -> list[str]:
    """The ids, each of which must be that of a check.

    Raises:
        UsageError: One is not.
    """
    listed = list(ids)
    if unknown := set(listed) - {check.id for check in checks}:
        raise UsageError(f"expected failures that are no checks: {', '.join(sorted(unknown))}")
    return listed


def each(pages: Iterable[Page[S]]) -> Iterator[Check[S]]:
    """The checks of several pages, in order."""
    for page in pages:
        yield from page.checks
