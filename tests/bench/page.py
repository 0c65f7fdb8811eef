"""The results on the page `docs/bench.md`: written from `docs/assets/bench.json`, between two marks."""

from typing import Any

from .report import cells

BEGIN, END = "<!-- results: written by `make bench ARGS=--publish` -->", "<!-- /results -->"


def filled(page: str, report: dict[str, Any]) -> str:
    """The page with this report's results.

    Raises:
        ValueError: The page has no place for them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{results(report)}\n{END}{after}"


def unmet(report: dict[str, Any]) -> list[str]:
    """The names of the rows that have a goal that isn't met: each has its section on the page."""
    return [name for name, row in report["rows"].items() if any(line["met"] is False for line in row["lines"])]


def results(report: dict[str, Any]) -> str:
    """What was measured, where, and when, in Markdown."""
    machine = report["machine"]
    lines = [
        f"Measured on {report['date'][:10]} at commit `{report['commit']}`: {machine['processor']}, {machine['cores']} "
        f"cores, {machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}. "
        f"The disk takes {machine['sync_ms']:g} ms to make 4 KiB durable.",
        "",
    ]
    for name, row in report["rows"].items():
        lines += [
            f"### {row['title']}",
            "",
            f"`--row {name}`",
            "",
            "| row | measured | bound or peer, in the same run | ratio | goal | met |",
            "|---|--:|---|--:|--:|---|",
            *(_row(line) for line in row["lines"]),
            "",
        ]
        for curve in row["curves"]:
            lines += [f"![{curve['title']}](assets/bench-{curve['name']}.svg)", ""]
    lines += ["Versions: " + ", ".join(f"{name} {version}" for name, version in report["versions"].items()) + ".", ""]
    return "\n".join(lines)


def _row(line: dict[str, Any]) -> str:
    name, measured, beside, ratio, goal, met = cells(line)
    note = f"<br>*{line['note']}*" if line["note"] else ""
    return f"| {name}{note} | {measured} | {beside} | {ratio} | {goal} | {met} |"
