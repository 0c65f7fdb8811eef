"""Standard streams that take any text: neither an encoding nor a closed pipe changes what a command comes to.

- what an encoding does not have is written legibly: typographic signs in ASCII, all else as an escape
- what nobody reads any more is dropped, and the command goes on to its end and its own exit code
- a stream that is closed from the start leads nowhere, and its number is not given to a store or a socket
- what cannot be written though somebody waits for it (a full disk) stays an error
"""

import codecs
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

SIGNS = {
    "─": "-", "━": "-", "├": "|", "└": "`", "→": ">", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'",
    "’": "'", "×": "x", "·": "-", "±": "+-", "✓": "ok", "✗": "x", "\ufffd": "?",
}  # fmt: skip
"""The signs of our own texts, for encodings that do not have them."""
LEGIBLY = "opencmr.legibly"
"""The name of the error handler that writes them."""
_UNHEARD = {errno.EBADF, errno.ESHUTDOWN} | ({errno.EINVAL} if os.name == "nt" else set())
"""Error numbers, besides a broken pipe, of a stream that leads nowhere. On Windows a broken pipe is EINVAL."""


def take_anything() -> None:
    """Let stdout and stderr of this process take whatever is written. Doing so twice changes nothing."""
    codecs.register_error(LEGIBLY, _legibly)
    _lead_somewhere()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, _Patient):
            setattr(sys, name, cast(TextIO, _Patient(stream, heeded=name == "stdout")))


def settle() -> OSError | None:
    """Write what is still held back, before the process ends.

    Returns:
        Why stdout could not be written, if so. The interpreter will not meet the same error again.
    """
    _end(sys.stderr)
    return _end(sys.stdout)


def _end(stream: Any) -> OSError | None:
    beneath = stream._stream if isinstance(stream, _Patient) else stream
    try:
        beneath.flush()
    except OSError as error:
        _forget(beneath)
        return None if _is_unheard(error) else error
    return None


def _is_unheard(error: OSError) -> bool:
    return isinstance(error, ConnectionError) or error.errno in _UNHEARD


class _Patient:
    """A text stream that may be written to though nobody reads it. It has no `buffer`: all that is written is text.

    Args:
        stream: What it writes to.
        heeded: Whether any other fault is raised. Of stderr none is: there is nowhere to tell of it.
    """

    def __init__(self, stream: Any, *, heeded: bool) -> None:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=LEGIBLY)
        self._stream = stream
        self._heeded = heeded

    def write(self, text: str) -> int:
        self._try(self._stream.write, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, act: Callable[..., object], *words: object) -> None:
        try:
            act(*words)
        except OSError as error:
            if _is_unheard(error):
                _forget(self._stream)
            elif self._heeded:
                raise

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "detach", "reconfigure"):  # by which typer would write past us
            raise AttributeError(name)
        return getattr(self._stream, name)


def _legibly(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign) or _escaped(sign) for sign in signs), error.end


def _escaped(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode("ascii")


def _lead_somewhere() -> None:
    """A stream that is closed leads to the null device, lest the next file that is opened takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            _null(number)
        if getattr(sys, name) is None:
            opened = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115 for good
            setattr(sys, name, opened)


def _forget(stream: Any) -> None:
    """From now on a stream leads nowhere; also what it still holds, or the interpreter would fail on it in the end."""
    try:
        _null(stream.fileno())
    except (OSError, ValueError):
        return  # no file beneath


def _null(number: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    os.set_inheritable(number, True)
