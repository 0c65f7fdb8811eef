"""The prefixes that bridges write in JSON-LD, and how a document of others may write them. Nothing is ever fetched."""

from collections.abc import Mapping
from typing import Any

from .. import _spec
from ..errors import Malformed

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


def check_context(context: Any) -> None:
    """Refuse a document whose context gives our prefixes another meaning, or that can't be read without fetching it.

    Raises:
        Malformed: It does.
    """
    for one in context if isinstance(context, list) else [context] if context is not None else []:
        if not isinstance(one, Mapping):
            raise Malformed("contexts are not fetched: write the prefixes into the document", pointer="/@context")
        for name, meaning in one.items():
            of = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
            if name in PREFIXES and of != PREFIXES[name]:
                raise Malformed(f"{name} means {PREFIXES[name]} here", pointer=f"/@context/{name}")
            if name in ("@vocab", "@base", "@import") or (":" in name and of is not None):
                raise Malformed("a context that redefines names is not read", pointer="/@context")


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
