"""What an offer comes to: owed once, and owed in all at least."""

from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr import errors
from opencmr.messages import offer
from opencmr.protocol.families.intent import commitment_of, total_of


def line(amount: str | None, rate: str = "1", **recurs: Any) -> offer.Line:
    price = {"amount": amount, "currency": "EUR"}
    body: dict[str, Any] = {"name": "L", **({"price": price} if amount else {"unitPrice": price | {"amount": rate}})}
    return offer.Line.model_validate({**body, **({"recurs": {"every": "P1M", **recurs}} if recurs else {})})


def added(amount: str, *lines: int, **members: Any) -> offer.Adjustment:
    body = {"kind": "tax", "amount": {"amount": amount, "currency": "EUR"}, **members}
    return offer.Adjustment.model_validate({**body, **({"lines": list(lines)} if lines else {})})


@pytest.mark.requirement("OFR-1", "OFR-13")
@pytest.mark.parametrize(
    ("lines", "adjustments", "total", "commitment"),
    [
        ([line("14.00", times=6)], [], "0", "84.00"),
        ([line("0"), line("12.00", minimum=0)], [], "0", "0"),
        ([line("14.60", times=24, minimum=12), line(None, times=24)], [], "0", "175.20"),
        ([line("14.60", minimum=12), line(None, rate="-0.041", minimum=12)], [], "0", "175.20"),
        ([line("49"), line("30", minimum=12)], [added("5.70", 1)], "49", "477.40"),
        ([line("49"), line("30", minimum=12)], [added("5.70")], "54.70", "414.70"),
        ([line("12", minimum=9, times=3)], [], "0", "36"),
        ([line("12", notice="P1M")], [], "0", "12"),
        ([line("100")], [added("19", included=True), added("50", kind="estimate")], "100", None),
        ([line("100")], [added("250", kind="deposit", refundable=True)], "350", None),
    ],
)
def test_what_is_owed_once_and_what_in_all(
    lines: list[offer.Line], adjustments: list[offer.Adjustment], total: str, commitment: str | None
) -> None:
    assert total_of(lines, adjustments) == Decimal(total)
    assert commitment_of(lines, adjustments) == (None if commitment is None else Decimal(commitment))


@pytest.mark.requirement("OFR-13")
def test_nothing_is_rounded_whatever_the_application_does() -> None:
    amount = "999999999999999.999999"
    with localcontext() as context:
        context.prec = 3
        owed = commitment_of([line(amount, times=1000)] * 64, None)
        assert getcontext().prec == 3
    assert str(owed) == "63999999999999999999.936000"


AMOUNTS = st.decimals(0, 10**6, places=2).map(str)
LINES = st.lists(st.tuples(AMOUNTS, st.none() | st.integers(1, 24)), min_size=1, max_size=8)


@pytest.mark.requirement("OFR-1", "OFR-13")
@given(LINES)
def test_in_all_it_is_what_is_paid_payment_by_payment(drawn: list[tuple[str, int | None]]) -> None:
    lines = [line(amount, times=times) if times else line(amount) for amount, times in drawn]
    paid = [Decimal(amount) for amount, times in drawn for _ in range(times or 1)]
    recurs = any(times for _, times in drawn)
    assert commitment_of(lines, None) == (sum(paid, Decimal()) if recurs else None)
    assert total_of(lines, None) == sum((Decimal(amount) for amount, times in drawn if not times), Decimal())


@pytest.mark.requirement("OFR-13")
def test_another_commitment_is_void_and_says_which_would_be_right(talk: Any, bodies: Any) -> None:
    monthly = {"name": "Loan", "price": bodies.euros("14.00"), "recurs": {"every": "P1M", "times": 6}}
    cast = talk.cast()
    body = bodies.offer("0", lines=[monthly], commitment=bodies.euros("14.00"))
    heard = talk.heard("offer.make", body, cast.id, expires=talk.after(days=1))
    assert (heard.outcome, heard.why.pointer, heard.why.rule) == ("void", "/body/commitment", "OFR-13")
    assert heard.why.expected == ["84.00 EUR"]
    assert talk.offer(cast.id, "0", lines=[monthly], commitment=bodies.euros("84")).outcome == "accepted"


@pytest.mark.requirement("OFR-10")
def test_who_accepts_signs_what_is_owed_in_all(talk: Any, bodies: Any) -> None:
    monthly = {"name": "Loan", "price": bodies.euros("14.00"), "recurs": {"every": "P1M", "times": 6}}
    made = talk.offer(talk.cast().id, "0", lines=[monthly], commitment=bodies.euros("84.00"))
    for commitment in ({}, {"commitment": bodies.euros("14.00")}):
        with pytest.raises(errors.WrongTotal) as caught:
            talk.accept(made, "0", **commitment)
        assert (caught.value.pointer, caught.value.rule) == ("/body/commitment", "OFR-10")
    assert talk.accept(made, "0", commitment=bodies.euros("84.00")).record.state == "ordered"


@pytest.mark.requirement("OFR-14", "OFR-15")
def test_what_is_due_and_what_is_paid_come_to_the_total(talk: Any, bodies: Any) -> None:
    cast = talk.cast()
    parts = [{"amount": bodies.euros("30"), "due": "now"}, {"amount": bodies.euros("70"), "due": "then"}]
    with pytest.raises(errors.WrongTotal) as caught:
        talk.offer(cast.id, schedule=parts[:1])
    assert (caught.value.pointer, caught.value.rule) == ("/body/schedule", "OFR-14")
    made = talk.offer(cast.id, schedule=parts)
    voucher = {"method": "voucher", "amount": bodies.euros("101")}
    with pytest.raises(errors.WrongTotal) as caught:
        talk.accept(made, payment=[voucher, {"method": "card"}])
    assert (caught.value.pointer, caught.value.rule) == ("/body/payment", "OFR-15")
    shares = [{"method": "voucher", "amount": bodies.euros("30")}, {"method": "card"}]
    assert talk.accept(made, payment=shares).record.state == "ordered"


@pytest.mark.requirement("OFR-16")
def test_others_get_what_the_offer_needs_and_nothing_else(talk: Any) -> None:
    cast = talk.cast()
    party = {"name": "Post", "role": "thirdParty", "id": "https://post.example/"}
    with pytest.raises(errors.WiderThanAsked) as caught:
        talk.offer(cast.id, needs=["pd:Name"], recipients=[{"party": party, "data": ["pd:Name", "pd:Contact"]}])
    assert (caught.value.pointer, caught.value.rule) == ("/body/recipients/0/data/1", "OFR-16")
    recipients = [{"party": party, "data": ["pd:EmailAddress"]}]
    assert talk.offer(cast.id, needs=["pd:Contact"], recipients=recipients).outcome == "accepted"
