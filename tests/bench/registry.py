"""Which rows there are, what a row finds, and how much of it is done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .measure import Figure


@dataclass(frozen=True)
class Goal:
    """A goal: a number that a ratio or a figure is at most, or at least."""

    bound: Literal["≤", "≥"]
    number: float
    unit: str = "×"

    def met(self, value: float) -> bool:
        """Whether a value meets it."""
        return value <= self.number if self.bound == "≤" else value >= self.number

    def __str__(self) -> str:
        return f"{self.bound} {self.number:g}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        name: What is measured.
        measured: The figure.
        beside: What it is measured against: a bound or a peer.
        against: That one's figure, of the same slices.
        ratio: What the goal is about; absent: the figure itself.
        goal: None where the line is for the table alone.
        note: A few words on what is to be known.
    """

    name: str
    measured: Figure
    beside: str = ""
    against: Figure | None = None
    ratio: Figure | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; none where there is none."""
        return None if self.goal is None else self.goal.met((self.ratio or self.measured).median)

    def as_dict(self) -> dict[str, Any]:
        """As it stands in `bench.json`."""
        return {
            "name": self.name,
            "measured": self.measured.as_dict(),
            "beside": self.beside,
            "against": self.against.as_dict() if self.against else None,
            "ratio": self.ratio.as_dict() if self.ratio else None,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
            "note": self.note,
        }


@dataclass(frozen=True)
class Curve:
    """How something grows: lines in a picture of two logarithmic axes.

    Attributes:
        name: The picture's file is `bench-NAME.svg`.
        lines: Name → points; the first is ours.
    """

    name: str
    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in `bench.json`."""
        return {"name": self.name, "title": self.title, "x": self.x, "y": self.y, "lines": self.lines}


@dataclass
class Found:
    """What a row has found."""

    lines: list[Line] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)


@dataclass(frozen=True)
class Effort:
    """How much is done: the whole, or `quick` (a tenth of the slices, small sizes), or `tiny` (for the smoke test)."""

    size: Literal["whole", "quick", "tiny"]
    folder: Path
    say: Callable[[str], None] = lambda _: None

    def of(self, whole: int, quick: int | None = None, tiny: int = 2) -> int:
        """How many: of slices, messages, customers."""
        few = max(tiny, whole // 8) if quick is None else quick
        return {"whole": whole, "quick": few, "tiny": tiny}[self.size]


@dataclass(frozen=True)
class Row:
    """A row of the suite, or several that are measured together.

    Attributes:
        name: For `--row`.
        title: What it shows.
        run: Measures it.
        profile: Says where the time goes, step by step: name of a step → figure. None: there are no steps.
    """

    name: str
    title: str
    run: Callable[[Effort], Found]
    profile: Callable[[Effort], dict[str, Figure]] | None = None


def rows() -> list[Row]:
    """All rows, in the order of the table.

    Raises:
        SystemExit: A peer isn't installed.
    """
    try:
        from . import checking, databases, deciding, folding, imports, over_http, receiving, sharing
    except ImportError as error:
        raise SystemExit(f"{error.name} is missing; `make bench` installs it (extra `bench`)") from error
    return [
        checking.ROW,
        receiving.ROW,
        over_http.ROW,
        databases.ROW,
        deciding.ROW,
        sharing.ROW,
        folding.ROW,
        imports.ROW,
    ]


def named(names: Iterable[str]) -> list[Row]:
    """The rows of these names; all, where there are none.

    Raises:
        KeyError: There is no such row.
    """
    known = {row.name: row for row in rows()}
    return [known[name] for name in names] or list(known.values())
