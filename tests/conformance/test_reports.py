"""What a run leaves: what was sent last, each exchange as files, one line for what many checks fail of, and waiting."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from broken import FAULTS
from inprocess import Within, suite_against
from switch import Switch

from opencmr import Vendor, trust
from opencmr.conformance.causes import MANY, causes
from opencmr.conformance.report import as_dict, as_junit
from opencmr.conformance.suite import only
from opencmr.conformance.vendor import CHECKS
from opencmr.conformance.wire import Answer
from opencmr.errors import Overloaded


def wrong_key(patch: pytest.MonkeyPatch) -> Callable[[Vendor], None]:
    _, switch = FAULTS["signs_with_another_key"]
    return lambda vendor: switch(Switch(patch, vendor))


def test_what_many_checks_fail_of_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = only(CHECKS, ["terms/", "receiving/1", "receiving/2"])
    report = suite_against(wrong_key(monkeypatch), checks=checks)
    (cause,) = causes(report)
    assert cause.checks == report.count("failed") >= MANY
    assert str(cause).startswith(f"{cause.checks} checks: your proofs don't hold; run the vectors of proofs first")
    assert as_dict(report)["causes"] == [{"checks": cause.checks, "says": cause.says, "helps": cause.helps}]


def test_a_few_failures_have_no_common_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = only(CHECKS, ["terms/"])[: MANY - 1]
    assert causes(suite_against(wrong_key(monkeypatch), checks=checks)) == []


def _sour(path: str, answer: Answer) -> Answer:
    return replace(answer, status=204) if path.endswith("/messages") else answer


def test_a_failed_check_names_what_was_sent_last_and_its_file(tmp_path: Path) -> None:
    report = suite_against(
        twist=_sour, checks=only(CHECKS, ["terms/other-digest", "core/collect-thread"]), trace=tmp_path
    )
    for one in report.results:
        assert one.outcome == "failed"
        assert one.said["type"] == "terms.proffer"
        request = Path(one.said["file"])
        assert request.parent == tmp_path / one.check.id.replace("/", "-")
        head, _, body = request.read_bytes().partition(b"\r\n\r\n")
        assert head.startswith(b"POST http://127.0.0.1:8001/")
        assert b"Content-Type: application/opencmr+json" in head
        assert json.loads(body)["id"] == one.said["id"]
        answer = request.with_name(request.name.replace("-request", "-answer")).read_bytes()
        assert answer.startswith(b"HTTP/1.1 204\r\n")
    assert (tmp_path / "introduction").is_dir()
    (told,) = [one for one in as_dict(report)["checks"] if one["id"] == "terms/other-digest"]
    assert told["said"] == dict(report.results[0 if report.results[0].check.id == told["id"] else 1].said)
    assert f"the last that was sent: terms.proffer {told['said']['id']}".encode() in as_junit(report)


def test_what_passes_says_nothing_of_what_was_sent(tmp_path: Path) -> None:
    report = suite_against(checks=only(CHECKS, ["terms/other-digest"]))
    assert [dict(one.said) for one in report.results] == [{}]
    assert list(tmp_path.iterdir()) == []


class Busy:
    """A vendor that always asks to come again."""

    def __init__(self, within: Within, seconds: str) -> None:
        self.within, self.seconds, self.asked = within, seconds, 0

    async def __call__(self, method: str, url: str, headers: Any, body: bytes, *, timeout: float) -> Answer:
        if method == "GET":
            return await self.within(method, url, headers, body, timeout=timeout)
        await asyncio.sleep(0)
        self.asked += 1
        said = {"content-type": "application/problem+json", "retry-after": self.seconds}
        return Answer(503, said, trust.canonicalize(Overloaded().as_dict()))


@pytest.mark.parametrize(
    ("seconds", "asked", "waited"), [("9", 4, 27.0), ("61", 1, 0.0), ("-1", 1, 0.0), ("soon", 1, 0.0), ("", 1, 0.0)]
)
def test_retry_after_is_obeyed_some_times_and_no_longer_than_a_minute(seconds: str, asked: int, waited: float) -> None:
    """Nine seconds three times are more than the ten that a check has: what has to be waited is not counted."""
    carriers: list[Busy] = []

    def carried(within: Within) -> Busy:
        carriers.append(Busy(within, seconds))
        return carriers[0]

    report = suite_against(checks=only(CHECKS, ["terms/unknown-terms"]), carried=carried)
    assert (carriers[0].asked, report.waited) == (asked, waited)
    assert "overloaded" in report.results[0].detail
    assert as_dict(report)["waited"] == waited
