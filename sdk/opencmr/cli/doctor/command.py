"""`opencmr doctor`: which of the examinations, and how their findings are told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from ...errors import UsageError
from ..output import Json, console, plain, print_json
from .finding import Finding

_MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "bold red")}


def doctor(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[STORE|MODULE:VENDOR|DID|URL]",
            help="A store's file or URL, a vendor as `serve` takes it, or a vendor as customers reach it.",
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key file, where it is not beside the store.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with a store or a vendor, and how to mend it.

    Without an argument: Python, the libraries, whether weak keys are refused, the tables of the specification, the
    clock. With a store: also whether it opens, is whole and durable, has room, and has its keys; it is only read. A
    sealed key file is tried with OPENCMR_PASSPHRASE. A vendor as `serve` takes it is loaded, as `serve` does. With a
    DID or a URL: what customers meet there, from DNS to the clock; nothing is said that the vendor would store.

    Exits with 1 if anything is wrong. What is only worth knowing is marked with a dot.

    \b
    Examples:
      opencmr doctor
      opencmr doctor shop.db
      opencmr doctor postgresql://shop@db/shop --keys shop.keys
      opencmr doctor examples/shop.py:shop
      opencmr doctor did:web:shop.example
    """
    findings = list(_examine(what, keys))
    wrong = [finding for finding in findings if finding.outcome == "wrong"]
    if as_json:
        print_json({"ok": not wrong, "findings": [finding.as_dict() for finding in findings]})
    else:
        _show(findings, len(wrong))
    if wrong:
        raise typer.Exit(1)


def _examine(what: str | None, keys: Path | None) -> Iterator[Finding]:
    from . import installation

    now = _now()
    if what is not None and (what.startswith("did:") or what.startswith(("http://", "https://"))):
        from .vendors import did_of, examine

        did = did_of(what)
        yield from installation.examine(now)
        yield from examine(did)
        return
    if what is None:
        if keys is not None:
            raise UsageError("name the store, too: opencmr doctor STORE --keys FILE")
        yield from installation.examine(now)
        return
    from . import stores

    store, file = _of_vendor(what) if _names_a_vendor(what) else (what, None)
    yield from installation.examine(now)
    yield from stores.examine(store, keys or file, now)


def _now() -> datetime:
    return datetime.now(UTC)


def _names_a_vendor(what: str) -> bool:
    return ":" in what and "://" not in what and not what.startswith("file:") and not Path(what).exists()


def _of_vendor(what: str) -> tuple[str, Path]:
    """The store and the key file of a vendor; it is opened, and closed again."""
    import asyncio

    from ...roles import Vendor
    from ..serve import _vendor

    vendor = _vendor(what, Vendor)
    where = vendor.health.store.where, vendor.health.keys
    asyncio.run(vendor.close())
    return where


def _show(findings: list[Finding], wrong: int) -> None:
    from rich.text import Text

    out = console()
    for area, group in groupby(findings, key=lambda finding: finding.area):
        out.print(area, style="bold")
        for finding in group:
            mark, style = _MARKS[finding.outcome]
            out.print(Text.assemble("  ", (mark, style), f" {finding.what:<18} {plain(finding.said)}"), soft_wrap=True)
            if finding.mend and finding.outcome != "ok":
                out.print(f"      {plain(finding.mend)}", soft_wrap=True)
    notes = sum(finding.outcome == "note" for finding in findings)
    if wrong:
        out.print(f"{wrong} to mend", style="bold red")
    else:
        out.print("all is well" + (f"; {notes} to know" if notes else ""), style="bold green")
