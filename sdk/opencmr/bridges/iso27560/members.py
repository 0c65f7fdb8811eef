"""Which members DPV's guide to ISO/IEC TS 27560 makes mandatory, and which of them a document lacks: all at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...messages import pointer
from ..gate import Missing
from ..json_ld import as_list

_RECEIPT = ("dct:conformsTo", "dpv:hasIdentifier", "dct:created", "dpv:hasRecordOfActivity")
_RECORD = (
    "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasNotice", "dpv:hasProcess", "dpv:hasLegalBasis",
    "dpv:hasConsentStatus", "dpv:hasEntity",
)  # fmt: skip
_PROCESS = ("dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasRecipient")
_EITHER = ("dpv:hasDataController", "dpv:hasConsentControl", "dpv:hasJurisdiction", "dpv:hasRight")
"""Of the record, or of each process."""
_STORAGE = ("dpv:StorageLocation", "dpv:StorageDuration")
_EVENT = ("dpv:isIndicatedAtTime", "dpv:hasDuration", "dpv:isIndicatedBy")
_ENTITY = ("@type", "dpv:hasName", "dpv:hasIdentifier", "schema:contactPoint", "schema:address")

_Path = tuple[str | int, ...]


def missing(document: Mapping[str, Any]) -> tuple[Missing, ...]:
    """The mandatory members that a record or a receipt lacks, with the pointers where they would stand.

    Args:
        document: A consent record, or a consent receipt with its records.
    """
    kinds = as_list(document.get("@type"))
    found = _of_receipt(document) if "dpv:ConsentReceipt" in kinds else _of_record(document, ())
    return tuple(Missing(pointer(path), str(path[-1])) for path in found)


def _of_receipt(document: Mapping[str, Any]) -> Iterator[_Path]:
    yield from _lacking(document, _RECEIPT, ())
    for path, one in _each(document, "dpv:hasRecordOfActivity", ()):
        yield from _of_record(one, path)


def _of_record(record: Mapping[str, Any], path: _Path) -> Iterator[_Path]:
    yield from _lacking(record, _RECORD, path)
    for at, notice in _each(record, "dpv:hasNotice", path):
        yield from _lacking(notice, ("dct:language",), at)
    processes = list(_each(record, "dpv:hasProcess", path))
    for at, process in processes:
        yield from _lacking(process, _PROCESS, at)
        kept = [kind for _, one in _each(process, "dpv:hasStorageCondition", at) for kind in as_list(one.get("@type"))]
        yield from ((*at, "dpv:hasStorageCondition", kind) for kind in _STORAGE if kind not in kept)
    for member in _EITHER:
        if not record.get(member) and not (processes and all(one.get(member) for _, one in processes)):
            yield (*path, member)
    for at, event in _each(record, "dpv:hasConsentStatus", path):
        yield from _lacking(event, _EVENT, at)
    for at, entity in _each(record, "dpv:hasEntity", path):
        subject = "dpv:DataSubject" in as_list(entity.get("@type"))
        yield from _lacking(entity, ("dpv:hasIdentifier",) if subject else _ENTITY, at)


def _lacking(members: Mapping[str, Any], names: tuple[str, ...], path: _Path) -> Iterator[_Path]:
    return ((*path, name) for name in names if not members.get(name))


def _each(members: Mapping[str, Any], name: str, path: _Path) -> Iterator[tuple[_Path, Mapping[str, Any]]]:
    """The objects that a member holds. A bare name stands for an object that says nothing here."""
    values = members.get(name)
    for position, one in enumerate(as_list(values)):
        at = (*path, name, position) if isinstance(values, list) else (*path, name)
        yield at, one if isinstance(one, Mapping) else {}
