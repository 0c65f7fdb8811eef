"""What threads of intents, offers and orders fold to."""

from .conversation import Script, Word, euros, item, offer, terms
from .folds import fold
from .folds_wishes import wish_folds
from .writing import Case


def intent_folds() -> list[Case]:
    line = offer()["lines"][0]
    return [
        *wish_folds(),
        fold("order-confirmed", "Confirmed", "ORD-2", "aaaa", "confirmed", lambda t: t.confirm(t.order())),
        fold(
            "order-confirmed-equal",
            "100.00 and 100 are the same total",
            "ORD-2",
            "aaaa",
            "confirmed",
            lambda t: t.confirm(t.order(), "100"),
        ),
        fold(
            "order-fulfilling",
            "On its way",
            "LIF-1",
            "aaaaa",
            "fulfilling",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped"),
        ),
        fold(
            "order-done",
            "Done in two steps",
            "LIF-1",
            "aaaaaa",
            "done",
            lambda t: t.fulfil(t.fulfil(t.confirm(t.order()), "shipped"), "done"),
        ),
        fold(
            "order-done-at-once",
            "Done in one",
            "LIF-1",
            "aaaaa",
            "done",
            lambda t: t.fulfil(t.confirm(t.order()), "done"),
        ),
        fold(
            "order-of-some-lines",
            "A report about one line",
            "ORD-3",
            "aaaaa",
            "fulfilling",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped", body={"lines": [{"line": 0}]}),
        ),
        fold("order-disclosed", "Data in each state that takes it", "ORD-1", "aaaaaaaa", "fulfilling", _disclosed),
        fold(
            "order-cancelled-by-customer",
            "Cancelled at once",
            "LIF-1",
            "aaaa",
            "cancelled",
            lambda t: t.cancel(t.order(), "customer"),
        ),
        fold(
            "order-cancelled-by-vendor",
            "Cancelled with what is refunded",
            "ORD-5",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.confirm(t.order()), "vendor", refund=euros("100.00")),
        ),
        fold(
            "order-cancelled-on-its-way",
            "Cancelled while under way",
            "LIF-1",
            "aaaaaa",
            "cancelled",
            lambda t: t.cancel(t.fulfil(t.confirm(t.order()), "shipped"), "customer"),
        ),
        fold(
            "order-settled",
            "The vendor settles what the customer cancelled",
            "ORD-5",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer"), "vendor", refund=euros("90.00"), fee=euros("10.00")),
        ),
        fold(
            "order-settled-twice",
            "Once",
            "ORD-5",
            "aaaaam",
            "cancelled",
            lambda t: t.cancel(
                t.cancel(t.cancel(t.order(), "customer"), "vendor", refund=euros("90.00")),
                "vendor",
                refund=euros("100.00"),
            ),
        ),
        fold(
            "order-customer-settles-nothing",
            "A customer's refund is passed over",
            "ORD-4",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer", refund=euros("500.00")), "vendor", refund=euros("1.00")),
        ),
        fold(
            "order-cancelled-by-customer-twice",
            "Nothing is left to cancel",
            "ORD-5",
            "aaaam",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer"), "customer"),
        ),
        fold(
            "order-cancelled-when-done",
            "What is done cannot be cancelled",
            "SEQ-8",
            "aaaaam",
            "done",
            lambda t: t.cancel(t.fulfil(t.confirm(t.order()), "done"), "customer"),
        ),
        fold(
            "offer-wrong-total",
            "The total is not the sum",
            "OFR-1",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"total": euros("99.99")}),
        ),
        fold(
            "offer-two-currencies",
            "One currency",
            "OFR-2",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"lines": [{**line, "price": {"amount": "100.00", "currency": "USD"}}]}),
        ),
        fold(
            "offer-under-other-terms",
            "Terms that the wish does not name",
            "OFR-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"under": terms("SD-BASE-ATP")}),
        ),
        fold(
            "offer-other-digest",
            "The id of the customer's terms, and another digest",
            "OFR-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"under": {"id": "PDC-INTENT", "digest": terms("SD-BASE")["digest"]}}),
        ),
        fold(
            "offer-for-no-want",
            "There is no third want",
            "OFR-5",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"lines": [{**line, "want": 2}]}),
        ),
        fold(
            "offer-unknown-term",
            "It needs data that no table knows",
            "OFR-8",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"needs": ["pd:Missspelt"]}),
        ),
        fold(
            "offer-expired-when-made",
            "It expires at the instant when it was made",
            "OFR-3 RCV-12",
            "av",
            "open",
            lambda t: t.offer(t.cast(), expires=t.after(minutes=1)),
        ),
        fold(
            "offer-just-in-time",
            "One millisecond before the wish ends",
            "INT-4",
            "aa",
            "open",
            lambda t: t.offer(t.cast(until=t.after(minutes=2, milliseconds=1))),
        ),
        fold(
            "offer-too-late",
            "At the instant when the wish ends",
            "INT-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(until=t.after(minutes=2))),
        ),
        fold(
            "offer-malformed",
            "An offer without a total",
            "RCV-15",
            "av",
            "open",
            lambda t: t.say(
                "offer.make",
                {name: part for name, part in offer().items() if name != "total"},
                t.cast().thread,
                expires=t.after(hours=1),
            ),
        ),
        fold(
            "offer-without-expiry",
            "An offer says until when it is firm",
            "RCV-15",
            "av",
            "open",
            lambda t: t.say("offer.make", offer(), t.cast().thread, expires=None),
        ),
        fold(
            "offer-after-order",
            "An order takes no more offers",
            "LIF-1",
            "aaav",
            "ordered",
            lambda t: t.offer(t.order()),
        ),
        fold(
            "offer-void-then-good",
            "After a void offer, one that holds",
            "SEQ-10",
            "ava",
            "open",
            lambda t: t.offer(t.offer(t.cast(), body={"total": euros("1.00")})),
        ),
        fold(
            "confirm-other-total",
            "Another total than was accepted",
            "ORD-2",
            "aaav",
            "ordered",
            lambda t: t.confirm(t.order(), "101.00"),
        ),
        fold("confirm-a-wish", "There is nothing to confirm", "LIF-1", "av", "open", lambda t: t.confirm(t.cast())),
        fold("confirm-twice", "Once", "LIF-1", "aaaav", "confirmed", lambda t: t.confirm(t.confirm(t.order()))),
        fold(
            "fulfil-before-confirming",
            "First it is confirmed",
            "LIF-1",
            "aaav",
            "ordered",
            lambda t: t.fulfil(t.order(), "shipped"),
        ),
        fold(
            "fulfil-no-such-line",
            "The order has one line",
            "ORD-3",
            "aaaav",
            "confirmed",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped", body={"lines": [{"line": 1}]}),
        ),
        fold(
            "fulfil-when-done",
            "Done is done",
            "LIF-1",
            "aaaaav",
            "done",
            lambda t: t.fulfil(t.fulfil(t.confirm(t.order()), "done"), "done"),
        ),
        fold(
            "unasked-offer",
            "On the basis of a live consent, under the agreement",
            "OFR-6 OFR-7",
            "aaaa",
            "open",
            _unasked,
        ),
        fold(
            "unasked-offer-accepted", "And accepted", "OFR-6 OFR-9", "aaaaa", "ordered", lambda t: t.accept(_unasked(t))
        ),
        fold("unasked-without-basis", "Without a basis", "OFR-6", "aaav", "none", lambda t: _unasked(t, basis=False)),
        fold(
            "unasked-after-withdrawal",
            "The consent was taken back",
            "OFR-6 CNS-7",
            "aaaav",
            "none",
            lambda t: _unasked(t, withdrawn=True),
        ),
        fold(
            "unasked-for-a-study",
            "A consent to something else",
            "OFR-6",
            "aaav",
            "none",
            lambda t: _unasked(t, key="study"),
        ),
        fold(
            "unasked-after-until",
            "A consent that has ended by itself",
            "OFR-6 CNS-10",
            "aaav",
            "none",
            lambda t: _unasked(t, until="2026-03-01T12:04:00.000Z"),
        ),
        fold(
            "unasked-under-other-terms",
            "Not the relationship's agreement",
            "OFR-7",
            "aaav",
            "none",
            lambda t: _unasked(t, under="PDC-INTENT"),
        ),
        fold(
            "unasked-for-a-want",
            "Where nothing was wished for, no want is named",
            "OFR-5",
            "aaav",
            "none",
            lambda t: _unasked(t, want=True),
        ),
        fold(
            "intent-conditions",
            "Conditions, a note and needs change nothing else",
            "OFR-8 ENV-9",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(),
                body={
                    "note": "You agree to our newsletter.",
                    "needs": ["pd:PhysicalAddress"],
                    "conditions": [{"url": "https://shop.example/conditions"}],
                },
            ),
        ),
    ]


def _disclosed(t: Script) -> Word:
    wished = t.order()
    steps = (
        ("pd:Name", "Alice Moser", t.confirm),
        ("pd:PhysicalAddress", {"addressLocality": "Vienna"}, lambda word: t.fulfil(word, "shipped")),
    )
    for term, value, step in steps:
        t.say("order.disclose", {"discloses": [{"data": term, "value": value}]}, wished.thread)
        step(wished)
    return t.say("order.disclose", {"discloses": [{"data": "pd:TelephoneNumber", "value": "+43155512"}]}, wished.thread)


def _unasked(
    t: Script,
    *,
    basis: bool = True,
    withdrawn: bool = False,
    key: str = "news",
    until: str = "2027-01-01T00:00:00.000Z",
    under: str = "SD-BASE-DP",
    want: bool = False,
) -> Word:
    t.agree()
    granted = t.grant(None, item(key), until=until)
    if withdrawn:
        t.withdraw(granted)
    line = {"name": "Boots", "price": euros("100.00"), **({"want": 0} if want else {})}
    body = {"lines": [line], "under": terms(under), **({"basis": granted.ref} if basis else {})}
    return t.offer(None, body=body)
