"""`opencmr export`: what a store holds, written out as evidence that anybody can check offline."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import Json, as_typed, console, counted, plain, print_json
from .passphrase import key_passphrase


def export(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's or a vendor's store, or a URL.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; it is made if need be.")],
    relationship: Annotated[
        list[str] | None,
        typer.Option("--relationship", metavar="DID", help="Only that with this other side; again for another."),
    ] = None,
    thread: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this thread, and what it needs; the first signs of the id will do."),
    ] = None,
    as_format: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help="Records in a format of others: iso27560, kantara, odrl or drp."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="A vendor's key file, where it is not beside the store."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was said and answered into a folder, as evidence.

    It holds each message and receipt as it was signed, and the vendors' keys. What nobody has answered yet is left out.
    A single thread is a part, and the folder says so: its reader can't know what was left out.

    Nothing is written into the store. Of a vendor's, the key file is read for its public keys; where it is sealed, set
    OPENCMR_PASSPHRASE. Of a customer's, no key is needed. The manifest's digest is worth keeping: by it you can tell
    later that nothing was left out since.

    With a format of others, a file a record is written instead. It is no evidence: it states what stands now, as far as
    the format can, and what it lacks and leaves out is told.

    \b
    Examples:
      opencmr export alice.db evidence
      opencmr export alice.db evidence --relationship did:web:shop.example
      opencmr export alice.db evidence --thread 3f2a
      opencmr export shop.db evidence --relationship did:key:z6Mk…
      opencmr export alice.db records --as iso27560
    """
    from ..roles.party.export import export as write
    from ..roles.party.reading import Reader

    with Reader(store) as reader:  # says what is wrong where there is no store
        there = list(reader.relationships()) if thread or as_format else []
        ids = sorted({found.id for one in there for found in one.threads(thread)} if thread else ())
    if thread and len(ids) != 1:
        raise UsageError(f"{len(ids) or 'no'} threads begin with {thread}; see all with: {as_typed()} show {store}")
    if as_format is not None:
        from .translating import translate

        wanted = [one for one in there if not relationship or {one.customer, one.vendor} & set(relationship)]
        translate(folder, wanted, next(iter(ids), None), as_format, as_json=as_json)
        return
    written = write(
        folder,
        store,
        relationships=relationship,
        thread=next(iter(ids), None),
        keys=keys,
        passphrase=key_passphrase(),
    )
    count = len(written.manifest.messages)
    if as_json:
        print_json(
            {"folder": str(folder), "manifest": written.digest, "messages": count, "thread": next(iter(ids), None)}
        )
        return
    out = console()
    parts = counted(count, "message or receipt is", "messages and receipts are")
    out.print(f"{parts} in {plain(folder)}.", soft_wrap=True)
    out.print(f"Manifest: {written.digest}", soft_wrap=True)
    out.print(f"Check it: {as_typed()} verify {plain(folder)}", soft_wrap=True)
