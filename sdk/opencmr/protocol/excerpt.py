"""What of a relationship is needed to fold one thread of it (`spec/v1/evidence.md`, a part).

Threads are judged by what their words knew, and some by other threads. So a thread is written down with those threads,
and with what shows which places its words knew: the vendor's words that they have seen, and what they name besides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .arrangement import Arrangement, Piece
from .chain import TOLERANCE
from .clock import shifted
from .families import FAMILIES
from .history import History


@dataclass(frozen=True)
class Excerpt:
    """A part of a relationship.

    Attributes:
        threads: The threads that are in it whole.
        pieces: Their words and receipts, and what places them.
    """

    threads: frozenset[str]
    pieces: tuple[Piece, ...]


def excerpt(whole: Arrangement, history: History, thread: str) -> Excerpt:
    """The part of a relationship that one thread needs.

    Args:
        whole: The relationship: its chain is without a gap.
        history: What it folds to.
        thread: The thread; it is in the history.
    """
    threads = frozenset(needed(history, thread))
    places = {digest: receipt.number for digest, receipt in whole.answered().items()}
    numbers = {word.digest: word.number for word in whole.chain}
    kept: dict[str, Piece] = {}
    latest: tuple[str, list[Piece]] = ("", [])
    for word in whole.chain:
        said = whole.customers.get(word.of or "")
        if word.message.thread in threads:
            around = [said] if said else whole.receipts.get(word.digest, [])
            trail = _trail(whole, said, places, numbers) if said else ()
            earlier = latest[1] if word.message.created < latest[0] else []  # it counts as said when that was seen
            kept |= {piece.digest: piece for piece in (word, *around, *trail, *earlier)}
        if said is not None and places[said.digest] == word.number:
            latest = max(latest, _acknowledged(whole, word, said, numbers), key=lambda one: one[0])
    return Excerpt(threads, tuple(kept.values()))


def _trail(whole: Arrangement, said: Piece, places: dict[str, int], numbers: dict[str, int]) -> Iterator[Piece]:
    """What shows which places a customer's word knew: what it has seen, and what its `prior` leads to beyond that."""
    bound, here = 0, places[said.digest]
    word: Piece | None = said
    while word is not None:
        seen = numbers.get(word.message.seen or "", 0)
        if 0 < seen < here:
            yield whole.chain[seen - 1]
        bound = max(bound, seen)
        word = whole.customers.get(word.message.prior or "")
        if word is None or not bound < places.get(word.digest, 0) < here:
            return
        here = places[word.digest]
        yield from (word, whole.chain[here - 1])


def _acknowledged(whole: Arrangement, receipt: Piece, said: Piece, numbers: dict[str, int]) -> tuple[str, list[Piece]]:
    """The date that a customer's word makes stand, and what shows it."""
    seen = numbers.get(said.message.seen or "", 0)
    if not 0 < seen < receipt.number:
        return "", []
    word = whole.chain[seen - 1]
    date = word.message.created
    return (date, [word, said, receipt]) if said.message.created >= shifted(date, -TOLERANCE) else ("", [])


def needed(history: History, thread: str) -> set[str]:
    """A thread, and those that decide about it."""
    threads: set[str] = set()
    further = [thread, *history.speaking]
    while further:
        id_ = further.pop()
        if id_ not in threads:
            threads.add(id_)
            found = history.threads[id_]
            further += FAMILIES[found.family].rests_on(found, history) if found.family else ()
    return threads
