"""Broken vendors that add up wrongly, or make something else of an order than was said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken import fault
from broken_families import offers_anyhow
from broken_sequence import FAULTS
from switch import Break, Switch, hears, instead, never_comes_to_an_end, row

from opencmr import Money
from opencmr.conformance import testmode
from opencmr.messages import offer, order
from opencmr.messages.types import OrderLine
from opencmr.protocol.families.intent import dealing, returning, sums

__all__ = ["FAULTS"]


def _offers(at: Switch, change: Callable[[offer.Make], dict[str, Any]]) -> None:
    """It offers something else each month, and finds nothing wrong with it."""

    def offered(inner: Any, wish: Any) -> Any:
        made = inner(wish)
        return made if made.commitment is None else made.model_copy(update=change(made))

    at.around(testmode, "offered", offered)
    offers_anyhow(at)


@fault("OFR-13")
def says_what_the_first_month_costs(at: Switch) -> None:
    _offers(at, lambda made: {"commitment": Money("15.00", "EUR")})


@fault("OFR-13")
def says_nothing_of_the_months_to_come(at: Switch) -> None:
    _offers(at, lambda made: {"commitment": None})


@fault("OFR-1")
def adds_the_months_to_the_total(at: Switch) -> None:
    _offers(at, lambda made: {"total": Money("64.00", "EUR")})


@fault("OFR-12")
def mixes_what_recurs_with_what_does_not(at: Switch) -> None:
    def mixed(made: offer.Make) -> dict[str, Any]:
        first, *rest = made.adjustments or ()
        return {"adjustments": [first.model_copy(update={"lines": [0, len(made.lines) - 1]}), *rest]}

    _offers(at, mixed)


@fault("OFR-14")
def forgets_a_part_that_is_due(at: Switch) -> None:
    _offers(at, lambda made: {"schedule": (made.schedule or [])[:1]})


@fault("OFR-16")
def hands_on_what_it_does_not_need(at: Switch) -> None:
    def more(made: offer.Make) -> dict[str, Any]:
        (recipient,) = made.recipients or ()
        return {"recipients": [recipient.model_copy(update={"data": ["pd:Name", "pd:Contact"]})]}

    _offers(at, more)


@fault("OFR-10")
def takes_acceptances_of_the_total_alone(at: Switch) -> None:
    def same(inner: Any, said: Any, right: Any, name: str, rule: str) -> None:
        if name != "commitment":
            inner(said, right, name, rule)

    at.around(sums, "check_same", same)


@fault("OFR-15")
def takes_any_payment(at: Switch) -> None:
    at.hears(dealing.Dealing, offer.Accept, lambda *_: {"payment": None})


FAULTS |= {
    "takes_any_way_of_payment": ("OFR-9", takes_any_payment),
    "takes_nothing_back_once_it_is_done": ("ORD-7", row("intent", "done", "order.withdraw", "customer")),
}


@fault("ORD-7")
def passes_over_withdrawals_of_too_much(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        after = inner(self, said)
        return self if after.withdrawals[-1].beyond else after

    at.takes(dealing.Dealing, order.Withdraw, take)


FAULTS |= {
    "takes_data_for_lines_that_there_are_not": (
        "ORD-8",
        hears(
            dealing.Dealing,
            order.Disclose,
            lambda _, body: {"discloses": [one.model_copy(update={"line": None}) for one in body.discloses]},
        ),
    ),
    "never_comes_to_an_end": ("ORD-10", never_comes_to_an_end),
}


@fault("ORD-10")
def is_done_once_it_was_done(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        after = inner(self, said)
        return replace(after, state="done") if self.refunds else after

    at.takes(dealing.Dealing, order.Withdraw, take)


FAULTS |= {
    "calls_a_half_the_whole": ("ORD-10", instead(returning.Withdrawal, "covered_by", lambda self, report, lines: True)),
}


def cancels(change: Callable[[Any], Any]) -> Break:
    """Other lines of an order than were said; `change` gets these."""
    return lambda at: at.hears(
        dealing.Dealing,
        order.Cancel,
        lambda record, body: {"lines": change(body.lines)} if body.lines and record.state != "open" else {},
    )


FAULTS |= {
    "cancels_all_for_one_line": ("ORD-11", cancels(lambda lines: None)),
    "cancels_lines_that_there_are_not": (
        "ORD-11",
        cancels(lambda lines: [OrderLine(line=part.line % 2) for part in lines]),
    ),
}
