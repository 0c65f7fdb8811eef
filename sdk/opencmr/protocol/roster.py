"""Terms documents: the roster of IEEE Std 7012-2025, and those that messages carry (`spec/v1/terms/page.md`)."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from .. import _spec
from ..errors import TermsMismatch, TermsNotOffered, TermsUnknown, UsageError
from ..messages import Path, pointer
from ..messages.types import TermsDocument, TermsRef
from ..trust import canonicalize, digest
from .vocabulary import check_term

Terms = tuple[str, TermsDocument]
"""Terms with their digest."""
_NONE: Mapping[str, Terms] = MappingProxyType({})


@cache
def codes() -> tuple[str, ...]:
    """The codes of the roster, such as `SD-BASE-DP`."""
    return tuple(_spec.table("vocabulary/roster.json")["terms"])


def document(code: str) -> TermsDocument:
    """The roster's terms of this code, as rules.

    Raises:
        UsageError: No such code; says which there are.
    """
    if code not in codes():
        raise UsageError(f"{code!r} is not on the roster; it has {', '.join(codes())}")
    return _document(code)


@cache
def _document(code: str) -> TermsDocument:
    return TermsDocument.model_validate(_spec.table(f"vocabulary/roster/{code}.json"))


def digest_of(terms: TermsDocument) -> str:
    """The digest of a terms document: that of its canonical bytes."""
    return digest(canonicalize(terms.wire()))


def ref(code: str) -> TermsRef:
    """The reference, by id and digest, to the roster's terms of this code.

    Raises:
        UsageError: As `document`.
    """
    document(code)
    return _ref(code)


@cache
def _ref(code: str) -> TermsRef:
    return TermsRef(id=code, digest=digest_of(document(code)))


def named(terms: TermsRef) -> tuple[str, str]:
    """The id and digest of what a reference stands for, whether it names the terms or carries them."""
    if terms.document is not None:
        return terms.document.id, digest_of(terms.document)
    return str(terms.id), str(terms.digest)


def by_id(choices: Iterable[Terms]) -> dict[str, Terms]:
    """Terms by their ids."""
    return {each[1].id: each for each in choices}


def resolve(terms: TermsRef, path: Path, carried: Mapping[str, Terms] = _NONE) -> Terms:
    """The terms of a reference, with their digest: on the roster, carried here, or earlier. Nothing is fetched.

    Args:
        terms: The reference.
        path: Where it stands.
        carried: Id → terms that the thread holds already.

    Raises:
        TermsMismatch: The digest is not that of the roster's or the thread's terms of this id.
        TermsUnknown: Neither on the roster nor carried.
        UnknownTerm: A carried rule uses a term that is not in the vocabulary.
    """
    id_, named_digest = named(terms)
    held = (digest_of(document(id_)), document(id_)) if id_ in codes() else carried.get(id_)
    if held is not None:
        if named_digest != held[0]:
            where = (*path, "document", "id") if terms.document else (*path, "digest")
            raise TermsMismatch(f"{id_} has another digest", pointer=pointer(where), expected=[held[0]], rule="TRM-1")
        return held
    if terms.document is None:
        raise TermsUnknown(
            f"{id_} is neither on the roster nor carried in the thread", pointer=pointer((*path, "id")), rule="TRM-2"
        )
    for position, rule in enumerate(terms.document.rules):
        at = (*path, "document", "rules", position)
        check_term("action", rule.action, (*at, "action"))
        check_term("data", rule.data, (*at, "data"))
        check_term("duty", rule.duty, (*at, "duty"))
        check_term("purpose", rule.purpose, (*at, "purpose"))
    return named_digest, terms.document


def pick(terms: TermsRef, choices: Iterable[Terms], path: Path, rule: str) -> Terms:
    """The one of the choices that a reference names.

    Args:
        terms: The reference.
        choices: Digest and document of each set of terms that was put forward.
        path: Where the reference stands.
        rule: The requirement that asks for one of them.

    Raises:
        TermsMismatch: A choice has this id, but another digest.
        TermsNotOffered: No choice has this id.
    """
    id_, named_digest = named(terms)
    offered = list(choices)
    for choice in offered:
        if (choice[1].id, choice[0]) == (id_, named_digest):
            return choice
    ids = [terms_document.id for _, terms_document in offered]
    if id_ in ids:
        where = (*path, "document", "id") if terms.document else (*path, "digest")
        raise TermsMismatch(f"this is not the digest of the {id_} put forward", pointer=pointer(where), rule="TRM-1")
    where = (*path, "document", "id") if terms.document else (*path, "id")
    raise TermsNotOffered(f"{id_} was not put forward", pointer=pointer(where), expected=ids or None, rule=rule)
