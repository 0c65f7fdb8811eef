"""Instants as the wire writes them: text that sorts as time does. The core reads no clock; callers bring the time."""

import re
from datetime import UTC, datetime, timedelta

AHEAD = timedelta(minutes=5)
"""How far ahead of the receiver's clock a message may be dated."""


def instant(moment: datetime) -> str:
    """A moment as the wire writes it: RFC 3339, UTC, three decimals."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The moment of an instant or a date (its first moment in UTC)."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shifted(text: str, by: timedelta) -> str:
    """An instant earlier or later, within the years that the wire can write."""
    try:
        return instant(moment(text) + by)
    except OverflowError:
        return text


def length(duration: str) -> timedelta:
    """How long a duration is: a year has 365 days, a month 30."""
    day, _, time = duration.removeprefix("P").partition("T")
    days = {"Y": 365, "M": 30, "W": 7, "D": 1}
    minutes = {"H": 60, "M": 1}
    return sum(
        (timedelta(days=int(n) * days[u]) for n, u in re.findall(r"(\d+)([YMWD])", day)), timedelta()
    ) + timedelta(minutes=sum(int(n) * minutes[u] for n, u in re.findall(r"(\d+)([HM])", time)))
