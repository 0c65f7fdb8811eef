"""What was handed over: data that the customer shares, and documents that a vendor gives (`spec/v1/data/page.md`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context as Arithmetic
from decimal import Decimal, localcontext
from typing import Any, Self

from ....errors import NoBasis, WrongTotal
from ....messages import Path, data, pointer
from ....messages.personal import Datum
from ....messages.types import Money, Ref, SignedMoney, as_wire
from ...context import Context
from ...family import Record, Table, Told
from ...said import Point, Said
from ...vocabulary import check_term
from .resting import check_about, is_live

_EXACT = Arithmetic(prec=40, traps=[])
"""For 128 amounts of 15 and 6 digits there is room."""


def check_data(discloses: list[Datum] | None, path: Path) -> None:
    """Refuse data with a term that is not in the vocabulary.

    Raises:
        UnknownTerm: With the pointer of the term.
    """
    for position, datum in enumerate(discloses or ()):
        check_term("data", datum.data, (*path, position, "data"))


@dataclass(frozen=True)
class Sharing(Record):
    """Data that the customer has shared, and what it rests on. It permits nothing by itself.

    Attributes:
        state: `shared`.
        basis: What it rests on.
        digest: Of the message.
        disclosed: The data, and when it was shared.
    """

    state: str
    basis: Ref
    digest: str
    disclosed: tuple[tuple[Datum, Point], ...] = ()

    @classmethod
    def begun(cls, said: Said, context: Context) -> Self:
        """The data that this word shares.

        Raises:
            Problem: A rule of the page is broken.
        """
        body = said.message.body
        check_data(body.discloses, ("body", "discloses"))
        if not is_live(context, body.basis, said.at):
            raise NoBasis("what it rests on permits nothing here now", pointer="/body/basis", rule="DAT-1")
        disclosed = tuple((datum, said.point) for datum in body.discloses)
        return cls("shared", body.basis, said.digest, disclosed)

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """Nothing follows in its thread."""
        raise AssertionError(said.message.type)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {
            "record": "sharing",
            "state": self.state,
            "disclosed": [{"data": datum.data, "at": point.at} for datum, point in self.disclosed],
            "basis": self.basis.wire(),
            "evidence": [self.digest],
        }

    def in_brief(self) -> str:
        """Which data."""
        return ", ".join(self.data)

    def in_full(self, at: str) -> Told:
        """Which data, since when, on what basis."""
        rows = tuple((datum.data, point.at, self.basis.digest) for datum, point in self.disclosed)
        return Told(Table(("data", "since", "basis"), rows))


@dataclass(frozen=True)
class Giving(Record):
    """A document that the vendor gave.

    Attributes:
        state: `given`.
        body: What it is.
        about: What it belongs to.
        since: When it was given.
        digest: Of the message.
    """

    state: str
    body: data.Give
    about: Ref
    since: Point
    digest: str

    @classmethod
    def begun(cls, said: Said, context: Context) -> Self:
        """The document that this word gives.

        Raises:
            Problem: A rule of the page is broken.
        """
        body = said.message.body
        check_about(context, body.about, "DAT-6")
        check_total(body)
        return cls("given", body, body.about, said.point, said.digest)

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """Nothing follows in its thread."""
        raise AssertionError(said.message.type)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        optional = {
            "files": [file.digest for file in self.body.files or ()],
            "total": as_wire(self.body.total),
        }
        return {
            "record": "giving",
            "state": self.state,
            "kind": self.body.kind,
            "about": self.about.wire(),
            "since": self.since.at,
            **{name: value for name, value in optional.items() if value},
            "evidence": [self.digest],
        }

    def in_brief(self) -> str:
        """What kind of document, and its total."""
        total = f" of {self.body.total.amount} {self.body.total.currency}" if self.body.total else ""
        return f"{self.body.kind}{total}"

    def in_full(self, at: str) -> Told:
        """Its lines, and its files."""
        lines = tuple((line.name, line.price.amount, line.price.currency) for line in self.body.lines or ())
        added = tuple(
            (each.label or each.kind, each.amount.amount, each.amount.currency) for each in self.body.adjustments or ()
        )
        files = (f"file {file.name or file.media_type} {file.digest}" for file in self.body.files or ())
        return Told(Table((self.body.kind, "price", "currency"), lines + added), tuple(files))


def check_total(body: data.Give) -> None:
    """Refuse a total that is not what its lines come to.

    Raises:
        WrongTotal: It is not, or another currency.
    """
    if body.total is None:
        return
    for path, money in _amounts(body):
        if money.currency != body.total.currency:
            where = pointer((*path, "currency"))
            raise WrongTotal("it has one currency", pointer=where, expected=[body.total.currency], rule="DAT-13")
    with localcontext(_EXACT):
        owed = [line.price.amount for line in body.lines or ()]
        owed += [each.amount.amount for each in body.adjustments or () if not each.included]
        right = sum(map(Decimal, owed), Decimal())
    if right != Decimal(body.total.amount):
        expected = [f"{right} {body.total.currency}"]
        raise WrongTotal("not what its lines come to", pointer="/body/total", expected=expected, rule="DAT-13")


def _amounts(body: data.Give) -> Iterator[tuple[Path, Money | SignedMoney]]:
    for position, each in enumerate(body.adjustments or ()):
        yield ("body", "adjustments", position, "amount"), each.amount
    for position, line in enumerate(body.lines or ()):
        yield ("body", "lines", position, "price"), line.price
