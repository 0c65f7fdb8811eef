"""What a term includes, and which terms must be named (`spec/v1/vocabulary/`, `spec/v1/decisions.md`)."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Literal

from .. import _spec
from ..errors import UnknownTerm
from ..messages import Path, pointer

Kind = Literal["action", "purpose", "data", "duty", "channel", "place"]

EVERYTHING: dict[Kind, str] = {"action": "dpv:Processing", "purpose": "dpv:Purpose", "data": "dpv:PersonalData"}
"""What an absent member stands for."""

_TABLES: dict[Kind, str] = {
    "action": "processing",
    "purpose": "purposes",
    "data": "personal-data",
    "duty": "duties",
    "channel": "channels",
    "place": "places",
}


@cache
def _broader(kind: Kind) -> dict[str, list[str]]:
    terms = _spec.table(f"vocabulary/{_TABLES[kind]}.json")["terms"]
    return {term: entry["broader"] for term, entry in terms.items()}


@cache
def _label(kind: Kind) -> dict[str, str]:
    terms = _spec.table(f"vocabulary/{_TABLES[kind]}.json")["terms"]
    return {term: entry["label"] for term, entry in terms.items()}


@cache
def named_only(kind: Kind) -> frozenset[str]:
    """The terms that a permission reaches only by name."""
    table = _spec.table("vocabulary/named-only.json")
    return frozenset(table.get(f"{kind}s", ()))


def is_term(kind: Kind, term: str) -> bool:
    """Whether the vocabulary of this version has the term."""
    return term in _broader(kind)


def nearest(kind: Kind, term: str) -> str | None:
    """The term of the vocabulary that somebody may have meant: the prefix left out, or a letter wrong."""
    wanted = _bare(term)
    named = {_bare(known): known for known in _broader(kind)}
    found = get_close_matches(wanted, named, n=1, cutoff=0.75)
    return named[found[0]] if found else None


def _bare(term: str) -> str:
    """A term without its prefix, in lower case."""
    return term.rpartition(":")[2].lower()


@cache
def upward(kind: Kind, term: str) -> frozenset[str]:
    """The term itself and all that is broader. Of no use for a term that is not in the vocabulary: only itself."""
    broader = _broader(kind)
    found, todo = {term}, [term]
    while todo:
        for above in broader.get(todo.pop(), ()):
            if above not in found:
                found.add(above)
                todo.append(above)
    return frozenset(found)


def right_below(kind: Kind, term: str) -> frozenset[str]:
    """The terms of which this one is the next above."""
    return frozenset(one for one, above in _broader(kind).items() if term in above)


def includes(kind: Kind, broad: str, narrow: str) -> bool:
    """Whether `narrow` is `broad` or below it."""
    return broad in upward(kind, narrow) or (kind == "purpose" and broad == EVERYTHING["purpose"])


def lies_in(bound: str, place: str) -> bool:
    """Whether a place where data is stored is `bound`, a part of it, or one of its countries.

    A part that the table lists lies in what the table says: an overseas territory is no part of its country's group.
    """
    listed = place if is_term("place", place) else place.partition("-")[0]
    return bound == place or includes("place", bound, listed)


@cache
def prohibits(kind: Kind, broad: str, narrow: str) -> bool:
    """Whether a prohibition of `broad` covers `narrow`: by inclusion, without exception.

    Data that may be personal is personal here: DPV has terms beside personal data, inferred data say, that hold it.
    """
    if kind == "data" and broad == EVERYTHING["data"]:
        return not includes("data", "dpv:NonPersonalData", narrow)
    return includes(kind, broad, narrow)


@cache
def reaches(kind: Kind, broad: str, narrow: str) -> bool:
    """Whether a permission of `broad` covers `narrow`: by inclusion, but never past a named-only term."""
    guarded = upward(kind, narrow) & named_only(kind)
    return includes(kind, broad, narrow) and all(includes(kind, name, broad) for name in guarded)


@cache
def unreached(kind: Kind, broad: str) -> frozenset[str]:
    """What lies below a term and is not reached by a permission of it: each of these has to be named, or one above it.

    Who knows the hierarchy alone would take them as permitted.
    """
    return frozenset(term for term in _broader(kind) if includes(kind, broad, term) and not reaches(kind, broad, term))


@cache
def parts(kind: Kind, asked: str) -> frozenset[str]:
    """What a question about this term is a question about: all that a permission of the term would reach."""
    return frozenset(term for term in (asked, *_broader(kind)) if reaches(kind, asked, term))


@cache
def overlaps(kind: Kind, no: str, asked: str) -> bool:
    """Whether a no speaks of a question: of some part of what is asked.

    What a yes to the whole would not reach, since it has to be named, is no part of the question. Many terms have more
    than one above them, so two of which neither lies below the other can have a part in common.
    """
    return any(prohibits(kind, no, part) for part in parts(kind, asked))


def not_of_kind(kind: Kind, term: str) -> str:
    """What is wrong with a term that is none of this kind, for people: of which kind it is, where it is of one."""
    others = [other for other in _TABLES if is_term(other, term)]
    return f"{term} is not a term of kind {kind}" + (f", but of kind {others[0]}" if others else "")


def check_terms(kind: Kind, terms: Iterable[str] | None, path: Path) -> None:
    """Refuse a term that is not in the vocabulary of this version.

    Raises:
        UnknownTerm: With the pointer of the term.
    """
    for position, term in enumerate(terms or ()):
        check_term(kind, term, (*path, position))


def check_term(kind: Kind, term: str | None, path: Path) -> None:
    """Refuse a term that is not in the vocabulary of this version; an absent one is none.

    Raises:
        UnknownTerm: With the pointer of the term.
    """
    if term is not None and not is_term(kind, term):
        raise UnknownTerm(not_of_kind(kind, term), pointer=pointer(path), rule="VOC-1")


def label(term: str) -> str:
    """The words for people of a term of any kind, in lower case; the term itself where there are none."""
    for kind in _TABLES:
        if found := _label(kind).get(term):
            return found.lower()
    return term
