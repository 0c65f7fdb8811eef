"""No-words about data: objections and restrictions, and what an erasure takes back (`spec/v1/data/page.md`)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, Self

from ....messages import data
from ...context import Context
from ...family import Record, Table, Told
from ...said import Outcome, Point, Said, Word
from ...statements import Statement, When, same
from ...vocabulary import EVERYTHING, right_below

_STORING = frozenset({"dpv:Store", "dpv:Remove"})
"""What a restriction leaves: keeping, and doing away with."""


@cache
def _all_but_storing() -> tuple[str, ...]:
    return tuple(sorted(right_below("action", EVERYTHING["action"]) - _STORING))


@dataclass(frozen=True)
class Objection(Record):
    """An objection or a restriction. Only a later yes of the customer's lifts it.

    Attributes:
        state: `objected`.
        body: What it is to.
        since: Since when it stands.
        own: The customer's word.
        digest: Of the message.
    """

    state: str
    body: data.Object
    since: Point
    own: Word
    digest: str

    @classmethod
    def begun(cls, said: Said, context: Context) -> Self:
        """The objection that this word is."""
        return cls("objected", said.message.body, said.point, said.word, said.digest)

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """Nothing follows an objection in its thread."""
        raise AssertionError(said.message.type)

    @property
    def size(self) -> int:
        """One statement."""
        return 1

    def statements(self, when: When) -> Iterator[Statement]:
        """The prohibition that it is."""
        body = self.body
        restricted = _all_but_storing() if body.right == "restrict" else (EVERYTHING["action"],)
        outside = None if body.recipients is None else _outside(body)
        yield Statement(
            effect="prohibit",
            source="objection",
            actions=same(tuple(body.actions) if body.actions else restricted),
            purposes=same(tuple(body.purposes)) if body.purposes else None,
            data=same(tuple(body.data or (EVERYTHING["data"],))),
            vendor=body.recipients is None or any(_is_vendor(party.role) for party in body.recipients),
            third_parties=outside,
            channels=same(frozenset(body.channels)) if body.channels else None,
            own=self.own,
            at=when(self.since),
            evidence=(self.digest,),
        )

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {"record": "objection", "state": self.state, "since": self.since.at, **self._said()}

    def _said(self) -> dict[str, Any]:
        return {"objection": self.body.wire(), "evidence": [self.digest]}

    def in_brief(self) -> str:
        """To what."""
        named = [*(self.body.purposes or ()), *(self.body.actions or ()), *(self.body.data or ())]
        return f"{self.body.right}: {', '.join(named) or 'everything'}"

    def in_full(self, at: str) -> Told:
        """What it names, list by list."""
        body = self.body
        lists: tuple[tuple[str, list[str]], ...] = (
            ("actions", list(body.actions or ())),
            ("purposes", list(body.purposes or ())),
            ("data", list(body.data or ())),
            ("recipients", [party.id or party.name for party in body.recipients or ()]),
            ("channels", list(body.channels or ())),
        )
        rows = tuple((name, " ".join(named) or "all") for name, named in lists)
        return Told(Table((body.right, f"since {self.since.at}"), rows))


def _is_vendor(role: str) -> bool:
    return role in ("controller", "processor")


def _outside(body: data.Object) -> frozenset[str] | None:
    """The third parties that it names; none: any, as one without an id is a category that nobody can tell."""
    outside = [party.id for party in body.recipients or () if not _is_vendor(party.role)]
    return None if None in outside else frozenset(id_ for id_ in outside if id_)


def erasing(data: list[str] | None, own: Word, at: str, digest: str) -> Statement:
    """The no that a request for erasure is: to everything with this data.

    Args:
        data: Which; none: all.
        own: The request.
        at: From when on it counts.
        digest: Of the request.
    """
    return Statement(
        effect="prohibit",
        source="erasure",
        actions=same((EVERYTHING["action"],)),
        purposes=None,
        data=same(tuple(data or (EVERYTHING["data"],))),
        third_parties=None,
        own=own,
        at=at,
        evidence=(digest,),
    )


def erased_by(said: Said, when: When) -> Statement:
    """The same of a request in its place. In the customer's own view it holds from its own date, as any no."""
    since = said.point._replace(said=said.message.created)
    return erasing(said.message.body.data, said.word, when(since), said.digest)


@dataclass(frozen=True)
class Erasures:
    """The requests for erasure of one thread that took no effect, or have no place: they deny all the same.

    A vendor gives the places, and could let such a request expire. What it asks for is no less a no for that.

    Attributes:
        said: They.
    """

    said: tuple[Said, ...] = ()

    @property
    def size(self) -> int:
        """How many statements it gives."""
        return len(self.said)

    def take(self, said: Said, outcome: Outcome | Literal["refused"]) -> Self:
        """The same with one more word of the thread, of which that came."""
        body = said.message.body
        erases = isinstance(body, data.Request) and body.right == "erase" and outcome in ("refused", "void")
        return replace(self, said=(*self.said, said)) if erases else self

    def statements(self, when: When) -> Iterator[Statement]:
        """What they prohibit."""
        return (erased_by(said, when) for said in self.said)
