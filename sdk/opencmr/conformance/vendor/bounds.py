"""How far a grant may go, and which of several faults is told (`spec/v1/consent/page.md`, `spec/v1/vocabulary.md`)."""

from collections.abc import Callable
from typing import Any

from ..hand import Bench, Document, Hand
from ..suite import Page
from .says import asked, grant, item_of, proffer, unasked

page: Page[Bench] = Page("consent", "vendor")
vocabulary: Page[Bench] = Page("vocabulary", "vendor")

CHAT = 2
"""Which item of the request in test mode has all bounds."""
BIKES, SHOES, BAGS = ({"scheme": "text", "code": code} for code in ("bikes", "shoes", "bags"))
ADS = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
DAYS = {"period": "P30D", "after": "consentEnds"}

_WIDER: list[tuple[str, str, str, Any, str]] = [
    ("named-only", "an action that has to be named", "actions", ["dpv:Tracking"], "actions/0"),
    ("disclosed", "disclosing below an action that was asked for", "actions", ["dpv:Use", "dpv:Transmit"], "actions/1"),
    ("channel-beside", "a channel beside the messengers", "channels", ["whatsApp", "sms"], "channels/1"),
    ("topic-other", "another topic", "topics", [BIKES, BAGS], "topics/1"),
    ("topic-scheme", "a topic of another scheme", "topics", [{**BIKES, "scheme": "gpc"}], "topics/0"),
    ("topics-absent", "no topic, which means any", "topics", None, "topics"),
    ("stored-larger", "a larger group of countries", "storedIn", ["EEA"], "storedIn/0"),
    ("stored-beside", "a country outside of the group", "storedIn", ["IE", "NO"], "storedIn/1"),
    ("stored-overseas", "a territory that is no part of the group", "storedIn", ["FR", "FR-NC"], "storedIn/1"),
    ("stored-device", "the customer's device, which lies in no country", "storedIn", ["device"], "storedIn/0"),
    ("stored-absent", "no place, which means any", "storedIn", None, "storedIn"),
    ("kept-a-day-longer", "a day more of retention", "retention", {**DAYS, "period": "P31D"}, "retention"),
    ("kept-two-months", "a longer retention", "retention", {**DAYS, "period": "P2M"}, "retention"),
    ("kept-after-other", "a retention after something else", "retention", {**DAYS, "after": "orderDone"}, "retention"),
    ("kept-until", "a retention of another form", "retention", {"until": "2026-01-01T00:00:00.000Z"}, "retention"),
    ("kept-absent", "no retention, which means for ever", "retention", None, "retention"),
    ("authority", "an authority", "recipients", [{**ADS, "role": "authority", "id": "https://court.example/"}],
     "recipients/0"),
    ("joint", "a joint controller", "recipients",
     [ADS, {**ADS, "role": "jointController", "id": "https://joint.example/"}], "recipients/1"),
    ("category", "a category of recipients", "recipients", [{"name": "Partners", "role": "thirdParty"}],
     "recipients/0"),
]  # fmt: skip
_WITHIN: list[tuple[str, str, str, Any]] = [
    ("one-messenger", "one messenger", "channels", ["whatsApp"]),
    ("one-topic", "one topic, with a label", "topics", [{**SHOES, "label": "Shoes"}]),
    ("member", "a country of the group, and a part of another", "storedIn", ["IE", "FR-IDF"]),
    ("kept-a-month", "a month, which counts as 30 days", "retention", {**DAYS, "period": "P1M"}),
    ("processor", "a processor more", "recipients", [ADS, {"name": "Mailer", "role": "processor"}]),
]


def _changed(request: Document, member: str, value: Any) -> Document:
    item = {name: part for name, part in item_of(request, CHAT).items() if name != member}
    return item if value is None else {**item, member: value}


def _wider(member: str, value: Any, pointer: str) -> Callable[[Bench], Any]:
    async def wider(bench: Bench) -> None:
        hand = Hand(bench)
        request = await asked(hand)
        document = grant(hand, request, _changed(request, member, value))
        await hand.refused(document, "wider-than-asked", f"/body/items/0/{pointer}", "CNS-1")

    return wider


def _within(member: str, value: Any) -> Callable[[Bench], Any]:
    async def within(bench: Bench) -> None:
        hand = Hand(bench)
        request = await asked(hand)
        await hand.accepted(grant(hand, request, _changed(request, member, value)), "given")

    return within


for _name, _what, _member, _value, _pointer in _WIDER:
    page.add(f"wider-{_name}", f"A grant with {_what} is refused", "CNS-1")(_wider(_member, _value, _pointer))
for _name, _what, _member, _value in _WITHIN:
    page.add(f"within-{_name}", f"A grant with {_what} is taken", "CNS-1")(_within(_member, _value))


@page.add("discloses", "What goes with a grant is no more than what it grants", "CNS-12")
async def discloses(bench: Bench) -> None:
    """In answer to a request, and unasked."""
    email, phone = ({"data": "pd:EmailAddress", "value": "a@b.example"},
                    {"data": "pd:TelephoneNumber", "value": "+436601234567"})  # fmt: skip
    hand = Hand(bench)
    request = await asked(hand)
    news = item_of(request, 0)
    more = grant(hand, request, news, discloses=[email, phone])
    await hand.refused(more, "wider-than-asked", "/body/discloses/1/data", "CNS-12")
    await hand.accepted(grant(hand, request, news, discloses=[email]), "given")
    document = unasked(hand)
    document["body"]["discloses"] = [phone]
    await hand.refused(document, "wider-than-asked", "/body/discloses/0/data", "CNS-12")


@page.add("unknown-first", "A grant with an unknown term that is too wide has an unknown term", "VOC-1", "LIF-3")
async def unknown_first(bench: Bench) -> None:
    """Terms come before what was asked for."""
    hand = Hand(bench)
    request = await asked(hand)
    unknown = {**_changed(request, "storedIn", ["CH"]), "purposes": ["dpv:NoSuchPurpose"]}
    await hand.refused(grant(hand, request, unknown), "unknown-term", "/body/items/0/purposes/0", "LIF-3")


@page.add("late-first", "A grant that is late and too wide is late", "CNS-9", "LIF-3")
async def late_first(bench: Bench) -> None:
    """Test mode: a request for 2 seconds. One with an unknown term has that all the same."""
    hand = Hand(bench)
    request = await asked(hand, "test: ask for 2 seconds")
    wider = _changed(request, "storedIn", ["CH"])
    await bench.sleep(2.2)
    await hand.refused(grant(hand, request, wider), "expired", "/created", "CNS-9")
    unknown = {**wider, "purposes": ["dpv:NoSuchPurpose"]}
    await hand.refused(grant(hand, request, unknown), "unknown-term", "/body/items/0/purposes/0", "VOC-1")


@page.add("statement-alone", "A grant that nobody asked for needs a statement, and no controller", "CNS-3")
async def statement_alone(bench: Bench) -> None:
    """And a controller is no statement."""
    hand = Hand(bench)
    await hand.accepted(unasked(hand), "given")
    document = unasked(hand)
    document["body"]["controller"] = [{"name": "A vendor", "role": "controller"}]
    del document["body"]["statement"]
    await hand.refused(document, "unasked-without-statement", "/body/statement", "CNS-3")


@vocabulary.add("kinds", "A term of another table is unknown", "VOC-1")
async def kinds(bench: Bench) -> None:
    """An action is no purpose, and a purpose no kind of data."""
    for member, term in (("actions", "dpv:Marketing"), ("purposes", "dpv:Use"), ("data", "dpv:Use")):
        hand = Hand(bench)
        document = unasked(hand)
        document["body"]["items"][0][member] = [term]
        await hand.refused(document, "unknown-term", f"/body/items/0/{member}/0", "VOC-1")


@vocabulary.add("duties", "A duty that the table does not have is unknown", "VOC-1")
async def duties(bench: Bench) -> None:
    """In terms that the customer carries. One that it has is taken."""
    hand = Hand(bench)
    for duty in ("ieee-7012:NoSuchDuty", "dpv:Erase"):
        await hand.refused(proffer(hand, "test: say nothing", [_obliging(duty)]), "unknown-term",
                           "/body/choices/0/document/rules/0/duty", "VOC-1")  # fmt: skip
    known = _obliging("ieee-7012:DataDeletionOnRequest")
    await hand.accepted(proffer(hand, "test: say nothing", [known]), "proffered")


@vocabulary.add("shapes", "A datum has the shape of its term", "VOC-2")
async def shapes(bench: Bench) -> None:
    """What has no shape of its own is free."""
    wrong: list[tuple[str, Any, str]] = [
        ("pd:PhysicalAddress", "Lindengasse 14, Vienna", ""),
        ("pd:PhysicalAddress", {"addressCountry": "Austria"}, "/addressCountry"),
        ("pd:Name", {"first": "Alice"}, "/first"),
        ("pd:EmailAddressWork", "alice", ""),
        ("pd:TelephoneNumber", "0660 1234567", ""),
        ("opencmr:DrivingLicence", {"country": "AT"}, "/number"),
    ]
    for term, value, where in wrong:
        hand = Hand(bench)
        document = _telling(hand, term, value)
        await hand.problem(hand.sign(document), "malformed", f"/body/discloses/0/value{where}")
    right = {"pd:PhysicalAddress": {"addressLocality": "Vienna"}, "pd:Interest": [{"any": "thing"}]}
    for term, value in right.items():
        hand = Hand(bench)
        await hand.accepted(_telling(hand, term, value), "given")


def _telling(hand: Hand, term: str, value: Any) -> Document:
    document = unasked(hand)
    document["body"]["items"][0]["data"] = [term]
    document["body"]["discloses"] = [{"data": term, "value": value}]
    return document


def _obliging(duty: str) -> Document:
    rules = [{"effect": "oblige", "duty": duty, "by": ["vendor"]}]
    return {"document": {"id": "https://alice.example/terms/duty", "version": "1", "title": "Mine", "rules": rules}}
