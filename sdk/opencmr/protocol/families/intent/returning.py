"""What the customer withdraws from in an order, and lines of it that are cancelled (`spec/v1/intent/page.md`).

A withdrawal always takes its place. Whether it came late, or names more than was ordered, is a view; so is whether the
vendor is behind with paying back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

from ....messages import offer, order
from ....messages.types import Money, OrderLine, Side, as_wire
from ...clock import shifted
from ...said import Point

REFUND_WITHIN = timedelta(days=14)
"""By when a vendor has paid back what the customer withdrew from."""


@dataclass(frozen=True)
class Withdrawal:
    """One withdrawal from an order.

    Attributes:
        digest: The message's.
        sent: When the customer said it; never later than its place.
        lines: What it is about; none: the whole order.
        due: By when it is to be refunded.
        late: Whether the days for returning were over; of a withdrawal by law nobody can say from here.
        beyond: Whether it names what was not ordered.
        settled: When a refund came that covers its lines.
    """

    digest: str
    since: Point
    sent: str
    ground: str
    lines: tuple[OrderLine, ...] | None
    due: str
    late: bool
    beyond: bool
    settled: Point | None = None

    def overdue(self, at: str) -> bool:
        """Whether it is to have been refunded by this instant, and was not by then."""
        return self.due <= at and (self.settled is None or self.settled.at > at)

    def covered_by(self, report: order.Fulfil, lines: Sequence[offer.Line]) -> bool:
        """Whether a report names as much of each of its lines as it does, and as there was to withdraw from."""
        paid = _amounts(report.lines, lines)
        return all(
            paid.get(line, 0) >= min(_ordered(lines[line]), n) for line, n in _amounts(self.lines, lines).items()
        )

    def in_words(self, at: str) -> str:
        """For people, as it stands at this instant."""
        what = ", ".join(f"line {part.line}" for part in self.lines or ()) or "all"
        came = f"refunded at {self.settled.at}" if self.settled else f"to be refunded by {self.due}"
        overdue = ", overdue" if self.settled is None and self.overdue(at) else ""
        late = ", late" if self.late else ""
        return f"withdrawn from {what} at {self.since.at}{late}: {came}{overdue}"

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        settled = self.settled and self.settled.at
        optional = {"lines": as_wire(list(self.lines)) if self.lines else None, "settled": settled}
        return {
            "digest": self.digest,
            "ground": self.ground,
            "at": self.since.at,
            "dueBy": self.due,
            "late": self.late,
            "beyond": self.beyond,
            **{name: value for name, value in optional.items() if value is not None},
        }


@dataclass(frozen=True)
class Cancelled:
    """Lines that were cancelled, while the rest stands; refund and fee where the vendor stated them."""

    lines: tuple[OrderLine, ...]
    side: Side
    since: Point
    refund: Money | None = None
    fee: Money | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        money = {"refund": as_wire(self.refund), "fee": as_wire(self.fee)}
        return {
            "lines": as_wire(list(self.lines)),
            "by": self.side,
            "at": self.since.at,
            **{name: value for name, value in money.items() if value is not None},
        }


def lines_off(named: Iterable[Iterable[OrderLine] | None], lines: Sequence[offer.Line]) -> set[int]:
    """The lines of which nothing stands: of which in all as much is named as was ordered.

    Args:
        named: What each cancellation and withdrawal names; none: all of all lines.
        lines: What was ordered.
    """
    off: dict[int, Decimal] = {}
    for parts in named:
        for line, amount in _amounts(parts, lines).items():
            off[line] = _exactly(off.get(line, Decimal()), amount)
    return {line for line, amount in off.items() if amount >= _ordered(lines[line])}


def withdrawn(body: order.Withdraw, digest: str, point: Point, made: offer.Make, delivered: Point | None) -> Withdrawal:
    """What a withdrawal comes to.

    Args:
        body: What it says.
        digest: Its digest.
        point: Its place.
        made: The accepted offer.
        delivered: When the vendor last reported a delivery, or that all is done.
    """
    sent = min(point.at, point.said or point.at)
    days = timedelta(days=made.returns.days if made.returns else 0)
    late = body.ground == "returns" and delivered is not None and sent > shifted(delivered.at, days)
    parts = tuple(body.lines) if body.lines is not None else None
    beyond = any(_is_beyond(part, made.lines) for part in parts or ())
    return Withdrawal(digest, point, sent, body.ground, parts, shifted(point.at, REFUND_WITHIN), late, beyond)


def _is_beyond(part: OrderLine, lines: Sequence[offer.Line]) -> bool:
    if part.line >= len(lines):
        return True
    return part.quantity is not None and Decimal(part.quantity.value) > _ordered(lines[part.line])


def _ordered(line: offer.Line) -> Decimal:
    return Decimal(line.quantity.value if line.quantity else 1)


def _amounts(parts: Iterable[OrderLine] | None, lines: Sequence[offer.Line]) -> dict[int, Decimal]:
    """How much of each line that there is; named none, all of all."""
    if parts is None:
        return {at: _ordered(line) for at, line in enumerate(lines)}
    found: dict[int, Decimal] = {}
    for part in parts:
        if part.line < len(lines):
            amount = Decimal(part.quantity.value) if part.quantity else _ordered(lines[part.line])
            found[part.line] = _exactly(found.get(part.line, Decimal()), amount)
    return found


def _exactly(one: Decimal, other: Decimal) -> Decimal:
    """Their sum, however the application rounds."""
    with localcontext(prec=40):
        return one + other
