"""The stores of the three parties, read while the demo runs and compared at the end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ... import messages, trust
from ...errors import Problem
from ...messages import Body, consent, intent, offer, order, terms
from ...messages.personal import Datum
from ...protocol import Decision, Question, vocabulary
from ...roles.party.reading import Line, Reader, StoredRelationship

RECEIPT = "receipt"


class PartyStore:
    """One party's file, looked at from outside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: set[str] = set()

    @contextmanager
    def read(self) -> Iterator[list[StoredRelationship]]:
        """Its relationships, as they now stand; to be looked at while the file is open."""
        with Reader(self.path) as reader:
            yield list(reader.relationships())

    def news(self) -> list[tuple[StoredRelationship, Line]]:
        """What has been decided and was not told before, in the order in which it took effect."""
        with self.read() as relationships:
            found = [(relationship, line) for relationship in relationships for line in relationship.timeline()]
        answered = {line.of for _, line in found}
        new = [
            (relationship, line)
            for relationship, line in found
            if line.digest not in self._seen and (line.type == RECEIPT or line.digest in answered)
        ]
        self._seen |= {line.digest for _, line in new}
        return sorted(new, key=lambda pair: pair[1].at)

    def may(self, customer: str, question: Question, at: str, *, now: bool = False) -> Decision:
        """What the owner of this file would decide about a customer."""
        with self.read() as relationships:
            return next(one.history for one in relationships if one.customer == customer).may(question, at, now=now)

    def holds(self, customer: str, text: str) -> bool:
        """Whether these words stand in anything that was said with a customer."""
        with self.read() as relationships:
            return any(
                text.encode() in line.raw
                for relationship in relationships
                if relationship.customer == customer
                for line in relationship.timeline()
            )


@dataclass(frozen=True)
class Difference:
    """Where two sides hold something else."""

    shop: str
    what: str


@dataclass(frozen=True)
class Comparison:
    """How much both sides hold alike, and where they differ."""

    messages: int
    octets: int
    threads: int
    differences: tuple[Difference, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**vars(self), "differences": [vars(each) for each in self.differences]}


def compare(customer: PartyStore, shop: str, vendor: PartyStore) -> Comparison:
    """Compare what both sides of one relationship hold: every message's bytes, and every record's canonical bytes."""
    with customer.read() as mine, vendor.read() as theirs:
        told = {one.customer for one in theirs}
        ours = next(one for one in mine if one.customer in told)
        other = next(one for one in theirs if one.customer == ours.customer)
        left, right = ({line.digest: line.raw for line in one.timeline()} for one in (ours, other))
    folds, folded = (
        {
            id_: trust.canonicalize(each.record.as_dict() if each.record else None)
            for id_, each in one.history.threads.items()
        }
        for one in (ours, other)
    )
    found = [Difference(shop, f"message {digest}") for digest in _apart(left, right)]
    found += [Difference(shop, f"record of {thread}") for thread in _apart(folds, folded)]
    return Comparison(len(left), sum(map(len, left.values())), len(folds), tuple(found))


def _apart(left: dict[str, bytes], right: dict[str, bytes]) -> Iterator[str]:
    return (name for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name))


def gist(line: Line) -> str:
    """What a message says, in a few words."""
    try:
        return _gist(messages.validate(orjson.loads(line.raw)).body)
    except Problem:
        return ""


def _gist(body: Body) -> str:
    match body:
        case terms.Proffer():
            return ", ".join(str(choice.id) for choice in body.choices)
        case terms.Accept() | terms.Counter():
            return str(body.terms.id)
        case consent.Request() | consent.Grant():
            return ", ".join(item.key for item in body.items)
        case consent.Refuse() | consent.Withdraw():
            return ", ".join(body.keys or ["all"])
        case intent.Cast():
            return " + ".join(want.name for want in body.wants)
        case offer.Make() | offer.Accept():
            in_all = f", {body.commitment.amount} in all" if body.commitment else ""
            return f"{body.total.amount} {body.total.currency}{in_all}"
        case order.Disclose():
            return _kinds(body.discloses)
        case order.Confirm():
            return body.reference
        case order.Fulfil():
            return body.status
        case intent.Withdraw() | order.Cancel() | order.Withdraw() | terms.Decline() | offer.Decline():
            return body.reason or ""
    return ""


def _kinds(data: Sequence[Datum]) -> str:
    return ", ".join(vocabulary.label(datum.data) for datum in data)
