"""What an offer comes to: its total, its commitment, and the amounts that have to agree with them.

`spec/v1/intent/page.md`, what the sums include. All arithmetic is exact: nothing is rounded but by an adjustment that
says so.
"""

from collections.abc import Iterable, Iterator
from decimal import Context as Arithmetic
from decimal import Decimal, localcontext

from ....errors import UnknownReference, WrongTotal
from ....messages import Path, offer, pointer
from ....messages.types import Money, Recurs, SignedMoney

_EXACT = Arithmetic(prec=40, traps=[])
"""For sums: 128 amounts of 15 and 6 digits, each up to a thousand times, have room. The application's own context may
round, and then two sides that hold the same messages would differ about a sum."""
_MOST = Decimal(10**15)
"""What no amount on the wire reaches: it has 15 digits before the point at most."""


def total_of(lines: list[offer.Line], adjustments: list[offer.Adjustment] | None = None) -> Decimal:
    """What is owed once: the prices of the lines that do not recur, and what is added to them or to the whole."""
    with localcontext(_EXACT):
        prices = (Decimal(line.price.amount) for line in lines if line.price and not line.recurs)
        added = (Decimal(each.amount.amount) for each in adjustments or () if each.counts and not _recurs(each, lines))
        return sum(prices, Decimal()) + sum(added, Decimal())


def commitment_of(lines: list[offer.Line], adjustments: list[offer.Adjustment] | None = None) -> Decimal | None:
    """What is owed in all at least: the total, and the periods that are owed; none where no line recurs."""
    if not any(line.recurs for line in lines):
        return None
    with localcontext(_EXACT):
        prices = (Decimal(line.price.amount) * line.recurs.owed for line in lines if line.price and line.recurs)
        added = (
            Decimal(each.amount.amount) * recurs.owed
            for each in adjustments or ()
            if each.counts and (recurs := _recurs(each, lines))
        )
        return total_of(lines, adjustments) + sum(prices, Decimal()) + sum(added, Decimal())


def _recurs(adjustment: offer.Adjustment, lines: list[offer.Line]) -> Recurs | None:
    """How an adjustment comes back: as the lines do that it names."""
    return lines[adjustment.lines[0]].recurs if adjustment.lines else None


def check_sums(body: offer.Make) -> None:
    """Refuse an offer whose sums are not those of its lines.

    Raises:
        UnknownReference: An adjustment names a line that there is not.
        WrongTotal: One that mixes lines; another currency; another total, commitment or schedule.
    """
    for position, adjustment in enumerate(body.adjustments or ()):
        _check_lines(adjustment, body.lines, ("body", "adjustments", position, "lines"))
    currency = body.total.currency
    for path, money in _amounts(body):
        if money.currency != currency:
            where = pointer((*path, "currency"))
            raise WrongTotal("an offer has one currency", pointer=where, expected=[currency], rule="OFR-2")
    least = commitment_of(body.lines, body.adjustments)
    if (least is None) != (body.commitment is None):
        why = "an offer has a commitment where a line recurs" if body.commitment is None else "no line recurs"
        raise WrongTotal(why, pointer="/body/commitment", rule="OFR-13")
    if least is not None and body.commitment is not None:
        _check_sum(body.commitment, least, "commitment", "OFR-13")
    total = total_of(body.lines, body.adjustments)
    _check_sum(body.total, total, "total", "OFR-1")
    if body.schedule is not None and _sum(part.amount for part in body.schedule) != total:
        raise WrongTotal("its parts add up to the total", pointer="/body/schedule", rule="OFR-14")


def _check_lines(adjustment: offer.Adjustment, lines: list[offer.Line], path: Path) -> None:
    for position, line in enumerate(adjustment.lines or ()):
        if line >= len(lines):
            raise UnknownReference("the offer has no such line", pointer=pointer((*path, position)), rule="OFR-12")
    named = [lines[line].recurs for line in adjustment.lines or ()]
    if len({recurs and (recurs.every, recurs.owed) for recurs in named}) > 1:
        raise WrongTotal("the lines of an adjustment recur alike, or not at all", pointer=pointer(path), rule="OFR-12")


def _amounts(body: offer.Make) -> Iterator[tuple[Path, Money | SignedMoney]]:
    """All that is owed, or may come to be, in canonical order."""
    for at, adjustment in enumerate(body.adjustments or ()):
        yield ("body", "adjustments", at, "amount"), adjustment.amount
    for name, charges in (("cancellation", body.cancellation), ("changes", body.changes)):
        for at, charge in enumerate(charges or ()):
            if charge.fee is not None:
                yield ("body", name, at, "fee"), charge.fee
    if body.commitment is not None:
        yield ("body", "commitment"), body.commitment
    for at, line in enumerate(body.lines):
        here: Path = ("body", "lines", at)
        if line.price is not None:
            yield (*here, "price"), line.price
        if line.recurs is not None and line.recurs.exit_fee is not None:
            yield (*here, "recurs", "exitFee"), line.recurs.exit_fee
        for step, tier in enumerate(line.tiers or ()):
            yield (*here, "tiers", step, "unitPrice"), tier.unit_price
        if line.unit_price is not None:
            yield (*here, "unitPrice"), line.unit_price
    for at, part in enumerate(body.schedule or ()):
        yield ("body", "schedule", at, "amount"), part.amount


def _sum(amounts: Iterable[Money]) -> Decimal:
    with localcontext(_EXACT):
        return sum((Decimal(each.amount) for each in amounts), Decimal())


def _check_sum(said: Money, right: Decimal, name: str, rule: str) -> None:
    if Decimal(said.amount) == right:
        return
    where = f"/body/{name}"
    if not 0 <= right < _MOST:  # no advice: there is no amount that would be right
        why = f"lines and adjustments come to {right} {said.currency}, which no {name} can be; change the adjustments"
        raise WrongTotal(why, pointer=where, rule=rule)
    raise WrongTotal(f"not the {name} of the lines", pointer=where, expected=[f"{right} {said.currency}"], rule=rule)


def check_accepted(body: offer.Accept, made: offer.Make) -> None:
    """An acceptance says again what it accepts, and pays that.

    Raises:
        UnknownReference: A payment method that the offer does not take.
        WrongTotal: Another total or commitment than the offer's; payments that are not the total.
    """
    for position, share in enumerate(body.payment or ()):
        if made.payment is not None and share.method not in made.payment:
            where = pointer(("body", "payment", position, "method"))
            raise UnknownReference(
                "the offer takes no such payment", pointer=where, expected=made.payment, rule="OFR-9"
            )
    check_same(body.commitment, made.commitment, "commitment", "OFR-10")
    check_same(body.total, made.total, "total", "OFR-10")
    _check_payment(body.payment or [], made.total)


def _check_payment(shares: list[offer.PaymentShare], total: Money) -> None:
    """The amounts come to the total; one method may be left to pay the rest."""
    said = [share.amount for share in shares if share.amount is not None]
    for position, share in enumerate(shares):
        if share.amount is not None and share.amount.currency != total.currency:
            where = pointer(("body", "payment", position, "amount", "currency"))
            raise WrongTotal("it is paid in its currency", pointer=where, expected=[total.currency], rule="OFR-15")
    paid, open_, right = _sum(said), len(shares) - len(said), Decimal(total.amount)
    if shares and (open_ > 1 or paid > right or (not open_ and paid != right)):
        raise WrongTotal("what is paid comes to the total", pointer="/body/payment", rule="OFR-15")


def check_same(said: Money | None, right: Money | None, name: str, rule: str) -> None:
    """An amount that is said again is the same: 47.5 equals 47.50.

    Raises:
        WrongTotal: It is not, or only one side says it.
    """
    if said is None and right is None:
        return
    if said is None or right is None or _value(said) != _value(right):
        expected = [f"{right.amount} {right.currency}"] if right is not None else None
        raise WrongTotal(f"not the {name} of the offer", pointer=f"/body/{name}", expected=expected, rule=rule)


def _value(money: Money) -> tuple[Decimal, str]:
    return Decimal(money.amount), money.currency
