"""A consent as a Kantara Consent Receipt, version 1.1.0, in JSON (`docs/bridges/kantara.md`).

https://kantarainitiative.org/file-downloads/consent-receipt-specification-v1-1-0/. One way only: a receipt names no
processing operation, and its categories are of no vocabulary, so no grant comes of it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import UsageError
from ..messages import pointer
from ..messages.consent import Item
from ..messages.types import Party
from ..protocol.clock import moment
from ..protocol.families.consent import Consent, ItemRecord, outsiders
from ..protocol.vocabulary import includes, label
from .gate import Exported, Gate, Missing, Part, View
from .json_ld import without_none

__all__ = ["missing", "receipt"]

_MANDATORY = (
    "version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "piiPrincipalId",
    "piiControllers", "policyUrl", "services", "sensitive", "spiCat",
)  # fmt: skip
_CONTROLLER = ("piiController", "contact", "address", "email", "phone")
_PURPOSE = ("purpose", "purposeCategory", "consentType", "piiCategory", "termination", "thirdPartyDisclosure")
_SENSITIVE = ("dpv:SensitivePersonalData", "dpv:SpecialCategoryPersonalData")


def receipt(
    view: View, thread: str, *, service: str, parties: Sequence[Party] = (), jurisdiction: str | None = None
) -> Exported:
    """What is given of a consent, as a consent receipt. What was refused or taken back has no place in one.

    Args:
        view: The relationship, and the instant.
        thread: The consent's thread.
        service: What the data is for, as people call it, such as the vendor's shop: no message says it.
        parties: What the caller knows of the controllers that the messages leave out: addresses, contacts. A consent
            that nobody asked for has its controllers from here alone.
        jurisdiction: Where the request names none.

    Raises:
        UsageError: There is no such consent.
    """
    found = view.history.threads.get(thread)
    if found is None or not isinstance(found.record, Consent):
        raise UsageError(f"{thread} is no thread of a consent here")
    consent, gate = found.record, Gate(view)
    given = [item for _, item in sorted(consent.items.items()) if _holds(gate, item)]
    parts = [(item, part) for item in given for part in gate.narrowed(item.item)]
    for item in given:
        _lose(gate, item)
    asked = consent.request
    known = {one.id or one.name: one for one in parties}
    controllers = [
        one for one in (asked.controller if asked else parties) if one.role in ("controller", "jointController")
    ]
    where = (asked.jurisdiction if asked else None) or jurisdiction
    kinds = sorted({term for _, part in parts for term in part.item.data if _is_sensitive(term)})
    since = max((item.since for item in given), default=None)
    at = view.history.chain.time(since.place, since.at) if since else None
    document = without_none(
        {
            "version": "KI-CR-v1.1.0",
            "jurisdiction": where,
            "consentTimestamp": int(moment(at).timestamp()) if at else None,
            "collectionMethod": "signed message",
            "consentReceiptID": thread,
            "language": asked.notice.lang if asked else None,
            "piiPrincipalId": view.customer,
            "piiControllers": [_controller(one, known.get(one.id or one.name, one)) for one in controllers],
            "policyUrl": asked.notice.url if asked else None,
            "services": [{"service": service, "purposes": [one for pair in parts for one in _purposes(*pair)]}],
            "sensitive": bool(kinds),
            "spiCat": kinds,
        }
    )
    return Exported(document, tuple(gate.lost), missing(document))


def missing(document: dict[str, Any]) -> tuple[Missing, ...]:
    """The mandatory members that a receipt lacks, with the pointers where they would stand.

    Args:
        document: A receipt as `receipt` writes it.
    """
    found: list[tuple[str | int, ...]] = [(name,) for name in _MANDATORY if document.get(name) in (None, [])]
    found = [path for path in found if path != ("spiCat",)]  # a list of none where nothing is sensitive
    for number, one in enumerate(document.get("piiControllers", ())):
        found += [("piiControllers", number, name) for name in _CONTROLLER if name not in one]
    for number, service in enumerate(document.get("services", ())):
        purposes = service.get("purposes")
        found += [("services", number, "purposes")] * (not purposes)
        for at, one in enumerate(purposes or ()):
            found += [("services", number, "purposes", at, name) for name in _PURPOSE if name not in one]
    return tuple(Missing(pointer(path), str(path[-1])) for path in found)


def _holds(gate: Gate, item: ItemRecord) -> bool:
    holds = item.state == "given" and gate.view.at < item.until
    if not holds:
        gate.lose(item.key, "consent-expired" if item.state == "given" else item.state)
    return holds


def _lose(gate: Gate, item: ItemRecord) -> None:
    for name in ("retention", "stored_in"):
        if getattr(item.item, name):
            gate.lose(f"{item.key}: {name}", "a receipt has no place for it")


def _controller(said: Party, known: Party) -> dict[str, Any]:
    place = said.address or known.address
    return without_none(
        {
            "piiController": said.name,
            "contact": said.contact or known.contact,
            "address": without_none(
                {
                    "streetAddress": place.street,
                    "postalCode": place.postal_code,
                    "addressLocality": place.locality,
                    "addressCountry": place.country,
                }
            )
            if place
            else None,
            "email": said.email or known.email,
            "phone": said.phone or known.phone,
        }
    )


def _purposes(record: ItemRecord, part: Part) -> Iterator[dict[str, Any]]:
    item, besides = part.item, [label(term) for _, term in part.without]
    strangers = outsiders(item)
    for purpose in item.purposes:
        yield without_none(
            {
                "purpose": _in_words(item, purpose, besides),
                "purposeCategory": [purpose],
                "consentType": "EXPLICIT",
                "piiCategory": list(item.data),
                "termination": record.until,
                "thirdPartyDisclosure": bool(strangers),
                "thirdPartyName": "; ".join(f"{one.name} <{one.id}>" for one in strangers) or None,
            }
        )


def _in_words(item: Item, purpose: str, besides: list[str]) -> str:
    """Why, what is done for it, and within what bounds: this text is the only place that a receipt has for them."""
    topics = [topic.label or topic.code for topic in item.topics or ()]
    bounds = [f" over {' or '.join(item.channels)} only"] if item.channels else []
    bounds += [f" about {' or '.join(topics)} only"] if topics else []
    bounds += [f", without {' or '.join(besides)}"] if besides else []
    return f"{label(purpose)}, by {' and '.join(map(label, item.actions))}{''.join(bounds)}"


def _is_sensitive(term: str) -> bool:
    return any(includes("data", one, term) for one in _SENSITIVE)
