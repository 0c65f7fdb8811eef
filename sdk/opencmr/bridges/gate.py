"""What a bridge may state: what `may()` permits, asked for exactly what would be stated (`docs/bridges/index.md`).

A reader of a document knows the hierarchy of DPV, and not what OpenCMR wants named (`named-only.json`): to them *use*
includes *tracking*. So what lies below a permission and is not permitted is told beside it, as a prohibition.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from ..messages.consent import Item
from ..messages.types import Party
from ..protocol import VENDOR, Decision, History, Question
from ..protocol.families.consent import outsiders
from ..protocol.vocabulary import Kind, includes, unreached

__all__ = ["MOST_QUESTIONS", "Exported", "Lost", "Missing", "View"]

MOST_QUESTIONS = 1_000
"""How many questions an export asks: a peer's message of 64 KiB can name a quarter of a million combinations."""


class View(NamedTuple):
    """A relationship, as one of its sides holds it, at an instant.

    Attributes:
        history: Its threads, folded; a customer's own knows also their no-words that have no place yet.
        customer: The customer's DID in it.
        vendor: The vendor's DID.
        at: The instant of the export, by the caller's clock. Every word that is held counts, whatever its date.
    """

    history: History
    customer: str
    vendor: str
    at: str


class Lost(NamedTuple):
    """Something of the record that the document does not say.

    Attributes:
        what: A member or a permission, in words of the record.
        why: A reason code of `may()`, or a sentence.
    """

    what: str
    why: str


class Missing(NamedTuple):
    """A member that the format makes mandatory, and that nothing here could fill.

    Attributes:
        pointer: Where it would stand in the document.
        member: Its name, as the format writes it.
    """

    pointer: str
    member: str


class Part(NamedTuple):
    """A part of an item that may be stated, each combination of it.

    Attributes:
        item: What is stated.
        without: Actions and purposes that DPV counts among it, and that are not permitted with it.
    """

    item: Item
    without: tuple[tuple[Kind, str], ...] = ()


@dataclass(frozen=True)
class Exported:
    """What a bridge gives.

    Attributes:
        document: Plain JSON.
        lost: What it does not say.
        missing: Which mandatory members it lacks; empty if it is whole.
    """

    document: dict[str, Any]
    lost: tuple[Lost, ...] = ()
    missing: tuple[Missing, ...] = ()


@dataclass
class Gate:
    """Asks `may()` on behalf of a document, and remembers what it had to leave out.

    Attributes:
        view: The relationship.
        lost: What was left out so far, each once.
    """

    view: View
    lost: dict[Lost, None] = field(default_factory=dict)
    _asked: dict[Question, Decision] = field(default_factory=dict)

    def permits(self, question: Question, what: str = "") -> bool:
        """Whether it may be stated.

        Args:
            question: Exactly what would be stated.
            what: How to tell it where it is left out; empty: nobody misses it.
        """
        decision = self._asked.get(question)
        if decision is None:
            if self.spent:
                self.lose("all that would have been asked about after that", f"{MOST_QUESTIONS} questions an export")
                return False
            decision = self.view.history.may(question, self.view.at, now=True)
            self._asked[question] = decision
        if what and not decision:
            self.lose(what, decision.reason)
        return bool(decision)

    @property
    def spent(self) -> bool:
        """Whether nothing more is asked: what is not known by now is left out."""
        return len(self._asked) >= MOST_QUESTIONS

    def lose(self, what: str, why: str) -> None:
        """Remember that something is left out."""
        self.lost.setdefault(Lost(what, why))

    def to_be_named(self, kind: Kind, term: str, ask: Callable[[str], Iterable[Question]]) -> "Below":
        """What lies below a term that is stated, and which a permission of the term does not reach.

        Args:
            kind: Of which kind the term is.
            term: The term.
            ask: All that would have to be permitted for a term to be so.
        """
        below = unreached(kind, term)
        denied = {one for one in below if not all(map(self.permits, ask(one)))}
        most = {one for one in denied if not any(other != one and includes(kind, other, one) for other in denied)}
        return Below(sorted(most), sorted(one for one in below if not any(includes(kind, no, one) for no in most)))

    def narrowed(self, item: Item) -> list[Part]:
        """The parts of an item that may be stated: itself if it may be as a whole, else each combination that may be.

        Third parties are among the recipients of a part if all of it is permitted for them.
        """
        whole = all(map(self.permits, questions(item)))
        return [self._without(self._for_whom(one)) for one in ([item] if whole else self._combinations(item))]

    def _combinations(self, item: Item) -> Iterator[Item]:
        for question in questions(item):
            if self.permits(question, f"{item.key}: {in_terms(question)}"):
                yield _only(item, question)
            elif self.spent:
                return

    def _for_whom(self, item: Item) -> Item:
        strangers = outsiders(item)
        kept: list[Party] = []
        for party in item.recipients or ():
            if party not in strangers:
                kept.append(party)
            elif party.id is None:
                self.lose(f"{item.key}: {party.name}", "a party without an id only informs")
            elif all(self.permits(one, f"{item.key}: {in_terms(one)}") for one in questions(item, party.id)):
                kept.append(party)
        return item.model_copy(update={"recipients": kept or None})

    def _without(self, item: Item) -> Part:
        """The item, and what it does not include: purposes first, since what is done may be for each that is left."""
        whom = (VENDOR, *(str(party.id) for party in outsiders(item)))

        def asked(**members: list[str]) -> Iterator[Question]:
            other = item.model_copy(update=members)
            return (question for recipient in whom for question in questions(other, recipient))

        purposes = [self.to_be_named("purpose", one, lambda it: asked(purposes=[it])) for one in item.purposes]
        all_purposes = [*item.purposes, *(one for below in purposes for one in below.permitted)]
        actions = [
            self.to_be_named("action", one, lambda it: asked(actions=[it], purposes=all_purposes))
            for one in item.actions
        ]
        no_actions, no_purposes = (sorted({no for one in below for no in one.denied}) for below in (actions, purposes))
        told = {
            "actions": self._besides(item.key, "action", item.actions, no_actions),
            "purposes": self._besides(item.key, "purpose", item.purposes, no_purposes),
        }
        without: list[tuple[Kind, str]] = [("action", no) for no in no_actions]
        return Part(item.model_copy(update=told), (*without, *(("purpose", no) for no in no_purposes)))

    def _besides(self, key: str, kind: Kind, terms: list[str], nos: list[str]) -> list[str]:
        """The terms that no prohibition beside them would take away."""
        kept = [term for term in terms if not any(includes(kind, no, term) for no in nos)]
        for term in terms:
            if term not in kept:
                self.lose(f"{key}: {term}", "a wider permission beside it does not include it")
        return kept


class Below(NamedTuple):
    """What lies below a term, and has to be named.

    Attributes:
        denied: What is not permitted: the most general terms of it.
        permitted: What is, and does not lie below these.
    """

    denied: list[str]
    permitted: list[str]


def questions(item: Item, recipient: str = VENDOR) -> Iterator[Question]:
    """All that an item says, one question each: it covers each combination of its members."""
    combined = product(item.actions, item.purposes, item.data, item.channels or (None,), item.topics or (None,))
    for action, purpose, data, channel, topic in combined:
        yield Question(action, purpose, data, recipient, channel, None, topic)


def in_terms(question: Question) -> str:
    """A question in a line: its terms, and what narrows it."""
    more = (question.channel, question.topic.code if question.topic else None)
    to = question.recipient if question.recipient != VENDOR else None
    parts = (question.action, question.purpose, question.data, *more, to and f"to {to}")
    return " ".join(part for part in parts if part)


def _only(item: Item, question: Question) -> Item:
    """An item that says no more than this."""
    return item.model_copy(
        update={
            "actions": [question.action],
            "purposes": [question.purpose],
            "data": [question.data],
            "channels": [question.channel] if question.channel else None,
            "topics": [question.topic] if question.topic else None,
        }
    )
