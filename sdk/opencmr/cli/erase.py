"""`opencmr erase`: what was said in a relationship leaves a store; that it was said stays."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .output import Json, counted, plain, print_json

if TYPE_CHECKING:
    from ..store import Peer, Rows


def erase(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's or a vendor's store, or a URL.")],
    peer: Annotated[str, typer.Argument(metavar="DID", help="The other side's DID.")],
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="ID", help="Keep this thread; the first signs of its id will do; again for another."
        ),
    ] = None,
    files: Annotated[
        Path | None, typer.Option("--files", metavar="FOLDER", help="A vendor's files: those that it named go too.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase what was said in a relationship, and keep that it was said.

    Digests, receipts and the chain stay, and a tombstone in the place of each message, so the relationship goes on and
    can be verified. An order that goes on is kept, with what it rests on. Nothing is said to the other side: a vendor
    that answers a request does it in its program, with Vendor.erase.

    Copies of the store from before still hold it. No key is needed.

    \b
    Examples:
      opencmr erase alice.db did:web:shop.example
      opencmr erase shop.db did:key:z6Mk… --keep 3f2a --files shop-files
    """
    from ..protocol import instant
    from ..roles.customer.forgetting import open_there
    from ..roles.party.erasing import erase as bury
    from ..roles.party.erasing import remove_files
    from ..roles.party.histories import Histories
    from ..store import Files

    with open_there(store) as opened:
        found = opened.read(lambda rows: _relationship(rows, peer))
        threads = opened.read(lambda rows: list(Histories().history(rows, found).threads))
        kept = [_whole(threads, each) for each in keep or ()]
        if not yes:
            if as_json:
                raise UsageError("nobody can be asked with --json; say --yes")
            typer.confirm(f"Erase what was said with {plain(peer)}, for good?", abort=True)
        now = instant(datetime.now(UTC))
        done = opened.write_now(lambda rows: bury(rows, Histories(), found, now, keep=kept))
        if files is not None:
            remove_files(opened, Files(files), done)
        scrubbed = opened.scrub()
    if as_json:
        told = {
            "erased": len(done.erased),
            "kept": sorted(done.kept),
            "files": sorted(done.files),
            "scrubbed": scrubbed,
        }
        print_json({"peer": peer, **told})
        return
    typer.echo(f"{counted(len(done.erased), 'message')} erased; {counted(len(done.kept), 'thread')} kept.")
    if not scrubbed:
        typer.echo("Its files could not be written anew, as somebody reads them. Whoever serves it does so later.")


def _relationship(rows: "Rows", did: str) -> "Peer":
    for each in rows.peers():
        if did in (each.peer, *rows.dids(each.number)):
            return each
    raise UsageError(f"there is no relationship with {plain(did)}")


def _whole(threads: list[str], beginning: str) -> str:
    found = [id_ for id_ in threads if id_.removeprefix("urn:uuid:").startswith(beginning.removeprefix("urn:uuid:"))]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} threads begin with {plain(beginning)}")
    return found[0]
