"""Instants as the wire writes them: text that sorts as time does. The core reads no clock; callers bring the time."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

AHEAD = timedelta(minutes=5)
"""How far ahead of the receiver's clock a message may be dated."""
LAST = "9999-12-31T23:59:59.999Z"
"""The last instant that the wire can write."""


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


def after_days(text: str, period: str) -> str:
    """The end of a period that a law counts by the calendar: the first instant that is outside, in UTC.

    It ends with the day of that number of the month so many months later, or with the last of that month where it has
    no such day.

    Args:
        text: An instant of the day from which it is counted.
        period: Days or months, such as P45D and P1M.
    """
    number, day = int(period[1:-1]), moment(text).date()
    try:
        last = _months_after(day, number) if period.endswith("M") else day + timedelta(days=number)
        return _day_after(last)
    except (OverflowError, ValueError):
        return LAST


def after_business_days(text: str, number: int) -> str:
    """The first instant after so many days from Monday to Friday, in UTC; that of the beginning isn't counted."""
    day, left = moment(text).date(), number
    try:
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return _day_after(day)
    except OverflowError:
        return LAST


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_after(day: date) -> str:
    return instant(datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC))
