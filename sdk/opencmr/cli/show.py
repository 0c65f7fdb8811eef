"""`opencmr show`: what a store holds, as tables and as a timeline."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .output import Json, console, plain, print_json, short, table

if TYPE_CHECKING:
    from rich.text import Text

    from ..protocol import Record, Thread
    from ..roles.party.reading import Line, StoredRelationship


def show(
    store: Annotated[
        str, typer.Argument(metavar="STORE", help="A customer's or a vendor's store, such as alice.db, or a URL.")
    ],
    thread: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this thread, and its record whole; the first signs of the id will do."),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--with", metavar="DID", help="Only the relationship with this party.")
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Show the messages and receipts, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show the relationships, threads and records of a store.

    Nothing is written, and no key is needed.

    \b
    Examples:
      opencmr show alice.db
      opencmr show shop.db --thread 3f2a --timeline
    """
    from ..roles.party.reading import Reader

    with Reader(store) as reader:
        store = reader.where
        found = [one for one in reader.relationships() if party is None or party in one.dids]
        if party is not None and not found:
            raise UsageError(f"{store} has no relationship with {party}")
        chosen = _with_thread(found, thread) if thread else [(one, one.threads()) for one in found]
        timeline = timeline or (thread is not None and not as_json)
        if as_json:
            relationships = [_as_dict(one, threads) for one, threads in chosen]
            if timeline:
                for told, (one, threads) in zip(relationships, chosen, strict=True):
                    told["timeline"] = [line.as_dict() for line in one.timeline(threads[0].id if thread else None)]
            print_json({"store": store, "relationships": relationships})
            return
        out = console()
        if not chosen:
            out.print(f"{store} holds no relationships yet.")
        for relationship, threads in chosen:
            out.print(f"{plain(relationship.customer)} with {plain(relationship.vendor)}", style="bold", soft_wrap=True)
            muted = "; muted: nothing is collected" if relationship.muted else ""
            out.print(f"the {relationship.side}'s store, since {relationship.opened}{muted}")
            out.print(_threads(threads, out.width))
            for each in relationship.noticed:
                out.print(plain(f"! {each.code}: {each.why} (noticed {each.at})"), style="yellow", soft_wrap=True)
            if thread and threads[0].record is not None:
                _tell(out, threads[0].record)
            if timeline:
                lines = relationship.timeline(threads[0].id if thread else None)
                for day, said in groupby(lines, key=lambda line: line.at[:10]):
                    out.print(plain(day), style="bold")
                    for row in _rows(list(said), out.width, with_thread=thread is None):
                        out.print(row, soft_wrap=True)


def _with_thread(
    relationships: "list[StoredRelationship]", name: str
) -> "list[tuple[StoredRelationship, list[Thread]]]":
    """The one thread that is named, whichever relationship it is in."""
    found = [(one, [thread]) for one in relationships for thread in one.threads(name)]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} threads begin with {name}; see all with: opencmr show STORE")
    return found


def _as_dict(relationship: "StoredRelationship", threads: "list[Thread]") -> dict[str, Any]:
    return {
        "side": relationship.side,
        "customer": relationship.customer,
        "vendor": relationship.vendor,
        "opened": relationship.opened,
        "muted": relationship.muted,
        "threads": [
            {
                "id": thread.id,
                "state": thread.state,
                **({"family": thread.family} if thread.family else {}),
                "entries": [
                    {name: getattr(entry, name) for name in ("digest", "id", "type", "side", "place", "at", "outcome")}
                    for entry in thread.entries
                ],
                **({"record": thread.record.as_dict()} if thread.record else {}),
            }
            for thread in threads
        ],
        **({"noticed": [each._asdict() for each in relationship.noticed]} if relationship.noticed else {}),
    }


def _threads(threads: "list[Thread]", width: int) -> Any:
    made = table(None, "thread", "record", "state", "about", "last word")
    for column in made.columns:
        column.no_wrap = column.header != "about"
    for thread in threads:
        kind = str(thread.record.as_dict()["record"]) if thread.record else thread.family or "-"
        last = thread.entries[-1].at[: 16 if width >= _MIDDLE else 10].replace("T", " ") if thread.entries else ""
        made.add_row(
            short(thread.id), kind, thread.state, plain(thread.record.in_brief() if thread.record else ""), last
        )
    return made


def _tell(out: Any, record: "Record") -> None:
    """All of a record."""
    from ..protocol import instant

    told = record.in_full(instant(datetime.now(UTC)))
    made = table(None, *told.table.columns)
    for row in told.table.rows:
        made.add_row(*(plain(short(cell) if cell.startswith("zQm") else cell) for cell in row))
    out.print(made)
    for line in told.lines:
        out.print(plain(line))


_STYLES = {"accepted": "green", "refused": "red", "void": "red", "moot": "dim"}


_WIDE, _MIDDLE = 110, 80
"""The width from which a line has milliseconds and names what a receipt is for; and the one from which it has a
digest."""


def _rows(lines: "list[Line]", width: int, *, with_thread: bool) -> "Iterator[Text]":
    """The messages of a day, one line each: time, who, what, in which thread, what became of it, digest."""
    from rich.text import Text

    kinds = [_kind(line, width) for line in lines]
    whats = [_became(line) for line in lines]
    wide = (max(map(len, kinds), default=0), max(map(len, whats), default=0))
    for line, kind, became in zip(lines, kinds, whats, strict=True):
        cells = [line.at[11:23] if width >= _WIDE else line.at[11:19], line.side.ljust(8), kind.ljust(wide[0])]
        cells += [short(line.thread)] if with_thread else []
        cells += [became.ljust(wide[1]), short(line.digest)] if width >= _MIDDLE else [became]
        told = plain("  ".join(cells) if width >= _WIDE else " ".join(cells)).rstrip()
        yield Text(told, "dim" if line.of else _STYLES.get(line.outcome or "", ""))


def _kind(line: "Line", width: int) -> str:
    if not line.of:
        return line.type
    return f"  receipt for {short(line.of)}" if width >= _WIDE else "  receipt"


def _became(line: "Line") -> str:
    """The state; before it, the outcome where the message did not simply take effect."""
    if line.problem:
        return f"refused: {line.problem}"
    outcome = line.outcome or line.status
    return line.state or outcome if outcome == "accepted" else f"{outcome} {line.state or ''}".strip()
