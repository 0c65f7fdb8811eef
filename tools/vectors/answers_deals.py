"""Messages about intents, offers and orders that break rules, each table's in one conversation."""

from collections.abc import Callable
from typing import Any

from opencmr import trust

from .answers_consent import STRANGE_DATUM
from .answers_terms import FALSE_ROSTER, OBLIGES, OTHER_DIGEST, STRANGE
from .conversation import Body, Script, Word, euros, terms, wish
from .folds_bounds import ADS, EMAIL
from .folds_terms import GARDEN, garden

DOLLARS: Body = {"amount": "1.00", "currency": "USD"}
LINE: Body = {"name": "Boots", "price": euros("100.00"), "want": 0}
MONTHLY: Body = {"name": "Care", "price": euros("5.00"), "recurs": {"every": "P1M", "times": 2}}
METERED: Body = {"name": "By day", "unitPrice": euros("0.50"), "recurs": {"every": "P1M", "times": 2}}
OTHER_UNDER: Body = {"id": "PDC-INTENT", "digest": trust.digest(b"other terms")}
HALF: Body = {"schedule": [{"amount": euros("50.00"), "due": "onOrder"}]}


def _wish(t: Script, tried: Any, say: Callable[[Body], Word]) -> None:
    def wished(*refs: Body, **body: Any) -> Word:
        return say({**wish(), "terms": list(refs or (terms("PDC-INTENT"),)), **body})

    tried(wished(terms("PDC-INTENT"), OTHER_DIGEST), 1)
    tried(wished(FALSE_ROSTER), 1)
    tried(wished(garden()), 2)
    for kind in ("action", "data", "purpose"):
        tried(wished({"document": {**GARDEN, "rules": [{**GARDEN["rules"][0], kind: "dpv:Whatever"}]}}), 3)
    tried(wished({"document": {**GARDEN, "rules": [OBLIGES]}}), 3)
    tried(wished(garden(), OTHER_DIGEST), 2, 1)
    tried(wished(STRANGE, {**garden(), "id": "https://alice.example/terms/house"}), 3, 2)
    tried(wished(STRANGE, discloses=[STRANGE_DATUM]), 3, 4)
    tried(wished(discloses=[EMAIL, STRANGE_DATUM]), 4)
    tried(wished(discloses=[STRANGE_DATUM], onAccept=["pd:Whatever"]), 4, 5)
    tried(wished(onAccept=["pd:Name", "pd:Whatever"]), 5)
    rest: Body = {"discloses": [STRANGE_DATUM], "onAccept": ["pd:Whatever"]}
    tried(wished(OTHER_DIGEST, garden(), STRANGE, **rest), 1, 2, 3, 4, 5)
    tried(wished(garden(), STRANGE, **rest), 2, 3, 4, 5)
    tried(wished(STRANGE, **rest), 3, 4, 5)
    wished(discloses=[EMAIL], onAccept=["pd:Name"])


def _cast(t: Script, tried: Any) -> None:
    _wish(t, tried, lambda body: t.say("intent.cast", body))


def _amend(t: Script, tried: Any) -> None:
    wished = t.cast()
    _wish(t, tried, lambda body: t.say("intent.amend", body, wished.thread))


def _make(t: Script, tried: Any) -> None:
    wished = t.cast()

    def made(**body: Any) -> Word:
        return t.offer(wished, body={"lines": [LINE], **body})

    def to(*data: str) -> Body:
        return {"party": ADS, "data": list(data)}

    def rebate(*lines: int, amount: Body | None = None) -> Body:
        return {"kind": "discount", "amount": amount or euros("-1.00"), "lines": list(lines)}

    nowhere: Body = {**LINE, "want": 2}
    tried(made(lines=[LINE, nowhere]), 3)
    tried(made(lines=[nowhere], needs=["pd:Whatever"]), 3, 4)
    tried(made(needs=["pd:Name", "pd:Whatever"]), 4)
    tried(made(needs=["pd:Whatever"], recipients=[to("pd:Unheard")]), 4, 5)
    tried(made(needs=["pd:Name"], recipients=[to("pd:Name", "pd:Whatever")]), 5)
    tried(made(needs=["pd:Name"], recipients=[to("pd:Contact", "pd:Whatever")]), 5, 6)
    tried(made(needs=["pd:Name"], recipients=[to("pd:Contact"), to("pd:Whatever")]), 6, 5)
    tried(made(needs=["pd:Name"], recipients=[to("pd:Contact")]), 6)
    tried(made(recipients=[to("pd:Contact")], adjustments=[rebate(7)]), 6, 7)
    tried(made(adjustments=[rebate(0, 7)]), 7)
    mixed: Body = {"lines": [LINE, MONTHLY], "commitment": euros("110.00")}
    tried(made(**mixed, adjustments=[rebate(7), rebate(0, 1)]), 7, 8)
    tried(made(**mixed, adjustments=[rebate(0, 1), rebate(7)]), 8, 7)
    tried(made(**mixed, adjustments=[rebate(0, 1)]), 8)
    tried(made(**mixed, adjustments=[rebate(0, 1, amount=DOLLARS)]), 8, 9)
    for foreign in (
        {"adjustments": [rebate(0, amount=DOLLARS)]},
        {"cancellation": [{"before": "P1D", "fee": DOLLARS}]},
        {"changes": [{"before": "P1D", "fee": DOLLARS}]},
        {"lines": [LINE, MONTHLY], "commitment": DOLLARS},
        {"lines": [{**LINE, "price": DOLLARS}]},
        {"lines": [LINE, {**MONTHLY, "recurs": {"every": "P1M", "exitFee": DOLLARS}}]},
        {"lines": [LINE, {**METERED, "tiers": [{"from": "10", "unitPrice": DOLLARS}]}]},
        {"lines": [LINE, {**METERED, "unitPrice": DOLLARS}]},
        {"schedule": [{"amount": DOLLARS, "due": "onOrder"}]},
    ):
        tried(made(**foreign), 9)
    tried(made(lines=[LINE, {**MONTHLY, "price": DOLLARS}]), 9, 10)
    tried(made(lines=[LINE, MONTHLY]), 10)
    tried(made(commitment=euros("100.00")), 10)
    tried(made(lines=[LINE, MONTHLY], commitment=euros("105.00")), 10)
    tried(made(commitment=euros("100.00"), total=euros("90.00")), 10, 11)
    tried(made(total=euros("90.00")), 11)
    tried(made(total=euros("90.00"), **HALF), 11, 12)
    tried(made(**HALF), 12)
    tried(made(**HALF, under=OTHER_UNDER), 12, 13)
    tried(made(under=OTHER_UNDER), 13)
    tried(made(under={"document": {**GARDEN, "id": "PDC-INTENT"}}), 13)
    tried(made(under=terms("SD-BASE")), 14)
    tried(made(under={"document": GARDEN}), 14)
    foreign = rebate(0, amount=DOLLARS)
    worst: Body = {
        "lines": [nowhere, MONTHLY], "needs": ["pd:Whatever"], "recipients": [to("pd:Whatever"), to("pd:Contact")],
        "adjustments": [rebate(7), rebate(0, 1), foreign], "total": euros("90.00"), **HALF, "under": OTHER_UNDER,
    }  # fmt: skip
    mended: list[Body] = [
        {"lines": [LINE, MONTHLY]}, {"needs": ["pd:Name"]}, {"recipients": [to("pd:Contact")]},
        {"recipients": [to("pd:Name")]}, {"adjustments": [rebate(0, 1), foreign]}, {"adjustments": [foreign]},
        {"adjustments": [rebate(0)]}, {"lines": [LINE]}, {"total": euros("99.00")},
        {"schedule": [{"amount": euros("99.00"), "due": "onOrder"}]}, {"under": terms("PDC-INTENT")},
    ]  # fmt: skip
    for row, better in enumerate(mended, start=3):
        tried(made(**worst), *range(row, 14))
        worst |= better
    made(**worst)
    unasked: Body = {"lines": [{**LINE, "want": None}], "under": terms("SD-BASE")}
    del unasked["lines"][0]["want"]
    tried(t.offer(None, body=unasked), 2)
    tried(t.offer(None, body={**unasked, "lines": [LINE]}), 2, 3)
    basis = {"basis": t.grant(None).ref}
    tried(t.offer(None, body={**unasked, **basis, "lines": [LINE]}), 3)
    tried(t.offer(None, body={**unasked, **basis}), 14)
    wished = t.cast(until=t.after(hours=1))
    t.later(hours=1)
    tried(made(), 1)
    tried(made(lines=[nowhere]), 1, 3)


def _accept(t: Script, tried: Any) -> None:
    wished = t.cast()
    made = t.offer(wished, body={"payment": ["card", "invoice"]})
    short = t.offer(wished, hours=1, body={"payment": ["card", "invoice"]})
    declined = t.offer(wished)
    t.say("offer.decline", {"offer": declined.ref, "reason": "changedMind"}, wished.thread)

    def accept(**body: Any) -> Word:
        return t.accept(made, body=body)

    def paid(*amounts: Body | None, method: str = "card") -> Body:
        return {"payment": [{"method": method, **({"amount": each} if each else {})} for each in amounts]}

    tried(accept(offer={**made.ref, "digest": trust.digest(b"other")}), 1)
    tried(t.accept(declined), 2)
    tried(accept(**paid(None, method="cash")), 3)
    tried(accept(**paid(None, method="cash"), commitment=euros("100.00")), 3, 4)
    tried(accept(commitment=euros("100.00")), 4)
    tried(accept(commitment=euros("100.00"), total=euros("90.00")), 4, 5)
    tried(accept(total=euros("90.00")), 5)
    tried(accept(total=euros("90.00"), **paid(DOLLARS)), 5, 6)
    tried(accept(**paid(DOLLARS)), 6)
    tried(accept(**paid(euros("1.00"), DOLLARS)), 6, 7)
    tried(accept(**paid(euros("1.00"))), 7)
    tried(accept(**paid(None, None)), 7)
    worst = {"payment": [{"method": "cash", "amount": DOLLARS}], "commitment": euros("1.00"), "total": euros("90.00")}
    mended: list[Body] = [
        paid(DOLLARS), {"commitment": None}, {"total": euros("100.00")}, paid(euros("1.00")),
    ]  # fmt: skip
    for row, better in enumerate(mended, start=3):
        tried(accept(**{name: value for name, value in worst.items() if value is not None}), *range(row, 8))
        worst |= better
    t.later(hours=1)
    tried(t.accept(short, body=paid(None, method="cash")), 2, 3)
    tried(t.accept(short), 2)
    t.say("offer.decline", {"offer": short.ref, "reason": "changedMind"}, wished.thread)
    accept(**paid(euros("1.00"), None))


def _disclose(t: Script, tried: Any) -> None:
    ordered = t.order()

    def disclose(*data: Body) -> Word:
        return t.say("order.disclose", {"discloses": list(data)}, ordered.thread)

    nowhere = {**EMAIL, "line": 1}
    tried(disclose(EMAIL, STRANGE_DATUM), 1)
    tried(disclose(nowhere, STRANGE_DATUM), 1, 2)
    tried(disclose(EMAIL, nowhere), 2)
    disclose({**EMAIL, "line": 0})


def _confirm(t: Script, tried: Any) -> None:
    ordered = t.order()
    tried(t.confirm(ordered, "90.00"), 2)
    t.confirm(ordered)
    t.say("order.withdraw", {"ground": "law"}, ordered.thread)
    tried(t.confirm(ordered, "90.00"), 1, 2)
    tried(t.confirm(ordered), 1)


def _fulfil(t: Script, tried: Any) -> None:
    ordered = t.order()
    nowhere: Body = {"lines": [{"line": 0}, {"line": 1}]}
    t.confirm(ordered)
    tried(t.fulfil(ordered, "shipped", body=nowhere), 1)
    t.fulfil(ordered, "done")
    tried(t.fulfil(ordered, "shipped", body=nowhere), 1, 2)
    tried(t.fulfil(ordered, "shipped"), 2)
    t.fulfil(ordered, "returned")


_TERMS = "TRM-1 TRM-2 VOC-1"
CASES: list[tuple[str, str, str, Any]] = [
    ("intent.cast", "Casts that break rules, and two at once", _TERMS, _cast),
    ("intent.amend", "Amendments that break rules, and two at once", _TERMS, _amend),
    ("offer.make", "Offers that break rules, and two at once",
     "INT-4 OFR-6 OFR-5 VOC-1 OFR-16 OFR-12 OFR-2 OFR-13 OFR-1 OFR-14 TRM-1 OFR-4 OFR-7", _make),
    ("offer.accept", "Acceptances that break rules, and two at once; what has expired is not declined",
     "OFR-9 OFR-10 OFR-15", _accept),
    ("order.disclose", "Data that breaks rules, and two at once", "VOC-1 ORD-8", _disclose),
    ("order.confirm", "Confirmations that break rules, and two at once", "LIF-1 ORD-2", _confirm),
    ("order.fulfil", "Reports that break rules, and two at once", "ORD-3 ORD-9", _fulfil),
]  # fmt: skip
