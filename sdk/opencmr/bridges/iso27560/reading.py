"""A record of others as a draft of a grant, for the customer to look at, and to say or not to say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ...errors import Malformed, Problem
from ...messages import Path, pointer, validate_body
from ...messages.consent import Grant
from ...messages.types import MOST_TEXT, Duration
from ...protocol.clock import instant, length, moment
from ...protocol.families.consent import in_words
from ...protocol.vocabulary import Kind, check_term, includes, unreached
from ..gate import Lost
from ..json_ld import as_list, check_names, compact

_STANDS = {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}
_ABOVE = {"dpv:ConsentStatus", "dpv:ConsentStatusValidForProcessing"}
"""What else an event of these is; any other state beside them contradicts them."""
_ROLES = {
    "dpv:DataController": "controller",
    "dpv:DataProcessor": "processor",
    "dpv:ThirdParty": "thirdParty",
    "dpv:Authority": "authority",
}
_READ = {
    "@id", "@type", "dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:hasRule", "dpv:hasRecipient",
    "dpv:hasStorageCondition",
}  # fmt: skip
_MOST = 64
_DURATION: TypeAdapter[str] = TypeAdapter(Duration)


@dataclass(frozen=True)
class Draft:
    """A grant that somebody else's record amounts to. It permits nothing: the customer has yet to say it.

    Attributes:
        body: The grant, unasked, with a statement in plain words.
        lost: What the record says besides.
    """

    body: Grant
    lost: tuple[Lost, ...]


def grant(record: Mapping[str, Any]) -> Draft:
    """What a consent record says was given, as a grant that the customer could say.

    It is never wider than the record in what it names. What the record says to narrow it, and a grant cannot say, is an
    error where it is a rule, and told in `lost` otherwise.

    Args:
        record: A consent record, parsed. Its work grows with its size, which the caller bounds.

    Raises:
        Malformed: It is no record of a consent that stands, or says what a grant cannot say; the pointer says where.
        UnknownTerm: It uses a term that this version does not have.
    """
    check_names(record)
    if "dpv:ConsentRecord" not in _texts(record, "@type", ()):
        raise _bad("a consent record is read", ("@type",))
    until = _until(record)
    processes = list(_objects(record, "dpv:hasProcess", ()))
    if not processes:
        raise _bad("it names no process", ("dpv:hasProcess",))
    roles = {one.get("@id"): one for _, one in _objects(record, "dpv:hasEntity", ()) if isinstance(one.get("@id"), str)}
    items = [_item(process, path, f"item{number}", roles) for number, (path, process) in enumerate(processes, start=1)]
    for item, (path, _) in zip(items, processes, strict=True):
        _grant([item], until, "-", path)
    made = _grant(items, until, "-", ())
    words = " ".join(in_words(item, until) for item in made.items)
    lost = [
        Lost(pointer((*path, name)), "a grant cannot say it") for path, one in processes for name in one.keys() - _READ
    ]
    return Draft(_grant(items, until, words[:MOST_TEXT], ()), tuple(sorted(lost)))


def _grant(items: list[dict[str, Any]], until: str, statement: str, path: Path) -> Grant:
    try:
        made = validate_body(Grant, {"items": items, "until": until, "statement": statement})
    except Malformed as problem:
        raise _bad(problem.told, path) from problem
    assert isinstance(made, Grant)  # noqa: S101
    return made


def _until(record: Mapping[str, Any]) -> str:
    events = list(_objects(record, "dpv:hasConsentStatus", ()))
    kinds = set(_texts(events[-1][1], "@type", events[-1][0])) if events else set()
    states = {kind for kind in kinds if kind.startswith("dpv:Consent")} - _ABOVE
    if not states or not states <= _STANDS:
        raise _bad("the last event is no consent that was given", ("dpv:hasConsentStatus",))
    path, event = events[-1]
    lasts = event.get("dpv:hasDuration")
    at = (*path, "dpv:hasDuration")
    if not isinstance(lasts, Mapping) or not isinstance(lasts.get("rdf:value"), str):
        raise _bad("a consent without an end is none here", at)
    value, of = lasts["rdf:value"], _texts(lasts, "@type", at)
    try:
        if "dpv:UntilTimeDuration" in of:
            return instant(moment(value))
        if "dpv:TemporalDuration" in of:
            return instant(moment(str(event.get("dpv:isIndicatedAtTime"))) + length(_DURATION.validate_python(value)))
    except (ValueError, OverflowError) as error:
        raise _bad("no instant comes of it", (*at, "rdf:value")) from error
    raise _bad("a consent ends at an instant here", (*at, "@type"))


def _item(process: Mapping[str, Any], path: Path, key: str, roles: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    if "dpv:hasProcess" in process:
        raise _bad("processes within a process are not read", (*path, "dpv:hasProcess"))
    purposes = list(_values(process, "dpv:hasPurpose", path))
    terms: dict[str, list[str]] = {
        "purposes": [_term("purpose", one, at) for at, one in purposes],
        "data": [_term("data", one, at) for at, one in _values(process, "dpv:hasPersonalData", path)],
        "actions": [_term("action", one, at) for at, one in _values(process, "dpv:hasProcessing", path)],
    }
    for name, member in (
        ("purposes", "dpv:hasPurpose"),
        ("data", "dpv:hasPersonalData"),
        ("actions", "dpv:hasProcessing"),
    ):
        if not terms[name]:
            raise _bad("a grant has to name it", (*path, member))
    _check_rules(process, path, terms)
    return {
        "key": key,
        **{name: list(dict.fromkeys(found)) for name, found in terms.items()},
        **_bounds([one for _, one in purposes], path),
        **_recipients(process, path, roles),
        **_storage(process, path),
    }


def _check_rules(process: Mapping[str, Any], path: Path, terms: Mapping[str, list[str]]) -> None:
    """Refuse a rule, unless it prohibits what no grant reaches by itself since it would have to be named."""
    for at, rule in _objects(process, "dpv:hasRule", path):
        within = (
            _texts(rule, "@type", at) == ["dpv:Prohibition"]
            and len(rule) == 2
            and (
                _unnamed("action", rule.get("dpv:hasProcessing"), terms["actions"])
                or _unnamed("purpose", rule.get("dpv:hasPurpose"), terms["purposes"])
            )
        )
        if not within:
            raise _bad("a grant has no rules of its own", at)


def _unnamed(kind: Kind, told: Any, granted: list[str]) -> bool:
    term = compact(told) if isinstance(told, str) else ""
    return all(not includes(kind, broad, term) or term in unreached(kind, broad) for broad in granted) and bool(term)


def _bounds(purposes: list[Any], path: Path) -> dict[str, Any]:
    """Channels and topics, which only our own records tell: the same for all purposes of a process."""
    told = [
        {
            ours: one[name]
            for ours, name in (("channels", "opencmr:channel"), ("topics", "opencmr:topic"))
            if name in one
        }
        if isinstance(one, Mapping)
        else {}
        for one in purposes
    ]
    if any(one != told[0] for one in told):
        raise _bad("purposes of one process have the same channels and topics", (*path, "dpv:hasPurpose"))
    return told[0]


def _recipients(process: Mapping[str, Any], path: Path, entities: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    made = []
    for at, one in _values(process, "dpv:hasRecipient", path):
        id_ = one.get("@id") if isinstance(one, Mapping) else one
        entity = entities.get(id_, {}) if isinstance(id_, str) else {}
        role = next((_ROLES[kind] for kind in _texts(entity, "@type", at) if kind in _ROLES), None)
        if role is None or role == "controller":
            continue  # who it is is not told, or it is the vendor itself: neither is named in an item
        name = entity.get("dpv:hasName")
        made.append({"name": name if isinstance(name, str) else id_, "role": role} | _id(id_))
    return {"recipients": made} if made else {}


def _id(id_: Any) -> dict[str, Any]:
    return {} if not isinstance(id_, str) or id_.startswith("_:") else {"id": id_}


def _storage(process: Mapping[str, Any], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for at, one in _objects(process, "dpv:hasStorageCondition", path):
        match _texts(one, "@type", at):
            case ["dpv:StorageLocation"]:
                places = [compact(place) for place in _texts(one, "dpv:hasLocation", at)]
                names = ["device" if place == "dpv:WithinDevice" else place.removeprefix("loc:") for place in places]
                found.setdefault("storedIn", []).extend(names)
            case ["dpv:StorageDuration"]:
                found["retention"] = _retained(one.get("dpv:hasDuration"), (*at, "dpv:hasDuration"))
            case _:
                raise _bad("a grant cannot say it", at)
    return found


def _retained(lasts: Any, path: Path) -> dict[str, Any]:
    value = lasts.get("rdf:value") if isinstance(lasts, Mapping) else lasts
    kinds = _texts(lasts, "@type", path) if isinstance(lasts, Mapping) else []
    if not isinstance(value, str):
        raise _bad("a duration, or an instant", path)
    if kinds == ["dpv:UntilTimeDuration"]:
        return {"until": value}
    after = str(lasts.get("dct:description", "")).removeprefix("after ") if isinstance(lasts, Mapping) else ""
    return {"period": value, "after": after or "collected"}


def _term(kind: Kind, value: Any, path: Path) -> str:
    """A term: by itself, or as what an object is a narrower one of."""
    told = value.get("skos:broader", value.get("@id")) if isinstance(value, Mapping) else value
    if not isinstance(told, str):
        raise _bad("one term of DPV", path)
    term = compact(told)
    try:
        check_term(kind, term, path)
    except Problem as problem:
        problem.rule = None
        raise
    return term


def _values(members: Mapping[str, Any], name: str, path: Path) -> Iterator[tuple[Path, Any]]:
    values = members.get(name)
    if len(as_list(values)) > _MOST:
        raise _bad(f"at most {_MOST}", (*path, name))
    for position, one in enumerate(as_list(values)):
        yield (*path, name, position) if isinstance(values, list) else (*path, name), one


def _objects(members: Mapping[str, Any], name: str, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for at, one in _values(members, name, path):
        if not isinstance(one, Mapping):
            raise _bad("an object", at)
        yield at, one


def _texts(members: Mapping[str, Any], name: str, path: Path) -> list[str]:
    found = [one for _, one in _values(members, name, path)]
    if not all(isinstance(one, str) for one in found):
        raise _bad("text", (*path, name))
    return [compact(one) for one in found]


def _bad(why: str, path: Path) -> Malformed:
    return Malformed(why, pointer=pointer(path))
