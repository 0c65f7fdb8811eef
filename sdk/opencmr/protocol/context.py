"""What the fold of one thread may ask of the rest of its relationship, as that stands at the same place."""

from collections.abc import Iterable
from typing import Protocol

from ..messages.types import Ref, TermsDocument
from .said import Word


class Context(Protocol):
    """The other threads. `History` is one."""

    def superseded(self, own: Word, scope: str | None) -> str | None:
        """A word about the terms of this scope that `own` does not know, by its digest; none where there is none.

        It is one by which terms began to bind, or one by which the customer ended them; of the scope of a wish, also
        one by which the customer put the wish otherwise, ordered, or took it back.
        """

    def live_consent(self, basis: Ref, at: str) -> bool:
        """Whether `basis` is a grant whose consent to direct marketing is live at this instant."""

    def active_terms(self) -> Iterable[tuple[str, TermsDocument]]:
        """The relationship's own terms."""
