"""What can be written of a whole relationship in one format, record by record."""

from collections.abc import Callable, Iterator, Mapping

from ..protocol.families.consent import Consent
from ..protocol.families.data import RightsRequest
from ..protocol.families.terms import Agreement
from . import drp, iso27560, kantara, odrl
from .gate import Exported, View

__all__ = ["FORMATS"]

Written = Iterator[tuple[str, Exported]]


def _each(view: View, kind: type, write: Callable[[str], Exported]) -> Written:
    """The id of each thread that folds to this, and its document."""
    for id_, record in view.history.records.items():
        if isinstance(record, kind) and not (isinstance(record, Agreement) and record.terms is None):
            yield id_, write(id_)


FORMATS: Mapping[str, Callable[[View], Written]] = {
    "iso27560": lambda view: _each(view, Consent, lambda id_: iso27560.receipt(view, id_)),
    "kantara": lambda view: _each(view, Consent, lambda id_: kantara.receipt(view, id_, service=view.vendor)),
    "odrl": lambda view: _each(view, Agreement, lambda id_: odrl.policy(view, id_)),
    "drp": lambda view: _each(view, RightsRequest, lambda id_: drp.status(view, id_)),
}
"""The name of a format → all that a relationship has for it, by the id of the thread."""
