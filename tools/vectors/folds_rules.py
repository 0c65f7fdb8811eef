"""Rules across members, each where a fold that leaves it out differs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from opencmr import trust
from opencmr.protocol import instant, moment

from .conversation import NOON, Body, Script, Word, euros, item, offer, terms, wish
from .folds import fold, question
from .folds_grants import NEXT_DAY, OWN
from .writing import Case, uuid

OTHER = {**OWN, "version": "2"}
OWN_REF, OTHER_REF = ({"id": each["id"], "digest": trust.digest(trust.canonicalize(each))} for each in (OWN, OTHER))


def rules_folds() -> list[Case]:
    return [*_bases(), *_wishes(), *_openers()]


# Offers that nobody asked for


def _offered(t: Script, granted: Word, under: str = "SD-BASE") -> Word:
    body: Body = {"lines": [{"name": "Boots", "price": euros("100.00")}], "under": terms(under), "basis": granted.ref}
    return t.offer(None, body=body)


def _bases() -> Iterator[Case]:
    void = "no-basis /body/basis OFR-6"
    yield fold(
        "basis-replaced", "A grant that a later one has replaced", "OFR-6", "aaaav", "none", _basis_replaced,
        problems={5: void},
    )  # fmt: skip
    yield fold(
        "basis-replaced-in-part", "A grant of which one item stands", "OFR-6", "aaaaa", "open",
        lambda t: _basis_replaced(t, item("more", data=["pd:TelephoneNumber"])),
    )  # fmt: skip
    yield fold(
        "basis-of-the-replacing", "The grant that has replaced it", "OFR-6", "aaaaa", "open",
        lambda t: _basis_replaced(t, newer=True),
    )  # fmt: skip
    yield fold(
        "basis-by-channel", "A consent for one channel alone", "OFR-6", "aaaa", "open",
        lambda t: _offered(t, _then(t.agree("SD-BASE"), t.grant(None, item("news", channels=["email"])))),
    )  # fmt: skip
    yield fold(
        "basis-refused", "A grant that was refused", "OFR-6", "aaarv", "none", _basis_refused,
        problems={4: "expired /expires RCV-11", 5: void},
    )  # fmt: skip
    yield fold(
        "basis-other-id", "The digest of a grant with another id", "OFR-6", "aaav", "none", _basis_other_id,
        problems={4: void},
    )  # fmt: skip
    yield fold(
        "basis-no-grant", "A message that is no grant", "OFR-6", "aaav", "none",
        lambda t: _offered(t, _then(t.grant(None), t.agree("SD-BASE"))), problems={4: void},
    )  # fmt: skip
    under = "terms-not-offered /body/under/id OFR-7"
    yield fold(
        "under-scoped-terms", "An agreement about a wish alone is not the relationship's", "OFR-7", "aaaav", "none",
        _under_scoped, problems={5: under},
    )  # fmt: skip
    yield fold(
        "under-replaced-terms", "Terms that newer ones have replaced", "OFR-7", "aaaaav", "none",
        lambda t: _offered(t, _then(t.agree("SD-BASE"), t.agree("SD-BASE-DP"), t.grant(None))), problems={6: under},
    )  # fmt: skip
    yield fold(
        "under-terms-that-came-back", "They do not come back when the newer ones end", "OFR-7", "aaaaaav", "none",
        lambda t: _offered(
            t,
            _then(t.agree("SD-BASE"), t.end(t.agree("SD-BASE-DP"), "terms.terminate", "customer"), t.grant(None)),
        ),
        problems={7: under},
    )  # fmt: skip
    yield fold(
        "under-newest-terms", "The newer ones", "OFR-7", "aaaaaa", "open",
        lambda t: _offered(t, _then(t.agree("SD-BASE"), t.agree("SD-BASE-DP"), t.grant(None)), "SD-BASE-DP"),
    )  # fmt: skip

    yield fold(
        "basis-forbidden", "A consent that later terms take back in part bears no offer", "OFR-6", "aaav", "none",
        lambda t: _under_own(t, first=True), problems={4: void},
    )  # fmt: skip
    yield fold(
        "basis-given-since", "One that knows the terms does", "OFR-6 SEQ-21", "aaaa", "open",
        lambda t: _under_own(t, first=False),
    )  # fmt: skip


NO_LETTERS = {
    **OWN, "rules": [{"effect": "prohibit", "action": "dpv:Use", "data": "pd:EmailAddress", "by": ["vendor"]}]
}  # fmt: skip


def _under_own(t: Script, *, first: bool) -> Word:
    """Terms that forbid a use for whatever purpose, and a consent to it before or after."""
    granted = t.grant(None) if first else None
    proffered = t.proffer(body={"choices": [{"document": NO_LETTERS}]})
    ref = {"id": NO_LETTERS["id"], "digest": trust.digest(trust.canonicalize(NO_LETTERS))}
    t.say("terms.accept", {"terms": ref}, proffered.thread, by="vendor")
    body: Body = {"lines": [{"name": "Boots", "price": euros("100.00")}], "under": ref}
    return t.offer(None, body={**body, "basis": (granted or t.grant(None)).ref})


def _then(*words: Word) -> Word:
    return words[-1]


def _basis_replaced(t: Script, *beside: Body, newer: bool = False) -> Word:
    t.agree("SD-BASE")
    first = t.grant(None, item("news"), *beside)
    again = t.grant(first, item("news"), body={"statement": "Write to me about boots alone."})
    return _offered(t, again if newer else first)


def _basis_refused(t: Script) -> Word:
    t.agree("SD-BASE")
    first = t.grant(None)
    late = t.grant(first, item("news"), expires=t.now)
    return _offered(t, late)


def _basis_other_id(t: Script) -> Word:
    t.agree("SD-BASE")
    granted = t.grant(None)
    body: Body = {"lines": [{"name": "Boots", "price": euros("100.00")}], "under": terms("SD-BASE")}
    return t.offer(None, body={**body, "basis": {**granted.ref, "id": uuid("another")}})


def _under_scoped(t: Script) -> Word:
    wished = t.cast()
    proffered = t.proffer("SD-BASE", body={"scope": wished.ref})
    t.accept_terms(proffered, "SD-BASE")
    return _offered(t, t.grant(None))


# Wishes, offers, orders


def _wishes() -> Iterator[Case]:
    for name, says, ref, where in (
        ("carried-other-digest", "Terms that were carried go by their digest", OTHER_REF, "digest"),
        ("carried-other-document", "Another document of their id is refused", {"document": OTHER}, "document/id"),
    ):
        yield fold(
            name, says, "TRM-1", "ar", "open",
            lambda t, ref=ref: _amended(t, {"document": OWN}, ref),
            problems={2: f"terms-mismatch /body/terms/0/{where} TRM-1"},
        )  # fmt: skip
        yield fold(
            f"{name}-later", f"{says}, also after a wish that named others", "TRM-1", "aar", "open",
            lambda t, ref=ref: _amended(t, {"document": OWN}, terms("PDC-INTENT"), ref),
            problems={3: f"terms-mismatch /body/terms/0/{where} TRM-1"},
        )  # fmt: skip
        choice = where.replace("/", "-")
        yield fold(
            f"choices-{choice}", f"{says}, also within one proffer", "TRM-1", "r", "none",
            lambda t, ref=ref: t.proffer(body={"choices": [{"document": OWN}, ref]}),
            problems={1: f"terms-mismatch /body/choices/1/{where} TRM-1"},
        )  # fmt: skip
    yield fold(
        "carried-again", "By their digest, and carried again, after a wish that named others", "TRM-1", "aaaa", "open",
        lambda t: _amended(t, {"document": OWN}, terms("PDC-INTENT"), OWN_REF, {"document": OWN}),
    )  # fmt: skip
    yield fold(
        "decline-expired", "Declining an offer that has expired changes nothing", "OFR-9 SEQ-10", "aam", "open",
        lambda t: _declined(t, 0),
    )  # fmt: skip
    yield fold(
        "decline-in-time", "Until then it does", "OFR-9", "aaa", "open", lambda t: _declined(t, 1)
    )  # fmt: skip
    yield fold(
        "payment-not-taken", "A way of payment that the offer does not take", "OFR-9", "aar", "open",
        lambda t: _paid(t, "cash", "99.00"), problems={3: "unknown-reference /body/payment/0/method OFR-9"},
    )  # fmt: skip
    yield fold(
        "payment-taken", "One that it takes", "OFR-9", "aaa", "ordered", lambda t: _paid(t, "invoice", "100.00")
    )  # fmt: skip
    yield fold(
        "total-not-the-offers", "Another total", "OFR-10", "aar", "open", lambda t: _paid(t, "invoice", "99.00"),
        problems={3: "wrong-total /body/total OFR-10"},
    )  # fmt: skip
    for name, says, body, where in (
        ("price", "A price in another currency, though the sum is right",
         {"total": {"amount": "100.00", "currency": "USD"}}, "lines/0/price"),
        ("adjustment", "An adjustment in another currency, though the sum is right",
         {"adjustments": [{"kind": "fee", "amount": {"amount": "0.00", "currency": "USD"}}]}, "adjustments/0/amount"),
    ):  # fmt: skip
        yield fold(
            f"currency-of-the-{name}", says, "OFR-2", "av", "open",
            lambda t, body=body: t.offer(t.cast(), body=body),
            problems={2: f"wrong-total /body/{where}/currency OFR-2"},
        )  # fmt: skip
    yield fold(
        "confirmed-in-no-thread", "A vendor's word in a thread that nobody opened", "RCV-15", "v", "none",
        lambda t: t.say("order.confirm", {"reference": "R-1", "total": euros("1.00")}, uuid("nothing")),
        problems={1: "unknown-thread /thread"},
    )  # fmt: skip
    for name, says, then in (
        ("amended", "An amendment", lambda t, wished: t.amend(wished)),
        ("ordered", "The acceptance of an offer", lambda t, wished: t.accept(t.offer(wished))),
        ("withdrawn", "The end of the wish", lambda t, wished: t.say("intent.withdraw", {}, wished.thread)),
    ):  # fmt: skip
        more = "a" if name == "ordered" else ""
        yield fold(
            f"proffer-before-{name}", f"{says} that a proffer for the wish's data does not know", "TRM-12",
            f"a{more}ar", "none", lambda t, then=then: _proffered_for(t, then, knows=False),
            problems={3 + len(more): "stale /seen TRM-12"},
        )  # fmt: skip
        yield fold(
            f"proffer-after-{name}", f"{says} that it knows", "TRM-12", f"a{more}aa", "proffered",
            lambda t, then=then: _proffered_for(t, then, knows=True),
        )  # fmt: skip
    yield fold(
        "accepted-before-amended", "Terms for a wish's data that are accepted after the wish was amended", "TRM-10",
        "aaav", "proffered", lambda t: _accepted_for(t, late=True), problems={4: "wrong-state /type TRM-10"},
    )  # fmt: skip
    yield fold(
        "accepted-in-time", "And before", "TRM-10", "aaaa", "active", lambda t: _accepted_for(t, late=False)
    )  # fmt: skip
    yield fold(
        "terms-of-a-cancelled-order", "The terms of the accepted offer permit until the order is cancelled", "ORD-5",
        "aaaa", "cancelled", _cancelled_order,
        asks=[(OF_THE_WISH, {"at": "2026-03-01T12:03:30.000Z"}, "permit agreement"),
              (OF_THE_WISH, {"at": NEXT_DAY}, "deny agreement-ended")],
    )  # fmt: skip
    yield fold(
        "disclosed-elsewhere", "The terms of a thread permit nothing with data that was disclosed in another",
        "DEC-19", "aaaa", "open", _disclosed_elsewhere,
        asks=[({**OF_THE_WISH, "data": "pd:Name"}, {"at": NEXT_DAY}, "deny no-word"),
              ({**OF_THE_WISH, "data": "pd:EmailAddress"}, {"at": NEXT_DAY}, "permit agreement")],
    )  # fmt: skip
    yield fold(
        "disclosed-now", "Now every word that is held counts, also what was disclosed by a clock that is ahead",
        "DEC-19", "aa", "open", _offered_to_one_who_disclosed,
        asks=[({**OF_THE_WISH, "data": "pd:EmailAddress"}, {"at": NOON, "now": True}, "permit agreement"),
              ({**OF_THE_WISH, "data": "pd:EmailAddress"}, {"at": NOON}, "deny no-word")],
    )  # fmt: skip
    yield fold(
        "disclosed-twice", "The same datum is disclosed once, the first time; another value is another datum", "ORD-1",
        "aaaaa", "ordered", _disclosed_twice,
    )  # fmt: skip


OF_THE_WISH = question(purpose="dpv:ServiceUsageAnalytics", data="pd:Intention", thread="here")


def _offered_to_one_who_disclosed(t: Script) -> Word:
    wished = t.cast("SD-BASE-A", discloses=[{"data": "pd:EmailAddress", "value": "a@customer.example"}])
    return t.offer(wished, body={"under": terms("SD-BASE-A")})


def _disclosed_elsewhere(t: Script) -> Word:
    other = t.cast("SD-BASE-A", discloses=[{"data": "pd:Name", "value": "A. Customer"}])
    t.offer(other, body={"under": terms("SD-BASE-A")})
    return _offered_to_one_who_disclosed(t)


def _proffered_for(t: Script, then: Any, *, knows: bool) -> Word:
    wished = t.cast()
    known = {} if knows else {"prior": wished.digest, "seen": t.tip}
    then(t, wished)
    return t.proffer("SD-BASE", body={"scope": wished.ref}, **known)


def _accepted_for(t: Script, *, late: bool) -> Word:
    wished = t.cast()
    proffered = t.proffer("SD-BASE", body={"scope": wished.ref})
    if late:
        t.amend(wished)
    t.accept_terms(proffered, "SD-BASE")
    if not late:
        t.amend(wished)
    return proffered


def _cancelled_order(t: Script) -> Word:
    made = t.offer(t.cast("SD-BASE-A"), body={"under": terms("SD-BASE-A")})
    t.accept(made)
    return t.cancel(made, "customer")


def _amended(t: Script, first: Body, *then: Body) -> Word:
    wished = t.say("intent.cast", {**wish(), "terms": [first]})
    for ref in then:
        word = t.say("intent.amend", {**wish(), "terms": [ref]}, wished.thread)
    return word


def _declined(t: Script, milliseconds: int) -> Word:
    made = t.offer(t.cast(), hours=1)
    at = instant(moment(str(made.message["expires"])) - timedelta(milliseconds=milliseconds))
    word = t.word("offer.decline", {"offer": made.ref, "reason": "price"}, made.thread)
    return t.place(word, at)


def _paid(t: Script, payment: str, amount: str) -> Word:
    made = t.offer(t.cast(), body={**offer(), "payment": ["invoice", "card"]})
    return t.accept(made, amount, body={"payment": [{"method": payment}]})


def _disclosed_twice(t: Script) -> Word:
    name = {"data": "pd:Name", "value": "A. Customer"}
    wished = t.cast(discloses=[name, name])
    t.accept(t.offer(wished))
    t.say("order.disclose", {"discloses": [name, {"data": "pd:Name", "value": "B. Customer"}]}, wished.thread)
    return t.say("order.disclose", {"discloses": [name]}, wished.thread)


# First entries that are moot


def _openers() -> Iterator[Case]:
    openers: list[tuple[str, Body, str, Body, str, str, Body]] = [
        ("consent.withdraw", {}, "consent.grant", _given(), "given", "intent.cast", wish()),
        ("terms.decline", {"reason": "other"}, "terms.proffer", {"choices": [terms("SD-BASE")]}, "proffered",
         "consent.grant", _given()),
        ("intent.withdraw", {}, "intent.cast", wish(), "open", "consent.grant", _given()),
    ]  # fmt: skip
    for no, body, opener, said, state, other, strange in openers:
        family = opener.partition(".")[0]
        yield fold(
            f"moot-first-{family}", "Who knows a no-word that came first opens its thread all the same", "SEQ-9", "ma",
            state, lambda t, a=(no, body, opener, said): _opened(t, *a),
        )  # fmt: skip
        yield fold(
            f"moot-first-{family}-unknown", "Who does not know it is stale", "SEQ-9 SEQ-4", "mr", "none",
            lambda t, a=(no, body, opener, said): _opened(t, *a, prior=None, seen=None),
            problems={2: "stale /seen SEQ-4"},
        )  # fmt: skip
        yield fold(
            f"moot-first-{family}-other", "It fixes the family", "LIF-2", "mr", "none",
            lambda t, a=(no, body, other, strange): _opened(t, *a), problems={2: "wrong-state /type LIF-1"},
        )  # fmt: skip


def _given() -> Body:
    return {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z", "statement": "Write to me."}


def _opened(t: Script, no: str, body: Body, opener: str, said: Body, **links: Any) -> Word:
    thread = uuid(f"{t.name} thread")
    t.say(no, body, thread)
    return t.say(opener, said, thread, id=thread, **links)
