"""The story on a screen: readable at 80 columns, on any terminal, and in a pipe."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .story import Remark, Step

WIDEST = 100
_MARKS = {"yes": "green", "no": "red", "best": "bold green"}
_TELLING = ("", "Both sides")
"""The columns that say yes or no: they alone take that colour."""
_OUTCOMES = {"accepted": "green", "moot": "yellow", "refused": "red"}


class Screen:
    """Tells the story line by line. Colours only where the console has them; pauses only on a terminal.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._arrow = "→" if _draws(console, "→") else "->"
        self._dash = "·" if _draws(console, "·") else "-"
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
        line = Text.assemble(
            ("    " + remark.at[11:23] + "  ", "dim"),
            f"{remark.speaker} {self._arrow} {remark.hearer}".ljust(17) + " ",
            (f"{remark.type:<16} ", "cyan"),
            no_wrap=True,
            overflow="ellipsis",
        )
        became = remark.state if remark.outcome == "accepted" else f"{remark.outcome} {remark.state}".strip()
        room = self._width - line.cell_len - len(became) - 3
        gist = remark.gist if len(remark.gist) <= room else remark.gist[: max(room - 1, 0)].rstrip() + "…"
        line.append(f"{gist} {self._dash} " if gist.strip("…") else "")
        line.append(became, _OUTCOMES.get(remark.outcome, ""))
        self._print(line)

    def note(self, text: str) -> None:
        """A sentence below what was said."""
        self._print(Padding(Text(text), (0, 0, 0, 4), expand=False))

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], marked: Mapping[int, str] | None = None
    ) -> None:
        """A table with marked rows."""
        table = Table(box=SIMPLE, pad_edge=False, show_edge=False, header_style="dim")
        for name in head:
            number = name in ("Total", "Messages", "Bytes", "Records")
            table.add_column(name, justify="right" if number else "left", overflow="fold")
        for position, row in enumerate(rows):
            mark = (marked or {}).get(position, "")
            style = _MARKS.get(mark, "")
            telling = [mark == "best" or name in _TELLING for name in head]
            table.add_row(*(Text(cell, style if tells else "") for cell, tells in zip(row, telling, strict=True)))
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
        if not _draws(self._console, "→"):
            what = _plain(self._console, what, self._width)
        self._console.print(what, width=self._width)


def _draws(console: Console, sign: str) -> bool:
    try:
        sign.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _plain(console: Console, what: Any, width: int) -> Text:
    """The same in the signs that a narrow encoding has."""
    with console.capture() as captured:
        console.print(what, width=width, end="")
    signs = {"─": "-", "━": "-", "→": "->", "–": "-", "…": "...", "“": '"', "”": '"', "×": "x", "·": "-"}
    return Text.from_ansi("".join(signs.get(sign, sign) for sign in captured.get().rstrip("\n")))
