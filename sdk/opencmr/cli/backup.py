"""`opencmr backup`: all that a customer's wallet holds, as one encrypted file."""

from pathlib import Path
from typing import Annotated

import typer

from .output import Json, as_typed, counted, plain, print_json
from .passphrase import Keys, NextKeys, PassphraseFile, key_passphrase, passphrase_of_backup, progress


def backup(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's store, such as alice.db, or a URL.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup; an older backup of this name is replaced.")],
    keys: Keys = None,
    next_keys: NextKeys = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Write all that a customer's wallet holds into one encrypted file.

    It holds every relationship, every message, also those that nobody has answered yet, and the private keys: whoever
    has the file and its passphrase is you. The wallet may be open meanwhile. The format is described in
    spec/v1/backup.md, so that other programs can read it.

    The passphrase is asked for, unless --passphrase-file or OPENCMR_BACKUP_PASSPHRASE gives it. It is not that of the
    key file (OPENCMR_PASSPHRASE). Nobody can open the file without it.

    \b
    Examples:
      opencmr backup alice.db alice.backup
      opencmr backup alice.db alice.backup --passphrase-file /run/secrets/backup --json
    """
    from ..roles.customer.backup import backup as write

    secret = passphrase_of_backup(passphrase_file, new=True)
    with progress() as seen:
        made = write(store, file, secret, keys=keys, next_keys=next_keys, key_passphrase=key_passphrase(), seen=seen)
    if as_json:
        told = {"at": made.at, "relationships": made.relationships, "messages": made.messages, "keys": made.keys}
        print_json({"backup": str(file), **told, "bytes": file.stat().st_size})
        return
    relationships, messages = counted(made.relationships, "relationship"), counted(made.messages, "message")
    typer.echo(f"{plain(file)} holds {relationships}, {messages} and {counted(made.keys, 'key')}.")
    typer.echo(f"Make a wallet of it, on any machine: {as_typed()} restore {plain(file)} STORE")
