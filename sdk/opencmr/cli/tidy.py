"""Rendered lines of rich without spaces at their ends."""

from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.table import Table


def tidy(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Rendered lines, each without the spaces at its end."""
    for line in Segment.split_lines(segments):
        while line and not line[-1].text.rstrip():
            line.pop()
        if line:
            line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
        yield line


class TidyTable(Table):
    """A table that does not fill its lines up."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rendered = (part for part in super().__rich_console__(console, options) if isinstance(part, Segment))
        for line in tidy(rendered):
            yield from line
            yield Segment.line()
