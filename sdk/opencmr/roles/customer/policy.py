"""Standing choices of a customer, who is then not asked each time."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ...messages.types import TermsDocument, TermsRef
from ...protocol import roster
from ..party.given import listed

Ask = Callable[[str, TermsDocument], bool | Awaitable[bool]]


@dataclass(frozen=True)
class Policy:
    """A customer's standing choices about terms.

    Attributes:
        proffers: The terms to proffer, by preference: roster codes, or references.
        takes: Roster codes of the counters to take without asking.
        ask: Called with the vendor's DID and the terms it countered with, where `takes` doesn't say; true takes them.
            Absent: such a counter stays open until the customer accepts or declines it.
    """

    proffers: Sequence[str | TermsRef] = ("SD-BASE-DP", "SD-BASE")
    takes: frozenset[str] | Sequence[str] = field(default=frozenset())
    ask: Ask | None = None

    def choices(self) -> list[TermsRef]:
        """The references that a proffer carries."""
        return references(self.proffers)

    def knows(self, digest: str) -> bool:
        """Whether a counter of this digest is one to take without asking: the very document, not just its name."""
        return digest in {roster.ref(code).digest for code in listed("takes", self.takes)}


def references(terms: Sequence[str | TermsRef]) -> list[TermsRef]:
    """References to terms, from roster codes where that is what is given.

    Raises:
        UsageError: A code is not on the roster.
    """
    return [one if isinstance(one, TermsRef) else roster.ref(one) for one in listed("terms", terms)]
