"""How `opencmr serve` writes log records."""

import json
import logging
import sys
from typing import Any

import pytest

from opencmr._log import FIELDS, Fields, log_failure, tell
from opencmr.cli.logs import JsonLines, TextLines
from opencmr.errors import Malformed


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Any:
    handler, log = Kept(), logging.getLogger("opencmr.test")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    yield handler
    log.removeHandler(handler)


LOG = logging.getLogger("opencmr.test")


def record(name: str, text: str, *, raised: Exception | None = None) -> logging.LogRecord:
    info = None
    if raised is not None:
        try:
            raise raised
        except Exception:
            info = sys.exc_info()
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, (), info)


def test_an_event_is_its_fields_in_json_and_a_line_for_people(kept: Kept) -> None:
    tell(LOG, logging.INFO, "message.received", outcome="accepted", duration_ms=1.5, code=None)
    said = json.loads(JsonLines().format(kept.records[0]))
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "info",
        "logger": "opencmr.test",
        "event": "message.received",
        "outcome": "accepted",
        "duration_ms": 1.5,
    }
    assert (
        TextLines()
        .format(kept.records[0])
        .endswith(" INFO    opencmr.test message.received outcome=accepted duration_ms=1.5")
    )


def test_every_field_can_stand_in_a_record_and_comes_out(kept: Kept) -> None:
    fields: Fields = dict.fromkeys(FIELDS, "1")  # type: ignore[assignment]
    tell(LOG, logging.INFO, "all", **fields)
    assert set(json.loads(JsonLines().format(kept.records[0]))) == {*FIELDS, "event", "time", "level", "logger"}


def test_a_failure_is_told_by_kind_place_and_causes_never_by_its_words(kept: Kept) -> None:
    try:
        try:
            raise KeyError("secret")
        except KeyError as error:
            raise Malformed("secret", pointer="/secret", rule="ENV-1") from error
    except Malformed as error:
        log_failure(LOG, "test.failed", error, message_id="urn:uuid:1")
    failed, detail = kept.records
    assert (vars(failed)["code"], vars(failed)["rule"], vars(failed)["error"]) == ("malformed", "ENV-1", "Malformed")
    assert vars(failed)["where"].startswith("test_logs.py:")
    assert "KeyError" in vars(detail)["causes"]
    for each in kept.records:
        for form in (JsonLines(), TextLines()):
            assert "secret" not in form.format(each)


def test_a_librarys_error_is_told_without_its_words_and_an_applications_whole() -> None:
    for form in (JsonLines(), TextLines()):
        assert "secret" not in form.format(record("uvicorn.error", "it failed", raised=ValueError("secret")))
        assert "ValueError" in form.format(record("uvicorn.error", "it failed", raised=ValueError("secret")))
        assert "out of boots" in form.format(record("shop", "it failed", raised=ValueError("out of boots")))


def test_a_record_is_one_line_whatever_stands_in_it() -> None:
    for form in (JsonLines(), TextLines()):
        line = form.format(record("shop", "boots\nCRITICAL forged\x1b[2J"))
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line


def test_the_library_itself_configures_nothing() -> None:
    ours = logging.getLogger("opencmr")
    assert [type(handler) for handler in ours.handlers] == [logging.NullHandler]
    assert ours.level == logging.NOTSET
