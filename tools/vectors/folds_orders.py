"""What offers come to, once and in all, and what becomes of an order: withdrawals, refunds, lines cancelled."""

from typing import Any

from .conversation import Body, Script, Word, euros
from .folds import fold, question, unknown
from .folds_knowing import NOW
from .writing import Case

HERE = {"thread": ""}
CARE = question("dpv:Use", "dpv:CustomerCare", data="pd:Name", **HERE)
PAYMENT = question("dpv:Use", "dpv:PaymentManagement", data="pd:Name", **HERE)
POST = "https://post.example/"
CARRIED = question("dpv:Share", "dpv:RequestedServiceProvision", data="pd:PhysicalAddress", recipient=POST, **HERE)
SHIRT: Body = {"name": "Shirt", "price": euros("60.00"), "quantity": {"value": "2"}, "want": 0}
CAP: Body = {"name": "Cap", "price": euros("40.00"), "want": 1}
IBAN = "AT611904300234573201"


def order_folds() -> list[Case]:
    return [*_sums(), *_acceptances(), *_withdrawals(), *_cancellations(), *_reports(), *_lasting()]


def _monthly(amount: str, **recurs: Any) -> Body:
    return {"name": "Monthly", "price": euros(amount), "recurs": {"every": "P1M", **recurs}}


def offered(t: Script, lines: list[Body], total: str, commitment: str | None = None, **body: Any) -> Word:
    """An offer of these lines."""
    least = {"commitment": euros(commitment)} if commitment is not None else {}
    return t.offer(t.cast(), body={"lines": lines, "total": euros(total), **least, **body})


def _sums() -> list[Case]:
    once: Body = {"name": "Router", "price": euros("49.00")}
    tax = [{"kind": "tax", "amount": euros("5.70"), "lines": [1], "percent": "19"}]
    metered: Body = {"name": "By day", "unitPrice": euros("0.245"), "recurs": {"every": "P1M"}}

    def right(id_: str, says: str, lines: list[Body], total: str, commitment: str | None = None, **body: Any) -> Case:
        return fold(id_, says, "OFR-1 OFR-13", "aa", "open", lambda t: offered(t, lines, total, commitment, **body))

    def wrong(id_: str, says: str, rule: str, problem: str, *made: Any, **body: Any) -> Case:
        return fold(id_, says, rule, "av", "open", lambda t: offered(t, *made, **body),
                    problems={2: f"{problem} {rule}"})  # fmt: skip

    return [
        right("sum-loan", "Six parts of 14: 84 is owed", [_monthly("14.00", times=6)], "0", "84.00"),
        wrong("sum-loan-understated", "The first part is not all that is owed", "OFR-13",
              "wrong-total /body/commitment", [_monthly("14.00", times=6)], "0", "14.00"),
        wrong("sum-loan-unsaid", "A line recurs, and nothing is said of it", "OFR-13",
              "wrong-total /body/commitment", [_monthly("14.00", times=6)], "0"),
        wrong("sum-loan-as-total", "The total is what is owed once", "OFR-1",
              "wrong-total /body/total", [_monthly("14.00", times=6)], "14.00", "84.00"),
        wrong("sum-commitment-to-nothing", "No line recurs", "OFR-13",
              "wrong-total /body/commitment", [once], "49.00", "49.00"),
        right("sum-trial", "Free at first, and then each month; it can be ended before",
              [{"name": "First days", "price": euros("0")}, _monthly("12.00", minimum=0)], "0", "0"),
        right("sum-until-ended", "Neither times nor minimum: one period", [_monthly("12.00")], "0", "12.00"),
        right("sum-minimum-of-times", "It may be ended after 12 of 24", [_monthly("10.00", times=24, minimum=12)],
              "0", "120.00"),
        right("sum-minimum-beyond-times", "There are no more than 6", [_monthly("10.00", times=6, minimum=12)],
              "0", "60.00"),
        right("sum-tariff", "What is metered is in no sum, nor is an estimate",
              [_monthly("14.60", minimum=12, exitFee=euros("75.00"), notice="P1M", renews=True), metered], "0",
              "175.20", adjustments=[{"kind": "estimate", "amount": euros("52.10"), "lines": [1]},
                                     {"kind": "tax", "amount": euros("0.70"), "lines": [0], "included": True}]),
        right("sum-negative-rate", "A rate that the vendor pays is metered like any other, and in no sum",
              [_monthly("14.60", minimum=12),
               {**metered, "times": [{"days": ["SU"], "from": "11:00"}], "unitPrice": euros("-0.041")}], "0", "175.20"),
        right("sum-monthly-tax", "Tax comes back with its line", [once, _monthly("30.00", minimum=12)], "49.00",
              "477.40", adjustments=tax),
        wrong("sum-monthly-tax-once", "Tax that comes back is not owed once", "OFR-13",
              "wrong-total /body/commitment", [once, _monthly("30.00", minimum=12)], "49.00", "414.70",
              adjustments=tax),
        right("sum-adjusted-once", "An adjustment that names no line is owed once", [_monthly("30.00", minimum=2)],
              "5.00", "65.00", adjustments=[{"kind": "fee", "amount": euros("5.00")}]),
        wrong("sum-mixed", "An adjustment of a line that recurs and one that does not", "OFR-12",
              "wrong-total /body/adjustments/0/lines", [once, _monthly("30.00")], "49.00", "79.00",
              adjustments=[{"kind": "tax", "amount": euros("9.31"), "lines": [0, 1]}]),
        wrong("sum-mixed-periods", "Lines that recur differently", "OFR-12",
              "wrong-total /body/adjustments/0/lines", [_monthly("1.00", times=2), _monthly("1.00", times=3)], "0",
              "5.00", adjustments=[{"kind": "tax", "amount": euros("1.00"), "lines": [0, 1]}]),
        wrong("sum-no-such-line", "An adjustment of a line that there is not", "OFR-12",
              "unknown-reference /body/adjustments/0/lines/1", [once], "49.00",
              adjustments=[{"kind": "tax", "amount": euros("1.00"), "lines": [0, 1]}]),
        right("sum-rounded", "What is rounded is said", [once], "49.05",
              adjustments=[{"kind": "tax", "amount": euros("0.03")}, {"kind": "rounding", "amount": euros("0.02")}]),
        wrong("sum-rounded-silently", "And not done in silence", "OFR-1", "wrong-total /body/total", [once], "49.05",
              adjustments=[{"kind": "tax", "amount": euros("0.03")}]),
        right("sum-deposit", "A deposit is owed, and comes back", [once], "299.00",
              adjustments=[{"kind": "deposit", "amount": euros("250.00"), "refundable": True,
                            "returnedBy": {"until": "2026-04-01"}}]),
        right("sum-schedule", "The parts are the total", [once], "49.00",
              schedule=[{"amount": euros("9.00"), "due": "now"},
                        {"amount": euros("40.00"), "dueBy": "2026-04-01T00:00:00.000Z"}]),
        wrong("sum-schedule-short", "A part is missing", "OFR-14", "wrong-total /body/schedule", [once], "49.00",
              schedule=[{"amount": euros("9.00"), "due": "now"}]),
        *(
            wrong(f"sum-currency-{name}", "Whatever may be owed is in one currency", "OFR-2",
                  f"wrong-total /body/{where}/currency", *made, **body)
            for name, where, made, body in _other_currencies(once)
        ),
        wrong("recipient-of-more", "Others get what the offer needs, and nothing else", "OFR-16",
              "wider-than-asked /body/recipients/0/data/1", [once], "49.00", needs=["pd:PhysicalAddress"],
              recipients=[{"party": _post(), "data": ["pd:PhysicalAddress", "pd:TelephoneNumber"]}]),
        wrong("recipient-of-what-nobody-needs", "It needs nothing", "OFR-16",
              "wider-than-asked /body/recipients/0/data/0", [once], "49.00",
              recipients=[{"party": _post(), "data": ["pd:PhysicalAddress"]}]),
        fold("recipient-of-no-term", "A kind of data that no table knows", "OFR-16", "av", "open",
             lambda t: offered(t, [once], "49.00", needs=["pd:PhysicalAddress"],
                             recipients=[{"party": _post(), "data": ["pd:Missspelt"]}]),
             problems={2: "unknown-term /body/recipients/0/data/0 VOC-1"}),
        wrong("recipient-of-two-names", "A party has one name", "CNS-11",
              "malformed /body/recipients/0/party/id", [once], "49.00", needs=["pd:Name"],
              recipients=[{"party": {**_post(), "id": "https://POST.example/"}, "data": ["pd:Name"]}]),
    ]  # fmt: skip


def _other_currencies(once: Body) -> list[tuple[str, str, list[Any], Body]]:
    dollars = {"amount": "1.00", "currency": "USD"}
    meter = {"name": "Meter", "unitPrice": dollars}
    return [
        ("unit-price", "lines/1/unitPrice", [[once, meter], "49.00"], {}),
        ("exit-fee", "lines/0/recurs/exitFee", [[_monthly("1.00", exitFee=dollars)], "0", "1.00"], {}),
        ("fee", "cancellation/0/fee", [[once], "49.00"], {"cancellation": [{"before": "P1D", "fee": dollars}]}),
        ("fee-of-changes", "changes/0/fee", [[once], "49.00"], {"changes": [{"before": "P1D", "fee": dollars}]}),
        ("part", "schedule/0/amount", [[once], "49.00"], {"schedule": [{"amount": dollars, "due": "now"}]}),
        (
            "tier",
            "lines/0/tiers/0/unitPrice",
            [[{**once, "tiers": [{"from": "9", "unitPrice": dollars}]}], "49.00"],
            {},
        ),
    ]


def _post() -> Body:
    return {"name": "Post", "role": "thirdParty", "id": POST}


def _acceptances() -> list[Case]:
    def accepted(t: Script, **body: Any) -> Word:
        return t.accept(offered(t, [_monthly("14.00", times=6)], "0", "84.00"), "0", body=body)

    def paid(*shares: Body) -> Any:
        return lambda t: t.accept(offered(t, [SHIRT, CAP], "100.00", payment=["card", "voucher"]),
                                  body={"payment": list(shares)})  # fmt: skip

    def share(method: str, amount: str | None = None, currency: str = "EUR") -> Body:
        return {"method": method, **({"amount": {"amount": amount, "currency": currency}} if amount else {})}

    return [
        fold("accept-commitment", "An acceptance repeats both", "OFR-10", "aaa", "ordered",
             lambda t: accepted(t, commitment=euros("84"))),
        fold("accept-without-commitment", "What was not agreed to is not owed", "OFR-10", "aar", "open", accepted,
             problems={3: "wrong-total /body/commitment OFR-10"}),
        fold("accept-other-commitment", "Another one", "OFR-10", "aar", "open",
             lambda t: accepted(t, commitment=euros("14.00")), problems={3: "wrong-total /body/commitment OFR-10"}),
        fold("accept-commitment-to-nothing", "The offer has none", "OFR-10", "aar", "open",
             lambda t: t.accept(t.offer(t.cast()), body={"commitment": euros("100.00")}),
             problems={3: "wrong-total /body/commitment OFR-10"}),
        fold("pay-by-two", "One says how much, the other pays the rest", "OFR-15", "aaa", "ordered",
             paid(share("voucher", "30.00"), share("card"))),
        fold("pay-exactly", "All say how much", "OFR-15", "aaa", "ordered",
             paid(share("voucher", "30.00"), share("card", "70"))),
        fold("pay-too-little", "Less than the total", "OFR-15", "aar", "open",
             paid(share("voucher", "30.00"), share("card", "60.00")), problems={3: "wrong-total /body/payment OFR-15"}),
        fold("pay-too-much", "More than the total", "OFR-15", "aar", "open",
             paid(share("voucher", "130.00"), share("card")), problems={3: "wrong-total /body/payment OFR-15"}),
        fold("pay-by-two-rests", "Two that pay the rest", "OFR-15", "aar", "open",
             paid(share("voucher"), share("card")), problems={3: "wrong-total /body/payment OFR-15"}),
        fold("pay-in-dollars", "In another currency", "OFR-15", "aar", "open", paid(share("card", "100.00", "USD")),
             problems={3: "wrong-total /body/payment/0/amount/currency OFR-15"}),
        fold("pay-by-shells", "By what the offer does not take", "OFR-9", "aar", "open",
             paid(share("card", "1.00"), share("shells")),
             problems={3: "unknown-reference /body/payment/1/method OFR-9"}),
    ]  # fmt: skip


def bought(t: Script, **body: Any) -> Word:
    """An order of two shirts and a cap."""
    made = offered(t, [SHIRT, CAP], "100.00", **{"returns": {"days": 14}, **body})
    t.accept(made)
    t.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "A"}]}, made.thread)
    return made


def _done(t: Script, **body: Any) -> Word:
    """The same, done: five places, and the report."""
    made = bought(t, **body)
    t.confirm(made)
    return t.fulfil(made, "done")


def _reported_after(t: Script, days: int) -> Word:
    """The same, under way: nothing is said for so many days, and then that a part was sent."""
    made = bought(t)
    t.confirm(made)
    t.later(days=days)
    return t.fulfil(made, "shipped")


def withdraw(t: Script, of: Word, *lines: Body, ground: str = "returns", **more: Any) -> Word:
    body = {"ground": ground, **({"lines": list(lines)} if lines else {})}
    return t.say("order.withdraw", body, of.thread, **more)


def refund(t: Script, of: Word, *lines: Body, amount: str = "30.00", status: str = "refunded") -> Word:
    money = {"amount": euros(amount)} if status == "refunded" else {}
    return t.fulfil(of, status, body={**money, **({"lines": list(lines)} if lines else {})})


ONE_SHIRT: Body = {"line": 0, "quantity": {"value": "1"}}
THE_CAP: Body = {"line": 1}
ONE_CAP: Body = {"line": 1, "quantity": {"value": "1"}}


def _withdrawals() -> list[Case]:
    def after(step: Any) -> Any:
        return lambda t: withdraw(t, step(t), THE_CAP)

    return [
        fold("withdraw-ordered", "As soon as it is ordered", "ORD-7", "aaaaa", "returning", after(bought)),
        fold("withdraw-confirmed", "Once it is confirmed", "ORD-7", "aaaaaa", "returning",
             after(lambda t: t.confirm(bought(t)))),
        fold("withdraw-fulfilling", "On its way", "ORD-7", "aaaaaaa", "returning",
             after(lambda t: t.fulfil(t.confirm(bought(t)), "shipped"))),
        fold("withdraw-done", "When it is done", "ORD-7", "aaaaaaa", "returning", after(_done)),
        fold("withdraw-again", "From something else", "ORD-7", "aaaaaaaa", "returning",
             lambda t: withdraw(t, withdraw(t, _done(t), THE_CAP), ONE_SHIRT)),
        fold("withdraw-by-law", "From all, by law", "ORD-7", "aaaaaaa", "returning",
             lambda t: withdraw(t, _done(t), ground="law")),
        fold("withdraw-late", "After the days for returning: it takes its place, and shows as late", "ORD-7",
             "aaaaaaa", "returning", lambda t: withdraw(_later(t, 15), _done_before(t), THE_CAP)),
        fold("withdraw-in-time-placed-late", "What counts is when the customer said it", "ORD-7", "aaaaaaa",
             "returning", lambda t: _withdrawn_in_time(t)),
        fold("withdraw-too-much", "Three shirts of two, and a line that there is not", "ORD-7", "aaaaaaa", "returning",
             lambda t: withdraw(t, _done(t), {"line": 0, "quantity": {"value": "3"}}, {"line": 7})),
        fold("withdraw-before-its-place", "A withdrawal that knows nothing takes its place", "ORD-7 SEQ-8", "aaaaaaa",
             "returning", lambda t: withdraw(t, _done(t), THE_CAP, seen=None, prior=None)),
        fold("withdraw-a-wish", "Nothing is ordered yet", "ORD-7 SEQ-10", "aam", "open",
             lambda t: withdraw(t, t.offer(t.cast()))),
        fold("withdraw-from-cancelled", "Nothing is ordered any more", "ORD-7 SEQ-10", "aaaam", "cancelled",
             lambda t: withdraw(t, t.cancel(t.order(), "customer"))),
        fold("withdraw-first", "A withdrawal that came before its thread", "SEQ-9", "m", "none",
             lambda t: t.say("order.withdraw", {"ground": "law"}, unknown())),
        fold("withdraw-by-vendor", "It is the customer's right", "LIF-1", "aaaaaav", "done",
             lambda t: withdraw(t, _done(t), by="vendor"), problems={7: "wrong-side /type LIF-1"}),
        fold("refund-settles", "Returned, and refunded: it is done again", "ORD-10", "aaaaaaaaa", "done",
             lambda t: refund(t, refund(t, withdraw(t, _done(t), ONE_SHIRT), ONE_SHIRT, status="returned"),
                               ONE_SHIRT)),
        fold("refund-of-all-settles", "A refund that names no line is one for all", "ORD-10", "aaaaaaaa", "done",
             lambda t: refund(t, withdraw(t, _done(t)), amount="100.00")),
        fold("refund-of-another-line", "The cap was meant", "ORD-10", "aaaaaaaa", "returning",
             lambda t: refund(t, withdraw(t, _done(t), THE_CAP), ONE_SHIRT)),
        fold("refund-of-one-of-two", "One withdrawal is open still", "ORD-10", "aaaaaaaaa", "returning",
             lambda t: refund(t, withdraw(t, withdraw(t, _done(t), THE_CAP), ONE_SHIRT), THE_CAP)),
        fold("refund-of-every-line", "Naming every line is naming none", "ORD-10", "aaaaaaaa", "done",
             lambda t: refund(t, withdraw(t, _done(t)), {"line": 0}, {"line": 1}, amount="100.00")),
        fold("refund-of-one-shirt", "Two were withdrawn from", "ORD-10", "aaaaaaaa", "returning",
             lambda t: refund(t, withdraw(t, _done(t), {"line": 0}), ONE_SHIRT)),
        fold("refund-of-one-shirt-and-one", "Two in one report", "ORD-10", "aaaaaaaa", "done",
             lambda t: refund(t, withdraw(t, _done(t), {"line": 0}), ONE_SHIRT, ONE_SHIRT, amount="60.00")),
        fold("refund-of-the-line-for-a-shirt", "The whole line is more than one of it", "ORD-10", "aaaaaaaa", "done",
             lambda t: refund(t, withdraw(t, _done(t), ONE_SHIRT), {"line": 0})),
        fold("refund-of-what-there-was", "Seven were named, two were ordered", "ORD-10", "aaaaaaaa", "done",
             lambda t: refund(t, withdraw(t, _done(t), {"line": 0, "quantity": {"value": "7"}}, {"line": 9}),
                               {"line": 0, "quantity": {"value": "2"}}, amount="60.00")),
        fold("refund-while-on-its-way", "The rest goes on", "ORD-10", "aaaaaaa", "fulfilling",
             lambda t: refund(t, withdraw(t, t.confirm(bought(t)), THE_CAP), THE_CAP)),
        fold("refund-of-all-ordered", "All was withdrawn from: nothing is left to be performed", "ORD-10", "aaaaaa",
             "done", lambda t: refund(t, withdraw(t, bought(t)), amount="100.00")),
        fold("refund-of-all-by-quantities", "A line withdrawn from piece by piece is withdrawn from whole", "ORD-10",
             "aaaaaaa", "done", lambda t: refund(
                 t, withdraw(t, withdraw(t, bought(t), ONE_SHIRT, ONE_CAP), ONE_SHIRT), amount="100.00")),
        fold("withdraw-from-the-rest", "What was cancelled counts with what is withdrawn from", "ORD-10 ORD-11",
             "aaaaaaa", "done", lambda t: refund(
                 t, withdraw(t, t.cancel(bought(t), "customer", lines=[THE_CAP]), {"line": 0}), {"line": 0})),
        fold("withdraw-then-confirm", "The rest is confirmed", "ORD-2", "aaaaaaaa", "fulfilling",
             lambda t: refund(t, t.confirm(withdraw(t, bought(t), THE_CAP)), THE_CAP, amount="40.00")
             and t.fulfil(Word(t.words[0].message, "", ""), "shipped")),
        fold("confirm-twice-while-returning", "Once", "LIF-1", "aaaaaav", "returning",
             lambda t: t.confirm(withdraw(t, t.confirm(bought(t)), THE_CAP)),
             problems={7: "wrong-state /type LIF-1"}),
        fold("done-settles-nothing", "To say that it is done pays nothing back", "ORD-10", "aaaaaaaa", "done",
             lambda t: t.fulfil(withdraw(t, _done(t), THE_CAP), "done")),
        fold("refund-after-done", "It is paid back later, and that settles it", "ORD-10 ORD-9", "aaaaaaaaa", "done",
             lambda t: refund(t, t.fulfil(withdraw(t, _done(t), THE_CAP), "done"), THE_CAP)),
        fold("disclose-while-returning", "Where the money is to go", "ORD-1", "aaaaaaaa", "returning",
             lambda t: t.say("order.disclose", {"discloses": [{"data": "pd:BankAccount", "value": IBAN}]},
                             withdraw(t, _done(t)).thread)),
        fold("cancel-while-returning", "There is a withdrawal for that", "SEQ-10", "aaaaaaam", "returning",
             lambda t: t.cancel(withdraw(t, _done(t), THE_CAP), "customer")),
    ]  # fmt: skip


def _later(t: Script, days: int) -> Script:
    t.later(days=days)
    return t


def _done_before(t: Script) -> Word:
    """Done, before the time that has passed already."""
    now, t.now = t.now, t.after(days=-15)
    done = _done(t)
    t.now = now
    return done


def _withdrawn_in_time(t: Script) -> Word:
    done = _done(t)
    t.later(days=13)
    word = t.word("order.withdraw", {"ground": "returns", "lines": [THE_CAP]}, done.thread)
    return t.place(word, t.after(days=4))


def _cancellations() -> list[Case]:
    def cancelled(t: Script, of: Word, by: str = "customer", *lines: Body, **body: Any) -> Word:
        return t.cancel(of, by, lines=list(lines), **body)

    return [
        fold("cancel-one-line", "The rest stands", "ORD-11", "aaaaaa", "confirmed",
             lambda t: cancelled(t, t.confirm(bought(t)), "customer", THE_CAP)),
        fold("cancel-one-line-twice", "It is off", "ORD-11 SEQ-10", "aaaaam", "ordered",
             lambda t: cancelled(t, cancelled(t, bought(t), "customer", THE_CAP), "customer", THE_CAP)),
        fold("cancel-line-by-line", "Nothing stands any more", "ORD-11", "aaaaaa", "cancelled",
             lambda t: cancelled(t, cancelled(t, bought(t), "customer", THE_CAP), "customer", {"line": 0})),
        fold("cancel-piece-by-piece", "Two shirts one after the other", "ORD-11", "aaaaaa", "cancelled",
             lambda t: cancelled(t, cancelled(t, bought(t), "customer", ONE_SHIRT, ONE_CAP), "customer", ONE_SHIRT)),
        fold("cancel-no-such-line", "There is nothing to cancel", "ORD-11 SEQ-10", "aaaam", "ordered",
             lambda t: cancelled(t, bought(t), "customer", {"line": 7})),
        fold("cancel-one-line-settled", "The vendor says what it pays back for it", "ORD-11", "aaaaaa", "ordered",
             lambda t: cancelled(t, cancelled(t, bought(t), "customer", THE_CAP), "vendor", THE_CAP,
                                 refund=euros("40.00"))),
        fold("cancel-one-line-by-vendor", "It is sold out", "ORD-11", "aaaaa", "ordered",
             lambda t: cancelled(t, bought(t), "vendor", THE_CAP, refund=euros("40.00"))),
        fold("cancel-line-by-customer-settles-nothing", "A customer's refund is passed over", "ORD-4 ORD-11", "aaaaa",
             "ordered", lambda t: cancelled(t, bought(t), "customer", THE_CAP, refund=euros("500.00"))),
        fold("cancel-line-then-all", "And then the rest", "ORD-11 ORD-5", "aaaaaaa", "cancelled",
             lambda t: t.cancel(t.cancel(cancelled(t, bought(t), "customer", ONE_SHIRT), "customer"), "vendor",
                                refund=euros("100.00"))),
        fold("cancel-line-of-a-wish", "There is no order that could stand", "ORD-6 SEQ-10", "aam", "open",
             lambda t: cancelled(t, t.offer(t.cast()), "customer", THE_CAP)),
    ]  # fmt: skip


def _reports() -> list[Case]:
    return [
        *(
            fold(f"report-{status}", "A step of the order", "LIF-1", "aaaaaa", "fulfilling",
                 lambda t, status=status: t.fulfil(t.confirm(bought(t)), status, body={"lines": [ONE_SHIRT]}))
            for status in ("scheduled", "delayed", "failed", "returned")
        ),
        fold("report-shipped-when-done", "Done is done: but for what is returned and refunded", "ORD-9", "aaaaaav",
             "done", lambda t: t.fulfil(_done(t), "shipped"), problems={7: "wrong-state /body/status ORD-9"}),
        fold("report-refunded-when-done", "A shop is kind", "ORD-9", "aaaaaaa", "done",
             lambda t: refund(t, _done(t), amount="5.00")),
        fold("disclose-for-a-line", "A traveller's name, for a line", "ORD-8", "aaaaa", "ordered",
             lambda t: t.say("order.disclose",
                             {"discloses": [{"data": "pd:Name", "value": "B", "line": 1, "of": "a guest"}]},
                             bought(t).thread)),
        fold("disclose-for-no-line", "There is no such line", "ORD-8", "aaaar", "ordered",
             lambda t: t.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "B", "line": 2}]},
                             bought(t).thread), problems={5: "unknown-reference /body/discloses/0/line ORD-8"}),
    ]  # fmt: skip


def _lasting() -> list[Case]:
    def at(day: str) -> Body:
        return {"at": f"2026-{day}T12:00:00.000Z"}

    later = {**at("05-02"), "now": True}
    ours = {"needs": ["pd:PhysicalAddress"], "recipients": [{"party": _post(), "data": ["pd:PhysicalAddress"]}]}
    return [
        fold("warranty-for-care", "After the days for returning, customer care goes on until the warranty is over",
             "DEC-20", "aaaaaa", "done", lambda t: _done(t, warranty="P2M"),
             asks=[(PAYMENT, at("03-14"), "permit order-live"), (PAYMENT, at("03-16"), "deny no-word"),
                   (CARE, at("03-16"), "permit order-live"), (CARE, at("05-02"), "deny no-word")]),
        fold("done-whatever-the-clock", "Done is done, also by a clock that is behind", "DEC-20", "aaaaaa", "done",
             lambda t: _done(t, returns={"days": 0}), asks=[(PAYMENT, {**at("02-20"), "now": True}, "deny no-word")]),
        fold("a-year-without-a-word", "What was never done nor withdrawn from goes on with the next report", "DEC-20",
             "aaaaaa", "fulfilling", lambda t: _reported_after(t, 400),
             asks=[(PAYMENT, {"at": "2027-03-20T12:00:00.000Z"}, "deny no-word"),
                   (PAYMENT, {"at": "2027-04-20T12:00:00.000Z"}, "permit order-live")]),
        fold("warranty-shorter-than-returns", "The longer of the two", "DEC-20", "aaaaaa", "done",
             lambda t: _done(t, warranty="P1D"), asks=[(CARE, at("03-14"), "permit order-live")]),
        fold("returning-goes-on", "While it is being returned the order goes on, until it is done again", "DEC-20",
             "aaaaaaaa", "done", lambda t: _returned(t),
             asks=[(PAYMENT, at("03-14"), "permit order-live"), (PAYMENT, at("03-20"), "permit order-live"),
                   (PAYMENT, at("03-22"), "deny no-word")]),
        fold("returning-without-a-refund", "A vendor that reports for ever and pays nothing back prolongs nothing",
             "DEC-20", "aaaaaaaaa", "returning", _reported_for_ever,
             asks=[(PAYMENT, at("04-13"), "permit order-live"), (PAYMENT, at("04-15"), "deny no-word"),
                   (PAYMENT, at("05-02"), "deny no-word"), (PAYMENT, later, "deny no-word")]),
        fold("returning-without-a-refund-again", "Another withdrawal prolongs it from its own place", "DEC-20",
             "aaaaaaaaaaa", "returning", lambda t: _reported_for_ever(t, again=True),
             asks=[(PAYMENT, at("04-15"), "deny no-word"), (PAYMENT, at("05-02"), "permit order-live"),
                   (PAYMENT, at("06-13"), "permit order-live"), (PAYMENT, at("06-15"), "deny no-word")]),
        fold("returning-refunded-when-it-had-ended", "To be done late brings nothing back", "DEC-20", "aaaaaaaa",
             "done", lambda t: _refunded_after(t, 50, returns={"days": 14}),
             asks=[(PAYMENT, at("04-13"), "permit order-live"), (PAYMENT, at("04-21"), "deny no-word"),
                   (PAYMENT, later, "deny no-word")]),
        fold("returning-of-all-refunded", "Of what nothing is left, nothing lasts, whatever the offer says", "DEC-20",
             "aaaaaaaa", "done", lambda t: _refunded_after(t, 10, of=(), returns={"days": 90}, warranty="P2Y"),
             asks=[(CARE, at("03-10"), "permit order-live"), (CARE, at("03-12"), "deny no-word")]),
        fold("returning-of-a-part-refunded", "What is left lasts as if nothing had been sent back", "DEC-20",
             "aaaaaaaa", "done", lambda t: _refunded_after(t, 10, returns={"days": 90}, warranty="P2Y"),
             asks=[(PAYMENT, at("05-29"), "permit order-live"), (PAYMENT, at("05-31"), "deny no-word"),
                   (CARE, at("05-31"), "permit order-live")]),
        fold("returned-after-it-ended", "A late withdrawal lets the order go on, and changes nothing before", "DEC-20",
             "aaaaaaa", "returning", lambda t: withdraw(_later(t, 30), _done_before(t), THE_CAP),
             asks=[(PAYMENT, at("03-20"), "permit order-live"), (PAYMENT, at("03-31"), "deny no-word"),
                   (PAYMENT, NOW, "permit order-live")]),
        fold("kindness-prolongs-nothing", "What a vendor reports of its own accord adds nothing", "DEC-20 ORD-9",
             "aaaaaaa", "done", lambda t: refund(_later(t, 10), _done_before(t), amount="5.00"),
             asks=[(PAYMENT, at("03-20"), "deny no-word")]),
        fold("carrier-of-an-order", "The carrier that the accepted offer names gets the address", "DEC-22", "aaaa",
             "ordered", lambda t: _sent(t, ours),
             asks=[(CARRIED, NOW, "permit order-live"), ({**CARRIED, "action": "dpv:Use"}, NOW, "permit order-live"),
                   ({**CARRIED, "purpose": "dpv:DirectMarketing"}, NOW, "deny prohibited-by-agreement"),
                   ({**CARRIED, "action": "dpv:Tracking"}, NOW, "deny prohibited-by-agreement"),
                   ({**CARRIED, "data": "pd:Name"}, NOW, "deny prohibited-by-agreement"),
                   ({**CARRIED, "recipient": "https://other.example/"}, NOW, "deny prohibited-by-agreement"),
                   ({**CARRIED, "recipient": "third-party"}, NOW, "deny prohibited-by-agreement")]),
        fold("carrier-of-an-offer", "And not before the order", "DEC-22", "aa", "open",
             lambda t: offered(t, [SHIRT, CAP], "100.00", **ours),
             asks=[(CARRIED, NOW, "deny prohibited-by-agreement")]),
        fold("carrier-unsaid", "Who is not named gets nothing", "DEC-22", "aaaa", "ordered", lambda t: _sent(t, {}),
             asks=[(CARRIED, NOW, "deny prohibited-by-agreement")]),
    ]  # fmt: skip


def _sent(t: Script, body: Body) -> Word:
    made = offered(t, [SHIRT, CAP], "100.00", **body)
    t.accept(made)
    values = {"pd:PhysicalAddress": {"addressLocality": "Vienna"}, "pd:Name": "Alice Moser"}
    data = [{"data": term, "value": value} for term, value in values.items()]
    return t.say("order.disclose", {"discloses": data}, made.thread)


def _returned(t: Script) -> Word:
    done = _done(t)
    t.later(days=10)
    withdraw(t, done, THE_CAP)
    t.later(days=10)
    return refund(t, done, THE_CAP, amount="40.00")


def _reported_for_ever(t: Script, *, again: bool = False) -> Word:
    """Withdrawn from at once; then two reports, a month apart; and another withdrawal, and a report."""
    done = _done(t)
    withdraw(t, done, THE_CAP)
    for _ in range(2):
        t.later(days=30)
        word = t.fulfil(done, "returned")
    if again:
        withdraw(t, done, ONE_SHIRT)
        t.later(days=30)
        word = t.fulfil(done, "returned")
    return word


def _refunded_after(t: Script, days: int, of: tuple[Body, ...] = (THE_CAP,), **body: Any) -> Word:
    done = _done(t, **body)
    withdraw(t, done, *of)
    t.later(days=days)
    return refund(t, done, *of, amount="40.00")
