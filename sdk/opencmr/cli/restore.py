"""`opencmr restore`: a customer's wallet, made of a backup."""

from pathlib import Path
from typing import Annotated

import typer

from .output import Json, as_typed, counted, plain, print_json
from .passphrase import Keys, NextKeys, PassphraseFile, key_passphrase, passphrase_of_backup, progress


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    store: Annotated[
        str, typer.Argument(metavar="STORE", help="A file that is not there yet, or the URL of an empty database.")
    ],
    keys: Keys = None,
    next_keys: NextKeys = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Make a customer's wallet of a backup, where there is none yet. All of it comes back, or nothing.

    Let it sync next: what was said after the backup was made comes back from the vendors, your own words among it.
    Until then a no can be said, and nothing else. Don't go on with the old wallet beside it: of two copies only one may
    speak.

    The passphrase of the backup is asked for, unless --passphrase-file or OPENCMR_BACKUP_PASSPHRASE gives it. The new
    key file is sealed where OPENCMR_PASSPHRASE is set.

    \b
    Examples:
      opencmr restore alice.backup alice.db
      opencmr restore alice.backup postgresql://alice@db.example/wallet --keys alice.keys
    """
    from ..roles.customer.restoring import restore as make
    from ..store import shown

    secret = passphrase_of_backup(passphrase_file, new=False)
    with progress() as seen:
        made = make(file, store, secret, keys=keys, next_keys=next_keys, key_passphrase=key_passphrase(), seen=seen)
    if as_json:
        told = {"at": made.at, "relationships": made.relationships, "messages": made.messages, "keys": made.keys}
        print_json({"store": shown(store), **told})
        return
    relationships, messages = counted(made.relationships, "relationship"), counted(made.messages, "message")
    typer.echo(f"{plain(shown(store))} holds {relationships} and {messages}, as of {made.at}.")
    typer.echo(f"See them: {as_typed()} show {plain(shown(store))}")
    typer.echo("Let the wallet sync before it says anything else: what was said since comes back.")
