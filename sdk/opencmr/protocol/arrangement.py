"""How the words of one relationship hang together: the chain, what lies off it, and what is missing.

`spec/v1/evidence.md` says in which order they are written down, and what a gap is. Nothing here is judged by the rules
of a family; that is for the fold (`evidence`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from ..errors import Problem
from ..messages import Message
from ..messages.types import Side
from .history import is_entry
from .said import Erased


@dataclass(frozen=True, slots=True)
class Piece:
    """A message or receipt whose bytes are here.

    Attributes:
        name: By which people know it.
        digest: Digest of its bytes.
        message: The message; of a vendor's word that is void for its form, the envelope alone.
        fault: What is wrong with its form, where something is.
        position: Where it stands among all that is put forward.
    """

    name: str
    digest: str
    message: Message[Any]
    fault: Problem | None = None
    position: int = 0

    @property
    def side(self) -> Side:
        """Who says it."""
        return self.message.side

    @property
    def is_entry(self) -> bool:
        """Whether it is a message, and no receipt."""
        return is_entry(self.message)

    @property
    def is_erased(self) -> bool:
        """Whether its content was erased: this is its tombstone."""
        return isinstance(self.message.body, Erased)

    @property
    def number(self) -> int:
        """Of a vendor's word: its number."""
        return self.message.number or 0

    @property
    def of(self) -> str | None:
        """Of a receipt: the digest of what it answers. A receipt that is void for its form answers nothing."""
        return None if self.is_entry or self.fault is not None else str(self.message.body.of)

    @property
    def names(self) -> Iterator[str]:
        """The digests of what it names as said before."""
        for digest in (self.message.prior, self.message.seen, self.of):
            if digest is not None:
                yield digest


class Gap(NamedTuple):
    """Something that is named, and not here.

    Attributes:
        by: The name of the piece that names it.
        member: JSON pointer of the member that does.
        digest: The digest that it names.
        numbers: Of the vendor's words: the first and the last number that is missing.
    """

    by: str
    member: str
    digest: str
    numbers: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        """How many words are missing at least."""
        return self.numbers[1] - self.numbers[0] + 1 if self.numbers else 1


class Split(NamedTuple):
    """Two words of the vendor's with one number. It was restored, or says different things; nobody can tell which.

    Attributes:
        number: Their number.
        one: The name of the one that is written down first.
        other: The name of the other.
    """

    number: int
    one: str
    other: str


@dataclass(frozen=True)
class Arrangement:
    """The pieces of one relationship, put in order.

    Attributes:
        chain: The vendor's words by their numbers: the branch that is written down first.
        strays: The vendor's words that are off the chain.
        order: In which they have to be written down: the vendor's words, with what belongs to each.
        missing: Of the vendor's words, what a later word of theirs says must be there.
        hard: Everything else that must be there: what a receipt answers, and what a customer's word has seen.
        soft: What a customer's word names as said before by the same customer. It may never have been delivered.
        misled: Words of the vendor's that name as the one before a word that is not.
        splits: Where the vendor says two things.
        customers: Digest → the customer's messages.
        receipts: Digest → the customer's receipts for that word of the vendor's.
    """

    chain: tuple[Piece, ...]
    strays: tuple[Piece, ...]
    order: tuple[Piece, ...]
    missing: tuple[Gap, ...]
    hard: tuple[Gap, ...]
    soft: tuple[Gap, ...]
    misled: tuple[Piece, ...]
    splits: tuple[Split, ...]
    customers: dict[str, Piece]
    receipts: dict[str, list[Piece]]

    @property
    def last(self) -> int:
        """The number of the last word of the chain; 0 where there is none."""
        return self.chain[-1].number if self.chain else 0

    def answered(self) -> dict[str, Piece]:
        """What the chain answers, by digest: the first receipt that does."""
        first: dict[str, Piece] = {}
        for word in self.chain:
            if word.of is not None:
                first.setdefault(word.of, word)
        return first


def arrange(pieces: Iterable[Piece]) -> Arrangement:
    """Put the pieces of one relationship in order, and see what is missing. The same piece twice counts once."""
    here = {piece.digest: piece for piece in sorted(pieces, key=lambda piece: piece.position, reverse=True)}
    vendors = sorted((piece for piece in here.values() if piece.side == "vendor"), key=_by_number)
    customers = {digest: piece for digest, piece in here.items() if piece.side == "customer" and piece.is_entry}
    receipts: dict[str, list[Piece]] = {}
    for piece in reversed(here.values()):
        if piece.side == "customer" and piece.of is not None:
            receipts.setdefault(piece.of, []).append(piece)
    chain = _chain(vendors, here)
    on_chain = {piece.digest for piece in chain}
    strays = sorted((p for p in vendors if p.digest not in on_chain), key=lambda piece: (piece.number, piece.digest))
    return Arrangement(
        chain=tuple(chain),
        strays=tuple(strays),
        order=tuple(_order([*chain, *strays], customers, receipts)),
        missing=tuple(_missing(vendors, here)),
        hard=tuple(_named(here)),
        soft=tuple(
            Gap(piece.name, "/prior", piece.message.prior)
            for piece in sorted(customers.values(), key=lambda piece: piece.position)
            if piece.message.prior is not None and piece.message.prior not in here
        ),
        misled=tuple(p for p in vendors if (prior := here.get(p.message.prior or "")) and not _leads(prior, p)),
        splits=tuple(_splits(vendors)),
        customers=customers,
        receipts=receipts,
    )


def _by_number(piece: Piece) -> tuple[int, int]:
    return piece.number, piece.position


def _leads(prior: Piece, word: Piece) -> bool:
    return prior.side == "vendor" and prior.number == word.number - 1


def _chain(vendors: Sequence[Piece], here: Mapping[str, Piece]) -> list[Piece]:
    """The branch that is written down first. Beyond a gap it goes on with what is there."""
    chain: list[Piece] = []
    for number, group in groupby(vendors, key=lambda piece: piece.number):
        words = list(group)
        tip = chain[-1].digest if chain and chain[-1].number == number - 1 else None
        following = [word for word in words if word.message.prior == tip] if tip or number == 1 else []
        beyond = [word for word in words if word.message.prior is not None and word.message.prior not in here]
        chain += (following or beyond)[:1]
    return chain


def _order(
    words: Sequence[Piece], customers: Mapping[str, Piece], receipts: Mapping[str, list[Piece]]
) -> Iterator[Piece]:
    """A customer's message right before the receipt that gives it its place, a customer's receipt after the entry."""
    put: set[str] = set()
    for word in words:
        before = customers.get(word.of or "")
        after = receipts.get(word.digest, []) if word.is_entry else []
        for piece in [before, word] if before else [word, *after]:
            if piece.digest not in put:
                put.add(piece.digest)
                yield piece


def _missing(vendors: Sequence[Piece], here: Mapping[str, Piece]) -> Iterator[Gap]:
    """Each word of the vendor's names the one before."""
    before, told = 0, set[str]()
    for number, group in groupby(vendors, key=lambda piece: piece.number):
        for word in group:
            prior = word.message.prior
            if prior is not None and prior not in here and prior not in told:
                told.add(prior)
                yield Gap(word.name, "/prior", prior, (min(before + 1, number - 1), number - 1))
        before = number


def _named(here: Mapping[str, Piece]) -> Iterator[Gap]:
    """What a receipt answers, and what the sender of a word has seen."""
    for piece in sorted(here.values(), key=lambda piece: piece.position):
        if piece.of is not None and piece.of not in here:
            yield Gap(piece.name, "/body/of", piece.of)
        if piece.message.seen is not None and piece.message.seen not in here:
            yield Gap(piece.name, "/seen", piece.message.seen)


def _splits(vendors: Sequence[Piece]) -> Iterator[Split]:
    first: dict[tuple[int, str | None], Piece] = {}
    for word in vendors:
        one = first.setdefault((word.number, word.message.prior), word)
        if one is not word:
            yield Split(word.number, one.name, word.name)
