"""`spec/v1/intent/page.md`: what an offer comes to in all, and what becomes of lines of an order."""

from decimal import Decimal

from ..hand import Bench, Document, Hand
from ..suite import Page
from .says import TEN, confirmed, disclose, done, must, no, offered, opened, ordered, ref, shipped, wish

page: Page[Bench] = Page("orders", "vendor")

MONTHLY = "test: each month"


def _sum(amounts: list[Document]) -> Decimal:
    return sum((Decimal(one["amount"]) for one in amounts), Decimal())


def _owed(line: Document) -> int:
    """How many periods of a line are owed at least."""
    recurs = line["recurs"]
    return min([recurs[name] for name in ("minimum", "times") if name in recurs], default=1)


def _in_all(body: Document) -> Decimal:
    """What is owed at least, payment by payment."""
    lines = body["lines"]
    prices = [(line, Decimal(line["price"]["amount"])) for line in lines if "price" in line]
    owed = sum((amount * (_owed(line) if "recurs" in line else 1) for line, amount in prices), Decimal())
    for each in body.get("adjustments", []):
        if each["kind"] != "estimate" and not each.get("included"):
            first = lines[each["lines"][0]] if "lines" in each else {}
            owed += Decimal(each["amount"]["amount"]) * (_owed(first) if "recurs" in first else 1)
    return owed


@page.add("owed-in-all", "An offer of lines that recur says what is owed in all", "OFR-1", "OFR-12", "OFR-13",
          "OFR-14", "OFR-16")  # fmt: skip
async def owed_in_all(bench: Bench) -> None:
    """Test mode: something each month, and something once, in two parts; and somebody who gets a name."""
    hand = Hand(bench)
    _, made = await offered(hand, MONTHLY, wants=2)
    body = made["body"]
    lines, adjustments = body["lines"], body.get("adjustments", [])
    must(
        any("recurs" in line for line in lines) and adjustments and "schedule" in body, "it is not the offer asked for"
    )
    for each in adjustments:
        named = [lines[line].get("recurs", {}).get("every") for line in each.get("lines", [])]
        must(len(set(named)) < 2, "an adjustment mixes lines that recur and lines that do not", "OFR-12")
    least = Decimal(body["commitment"]["amount"]) if "commitment" in body else None
    must(least == _in_all(body), f"the commitment is {least}, not {_in_all(body)}", "OFR-13")
    once = [line for line in lines if "recurs" not in line]
    total = _in_all({"lines": once, "adjustments": [each for each in adjustments if "lines" not in each]})
    must(Decimal(body["total"]["amount"]) == total, f"the total is {body['total']['amount']}, not {total}", "OFR-1")
    must(_sum([part["amount"] for part in body["schedule"]]) == total, "the parts are not the total", "OFR-14")
    for recipient in body.get("recipients", []):
        must(set(recipient["data"]) <= set(body.get("needs", [])), "somebody gets what it does not need", "OFR-16")


@page.add("commitment-repeated", "An acceptance repeats the commitment", "OFR-10", "OFR-13")
async def commitment_repeated(bench: Bench) -> None:
    """Nobody owes what they have not signed; and where there is none, none is repeated."""
    hand = Hand(bench)
    thread, made = await offered(hand, MONTHLY)
    both = {"offer": ref(made), "total": made["body"]["total"]}
    for wrong in ({}, {"commitment": {"amount": "15.00", "currency": "EUR"}}):
        document = hand.write("offer.accept", {**both, **wrong}, thread)
        await hand.refused(document, "wrong-total", "/body/commitment", "OFR-10")
    right = {**both, "commitment": made["body"].get("commitment", TEN)}
    await hand.accepted(hand.write("offer.accept", right, thread), "ordered")
    thread, made = await offered(hand)
    document = hand.write("offer.accept", {"offer": ref(made), "total": TEN, "commitment": TEN}, thread)
    await hand.refused(document, "wrong-total", "/body/commitment", "OFR-10")


@page.add("payment-is-the-total", "What is paid comes to the total", "OFR-15")
async def payment_is_the_total(bench: Bench) -> None:
    """By one method or several, of which one may pay what is left."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    both = {"offer": ref(made), "total": TEN}

    def share(amount: str | None = None, currency: str = "EUR") -> Document:
        return {"method": "invoice", **({"amount": {"amount": amount, "currency": currency}} if amount else {})}

    for shares in ([share("9.00")], [share("4.00"), share("7.00")], [share("11.00"), share()], [share(), share()]):
        document = hand.write("offer.accept", {**both, "payment": shares}, thread)
        await hand.refused(document, "wrong-total", "/body/payment", "OFR-15")
    dollars = hand.write("offer.accept", {**both, "payment": [share("10.00", "USD")]}, thread)
    await hand.refused(dollars, "wrong-total", "/body/payment/0/amount/currency", "OFR-15")
    right = hand.write("offer.accept", {**both, "payment": [share("4.00"), share()]}, thread)
    await hand.accepted(right, "ordered")


@page.add("disclosed-for-a-line", "What is disclosed for a line names one that there is", "ORD-8")
async def disclosed_for_a_line(bench: Bench) -> None:
    """There is one line."""
    hand = Hand(bench)
    thread, _ = await ordered(hand)
    datum = {"data": "pd:Name", "value": "B. Friend", "of": "a guest"}
    wrong = hand.write("order.disclose", {"discloses": [{**datum, "line": 1}]}, thread)
    await hand.refused(wrong, "unknown-reference", "/body/discloses/0/line", "ORD-8")
    await hand.accepted(hand.write("order.disclose", {"discloses": [{**datum, "line": 0}]}, thread), "ordered")


@page.add("withdrawn-from", "A withdrawal takes its place in every state of an order", "ORD-7")
async def withdrawn_from(bench: Bench) -> None:
    """Also when it is done, and whatever it names; without an order it is moot."""
    hand = Hand(bench)
    for reach in (confirmed, shipped, done):
        thread = await reach(hand)
        body = {"ground": "returns", "lines": [{"line": 0, "quantity": {"value": "7"}}, {"line": 9}]}
        await hand.accepted(no(hand, "order.withdraw", thread, body), "returning")
        await hand.hear("order.fulfil", thread)
    thread, _ = await offered(hand)
    await hand.accepted(no(hand, "order.withdraw", thread, {"ground": "law"}), "open", "moot")


@page.add("refunded", "A refund settles the withdrawal that it covers, and no other", "ORD-10")
async def refunded(bench: Bench) -> None:
    """Test mode: the vendor refunds at once; what it refunds by half, or never, stays open."""
    hand = Hand(bench)
    thread = await done(hand)
    await hand.accepted(no(hand, "order.withdraw", thread, {"ground": "law"}), "returning")
    report = await hand.hear("order.fulfil", thread)
    must(report["body"]["status"] == "refunded", "it refunds nothing")
    await hand.accepted(no(hand, "order.cancel", thread, {"reason": "other"}), "done", "moot")
    for how in ("half", "nowhere"):
        await hand.accepted(no(hand, "order.withdraw", thread, {"ground": "law", "refundTo": how}), "returning")
        if how == "half":
            await hand.hear("order.fulfil", thread)
        await hand.accepted(no(hand, "order.cancel", thread, {"reason": "other"}), "returning", "moot")


@page.add("lines-cancelled", "A cancellation of lines leaves the rest as it is", "ORD-11")
async def lines_cancelled(bench: Bench) -> None:
    """Line by line; what there is not is passed over, and when nothing stands the order is cancelled."""
    hand = Hand(bench)
    thread = await opened(hand, hand.write("intent.cast", wish("test: do not confirm", wants=2)), "open")
    made = await hand.hear("offer.make", thread)
    accepted = {"offer": ref(made), "total": made["body"]["total"]}
    await hand.accepted(hand.write("offer.accept", accepted, thread), "ordered")

    def cancel(line: int) -> Document:
        return no(hand, "order.cancel", thread, {"reason": "other", "lines": [{"line": line}]})

    await hand.accepted(cancel(7), "ordered", "moot")
    await hand.accepted(cancel(1), "ordered")
    await hand.accepted(cancel(1), "ordered", "moot")
    await hand.accepted(disclose(hand, thread), "ordered")
    await hand.accepted(cancel(0), "cancelled")
