"""What threads of intents fold to until something is ordered: wishes, and what is offered for them."""

from typing import Any

from .conversation import Script, Word, euros, offer, terms
from .folds import fold, unknown
from .writing import Case


def wish_folds() -> list[Case]:
    line = offer()["lines"][0]
    return [
        fold("intent-open", "A wish", "LIF-1", "a", "open", lambda t: t.cast()),
        fold(
            "intent-offers",
            "Two offers, both firm",
            "LIF-1",
            "aaa",
            "open",
            lambda t: t.offer(t.offer(t.cast()), "90.00"),
        ),
        fold(
            "intent-sum",
            "Lines and adjustments add up",
            "OFR-1",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(),
                body={
                    "lines": [line, line],
                    "total": euros("195.05"),
                    "adjustments": [
                        {"kind": "discount", "amount": euros("-10.00")},
                        {"kind": "delivery", "amount": euros("5.05")},
                    ],
                },
            ),
        ),
        fold(
            "intent-sum-of-thirds",
            "Decimal, not binary: 0.10 three times",
            "OFR-1",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(), body={"lines": [{"name": "Nail", "price": euros("0.10")}] * 3, "total": euros("0.3")}
            ),
        ),
        fold("intent-declined-offer", "One declined, the thread stays open", "LIF-1", "aaa", "open", _declined),
        fold(
            "intent-declined-twice", "It is no longer firm", "SEQ-10", "aaam", "open", lambda t: _declined(t, times=2)
        ),
        fold(
            "intent-ordered",
            "An offer accepted is an order",
            "OFR-9 OFR-10",
            "aaa",
            "ordered",
            lambda t: t.accept(t.offer(t.cast())),
        ),
        fold("intent-accepted-of-two", "The other offer stays as it was", "OFR-9", "aaaa", "ordered", _accepted_first),
        fold(
            "intent-amended",
            "An amendment replaces the wish",
            "INT-1",
            "aa",
            "open",
            lambda t: amended(t, t.cast(), wants=[{"name": "Sandals"}]),
        ),
        fold(
            "intent-amended-firm",
            "An offer from before stays firm, and is accepted",
            "INT-2",
            "aaaa",
            "ordered",
            _amended_then_accepted,
        ),
        fold(
            "intent-amended-index",
            "A want is an index of the latest wish",
            "OFR-5 INT-1",
            "aav",
            "open",
            lambda t: t.offer(amended(t, t.cast(), wants=[{"name": "Sandals"}]), body={"lines": [{**line, "want": 1}]}),
        ),
        fold(
            "intent-amended-terms",
            "Terms of the latest wish only",
            "OFR-4 INT-1",
            "aav",
            "open",
            lambda t: t.offer(amended(t, t.cast(), terms=[terms("SD-BASE")])),
        ),
        fold(
            "intent-withdrawn",
            "Withdrawn: every offer lapses",
            "INT-3",
            "aaa",
            "withdrawn",
            lambda t: t.say("intent.withdraw", {}, t.offer(t.cast()).thread),
        ),
        fold(
            "intent-withdrawn-twice",
            "Nothing is left to withdraw",
            "SEQ-10",
            "aam",
            "withdrawn",
            lambda t: t.say("intent.withdraw", {}, t.say("intent.withdraw", {}, t.cast().thread).thread),
        ),
        fold(
            "intent-withdraw-first",
            "A withdrawal that came before its thread",
            "SEQ-9",
            "m",
            "none",
            lambda t: t.say("intent.withdraw", {}, unknown()),
        ),
        fold(
            "intent-withdraw-an-order",
            "An order is cancelled, not withdrawn",
            "SEQ-8",
            "aaam",
            "ordered",
            lambda t: t.say("intent.withdraw", {}, t.order().thread),
        ),
        fold(
            "intent-cancel-a-wish",
            "A customer who cancels before there is an order ends the wish",
            "ORD-6 SEQ-8",
            "aa",
            "withdrawn",
            lambda t: t.cancel(t.cast(), "customer"),
        ),
        fold(
            "intent-cancel-before-the-order",
            "A cancellation that overtook the acceptance: the acceptance does not know it",
            "ORD-6 SEQ-4",
            "aaar",
            "withdrawn",
            _cancelled_first,
        ),
        fold(
            "intent-cancel-a-wish-by-vendor",
            "A vendor has no order to cancel",
            "ORD-6 SEQ-10",
            "am",
            "open",
            lambda t: t.cancel(t.cast(), "vendor"),
        ),
    ]


def _cancelled_first(t: Script) -> Word:
    made = t.offer(t.cast())
    t.later(minutes=1)
    body = {"offer": made.ref, "total": made.message["body"]["total"]}
    accepted = t.word("offer.accept", body, made.thread)
    t.cancel(made, "customer")
    return t.place(accepted)


def _declined(t: Script, times: int = 1) -> Word:
    made = t.offer(t.cast())
    for _ in range(times):
        t.say("offer.decline", {"offer": made.ref, "reason": "tooDear"}, made.thread)
    return made


def _accepted_first(t: Script) -> Word:
    first = t.offer(t.cast())
    t.offer(first, "90.00")
    return t.accept(first)


def amended(t: Script, wished: Word, **members: Any) -> Word:
    return t.say("intent.amend", {**wished.message["body"], **members}, wished.thread)


def _amended_then_accepted(t: Script) -> Word:
    wished = t.cast()
    made = t.offer(wished)
    amended(t, wished, wants=[{"name": "Sandals"}])
    return t.accept(made)
