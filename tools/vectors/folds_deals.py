"""Wishes, offers and orders: each where a fold that leaves a condition out differs."""

from typing import Any

from .conversation import Body, Script, Word, euros, terms
from .folds import fold, question, unknown
from .folds_knowing import NOW, OF_THE_WISH
from .folds_orders import CARRIED, HERE, ONE_SHIRT, PAYMENT, POST, THE_CAP, bought, offered, refund, withdraw
from .writing import Case

CASTING = question("dpv:Use", "opencmr:IntentCasting", data="pd:Intention", **HERE)
MONTHLY: Body = {"name": "Monthly", "price": euros("10.00"), "recurs": {"every": "P1M", "times": 2}}


def deal_folds() -> list[Case]:
    return [*_wishes(), *_offers(), *_late(), *_refunds(), *_cancelled(), *_unasked()]


def _at(day: str) -> Body:
    return {"at": f"2026-{day}.000Z"}


def _wishes() -> list[Case]:
    return [
        fold("decline-of-no-offer", "There is nothing to decline", "SEQ-10", "am", "open",
             _declined_nothing),
        fold("terms-of-a-wish-dropped-once", "Terms that an amendment names no more end there, not with the next one",
             "INT-6 DEC-21", "aaaa", "open", _dropped_twice,
             asks=[(OF_THE_WISH, _at("03-01T12:02:30"), "permit agreement"),
                   (OF_THE_WISH, _at("03-01T12:03:30"), "deny agreement-ended")]),
        fold("terms-of-a-wish-dropped-then-ordered", "Those of an offer that is accepted all the same, too",
             "INT-6 DEC-21", "aaaa", "ordered", _dropped_then_ordered,
             asks=[(OF_THE_WISH, NOW, "deny agreement-ended")]),
        fold("terms-of-a-wish-withdrawn", "Terms of a wish that is off permit no more", "DEC-21", "aaa", "withdrawn",
             lambda t: t.say("intent.withdraw", {}, _under(t, t.cast("SD-BASE-A"), "SD-BASE-A").thread),
             asks=[(OF_THE_WISH, _at("03-01T12:02:30"), "permit agreement"),
                   (OF_THE_WISH, NOW, "deny agreement-ended"), (CASTING, NOW, "deny no-word")]),
        fold("terms-of-the-other-offer", "What was ordered was chosen: the terms of the other offer end, though it was "
             "made later", "DEC-21", "aaaaa", "ordered", _other_chosen,
             asks=[(OF_THE_WISH, _at("03-01T12:04:30"), "permit agreement"),
                   (OF_THE_WISH, NOW, "deny prohibited-by-agreement")]),
    ]  # fmt: skip


def _declined_nothing(t: Script) -> Word:
    wished = t.cast()
    return t.say("offer.decline", {"offer": {**wished.ref, "id": unknown()}, "reason": "price"}, wished.thread)


def _under(t: Script, wished: Word, code: str) -> Word:
    return t.offer(wished, body={"under": terms(code)})


def _dropped_twice(t: Script) -> Word:
    wished = t.cast("SD-BASE-A")
    _under(t, wished, "SD-BASE-A")
    t.amend(wished, "PDC-INTENT")
    return t.amend(wished, "PDC-INTENT")


def _dropped_then_ordered(t: Script) -> Word:
    wished = t.cast("SD-BASE-A")
    first = _under(t, wished, "SD-BASE-A")
    t.amend(wished, "PDC-INTENT")
    return t.accept(first)


def _other_chosen(t: Script) -> Word:
    wished = t.cast("SD-BASE")
    first = _under(t, wished, "SD-BASE")
    _under(t, t.amend(wished, "SD-BASE", "SD-BASE-A"), "SD-BASE-A")
    return t.accept(first)


def _offers() -> list[Case]:
    once: Body = {"name": "Router", "price": euros("49.00")}

    def right(id_: str, says: str, lines: list[Body], total: str, commitment: str | None = None, **body: Any) -> Case:
        return fold(id_, says, "OFR-1 OFR-13", "aa", "open", lambda t: offered(t, lines, total, commitment, **body))

    return [
        right("sum-metered-once", "What has no price yet is in no sum",
              [once, {"name": "By hour", "unitPrice": euros("80.00")}], "49.00"),
        right("sum-included", "Tax that is in the prices is not added", [once], "49.00",
              adjustments=[{"kind": "tax", "amount": euros("7.82"), "included": True}]),
        right("sum-of-lines-alike", "Lines that come back as often recur alike, however they end", [
            MONTHLY, {**MONTHLY, "recurs": {**MONTHLY["recurs"], "notice": "P1M"}}], "0", "42.00",
              adjustments=[{"kind": "tax", "amount": euros("1.00"), "lines": [0, 1]}]),
        fold("pay-by-whatever", "The offer does not say how it is paid", "OFR-9 OFR-15", "aaa", "ordered",
             lambda t: t.accept(t.offer(t.cast()), body={"payment": [{"method": "card"}]})),
        fold("carrier-without-uri", "Nobody can ask about a carrier of whom there is only a name", "DEC-22", "aaaa",
             "ordered", lambda t: bought(t, needs=["pd:Name"], recipients=[
                 {"party": {"name": "Post", "role": "thirdParty"}, "data": ["pd:Name"]}]),
             asks=[({**CARRIED, "data": "pd:Name", "recipient": "third-party"}, NOW, "deny prohibited-by-agreement"),
                   ({**CARRIED, "data": "pd:Name", "recipient": POST}, NOW, "deny prohibited-by-agreement")]),
    ]  # fmt: skip


def _late() -> list[Case]:
    """Of two shirts and a cap, with 14 days for returning. A receipt comes a second after the word."""
    return [
        fold("withdraw-on-the-last-day", "Fourteen days to the second are in time", "ORD-7", "aaaaaaa", "returning",
             lambda t: _after(t, ("delivered", 0), created="2026-03-15T12:06:00.000Z")),
        fold("withdraw-a-millisecond-late", "And not a millisecond more", "ORD-7", "aaaaaaa", "returning",
             lambda t: _after(t, ("delivered", 0), created="2026-03-15T12:06:00.001Z")),
        fold("withdraw-by-law-late", "Whether one by law is late, nobody can say from here", "ORD-7", "aaaaaaa",
             "returning", lambda t: _after(t, ("delivered", 0), days=30, ground="law")),
        fold("withdraw-after-delivery-and-done", "The days run from the delivery, not from when all was done", "ORD-7",
             "aaaaaaaa", "returning", lambda t: _after(t, ("delivered", 0), ("done", 10), days=6)),
        fold("withdraw-after-two-deliveries", "From the last delivery", "ORD-7", "aaaaaaaa", "returning",
             lambda t: _after(t, ("delivered", 0), ("delivered", 10), days=6)),
        fold("withdraw-after-done-and-kindness", "Where no delivery was reported, from when all was done", "ORD-7",
             "aaaaaaaa", "returning", lambda t: _after(t, ("done", 0), ("returned", 10), days=6)),
        fold("withdraw-from-no-such-line", "The line after the last was not ordered: it shows as too much", "ORD-7",
             "aaaaa", "returning", lambda t: withdraw(t, bought(t), {"line": 2})),
    ]  # fmt: skip


def _after(t: Script, *reports: tuple[str, int], days: int = 0, ground: str = "returns", **more: Any) -> Word:
    """Withdrawn from the cap so many days after the reports, each of which has days before it."""
    of = t.confirm(bought(t))
    for status, before in reports:
        t.later(days=before)
        t.fulfil(of, status)
    if "created" in more:
        t.now = more["created"]
        return t.place(t.word("order.withdraw", {"ground": ground, "lines": [THE_CAP]}, of.thread))
    t.later(days=days)
    return withdraw(t, of, THE_CAP, ground=ground)


def _refunds() -> list[Case]:
    return [
        fold("refund-of-one-line-of-two", "A withdrawal from two lines is settled by what covers both", "ORD-10",
             "aaaaaa", "returning",
             lambda t: refund(t, withdraw(t, bought(t), ONE_SHIRT, THE_CAP), THE_CAP, amount="40.00")),
        fold("refund-twice", "What is settled stays settled when it was", "ORD-10 ORD-9", "aaaaaaaaa", "done",
             lambda t: refund(
                 t, refund(t, withdraw(t, t.fulfil(t.confirm(bought(t)), "done"), THE_CAP), THE_CAP), THE_CAP)),
        fold("withdraw-from-all-then-confirm", "All was withdrawn from, and then it is confirmed: with the refund it "
             "is done", "ORD-2 ORD-10", "aaaaaaa", "done",
             lambda t: refund(t, t.confirm(withdraw(t, bought(t))), amount="100.00")),
    ]  # fmt: skip


def _cancelled() -> list[Case]:
    def by(t: Script, of: Word, **body: Any) -> Word:
        return t.cancel(of, "vendor", **body)

    return [
        fold("cancelled-then-settled", "A vendor that cancels and says no sum may say it later", "ORD-5", "aaaaaa",
             "cancelled", lambda t: by(t, by(t, bought(t)), refund=euros("100.00"))),
        fold("cancelled-fee-alone", "A fee settles it too", "ORD-5", "aaaaaa", "cancelled",
             lambda t: by(t, t.cancel(bought(t), "customer"), fee=euros("5.00"))),
        fold("cancelled-then-nothing", "To cancel again and say no sum changes nothing", "ORD-5 SEQ-10", "aaaaam",
             "cancelled", lambda t: by(t, t.cancel(bought(t), "customer"))),
        fold("cancelled-settled-by-line", "Once all is cancelled, a sum is for all, whatever lines it names",
             "ORD-5 ORD-11", "aaaaaa", "cancelled",
             lambda t: by(t, t.cancel(bought(t), "customer"), refund=euros("100.00"), lines=[THE_CAP])),
        fold("cancel-no-such-line-settled", "A sum for a line that there is not", "ORD-11 SEQ-10", "aaaam", "ordered",
             lambda t: by(t, bought(t), refund=euros("1.00"), lines=[{"line": 2}])),
        fold("cancelled-and-settled-a-year-later", "The order ended when it was cancelled", "DEC-20 ORD-5", "aaaaaa",
             "cancelled", _settled_late, asks=[(PAYMENT, _at("03-01T12:04:30"), "permit order-live"),
                                               (PAYMENT, _at("04-01T12:00:00"), "deny no-word")]),
    ]  # fmt: skip


def _settled_late(t: Script) -> Word:
    of = bought(t)
    t.cancel(of, "customer")
    t.later(days=400)
    return t.cancel(of, "vendor", refund=euros("100.00"))


def _unasked() -> list[Case]:
    return [
        fold("unasked-under-ended-terms", "Terms that have ended are no terms for an offer", "OFR-7", "aaaav", "none",
             _under_ended, problems={5: "terms-not-offered /body/under/id OFR-7"}),
        fold("unasked-under-the-latest-terms", "The latest terms are those that began to bind last, in whatever thread",
             "OFR-7", "aaaaaaa", "open", _under_latest),
    ]  # fmt: skip


def _under_ended(t: Script) -> Word:
    granted, agreed = t.grant(None), t.agree("SD-BASE-A")
    t.end(agreed, "terms.terminate", "customer")
    return _unasked_offer(t, granted)


def _under_latest(t: Script) -> Word:
    granted, first = t.grant(None), t.proffer("SD-BASE-DP")
    t.counter(first)
    t.agree("SD-BASE")
    t.accept_terms(first, "SD-BASE-A", by="customer")
    return _unasked_offer(t, granted)


def _unasked_offer(t: Script, granted: Word) -> Word:
    line = {"name": "Cap", "price": euros("40.00")}
    return t.offer(None, "40.00", body={"lines": [line], "under": terms("SD-BASE-A"), "basis": granted.ref})
