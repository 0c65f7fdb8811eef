"""`opencmr forget`: what was said with a vendor leaves a customer's store."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import Json, as_typed, plain, print_json


def forget(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's store, such as alice.db, or a URL.")],
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The vendor's DID.")],
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FOLDER", help="Write what was decided into this folder first.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Let all that a store holds of a vendor go, for good. The vendor is told nothing.

    So first withdraw what is to end. The vendor keeps what it holds. The key is never used again: if you meet the
    vendor anew, it is another relationship, under another key. For what a vendor forgets, see `opencmr db forget`.

    \b
    Examples:
      opencmr forget alice.db did:web:shop.example --export shop-evidence
      opencmr forget alice.db did:web:shop.example --yes
    """
    from ..roles.customer.forgetting import find, open_there
    from ..roles.customer.forgetting import forget as let_go

    with open_there(store) as opened:
        peer = find(opened, vendor)
        unanswered = opened.read(lambda rows: len(rows.with_status(peer.number, "pending")))
        if not yes:
            if as_json:
                raise UsageError("nobody can be asked with --json; say --yes")
            typer.echo(f"{peer.position} messages and receipts with {plain(vendor)}; {unanswered} were never answered.")
            if export is None:
                with_export = f"{as_typed()} forget {plain(store)} {plain(vendor)} --export FOLDER"
                typer.echo(f"To keep evidence of what was decided: {with_export}")
            typer.confirm("Forget all of it, for good?", abort=True)
        let_go(opened, peer, folder=export)
    if as_json:
        print_json(
            {
                "vendor": vendor,
                "customer": peer.me,
                "messages": peer.position,
                "unanswered": unanswered,
                "export": None if export is None else str(export),
            }
        )
        return
    if export is not None:
        typer.echo(f"What was decided is in {plain(export)}. Check it: {as_typed()} verify {plain(export)}")
    typer.echo(f"{plain(vendor)} is forgotten.")
