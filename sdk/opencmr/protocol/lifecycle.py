"""Who may say what in which state: the lifecycle tables of `spec/v1/<family>/lifecycle.json`, read as data."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import _spec
from ..messages import FAMILIES
from ..messages.types import Side

NONE = "none"
"""The state of a thread in which nothing has taken effect yet."""


@dataclass(frozen=True)
class Lifecycle:
    """One family's table.

    Attributes:
        family: The family's name.
        states: State → what the table says of it (its DPV term).
        narrowing: Type → the sides that can always say it.
        rows: (state, type, side) → the states that may follow.
    """

    family: str
    states: dict[str, dict[str, Any]]
    narrowing: dict[str, tuple[Side, ...]]
    rows: dict[tuple[str, str, Side], tuple[str, ...]]

    def allowed(self, state: str, side: Side) -> list[str]:
        """The types that this side may send now, sorted."""
        return sorted(type_ for at, type_, by in self.rows if (at, by) == (state, side))


@cache
def lifecycle(family: str) -> Lifecycle:
    """The table of a family."""
    table = _spec.table(f"{family}/lifecycle.json")
    return Lifecycle(
        family=family,
        states=table["states"],
        narrowing={type_: tuple(sides) for type_, sides in table["narrowing"].items()},
        rows={
            (state, row["type"], side): tuple(row["to"])
            for row in table["transitions"]
            for state in row["from"]
            for side in row["by"]
        },
    )


@cache
def _family_by_type() -> dict[str, str]:
    return {
        type_: family
        for family in FAMILIES
        for type_ in {type_ for _, type_, _ in lifecycle(family).rows} | set(lifecycle(family).narrowing)
    }


def family_of(type_: str) -> str | None:
    """The family whose table knows this type; none for those that are no entries or are not known."""
    return _family_by_type().get(type_)


@cache
def _narrowing() -> frozenset[tuple[str, str]]:
    return frozenset(
        (type_, side) for family in FAMILIES for type_, sides in lifecycle(family).narrowing.items() for side in sides
    )


def is_narrowing(type_: str, side: Side) -> bool:
    """Whether this is a message that takes something back, and so can't be refused for time, state or quota."""
    return (type_, side) in _narrowing()
