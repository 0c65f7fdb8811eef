"""What was looked at, how it was found, and what to do about it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["ok", "note", "wrong"]
"""`note` is worth knowing, and nothing fails for it."""


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


class Ward:
    """The findings of one area, as they are made.

    Args:
        area: Their area.
    """

    def __init__(self, area: str) -> None:
        self.area = area
        self.findings: list[Finding] = []

    def ok(self, what: str, said: str) -> None:
        """Note that something is as it should be."""
        self.findings.append(Finding(self.area, what, "ok", said))

    def note(self, what: str, said: str, mend: str = "") -> None:
        """Note what is worth knowing."""
        self.findings.append(Finding(self.area, what, "note", said, mend))

    def wrong(self, what: str, said: str, mend: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(self.area, what, "wrong", said, mend))

    def judge(self, what: str, holds: bool, said: str, mend: str) -> None:
        """Note something as right or wrong."""
        if holds:
            self.ok(what, said)
        else:
            self.wrong(what, said, mend)
