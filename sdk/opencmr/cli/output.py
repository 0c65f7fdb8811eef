"""Output of commands: JSON for programs, rich text for people, errors in one line."""

import codecs
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .._plain import plain as plain  # for the commands, which print nothing of a peer's without it
from ..errors import KeyFileError, Misconduct, OpenCMRError, Problem, Refused, StoreError, Unreachable, UsageError


def _note(ctx: typer.Context, wanted: bool) -> bool:
    ctx.meta["json"] = wanted
    return wanted


Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for programs; errors too.", callback=_note, is_eager=True)
]
"""The option `--json`, the same on every command."""


_NARROWEST, _WIDEST = 20, 1000
"""The narrowest and widest lines. A narrower terminal, or one that says no width, breaks lines by itself."""


def console(otherwise: int = 160) -> Any:
    """A rich console: colours on a terminal only, none where NO_COLOR is set; no markup, for peers' texts are shown.

    Args:
        otherwise: How many columns it has where neither the terminal nor COLUMNS says.
    """
    from rich.console import Console

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    width = shutil.get_terminal_size((80 if sys.stdout.isatty() else otherwise, 25)).columns if known else otherwise
    # Both are said, or rich reads the environment by itself, and takes what is no number for one.
    return Console(highlight=False, markup=False, emoji=False, width=min(max(width, _NARROWEST), _WIDEST), height=25)


def table(title: str | None, *columns: str) -> Any:
    """An empty table of rich's; `add_row` takes texts that have been made `plain`."""
    from rich import box

    from .tidy import TidyTable

    made = TidyTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def short(digest_or_id: str) -> str:
    """The beginning of a digest or an id: enough for people to tell one from another."""
    return digest_or_id.removeprefix("urn:uuid:")[: 12 if digest_or_id.startswith("zQm") else 8]


def counted(count: int, one: str, many: str | None = None) -> str:
    """How many there are of something, in words: `1 relationship`, `1,200 relationships`, `2 copies`.

    Args:
        count: How many.
        one: What one of them is called.
        many: What several are called; absent: with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def as_typed() -> str:
    """This command as it can be typed here: `opencmr` where the shell finds it, else its path."""
    mine = Path(sys.argv[0]).absolute()
    found = shutil.which("opencmr")
    if mine.name != "opencmr" or not mine.is_file() or (found and Path(found).samefile(mine)):
        return "opencmr"
    return str(mine.relative_to(Path.cwd())) if mine.is_relative_to(Path.cwd()) else str(mine)


def print_json(value: Any) -> None:
    """Print a JSON value to stdout. What could take over a terminal, or has no place in its encoding, is escaped."""
    import json

    import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # half of a pair, as in the name of a file that is no UTF-8: no text, so no JSON of ours either
        text = _LONE.sub("\ufffd", json.dumps(value, indent=2, ensure_ascii=False))
    whole = _holds_all(sys.stdout)
    sys.stdout.write(
        "".join(
            char if char == "\n" or (char.isprintable() and (whole or char.isascii())) else json.dumps(char)[1:-1]
            for char in text
        )
        + "\n"
    )


_LONE = re.compile("[\ud800-\udfff]")


def _holds_all(stream: Any) -> bool:
    """Whether a stream's encoding has all signs."""
    try:
        return codecs.lookup(getattr(stream, "encoding", None) or "ascii").name.startswith("utf")
    except LookupError:
        return False


def report(error: Exception, *, as_json: bool = False) -> int:
    """Tell of an error: in a line on stderr, or as a problem (RFC 9457) on stdout.

    Returns:
        The exit code: 2 for what was asked wrongly, else 1.
    """
    if as_json:
        print_json({"problem": _as_problem(error)})
    else:
        typer.echo(f"opencmr: {plain(_in_a_line(error))}", err=True)
    return 2 if isinstance(error, UsageError) else 1


def _as_problem(error: Exception) -> dict[str, Any]:
    problem = error.problem if isinstance(error, Refused) else error
    if isinstance(problem, Problem):
        return problem.as_dict()
    if isinstance(cause := error.__cause__, Problem):
        return cause.as_dict() | {"detail": _in_a_line(error)}
    title = next((title for kind, title in _TITLES.items() if isinstance(error, kind)), "This is a fault of OpenCMR.")
    return {"type": "about:blank", "title": title, "detail": _in_a_line(error)}


_TITLES: dict[type[Exception], str] = {
    UsageError: "What was asked for cannot be.",
    StoreError: "The store cannot be opened, read or written.",
    KeyFileError: "The key file cannot be used.",
    Unreachable: "The other side does not answer.",
    Misconduct: "The other side's signed words contradict each other.",
    OpenCMRError: "The command did not come to its end.",
    OSError: "A file cannot be read or written.",
}
"""The kind of an error that is no problem of the specification."""


def _in_a_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, OpenCMRError | OSError):
        return " ".join(str(error).split()) or type(error).__name__
    return f"{type(error).__name__}: {' '.join(str(error).split())}. This is a fault; see it whole: opencmr --debug …"
