"""`opencmr fetch`: the files that a vendor has named, into a folder."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .output import Json, as_typed, counted, plain, print_json
from .passphrase import Keys, key_passphrase

if TYPE_CHECKING:
    from ..roles import CustomerRelationship
    from ..roles.customer.fetching import Named


def fetch(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's store, such as alice.db.")],
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The vendor's DID.")],
    thread: Annotated[
        str | None, typer.Argument(metavar="[THREAD]", help="Only of this thread; the first signs of its id will do.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to; it is made if need be.")] = ...,  # type: ignore[assignment]
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Fetch the files that a vendor has named into a folder, such as an export of what it holds about you.

    They are checked: each has the size and the digest that the vendor's signed message says. A connection that breaks
    goes on where it broke; so does the command, if you call it again. datapackage.json lists the files for other tools.

    The customer's keys are needed; OPENCMR_PASSPHRASE unseals them.

    \b
    Examples:
      opencmr fetch alice.db did:web:shop.example --out export
      opencmr fetch alice.db did:web:shop.example 3f2a --out export
    """
    from ..roles.customer.forgetting import find, open_there

    with open_there(store) as opened:
        find(opened, vendor)  # says what is wrong where there is none
    paths = asyncio.run(_fetch(store, vendor, thread, out, keys=keys, shown=sys.stderr.isatty() and not as_json))
    if as_json:
        print_json({"folder": str(out), "files": [str(path) for path in paths]})
        return
    typer.echo(f"{counted(len(paths), 'file')} in {plain(out)}; datapackage.json lists what they are.")


async def _fetch(
    store: str, vendor: str, thread: str | None, out: Path, *, keys: Path | None, shown: bool
) -> list[Path]:
    from ..roles import Customer

    async with Customer.open(store, keys=keys, passphrase=key_passphrase()) as customer:
        relationship = next(each for each in customer.relationships() if each.vendor == vendor)
        await relationship.sync()
        files = _files(relationship, thread, store)
        with _bar(files) if shown else nullcontext(lambda *_: None) as progress:
            return await relationship.fetch_all(files, out, progress=progress)


def _files(relationship: "CustomerRelationship", thread: str | None, store: str) -> "list[Named]":
    """The files that are asked for.

    Raises:
        UsageError: There are none, or of more threads than one.
    """
    files = relationship.files()
    if thread is not None:
        files = [
            each for each in files if each.thread.removeprefix("urn:uuid:").startswith(thread.removeprefix("urn:uuid:"))
        ]
        if len({each.thread for each in files}) > 1:
            raise UsageError(f"files of several threads begin with {thread}; see: {as_typed()} show {store}")
    if not files:
        raise UsageError(f"{relationship.vendor} has named no files" + (f" in {thread}" if thread else ""))
    return files


@contextmanager
def _bar(files: "list[Named]") -> Iterator[Callable[[str, int], None]]:
    """A bar on the terminal for all files together."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns: list[Any] = [TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn()]
    here: dict[str, int] = {}
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(each.file.size for each in files))

        def progress(name: str, size: int) -> None:
            here[name] = size
            bar.update(task, description=plain(name), completed=sum(here.values()))

        yield progress
