"""Conversations without a network, and the facts of the vectors."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from in_memory_vendor import CUSTOMER as KEY
from in_memory_vendor import no_proof
from opencmr import messages, trust
from opencmr.conformance.decisions import facts_of as facts_of_case
from opencmr.errors import Problem
from opencmr.messages import Message
from opencmr.protocol import Decision, Facts, History, Question, Said, Thread, instant, moment
from opencmr.protocol import roster as terms_roster
from opencmr.protocol.thread import opened_by
from opencmr.testing import Forger, Link

VECTORS = Path(__file__).parents[3] / "spec" / "v1" / "vectors"
CUSTOMER = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
VENDOR = "did:web:shop.example"
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


Word = tuple[Message[Any], str]
"""A customer's message that has no place yet, and its digest."""


class Talk:
    """One relationship, in memory: each message is said a minute after the one before, and takes its place at once.

    The customer's words name the customer's own word before and the vendor's last, unless a test says otherwise: then
    they know less.
    """

    def __init__(self) -> None:
        self.history = History()
        self.now = NOON
        self.words: list[tuple[Message[Any], str, Word | None]] = []
        """The vendor's words in their order, with what each answers: enough to fold it all again."""
        self._count = 0
        self._own: str | None = None

    def later(self, **by: int) -> str:
        """Let time pass."""
        self.now = instant(moment(self.now) + timedelta(**by))
        return self.now

    def after(self, **by: int) -> str:
        """An instant that far from now."""
        return instant(moment(self.now) + timedelta(**by))

    def message(self, type_: str, body: dict[str, Any], *, by: str, thread: str | None = None, **more: Any) -> Word:
        """A message as it would travel, and its digest; members of the envelope that are none are left out."""
        self._count += 1
        sender, to = (CUSTOMER, VENDOR) if by == "customer" else (VENDOR, CUSTOMER)
        chain, kind = self.history.chain, messages.BODIES.get(type_)
        link = Link(prior=self._own, seen=chain.tip) if by == "customer" else Link(chain.next, chain.tip)
        forger = Forger(did=sender, to=to, key=KEY, method=f"{sender}#key-1", clock=lambda: moment(self.now),
                        ids=lambda: f"urn:uuid:{self._count:08x}-0000-4000-8000-000000000000",
                        link=lambda: link)  # fmt: skip
        document = forger.write(type_, body, thread, **{"proof": no_proof(forger.method), **more})
        read = messages.validate if kind else messages.validate_envelope
        return read(document), trust.digest(trust.canonicalize(document))

    # the customer

    def write(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Word:
        """The customer says it; it has no place yet."""
        self.later(minutes=1)
        word = self.message(type_, body, by="customer", thread=thread, **more)
        self._own = word[1]
        return word

    def placing(self, word: Word) -> Said:
        """The word as it would take the next place, now."""
        return self.history.placing(*word, self.now)

    def place(self, word: Word) -> Turn:
        """The vendor gives it a place; a problem is raised, and then it has none."""
        said = self.placing(word)
        thread = self.thread_of(said)
        thread.check_in_time(said)
        after, outcome = thread.judge(said, self.history)
        receipt, digest = self._receipt(word, outcome, after.state)
        self.history.answer(said, digest, receipt.id, receipt.created, after)
        self.words.append((receipt, digest, word))
        return Turn(said, after, outcome)

    def customer(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Turn:
        """The customer says it, and it takes its place; a problem is raised."""
        return self.place(self.write(type_, body, thread, **more))

    def receipted(self, word: Word, outcome: str = "accepted", **more: Any) -> Turn:
        """The vendor has signed a receipt for it, right or wrong, and the customer takes that in."""
        said = self.placing(word)
        receipt, digest = self._receipt(word, outcome, None if outcome == "refused" else "open", **more)
        thread, why = self.history.follow(receipt, digest, of=word[0])
        self.words.append((receipt, digest, word))
        thread = thread or self.thread_of(said)
        return Turn(said, thread, thread.entries[-1].outcome if thread.entries else "refused", why)

    def _receipt(self, word: Word, outcome: str, state: str | None, **more: Any) -> Word:
        body = {"of": word[1], "outcome": outcome, **({"state": state} if state else {})}
        if outcome == "refused":
            body["problem"] = {
                "type": "https://opencmr.org/problems/stale",
                "title": "Stale",
                "status": 409,
                "retry": False,
                "fault": "sender",
            }
        return self.message("receipt", body, by="vendor", thread=word[0].thread, **more)

    # the vendor

    def vendor(self, type_: str, body: dict[str, Any], thread: str | None = None, **more: Any) -> Turn:
        """The vendor says it; a problem is raised."""
        self.later(minutes=1)
        word = self.message(type_, body, by="vendor", thread=thread, **more)
        said = self.history.saying(*word)
        after, outcome = self.thread_of(said).judge(said, self.history)
        self.history.say(said, after)
        self.words.append((*word, None))
        return Turn(said, after, outcome)

    def heard(
        self, type_: str, body: dict[str, Any], thread: str | None = None, fault: Problem | None = None, **more: Any
    ) -> Turn:
        """The vendor has said it, right or wrong: it keeps its place."""
        self.later(minutes=1)
        word = self.message(type_, body, by="vendor", thread=thread, **more)
        said = self.history.saying(*word)
        after, why = self.history.follow(*word, fault=fault)
        self.words.append((*word, None))
        assert after is not None
        return Turn(said, after, after.entries[-1].outcome, why)

    # looking

    def thread_of(self, said: Said) -> Thread:
        return self.history.threads.get(said.message.thread) or opened_by(said.message)

    def again(self, upto: int | None = None) -> History:
        """The same history, folded anew from the vendor's words and what they answer."""
        history = History()
        for message, digest, of in self.words[:upto]:
            history.follow(message, digest, of=of[0] if of else None)
        return history

    def may(self, question: Question, at: str | None = None) -> Decision:
        """At an instant; absent, now."""
        return self.history.may(question, at or self.now, now=at is None)

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

    def cast(self, *choices: str | dict[str, Any], **body: Any) -> Turn:
        wish = {
            "wants": [{"name": "Boots"}, {"name": "Wax"}],
            "terms": [terms(choice) for choice in choices or ("PDC-INTENT",)],
            "standing": "ready",
            **body,
        }
        return self.customer("intent.cast", wish)

    def amend(self, thread: str, *choices: str | dict[str, Any], **body: Any) -> Turn:
        wish = {
            "wants": [{"name": "Boots"}],
            "terms": [terms(choice) for choice in choices or ("PDC-INTENT",)],
            "standing": "ready",
            **body,
        }
        return self.customer("intent.amend", wish, thread)

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


@pytest.fixture(scope="session")
def calls() -> Callable[[Callable[[], object]], int]:
    """Counts the calls that something takes, of Python and of C: what it costs, whatever else the machine does."""

    def counted(work: Callable[[], object]) -> int:
        count, before = 0, sys.getprofile()

        def each(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(each)
        try:
            work()
        finally:
            sys.setprofile(before)
        return count

    return counted


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
