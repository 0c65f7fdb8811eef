"""Why many checks fail at once: one fault below them all is told in one line, before anybody reads a hundred."""

import re
from collections import Counter
from dataclasses import dataclass

from .suite import Report, Result

MANY = 5
"""Checks that fail alike, from which on they are told of together."""

_PROOFS = "run the vectors of proofs first (`opencmr vectors run --kind proof` shows them)"
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (r"the vendor's signature does not hold", "your proofs don't hold", _PROOFS),
    (r"not decided: (bad-signature|wrong-key|weak-key)", "good proofs are refused", _PROOFS),
    (r"not decided: (not-canonical|not-json|bad-number)|is not in canonical form", "canonical form differs",
     "run the vectors of canonical form first"),
    (r"a key that the DID document does not list", "the signing key is not in the DID document",
     "see spec/v1/identity.md"),
    (r"not decided: (malformed|unsupported-type)", "good messages are refused", "run the vectors of messages first"),
    (r"a .* of the vendor: ", "the vendor's own messages are not of the right form",
     "run the vectors of messages first"),
    (r"the receipt is of zQm", "digests differ", "run the vectors of canonical form first"),
    (r"as the word before it|where number \d+ has to come|two words of number", "numbers and priors are no chain",
     "see spec/v1/sequence.md, the chain"),
    (r"(no|the) .* came within|no (\S+) came", "what test mode has to say does not come",
     "is the vendor in test mode? spec/conformance.md says what it answers"),
    (r"not decided: (over-quota|overloaded)|collect was refused: (over-quota|overloaded)",
     "the vendor limits requests, and asks to wait too long or not at all", "try --rate"),
)  # fmt: skip
"""What a failure says, what it comes from, and what helps."""


@dataclass(frozen=True)
class Cause:
    """Something that makes many checks fail.

    Attributes:
        checks: How many.
        says: What it is.
        helps: What to do first; empty: nobody knows.
    """

    checks: int
    says: str
    helps: str

    def __str__(self) -> str:
        return f"{self.checks} checks: {self.says}{'; ' if self.helps else ''}{self.helps}"


def causes(report: Report) -> list[Cause]:
    """What checks failed of together, most of them first."""
    counted = Counter(_cause(one) for one in report.results if one.outcome == "failed" and not one.expected)
    return [Cause(count, *cause) for cause, count in counted.most_common() if count >= MANY]


def _cause(result: Result) -> tuple[str, str]:
    for pattern, says, helps in _KNOWN:
        if re.search(pattern, result.detail):
            return says, helps
    return re.sub(r"zQm\w+|urn:uuid:[-\w]+|did:\w+:\S+|\d+", "…", result.detail), ""
