"""By when a request is to be answered, by the law that the customer names (`spec/v1/vocabulary/regimes.json`)."""

from functools import cache
from typing import NamedTuple

from .... import _spec
from ...clock import after_business_days, after_days


class Regime(NamedTuple):
    """What a law says of the time that a vendor has.

    Attributes:
        label: What the law is called.
        answer: Until when it is answered, as a period by the calendar; none: the vendor says.
        extended: The longest in all, where the vendor says in time that it takes longer.
        confirm: Within how many days from Monday to Friday it is confirmed.
    """

    label: str
    answer: str | None = None
    extended: str | None = None
    confirm: int | None = None

    def due(self, at: str, *, extended: bool = False) -> str | None:
        """By when a request that took its place at this instant is answered, exclusive; none: no law says."""
        period = self.extended if extended and self.extended else self.answer
        return after_days(at, period) if period else None

    def confirmed_by(self, at: str) -> str | None:
        """By when it is confirmed, exclusive."""
        return after_business_days(at, self.confirm) if self.confirm else None


@cache
def regimes() -> dict[str, Regime]:
    """The regimes of the table, by their codes."""
    table = _spec.table("vocabulary/regimes.json")["regimes"]
    names = Regime._fields
    return {code: Regime(**{name: row[name] for name in names if name in row}) for code, row in table.items()}


def regime(code: str | None) -> Regime:
    """The one of this code; absent: the vendor says by when."""
    return regimes()[code or "other"]
