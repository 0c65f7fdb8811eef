"""`opencmr show`: what a store holds, as tables and as a timeline."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .output import Json, console, counted, plain, print_json, short, table

if TYPE_CHECKING:
    from rich.text import Text

    from ..messages.offer import Make
    from ..protocol import Agreement, Consent, Dealing, Record, Thread
    from ..roles.reading import Line, Notebook


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
    from ..roles.reading import Reader

    with Reader(store) as reader:
        store = reader.where
        found = [one for one in reader.notebooks() if party in (None, one.customer, one.vendor)]
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
        for notebook, threads in chosen:
            out.print(f"{plain(notebook.customer)} with {plain(notebook.vendor)}", style="bold", soft_wrap=True)
            muted = "; muted: nothing is collected" if notebook.muted else ""
            out.print(f"the {notebook.side}'s store, since {notebook.opened}{muted}")
            out.print(_threads(threads, out.width))
            for each in notebook.noticed:
                out.print(plain(f"! {each.code}: {each.why} (noticed {each.at})"), style="yellow", soft_wrap=True)
            if thread:
                _tell(out, threads[0])
            if timeline:
                lines = notebook.timeline(threads[0].id if thread else None)
                for day, said in groupby(lines, key=lambda line: line.at[:10]):
                    out.print(plain(day), style="bold")
                    for row in _rows(list(said), out.width, with_thread=thread is None):
                        out.print(row, soft_wrap=True)


def _with_thread(notebooks: "list[Notebook]", name: str) -> "list[tuple[Notebook, list[Thread]]]":
    """The one thread that is named, whichever relationship it is in."""
    found = [(one, [thread]) for one in notebooks for thread in one.threads(name)]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} threads begin with {name}; see all with: opencmr show STORE")
    return found


def _as_dict(notebook: "Notebook", threads: "list[Thread]") -> dict[str, Any]:
    return {
        "side": notebook.side,
        "customer": notebook.customer,
        "vendor": notebook.vendor,
        "opened": notebook.opened,
        "muted": notebook.muted,
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
        **({"noticed": [each._asdict() for each in notebook.noticed]} if notebook.noticed else {}),
    }


def _threads(threads: "list[Thread]", width: int) -> Any:
    made = table(None, "thread", "record", "state", "about", "last word")
    for column in made.columns:
        column.no_wrap = column.header != "about"
    for thread in threads:
        kind = str(thread.record.as_dict()["record"]) if thread.record else thread.family or "-"
        last = thread.entries[-1].at[: 16 if width >= _MIDDLE else 10].replace("T", " ") if thread.entries else ""
        made.add_row(short(thread.id), kind, thread.state, plain(_about(thread.record)), last)
    return made


def _about(record: "Record | None") -> str:
    """A record in a few words."""
    from ..protocol import Agreement, Consent, Dealing
    from ..protocol.vocabulary import label

    match record:
        case Agreement(terms=(_, document)):
            return document.id
        case Agreement(choices=choices):
            return " or ".join(document.id for _, document in choices)
        case Consent(items=items):
            return "; ".join(
                f"{', '.join(map(label, item.item.purposes))}: {item.state}"
                for item in sorted(items.values(), key=lambda item: item.key)
            )
        case Dealing() as dealing:
            wants = ", ".join(want.name for want in dealing.cast.wants) if dealing.cast else "unasked offer"
            if dealing.accepted is not None:
                return f"{wants} for {_owed(dealing.accepted_offer.body)}"
            return f"{wants}; {counted(len(dealing.offers), 'offer')}"
    return ""


def _tell(out: Any, thread: "Thread") -> None:
    """All of a record."""
    from ..protocol import Agreement, Consent, Dealing

    match thread.record:
        case Agreement() as record:
            _tell_agreement(out, record)
        case Consent() as record:
            _tell_consent(out, record)
        case Dealing() as record:
            _tell_dealing(out, record)


def _tell_agreement(out: Any, record: "Agreement") -> None:
    put = [("proffered", *choice) for choice in record.choices]
    put += [("countered", *record.counter)] if record.counter else []
    put += [("agreed", *record.terms)] if record.terms else []
    made = table(None, "terms", "id", "title", "digest")
    for what, digest, document in put:
        made.add_row(what, plain(document.id), plain(document.title), short(digest))
    out.print(made)


def _tell_consent(out: Any, record: "Consent") -> None:
    made = table(None, "item", "state", "since", "until", "purposes", "data", "channels", "topics")
    for key, item in sorted(record.items.items()):
        said = item.item
        topics = [code.label or code.code for code in said.topics or ()]
        lists = (" ".join(part) for part in (said.purposes, said.data, said.channels or (), topics))
        since = max(item.since.at, item.begins or "")
        made.add_row(plain(key), item.state, since, item.until, *(plain(part) or "any" for part in lists))
    out.print(made)
    for datum, point in record.disclosed:
        out.print(f"disclosed {plain(datum.data)} at {point.at}")


def _tell_dealing(out: Any, record: "Dealing") -> None:
    from ..protocol import instant

    made = table(None, "offer", "state", "total", "under", "expires", "lines")
    for offer in record.offers:
        total = _owed(offer.body)
        lines = ", ".join(line.name for line in offer.body.lines)
        row = (short(offer.digest), offer.state, total, offer.terms[1].id, offer.expires, lines)
        made.add_row(*map(plain, row))
    out.print(made)
    for datum, point in record.disclosed:
        out.print(f"disclosed {plain(datum.data)} at {point.at}")
    for status, point in record.progress:
        out.print(f"{plain(status)} at {point.at}")
    for each in record.withdrawals:
        what = ", ".join(f"line {part.line}" for part in each.lines or ()) or "all"
        came = f"refunded at {each.settled.at}" if each.settled else f"to be refunded by {each.due}"
        overdue = ", overdue" if each.settled is None and each.overdue(instant(datetime.now(UTC))) else ""
        late = ", late" if each.late else ""
        out.print(f"withdrawn from {what} at {each.since.at}{late}: {came}{overdue}")
    for amount, point in record.refunds:
        out.print(f"{amount.amount} {plain(amount.currency)} paid back at {point.at}")


def _owed(body: "Make") -> str:
    """What an offer comes to: once, and in all where something recurs."""
    total = f"{body.total.amount} {body.total.currency}"
    return total if body.commitment is None else f"{total}, {body.commitment.amount} in all"


_STYLES = {"accepted": "green", "refused": "red", "void": "red", "moot": "dim"}


_WIDE, _MIDDLE = 110, 80
"""From which width on a line has milliseconds and names what a receipt is for; from which on it has a digest."""


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
