"""Conversations without a network, and the facts of the vectors."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import messages, trust
from opencmr.conformance.decisions import facts_of as facts_of_case
from opencmr.errors import Problem
from opencmr.protocol import Facts, History, Said, Thread, instant, moment
from opencmr.protocol import roster as terms_roster
from opencmr.protocol.thread import opened_by

VECTORS = Path(__file__).parents[3] / "spec" / "v1" / "vectors"
CUSTOMER = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
VENDOR = "did:web:shop.example"
PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "proofPurpose": "assertionMethod",
    "proofValue": "z" + "2" * 85,
}
NOON = "2026-03-01T12:00:00.000Z"
NEW_YEAR = "2027-01-01T00:00:00.000Z"


def read_vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def terms(choice: str | dict[str, Any]) -> dict[str, Any]:
    """A reference to terms: by a code of the roster, by a document, or as it is."""
    if isinstance(choice, str):
        return terms_roster.ref(choice).wire()
    return {"document": choice} if "rules" in choice else choice


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def offer(amount: str = "100.00", **body: Any) -> dict[str, Any]:
    line = {"name": "Boots", "price": euros(amount), "want": 0}
    return {"lines": [line], "total": euros(amount), "under": terms("PDC-INTENT"), **body}


def item(key: str = "news", **members: Any) -> dict[str, Any]:
    """An item of a consent: the newsletter, unless it says otherwise."""
    return {
        "key": key,
        "purposes": ["dpv:DirectMarketing"],
        "data": ["pd:EmailAddress"],
        "actions": ["dpv:Use"],
        **members,
    }


@dataclass
class Turn:
    """What came of a message: its place, the thread afterwards, the outcome, and why it is void where it is."""

    said: Said
    thread: Thread
    outcome: str
    why: Problem | None = None

    @property
    def id(self) -> str:
        return self.said.message.id

    @property
    def ref(self) -> dict[str, str]:
        return {"id": self.id, "digest": self.said.digest}

    @property
    def record(self) -> Any:
        return self.thread.record


class Talk:
    """One relationship, in memory: each message takes its place a minute after the one before."""

    def __init__(self) -> None:
        self.history = History()
        self.now = NOON
        self.entries: list[Said] = []
        self._count = 0

    def later(self, **by: int) -> str:
        """Let time pass."""
        self.now = instant(moment(self.now) + timedelta(**by))
        return self.now

    def after(self, **by: int) -> str:
        """An instant that far from now."""
        return instant(moment(self.now) + timedelta(**by))

    def document(self, type_: str, body: dict[str, Any], *, thread: str | None = None, **more: Any) -> dict[str, Any]:
        """An unsigned message as it would travel, from the side that says such things unless `by` says otherwise."""
        self._count += 1
        id_ = f"urn:uuid:{self._count:08x}-0000-4000-8000-000000000000"
        by = more.pop("by", "customer")
        sender, to = (CUSTOMER, VENDOR) if by == "customer" else (VENDOR, CUSTOMER)
        return {
            "opencmr": "1.0",
            "id": id_,
            "type": type_,
            "from": sender,
            "to": to,
            "thread": thread or id_,
            "created": self.now,
            "body": body,
            "proof": {**PROOF, "verificationMethod": f"{sender}#key-1"},
            **more,
        }

    def said(self, type_: str, body: dict[str, Any], *, by: str, thread: str | None = None, **more: Any) -> Said:
        """A message about to take its place after the head of its thread."""
        self.later(minutes=1)
        head = self.history.threads[thread].head if thread in self.history.threads else None
        answers = {"inReplyTo": head} if head else {}
        document = self.document(type_, body, thread=thread, by=by, **{**answers, **more})
        return Said(messages.read(document), trust.digest(trust.write(document)), by, self.now)

    def thread_of(self, said: Said) -> Thread:
        return self.history.threads.get(said.message.thread) or opened_by(said.message)

    def customer(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Turn:
        """The customer says it; a problem is raised."""
        return self._judged(self.said(type_, body, by="customer", thread=thread, **more))

    def vendor(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Turn:
        """The vendor says it; a problem is raised."""
        return self._judged(self.said(type_, body, by="vendor", thread=thread, **more))

    def heard(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Turn:
        """The vendor has said it, right or wrong: it keeps its place."""
        said = self.said(type_, body, by="vendor", thread=thread, **more)
        why = self.history.take(said)
        self.entries.append(said)
        thread = self.history.threads[said.message.thread]
        return Turn(said, thread, thread.entries[-1].outcome, why)

    # what is said often

    def proffer(self, *choices: str | dict[str, Any], **body: Any) -> Turn:
        return self.customer("terms.proffer", {"choices": [terms(choice) for choice in choices], **body})

    def agree(self, *choices: str | dict[str, Any], **body: Any) -> Turn:
        """Terms proffered, and the first of them accepted."""
        proffered = self.proffer(*choices, **body)
        return self.vendor("terms.accept", {"terms": terms(choices[0])}, proffered.id)

    def ask(self, *items: dict[str, Any], until: str = NEW_YEAR, **more: Any) -> Turn:
        body = {
            "items": list(items),
            "controller": [{"name": "Shop", "role": "controller"}],
            "notice": {"url": "https://shop.example/notice", "digest": "zQm" + "2" * 44, "lang": "en"},
            "until": until,
        }
        return self.vendor("consent.request", body, **more)

    def grant(self, thread: str | None, *items: dict[str, Any], until: str = NEW_YEAR, **body: Any) -> Turn:
        return self.customer("consent.grant", {"items": list(items), "until": until, **body}, thread)

    def cast(self, *choices: str | dict[str, Any], expires: str | None = None, **body: Any) -> Turn:
        wish = {
            "wants": [{"name": "Boots"}, {"name": "Wax"}],
            "terms": [terms(choice) for choice in choices or ("PDC-INTENT",)],
            "standing": "ready",
            **body,
        }
        return self.customer("intent.cast", wish, **({"expires": expires} if expires else {}))

    def offer(self, thread: str | None, amount: str = "100.00", *, hours: int = 48, **body: Any) -> Turn:
        """An offer of one line at this price, under the terms of the roster for intents."""
        return self.vendor("offer.make", offer(amount, **body), thread, expires=self.after(hours=hours))

    def accept(self, made: Turn, amount: str = "100.00", **body: Any) -> Turn:
        return self.customer(
            "offer.accept", {"offer": made.ref, "total": euros(amount), **body}, made.said.message.thread
        )

    def order(self) -> Turn:
        """A wish, an offer, an order."""
        return self.accept(self.offer(self.cast().id))

    def _judged(self, said: Said) -> Turn:
        after, outcome = self.thread_of(said).judge(said, self.history)
        self.history.put(after, said.at)
        self.entries.append(said)
        return Turn(said, after, outcome)


@pytest.fixture
def talk() -> Talk:
    """A relationship in which nothing has been said."""
    return Talk()


@pytest.fixture(scope="session")
def new_talk() -> Callable[[], Talk]:
    """Makes one after the other."""
    return Talk


class Bodies:
    """The bodies that tests write, in short."""

    terms = staticmethod(terms)
    euros = staticmethod(euros)
    offer = staticmethod(offer)
    item = staticmethod(item)


@pytest.fixture(scope="session")
def bodies() -> type[Bodies]:
    return Bodies


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Terms that are not on the roster."""
    return {
        "id": "https://alice.example/terms/garden",
        "version": "3",
        "title": "My garden, my data",
        "rules": [
            {"effect": "permit", "action": "dpv:Use", "purpose": "dpv:RequestedServiceProvision", "by": ["vendor"]},
            {"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor", "third-party"]},
        ],
    }


@pytest.fixture(scope="session")
def facts_of() -> Callable[[list[dict[str, Any]]], Facts]:
    """The facts of a case of `vectors/decisions/rules.json`."""
    return facts_of_case
