"""What comes of a check of evidence: what is wrong, how much is here, and what nobody can know from it.

`spec/v1/evidence.md`. A finding makes the evidence about a relationship bad. What accuses nobody is told beside it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .arrangement import Gap, Split
from .exhibits import Finding
from .history import History


class Contradiction(NamedTuple):
    """Two words whose dates can't both be right: the earlier one is dated after the later. Nobody can tell whose.

    Attributes:
        earlier: The name of the one that came first, by what was signed.
        says: Its date.
        later: The name of the other, which has seen it, or answers it.
        dated: The date of that: over ten minutes earlier.
    """

    earlier: str
    says: str
    later: str
    dated: str


@dataclass(frozen=True)
class Completeness:
    """How much of a relationship is here.

    Attributes:
        last: The number of the vendor's last word here.
        here: How many of the vendor's words up to there are here.
        at: The time of that place, T(last); none where it was not folded.
        answered: How many messages of the customer's these answer.
        answered_here: How many of those are here.
        unreceipted: How many of the vendor's messages have no receipt of the customer's here.
        hard: What is named and must be there, and is not.
        soft: What the customer's words name as said before and is not here: not delivered, or held back.
        splits: Where the vendor says two things of one number: it was restored, or says different things.
        strays: How many of the vendor's words are off the chain.
        noes: The customer's no-words that these alone answer. No record has them; they deny all the same.
        contradictions: Dates that are disputed.
        part: The threads that are here whole, where the rest is stated to be left out.
    """

    last: int
    here: int
    at: str | None
    answered: int
    answered_here: int
    unreceipted: int
    hard: tuple[Gap, ...]
    soft: tuple[Gap, ...]
    splits: tuple[Split, ...]
    strays: int
    noes: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]
    part: frozenset[str] | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the vendor's words are here up to the last, and what they answer. A part never is."""
        return self.part is None and self.here == self.last and not self.hard


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that nobody can know from what is put forward.

    Attributes:
        code: `end`, `unanswered`, `keys`, `rest`, `erased`, `others`.
        what: What cannot be known, as people read it after "Nobody can know from here".
    """

    code: str
    what: str


@dataclass(frozen=True)
class Judgement:
    """What came of the check of one relationship.

    Attributes:
        findings: What is wrong; empty if the evidence about it holds.
        step: The last step that was taken.
        counts: How many messages, receipts, threads; how many were accepted, moot, void, refused; how many were erased.
        history: What it folds to, as far as it was folded. In a part, places are counted among the words here.
        completeness: How much of it is here.
        unknown: What nobody can know from here.
    """

    customer: str
    vendor: str
    findings: tuple[Finding, ...]
    step: int
    counts: Mapping[str, int]
    history: History
    completeness: Completeness
    unknown: tuple[Unknown, ...]

    @property
    def ok(self) -> bool:
        """Whether the evidence about this relationship holds."""
        return not self.findings


@dataclass(frozen=True)
class Findings:
    """What came of the check.

    Attributes:
        loose: What is wrong with exhibits that belong to no relationship.
        relationships: Each relationship, judged by itself.
        unknown: What nobody can know from here, of all of it.
    """

    loose: tuple[Finding, ...]
    relationships: tuple[Judgement, ...]
    unknown: tuple[Unknown, ...] = (
        Unknown("others", "whether there are more relationships: a customer has another key in each"),
    )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong."""
        return (*self.loose, *(each for one in self.relationships for each in one.findings))

    @property
    def ok(self) -> bool:
        """Whether all of the evidence holds."""
        return not self.findings

    @property
    def histories(self) -> Mapping[tuple[str, str], History]:
        """What the words fold to, by the customer's DID and the vendor's."""
        return {(one.customer, one.vendor): one.history for one in self.relationships}

    @property
    def step(self) -> int:
        """The last step that was taken of every relationship."""
        return min((one.step for one in self.relationships), default=1)

    @property
    def counts(self) -> Mapping[str, int]:
        """All counts together, and how many relationships there are."""
        total: dict[str, int] = defaultdict(int, relationships=len(self.relationships))
        for one in self.relationships:
            for name, count in one.counts.items():
                total[name] += count
        return dict(total)
