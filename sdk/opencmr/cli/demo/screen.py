"""The story on a screen: made for 80 columns, readable at 60, on any terminal, and in a pipe.

No word is broken, and no line ends in spaces. Where there is no room, times lose their milliseconds, and what a message
says goes below it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..streams import SIGNS
from ..tidy import tidy
from .story import Remark, Step, Teller

WIDEST = 100
_WIDE, _NARROW = 90, 72
"""The width from which a message's time has milliseconds; and the one below which tables lose them and lines are
split."""
_MARKS = {"yes": "green", "no": "red", "best": "bold green"}
_TELLING = ("", "Both sides")
"""The columns that say yes or no: only these are coloured by it."""
_PROSE = ("May …", "Offer", "Both sides")
"""The columns that may be wrapped, between words."""
_TIME = re.compile(r"(\d\d:\d\d:\d\d)\.\d{3}")
_OUTCOMES = {"accepted": "green", "moot": "yellow", "refused": "red"}


class Screen(Teller):
    """Tells the story line by line. Colours only where the console has them; pauses only on a terminal.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._all_signs = _draws(console, "".join(SIGNS))
        self.beat = 0.06 if console.is_terminal else 0.0

    def opening(self, title: str, text: str) -> None:
        """What is about to be seen."""
        self._print(Text(title, style="bold"))
        self._print(Text(text, style="dim"))

    def step(self, step: Step) -> None:
        """A heading, and what it means for a customer."""
        self._print(Text())
        self._print(Text.assemble((f"{step.number:2}  ", "bold cyan"), (step.title, "bold")))
        self._print(Padding(Text(step.meaning, style="italic"), (0, 0, 0, 4), expand=False))

    def said(self, remark: Remark) -> None:
        """One line: time, who to whom, type, what it says, what became of it."""
        time = remark.at[11:23] + "  " if self._width >= _WIDE else remark.at[11:19] + " "
        line = Text.assemble(
            (f"    {time}", "dim"), f"{remark.speaker} → {remark.hearer}".ljust(17), (f" {remark.type:<16} ", "cyan")
        )
        became = remark.state if remark.outcome == "accepted" else f"{remark.outcome} {remark.state}".strip()
        rest = Text(f"{remark.gist} · " if remark.gist else "")
        rest.append(became, _OUTCOMES.get(remark.outcome, ""))
        if self._width < _NARROW:
            self._print(line)
            self._print(Padding(rest, (0, 0, 0, 4 + len(time)), expand=False))
            return
        row = Table.grid()
        row.add_column(no_wrap=True, width=line.cell_len)
        row.add_column()
        row.add_row(line, rest)
        self._print(row)

    def note(self, text: str) -> None:
        """A sentence below what was said."""
        self._print(Padding(Text(text), (0, 0, 0, 4), expand=False))

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], marked: Mapping[int, str] | None = None
    ) -> None:
        """A table with marked rows; a row of one cell is the heading of those that follow."""
        table = Table(box=SIMPLE, pad_edge=False, show_edge=False, header_style="dim")
        for name in head:
            number = name in ("Total", "Messages", "Bytes", "Records")
            table.add_column(name, justify="right" if number else "left", no_wrap=name not in _PROSE)
        for position, row in enumerate(rows):
            if len(row) == 1:
                table.add_row(Text(row[0], "bold", no_wrap=True))
                continue
            mark = (marked or {}).get(position, "")
            style = _MARKS.get(mark, "")
            telling = [mark == "best" or name in _TELLING for name in head]
            cells = (cell if self._width >= _NARROW else _TIME.sub(r"\1", cell) for cell in row)
            table.add_row(*(_cell(cell, style if tells else "") for cell, tells in zip(cells, telling, strict=True)))
        self._print(Padding(table, (0, 0, 0, 4), expand=False))

    def closing(self, *lines: str) -> None:
        """The last words."""
        self._print(Text())
        for line in lines:
            self._print(Text(line, style="bold"))

    @property
    def _width(self) -> int:
        return min(self._console.width, WIDEST)

    def _print(self, what: Any) -> None:
        options = self._console.options.update(width=self._width)
        for segments in tidy(self._console.render(what, options)):
            line = Text.assemble(*((self._drawn(each.text), each.style or "") for each in segments))
            self._console.print(line, soft_wrap=True)

    def _drawn(self, text: str) -> str:
        """The same in the signs that a narrow encoding has."""
        return text if self._all_signs else "".join(SIGNS.get(sign, sign) for sign in text)


def _cell(text: str, style: str) -> Text | Padding:
    """A cell; where its text is indented, so is all of it."""
    if not text.startswith(" "):
        return Text(text, style)
    return Padding(Text(text.lstrip(), style), (0, 0, 0, len(text) - len(text.lstrip())), expand=False)


def _draws(console: Console, signs: str) -> bool:
    try:
        signs.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
