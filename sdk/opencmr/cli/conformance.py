"""`opencmr conformance`: does an implementation keep the protocol?"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .output import console, counted, plain, print_json, table

if TYPE_CHECKING:
    from ..conformance.suite import Report, Result


def conformance(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="A vendor in test mode: http://127.0.0.1:8001")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="A customer instead: the command that starts its program.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only checks whose id or requirement begins so; repeatable.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report in JUnit's XML.")] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report in JSON; - prints it, and nothing else.")
    ] = None,
    expect_failures: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ids of checks that are known to fail, one a line; strict.")
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="N", min=0, help="At most so many requests a second; 0: no limit.")
    ] = 0,
    trace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each exchange there, a folder for each check.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one check, without what it has to wait.")] = 10,
    total: Annotated[float, typer.Option(min=1, help="Seconds for all.")] = 600,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the checks that passed, too.")] = False,
) -> None:
    """Check from outside how an implementation keeps the protocol, requirement by requirement.

    A vendor is asked over HTTP, and must be in test mode. A customer is a program that reads commands and writes
    answers, a line each; the suite plays its vendors. Both are described in spec/conformance.md. Checks run one after
    the other. Exit code 0: all passed, and everything that can be seen from outside was checked.

    \b
    Example:
      opencmr serve --test-mode examples/shop.py:shop &
      opencmr conformance http://127.0.0.1:8001
    """
    if (url is None) == (customer is None):
        raise UsageError("name a vendor's URL, or a customer with --customer")
    if trace is not None and customer is not None:
        raise UsageError("--trace is for a vendor: a customer's program may log what it likes")
    from ..conformance.coverage import coverage

    expected = _expected(expect_failures) if expect_failures else []
    shown = None if json == Path("-") else console()

    def show(result: "Result") -> None:
        if shown is not None and (verbose or result.outcome != "passed"):
            _show(shown, result)

    options: dict[str, Any] = {
        "expected_failures": expected, "check_timeout": timeout, "total_timeout": total, "on_result": show,
        "trace": trace,
    }  # fmt: skip
    if url is not None:
        told = (lambda why: shown.print(f"wait  {why}", style="yellow")) if shown is not None else lambda _: None
        report = asyncio.run(_vendor(url, only or [], rate, told, options))
    else:
        report = asyncio.run(_customer(str(customer), only or [], options))
    _leave(report, junit, json)
    if shown is not None:
        _sum_up(shown, report)
    if not report.ok or (not only and coverage(report).missing):
        raise typer.Exit(1)


async def _vendor(
    url: str, only: list[str], rate: float, tell: Callable[[str], None], options: dict[str, Any]
) -> "Report":
    from ..conformance import suite
    from ..conformance.hand import Bench
    from ..conformance.vendor import CHECKS

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url} is no http URL")
    options["expected_failures"] = suite.known(options["expected_failures"], CHECKS)
    bench = Bench(url, polite=1 / rate if rate else 0.0, timeout=options["check_timeout"], tell=tell)
    return await suite.run(suite.only(CHECKS, only), bench, target=url, side="vendor", begin=bench.meet, **options)


async def _customer(command: str, only: list[str], options: dict[str, Any]) -> "Report":
    from ..conformance import suite
    from ..conformance.customer import CHECKS, Stage

    options["expected_failures"] = suite.known(options["expected_failures"], CHECKS)
    async with Stage(command) as stage:
        return await suite.run(
            suite.only(CHECKS, only), stage, target=command, side="customer", begin=stage.begin, **options
        )


def _expected(file: Path) -> list[str]:
    """The ids of a list; a # begins a comment."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _show(shown: Any, result: "Result") -> None:
    mark, style = {"passed": ("ok", "green"), "failed": ("FAIL", "red"), "skipped": ("skip", "yellow")}[result.outcome]
    if result.expected:
        mark, style = "known", "yellow"
    shown.print(f"{mark:5} ", style=style, end="")
    shown.print(f"{result.check.id}  {plain(result.check.title)}")
    if result.detail:
        shown.print(f"      {', '.join(result.broken)}{': ' if result.broken else ''}{plain(result.detail)}")
    if result.said:
        shown.print(f"      the last that was sent: {plain(' '.join(result.said.values()))}", style="dim")


def _sum_up(shown: Any, report: "Report") -> None:
    from ..conformance.causes import causes
    from ..conformance.coverage import coverage, requirements

    covered = coverage(report)
    pages = {one.id: one.page for one in requirements()}
    rows: dict[str, list[int]] = {}
    for id_ in covered.observable:
        row = rows.setdefault(pages[id_], [0, 0, 0])
        row[0] += 1
        row[1] += id_ in covered.checked
        row[2] += id_ in covered.held
    listing = table(None, "page", "requirements seen from outside", "checked", "held")
    for page, row in rows.items():
        listing.add_row(page, *map(str, row))
    listing.add_row("all", str(len(covered.observable)), str(len(covered.checked)), str(len(covered.held)))
    shown.print(listing)
    for id_ in report.unexpected:
        shown.print(f"{id_} was expected to fail, and passed", style="red")
    if covered.missing:
        shown.print(f"not checked: {', '.join(covered.missing)}", style="yellow")
    shown.print(
        f"{len(covered.elsewhere)} more cannot be seen from outside; spec/conformance.md says where they are held"
    )
    if report.waited:
        shown.print(f"waited {report.waited:.0f} s besides, as the vendor or --rate asked for")
    shown.print(
        f"{counted(len(report.results), 'check')} of {plain(report.target)} in {report.seconds:.1f} s: "
        f"{report.count('passed')} passed, {report.count('failed')} failed, {report.count('skipped')} skipped"
    )
    for cause in causes(report):
        shown.print(plain(str(cause)), style="bold red")
    shown.print(f"requirement coverage: {covered.percent:.0f} %", style="bold")


def _leave(report: "Report", junit: Path | None, json: Path | None) -> None:
    import orjson

    from ..conformance.report import as_dict, as_junit

    if junit is not None:
        junit.write_bytes(as_junit(report))
    if json == Path("-"):
        print_json(as_dict(report))
    elif json is not None:
        json.write_bytes(orjson.dumps(as_dict(report), option=orjson.OPT_INDENT_2) + b"\n")
