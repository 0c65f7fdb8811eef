"""What of an error may stand in a log: its text may quote a message, which is personal, and written by a stranger."""

import logging
import traceback
from pathlib import Path

from .errors import Problem


def log_failure(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log what failed, the kind of the error and its place; the whole of it only where somebody asks for more."""
    kind = f"{error.code} at {error.pointer!r}" if isinstance(error, Problem) else type(error).__name__
    way = traceback.extract_tb(error.__traceback__)
    log.error("%s: %s (%s)", what, kind, " > ".join(f"{Path(each.filename).name}:{each.lineno}" for each in way))
    log.debug("the whole of it", exc_info=error)
