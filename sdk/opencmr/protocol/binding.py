"""Terms that bind, as permissions and prohibitions (`spec/v1/decisions.md`, where statements come from)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..messages.types import Rule, TermsDocument
from .roster import Terms
from .said import Point, Word
from .statements import Statement, When, begins, same
from .vocabulary import EVERYTHING


class Binding(NamedTuple):
    """Terms that bind, or have bound: those of an agreement, or of an intent that an offer answered.

    Attributes:
        terms: Their digest, and the document.
        own: The customer's own word for them.
        since: When they began to bind.
        ended: When an end was put to them; a later agreement of the same scope need not be told here.
        scope: The thread whose data they are for; none: the relationship's.
    """

    terms: Terms
    own: Word
    since: Point
    evidence: tuple[str, ...]
    ended: Point | None = None
    scope: str | None = None

    @property
    def size(self) -> int:
        """How many statements it gives, counted without making them."""
        return len(_ruled(self.terms[1]))


def statements_of_terms(binding: Iterable[Binding], when: When) -> list[Statement]:
    """All that terms permit and prohibit. The permissions of each end where later ones of its scope begin.

    Later are those that the customer said later: those that came too late never begin to permit, and end nothing.
    """
    statements: list[Statement] = []
    in_order = sorted(binding, key=lambda one: one.since.place)
    too_late = _too_late(in_order)
    latest: dict[str | None, Point] = {}
    for position, one in reversed(list(enumerate(in_order))):
        since = when(one.since)
        if position in too_late:
            statements += _of_rules(one, since, since)
            continue
        ends = (when(end) for end in (one.ended, latest.get(one.scope)) if end is not None)
        statements += _of_rules(one, since, min(ends, default=None))
        latest[one.scope] = one.since
    return statements


def _too_late(in_order: Sequence[Binding]) -> set[int]:
    """Which of these came too late: their own word does not know those behind all that bound in their scope before.

    Such as an offer under an old wish, where terms for its thread have been agreed since.
    """
    bound: dict[str | None, int] = {}
    found = set()
    for position, one in enumerate(in_order):
        before = bound.get(one.scope, 0)
        if one.own.knows.lacks(before & ~(1 << one.own.place)):
            found.add(position)
        else:
            bound[one.scope] = before | 1 << one.own.place
    return found


def _ruled(document: TermsDocument) -> list[Rule]:
    """The rules that permit or prohibit."""
    return [rule for rule in document.rules if rule.effect != "oblige" and rule.action is not None]


def _of_rules(one: Binding, at: str, ended: str | None) -> Iterator[Statement]:
    rules = _ruled(one.terms[1])
    named = same(tuple(rule.purpose for rule in rules if rule.effect == "permit" and rule.purpose))
    for rule in rules:
        permit = rule.effect == "permit"
        yield Statement(
            effect="permit" if permit else "prohibit",
            source="agreement",
            actions=same((str(rule.action),)),
            purposes=same((rule.purpose,)) if rule.purpose else (named if permit else None),
            data=same((rule.data or EVERYTHING["data"],)),
            vendor="vendor" in rule.by,
            third_parties=None if "third-party" in rule.by else frozenset(),
            own=one.own,
            at=begins(one.own, at, permit),
            ended=ended if permit else None,
            scope=one.scope,
            evidence=one.evidence,
        )
