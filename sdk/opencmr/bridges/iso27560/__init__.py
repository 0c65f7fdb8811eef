"""A consent ↔ a record and a receipt of ISO/IEC TS 27560:2023, in JSON-LD with DPV (`docs/bridges/iso27560.md`).

Members and names are those of DPV's guide, https://w3id.org/dpv/guides/consent-27560. `record` and `receipt` write,
`missing` says which mandatory members a document lacks, `grant` reads a record as a draft.
"""

from .members import missing
from .reading import Draft, grant
from .writing import receipt, record

__all__ = ["Draft", "grant", "missing", "receipt", "record"]
