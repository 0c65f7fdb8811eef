"""Log records of `opencmr serve`: one line each on stderr, as text or as JSON."""

import json
import logging
from datetime import UTC, datetime
from enum import StrEnum

from .._log import FIELDS, failed_at
from .output import plain

_OURS = ("opencmr", "uvicorn", "asyncio", "sqlalchemy", "alembic")
"""Loggers whose errors may quote a message: of these only the kind and the place are written, never the text."""


class Format(StrEnum):
    """How a record is written."""

    text = "text"
    json = "json"


class Level(StrEnum):
    """From which level on `opencmr.*` is written."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


def configure(form: Format, level: Level, *, access: bool) -> None:
    """Write log records to stderr: of OpenCMR from `level` on, of everything else from WARNING on.

    Args:
        form: Text or JSON, a line each.
        level: For `opencmr.*`.
        access: Also a line for each request.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form is Format.json else TextLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("opencmr").setLevel(level.upper())
    if access:
        logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = not access


class TextLines(logging.Formatter):
    """A record as a line for people: time, level, logger, words. What could take over a terminal is replaced."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. An application's own traceback follows it whole."""
        line = f"{_time(record)} {record.levelname:<7} {record.name} {plain(record.getMessage())}"
        if (failed := _failed(record)) is not None:
            line += f" error={plain(failed)}"
        elif record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonLines(logging.Formatter):
    """A record as one JSON object: `time`, `level`, `logger`, and `event` with its fields, or `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, in one line of ASCII."""
        said: dict[str, object] = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        if event := getattr(record, "event", None):
            said["event"] = event
            said |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        else:
            said["message"] = record.getMessage()
        if (failed := _failed(record)) is not None:
            said["error"] = failed
        elif record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _failed(record: logging.LogRecord) -> str | None:
    """The kind and the place of an error that is not the application's own."""
    error = record.exc_info[1] if record.exc_info else None
    return failed_at(error) if error is not None and record.name.partition(".")[0] in _OURS else None
