"""Records and receipts: what a consent says, as DPV's guide has it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...errors import UsageError
from ...messages.consent import Item, RequestItem
from ...messages.types import Party, Place, Retention, as_wire
from ...protocol import Point
from ...protocol.families.consent import Consent, ItemRecord
from ...protocol.vocabulary import Kind
from ..gate import Exported, Gate, Part, View
from ..json_ld import CONTEXT, without_none
from .members import missing

_RECORD = "https://w3id.org/dpv/schema/dpv-27560#record"
_RECEIPT = "https://w3id.org/dpv/schema/dpv-27560#receipt-record"
_ROLES = {
    "controller": "dpv:DataController",
    "jointController": "dpv:DataController",
    "processor": "dpv:DataProcessor",
    "thirdParty": "dpv:ThirdParty",
    "authority": "dpv:Authority",
}
_STATES = {
    "requested": "dpv:ConsentRequested",
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
}
_MEMBERS: dict[Kind, str] = {"action": "dpv:hasProcessing", "purpose": "dpv:hasPurpose"}
_FOR_GOOD = {"@type": "dpv:EndlessDuration"}


def record(
    view: View, thread: str, key: str, *, parties: Sequence[Party] = (), jurisdiction: str | None = None
) -> Exported:
    """One item of a consent, with all that happened to it, as a consent record.

    Args:
        view: The relationship, and the instant.
        thread: The consent's thread.
        key: The item's key.
        parties: What the caller knows of controllers and others that the messages leave out: addresses, contacts. A
            consent that nobody asked for has its controllers from here alone.
        jurisdiction: Where the request names none.

    Raises:
        UsageError: There is no such consent, or no such item in it.
    """
    written = _Writer(Gate(view), thread, parties, jurisdiction)
    return written.exported({"@context": CONTEXT, **written.record(key)})


def receipt(view: View, thread: str, *, parties: Sequence[Party] = (), jurisdiction: str | None = None) -> Exported:
    """All items of a consent, each as a record, in one consent receipt.

    Args:
        view: The relationship, and the instant.
        thread: The consent's thread.
        parties: As `record`.
        jurisdiction: As `record`.

    Raises:
        UsageError: There is no such consent.
    """
    written = _Writer(Gate(view), thread, parties, jurisdiction)
    id_ = f"{thread}#receipt-{view.at}"
    return written.exported(
        {
            "@context": CONTEXT,
            "@id": id_,
            "@type": "dpv:ConsentReceipt",
            "dct:conformsTo": _RECEIPT,
            "dct:identifier": id_,
            "dpv:hasIdentifier": id_,
            "dct:created": view.at,
            "dpv:hasRecordOfActivity": [written.record(key) for key in sorted(written.consent.items)],
        }
    )


class _Writer:
    """Writes the records of one consent."""

    def __init__(self, gate: Gate, thread: str, parties: Sequence[Party], jurisdiction: str | None) -> None:
        found = gate.view.history.threads.get(thread)
        if found is None or not isinstance(found.record, Consent):
            raise UsageError(f"{thread} is no thread of a consent here")
        self.gate, self.view, self.thread, self.consent = gate, gate.view, found, found.record
        self.said = {entry.digest: entry.side for entry in found.entries}
        self.past: dict[str, list[ItemRecord]] = {}
        for before, _ in self.consent.past:
            self.past.setdefault(before.key, []).append(before)
        self.request = self.consent.request
        named = self.request.controller if self.request else parties
        self.controllers = [one for one in named if one.role in ("controller", "jointController")]
        self.known = {_who(one): one for one in parties}
        self.jurisdiction = (self.request.jurisdiction if self.request else None) or jurisdiction

    def exported(self, document: dict[str, Any]) -> Exported:
        return Exported(document, tuple(self.gate.lost), missing(document))

    def record(self, key: str) -> dict[str, Any]:
        item = self.consent.items.get(key)
        if item is None:
            raise UsageError(f"the consent has no item {key!r}; it has {', '.join(sorted(self.consent.items))}")
        holds = item.state == "given" and self.view.at < item.until
        parts = self.gate.narrowed(item.item) if holds else [Part(item.item)]
        self._lose(item)
        ids = self._ids(parts)
        basis = "ExplicitlyExpressedConsent" if self.request and self.request.explicit else "ExpressedConsent"
        id_ = f"{self.thread.id}#{key}"
        return without_none(
            {
                "@id": id_,
                "@type": "dpv:ConsentRecord",
                "dct:conformsTo": _RECORD,
                "dct:identifier": id_,
                "dpv:hasIdentifier": id_,
                "dct:source": list(item.evidence),
                "dpv:hasDataSubject": self.view.customer,
                "dpv:hasLegalBasis": f"dpv:{basis}",
                **self._context(),
                "dpv:hasDataController": [ids[_who(one)] for one in self.controllers] or None,
                "dpv:hasProcess": [self._process(part, ids) for part in parts] or None,
                "dpv:hasConsentStatus": list(self._events(item, f"dpv:{basis}")),
                "dpv:hasEntity": list(self._entities(parts, ids)),
            }
        )

    def _context(self) -> dict[str, Any]:
        """What the request says of all its items alike."""
        asked, control = self.request, self.view.vendor
        rights = (
            {"@type": "dpv:DataSubjectRight", "dpv:isExercisedAt": asked.rights} if asked and asked.rights else None
        )
        return {
            "dpv:hasJurisdiction": f"loc:{self.jurisdiction}" if self.jurisdiction else None,
            "dpv:hasApplicableLaw": {"dct:title": asked.law} if asked and asked.law else None,
            "dpv:hasNotice": self._notice(),
            "dpv:hasConsentControl": {
                "@type": "dpv:WithdrawConsent",
                "dpv:isExercisedAt": (asked.withdraw_url if asked else None) or control,
            },
            "dpv:hasRight": rights,
        }

    def _notice(self) -> dict[str, Any] | None:
        if self.request is None:
            return None
        notice = self.request.notice
        return without_none(
            {
                "@id": notice.url,
                "@type": "dpv:ConsentNotice",
                "dct:language": notice.lang,
                "dct:date": notice.date,
                "dct:title": notice.title,
                "dct:identifier": notice.digest,
            }
        )

    def _lose(self, item: ItemRecord) -> None:
        if self.consent.disclosed:
            self.gate.lose("discloses", "a record holds no values")
        for name in ("need", "text", "notice", "sources"):
            if isinstance(item.item, RequestItem) and getattr(item.item, name):
                self.gate.lose(f"{item.key}: {name}", "the request tells it")

    # What is processed

    def _process(self, part: Part, ids: dict[str, str]) -> dict[str, Any]:
        item = part.item
        rules = [{"@type": "dpv:Prohibition", _MEMBERS[kind]: term} for kind, term in part.without]
        receivers = [self.view.vendor, *(ids[_who(one)] for one in item.recipients or ())]
        return without_none(
            {
                "@type": "dpv:Process",
                "dpv:hasPurpose": [_purpose(one, item) for one in item.purposes],
                "dpv:hasPersonalData": list(item.data),
                "dpv:hasProcessing": list(item.actions),
                "dpv:hasRule": rules or None,
                "dpv:hasRecipient": list(dict.fromkeys(receivers)),
                "dpv:hasStorageCondition": list(_storage(item)) or None,
            }
        )

    # What happened

    def _events(self, item: ItemRecord, basis: str) -> Iterator[dict[str, Any]]:
        given = False
        for one in (*self.past.get(item.key, ()), item):
            state = "dpv:RenewedConsentGiven" if given and one.state == "given" else _STATES[one.state]
            given = given or one.state == "given"
            by = self.view.vendor if self.said.get(one.evidence[0]) == "vendor" else self.view.customer
            lasts = {"@type": "dpv:UntilTimeDuration", "rdf:value": one.until}
            kind = [state, basis] if one.state == "given" else state
            at = max(self._time(one.since), one.begins or "")
            yield _event(kind, at, by, lasts if one.state in ("given", "requested") else _FOR_GOOD)
        if item.state == "given" and item.until <= self.view.at:
            yield _event("dpv:ConsentExpired", item.until, self.view.customer, _FOR_GOOD)

    def _time(self, point: Point) -> str:
        return self.view.history.chain.time(point.place, point.at)

    # Who

    def _people(self, parts: Iterable[Part]) -> dict[str, Party]:
        there = [*self.controllers, *(party for part in parts for party in part.item.recipients or ())]
        return {_who(one): one for one in there}

    def _ids(self, parts: list[Part]) -> dict[str, str]:
        """Who → IRI. The first controller that has none, or the vendor's own, is the vendor."""
        people = self._people(parts)
        ids = {who: one.id or f"_:party{number}" for number, (who, one) in enumerate(people.items(), start=1)}
        if self.view.vendor not in people and self.controllers and self.controllers[0].id is None:
            ids[_who(self.controllers[0])] = self.view.vendor
        return ids

    def _entities(self, parts: list[Part], ids: dict[str, str]) -> Iterator[dict[str, Any]]:
        me = self.view.customer
        yield {"@id": me, "@type": "dpv:DataSubject", "dpv:hasIdentifier": me}
        for who, party in self._people(parts).items():
            yield _entity(ids[who], party, self.known.get(who, party))


def _who(party: Party) -> str:
    return party.id or party.name


def _purpose(term: str, item: Item) -> Any:
    """The purpose; or a narrower one, as what is said of a purpose is the only place that DPV has for its bounds."""
    if not item.channels and not item.topics:
        return term
    topics = [topic.label or topic.code for topic in item.topics or ()]
    words = [f"over {', '.join(item.channels)} only"] if item.channels else []
    words += [f"about {', '.join(topics)} only"] if topics else []
    return without_none(
        {
            "@type": "dpv:Purpose",
            "skos:broader": term,
            "dct:description": "; ".join(words),
            "opencmr:channel": list(item.channels) if item.channels else None,
            "opencmr:topic": as_wire(item.topics),
        }
    )


def _storage(item: Item) -> Iterator[dict[str, Any]]:
    if item.stored_in:
        places = ["dpv:WithinDevice" if place == "device" else f"loc:{place}" for place in item.stored_in]
        yield {"@type": "dpv:StorageLocation", "dpv:hasLocation": places}
    if item.retention:
        yield {"@type": "dpv:StorageDuration", "dpv:hasDuration": _retained(item.retention)}


def _retained(retention: Retention) -> dict[str, Any]:
    if retention.until is not None:
        return {"@type": "dpv:UntilTimeDuration", "rdf:value": retention.until}
    period = {"@type": "dpv:TemporalDuration", "rdf:value": retention.period}
    return {**period, "dct:description": f"after {retention.after}"}


def _event(kind: str | list[str], at: str, by: str, lasts: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": kind,
        "dpv:isIndicatedAtTime": at,
        "dpv:isIndicatedBy": by,
        "dpv:hasIndicationMethod": "signed message",
        "dpv:hasDuration": lasts,
    }


def _entity(id_: str, said: Party, known: Party) -> dict[str, Any]:
    """Who it is: as the messages say, and where they say nothing, as the caller knows."""
    contact = without_none(
        {
            "@type": "schema:ContactPoint",
            "schema:name": said.contact or known.contact,
            "schema:email": said.email or known.email,
            "schema:telephone": said.phone or known.phone,
        }
    )
    place = said.address or known.address
    return without_none(
        {
            "@id": id_,
            "@type": _ROLES[said.role],
            "dpv:hasName": said.name,
            "dpv:hasIdentifier": None if id_.startswith("_:") else id_,
            "schema:contactPoint": contact if len(contact) > 1 else None,
            "schema:address": _address(place) if place else None,
        }
    )


def _address(place: Place) -> dict[str, Any]:
    return without_none(
        {
            "@type": "schema:PostalAddress",
            "schema:streetAddress": place.street,
            "schema:postalCode": place.postal_code,
            "schema:addressLocality": place.locality,
            "schema:addressCountry": place.country,
        }
    )
