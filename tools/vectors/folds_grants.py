"""Grants within what was asked, and terms of the right kind: each where a fold that leaves it out differs."""

from collections.abc import Iterator
from typing import Any

from opencmr import trust

from .conversation import NEW_YEAR, Body, Script, Word, item
from .folds import fold, question
from .writing import Case

LAB, HOST = "https://lab.example/", "https://host.example/"
JUNE, SEPTEMBER = "2026-06-01T00:00:00.000Z", "2026-09-01T00:00:00.000Z"
NEXT_DAY = "2026-03-02T12:00:00.000Z"
LATER = "2027-02-01T00:00:00.000Z"
OWN = {
    "id": "https://customer.example/terms", "version": "1", "title": "My terms",
    "rules": [{"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor"]}],
}  # fmt: skip


def grants_folds() -> list[Case]:
    return [*_grants(), *_kinds()]


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
        "longest-item", "An item that ends when the request says", "CNS-2", "aa", "given",
        lambda t: t.grant(t.ask(), item("news", until=NEW_YEAR)),
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
            (question(data="pd:TelephoneNumber"), {"at": NEXT_DAY}, "deny consent-expired"),
        ],
    )  # fmt: skip
    yield fold(
        "no-after-another-no", "A no about another item leaves what a later no takes back, for it does not know what "
        "replaced it", "SEQ-35 CNS-6", "aaaaa", "withdrawn", _no_after_another,
        asks=[(question(data="pd:TelephoneNumber"), {"at": NEXT_DAY}, "deny withdrawn")],
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
