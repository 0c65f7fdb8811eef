"""`opencmr db`: the tables of a store. Opening a store does the same; here it can be done by itself, and looked at."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .output import Json, counted, print_json

if TYPE_CHECKING:
    from ..store.schema import Found

Where = Annotated[
    str,
    typer.Argument(metavar="STORE", help="A file, or the URL of a database.", show_default=False),
]

db = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@db.callback()
def _group() -> None:
    """Look after the tables of a store, in SQLite or PostgreSQL.

    A store is made, and brought forward to the tables of a newer OpenCMR, whenever it is opened for writing. These
    commands do it beforehand, or under another role of the database.

    \b
    Examples:
      opencmr db status shop.db
      opencmr db init postgresql://owner@db.example/shop --partitions 16
      opencmr db upgrade postgresql://owner@db.example/shop
      opencmr db forget shop.db --days 30 --dry-run
    """


@db.command("status")
def status(store: Where, as_json: Json = False) -> None:
    """Tell of which revision the tables are. Exits with 1 where this OpenCMR could not use them as they are.

    \b
    Example:
      opencmr db status shop.db --json
    """
    from ..store.schema import inspect_tables

    found = inspect_tables(store)
    _tell(store, found, as_json)
    if found.state != "current":
        raise typer.Exit(1)


@db.command("init")
def init(
    store: Where,
    partitions: Annotated[
        int | None,
        typer.Option(metavar="N", help="Keep messages and collects in N partitions, by a hash of the relationship."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the tables in a PostgreSQL that has none of them yet.

    \b
    Example:
      opencmr db init postgresql://owner@db.example/shop --partitions 16
    """
    from ..store import path_of, shown
    from ..store.schema import inspect_tables, open_store

    if path_of(store) is not None:
        raise UsageError(f"{shown(store)}: a file is made with its keys; say: opencmr init customer, or init vendor")
    if inspect_tables(store).state != "empty":
        raise UsageError(f"there are tables already in {shown(store)}; see: opencmr db status")
    open_store(store, partitions=partitions).close()
    _tell(store, inspect_tables(store), as_json)


@db.command("upgrade")
def upgrade(store: Where, as_json: Json = False) -> None:
    """Bring older tables forward to those of this OpenCMR. What is up to date stays as it is.

    \b
    Example:
      opencmr db upgrade shop.db
    """
    from ..store import Store, shown
    from ..store.schema import inspect_tables

    if inspect_tables(store).state == "empty":
        raise UsageError(f"there is no store in {shown(store)}; make it with: opencmr db init")
    Store(store).close()
    _tell(store, inspect_tables(store), as_json)


def _tell(store: str, found: "Found", as_json: bool) -> None:
    from ..store import shown
    from ..store.schema import HEAD

    if as_json:
        told = {"store": shown(store), "database": found.database, "state": found.state, "revision": found.version}
        print_json({**told, "known": HEAD, "partitions": found.partitions})
        return
    words = {
        "empty": "no tables yet",
        "current": "up to date",
        "older": f"older than this OpenCMR, whose tables are of revision {HEAD}; say: opencmr db upgrade",
        "newer": f"newer than this OpenCMR, whose tables are of revision {HEAD}",
    }
    typer.echo(f"store       {shown(store)}")
    typer.echo(f"revision    {found.version or 'none'}: {words[found.state]}")
    if found.partitions:
        typer.echo(f"partitions  {found.partitions} of messages and of collects each")


@db.command("restored")
def restored(store: Where, as_json: Json = False) -> None:
    """Say that a store was put back from a copy, before it is used again.

    A vendor's: until a customer collects, nothing is said to them unprompted, and of what they say only a no is taken.
    With the collect they hand back what the copy lacks, and both go on from there. Without this, the vendor finds out
    by itself when a customer names a word that it does not hold; what it has said until then is said anew.

    A customer's: nothing but a no is said until what was said since the copy is collected. `opencmr restore` sees to
    that by itself.

    \b
    Example:
      opencmr db restored shop.db
    """
    from ..store import Store, shown
    from ..store.schema import inspect_tables

    if inspect_tables(store).state == "empty":
        raise UsageError(f"there is no store in {shown(store)}")
    with Store(store) as opened:
        count = opened.write_now(lambda rows: rows.mark_restored())
    if as_json:
        print_json({"store": shown(store), "restored": count})
    else:
        typer.echo(f"{shown(store)}: {counted(count, 'relationship waits', 'relationships wait')} for the next collect")


@db.command("forget")
def forget(
    store: Where,
    days: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many days after their last word: no fewer than discovery says.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell how many are due, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a vendor's relationships that never came to anything: no agreement, grant, order, or no of the customer's.

    `opencmr serve` does the same as it goes, after the days that the vendor says (`kept_for`). The store does not know
    these days: give the same number here. A vendor without such days forgets nobody. The command may run while the
    store is served, and may be interrupted at any time. Customers who come back hand back what was said. To remove a
    vendor from a customer's store: `opencmr forget`.

    \b
    Examples:
      opencmr db forget shop.db --days 30 --dry-run
      opencmr db forget shop.db --days 90
    """
    import asyncio
    from datetime import UTC, datetime, timedelta

    from ..protocol import instant
    from ..roles.vendor.forgetting import forget_all
    from ..store import Store, shown
    from ..store.schema import inspect_tables

    if inspect_tables(store).state == "empty":
        raise UsageError(f"there is no store in {shown(store)}")
    with Store(store) as opened:
        first = opened.read(lambda rows: next(rows.peers(), None))
        if first is not None and first.me.startswith("did:key:"):
            raise UsageError(f"{shown(store)} is a customer's: say `opencmr forget`, and which vendor")
        count = asyncio.run(
            forget_all(opened, timedelta(days=min(days, 999_999)), lambda: instant(datetime.now(UTC)), dry_run=dry_run)
        )
    if as_json:
        print_json({"store": shown(store), "days": days, "due" if dry_run else "forgotten": count})
    else:
        verbs = ("would be", "would be") if dry_run else ("was", "were")
        told = counted(count, f"relationship {verbs[0]}", f"relationships {verbs[1]}")
        typer.echo(f"{shown(store)}: {told} forgotten")
