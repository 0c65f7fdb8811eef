"""`opencmr init`: the store and the keys of a customer or a vendor."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import Json, as_typed, print_json

init = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Where = Annotated[Path, typer.Argument(metavar="PATH", help="The store, such as alice.db; the keys come beside it.")]
Passphrase = Annotated[bool, typer.Option("--passphrase", help="Ask for a passphrase that seals the keys.")]


@init.callback()
def about() -> None:
    """Make the store and the keys of a customer or a vendor. Nothing is overwritten.

    The key file stands beside the store, with the ending .keys; nobody else can read it. A passphrase seals it besides:
    say --passphrase, or set OPENCMR_PASSPHRASE.

    \b
    Examples:
      opencmr init customer alice.db
      opencmr init vendor shop.db --did did:web:localhost%3A8001 --accepts SD-BASE
    """


@init.command()
def customer(path: Where, passphrase: Passphrase = False, as_json: Json = False) -> None:
    """Make a customer's store. Every vendor will see another key.

    \b
    Example:
      opencmr init customer alice.db
    """
    from ..store import KeyFile, Store

    secret = _passphrase(passphrase)
    with _new(path) as keys:
        KeyFile(keys, secret).begin()
        Store(path).close()
    if as_json:
        print_json({"role": "customer", "store": str(path), "keys": str(keys)})
        return
    sealed = ", passphrase=…" if secret else ""
    typer.echo(f"{path} holds what you say and hear, {keys} your keys.")
    typer.echo(f"Keep a copy of both elsewhere: {as_typed()} backup {path} FILE\n")
    typer.echo("Next, in Python:\n")
    typer.echo(f'  async with Customer.open("{path}"{sealed}) as me:')
    typer.echo('      shop = await me.meet("did:web:shop.example")')
    typer.echo(f"\nThen: {as_typed()} show {path}")


@init.command()
def vendor(
    path: Where,
    did: Annotated[str, typer.Option(metavar="DID", help="did:web of a host that you serve; on loopback for trials.")],
    accepts: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Terms of the roster that you accept; may be repeated.")
    ] = None,
    passphrase: Passphrase = False,
    as_json: Json = False,
) -> None:
    """Make a vendor's store and key.

    \b
    Example:
      opencmr init vendor shop.db --did did:web:localhost%3A8001 --accepts SD-BASE
    """
    import asyncio
    from urllib.parse import urlsplit

    from ..roles import Vendor
    from ..trust import is_loopback

    secret, codes = _passphrase(passphrase), accepts or []
    with _new(path) as keys:
        made = Vendor.open(path, did=did, accepts=codes, passphrase=secret)
        document, endpoint = made.did_document(), made.endpoint
        asyncio.run(made.close())
    if as_json:
        print_json({"role": "vendor", "store": str(path), "keys": str(keys), "did": did, "document": document})
        return
    sealed = ', passphrase=os.environ["OPENCMR_PASSPHRASE"]' if secret else ""
    typer.echo(f"{path} holds what you say and hear, {keys} the key of {did}. Keep copies of both.\n")
    typer.echo("Next, as shop.py:\n")
    if sealed:
        typer.echo("  import os\n")
    typer.echo("  from opencmr import Vendor\n")
    typer.echo(f'  shop = Vendor.open("{path}", did="{did}", accepts={codes}{sealed})'.replace("'", '"'))
    typer.echo(f"\nThen: {as_typed()} serve shop.py:shop\n")
    origin = urlsplit(endpoint)
    if is_loopback(str(origin.hostname)):
        typer.echo(f"It will listen on port {origin.port or 80} of this machine, at {endpoint}.")
    else:
        typer.echo(f"Customers will look for it at {endpoint}: put a proxy that speaks TLS there, before port 8000.")


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """The key file for a new store. The store is there, empty and for nobody else; if making fails, all is gone again.

    Raises:
        UsageError: One of them is there already, or cannot be.
    """
    from ..store import beside

    keys = beside(path)
    if any(len(part) > 2 and part.endswith(":") for part in path.parts):
        raise UsageError(f"{path}: name a file, such as alice.db")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}; make it first")
    for file in (path, keys):
        if file.exists():
            raise UsageError(f"{file} is there already; nothing was changed. Name another file, or move it away")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield keys
    except BaseException:
        for file in (path, keys):
            file.unlink(missing_ok=True)
        raise


def _passphrase(passphrase: bool) -> str | None:
    """The passphrase: as typed, or that of the environment; none where there is none."""
    if passphrase:
        return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True))
    return os.environ.get("OPENCMR_PASSPHRASE") or None
