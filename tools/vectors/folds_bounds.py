"""How far a grant may go: what was asked for, the vocabulary, deadlines, and which of several faults is told."""

from typing import Any

from opencmr import trust

from .conversation import Script, Word, euros, item, terms
from .folds import fold, question
from .writing import Case

NOW = {"at": "2026-12-01T00:00:00.000Z"}
BIKES, SHOES, BAGS = ({"scheme": "text", "code": code} for code in ("bikes", "shoes", "bags"))
PARTNERS = {"name": "Advertising partners", "role": "thirdParty"}
ADS = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
COURT = {"name": "Court", "role": "authority", "id": "https://court.example/"}
JOINT = {"name": "Sister Ltd", "role": "jointController", "id": "https://sister.example/"}
MAILER = {"name": "Mailer", "role": "processor", "id": "https://mailer.example/"}
EMAIL = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
PHONE = {"data": "pd:TelephoneNumber", "value": "+436601234567"}
WIDER = "wider-than-asked /body"


def bound_folds() -> list[Case]:
    return [*_places(), *_channels_and_topics(), *_parties(), *_disclosed(), *_first_fault(), *_bases()]


def within(id_: str, says: str, member: str, asked: list[Any], granted: list[Any] | None, wrong: str = "") -> Case:
    """A grant of one member beside what was asked; `wrong`: the pointer below the item, where it is too wide."""
    more = {member: granted} if granted is not None else {}
    problems = {"problems": {2: f"{WIDER}/items/0/{wrong} CNS-1"}} if wrong else {}
    letters, state = ("ar", "requested") if wrong else ("aa", "given")
    return fold(id_, says, "CNS-1", letters, state, lambda t: t.grant(asked_for(t, item("news", **{member: asked})),
                                                                      item("news", **more)), **problems)  # fmt: skip


def _places() -> list[Case]:
    eu, eea, at_home = ["EU"], ["EEA"], ["device"]
    return [
        within("stored-in-a-member", "A member of the group that was asked for", "storedIn", eu, ["IE", "DE"]),
        within("stored-in-a-part-of-a-member", "A part of a member", "storedIn", eu, ["FR-IDF"]),
        within(
            "stored-in-the-part", "A part of a country that the table does not list", "storedIn", ["FR-IDF"], ["FR-IDF"]
        ),
        within("stored-in-the-group", "The group itself", "storedIn", eu, eu),
        within("stored-in-the-smaller-group", "The union lies in the area", "storedIn", eea, eu),
        within("stored-in-the-area", "A country of the area", "storedIn", eea, ["IE", "NO"]),
        within("stored-in-the-larger-group", "The area is wider than the union", "storedIn", eu, eea, "storedIn/0"),
        within("stored-beside-the-union", "Norway is in the area alone", "storedIn", eu, ["IE", "NO"], "storedIn/1"),
        within("stored-in-no-group", "A country that the table does not list", "storedIn", eea, ["CH"], "storedIn/0"),
        within(
            "stored-overseas-in-the-union",
            "The outermost regions are in the union",
            "storedIn",
            eu,
            ["RE", "MF", "FR-973", "FR-GF", "PT-20", "ES-CN", "AX", "FI-01"],
        ),
        within("stored-overseas-in-the-country", "And parts of their country", "storedIn", ["FR"], ["GP", "FR-974"]),
        *(
            within(
                f"stored-overseas-{part}",
                "A territory that is no part of the union",
                "storedIn",
                eu,
                ["FR", part],
                "storedIn/1",
            )
            for part in (
                "FR-NC",
                "FR-PF",
                "FR-WF",
                "FR-TF",
                "FR-PM",
                "FR-BL",
                "FR-CP",
                "FR-988",
                "NL-AW",
                "NL-CW",
                "NL-SX",
                "NL-BQ1",
                "DK-GL",
                "NC",
                "BQ",
            )
        ),
        within(
            "stored-overseas-and-not-in-the-country",
            "Nor of the country that the law of the union holds in",
            "storedIn",
            ["FR"],
            ["FR-NC"],
            "storedIn/0",
        ),
        within(
            "stored-overseas-by-its-own-code",
            "It is what its own code says",
            "storedIn",
            ["NC", "BQ"],
            ["FR-NC", "NL-BQ2"],
        ),
        within("stored-overseas-by-name", "A territory that was asked for", "storedIn", ["FR-NC"], ["FR-NC"]),
        within("stored-on-svalbard", "It is no part of the area", "storedIn", eea, ["NO-03", "NO-21"], "storedIn/1"),
        within("stored-in-the-whole", "A group is wider than its members", "storedIn", ["IE", "DE"], eu, "storedIn/0"),
        within("stored-on-the-device", "The customer's own device", "storedIn", [*eu, *at_home], at_home),
        within("stored-on-no-device", "It lies in no country", "storedIn", eu, at_home, "storedIn/0"),
        within("stored-anywhere", "Absent would mean anywhere", "storedIn", eu, None, "storedIn"),
    ]


def _channels_and_topics() -> list[Case]:
    two = [BIKES, SHOES]
    labelled = [{**SHOES, "label": "Shoes and boots"}]
    return [
        within("one-messenger-of-any", "One messenger, where any was asked for", "channels", ["messenger"], ["signal"]),
        within("any-messenger-of-one", "Any is wider", "channels", ["signal"], ["messenger"], "channels/0"),
        within("another-messenger", "Another is another", "channels", ["signal"], ["signal", "viber"], "channels/1"),
        within("topics-some", "Some of the topics; the label is for people", "topics", two, labelled),
        within("topics-another", "A topic that was not asked for", "topics", two, [BIKES, BAGS], "topics/1"),
        within("topics-absent", "Absent would mean anything", "topics", two, None, "topics"),
        fold("topics-narrow", "A grant about one topic permits no more", "DEC-23 CNS-1", "aa", "given",
             lambda t: t.grant(t.ask("news"), item("news", topics=[BIKES])),
             asks=[(_about(BIKES), NOW, "permit consent"), (_about(SHOES), NOW, "deny no-word"),
                   (question(data="pd:EmailAddress"), NOW, "deny no-word")]),
        fold("from-later", "A grant that begins later", "CNS-10", "aa", "given",
             lambda t: t.grant(t.ask("news"), body={"from": "2026-10-01T00:00:00.000Z"}),
             asks=[(question(data="pd:EmailAddress"), {"at": "2026-09-30T23:59:59.999Z"}, "deny no-word"),
                   (question(data="pd:EmailAddress"), {"at": "2026-10-01T00:00:00.000Z"}, "permit consent")]),
        fold("from-replaces-at-once", "It replaces the item at its place all the same", "CNS-5 CNS-10", "aaa", "given",
             lambda t: t.grant(t.grant(t.ask("news")), body={"from": "2026-10-01T00:00:00.000Z"}),
             asks=[(question(data="pd:EmailAddress"), {"at": "2026-09-01T00:00:00.000Z"}, "deny consent-expired")]),
    ]  # fmt: skip


def _parties() -> list[Case]:
    asked = [PARTNERS, ADS, COURT, JOINT]
    share = question("dpv:Share", data="pd:EmailAddress")
    shared = {"actions": ["dpv:Share"]}
    return [
        within("parties-as-asked", "Third parties by their id, a category by its name", "recipients", asked, asked),
        within("processors-are-no-parties", "A processor counts as the vendor", "recipients", [ADS], [ADS, MAILER]),
        within("authority-not-asked", "An authority is a third party", "recipients", [ADS], [COURT], "recipients/0"),
        within("joint-not-asked", "A joint controller too", "recipients", [ADS], [ADS, JOINT], "recipients/1"),
        within("one-of-a-category", "Asking for a category asks for nobody", "recipients", [PARTNERS], [ADS],
               "recipients/0"),
        within("category-not-asked", "Another category", "recipients", [ADS], [PARTNERS], "recipients/0"),
        fold("category-permits-nobody", "A category of recipients is permitted nothing", "DEC-9", "aa", "given",
             lambda t: t.grant(asked_for(t, item("news", recipients=asked, **shared)),
                               item("news", recipients=[PARTNERS, COURT], **shared)),
             asks=[({**share, "recipient": "third-party"}, NOW, "deny no-word"),
                   ({**share, "recipient": "https://ads.example/"}, NOW, "deny no-word"),
                   ({**share, "recipient": "https://court.example/"}, NOW, "permit consent")]),
    ]  # fmt: skip


def _disclosed() -> list[Case]:
    whole = item("news", data=["pd:Contact"])
    return [
        fold("grant-discloses", "What the items speak of goes with them", "CNS-12", "a", "given",
             lambda t: t.grant(None, item("news", data=["pd:Contact"]), body={"discloses": [EMAIL, PHONE]})),
        fold("grant-discloses-of-another-item", "Of any item of the grant", "CNS-12", "a", "given",
             lambda t: t.grant(None, item("news"), item("study", data=["pd:Name"]), body={"discloses": [EMAIL]})),
        fold("grant-discloses-more", "Data that no item speaks of", "CNS-12", "r", "none",
             lambda t: t.grant(None, body={"discloses": [EMAIL, PHONE]}),
             problems={1: f"{WIDER}/discloses/1/data CNS-12"}),
        fold("grant-discloses-wider", "More than an item speaks of", "CNS-12", "r", "none",
             lambda t: t.grant(None, body={"discloses": [{"data": "pd:Contact", "value": "all of it"}]}),
             problems={1: f"{WIDER}/discloses/0/data CNS-12"}),
        fold("grant-discloses-again", "A later grant discloses more, and what was told stays told", "CNS-12", "aaa",
             "given", lambda t: t.grant(t.grant(asked_for(t, whole), whole, body={"discloses": [EMAIL]}), whole,
                                        body={"discloses": [PHONE]})),
    ]  # fmt: skip


def _first_fault() -> list[Case]:
    lost = item("news", purposes=["dpv:Missspelt"], channels=["sms"])
    both = item("news", data=["pd:Name"], storedIn=["CH"])
    return [
        fold("late-and-wider", "A grant that is late and too wide is late", "CNS-9 CNS-1", "ar", "requested",
             lambda t: _late(t, item("study", data=["pd:Name"])), problems={2: "expired /created CNS-9"}),
        fold("unknown-and-wider", "One with an unknown term that is too wide has an unknown term", "VOC-1 CNS-1", "ar",
             "requested", lambda t: t.grant(t.ask("news"), lost),
             problems={2: "unknown-term /body/items/0/purposes/0 VOC-1"}),
        fold("unknown-and-late", "And one that is late", "VOC-1 CNS-9", "ar", "requested", lambda t: _late(t, lost),
             problems={2: "unknown-term /body/items/0/purposes/0 VOC-1"}),
        fold("unknown-and-without-statement", "Terms come first", "VOC-1 CNS-3", "r", "none",
             lambda t: t.say("consent.grant", {"items": [lost], "until": "2027-01-01T00:00:00.000Z"}),
             problems={1: "unknown-term /body/items/0/purposes/0 VOC-1"}),
        fold("unknown-item-before-datum", "Those of the items before those of what is disclosed", "VOC-1", "r", "none",
             lambda t: t.grant(None, lost, body={"discloses": [{"data": "pd:Missspelt", "value": 1}]}),
             problems={1: "unknown-term /body/items/0/purposes/0 VOC-1"}),
        fold("unknown-datum", "A datum that no table knows", "VOC-1", "r", "none",
             lambda t: t.grant(None, body={"discloses": [{"data": "pd:Missspelt", "value": 1}]}),
             problems={1: "unknown-term /body/discloses/0/data VOC-1"}),
        fold("wider-twice", "Of one item the members are looked at in the order of their names", "CNS-1", "ar",
             "requested", lambda t: t.grant(asked_for(t, item("news", storedIn=["EU"])), both),
             problems={2: f"{WIDER}/items/0/data/0 CNS-1"}),
        fold("wider-and-longer", "An item comes before the end of the whole", "CNS-1 CNS-2", "ar", "requested",
             lambda t: t.grant(t.ask("news"), item("news", data=["pd:Name"]), until="2028-01-01T00:00:00.000Z"),
             problems={2: f"{WIDER}/items/0/data/0 CNS-1"}),
        fold("longer-and-disclosing", "What is disclosed comes last", "CNS-2 CNS-12", "ar", "requested",
             lambda t: t.grant(t.ask("news"), until="2028-01-01T00:00:00.000Z", body={"discloses": [PHONE]}),
             problems={2: f"{WIDER}/until CNS-2"}),
        fold("statement-is-enough", "A grant that nobody asked for needs a statement, and no controller", "CNS-3", "a",
             "given", lambda t: t.grant(None)),
        fold("controller-is-not", "A controller is no statement", "CNS-3", "r", "none",
             lambda t: t.say("consent.grant", {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z",
                                               "controller": [{"name": "Shop", "role": "controller"}]}),
             problems={1: "unasked-without-statement /body/statement CNS-3"}),
        fold("given-keeps-it-open", "One item that is given keeps the request open, for the others too", "CNS-9",
             "aaaa", "given", lambda t: _after_the_end(t)),
        fold("none-given-closes-it", "Once none is given, its deadline counts again", "CNS-9", "aaar", "requested",
             lambda t: _after_the_end(t, withdrawn=True), problems={4: "expired /created CNS-9"}),
        fold("unknown-duty", "A duty that no table knows", "VOC-1", "r", "none",
             lambda t: t.say("terms.proffer", {"choices": [_obliging("ieee-7012:NoSuchDuty")]}),
             problems={1: "unknown-term /body/choices/0/document/rules/0/duty VOC-1"}),
        fold("duty-of-another-table", "An action is no duty", "VOC-1", "r", "none",
             lambda t: t.say("terms.proffer", {"choices": [_obliging("dpv:Erase")]}),
             problems={1: "unknown-term /body/choices/0/document/rules/0/duty VOC-1"}),
        fold("duty-to-deliver", "A duty of the table", "VOC-1", "a", "proffered",
             lambda t: t.say("terms.proffer", {"choices": [_obliging("ieee-7012:ServiceDeliveryRequired")]})),
        fold("proffer-lapsed", "At its `answerBy` a proffer can no longer be accepted or countered", "TRM-11", "avv",
             "proffered", _lapsed, problems={2: "expired /created TRM-11", 3: "expired /created TRM-11"}),
    ]  # fmt: skip


def _bases() -> list[Case]:
    return [
        fold("basis-about-a-topic", "A grant about topics is a basis", "OFR-6", "aaaa", "open",
             lambda t: _unasked(t, item("news", topics=[BIKES]))),
        fold("basis-not-begun", "One that begins later is none yet", "OFR-6 CNS-10", "aaav", "none",
             lambda t: _unasked(t, item("news"), **{"from": "2026-10-01T00:00:00.000Z"}),
             problems={4: "no-basis /body/basis OFR-6"}),
        fold("basis-without-use", "An action that does not reach use", "OFR-6", "aaav", "none",
             lambda t: _unasked(t, item("news", actions=["dpv:Store"])), problems={4: "no-basis /body/basis OFR-6"}),
        fold("basis-wider-action", "One that does", "OFR-6", "aaaa", "open",
             lambda t: _unasked(t, item("news", actions=["dpv:Processing"]))),
        fold("basis-wider-purpose", "A purpose that reaches direct marketing", "OFR-6", "aaaa", "open",
             lambda t: _unasked(t, item("news", purposes=["dpv:Marketing"]))),
        fold("basis-topic-withdrawn", "A no about its only topic takes the basis away", "OFR-6", "aaaaav", "none",
             lambda t: _unasked(t, item("news", topics=[BIKES]), no=[item("other", topics=[BIKES])]),
             problems={6: "no-basis /body/basis OFR-6"}),
        fold("basis-other-topic-withdrawn", "A no about another does not", "OFR-6", "aaaaaa", "open",
             lambda t: _unasked(t, item("news", topics=[BIKES, SHOES]), no=[item("other", topics=[BIKES])])),
        fold("basis-any-topic", "Where it lists none, a no about some topic leaves the others", "OFR-6", "aaaaaa",
             "open", lambda t: _unasked(t, item("news"), no=[item("other", topics=[BIKES])])),
        fold("basis-that-ends", "How long it lasts after the offer makes no difference", "OFR-6", "aaaa", "open",
             lambda t: _unasked(t, item("news", until=t.after(hours=1)))),
    ]  # fmt: skip


def asked_for(t: Script, *items: dict[str, Any], **more: Any) -> Word:
    body = {
        "items": list(items),
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": "2027-01-01T00:00:00.000Z",
    }
    return t.say("consent.request", body, **more)


def _about(topic: dict[str, str]) -> Any:
    return {**question(data="pd:EmailAddress"), "topic": topic}


def _late(t: Script, *items: dict[str, Any]) -> Word:
    request = t.ask("news", "study", expires=t.after(hours=1))
    t.later(hours=2)
    return t.grant(request, *items)


def _after_the_end(t: Script, withdrawn: bool = False) -> Word:
    request = t.ask("news", "study", expires=t.after(hours=1))
    if withdrawn:
        t.withdraw(t.grant(request, item("news")), "news")
    else:
        t.refuse(t.grant(request, item("news")), "study")
    t.later(hours=2)
    return t.grant(request, item("study"))


def _lapsed(t: Script) -> Word:
    proffered = t.say("terms.proffer", {"choices": [terms("SD-BASE-DP")], "answerBy": t.after(hours=1)})
    t.later(hours=2)
    t.accept_terms(proffered)
    return t.counter(proffered)


def _obliging(duty: str) -> dict[str, Any]:
    rules = [{"effect": "oblige", "duty": duty, "by": ["vendor"]}]
    return {"document": {"id": "https://alice.example/terms/duty", "version": "1", "title": "Mine", "rules": rules}}


def _unasked(t: Script, granted: dict[str, Any], no: list[dict[str, Any]] | None = None, **body: Any) -> Word:
    """An offer that nobody asked for, on the basis of a grant; after a no of another thread to some of it."""
    t.agree()
    basis = t.grant(None, granted, body=body)
    if no:
        t.refuse(asked_for(t, *no))
    line = {"name": "Boots", "price": euros("100.00")}
    return t.offer(None, body={"lines": [line], "under": terms("SD-BASE-DP"), "basis": basis.ref})
