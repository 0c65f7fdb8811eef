"""Rule 2 as the page says it, each permission held against each prohibition. The SDK's way is another, and linear."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from opencmr import _spec
from opencmr.messages.types import Code
from opencmr.protocol import Facts, Question, Statement, decide

SHARE = "dpv:Share"
TABLES = {"action": "processing", "purpose": "purposes", "data": "personal-data", "channel": "channels"}
EVERY = {"action": "dpv:Processing", "purpose": "dpv:Purpose", "data": "dpv:PersonalData"}
TOPICS = [Code(scheme="text", code=code) for code in ("bikes", "shoes", "bags")]
HISTORIES, QUESTIONS = 800, 12
AT = "2026-03-25T12:00:00.000Z"


# Words used on the page


@cache
def broader(kind: str) -> dict[str, list[str]]:
    terms = _spec.table(f"vocabulary/{TABLES[kind]}.json")["terms"]
    return {term: entry["broader"] for term, entry in terms.items()}


@cache
def above(kind: str, term: str) -> frozenset[str]:
    """The term itself, and all at or above it."""
    found = {term}.union(*(above(kind, each) for each in broader(kind).get(term, ())))
    return frozenset(found | {EVERY["purpose"]} if kind == "purpose" else found)


@cache
def named_only(kind: str) -> frozenset[str]:
    return frozenset(_spec.table("vocabulary/named-only.json").get(kind + "s", ()))


@cache
def permission_reaches(kind: str, own: str, term: str) -> bool:
    return own in above(kind, term) and above(kind, term) & named_only(kind) <= above(kind, own)


@cache
def prohibition_reaches(kind: str, own: str, term: str) -> bool:
    if (kind, own) == ("data", EVERY["data"]):
        return "dpv:NonPersonalData" not in above(kind, term)
    return own in above(kind, term)


@cache
def speaks_of(kind: str, own: str, asked: str) -> bool:
    """A prohibition: it reaches some part of what is asked."""
    parts = [term for term in broader(kind) if permission_reaches(kind, asked, term)]
    return any(prohibition_reaches(kind, own, part) for part in parts)


# When a statement matches


def asked_of(question: Question) -> dict[str, str]:
    return {"action": question.action, "purpose": question.purpose, "data": question.data}


def terms_of(one: Statement) -> dict[str, tuple[str, ...] | None]:
    return {"action": one.actions, "purpose": one.purposes, "data": one.data}


def names_party(one: Statement, question: Question) -> bool:
    if question.recipient == "vendor":
        return one.vendor
    if one.third_parties is None or question.recipient in one.third_parties:
        return True
    return one.effect == "prohibit" and question.recipient == "third-party" and bool(one.third_parties)


def names_channel(one: Statement, question: Question) -> bool:
    asked = question.channel
    if one.channels is None:
        return True
    if one.effect == "prohibit":
        return asked is None or any(speaks_of("channel", each, asked) for each in one.channels)
    return asked is not None and any(each in above("channel", asked) for each in one.channels)


def names_topic(one: Statement, question: Question) -> bool:
    if one.topics is None or question.about in one.topics:
        return True
    return one.effect == "prohibit" and question.topic is None


def matches(one: Statement, question: Question) -> bool:
    if not names_party(one, question) or not names_channel(one, question) or not names_topic(one, question):
        return False
    asked, terms = asked_of(question), terms_of(one)
    reach: Callable[[str, str, str], bool] = permission_reaches if one.effect == "permit" else speaks_of
    for kind in ("purpose", "data"):
        if terms[kind] is not None and not any(reach(kind, term, asked[kind]) for term in terms[kind]):
            return False
    if question.recipient == "vendor":
        return any(reach("action", term, question.action) for term in one.actions)
    if one.effect == "prohibit":
        return any(reach("action", term, each) for term in one.actions for each in (SHARE, question.action))
    others = above("action", question.action) & named_only("action") - {SHARE}
    return any(permission_reaches("action", term, SHARE) for term in one.actions) and all(
        any(other in above("action", term) for term in one.actions) for other in others
    )


# Rule 2


def lifts(yes: Statement, no: Statement, question: Question) -> bool:
    if yes.own.place <= no.own.place or not yes.own.knows.knows(no.own.place):
        return False
    if no.topics is not None and (yes.topics is None or question.about not in yes.topics):
        return False
    if no.channels is not None and (yes.channels is None or question.channel is None):
        return False
    for each in no.channels or ():
        ours = [one for one in yes.channels or () if one in above("channel", str(question.channel))]
        if speaks_of("channel", each, str(question.channel)) and not any(each in above("channel", one) for one in ours):
            return False
    third = question.recipient != "vendor"
    if third and no.third_parties is not None and question.recipient not in (yes.third_parties or ()):
        return False
    for kind, asked in asked_of(question).items():
        ours = [term for term in terms_of(yes)[kind] or () if permission_reaches(kind, term, asked)]
        for term in terms_of(no)[kind] or ():
            if third and kind == "action":
                if SHARE in _below(term):
                    continue  # it reaches sharing, and the permission names that
                if not speaks_of(kind, term, asked) and not speaks_of(kind, term, SHARE):
                    continue
            elif not speaks_of(kind, term, asked):
                continue
            if not any(_at_or_below(kind, one, term) for one in ours):
                return False
    return True


@cache
def _below(term: str) -> frozenset[str]:
    return frozenset(each for each in broader("action") if term in above("action", each))


def _at_or_below(kind: str, one: str, term: str) -> bool:
    return prohibition_reaches(kind, term, one) and (one == term or one not in above(kind, term))


def plainly(facts: Facts, question: Question, at: str) -> tuple[str, tuple[str, ...]]:
    said = [one for one in facts.statements if one.at <= at and matches(one, question)]
    noes = [one for one in said if one.effect == "prohibit"]
    live = [one for one in said if one.effect == "permit" and one.lasts(at)]
    if lifting := [yes for yes in live if all(lifts(yes, no, question) for no in noes)]:
        return "permit", last(lifting)
    if noes:
        return "deny", last(noes)
    lapsed = [one for one in said if one.effect == "permit"]
    return "deny", last(lapsed) if lapsed else ()


def last(statements: Iterable[Statement]) -> tuple[str, ...]:
    return max(statements, key=lambda one: (one.own.place, one.at)).evidence


# Histories at random


class Dice(random.Random):
    """Draws words that have something to do with each other: most are about one narrow thing, or what lies above it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.about = {kind: self.choice(terms[-4:]) for kind, terms in NEAR.items()}

    def term(self, kind: str) -> str:
        about = self.about[kind]
        wider = [term for term in NEAR[kind] if term in above(kind, about)]
        return self.choice((about, about, about, self.choice(wider), self.choice(NEAR[kind])))

    def some(self, kind: str) -> list[str]:
        return list(dict.fromkeys(self.term(kind) for _ in range(self.choice((1, 1, 2, 3)))))

    def facts(self) -> list[dict[str, Any]]:
        days = sorted(self.sample(range(1, 25), self.randrange(1, 9)))
        return [self.fact(place, f"2026-03-{day:02d}T12:00:00.000Z") for place, day in enumerate(days, 1)]

    def fact(self, place: int, at: str) -> dict[str, Any]:
        own = {"place": self.randint(1, place), "seen": self.randint(0, place - 1)}
        if self.random() < 0.8:
            own["place"] = place
            own["seen"] = own["place"] - 1
        own["beyond"] = self.sample(range(own["seen"] + 1, place + 1), self.randrange(place - own["seen"] + 1))
        said = {"place": place, "own": own, "at": at, "evidence": [f"m{place}"]}
        ended = {"ended": f"2026-03-{self.randint(20, 28)}T12:00:00.000Z"} if self.random() < 0.2 else {}
        kind = self.choice(("agreement", "consent", "consent", "refusal", "withdrawal", "withdrawal"))
        if kind == "agreement":
            rules = [self.rule() for _ in range(self.randint(1, 3))]
            document = {"id": "https://alice.example/terms", "version": "1", "title": "Mine", "rules": rules}
            return {"kind": kind, "terms": document, **said, **ended}
        item = {"purposes": self.some("purpose"), "data": self.some("data"), "actions": self.some("action")}
        if self.random() < 0.2:
            item["channels"] = self.sample(["email", "sms", "messenger", "signal"], self.randint(1, 2))
        if self.random() < 0.2:
            item["topics"] = [topic.wire() for topic in self.sample(TOPICS, self.randint(1, 2))]
        if self.random() < 0.4:
            item["recipients"] = self.sample(PARTIES, self.randint(1, 2))
        return {"kind": kind, "item": item, **said, **(ended if kind == "consent" else {})}

    def rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = {
            "effect": self.choice(("permit", "permit", "prohibit")),
            "action": self.term("action"),
            "by": self.choice((["vendor"], ["third-party"], ["vendor", "third-party"])),
        }
        for kind in ("purpose", "data"):
            if self.random() < 0.7:
                rule[kind] = self.term(kind)
        return rule

    def question(self) -> Question:
        return Question(
            self.term("action"),
            self.term("purpose"),
            self.term("data"),
            self.choice(("vendor", "vendor", "third-party", "https://ads.example/", "https://press.example/")),
            self.choice((None, None, "email", "messenger", "signal")),
            topic=self.choice((None, None, *TOPICS)),
        )


PARTIES = [
    {"name": name, "role": "thirdParty", "id": f"https://{name.lower()}.example/"} for name in ("Ads", "Press")
] + [{"name": "Host", "role": "processor"}]
NEAR = {
    "action": [
        "dpv:Processing", "dpv:Disclose", "dpv:Transmit", "dpv:Profiling", "dpv:Share", "dpv:Use", "dpv:Analyse",
    ],
    "purpose": [
        "dpv:Purpose", "dpv:Personalisation", "dpv:Marketing", "dpv:Advertising", "dpv:DirectMarketing",
        "dpv:PersonalisedAdvertising", "dpv:TargetedAdvertising",
    ],
    "data": [
        "dpv:Data", "dpv:AnonymisedData", "dpv:InferredData", "dpv:SensitiveData", "dpv:PersonalData", "pd:Contact",
        "pd:EmailAddress", "dpv:SensitivePersonalData",
    ],
}  # fmt: skip


@pytest.mark.requirement("DEC-13", "DEC-14", "DEC-17", "SEQ-21", "SEQ-18")
def test_each_history_is_answered_as_the_plain_reading_of_the_page_does(
    facts_of: Callable[[list[dict[str, Any]]], Facts],
) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for number in range(HISTORIES):
        dice = Dice(number)
        facts = facts_of(dice.facts())
        for _ in range(QUESTIONS):
            question = dice.question()
            made = decide(facts, question, AT)
            assert (made.answer, made.evidence) == plainly(facts, question, AT), (number, question)
            noes = any(one.effect == "prohibit" and matches(one, question) for one in facts.statements)
            seen[made.answer, noes] += 1
    assert seen["permit", True] > HISTORIES / 10, "few permissions had anything to lift"
    assert min(seen["permit", False], seen["deny", True], seen["deny", False]) > HISTORIES / 10


def many(count: int) -> list[dict[str, Any]]:
    """The worst there is: so many noes that all match, so many yeses that would lift each, and one that lifts none."""
    item = {"purposes": ["dpv:DirectMarketing"], "data": ["pd:Contact"], "actions": ["dpv:Use"]}
    noes = [{"kind": "withdrawal", "item": item, "place": place} for place in range(1, count + 1)]
    yeses = [{"kind": "consent", "item": item, "place": place} for place in range(count + 1, 2 * count + 1)]
    narrow = {"kind": "withdrawal", "item": {**item, "data": ["pd:EmailAddress"]}, "place": 1}
    words = [narrow, *noes, *yeses]
    return [{**word, "at": "2026-03-01T12:00:00.000Z", "evidence": [f"m{word['place']}"]} for word in words]


def test_an_answer_costs_in_proportion_to_what_was_said(
    facts_of: Callable[[list[dict[str, Any]]], Facts], calls: Callable[[Callable[[], object]], int]
) -> None:
    """Hostile 07: 2,048 yeses with as many noes took a minute a question, each being held against each."""
    question = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
    cost = {}
    for count in (250, 500, 1000):
        facts = facts_of(many(count))
        assert decide(facts, question, AT).reason == "withdrawn"
        cost[count] = calls(lambda facts=facts: decide(facts, question, AT))
    assert cost[500] < 2.2 * cost[250]
    assert cost[1000] < 2.2 * cost[500]
    assert cost[1000] < 50 * 2001
