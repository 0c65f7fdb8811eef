"""What the customer's own words deny, in the customer's own order.

Read from `spec/v1/sequence.md` and `spec/v1/decisions.md`, and not from the code. All that is taken from the fold is
which words of the vendor's took effect: which terms both agreed to, which offers were made, which order stands. Whether
a question may be permitted follows from the order in which the customer said things, and from nothing else:

- A yes is a grant, a proffer, an acceptance of a counter, a wish with its terms. It is gone once the customer takes
  back what it said: by a no in its thread that names its key, by the end of its terms, wish or order.
- A no is what a refusal or a withdrawal takes back, and what terms prohibit that both agreed to. It stands until a
  yes that was said later lifts it, and that must be as explicit as the no (DEC-14).
- Terms give way to terms of the same scope that were said later, once both agreed to those.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opencmr.messages import consent
from opencmr.protocol import History, Question
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.families.terms import Agreement

from . import words
from .words import Area, Word


class Taken(NamedTuple):
    """What a no takes back: an item, and the word that said it."""

    areas: tuple[Area, ...]
    source: str


@dataclass(frozen=True)
class Noted:
    """An explicit word of the customer's; `index` is when it was said, whatever became of it since."""

    index: int
    word: Word
    took: tuple[Taken, ...] = ()


class Yes(NamedTuple):
    """What one word permits, as far as the customer has not taken it back."""

    index: int
    areas: tuple[Area, ...]


class No(NamedTuple):
    """What one word forbids."""

    index: int
    areas: tuple[Area, ...]


_NOES = ("consent.refuse", "consent.withdraw")


@dataclass
class Diary:
    """All that the customer has said, in the order in which it was said; also in the shop, which the vendor heard."""

    noted: list[Noted] = field(default_factory=list)

    def note(self, word: Word, history: History) -> None:
        """Write down a word; `history` is what the customer knew."""
        took = tuple(self._takes_back(word, history)) if word.type in _NOES else ()
        self.noted.append(Noted(len(self.noted), word, took))

    def _takes_back(self, word: Word, history: History) -> Iterator[Taken]:
        """Item by item: what was granted last, as far as the customer knew; else what was asked for."""
        stands: dict[str, Taken | None] = {}
        thread = history.threads.get(word.thread)
        entries = {entry.digest: entry for entry in thread.entries} if thread else {}
        record = thread.record if thread else None
        if record is not None and record.request is not None:
            for item in record.request.items:
                stands[item.key] = Taken(words.areas_of_item(item), record.asked)
        for one in self.noted:
            if one.word.thread != word.thread:
                continue
            if one.word.type == "consent.grant":
                placed = history.chain.place_of(one.word.digest) is not None
                entry = entries.get(one.word.digest)
                if not placed or (entry is not None and entry.outcome == "accepted"):
                    for item in one.word.message.body.items:
                        stands[item.key] = Taken(words.areas_of_item(item), one.word.digest)
            elif one.word.type in _NOES:
                for key in list(stands):
                    if names(one.word, key):
                        stands[key] = None
        for key, taken in stands.items():
            if taken is not None and names(word, key):
                yield taken


def names(no: Word, key: str) -> bool:
    """Whether a refusal or a withdrawal names this item."""
    keys = no.message.body.keys
    return keys is None or key in keys


class View:
    """The customer's words as one side holds them, against what that side folds.

    Args:
        diary: All that was said.
        history: What the side folds.
        held: Digests of what it holds: a wallet all of its own, a vendor what has its place.
    """

    def __init__(self, diary: Diary, history: History, held: Collection[str]) -> None:
        self.history = history
        self.held = held
        self.noted = [one for one in diary.noted if one.word.digest in held]
        self.index = {one.word.digest: one.index for one in self.noted}
        self.agreed = list(self._agreed())

    def denies(self, question: Question) -> str | None:
        """Why the customer's words deny this; none where they may permit it."""
        if self._performs(question):
            return None
        noes = [no for no in self._noes(question.thread) if any(area.touches(question) for area in no.areas)]
        yeses = list(self._yeses(question.thread))
        for yes in yeses:
            for area in yes.areas:
                if area.covers(question) and all(
                    no.index < yes.index
                    and all(area.lifts(each, question) for each in no.areas if each.touches(question))
                    for no in noes
                ):
                    return None
        covering = sorted(yes.index for yes in yeses if any(area.covers(question) for area in yes.areas))
        return f"yes at {covering}, no at {sorted(no.index for no in noes)}"

    # What is taken back, and what stands

    def _later(self, index: int, thread: str, *types: str) -> list[Noted]:
        return [one for one in self.noted if one.index > index and one.word.thread == thread and one.word.type in types]

    def _noes(self, thread: str | None) -> Iterator[No]:
        for one in self.noted:
            for taken in one.took:
                if taken.source in self.held or self.history.chain.number(taken.source) is not None:
                    yield No(one.index, taken.areas)
        for index, scope, name in self.agreed:
            if scope == thread or (scope is None and not self._governed(thread)):
                yield No(index, words.areas_of_terms(name, "prohibit"))
        for id_, record in self._dealings():
            if id_ == thread:
                for offer in record.offers:
                    if offer.own is not None:
                        index = self._index_of_place(id_, offer.own.place)
                        yield No(index, words.areas_of_terms(offer.terms[1].id, "prohibit"))

    def _yeses(self, thread: str | None) -> Iterator[Yes]:
        for one in self.noted:
            match one.word.type:
                case "consent.grant":
                    for item in one.word.message.body.items:
                        later = self._later(one.index, one.word.thread, *_NOES)
                        if not any(names(no.word, item.key) for no in later):
                            yield Yes(one.index, words.areas_of_item(item))
                case "intent.cast" | "intent.amend" if one.word.thread == thread:
                    for name in self._terms_of_wish(one):
                        yield Yes(one.index, words.areas_of_terms(name, "permit"))
        for index, scope, name in self.agreed:
            if scope != thread and (scope is not None or self._governed(thread)):
                continue
            if not self._gave_way(index, scope) and not self._ended(index):
                yield Yes(index, words.areas_of_terms(name, "permit"))

    def _governed(self, thread: str | None) -> bool:
        """Whether a thread is under terms of its own: a wish has its place, or terms for it were agreed."""
        if thread is None:
            return False
        wished = any(id_ == thread and record.wished_at for id_, record in self._dealings())
        return wished or any(scope == thread for _, scope, _ in self.agreed)

    def _agreed(self) -> Iterator[tuple[int, str | None, str]]:
        """Terms that both agreed to: the customer's own word for them, their scope, their name."""
        for thread in self.history.threads.values():
            record = thread.record
            if isinstance(record, Agreement) and record.since is not None and record.terms is not None:
                own = [
                    entry.digest for entry in thread.entries if entry.side == "customer" and entry.outcome == "accepted"
                    and entry.type in ("terms.proffer", "terms.accept")
                ][-1]  # fmt: skip
                yield self.index[own], record.scope.id if record.scope else None, record.terms[1].id

    def _ended(self, index: int) -> bool:
        thread = next(one.word.thread for one in self.noted if one.index == index)
        return bool(self._later(index, thread, "terms.decline", "terms.terminate"))

    def _gave_way(self, index: int, scope: str | None) -> bool:
        """Whether terms of the same scope that were said later have been agreed since; an offer agrees to a wish's."""
        if any(other > index and its == scope for other, its, _ in self.agreed):
            return True
        return any(
            self._index_of_place(id_, offer.own.place) > index
            for id_, record in self._dealings() if id_ == scope
            for offer in record.offers if offer.own is not None
        )  # fmt: skip

    def _terms_of_wish(self, wish: Noted) -> Iterator[str]:
        thread = wish.word.thread
        accepted = self._later(-1, thread, "offer.accept")
        took = next((one for one in accepted if self._took_effect(one)), None)
        for end in self._later(wish.index, thread, "intent.withdraw", "order.cancel"):
            # Whoever has an order no longer has a word against the wish, also where they accepted after they withdrew.
            if end.word.type == "order.cancel" or took is None:
                return
        if self._gave_way_to_agreement(wish):
            return
        named = [ref.document.id for ref in wish.word.message.body.terms]
        for later in self._later(wish.index, thread, "intent.amend"):
            if self._took_effect(later):
                named = [name for name in named if name in {ref.document.id for ref in later.word.message.body.terms}]
        if took is not None:
            record = self.history.threads[thread].record
            named = [name for name in named if name == record.accepted_offer.terms[1].id]
        yield from named

    def _gave_way_to_agreement(self, wish: Noted) -> bool:
        return any(index > wish.index and scope == wish.word.thread for index, scope, _ in self.agreed)

    def _took_effect(self, one: Noted) -> bool:
        thread = self.history.threads.get(one.word.thread)
        entries = thread.entries if thread else ()
        return any(entry.digest == one.word.digest and entry.outcome == "accepted" for entry in entries)

    def _dealings(self) -> Iterator[tuple[str, Dealing]]:
        for thread in self.history.threads.values():
            if isinstance(thread.record, Dealing):
                yield thread.id, thread.record

    def _index_of_place(self, thread: str, place: int) -> int:
        entries = self.history.threads[thread].entries
        return next(self.index[entry.digest] for entry in entries if entry.place == place)

    # Rule 1: what is being done for the customer

    def _performs(self, question: Question) -> bool:
        thread = question.thread
        if thread is None or not self._disclosed(thread, question.data):
            return False
        casts = self._later(-1, thread, "intent.cast", "intent.amend")
        accepted = self._later(-1, thread, "offer.accept")
        cancelled = self._later(-1, thread, "order.cancel")
        if question.purpose == words.WISHES:
            ordered = any(self._took_effect(one) for one in accepted)
            return bool(casts) and not self._later(-1, thread, "intent.withdraw") and not ordered and not cancelled
        if question.purpose == words.SERVICE:
            return any(not any(end.index > one.index for end in cancelled) for one in accepted)
        return False

    def _disclosed(self, thread: str, data: str) -> bool:
        told: list[Any] = []
        for one in self._later(-1, thread, "intent.cast", "intent.amend", "order.disclose"):
            told += one.word.message.body.discloses or []
        return any(words.at_or_below(data, datum.data) for datum in told)


def heard_digests(chain: list[Word]) -> set[str]:
    """What the vendor says that it heard."""
    return {word.digest for word in chain if isinstance(word.message.body, consent.Withdraw)}
