"""Findings of `opencmr doctor`: what was examined, what was found, and how to mend it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["ok", "note", "wrong"]
"""`note` is worth knowing; it fails nothing."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: What it belongs to: `installation`, `keys`, `store`, `vendor`.
        what: What was looked at, in a word or two.
        outcome: How it was found.
        said: What there is, in a sentence.
        mend: What to do; empty where there is nothing to do.
    """

    area: str
    what: str
    outcome: Outcome
    said: str
    mend: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self)


class Area:
    """The findings of one area, as they are made.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []

    def ok(self, what: str, said: str) -> None:
        """Note that something is as it should be."""
        self.findings.append(Finding(self.name, what, "ok", said))

    def note(self, what: str, said: str, mend: str = "") -> None:
        """Note what is worth knowing."""
        self.findings.append(Finding(self.name, what, "note", said, mend))

    def wrong(self, what: str, said: str, mend: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(self.name, what, "wrong", said, mend))

    def judge(self, what: str, holds: bool, said: str, mend: str) -> None:
        """Note something as right or wrong."""
        if holds:
            self.ok(what, said)
        else:
            self.wrong(what, said, mend)
