"""The suite plays vendors for a customer's program: ours passes, broken ones are caught, and no program stops it."""

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from broken_customer import ADAPTER, FAULTS
from forked import forking

from opencmr.conformance.coverage import ELSEWHERE, coverage, covered_by, observable, requirements
from opencmr.conformance.customer import CHECKS, Stage
from opencmr.conformance.suite import Report, run

HERE = Path(__file__).parent


def command(*words: object) -> str:
    return shlex.join([sys.executable, *map(str, words)])


@pytest.fixture(scope="module")
def broken() -> Iterator[Callable[[str], str]]:
    """Fault → the command of a customer that has it."""
    with forking(HERE / "broken_customer.py") as starting:
        yield starting


async def checked(program: str, requirement: str = "", check_timeout: float = 10) -> Report:
    checks = [check for check in CHECKS if not requirement or requirement in check.requirements]
    async with Stage(program) as stage:
        return await run(checks, stage, target=program, side="customer", begin=stage.begin, check_timeout=check_timeout)


async def test_our_customer_passes_every_check_and_all_that_can_be_seen_is_checked() -> None:
    report = await checked(command(ADAPTER))
    assert [(one.check.id, one.detail) for one in report.results if one.outcome != "passed"] == []
    assert coverage(report).percent == 100


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.requirement(id_)) for name, (id_, _) in FAULTS.items()]
)
async def test_a_broken_customer_is_caught_and_the_requirement_named(name: str, broken: Callable[[str], str]) -> None:
    requirement = FAULTS[name][0]
    report = await checked(broken(name), requirement)
    assert not report.ok
    assert [one.detail for one in report.results if "program has ended" in one.detail] == [], "a fault is no crash"
    assert requirement in {one.broken[0] for one in report.results if one.broken}, [
        (one.check.id, one.broken, one.detail) for one in report.results
    ]


PROGRAMS = {
    "ends at once": "pass",
    "answers nothing": "import sys; [None for line in sys.stdin]",
    "answers no JSON": "import sys; [print('hello', flush=True) for line in sys.stdin]",
    "answers a list": "import sys; [print('[]', flush=True) for line in sys.stdin]",
    "says yes to all": "import sys; [print('{\"ok\":true}', flush=True) for line in sys.stdin]",
    "raises": "raise RuntimeError",
    "writes without end": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
}


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_program_that_makes_no_sense_gets_failed_checks(name: str) -> None:
    began = time.monotonic()
    report = await checked(command("-c", PROGRAMS[name]), check_timeout=1.0)
    assert not report.ok
    assert report.count("passed") == 0
    assert len(report.results) == len(CHECKS)
    assert time.monotonic() - began < 15


async def test_a_program_that_cannot_be_started_is_told_of() -> None:
    report = await checked("/no/such/program")
    assert report.count("skipped") == len(CHECKS)
    assert "cannot be started" in report.results[0].detail


def test_what_can_be_seen_of_a_customer_is_checked_and_the_rest_is_listed() -> None:
    known = {one.id for one in requirements()}
    assert covered_by(CHECKS) <= known
    assert set(observable("customer")) - covered_by(CHECKS) == set()
    assert set(ELSEWHERE["customer"]) & covered_by(CHECKS) == set()
