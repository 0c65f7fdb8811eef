"""The result of taking in one answer of a vendor."""

from dataclasses import dataclass, field

from ...errors import Problem, Refused
from ...store import Noticed


@dataclass
class Arrived:
    """The result of taking in one answer of the vendor.

    Attributes:
        answered: Digests of messages of ours that have their receipt.
        refusals: Digest of a message of ours → why it was refused, with the signed receipt.
        entries: Digests of the vendor's messages that took their place.
        noticed: What its signed words show.
        passed_over: What proves nothing, and why.
        moved: Whether more of the vendor's words have their place than before.
    """

    answered: set[str] = field(default_factory=set)
    refusals: dict[str, Refused] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)
    passed_over: list[Problem] = field(default_factory=list)
    moved: bool = False

    def join(self, other: "Arrived") -> None:
        """Take in what another part of the same answer brought."""
        self.answered |= other.answered
        self.refusals |= other.refusals
        self.entries += other.entries
        self.noticed += other.noticed
        self.passed_over += other.passed_over
        self.moved |= other.moved
