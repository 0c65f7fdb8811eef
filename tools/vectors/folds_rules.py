"""Rules across members, each where a fold that leaves it out differs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from opencmr import trust
from opencmr.protocol import instant, moment

from .conversation import NOON, Body, Script, Word, euros, item, offer, terms, wish
from .folds import fold, question
from .writing import Case, uuid

LAB, HOST = "https://lab.example/", "https://host.example/"
OWN = {
    "id": "https://customer.example/terms", "version": "1", "title": "My terms",
    "rules": [{"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor"]}],
}  # fmt: skip
OTHER = {**OWN, "version": "2"}
OWN_REF, OTHER_REF = ({"id": each["id"], "digest": trust.digest(trust.write(each))} for each in (OWN, OTHER))
JUNE, SEPTEMBER = "2026-06-01T00:00:00.000Z", "2026-09-01T00:00:00.000Z"
NOON_OF_THE_NEXT_DAY = "2026-03-02T12:00:00.000Z"
LATER = "2027-02-01T00:00:00.000Z"


def rules_folds() -> list[Case]:
    return [*_grants(), *_kinds(), *_bases(), *_wishes(), *_openers()]


# Grants within what was asked


def _ask(t: Script, *items: Body, **more: Any) -> Word:
    body = {
        "items": list(items),
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": "2027-01-01T00:00:00.000Z",
    }
    return t.say("consent.request", body, **more)


def _kept(period: str, after: str = "consentEnds") -> Body:
    return {"retention": {"period": period, "after": after}}


def _party(role: str, uri: str | None = None, name: str = "A party") -> Body:
    return {"name": name, "role": role, **({"id": uri} if uri else {})}


def _to(*parties: Body) -> Body:
    return {"recipients": list(parties)}


BOUNDS: list[tuple[str, str, Body, Body, str | None]] = [
    ("tracking-below-use", "Tracking lies below a use, and is reached by its name alone",
     {}, {"actions": ["dpv:Tracking"]}, "actions/0"),
    ("profiling-beside-use", "Profiling too, beside what was asked for",
     {}, {"actions": ["dpv:Use", "dpv:Profiling"]}, "actions/1"),
    ("tracking-by-its-name", "Tracking that was asked for by its name",
     {"actions": ["dpv:Tracking"]}, {"actions": ["dpv:Tracking"]}, None),
    ("below-use", "What lies below a use, and is not named-only",
     {}, {"actions": ["dpv:Consult"]}, None),
    ("retention-longer", "31 days are longer than a month", _kept("P1M"), _kept("P31D"), "retention"),
    ("retention-month", "30 days are a month", _kept("P1M"), _kept("P30D"), None),
    ("retention-months", "Twelve months are shorter than a year", _kept("P1Y"), _kept("P12M"), None),
    ("retention-year", "A year is longer than twelve months", _kept("P12M"), _kept("P1Y"), "retention"),
    ("retention-leap-year", "366 days are longer than a year", _kept("P1Y"), _kept("P366D"), "retention"),
    ("retention-days-of-a-year", "365 days are a year", _kept("P1Y"), _kept("P365D"), None),
    ("retention-weeks", "Four weeks are 28 days", _kept("P28D"), _kept("P4W"), None),
    ("retention-weeks-longer", "And not 27", _kept("P27D"), _kept("P4W"), "retention"),
    ("retention-hours", "24 hours are a day", _kept("P1D"), _kept("PT24H"), None),
    ("retention-hours-longer", "25 are more", _kept("P1D"), _kept("PT25H"), "retention"),
    ("retention-days-and-hours", "A day and an hour are 25 hours", _kept("PT25H"), _kept("P1DT1H"), None),
    ("retention-days-and-hours-longer", "And not 24", _kept("PT24H"), _kept("P1DT1H"), "retention"),
    ("retention-minutes", "60 minutes are an hour", _kept("PT1H"), _kept("PT60M"), None),
    ("retention-minutes-longer", "61 are more", _kept("PT1H"), _kept("PT61M"), "retention"),
    ("retention-other-event", "Two periods compare from the same event on",
     _kept("P1M"), _kept("P1D", "orderDone"), "retention"),
    ("retention-absent", "No bound where one was asked for", _kept("P1M"), {}, "retention"),
    ("retention-unasked", "A bound where none was asked for", {}, _kept("P1M"), None),
    ("retention-moment-for-period", "A moment is no period",
     _kept("P1M"), {"retention": {"until": "2026-03-02T00:00:00.000Z"}}, "retention"),
    ("retention-period-for-moment", "A period is no moment",
     {"retention": {"until": LATER}}, _kept("P1D"), "retention"),
    ("retention-moment", "The same moment", {"retention": {"until": LATER}}, {"retention": {"until": LATER}}, None),
    ("retention-later", "A millisecond later",
     {"retention": {"until": LATER}}, {"retention": {"until": "2027-02-01T00:00:00.001Z"}}, "retention"),
    ("stored-elsewhere", "A country that was not asked for",
     {"storedIn": ["DE", "IE"]}, {"storedIn": ["IE", "FR"]}, "storedIn/1"),
    ("stored-anywhere", "Any country where some were asked for", {"storedIn": ["DE"]}, {}, "storedIn"),
    ("stored-in-a-part", "A part of a country that was asked for", {"storedIn": ["DE"]}, {"storedIn": ["DE-BY"]}, None),
    ("stored-in-the-whole", "The whole where a part was asked for",
     {"storedIn": ["DE-BY"]}, {"storedIn": ["DE"]}, "storedIn/0"),
    ("stored-unasked", "Some countries where any were asked for", {}, {"storedIn": ["FR"]}, None),
    ("channels-anywhere", "Any channel where one was asked for", {"channels": ["email"]}, {}, "channels"),
    ("channels-other", "A channel that was not asked for",
     {"channels": ["email"]}, {"channels": ["email", "phone"]}, "channels/1"),
    ("channels-unasked", "One channel where any was asked for", {}, {"channels": ["phone"]}, None),
    ("recipient-unasked", "A third party that was not asked for", {}, _to(_party("thirdParty", LAB)), "recipients/0"),
    ("recipient-other", "Another one", _to(_party("thirdParty", LAB)), _to(_party("thirdParty", HOST)), "recipients/0"),
    ("recipient-other-name", "The same by another name",
     _to(_party("thirdParty", LAB)), _to(_party("thirdParty", LAB, "Another name")), None),
    ("recipient-other-role", "A processor that was asked for is no third party",
     _to(_party("processor", LAB)), _to(_party("thirdParty", LAB)), "recipients/0"),
    ("recipient-processor", "A processor need not be asked for", {}, _to(_party("processor", LAB)), None),
    ("recipient-left-out", "Nobody where a third party was asked for", _to(_party("thirdParty", LAB)), {}, None),
]  # fmt: skip


def _bound(asked: Body, granted: Body) -> Any:
    return lambda t: t.grant(_ask(t, item("news", **asked)), item("news", **granted))


def _grants() -> Iterator[Case]:
    for name, says, asked, granted, wrong in BOUNDS:
        if wrong is None:
            yield fold(f"within-{name}", says, "CNS-1", "aa", "given", _bound(asked, granted))
            continue
        problems = {2: f"wider-than-asked /body/items/0/{wrong} CNS-1"}
        yield fold(f"wider-{name}", says, "CNS-1", "ar", "requested", _bound(asked, granted), problems=problems)
    more = {"data": ["pd:EmailAddress", "pd:Name"]}
    yield fold(
        "wider-in-two-members", "Of two members of an item the first is told", "CNS-1", "ar", "requested",
        _bound({}, {**more, "purposes": ["dpv:Marketing"]}),
        problems={2: "wider-than-asked /body/items/0/data/1 CNS-1"},
    )  # fmt: skip
    yield fold(
        "wider-in-two-items", "Of two items the first is told, and items before the whole", "CNS-1 CNS-2", "ar",
        "requested",
        lambda t: t.grant(t.ask(), item("study", **more), item("news", purposes=["dpv:Marketing"]), until=LATER),
        problems={2: "wider-than-asked /body/items/0/data/1 CNS-1"},
    )  # fmt: skip
    yield fold(
        "wider-other-key", "A key that was not asked for", "CNS-1", "ar", "requested",
        lambda t: t.grant(t.ask("news"), item("news"), item("study")),
        problems={2: "wider-than-asked /body/items/1/key CNS-1"},
    )  # fmt: skip
    yield fold(
        "longer-whole", "A grant that ends later than was asked for", "CNS-2", "ar", "requested",
        lambda t: t.grant(t.ask(), until="2027-01-01T00:00:00.001Z"),
        problems={2: "wider-than-asked /body/until CNS-2"},
    )  # fmt: skip
    yield fold(
        "longer-item", "An item that ends later than was asked for", "CNS-2", "ar", "requested",
        lambda t: t.grant(t.ask(), item("news", until="2027-01-01T00:00:00.001Z")),
        problems={2: "wider-than-asked /body/items/0/until CNS-2"},
    )  # fmt: skip
    yield fold(
        "late-and-wider", "A grant that is late and wider is late", "CNS-9", "ar", "requested",
        lambda t: _late(t, item("news", **more)), problems={2: "expired /created CNS-9"},
    )  # fmt: skip
    yield fold(
        "late-while-given", "While one item is given, another may be granted after the request has expired", "CNS-9",
        "aaa", "given", _late_while_given,
    )  # fmt: skip
    yield fold(
        "late-while-given-wider", "It is held to the request all the same", "CNS-9 CNS-1", "aar", "given",
        lambda t: _late_while_given(t, **more), problems={3: "wider-than-asked /body/items/0/data/1 CNS-1"},
    )  # fmt: skip
    yield fold(
        "replaced-and-before", "What an item permitted before it was replaced, it permitted", "CNS-5", "aa", "given",
        _replaced,
        asks=[
            (question(data="pd:TelephoneNumber"), {"at": "2026-03-01T12:01:30.000Z"}, "permit consent"),
            (question(data="pd:TelephoneNumber"), {"at": NOON_OF_THE_NEXT_DAY}, "deny consent-expired"),
        ],
    )  # fmt: skip
    yield fold(
        "no-after-another-no", "A no about another item leaves what a later no takes back, for it does not know what "
        "replaced it", "SEQ-35 CNS-6", "aaaaa", "withdrawn", _no_after_another,
        asks=[(question(data="pd:TelephoneNumber"), {"at": NOON_OF_THE_NEXT_DAY}, "deny withdrawn")],
    )  # fmt: skip
    yield fold(
        "item-ends-first", "An item ends with the whole or by itself, whichever comes first", "CNS-10", "aa", "given",
        lambda t: t.grant(t.ask(), item("news", until=JUNE), item("study"), until=SEPTEMBER),
        asks=[
            (question(data="pd:EmailAddress"), {"at": "2026-05-31T23:59:59.999Z"}, "permit consent"),
            (question(data="pd:EmailAddress"), {"at": JUNE}, "deny consent-expired"),
            (question(purpose="dpv:ResearchAndDevelopment", data="pd:EmailAddress"),
             {"at": "2026-08-31T23:59:59.999Z"}, "permit consent"),
            (question(purpose="dpv:ResearchAndDevelopment", data="pd:EmailAddress"),
             {"at": SEPTEMBER}, "deny consent-expired"),
        ],
    )  # fmt: skip


def _replaced(t: Script) -> Word:
    wide = t.grant(None, item("news", data=["pd:EmailAddress", "pd:TelephoneNumber"]))
    return t.grant(wide, item("news"), body={"statement": "By e-mail alone."})


def _no_after_another(t: Script) -> Word:
    """The telephone is permitted elsewhere, and was in this thread until a later grant said less."""
    t.grant(None, item("phone", data=["pd:TelephoneNumber"]))
    wide = t.grant(None, item("news", data=["pd:EmailAddress", "pd:TelephoneNumber"]), item("study"))
    known = {"prior": wide.digest, "seen": t.tip}
    t.grant(wide, item("news"), body={"statement": "By e-mail alone."})
    t.withdraw(wide, "study", **known)
    return t.withdraw(wide, **known)


def _late(t: Script, *items: Body) -> Word:
    asked = t.ask("news", expires=t.after(minutes=5))
    t.later(minutes=10)
    return t.grant(asked, *items)


def _late_while_given(t: Script, **wider: Any) -> Word:
    asked = t.ask(expires=t.after(minutes=5))
    t.grant(asked)
    t.later(minutes=10)
    return t.grant(asked, item("study", **wider))


# Kinds of terms


def _kinds() -> Iterator[Case]:
    for member, right, wrong in (
        ("purposes", "dpv:DirectMarketing", ("pd:EmailAddress", "dpv:Use")),
        ("data", "pd:EmailAddress", ("dpv:DirectMarketing", "dpv:Use")),
        ("actions", "dpv:Use", ("dpv:DirectMarketing", "pd:EmailAddress")),
    ):
        for number, term in enumerate(wrong, 1):
            yield fold(
                f"kind-{member}-{number}", f"{term} is none of the {member}", "CNS-1", "r", "none",
                lambda t, member=member, terms=(right, term): t.grant(None, item("news", **{member: list(terms)})),
                problems={1: f"unknown-term /body/items/0/{member}/1 VOC-1"},
            )  # fmt: skip
    rule = {"effect": "permit", "action": "dpv:Use", "purpose": "dpv:Marketing", "data": "pd:Name", "by": ["vendor"]}
    for member, term in (("action", "dpv:Marketing"), ("purpose", "pd:Name"), ("data", "dpv:Use")):
        document = {"document": {**OWN, "rules": [rule, {**rule, member: term}]}}
        yield fold(
            f"kind-rule-{member}", f"{term} is no {member} of a rule", "TRM-2", "r", "none",
            lambda t, document=document: t.proffer(body={"choices": [document]}),
            problems={1: f"unknown-term /body/choices/0/document/rules/1/{member} VOC-1"},
        )  # fmt: skip
    named = [{"data": "pd:Name", "value": "A. Customer"}, {"data": "dpv:Use", "value": "x"}]
    yield fold(
        "kind-disclosed", "What a cast discloses is data", "LIF-1", "r", "none", lambda t: t.cast(discloses=named),
        problems={1: "unknown-term /body/discloses/1/data VOC-1"},
    )  # fmt: skip
    yield fold(
        "kind-disclosed-for-the-order", "And what an order discloses", "LIF-1", "aaar", "ordered",
        lambda t: t.say("order.disclose", {"discloses": named}, t.order().thread),
        problems={4: "unknown-term /body/discloses/1/data VOC-1"},
    )  # fmt: skip
    yield fold(
        "kind-on-acceptance", "And what is to be disclosed on acceptance", "LIF-1", "r", "none",
        lambda t: t.cast(onAccept=["pd:Name", "dpv:Marketing"]), problems={1: "unknown-term /body/onAccept/1 VOC-1"},
    )  # fmt: skip
    yield fold(
        "kind-needed", "And what an offer needs", "LIF-1", "av", "open",
        lambda t: t.offer(t.cast(), body={"needs": ["pd:Name", "dpv:Use"]}),
        problems={2: "unknown-term /body/needs/1 VOC-1"},
    )  # fmt: skip


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
    ref = {"id": NO_LETTERS["id"], "digest": trust.digest(trust.write(NO_LETTERS))}
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
              (OF_THE_WISH, {"at": NOON_OF_THE_NEXT_DAY}, "deny agreement-ended")],
    )  # fmt: skip
    yield fold(
        "disclosed-elsewhere", "The terms of a thread permit nothing with data that was disclosed in another",
        "DEC-19", "aaaa", "open", _disclosed_elsewhere,
        asks=[({**OF_THE_WISH, "data": "pd:Name"}, {"at": NOON_OF_THE_NEXT_DAY}, "deny no-word"),
              ({**OF_THE_WISH, "data": "pd:EmailAddress"}, {"at": NOON_OF_THE_NEXT_DAY}, "permit agreement")],
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
