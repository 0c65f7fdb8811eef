"""The passphrase of a backup: from a file, from the environment, or as typed; and how far the work has come."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError

VARIABLE = "OPENCMR_BACKUP_PASSPHRASE"
_LONGEST = 4096

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help=f"Take the passphrase from the first line of a file; else {VARIABLE}."
    ),
]
Keys = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="The key file, where it is not beside the store.")
]

NextKeys = Annotated[
    Path | None,
    typer.Option("--next-keys", metavar="FILE", help="The file of the next keys, where it is not beside the key file."),
]


def passphrase_of_backup(file: Path | None, *, new: bool) -> str:
    """The passphrase of a backup.

    Args:
        file: What holds it in its first line; absent: the environment does, or it is asked for.
        new: Ask for it twice: nobody has opened anything with it yet.

    Raises:
        UsageError: There is none in the file.
    """
    if file is not None:
        with file.open("rb") as opened:
            line = opened.readline(_LONGEST)
        try:
            found = line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UsageError(f"{file} is not text in UTF-8") from error
        if not found:
            raise UsageError(f"the first line of {file} is empty")
        return found
    return os.environ.get(VARIABLE) or str(
        typer.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=new, err=True)
    )


def key_passphrase() -> str | None:
    """The passphrase of the key file; none where it is not sealed."""
    return os.environ.get("OPENCMR_PASSPHRASE") or None


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how many messages are done; elsewhere nothing is shown."""
    shown = sys.stderr.isatty()

    def tell(done: int, count: int) -> None:
        if shown:
            typer.echo(f"\r{done:,} of {count:,} messages", err=True, nl=False)

    yield tell
    if shown:
        typer.echo("", err=True)
