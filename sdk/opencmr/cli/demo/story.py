"""The story of the demo as data, apart from how it is shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remark:
    """A message as it is told: one line, when it has taken effect.

    Attributes:
        gist: What it says, in a few words.
        outcome: `accepted`, `moot`, `refused`, as the receipt says.
        state: The thread's state afterwards.
    """

    digest: str
    at: str
    speaker: str
    hearer: str
    type: str
    gist: str
    outcome: str
    state: str

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"message": self.digest, **{name: value for name, value in vars(self).items() if name != "digest"}}


@dataclass
class Step:
    """One scene.

    Attributes:
        key: Its name for programs.
        meaning: One plain sentence: what this means for a customer.
        said: The messages of this step, as they came.
        receipts: Digests of their receipts.
        facts: What came of it, as plain JSON.
    """

    number: int
    key: str
    title: str
    meaning: str
    said: list[Remark] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "number": self.number,
            "key": self.key,
            "title": self.title,
            "meaning": self.meaning,
            "messages": [remark.digest for remark in self.said],
            "receipts": self.receipts,
            "timeline": [remark.as_dict() for remark in self.said],
            **self.facts,
        }


@dataclass
class Story:
    """The whole of it.

    Attributes:
        about: Who took part, and what the demo was given.
        steps: In their order.
    """

    about: dict[str, Any]
    steps: list[Step] = field(default_factory=list)

    @property
    def now(self) -> Step:
        """The step that is being played."""
        return self.steps[-1]

    def as_dict(self, numbers: Mapping[str, int]) -> dict[str, Any]:
        """As plain JSON, for `story.json` and `--json`.

        Args:
            numbers: Digest → number in the evidence; messages are named by these.
        """
        told: dict[str, Any] = _numbered([step.as_dict() for step in self.steps], numbers)
        return {**self.about, "steps": told}


def _numbered(value: Any, numbers: Mapping[str, int]) -> Any:
    """The same with each message named by its number."""
    if isinstance(value, dict):
        return {name: _numbered(part, numbers) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_numbered(part, numbers) for part in value]
    return numbers.get(value, value) if isinstance(value, str) else value


class Teller:
    """A teller of the story while it happens. This one is silent: what happened is printed as JSON in the end.

    Attributes:
        beat: Seconds to let the reader take in a line.
    """

    beat = 0.0

    def opening(self, title: str, text: str) -> None:
        """What is about to be seen."""

    def closing(self, *lines: str) -> None:
        """The last words."""

    def step(self, step: Step) -> None:
        """A scene begins."""

    def said(self, remark: Remark) -> None:
        """Somebody has said something."""

    def note(self, text: str) -> None:
        """One sentence about what came of it."""

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], marked: Mapping[int, str] | None = None
    ) -> None:
        """Several things side by side.

        Args:
            head: The names of the columns.
            rows: The cells; one alone is the heading of the rows that follow.
            marked: Row → `yes`, `no` or `best`.
        """
