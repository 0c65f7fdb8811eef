"""The fold of a relationship thread: under which key the customer speaks, and with which the vendor signs.

`spec/v1/relationship/page.md`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, NamedTuple, Self

from ... import trust
from ...errors import WeakKey, WrongState
from ...messages import Message, key, relationship
from ..context import Context
from ..family import Family, Misplaced, OnTerms, Record, Table, Told, VendorKey
from ..lifecycle import NONE, is_narrowing
from ..said import Entry, Point, Said, Word
from ..statements import Statement, When, same
from ..vocabulary import EVERYTHING

__all__ = ["FAMILY", "Closing", "Relationship"]


class Closing(NamedTuple):
    """A close, and those after it without a yes between them.

    Attributes:
        since: When the first took its place, and `digest`, which it is.
        own: The last one, and `last`, which it is.
    """

    since: Point
    digest: str
    own: Word
    last: str


@dataclass(frozen=True)
class Relationship(Record):
    """Who speaks in a relationship, and whether the customer has closed it.

    Attributes:
        state: A state of `relationship/lifecycle.json`.
        customer: The DID under which the customer speaks; none where they have not opened it.
        next: The digest of the key to which alone it can move.
        since: When it was opened.
        languages: In which the customer wants to be addressed, the most wanted first.
        moves: The DIDs under which the customer has gone on, and when.
        closings: When the customer has taken all back.
        keys: What the vendor has introduced.
        spent: Digests of the customer's keys so far.
        evidence: Digests of the messages that took effect.
    """

    state: str
    customer: str | None = None
    next: str | None = None
    since: Point | None = None
    languages: tuple[str, ...] = ()
    moves: tuple[tuple[str, Point], ...] = ()
    closings: tuple[Closing, ...] = ()
    keys: tuple[VendorKey, ...] = ()
    spent: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The relationship after this message, which the lifecycle allows.

        Raises:
            WrongState: It is not the customer's first word, or the key was not announced, or was used before.
            WeakKey: The vendor introduces a weak key.
        """
        here = replace(self, state=to[0], evidence=(*self.evidence, said.digest))
        match said.message.body:
            case relationship.Open() as body:
                if not is_first(said, context):
                    raise WrongState("it is the customer's first word, or none", pointer="/type", rule="REL-1")
                languages = tuple(body.languages or ())
                return here._under(said, body.next, since=said.point, languages=languages)
            case relationship.Move() as body:
                if not self.admits(said.message):
                    raise WrongState("another key was announced", pointer="/body/was", rule="REL-4")
                return here._under(said, body.next, moves=(*self.moves, (said.message.from_, said.point)))
            case key.Introduce() as body:
                return replace(here, keys=(*self.keys, key_introduced(said, body)))
            case _:
                return replace(here, closings=_closed(self.closings, said, context))

    def _under(self, said: Said, next_: str, **changes: Any) -> Self:
        did = said.message.from_
        spent = self.spent | {digest_of(did)}
        if next_ in spent:
            raise WrongState("this key speaks here, or has before", pointer="/body/next", rule="REL-3")
        return replace(self, customer=did, next=next_, spent=spent, **changes)

    def admits(self, message: Message[Any]) -> bool:
        """Whether it is a move from the customer's DID to the key that was announced."""
        match message.body:
            case relationship.Move() as body:
                return body.was == self.customer and digest_of(message.from_) == self.next
        return False

    @property
    def announces_a_key(self) -> bool:
        """Whether it was opened."""
        return self.next is not None

    @property
    def says_who_speaks(self) -> bool:
        """Whether there is a move, or an introduction."""
        return bool(self.moves or self.keys)

    def introduced(self) -> Iterable[VendorKey]:
        """What the vendor has introduced."""
        return self.keys

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {
            "record": "relationship",
            "state": self.state,
            **({"customer": self.customer, "next": self.next} if self.customer else {}),
            **({"since": self.since.at} if self.since else {}),
            **({"languages": list(self.languages)} if self.languages else {}),
            **({"moves": [{"to": did, "at": point.at} for did, point in self.moves]} if self.moves else {}),
            **({"closed": [closing.since.at for closing in self.closings]} if self.closings else {}),
            **({"keys": [_as_dict(each) for each in self.keys]} if self.keys else {}),
            "evidence": list(self.evidence),
        }

    def in_brief(self) -> str:
        """How it stands, and how often it has moved."""
        moved = f"moved {len(self.moves)} times" if len(self.moves) > 1 else "moved once" if self.moves else ""
        introduced = f"keys introduced: {len(self.keys)}" if self.keys else ""
        return "; ".join(filter(None, (moved, introduced))) or self.state

    def in_full(self, at: str) -> Told:
        """The keys of both sides, and since when."""
        rows = []
        if self.customer is not None and self.since is not None:
            rows.append(("customer", self.customer, self.moves[-1][1].at if self.moves else self.since.at))
        rows += [("vendor", each.key, max(each.since.at, each.begins or "")) for each in self.keys]
        lines = [f"moved to {did} at {point.at}" for did, point in self.moves]
        lines += [f"ends {url}" for each in self.keys for url in each.ends]
        lines += [f"closed at {closing.since.at}" for closing in self.closings]
        return Told(Table(("side", "key", "since"), tuple(rows)), tuple(lines))

    @property
    def size(self) -> int:
        """How many statements it gives."""
        return len(self.closings)

    def statements(self, when: When) -> Iterator[Statement]:
        """A close prohibits everything; what is done for an order goes on by rule 1."""
        for closing in self.closings:
            yield Statement(
                effect="prohibit",
                source="withdrawal",
                actions=same((EVERYTHING["action"],)),
                purposes=None,
                data=same((EVERYTHING["data"],)),
                third_parties=None,
                own=closing.own,
                at=when(closing.since),
                evidence=(closing.digest,),
            )

    def on_terms(self, scope: str | None, thread: str, entries: tuple[Entry, ...]) -> Iterator[OnTerms]:
        """A close ends the terms of every scope."""
        for closing in self.closings:
            yield OnTerms(closing.own.place, closing.last)


def is_first(said: Said, context: Context) -> bool:
    """Whether nothing was said by the customer before."""
    return said.message.prior is None and not context.chain.answers


def digest_of(did: str) -> str:
    return trust.key_digest(did.removeprefix("did:key:"))


def key_introduced(said: Said, body: key.Introduce) -> VendorKey:
    try:
        trust.decode_public(body.key)
    except WeakKey as problem:
        raise WeakKey(problem.detail, pointer="/body/key", rule="REL-9") from problem
    return VendorKey(body.key, said.point, body.from_, tuple(body.ends or ()))


def _closed(before: tuple[Closing, ...], said: Said, context: Context) -> tuple[Closing, ...]:
    """The closings with one more. Without a yes between them the later one stands for both, since the first."""
    if before and not _said_yes_since(before[-1].own.place, context):
        return (*before[:-1], before[-1]._replace(own=said.word, last=said.digest))
    return (*before, Closing(said.point, said.digest, said.word, said.digest))


def _said_yes_since(place: int, context: Context) -> bool:
    return any(
        entry.side == "customer" and not is_narrowing(entry.type, "customer")
        for thread in context.threads.values()
        for entry in takewhile(lambda entry: entry.place > place, reversed(thread.entries))
    )


def _as_dict(each: VendorKey) -> dict[str, Any]:
    begins = {"from": each.begins} if each.begins else {}
    return {"key": each.key, "at": each.since.at, **begins, **({"ends": list(each.ends)} if each.ends else {})}


def _misplaced(message: Message[Any]) -> Iterator[Misplaced]:
    """A key moves to another one than itself; a vendor ends keys of its own."""
    match message.body:
        case relationship.Move() as body if body.was == message.from_:
            yield ("body", "was"), "the key that is moved to signs, not that of before", {"rule": "REL-4"}
        case key.Introduce() as body:
            for position, url in enumerate(body.ends or ()):
                holder, _, fragment = url.partition("#")
                if holder != message.from_ or fragment == body.key:
                    yield ("body", "ends", position), "a key of the vendor's, and not the new one", {"rule": "REL-11"}


def _forerunner(message: Message[Any]) -> str | None:
    return message.body.was if isinstance(message.body, relationship.Move) else None


def _introduces(message: Message[Any]) -> str | None:
    return message.body.key if isinstance(message.body, key.Introduce) else None


def _announces(message: Message[Any]) -> str | None:
    return message.body.next if isinstance(message.body, relationship.Open | relationship.Move) else None


FAMILY = Family(
    name="relationship",
    blank=lambda at: Relationship(NONE),
    misplaced=_misplaced,
    never_stale=frozenset({relationship.Move.type}),
    introduces=_introduces,
    forerunner=_forerunner,
    announces=_announces,
    passing={
        "customer": frozenset({relationship.Open.type}),
        "vendor": frozenset({key.Introduce.type}),
    },
)
