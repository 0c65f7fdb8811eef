"""What a database raises: said in a line, with what to do about it, and without the statement and its values."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from ...errors import StoreError
from . import postgresql, sqlite

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, UnicodeDecodeError)
"""What a database raises; the last where damage has reached the words of a text, or those of the error itself."""

_FULL = "make room; nothing of this was stored, and no restart is needed"
_FIXED = (
    "nothing can be written there: look at the mode and the owner of the file and its folder, and how it is mounted"
)
_UNWRITTEN = "the file could not be read or written: look at the disk's room, the limits of the process, and its health"
_DAMAGED = "stop what writes, keep the file, see `opencmr doctor`, and bring back a copy (docs/operation.md)"
_WHAT_TO_DO = {
    **dict.fromkeys(sqlite.FULL | postgresql.FULL, _FULL),
    **dict.fromkeys(sqlite.FIXED | postgresql.FIXED, _FIXED),
    **dict.fromkeys(sqlite.UNWRITTEN | postgresql.UNWRITTEN, _UNWRITTEN),
    **dict.fromkeys(sqlite.DAMAGED | postgresql.DAMAGED, _DAMAGED),
}
"""What to do, by the code of an error: those of the databases are of different types."""


def why(error: BaseException) -> str:
    """What a database says is wrong, in a line, without the statement and its values; and what to do about it."""
    original = getattr(error, "orig", None) or error
    if isinstance(original, UnicodeDecodeError):
        return f"a text in it is damaged: {_DAMAGED}"
    said = " ".join(str(original).split()) or type(original).__name__
    code = _code(original)
    return f"{said}: {_WHAT_TO_DO[code]}" if code in _WHAT_TO_DO else said


def damaged(said: str) -> StoreError:
    """The error that says that a store does not hold what was written into it."""
    return StoreError(f"the store is damaged: {said}: {_DAMAGED}")


def is_gone(error: BaseException) -> bool:
    """Whether an error says that the connection is lost: the next one may find the server again."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def may_pass(error: BaseException | None) -> bool:
    """Whether the same work may well succeed when it is done anew: somebody else was first, or stood in the way."""
    return isinstance(error, IntegrityError) or (
        isinstance(error, DBAPIError) and (error.connection_invalidated or _code(error.orig) in postgresql.IN_THE_WAY)
    )


def _code(original: BaseException | None) -> int | str | None:
    code = sqlite.code_of(original)
    return postgresql.code_of(original) if code is None else code
