"""What may stand in a log: events with fixed fields. No text of a message, and no text of an error either.

An error's text may quote a message, which is personal, and written by a stranger; it may name a database's password.
So an event says what kind of error it was and where in the code, at every level. Nothing is configured here: that is
the application's, or `opencmr serve`'s.
"""

import logging
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypedDict, Unpack

from .errors import Problem

logging.getLogger("opencmr").addHandler(logging.NullHandler())

_DEEPEST = 8
"""The most causes that are followed."""


class Fields(TypedDict, total=False):
    """The fields that an event may have beside its name. Absent ones do not apply.

    `message_type` is one of the specification's, `private`, or `_OTHER`; ids are UUIDs; `code`, `rule` are those of the
    registry of problems. `handler` is the name of a function of the application's; `pointer` and `expected` say which
    member of what it made is wrong, without the value. A customer's DID is in no event: the ids lead whoever holds the
    store to it.
    """

    message_id: str | None
    message_type: str | None
    thread_id: str | None
    digest: str | None
    outcome: str | None
    code: str | None
    rule: str | None
    duration_ms: float | None
    count: int | None
    vendor: str | None
    route: str | None
    error: str | None
    handler: str | None
    pointer: str | None
    expected: str | None
    where: str | None
    causes: str | None


FIELDS = tuple(Fields.__annotations__)
"""Their names, as they stand in a `LogRecord`."""


def tell(log: logging.Logger, level: int, event: str, /, **fields: Unpack[Fields]) -> None:
    """Log an event: its name and fields as attributes of the record, and as a line for people."""
    if log.isEnabledFor(level):
        said = {name: value for name, value in fields.items() if value is not None}
        line = " ".join((event, *(f"{name}={value}" for name, value in said.items())))
        log.log(level, "%s", line, extra={"event": event, **said}, stacklevel=2)


def log_failure(log: logging.Logger, event: str, error: BaseException, /, **fields: Unpack[Fields]) -> None:
    """Log what failed, the kind of the error and its place; at DEBUG the whole way there, and through its causes."""
    known: Fields = {"code": error.code, "rule": error.rule} if isinstance(error, Problem) else {}
    known.update(fields)
    way = traceback.extract_tb(error.__traceback__)
    where = " > ".join(f"{Path(each.filename).name}:{each.lineno}" for each in way)
    known |= {"error": type(error).__name__, "where": where or None}
    tell(log, logging.ERROR, event, **known)
    if log.isEnabledFor(logging.DEBUG):
        known |= {"causes": failed_at(error)}
        tell(log, logging.DEBUG, event + ".detail", **known)


def failed_at(error: BaseException) -> str:
    """The kind of an error, the way to it and its causes, without their texts."""
    return " | ".join(_place(each) for each in islice(_causes(error), _DEEPEST))


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _place(error: BaseException) -> str:
    way = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} " + " > ".join(f"{each.filename}:{each.lineno} {each.name}" for each in way)
