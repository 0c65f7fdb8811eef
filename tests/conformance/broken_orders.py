"""Broken vendors that add up wrongly, or make something else of an order than was said."""

from collections.abc import Callable
from typing import Any

from broken import Switch, fault
from broken_sequence import FAULTS

from opencmr import Money
from opencmr.conformance import testmode
from opencmr.messages import offer
from opencmr.messages.types import OrderLine
from opencmr.protocol import lifecycle
from opencmr.protocol.families.intent import dealing, returning, sums

__all__ = ["FAULTS"]


def _offers(at: Switch, change: Callable[[offer.Make], dict[str, Any]]) -> None:
    """It offers something else each month, and finds nothing wrong with it."""

    def offered(inner: Any, wish: Any) -> Any:
        made = inner(wish)
        return made if made.commitment is None else made.model_copy(update=change(made))

    at.around(testmode, "_offer", offered)
    at.patch.setattr(dealing, "check_sums", lambda body: None)
    at.patch.setattr(dealing, "_check_recipients", lambda body: None)


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
    at.patch.setattr(sums, "_check_payment", lambda shares, total: None)


@fault("ORD-7")
def takes_nothing_back_once_it_is_done(at: Switch) -> None:
    at.patch.delitem(lifecycle("intent").rows, ("done", "order.withdraw", "customer"))


@fault("ORD-7")
def passes_over_withdrawals_of_too_much(at: Switch) -> None:
    def withdrawn(inner: Any, self: Any, here: Any, said: Any, body: Any) -> Any:
        after = inner(self, here, said, body)
        return self if after.withdrawals[-1].beyond else after

    at.around(dealing.Dealing, "_withdrawn", withdrawn)


@fault("ORD-8")
def takes_data_for_lines_that_there_are_not(at: Switch) -> None:
    at.patch.setattr(dealing.Dealing, "_check_line", lambda self, line, path, rule: None)


@fault("ORD-10")
def never_comes_to_an_end(at: Switch) -> None:
    at.patch.setattr(returning.Withdrawal, "covered_by", lambda self, report, lines: False)


@fault("ORD-10")
def is_done_once_it_was_done(at: Switch) -> None:
    def withdrawn(inner: Any, self: Any, here: Any, said: Any, body: Any) -> Any:
        after = inner(self, here, said, body)
        return after.__class__(**{**vars(after), "state": "done"}) if self.refunds else after

    at.around(dealing.Dealing, "_withdrawn", withdrawn)


@fault("ORD-10")
def calls_a_half_the_whole(at: Switch) -> None:
    def covered(self: Any, report: Any, lines: Any) -> bool:
        return True

    at.patch.setattr(returning.Withdrawal, "covered_by", covered)


@fault("ORD-11")
def cancels_all_for_one_line(at: Switch) -> None:
    def cancelled(inner: Any, self: Any, here: Any, said: Any, body: Any) -> Any:
        return inner(self, here, said, body.model_copy(update={"lines": None}))

    at.around(dealing.Dealing, "_cancelled", cancelled)


@fault("ORD-11")
def cancels_lines_that_there_are_not(at: Switch) -> None:
    def cancelled(inner: Any, self: Any, here: Any, said: Any, body: Any) -> Any:
        lines = body.lines and [OrderLine(line=part.line % 2) for part in body.lines]
        return inner(self, here, said, body.model_copy(update={"lines": lines}))

    at.around(dealing.Dealing, "_cancelled", cancelled)
