"""What others say: OpenCMR's records in the formats of others, and theirs as drafts of messages. One module a format.

    view = View(relationship.history, relationship.me, relationship.peer, now)
    exported = iso27560.record(view, thread, "news", parties=[shop], jurisdiction="IE")
    exported.document     # JSON-LD
    exported.missing      # mandatory members that it lacks: all at once
    exported.lost         # what it does not say, and why

    iso27560   a consent ↔ ISO/IEC TS 27560 record and receipt, with DPV
    kantara    a consent → Kantara Consent Receipt 1.1
    odrl       an agreement → ODRL 2.2 policy
    eudi       a rights request ↔ a European wallet's log (TS10), and its mail (TS7)
    drp        a rights request ↔ statuses of the Data Rights Protocol
    gpc        `Sec-GPC: 1` → an objection, and whether it is processed
    gate       what may be stated at all

Two rules hold for all. **A permission is stated only if `may()` permits it** at that moment, asked for exactly what the
document would say; what is left out is told. **What comes back is a draft**: nothing that others wrote permits anything
before the customer has said it.

No I/O and no clock: time is an argument, and contexts of JSON-LD are named, never fetched. The same words make the same
document. A page each in `docs/bridges/` says what is lost.
"""

from .gate import Exported, Lost, Missing, View

__all__ = ["Exported", "Lost", "Missing", "View"]
