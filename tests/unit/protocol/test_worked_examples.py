"""The worked examples of `spec/v1/decisions.md`: each is acted out, and answered as its row says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opencmr.messages.types import Channel, Code
from opencmr.protocol import Decision, Facts, History, Question, decide

PAGE = (Path(__file__).parents[3] / "spec" / "v1" / "decisions.md").read_text()
ROWS = {int(row[1]): row[0] for row in re.finditer(r"^\| (\d+) \|.*$", PAGE, re.MULTILINE)}
ANSWER = re.compile(r"(permit|deny|not-governed), `([a-z-]+)`")

USE, SHARE, PROFILING, TRACKING = "dpv:Use", "dpv:Share", "dpv:Profiling", "dpv:Tracking"
MARKETING, DIRECT, ADS, SERVICE = (
    "dpv:Marketing",
    "dpv:DirectMarketing",
    "dpv:Advertising",
    "dpv:RequestedServiceProvision",
)
CASTING, CARE, PERSONAL = "opencmr:IntentCasting", "dpv:CustomerCare", "dpv:Personalisation"
VALUES: dict[str, Any] = {"pd:EmailAddress": "ada@alice.example", "pd:PhysicalAddress": {"addressLocality": "Kiel"}}
PAYMENT, POST = "dpv:PaymentManagement", "https://post.example/"
EMAIL, CONTACT, PHONE, ADDRESS = "pd:EmailAddress", "pd:Contact", "pd:TelephoneNumber", "pd:PhysicalAddress"
PARTY = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
NO_THREAD = "urn:uuid:ffffffff-0000-4000-8000-000000000000"
THREAD = "urn:uuid:11111111-1111-4111-8111-111111111111"
NEWS = Question(USE, DIRECT, EMAIL)


def day(number: int, month: int = 3, year: int = 2026, at: str = "12:00") -> str:
    return f"{year}-{month:02}-{number:02}T{at}:00.000Z"


def held(number: int, *made: Decision | str | None) -> None:
    """That the row says the same; a case that is answered for two instants names two."""
    expected = ANSWER.findall(ROWS[number])
    assert [(each.answer, each.reason) for each in made] == expected, ROWS[number]


# Cases in facts


def item(purpose: str = DIRECT, data: str = EMAIL, action: str = USE, **more: Any) -> dict[str, Any]:
    return {"purposes": [purpose], "data": [data], "actions": [action], **more}


def word(place: int, kind: str, at: int | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "place": place, "at": day(at or place), "evidence": [f"m{place}"], **more}


def terms(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"id": "https://alice.example/terms", "version": "1", "title": "Mine", "rules": list(rules)}


def rule(effect: str, action: str = USE, purpose: str | None = DIRECT, **more: Any) -> dict[str, Any]:
    return {"effect": effect, "action": action, "by": ["vendor"], **({"purpose": purpose} if purpose else {}), **more}


def intent(*wishes: tuple[int, int], data: tuple[str, ...] = (EMAIL,), closed: int | None = None) -> dict[str, Any]:
    return {
        "kind": "intent",
        "thread": THREAD,
        "wishes": [{"since": day(since), "until": day(until)} for since, until in wishes],
        "data": [{"data": term, "at": day(1)} for term in data],
        "evidence": ["m1"],
        **({"closed": day(closed)} if closed else {}),
    }


def order(*steps: str, **more: Any) -> dict[str, Any]:
    data = [{"data": EMAIL, "at": day(1)}]
    return {"kind": "order", "thread": THREAD, "steps": list(steps), "data": data, "evidence": ["m2"], **more}


def chatting(place: int, kind: str = "consent", since: str | None = None, **more: Any) -> dict[str, Any]:
    dated = {"until": day(28), **({"from": since} if since else {})} if kind == "consent" else {}
    return word(place, kind, item=item(data=PHONE, **more), **dated)


def chat(channel: Channel | None = None, topic: Code | None = None) -> Question:
    return Question(USE, DIRECT, PHONE, channel=channel, topic=topic)


BIKES, SHOES = (Code(scheme="text", code=code) for code in ("bikes", "shoes"))
CHAT = [chatting(1, channels=["messenger"])]
NO_MESSENGER = [chatting(1), chatting(2, "withdrawal", channels=["messenger"])]
NO_SHOES = [chatting(1), chatting(2, "withdrawal", topics=[SHOES.wire()])]
RELATIONSHIP = [
    word(1, "agreement", terms="SD-BASE-DP"),
    word(2, "consent", item=item(channels=["email"]), until=day(1, 1, 2027), ended=day(5)),
    word(3, "withdrawal", 5, item=item(channels=["email"])),
]
BROAD = [
    word(1, "consent", item=item(MARKETING, "dpv:PersonalData"), until=day(28)),
    word(2, "withdrawal", item=item()),
]
AGAIN = [*BROAD, word(3, "consent", item=item(), until=day(28))]
PERSONALISED = [word(1, "consent", item=item(PERSONAL), until=day(28)), word(2, "withdrawal", item=item(ADS))]
SHARED = [word(1, "consent", item=item(ADS, action=SHARE, recipients=[PARTY]), until=day(28))]
WIDER = [
    word(1, "consent", item=item(), until=day(28), ended=day(2)),
    word(2, "withdrawal", item=item()),
    word(3, "consent", item=item(MARKETING), until=day(28)),
]
ENDED = [word(1, "agreement", terms="SD-BASE", ended=day(2))]
CAST = [intent((1, 28))]
THIRD = terms(rule("permit", SHARE, ADS, by=["vendor", "third-party"]))
IN_THREAD: dict[str, Any] = {"thread": THREAD}
AMENDED = [intent((1, 10), (12, 20))]
RETURNED = [order(day(1), done=[day(3)], returnDays=14)]
SILENT = [order(day(2), day(5))]
LATE = [order(day(2), day(5), done=[day(1, 6, 2027)], returnDays=14)]
SENT = [
    {**order(day(1), recipients=[{"id": POST, "data": [ADDRESS]}]), "data": [{"data": ADDRESS, "at": day(1)}]},
    word(1, "agreement", terms="PDC-INTENT", scope=THREAD),
]


def objected(right: str = "object", **more: Any) -> list[dict[str, Any]]:
    return [*TOLD, word(3, "objection", body={"right": right, **more})]


def requested(closed: int | None = None) -> list[dict[str, Any]]:
    data = [{"data": EMAIL, "at": day(3)}]
    ended = {"closed": day(closed)} if closed else {}
    return [*TOLD, {"kind": "request", "thread": THREAD, "since": day(3), "data": data, "evidence": ["m3"], **ended}]


TOLD = [word(1, "agreement", terms="SD-BASE"), word(2, "consent", item=item(), until=day(28))]
STORED, ANSWERED = Question("dpv:Store", SERVICE), Question(USE, "dpv:RightsFulfilment", EMAIL, **IN_THREAD)
ERASED = [*TOLD, word(3, "erasure", data=[EMAIL])]

Case = tuple[list[dict[str, Any]], list[tuple[Question, str]]]
THEN = day(20)
CASES: dict[int, Case] = {
    1: (RELATIONSHIP, [(Question("dpv:Store", SERVICE, ADDRESS), day(1))]),
    2: (RELATIONSHIP, [(Question(USE, DIRECT, EMAIL, channel="email"), day(1))]),
    3: (RELATIONSHIP, [(Question(USE, DIRECT, EMAIL, channel="email"), day(3))]),
    4: (RELATIONSHIP, [(NEWS, day(3))]),
    5: (RELATIONSHIP, [(Question(USE, MARKETING, EMAIL, channel="email"), day(3))]),
    6: (RELATIONSHIP, [(Question(PROFILING, DIRECT, EMAIL, channel="email"), day(3))]),
    7: (RELATIONSHIP, [(Question(USE, DIRECT, EMAIL, channel="email"), day(6))]),
    8: (RELATIONSHIP, [(NEWS, day(6))]),
    9: (RELATIONSHIP, [(Question(USE, DIRECT, EMAIL, channel="post"), day(6))]),
    10: (RELATIONSHIP, [(Question(USE, "dpv:LegalCompliance"), day(6))]),
    11: (RELATIONSHIP, [(Question("dpv:Erase", DIRECT), day(6))]),
    12: (RELATIONSHIP, [(Question(USE, SERVICE, EMAIL, "third-party"), day(3))]),
    13: ([word(1, "agreement", terms="SD-BASE-ATP")], [(Question(PROFILING, "dpv:ServiceUsageAnalytics"), THEN)]),
    14: ([word(1, "agreement", terms="SD-BASE-ATP")], [(Question(PROFILING, DIRECT), THEN)]),
    15: (
        [
            word(1, "agreement", terms=terms(rule("prohibit", PROFILING, None))),
            word(2, "consent", item=item(PERSONAL, action=PROFILING), until=day(28)),
        ],
        [(Question(PROFILING, PERSONAL, EMAIL), THEN)],
    ),
    16: (WIDER, [(NEWS, THEN)]),
    17: (WIDER, [(Question(USE, ADS, EMAIL), THEN)]),
    18: (ENDED, [(Question("dpv:Store", SERVICE), THEN)]),
    19: (ENDED, [(Question(TRACKING, SERVICE), THEN)]),
    20: (CAST, [(Question(USE, CASTING, EMAIL, **IN_THREAD), THEN)]),
    21: (CAST, [(Question(USE, CASTING, EMAIL), THEN)]),
    22: (CAST, [(Question(USE, DIRECT, EMAIL, **IN_THREAD), THEN)]),
    23: (
        [intent((1, 28), closed=3), word(2, "agreement", terms="PDC-INTENT", ended=day(3), scope=THREAD)],
        [(Question(USE, CASTING, EMAIL, **IN_THREAD), THEN)],
    ),
    24: (SHARED, [(Question(USE, ADS, EMAIL, "https://ads.example/"), THEN)]),
    25: (SHARED, [(Question(USE, ADS, EMAIL, "third-party"), THEN)]),
    26: (SHARED, [(Question(TRACKING, ADS, EMAIL, "https://ads.example/"), THEN)]),
    47: (BROAD, [(Question(USE, DIRECT, CONTACT), THEN)]),
    48: (BROAD, [(Question(USE, MARKETING, EMAIL), THEN)]),
    49: (BROAD, [(Question(USE, DIRECT, PHONE), THEN)]),
    50: (AGAIN, [(NEWS, THEN)]),
    51: (AGAIN, [(Question(USE, DIRECT, CONTACT), THEN)]),
    52: (PERSONALISED, [(Question(USE, PERSONAL, EMAIL), THEN)]),
    53: (PERSONALISED, [(Question(USE, "dpv:ServicePersonalisation", EMAIL), THEN)]),
    54: ([word(1, "agreement", terms="SD-BASE")], [(Question(USE, SERVICE), THEN)]),
    56: (SHARED, [(Question("dpv:Transmit", ADS, EMAIL, "https://ads.example/"), THEN)]),
    57: (
        [
            word(1, "agreement", terms=THIRD),
            word(2, "withdrawal", item=item(ADS, action=SHARE, recipients=[PARTY])),
        ],
        [(Question(SHARE, ADS, EMAIL, "HTTPS://ADS.example:443"), THEN)],
    ),
    60: ([intent((1, 10))], [(Question(USE, CASTING, EMAIL, **IN_THREAD), day(10))]),
    61: (AMENDED, [(Question(USE, CASTING, EMAIL, **IN_THREAD), day(number)) for number in (15, 11)]),
    62: (RETURNED, [(Question(USE, CARE, EMAIL, **IN_THREAD), day(number)) for number in (16, 18)]),
    63: (SILENT, [(Question(USE, CARE, EMAIL, **IN_THREAD), day(number, 3, 2027)) for number in (4, 6)]),
    64: (LATE, [(Question(USE, CARE, EMAIL, **IN_THREAD), at) for at in (day(10, 6, 2027), day(1, 5, 2027))]),
    65: (
        [order(day(1), done=[day(3)], returnDays=14, warranty="P2M")],
        [(Question(USE, purpose, EMAIL, **IN_THREAD), day(20)) for purpose in (CARE, PAYMENT)],
    ),
    66: (
        [order(day(1), day(10), done=[day(3), day(20)], returnDays=14)],
        [(Question(USE, PAYMENT, EMAIL, **IN_THREAD), at) for at in (day(18), day(4, 4))],
    ),
    67: (SENT, [(Question(SHARE, SERVICE, ADDRESS, POST, **IN_THREAD), THEN)]),
    68: (SENT, [(Question(SHARE, DIRECT, ADDRESS, POST, **IN_THREAD), THEN)]),
    69: (CHAT, [(chat("whatsApp"), day(3)), (chat("sms"), day(3))]),
    70: ([chatting(1, channels=["whatsApp"])], [(chat("messenger"), day(3))]),
    71: (NO_MESSENGER, [(chat("signal"), THEN), (chat("email"), THEN)]),
    72: (
        [chatting(1, "withdrawal", channels=["whatsApp"]), chatting(2, channels=["messenger"])],
        [(chat("whatsApp"), THEN), (chat("signal"), THEN)],
    ),
    73: ([chatting(1, topics=[BIKES.wire()])], [(chat(topic=topic), THEN) for topic in (BIKES, SHOES, None)]),
    74: (NO_SHOES, [(chat(topic=topic), THEN) for topic in (BIKES, SHOES, None)]),
    75: ([chatting(2, since=day(10))], [(chat(), day(5)), (chat(), day(10))]),
    76: (objected(), [(NEWS, THEN), (STORED, THEN)]),
    77: (
        [*objected(), word(4, "consent", item=item(), until=day(28))],
        [(NEWS, THEN), (STORED, THEN)],
    ),
    78: (
        objected(purposes=[DIRECT], channels=["phone"]),
        [(Question(USE, DIRECT, EMAIL, channel="email"), THEN), (NEWS, THEN)],
    ),
    79: (objected(actions=[PROFILING]), [(NEWS, THEN), (Question("dpv:Processing", SERVICE), THEN)]),
    80: (objected("restrict", data=[EMAIL]), [(NEWS, THEN), (Question("dpv:Store", SERVICE, EMAIL), THEN)]),
    81: (ERASED, [(NEWS, THEN), (Question("dpv:Store", SERVICE, PHONE), THEN)]),
    82: (ERASED, [(NEWS, THEN)]),
    83: (requested(), [(ANSWERED, THEN)]),
    84: (requested(closed=4), [(ANSWERED, THEN)]),
}


@pytest.mark.requirement("DEC-8", "DEC-14", "DEC-16", "DEC-17", "DEC-18", "DEC-20", "DEC-23", "DEC-24", "CNS-10")
@pytest.mark.parametrize("number", CASES)
def test_a_case_in_facts_is_answered_as_its_row_says(
    number: int, facts_of: Callable[[list[dict[str, Any]]], Facts]
) -> None:
    facts, asked = CASES[number]
    held(number, *(decide(facts_of(facts), question, at) for question, at in asked))


def test_data_left_out_is_asked_as_widely(facts_of: Callable[[list[dict[str, Any]]], Facts]) -> None:
    held(47, decide(facts_of(BROAD), Question(USE, DIRECT), THEN))


@pytest.mark.requirement("DEC-3")
def test_what_has_to_be_named_is_not_reached(facts_of: Callable[[list[dict[str, Any]]], Facts]) -> None:
    facts = facts_of([word(1, "agreement", terms="SD-BASE")])
    row = ROWS[55]
    made = decide(facts, Question("dpv:Transmit", SERVICE), THEN)
    assert [(made.answer, made.reason)] == ANSWER.findall(row)


# Cases that are acted out

LAX = terms(rule("permit", data=EMAIL)) | {"id": "https://alice.example/lax"}
PLAIN = terms(rule("permit", purpose=SERVICE)) | {"id": "https://alice.example/plain"}


class Scene:
    """Somebody who says the words of the table."""

    def __init__(self, talk: Any, bodies: Any) -> None:
        self.talk, self.bodies = talk, bodies

    def consent(self) -> Any:
        return self.talk.grant(None, self.bodies.item(), statement="Do.")

    def later_grant(self, thread: str | None = None) -> Any:
        """Said, and not placed."""
        body = {"items": [self.bodies.item()], "until": self.talk.after(days=90), "statement": "Do."}
        return self.talk.write("consent.grant", body, thread)

    def withdrawal(self, of: Any, **more: Any) -> Any:
        return self.talk.write("consent.withdraw", {}, of.id, **more)

    def cast(self, *choices: dict[str, Any], data: str = EMAIL) -> Any:
        return self.talk.cast(*choices, discloses=[{"data": data, "value": VALUES[data]}])

    def offer(self, cast: Any, position: int = 0) -> Any:
        digest, document = cast.record.terms[position]
        return self.talk.offer(cast.said.message.thread, under={"id": document.id, "digest": digest})

    def accept(self, proffered: Any) -> Any:
        digest, document = proffered.record.choices[0]
        return self.talk.heard("terms.accept", {"terms": {"id": document.id, "digest": digest}}, proffered.id)

    def news(self, thread: str | None = None) -> Decision:
        return self.talk.may(Question(USE, DIRECT, EMAIL, thread=thread))


@pytest.fixture
def scene(talk: Any, bodies: Any) -> Scene:
    return Scene(talk, bodies)


@pytest.mark.requirement("SEQ-21")
def test_27_to_29_offers_and_orders(scene: Scene, talk: Any) -> None:
    cast = scene.cast(LAX)
    first = scene.offer(cast)
    talk.place(scene.withdrawal(scene.consent()))
    scene.offer(cast)
    held(27, scene.news(cast.id))
    again = talk.history.copy()
    amended = talk.amend(cast.id, {"id": LAX["id"], "digest": cast.record.terms[0][0]})
    scene.offer(amended)
    held(29, scene.news(cast.id))
    talk.history = again
    talk.accept(first)
    held(28, scene.news(cast.id))


@pytest.mark.requirement("SEQ-21", "TRM-10")
def test_30_and_31_a_proffer_left_open(scene: Scene, talk: Any, new_talk: Callable[[], Any], bodies: Any) -> None:
    proffered = talk.proffer(LAX)
    talk.place(scene.withdrawal(scene.consent()))
    assert scene.accept(proffered).outcome == "accepted"
    held(30, scene.news())
    other = Scene(new_talk(), bodies)
    old, new = other.talk.proffer(LAX), other.talk.proffer(PLAIN)
    assert (other.accept(new).outcome, other.accept(old).outcome) == ("accepted", "void")
    held(31, other.news())


@pytest.mark.requirement("TRM-12")
def test_32_a_proffer_that_does_not_know_of_the_end(scene: Scene, talk: Any) -> None:
    proffered = talk.proffer(LAX)
    agreed = scene.accept(proffered)
    blind = {"seen": agreed.said.digest}
    body = {"choices": [{"document": LAX | {"id": "https://alice.example/more"}}]}
    unaware = talk.write("terms.proffer", body, prior=None, **blind)
    talk.customer("terms.terminate", {}, proffered.id)
    assert talk.receipted(unaware).why.code == "stale"
    assert talk.heard("terms.accept", {"terms": body["choices"][0]}, unaware[0].id).outcome == "void"
    held(32, scene.news())


@pytest.mark.requirement("SEQ-25", "TRM-11")
def test_33_and_34_too_late(scene: Scene, talk: Any, new_talk: Callable[[], Any], bodies: Any) -> None:
    word = talk.write("terms.proffer", {"choices": [{"document": LAX}]}, expires=talk.after(minutes=3))
    talk.later(minutes=9)
    assert talk.receipted(word).outcome == "void"
    assert talk.heard("terms.accept", {"terms": {"document": LAX}}, word[0].id).outcome == "void"
    held(33, scene.news())
    other = Scene(new_talk(), bodies)
    proffered = other.talk.proffer(LAX, answerBy=other.talk.after(minutes=3))
    other.talk.later(minutes=9)
    assert other.accept(proffered).outcome == "void"
    held(34, other.news())


@pytest.mark.requirement("SEQ-20", "SEQ-21", "SEQ-4")
@pytest.mark.parametrize(
    ("number", "said", "placed"),
    [(35, "yes no", "no yes"), (37, "yes no", "no yes"), (38, "no yes", "no yes"), (39, "no yes", "yes no")],
)
def test_35_to_39_held_back_and_the_other_way_round(
    scene: Scene, talk: Any, number: int, said: str, placed: str
) -> None:
    first = scene.consent()
    ways = {"yes": scene.later_grant, "no": lambda: scene.withdrawal(first)}
    words = {name: ways[name]() for name in said.split()}
    for name in placed.split():
        talk.place(words[name])
    held(number, scene.news())


@pytest.mark.requirement("SEQ-4")
def test_36_in_the_thread_itself(scene: Scene, talk: Any) -> None:
    first = scene.consent()
    yes, no = scene.later_grant(first.id), scene.withdrawal(first)
    talk.place(no)
    assert talk.receipted(yes).why.code == "stale"
    held(36, scene.news())


@pytest.mark.requirement("SEQ-18", "SEQ-26", "SEQ-27")
def test_40_to_43_dates_and_receipts(scene: Scene, talk: Any, new_talk: Callable[[], Any], bodies: Any) -> None:
    talk.place(scene.withdrawal(scene.consent(), created=talk.after(days=1)))
    scene.consent()
    held(40, scene.news())
    silent = Scene(new_talk(), bodies)
    no = silent.withdrawal(silent.consent())
    silent.talk.history.mine = True
    silent.talk.history.hear(*no)
    held(41, silent.news())
    refused = Scene(new_talk(), bodies)
    refused.talk.receipted(refused.withdrawal(refused.consent()), "refused")
    held(42, refused.news())
    ahead = Scene(new_talk(), bodies)
    ahead.talk.receipted(ahead.withdrawal(ahead.consent()), created=ahead.talk.after(days=365))
    held(43, ahead.news())


@pytest.mark.requirement("SEQ-22")
def test_44_a_date_is_bound_by_those_after_it(scene: Scene, talk: Any) -> None:
    first = scene.consent()
    talk.now = day(5)
    no = scene.withdrawal(first)
    talk.receipted(no, created=day(9))
    talk.now = day(5)
    talk.vendor("terms.terminate", {}, NO_THREAD)
    before = talk.history.may(NEWS, day(5, at="11:00"))
    assert before.reason == "consent"
    talk.customer("terms.decline", {"reason": "other"}, NO_THREAD)
    history: History = talk.history
    assert history.chain.time(2, "") == day(5, at="12:01")
    held(44, history.may(NEWS, day(6)))


@pytest.mark.requirement("INT-6", "DEC-12")
def test_45_and_46_terms_that_were_not_kept(scene: Scene, talk: Any, new_talk: Callable[[], Any], bodies: Any) -> None:
    cast = scene.cast(LAX, PLAIN)
    scene.offer(cast)
    assert scene.news(cast.id)
    talk.amend(cast.id, {"id": PLAIN["id"], "digest": cast.record.terms[1][0]})
    held(45, scene.news(cast.id))
    other = Scene(new_talk(), bodies)
    cast = other.cast(LAX, PLAIN)
    other.offer(cast)
    other.talk.accept(other.offer(cast, 1))
    held(46, other.news(cast.id))


@pytest.mark.requirement("DEC-19")
def test_58_and_59_what_was_disclosed_in_the_thread(scene: Scene, talk: Any) -> None:
    cast = scene.cast(LAX, data=ADDRESS)
    scene.offer(cast)
    held(58, scene.news(cast.id))
    told = {"data": EMAIL, "value": VALUES[EMAIL]}
    talk.amend(cast.id, {"id": LAX["id"], "digest": cast.record.terms[0][0]}, discloses=[told])
    held(59, scene.news(cast.id))


def test_every_example_is_acted_out() -> None:
    acted = {27, 28, 29, *range(30, 47), 55, 58, 59}
    assert set(ROWS) == set(CASES) | acted
    assert set(ROWS) == set(range(1, 85))
