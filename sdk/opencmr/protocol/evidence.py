"""Checking what two parties have said to each other, offline, from bytes alone (`spec/v1/evidence.md`).

    1  each by itself          size, digest, canonical form, model, key, signature     `exhibits`
    2  what belongs together   nothing twice, and each customer's message with its receipt
    3  the chain               the vendor's numbers, what is named and must be there, and all in order   `arrangement`
    4  the fold                every receipt says what the fold says
    5  the records             the stated folds are the computed ones

Each relationship is judged by itself. In it, a step is taken only if those before have found nothing, so that findings
name causes and not consequences. What accuses nobody, such as a split, is no finding: `Completeness` tells it, and what
nobody can know from what is put forward stands in `unknown`. What is *not* handled here: files and folders. Callers
bring bytes and the names by which people know them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import trust
from ..errors import Problem
from ..messages import Path, pointer
from .arrangement import Arrangement, Gap, Piece, arrange
from .chain import CONTRADICTION
from .clock import shifted
from .exhibits import Evidence, Exhibit, Finding, Pair, check_message, examine_exhibits
from .history import History
from .judgement import Completeness, Contradiction, Findings, Judgement, Unknown
from .thread import Thread, opened_by, tells_of_erasure

__all__ = [
    "Completeness",
    "Contradiction",
    "Evidence",
    "Exhibit",
    "Finding",
    "Findings",
    "Judgement",
    "Unknown",
    "check_message",
    "examine",
    "folded",
    "records_of",
]


@dataclass
class _Case:
    """One relationship, in hand."""

    pair: Pair
    pieces: list[Piece]
    found: list[Finding]
    arranged: Arrangement
    part: frozenset[str] | None
    given: bool
    step: int = 1
    history: History = field(default_factory=History)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    contradictions: list[Contradiction] = field(default_factory=list)

    def find(self, piece: Piece | Exhibit, code: str, why: str, where: str | None = None) -> None:
        self.found.append(Finding(piece.name, code, why, where))

    def whole(self, piece: Piece) -> bool:
        """Whether all of a piece's thread is here."""
        return self.part is None or piece.message.thread in self.part


def examine(evidence: Evidence) -> Findings:
    """Check evidence. Never raises for what it holds; says which exhibit is wrong, and why.

    Args:
        evidence: What is put forward.
    """
    # 1 each by itself
    reading = examine_exhibits(evidence)
    cases = []
    for pair in reading.pairs:
        pieces = reading.pieces.get(pair, [])
        found = reading.found.get(pair, [])
        cases.append(_Case(pair, pieces, found, arrange(pieces), evidence.part, pair[1] in evidence.given))
    # 2 what belongs together
    for case in _clean(cases, 2):
        _check_belonging(case)
    # 3 the chain
    clean = list(_clean(cases, 3))
    for case in clean:
        _check_gaps(case)
    _check_order([case for case in clean if not case.found])
    # 4 the fold
    for case in _clean(cases, 4):
        _fold(case)
    # 5 the records
    for case in _clean(cases, 5):
        _compare(case, reading.folds.get(case.pair, []))
    return Findings(tuple(reading.loose), tuple(map(_judged, cases)))


def _clean(cases: Sequence[_Case], step: int) -> Iterator[_Case]:
    for case in cases:
        if not case.found:
            case.step = step
            yield case


def _judged(case: _Case) -> Judgement:
    arranged = case.arranged
    for piece in case.pieces:
        case.counts["messages" if piece.is_entry else "receipts"] += 1
        if piece.is_erased:
            case.counts["erased"] += 1
    case.counts["threads"] = len({piece.message.thread for piece in case.pieces if case.whole(piece)})
    times = case.history.chain.times()
    answered = {of for of, word in arranged.answered().items() if case.whole(word)}
    entries = [word for word in arranged.chain if word.is_entry and case.whole(word)]
    here = Completeness(
        last=arranged.last,
        here=len(arranged.chain),
        at=times[-1] if times and case.step > 3 else None,
        answered=len(answered),
        answered_here=len(answered & arranged.customers.keys()),
        unreceipted=sum(word.digest not in arranged.receipts for word in entries),
        hard=tuple(_gaps(case)),
        soft=arranged.soft if case.part is None else (),
        splits=arranged.splits,
        strays=len(arranged.strays),
        noes=tuple(case.arranged.customers[digest].name for digest in case.history.unplaced),
        contradictions=tuple(case.contradictions),
        part=case.part,
    )
    found, counts = tuple(case.found), dict(case.counts)
    return Judgement(*case.pair, found, case.step, counts, case.history, here, tuple(_unknown(case, here)))


def _unknown(case: _Case, here: Completeness) -> Iterator[Unknown]:
    yield Unknown("end", f"what was said after number {here.last} of the vendor's words")
    yield Unknown("unanswered", "what the customer said and nobody answered")
    if case.part is not None:
        yield Unknown("rest", "what the words say that were left out of this part, also of its own threads")
    if "erased" in case.counts:
        yield Unknown("erased", "what the messages said that were erased, and whether what came of them was right")
    if not case.given:
        yield Unknown("keys", "whether these are the vendor's keys: the evidence alone says so")


# 2 what belongs together


def _check_belonging(case: _Case) -> None:
    digests: dict[str, Piece] = {}
    ids: dict[str, Piece] = {}
    answered = {piece.of for piece in case.pieces if piece.side == "vendor" and piece.of is not None}
    named = {digest for piece in case.pieces if not piece.is_erased for digest in piece.names}
    for piece in case.pieces:
        if (first := digests.setdefault(piece.digest, piece)) is not piece:
            case.find(piece, "duplicate", f"the same message as {first.name}")
        elif piece.side == "customer" and (first := ids.setdefault(piece.message.id, piece)) is not piece:
            case.find(piece, "conflict", f"the id of {first.name}, and other bytes", "/id")
        elif piece.side == "customer" and piece.is_entry and piece.digest not in answered:
            case.find(piece, "unanswered", "the vendor's receipt for it is not here")
        elif piece.side == "vendor" and piece.is_erased and piece.digest not in named:
            case.find(piece, "unanswered", "it was erased, and no signed word here names it")


# 3 the chain


def _check_gaps(case: _Case) -> None:
    arranged = case.arranged
    if not any(map(case.whole, case.pieces)):
        case.find(case.pieces[0], "not-as-stated", "the manifest states no thread of this relationship to be whole")
    for word in arranged.misled:
        why = f"it is number {word.number}, and what it names as the word before is not number {word.number - 1}"
        case.find(word, "wrong-prior", why, "/prior")
    numbers = {word.number for word in (*arranged.chain, *arranged.strays)}
    for gap in _gaps(case):
        if not _left_out(case, gap, numbers):
            case.found.append(Finding(gap.by, "missing", _why_missing(gap, numbers), gap.member))


def _left_out(case: _Case, gap: Gap, numbers: set[int]) -> bool:
    """Whether it is stated that such words are not here."""
    return case.part is not None and gap.numbers is not None and gap.numbers[1] not in numbers


def _gaps(case: _Case) -> list[Gap]:
    """All that must be there and is not: each once, though several words name it."""
    named = {piece.name for piece in case.pieces if case.whole(piece)}
    gaps: dict[str, Gap] = {}
    for gap in (*case.arranged.missing, *(gap for gap in case.arranged.hard if gap.by in named)):
        # What is left out of a part is no fault, unless a word that is to be folded has seen it.
        gaps.setdefault(gap.digest if case.part is None else f"{gap.digest} {gap.member}", gap)
    return list(gaps.values())


def _why_missing(gap: Gap, numbers: set[int]) -> str:
    if gap.numbers is None:
        what = {"/seen": "the vendor's word that its sender had seen", "/body/of": "the message that it answers"}
        return f"{what[gap.member]}, {gap.digest}, is not here"
    first, last = gap.numbers
    if last in numbers:
        return f"it goes on from {gap.digest}, which is not here: that is another number {last} than the one here"
    which = f"number {last} is" if first == last else f"numbers {first} to {last} are"
    return f"it goes on from {gap.digest}; of the vendor's words {which} not here"


def _check_order(cases: Sequence[_Case]) -> None:
    """Relationship by relationship, and in each as its words hang together."""
    right = [(piece, case) for case in cases for piece in case.arranged.order]
    rank = {piece.position: number for number, (piece, _) in enumerate(right)}
    there = sorted(rank)
    for position in _out_of_order([rank[position] for position in there]):
        number = rank[there[position]]
        piece, case = right[number]
        where = f"right after {right[number - 1][0].name}" if number else "at the beginning"
        case.find(piece, "out-of-order", f"by its place it stands {where}")


def _out_of_order(places: Sequence[int]) -> list[int]:
    """The fewest positions without which the rest strictly increases."""
    tops: list[int] = []
    ends: list[int] = []
    links: list[int | None] = []
    for position, place in enumerate(places):
        length = bisect_left(tops, place)
        links.append(ends[length - 1] if length else None)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [position]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = links[last]
    return [position for position in range(len(places)) if position not in kept]


# 4 the fold


def folded(arranged: Arrangement, part: frozenset[str] | None = None) -> History:
    """What the chain of a relationship folds to.

    Args:
        arranged: The relationship.
        part: The threads to fold; absent: all.
    """
    history = _blank(arranged)
    for word in arranged.chain:
        _follow(history, word, _answered(arranged, word), part)
    return history


def _blank(arranged: Arrangement) -> History:
    history = History()
    history.chain.given_up = frozenset(word.digest for word in arranged.strays)
    return history


def _answered(arranged: Arrangement, word: Piece) -> Piece | None:
    """The customer's message that a receipt gives its place."""
    said = arranged.customers.get(word.of or "")
    return said if said is not None and said.message.thread == word.message.thread else None


def _follow(
    history: History, word: Piece, said: Piece | None, part: frozenset[str] | None
) -> tuple[Thread | None, Problem | None]:
    if part is None or word.message.thread in part:
        return history.follow(word.message, word.digest, of=said.message if said else None, fault=word.fault)
    history.pass_over(word.message, word.digest, of=(said.digest, said.message) if said else None)
    return None, None


def _fold(case: _Case) -> None:
    arranged, history = case.arranged, _blank(case.arranged)
    case.history = history
    broken: set[str] = set()
    for word in arranged.chain:
        before, said = len(case.found), _answered(arranged, word)
        right = None
        if said is not None and case.whole(word):
            placed = history.placing(said.message, said.digest, word.message.created)
            thread = history.threads.get(said.message.thread) or opened_by(said.message)
            right = thread.take(placed, history)
        again = said is not None and history.chain.place_of(said.digest) is not None
        if not word.is_erased and not history.key_counts(word.message):
            case.find(word, "wrong-key", "its key had ended by then, or began later", "/proof/verificationMethod")
        void = word.fault is not None or history.chain.word_of(word.message.id) is not None
        after, why = _follow(history, word, said, case.part)
        if not case.whole(word):
            continue
        if word.is_entry:
            _take_vendors(case, word, after, why)
        elif void and why is not None:
            case.found.append(Finding.of(word.name, why))
        elif said is None or right is None:
            where = "/thread" if word.of in arranged.customers else "/body/of"
            case.find(word, "answers-nothing", "what it names is not for it to answer", where)
        elif again:
            case.find(word, "answered-twice", f"{said.name} has been answered already", "/body/of")
        else:
            _take_customers(case, word, said, *right)
        if word.message.thread in broken:
            del case.found[before:]  # what comes of an outcome that was wrong before
        elif len(case.found) > before:
            broken.add(word.message.thread)
    for said in arranged.customers.values():
        if case.whole(said):
            history.hear(said.message, said.digest)  # without a place on the chain it denies all the same
    _check_customers_receipts(case)
    _tell_dates(case)


def _take_customers(case: _Case, receipt: Piece, said: Piece, thread: Thread, why: Problem | None) -> None:
    if thread.erased is not None:
        return  # nobody can say any more what has to come of it
    outcome = "refused" if why else thread.entries[-1].outcome
    case.counts[outcome] += 1
    _check_said(case, receipt, said, outcome, None if why else thread.state, why)


def _take_vendors(case: _Case, word: Piece, thread: Thread | None, why: Problem | None) -> None:
    if thread is None or thread.erased is not None:
        return
    outcome = thread.entries[-1].outcome
    case.counts[outcome] += 1
    for receipt in case.arranged.receipts.get(word.digest, ())[:1]:
        if receipt.message.thread == word.message.thread:
            _check_said(case, receipt, word, "refused" if why else outcome, None if why else thread.state, why)


def _check_said(
    case: _Case, receipt: Piece, piece: Piece, outcome: str, state: str | None, why: Problem | None
) -> None:
    """Whether a receipt says what the fold says."""
    said = receipt.message.body
    if tells_of_erasure(said):
        return
    because = f" ({why})" if why else ""
    if said.outcome != outcome:
        why_not = f"it says {said.outcome} of {piece.name}, the fold says {outcome}{because}"
        case.find(receipt, "other-outcome", why_not, "/body/outcome")
    elif said.state != state:
        wrong = f"it says {said.state} after {piece.name}, the fold says {state}"
        case.find(receipt, "other-state", wrong, "/body/state")
    elif why is not None and (code := Problem.from_dict(said.problem.wire()).code) != why.code:
        case.find(
            receipt, "other-problem", f"it says {code} of {piece.name}, the rules say {why}", "/body/problem/type"
        )


def _check_customers_receipts(case: _Case) -> None:
    words = {word.digest: word for word in (*case.arranged.chain, *case.arranged.strays)}
    for of, given in case.arranged.receipts.items():
        word = words.get(of)
        for receipt in given:
            if word is None or not word.is_entry or word.message.thread != receipt.message.thread:
                where = "/thread" if word is not None and word.is_entry else "/body/of"
                case.find(receipt, "answers-nothing", "what it names is not for it to answer", where)
        if word is not None and word.is_entry:
            for receipt in given[1:]:
                case.find(receipt, "answered-twice", f"{given[0].name} has answered {word.name} already", "/body/of")


def _tell_dates(case: _Case) -> None:
    """Dates order nothing. Those that contradict each other spoil no evidence, and accuse nobody by themselves."""
    customers, chain = case.arranged.customers, case.arranged.chain
    for dispute in case.history.chain.disputes:
        said = customers[dispute.word]
        case.contradictions.append(
            Contradiction(chain[dispute.place - 1].name, dispute.says, said.name, dispute.created)
        )
    for digest, receipt in case.arranged.answered().items():
        says, dated = customers[digest].message.created if digest in customers else "", receipt.message.created
        if says and dated < shifted(says, -CONTRADICTION):
            case.contradictions.append(Contradiction(customers[digest].name, says, receipt.name, dated))


# 5 the records


def records_of(history: History) -> dict[str, Any]:
    """The records of a relationship as plain JSON, by thread, the same on both sides."""
    return {id_: thread.record.as_dict() for id_, thread in history.threads.items() if thread.record is not None}


def _compare(case: _Case, stated: Sequence[tuple[Exhibit, dict[str, Any]]]) -> None:
    customer, vendor = case.pair
    for exhibit, said in stated[:1]:
        right = {"customer": customer, "vendor": vendor, "records": records_of(case.history)}
        if trust.canonicalize(right) != exhibit.raw:
            path = _first_difference(said, right)
            case.find(exhibit, "other-fold", "the messages fold to something else", pointer(path))
    for exhibit, _ in stated[1:]:
        case.find(exhibit, "duplicate", f"{stated[0][0].name} states this relationship's records already")
    if not stated:
        opener = case.pieces[0]
        case.find(opener, "missing", f"no records are stated for the relationship of {customer} with {vendor}")


def _first_difference(said: Any, right: Any, path: Path = ()) -> Path:
    if isinstance(said, dict) and isinstance(right, dict):
        for name in sorted(said.keys() | right.keys()):
            if name not in said or name not in right:
                return (*path, name)
            if said[name] != right[name]:
                return _first_difference(said[name], right[name], (*path, name))
    if isinstance(said, list) and isinstance(right, list):
        for position, (one, other) in enumerate(zip(said, right, strict=False)):
            if one != other:
                return _first_difference(one, other, (*path, position))
        return (*path, min(len(said), len(right))) if len(said) != len(right) else path
    return path
