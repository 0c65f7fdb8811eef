"""The discovery documents of a vendor (`spec/v1/transport.md`, discovery)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from ... import trust
from ...messages import VERSIONS, core
from ...protocol import roster
from .keys import Keys


@dataclass(frozen=True)
class Published:
    """What does not change while a vendor runs.

    Attributes:
        keys: The vendor's.
        endpoint: Where messages are received.
        about: What the operator says besides; `tosUrl` goes into `myterms.json`.
        kept_for: After how long a relationship is forgotten of which nothing came; none where it never is.
    """

    keys: Keys
    endpoint: str
    about: Mapping[str, Any]
    kept_for: timedelta | None

    def did_document(self) -> dict[str, Any]:
        """`did.json`."""
        return trust.document_for(self.keys.did, self.keys.public, self.endpoint)

    def discovery(self, speaks: Iterable[str], accepts: Iterable[str]) -> dict[str, Any]:
        """`opencmr`."""
        about = {name: value for name, value in self.about.items() if name != "tosUrl"}
        forgets = {} if self.kept_for is None else {"forgetsAfterDays": self.kept_for.days}
        return {
            "did": self.keys.did,
            "roles": ["vendor"],
            "endpoint": self.endpoint,
            "versions": list(VERSIONS),
            "types": sorted({*speaks, *core.REQUEST_TYPES}),
            "terms": [{"id": ref.id, "digest": ref.digest} for ref in map(roster.ref, accepts)],
            **forgets,
            **about,
        }

    def myterms(self, discovery: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
        """`myterms.json`, made from what `opencmr` says; none where that lists no agreement of the roster."""
        codes = [terms["id"] for terms in discovery["terms"] if terms["id"] in roster.codes()]
        listed = [{"id": code, "url": roster.document(code).url} for code in codes]
        if not listed:
            return None
        tos = {"tos_url": self.about["tosUrl"]} if "tosUrl" in self.about else {}
        return {"effective_date": format_datetime(now), "agreements": listed, **tos}
