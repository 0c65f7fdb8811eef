"""The commands, and the reporting of errors.

A command's module is imported when that command is called, so that `opencmr --help` costs no more than typer itself.
An error is one line on stderr that says what to do, never a traceback unless `--debug` asks for it: exit code 2 for
what was asked wrongly, 1 for all else.
"""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from .. import __version__
from ..errors import OpenCMRError
from .output import report
from .streams import settle, take_anything

DOCS = "https://w3id.org/opencmr"

_COMMANDS = {
    "demo": "Watch a customer and two shops go through a whole relationship.",
    "init": "Make the store and the keys of a customer or a vendor.",
    "serve": "Serve a vendor over HTTP.",
    "db": "Look after the tables of a store, in SQLite or PostgreSQL.",
    "show": "Show the relationships, threads and records of a store.",
    "explain": "Say why a vendor may or may not do something.",
    "validate": "Check messages against schemas and models; name the bad member.",
    "export": "Write what was said and answered into a folder, as evidence.",
    "backup": "Write all that a customer's wallet holds into one encrypted file.",
    "restore": "Make a customer's wallet of a backup.",
    "fetch": "Fetch the files that a vendor has named into a folder.",
    "mute": "Collect nothing from a vendor any more, or again.",
    "erase": "Erase what was said in a relationship, and keep that it was said.",
    "forget": "Let all that a store holds of a vendor go, for good.",
    "verify": "Check signatures, chains, states and folds of messages.",
    "vectors": "Run the specification's test vectors against this SDK.",
    "doctor": "Say what is wrong with a store or a vendor, and how to mend it.",
    "conformance": "Check from outside how an implementation keeps the protocol.",
}
"""Name → one line. The function, or the group, of that name stands in the module of that name."""


class Commands(TyperGroup):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or none."""
        if cmd_name not in _COMMANDS:
            return None
        found = getattr(import_module(f".{cmd_name}", __package__), cmd_name)
        if not isinstance(found, typer.Typer):
            group = typer.Typer(add_completion=False, rich_markup_mode=None)
            group.command(cmd_name)(found)
            found = group
        command = get_command(found)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One line a command, with none of them imported."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: Any) -> Any:
        """Call the command. An error that is ours, or the system's, is reported in a line."""
        try:
            return super().invoke(ctx)
        except (OpenCMRError, OSError) as error:
            if ctx.params.get("debug"):
                raise
            raise typer.Exit(report(error, as_json=bool(ctx.meta.get("json")))) from error


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"opencmr {__version__}")
        raise typer.Exit


@app.callback(epilog=f"Begin with: opencmr demo. Each command explains itself: opencmr show --help. More: {DOCS}")
def opencmr(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """OpenCMR: customer-managed relationships.

    The customer states the terms, gives and takes back consent, says what they want to buy, and keeps the same signed
    records as the vendor does.
    """


def run() -> None:
    """Run with the arguments of this process; a fault of ours is told in a line as well.

    The exit code is the command's own, whatever stdout and stderr can take; it is 1 where what was to be printed could
    not be kept, as on a full disk.
    """
    take_anything()
    code: Any = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    except Exception as error:
        if "--debug" in sys.argv[1:]:
            raise
        code = report(error)
    finally:
        lost = settle()
    if lost is not None and not code:
        code = report(lost)
        settle()
    sys.exit(code)
