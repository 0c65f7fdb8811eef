"""The suite finds nothing wrong with the real vendor, and catches each vendor that has one fault."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import broken_data  # noqa: F401  # adds its faults, as the next do
import broken_families  # noqa: F401
import broken_http  # noqa: F401
import broken_orders  # noqa: F401
import broken_relationship  # noqa: F401
import careful
from broken_bounds import FAULTS as BOUNDS
from broken_rules import FAULTS
from inprocess import Within, suite_against
from switch import Switch

from opencmr import Vendor
from opencmr.conformance import testmode
from opencmr.conformance.coverage import ELSEWHERE, covered_by, observable, requirements
from opencmr.conformance.suite import only
from opencmr.conformance.vendor import CHECKS
from opencmr.transport import app


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the vendor says later comes soon; what handlers log when they are made to fail is of no interest.

    A fault is wrong behaviour, and no crash: one that names what is not there any more would be caught for that.
    """
    crashes: list[Exception] = []
    monkeypatch.setattr(testmode, "LATER", 0.2)
    monkeypatch.setattr(app, "log_failure", lambda log, event, error, **_: crashes.append(error))
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    assert crashes == []


def test_the_real_vendor_passes_every_check() -> None:
    report = suite_against()
    assert [(one.check.id, one.detail) for one in report.results if one.outcome != "passed"] == []
    assert report.ok


def test_there_are_at_least_thirty_broken_vendors() -> None:
    assert len(FAULTS) >= 30
    assert BOUNDS is FAULTS


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.requirement(id_)) for name, (id_, _) in FAULTS.items()]
)
def test_a_broken_vendor_is_caught_and_the_requirement_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requirement, breaking = FAULTS[name]
    switches: list[Switch] = []

    def switch(vendor: Vendor) -> None:
        switches.append(Switch(monkeypatch, vendor))
        breaking(switches[0])

    report = suite_against(
        switch,
        lambda path, answer: switches[0].twist(path, answer),
        [check for check in only(CHECKS, [requirement]) if requirement in check.requirements],
    )
    assert not report.ok
    assert requirement in {one.broken[0] for one in report.results if one.broken}, [
        (one.check.id, one.broken, one.detail) for one in report.results
    ]


def test_what_can_be_seen_from_outside_is_checked_and_the_rest_is_listed() -> None:
    assert set(observable("vendor")) - covered_by(CHECKS) == set()
    known = {one.id for one in requirements()}
    assert covered_by(CHECKS) - known == set()
    assert set(ELSEWHERE["vendor"]) & covered_by(CHECKS) == set()
    assert (set(ELSEWHERE["vendor"]) | set(ELSEWHERE["customer"])) - known == set()


def test_every_check_has_an_id_of_its_own_and_a_requirement() -> None:
    ids = [check.id for check in CHECKS]
    assert len(ids) == len(set(ids))
    assert all(check.requirements for check in CHECKS)


def test_a_right_vendor_that_does_all_otherwise_passes_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late answers and later replies, two words a page, busy every few requests, no optional member of a problem."""
    carriers: list[careful.Carried] = []

    def make(vendor: Vendor) -> None:
        careful.late(monkeypatch)
        careful.sparing_receipts(monkeypatch)

    def carried(within: Within) -> careful.Carried:
        carriers.append(careful.Carried(within))
        return carriers[0]

    report = suite_against(make, carried=carried)
    assert [(one.check.id, one.detail) for one in report.results if one.outcome != "passed"] == []
    assert report.waited == sum(carriers[0].waited) > 0
