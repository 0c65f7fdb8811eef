"""Mutants of the rules, and what catches them: the vectors, or the suite where no vector does.

    python tests/conformance/mutants.py --module families.consent --verbose

A second copy of the SDK is loaded under another name, and one function of it is changed: the suite that looks for the
fault is right. First each case and each check is run once with no fault, to see which lines of the rules it reaches;
so a mutant is tried against those only that come by it. One that nothing catches answers as what is right does, or
shows what nobody checks. `alike` says of which it is known.
"""

import argparse
import gc
import importlib
import importlib.util
import inspect
import logging
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from alike import ALIKE  # noqa: E402  # it is found beside this file
from inprocess import MEMORY, suite_against  # noqa: E402
from mutating import MODULES, Mutant, code_of, codes_in, every  # noqa: E402

import opencmr  # noqa: E402
from opencmr.conformance.suite import Result  # noqa: E402
from opencmr.conformance.vendor import CHECKS  # noqa: E402

PACKAGE = "opencmr_mutant"
RULES = f"{PACKAGE}.protocol."
LONGEST = 120.0
"""Seconds for one mutant; one that hangs is caught."""
PROCESSOR = 60
"""Seconds of a processor for one: it runs in circles."""
ROOM = 2 << 30
"""Bytes of memory beyond what there is: it collects for ever."""

ELSEWHERE = {
    "Agreement.promises": "unit/protocol/test_forgetting.py",
    "Dealing.promises": "unit/protocol/test_forgetting.py",
    "Dealing.overdue": "unit/protocol/test_withdrawals.py",
    "Withdrawal.overdue": "unit/protocol/test_withdrawals.py",
    "turning_point": "unit/roles/vendor/test_decisions.py",
    "_rests_on": "unit/protocol/test_excerpt.py",
    "rests_on": "unit/protocol/test_excerpt.py",
}
"""Function → the tests of what it is for: it decides what a vendor keeps, what evidence has to show, or what a view
says. No word and no answer tells."""
BESIDES = {
    "History.hear": "unit/protocol/test_a_no_without_a_place.py",
    "History.unhear": "unit/protocol/test_history.py",
    "History.placed": "unit/protocol/test_a_no_without_a_place.py",
    "History.follow": "unit/protocol/test_history.py",
    "gather": "unit/protocol/test_a_no_without_a_place.py",
    "Parsed._claimed": "unit/protocol/test_receiving.py",
    "_misplaced": "unit/protocol/test_receiving.py",
    "settle": "unit/protocol/test_settling.py",
    "ref": "unit/protocol/test_agreement.py",
}
"""The same of what vectors tell in part: the tests are asked about what these and the suite let pass."""
KEPT = ("roster", "vocabulary")
"""What works things out once and keeps them: who comes by there later can't be seen, so all do."""
Line = tuple[str, int]
"""A module of `opencmr.protocol`, and a line of it."""


@dataclass(frozen=True)
class Case:
    """Cases of vectors that are run together: one, or those of a table of short ones.

    Attributes:
        name: Of the file, and of the case.
        passes: Runs them.
    """

    name: str
    passes: Callable[[], bool]


@dataclass
class Hunter:
    """What may catch a mutant, and how.

    Attributes:
        cases: All cases of the vectors.
        reached: Which lines each case and each check reaches, by its name.
        seconds: How long each takes, by its name.
    """

    cases: list[Case] = field(default_factory=list)
    reached: dict[str, set[Line]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def reaches(self, name: str, mutant: Mutant) -> bool:
        """Whether a case or a check comes by the place of the fault; yes, where that can't be seen."""
        if mutant.module in KEPT or name not in self.reached:
            return True
        first, last = mutant.lines
        return any((mutant.module, line) in self.reached[name] for line in range(first, last + 1))

    def by_vectors(self, mutant: Mutant) -> str:
        """The first case that catches the mutant that was put in; empty: none. The shortest come first."""
        for case in sorted(self.cases, key=lambda case: self.seconds.get(case.name, 0.0)):
            if self.reaches(case.name, mutant):
                try:
                    if not case.passes():
                        return case.name
                except Exception as error:  # a fault may break more than an answer
                    return f"{case.name}: {type(error).__name__}"
        return ""

    def by_tests(self, mutant: Mutant) -> str:
        """The tests that catch a mutant of what no word and no answer tells; empty: none."""
        import pytest  # what hunts the others does without

        name = (ELSEWHERE | BESIDES)[mutant.function]
        tests = str(HERE.parent / name)
        put_in(mutant, "opencmr")
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            options = ["-o", "addopts=", "-o", "filterwarnings=", "-p", "no:cacheprovider", "-p", "no:xdist"]
            failed = pytest.main(["-q", "-x", *options, tests])
        caught = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)  # no tests where none are found
        return name if failed in caught else ""

    def by_suite(self, mutant: Mutant) -> str:
        """The first check that catches the mutant that was put in; empty: none. Those of its rule come first."""
        checks = [check for check in CHECKS if self.reaches(check.id, mutant)]
        checks.sort(key=lambda check: (mutant.rule not in check.requirements, self.seconds.get(check.id, 0.0)))

        def look(result: Result) -> None:
            if result.outcome != "passed":
                raise _Caught(result.check.id)

        try:
            suite_against(checks=checks, package=PACKAGE, on_result=look)
        except _Caught as caught:
            return str(caught)
        return ""

    def look_around(self) -> None:
        """Run all once with no fault, and see what reaches what."""
        lines = _Lines()
        with lines:
            for case in self.cases:
                assert case.passes(), case.name
                self._note(case.name, lines)
            lines.take()

            def note(result: Result) -> None:
                assert result.outcome == "passed", result
                self._note(result.check.id, lines)

            suite_against(package=PACKAGE, on_result=note)

    def _note(self, name: str, lines: "_Lines") -> None:
        self.reached[name], self.seconds[name] = lines.take()
        clear("statements")
        clear("decisions")


class _Caught(Exception):  # it ends a run
    pass


class _Lines:
    """Sees which lines of the rules of the second copy are run."""

    def __init__(self) -> None:
        self._modules: dict[int, str] = {}
        self._kept: list[CodeType] = []
        self._found: set[Line] = set()
        self._since = time.process_time()
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and (each.__module__ or "").startswith(RULES):
                for code in (each.__code__, *codes_in(each.__code__)):
                    self._kept.append(code)
                    self._modules[id(code)] = each.__module__.removeprefix(RULES)

    def take(self) -> tuple[set[Line], float]:
        """The lines since the last time, and the seconds."""
        found, since = self._found, self._since
        self._found, self._since = set(), time.process_time()
        return found, self._since - since

    def __enter__(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        return self._ran(frame, event, _) if id(frame.f_code) in self._modules else None

    def _ran(self, frame: FrameType, event: str, _: Any) -> Any:
        self._found.add((self._modules[id(frame.f_code)], frame.f_lineno))
        return self._ran


def load(*, handful: bool = False) -> Hunter:
    """Load the second copy of the SDK, and look around in it; not for a handful, which the vectors catch soon."""
    home = Path(opencmr.__file__)
    spec = importlib.util.spec_from_file_location(PACKAGE, home, submodule_search_locations=[str(home.parent)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    for name in ("conformance.testmode", "conformance.vectors", *(f"protocol.{each}" for each in MODULES)):
        importlib.import_module(f"{PACKAGE}.{name}")
    tempfile.tempdir = str(MEMORY) if MEMORY.is_dir() else None
    logging.disable(logging.CRITICAL)
    hunter = Hunter(list(_cases()))
    if not handful:
        hunter.look_around()
    return hunter


def _cases() -> Iterable[Case]:
    vectors = importlib.import_module(f"{PACKAGE}.conformance.vectors")
    folder = vectors.shipped()
    for name, listed in folder.files.items():
        kind, cases = listed["kind"], vectors.cases(folder, name, listed)

        def passes(cases: Any, name: str = name, kind: str = kind) -> bool:
            return all(vectors.run_case(folder, name, kind, case).passed for case in cases)

        if "columns" in folder.json(name):
            yield Case(name, partial(passes, cases))
        else:
            yield from (Case(f"{name} {case['id']}", partial(passes, [case])) for case in cases)


def put_in(mutant: Mutant, package: str = PACKAGE) -> None:
    """Change the second copy, or this package."""
    module = importlib.import_module(f"{package}.protocol.{mutant.module}")
    owner, _, name = mutant.function.rpartition(".")
    found: Any = vars(getattr(module, owner))[name] if owner else getattr(module, name)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    inspect.unwrap(found).__code__ = code_of(mutant)
    clear(mutant.module, package)


def clear(module: str, package: str = PACKAGE) -> None:
    """Forget what a module of the rules has worked out once and kept."""
    for each in vars(sys.modules[f"{package}.protocol.{module}"]).values():
        if callable(forget := getattr(each, "cache_clear", None)):
            forget()


LOST = "by nothing"


@dataclass(frozen=True)
class Found:
    """What caught a mutant.

    Attributes:
        by: A case of the vectors, or a check of the suite; empty: nothing.
        how: In a word or two.
    """

    by: str
    how: str


def hunt(mutant: Mutant, hunter: Hunter) -> Found:
    """What catches a mutant."""
    by_tests = {"by other tests": hunter.by_tests}
    if mutant.function in ELSEWHERE:
        return _hunted(mutant, by_tests)
    found = _hunted(mutant, {"by vectors": hunter.by_vectors, "by the suite": hunter.by_suite})
    return _hunted(mutant, by_tests) if found.how == LOST and mutant.function in BESIDES else found


def _hunted(mutant: Mutant, looks: dict[str, Callable[[Mutant], str]]) -> Found:
    """What of these catches it, one after the other; in a process of its own, which may be ended."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def work() -> None:
        for limit, most in ((resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_AS, _size() + ROOM)):
            resource.setrlimit(limit, (most, resource.RLIM_INFINITY))
        if "by other tests" not in looks:
            put_in(mutant)
        for look in looks.values():
            theirs.send(look(mutant))

    process = context.Process(target=work, daemon=True)
    process.start()
    theirs.close()
    until = time.monotonic() + LONGEST
    try:
        for how in looks:
            if not ours.poll(max(0.0, until - time.monotonic())):
                return Found("it hangs", how)
            if by := ours.recv():
                return Found(by, how)
    except EOFError:
        return Found("it ends", how)
    finally:
        process.kill()
        process.join()
    return Found("", "known to be alike" if mutant.name in ALIKE else LOST)


def _size() -> int:
    """Bytes of memory that this process takes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


HANDFUL = (
    "consent.Consent._granted: leaves out `_check_within(body, self.request)`",
    "consent._check_item: leaves out `_check_listed(item.stored_in, asked.stored_in, (*path, 'storedIn'), li`",
    "dealing.Dealing._wished: leaves out `check_terms('data', body.on_accept, ('body', 'onAccept'))`",
    "roster.resolve: leaves out `check_term('action', rule.action, (*at, 'action'))`",
)
"""Names of some that every run of the tests looks for: both the suite and the vectors catch them soon."""


def main() -> int:
    """Hunt mutants, and print what caught them."""
    parser = argparse.ArgumentParser(description="Mutants of the rules, and what catches them")
    parser.add_argument("--module", default=",".join(MODULES), help="of " + ",".join(MODULES))
    parser.add_argument("--named", default="", help="those whose name holds this")
    parser.add_argument("--sample", type=int, help="so many of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--handful", action="store_true", help="a few, by name")
    parser.add_argument("--verbose", action="store_true", help="a line for each")
    asked = parser.parse_args()
    mutants = [one for one in every(tuple(asked.module.split(","))) if asked.named in one.name]
    if asked.handful:
        mutants = [one for one in mutants if one.name in HANDFUL]
    if asked.sample:
        random.Random(asked.seed).shuffle(mutants)
    hunter = load(handful=asked.handful)
    counted: Counter[str] = Counter()
    for mutant in mutants[: asked.sample]:
        found = hunt(mutant, hunter)
        counted[found.how] += 1
        if asked.verbose or found.how == LOST:
            print(f"{found.how:17} {mutant.lines[0]:4} {mutant.name}  [{found.by or '-'}]", flush=True)
    print(f"{counted.total()} mutants: " + ", ".join(f"{number} {how}" for how, number in counted.items()))
    return int(bool(counted[LOST]) or (asked.handful and counted.total() != len(HANDFUL)))


if __name__ == "__main__":
    sys.exit(main())
