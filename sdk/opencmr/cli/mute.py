"""`opencmr mute`: nothing is collected from a vendor any more, or all is again."""

from typing import Annotated

import typer

from .output import Json, as_typed, plain, print_json


def mute(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's store, such as alice.db, or a URL.")],
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The vendor's DID.")],
    off: Annotated[bool, typer.Option("--off", help="Collect from this vendor again.")] = False,
    as_json: Json = False,
) -> None:
    """Collect nothing from a vendor any more, or again.

    Nothing is lost: what the vendor says waits there until you collect again, and what you say still goes out. A wallet
    that is open notices at once. No key is needed.

    \b
    Examples:
      opencmr mute alice.db did:web:shop.example
      opencmr mute alice.db did:web:shop.example --off
    """
    from ..roles.customer.forgetting import find, open_there

    with open_there(store) as opened:
        peer = find(opened, vendor)
        opened.write_now(lambda rows: rows.mute(peer.number, not off))
    if as_json:
        print_json({"vendor": vendor, "muted": not off})
    elif off:
        typer.echo(f"{plain(vendor)} is collected from again.")
    else:
        typer.echo(f"{plain(vendor)} is muted. Undo it: {as_typed()} mute {plain(store)} {plain(vendor)} --off")
