"""The prefixes that bridges write in JSON-LD, and how a document of others may write them. Nothing is ever fetched."""

from collections.abc import Mapping
from typing import Any

from .. import _spec
from ..errors import Malformed
from ..messages import Path, pointer

PREFIXES: dict[str, str] = {
    **_spec.table("vocabulary/prefixes.json"),
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}

_NAMES = (  # members whose values name something
    "dct:conformsTo", "dpv:hasConsentStatus", "dpv:hasDataController", "dpv:hasDataSubject", "dpv:hasJurisdiction",
    "dpv:hasLegalBasis", "dpv:hasLocation", "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:hasPurpose",
    "dpv:hasRecipient", "dpv:isExercisedAt", "dpv:isIndicatedBy", "skos:broader",
)  # fmt: skip
CONTEXT: dict[str, Any] = {**PREFIXES, **{name: {"@type": "@id"} for name in _NAMES}}


_SETTINGS = {"@language", "@propagate", "@protected", "@version"}
_KEYWORDS = {"@id", "@language", "@type", "@value"}
_DEEPEST = 32


def check_names(document: Mapping[str, Any]) -> None:
    """Refuse a document in which what is read here could stand under another name, or a name could mean something else.

    JSON-LD lets one member be written in many ways: with its whole IRI, another prefix, a name of the context's, or
    within a keyword. Whoever reads the one way alone would pass over a rule or a withdrawal that is written in another.

    Raises:
        Malformed: It could; or it can't be read without fetching a context.
    """
    contexts = document.get("@context")
    for one in contexts if isinstance(contexts, list) else [contexts] if contexts is not None else []:
        _check_context(one)
    todo: list[tuple[Path, Any]] = [((), {name: value for name, value in document.items() if name != "@context"})]
    while todo:
        path, value = todo.pop()
        if len(path) > _DEEPEST:
            raise Malformed(f"nested deeper than {_DEEPEST} levels", pointer=pointer(path))
        if isinstance(value, list):
            todo += [((*path, position), one) for position, one in enumerate(value)]
        elif isinstance(value, Mapping):
            for name, one in value.items():
                if (name.startswith("@") and name not in _KEYWORDS) or compact(name) != name:
                    raise Malformed("written in a way that is not read here", pointer=pointer((*path, name)))
                todo.append(((*path, name), one))


def _check_context(one: Any) -> None:
    if not isinstance(one, Mapping):
        raise Malformed("contexts are not fetched: write the prefixes into the document", pointer="/@context")
    for name, meaning in one.items():
        of = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
        if name in PREFIXES:
            if of != PREFIXES[name]:
                raise Malformed(f"{name} means {PREFIXES[name]} here", pointer=f"/@context/{name}")
        elif name not in _SETTINGS and (name.startswith("@") or _renames(name, meaning, of)):
            raise Malformed("a context that redefines names is not read", pointer="/@context")


def _renames(name: str, meaning: Any, of: Any) -> bool:
    """Whether a name of a context could come to mean what is read here, or make it mean another thing."""
    if isinstance(meaning, Mapping) and not meaning.keys() <= {"@id", "@type"}:
        return True
    if of is None:
        return False
    if ":" in name or not isinstance(of, str) or of.startswith("@"):
        return True
    return compact(of).partition(":")[0] in PREFIXES or any(iri.startswith(of) for iri in PREFIXES.values())


def as_list(value: Any) -> list[Any]:
    """The values of a member: JSON-LD writes one of them without a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def compact(iri: str) -> str:
    """An IRI with its prefix, where it has one of ours."""
    for prefix, long in PREFIXES.items():
        if iri.startswith(long):
            return f"{prefix}:{iri.removeprefix(long)}"
    return iri


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    """An object without its absent members."""
    return {name: value for name, value in members.items() if value is not None}
