"""The fold of a praise thread."""

from dataclasses import dataclass, replace
from typing import Any, Self

from ...messages import praise
from ..context import Context
from ..family import Family, Record, Table, Told
from ..lifecycle import NONE
from ..said import Said


@dataclass(frozen=True)
class Praise(Record):
    """Who was praised, and whether the vendor has thanked."""

    state: str
    who: str = ""
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The record after this message."""
        body = said.message.body
        who = body.who if isinstance(body, praise.Give) else self.who
        return replace(self, state=to[0], who=who, evidence=(*self.evidence, said.digest))

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"record": "praise", "state": self.state, "who": self.who, "evidence": list(self.evidence)}

    def in_brief(self) -> str:
        """Who was praised."""
        return f"praise for {self.who}"

    def in_full(self, at: str) -> Told:
        """The same as a table."""
        return Told(Table(("who", "state"), ((self.who, self.state),)))


FAMILY = Family(name="praise", blank=lambda at: Praise(NONE))
