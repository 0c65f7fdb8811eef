"""Amounts are decimals: offers are ordered by what they say, and no total is advised that could not be said."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencmr import Customer, Money, Vendor, intent, offer
from opencmr.errors import Problem, UsageError
from opencmr.messages.types import SignedMoney
from opencmr.protocol import roster
from opencmr.roles import Casting
from parties import CAST, OTHER, SHOP, Street, an_offer

CLOSE = ["900000000000000.02", "900000000000000.01", "0.000002", "0.000001", "900000000000000", "9", "10", "9.9"]


async def test_the_cheapest_offer_is_the_first_by_however_little(street: Street) -> None:
    shop, other = street.vendor(accepts=["SD-BASE"]), street.vendor(OTHER, accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda *_: [an_offer(amount) for amount in CLOSE[::2]])
    other.on(intent.Cast)(lambda *_: [an_offer(amount) for amount in CLOSE[1::2]])
    alice = street.customer()
    cast = await alice.cast(CAST, to=[await alice.meet(SHOP), await alice.meet(OTHER)])
    assert [made.total.amount for made in cast.firm()] == sorted(CLOSE, key=Decimal)


async def test_offers_are_ordered_within_a_currency(street: Street) -> None:
    def made(amount: str, currency: str) -> offer.Make:
        line = offer.Line(name="Boots", price=Money(amount, currency))
        return offer.Make(lines=[line], total=Money(amount, currency), under=roster.ref("SD-BASE"))

    shop, alice = street.vendor(accepts=["SD-BASE"]), street.customer()
    shop.on(intent.Cast)(lambda *_: [made("2", "USD"), made("3", "EUR"), made("10", "EUR"), made("1", "USD")])
    cast = await alice.cast(CAST, to=[await alice.meet(SHOP)])
    assert [(made.total.amount, made.total.currency) for made in cast.firm()] == [
        ("3", "EUR"), ("10", "EUR"), ("1", "USD"), ("2", "USD"),
    ]  # fmt: skip


def summing(prices: list[str], off: list[str], total: str) -> offer.Make:
    return offer.Make(
        lines=[offer.Line(name="Boots", price=Money(price, "EUR")) for price in prices],
        adjustments=[offer.Adjustment(kind="discount", amount=SignedMoney(amount, "EUR")) for amount in off] or None,
        total=Money(total, "EUR"),
        under=roster.ref("SD-BASE"),
    )


async def refusal(shop: Vendor, alice: Customer, made: offer.Make) -> Problem:
    at_shop = await alice.meet(SHOP)
    thread = await at_shop.say(CAST)
    with pytest.raises((Problem, UsageError)) as caught:
        await shop.say(at_shop.me, made, thread)
    found = caught.value if isinstance(caught.value, Problem) else caught.value.__cause__
    assert isinstance(found, Problem)
    return found


async def test_a_wrong_total_is_told_the_right_one(street: Street) -> None:
    made = summing(["900000000000000.02", "0.01"], ["-0.02"], "900000000000000")
    found = await refusal(street.vendor(accepts=["SD-BASE"]), street.customer(), made)
    assert (found.code, found.pointer) == ("wrong-total", "/body/total")
    assert list(found.expected or ()) == ["900000000000000.01 EUR"]


@pytest.mark.parametrize(
    ("prices", "off", "total"),
    [
        (["5"], ["-10"], "0"),
        (["5"], ["-5.000001"], "5"),
        (["999999999999999.999999", "0.000001"], [], "999999999999999.999999"),
        (["999999999999999"] * 64, [], "0"),
    ],
)
async def test_a_total_that_cannot_be_is_no_advice(
    street: Street, prices: list[str], off: list[str], total: str
) -> None:
    found = await refusal(street.vendor(accepts=["SD-BASE"]), street.customer(), summing(prices, off, total))
    assert (found.code, found.pointer) == ("wrong-total", "/body/total")
    assert not found.expected


AMOUNTS = st.decimals(0, Decimal("999999999999999.999999"), places=6).map(lambda amount: f"{amount:f}")


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(AMOUNTS, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["", "-"]), AMOUNTS).map("".join), max_size=4),
)
def test_whatever_is_advised_can_be_followed(prices: list[str], off: list[str]) -> None:
    from opencmr.protocol.families.intent.sums import check_sums

    asked = summing(prices, off, "0.5")
    try:
        check_sums(asked)
    except Problem as problem:
        for advice in problem.expected or ():
            check_sums(summing(prices, off, advice.removesuffix(" EUR")))


def test_an_empty_cast_has_no_offers() -> None:
    assert Casting({}).firm() == []
