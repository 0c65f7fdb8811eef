"""Which requirements can be seen from outside, and what of them a run has shown."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import _spec
from .suite import Check, Report, Side

VECTORS = "vectors"

ELSEWHERE: dict[Side, dict[str, str]] = {
    "vendor": {
        **dict.fromkeys([f"DEC-{number}" for number in range(1, 25)], "vectors: decisions"),
        **dict.fromkeys([f"EVD-{number}" for number in range(1, 15)], "vectors and tests of the evidence folder"),
        **dict.fromkeys([f"BAK-{number}" for number in range(1, 6)], "vectors and tests of backups"),
        **dict.fromkeys(
            [
                "CNS-7",
                "CNS-10",
                "INT-6",
                "OFR-8",
                "SEQ-21",
                "SEQ-22",
                "SEQ-23",
                "SEQ-35",
                "TRM-9",
            ],
            "vectors: decisions",
        ),
        "REL-11": "the checks of a customer, who receives such messages",
        **dict.fromkeys(["SEQ-14", "SEQ-26", "ORD-9", "DAT-15"], "vectors: threads"),
        **dict.fromkeys(["SEQ-24", "SEQ-29", "SEQ-30"], "tests of the store: a vendor tells its own people"),
        "IDN-7": "tests of the store",
        "RCV-13": "tests that end the process in the middle",
        **dict.fromkeys(
            ["TRN-14", "TRN-15", "TRN-16"],
            "tests of the server: they flood, and bounds may stand in front of a vendor",
        ),
        "RCV-3": "a vendor of this version sends nothing by itself",
        **dict.fromkeys(["SEQ-36", "SEQ-37"], "tests of the store: it takes days"),
        **dict.fromkeys(["SEQ-40", "SEQ-41", "SEQ-42"], "tests of the store: nobody outside sees that it erased"),
    },
    "customer": {
        **dict.fromkeys([f"DEC-{number}" for number in range(1, 25)], "vectors: decisions"),
        **dict.fromkeys([f"EVD-{number}" for number in range(1, 15)], "vectors and tests of the evidence folder"),
        **dict.fromkeys([f"BAK-{number}" for number in range(1, 10)], "vectors and tests of backups"),
        **dict.fromkeys(["CNS-10", "INT-6", "SEQ-21", "SEQ-22", "SEQ-23", "SEQ-35", "TRM-9"], "vectors: decisions"),
        **dict.fromkeys(
            ["IDN-3", "IDN-10", "IDN-11", "IDN-12", "TRN-13"],
            "tests of the client: it takes names and servers that nobody has to lend it",
        ),
        "IDN-7": "tests of the store",
        "IDN-14": "tests of the wallet: a key that was let go serves no more",
        **dict.fromkeys(["SEQ-40", "SEQ-41"], "tests of the wallet: nobody outside sees that it erased"),
        **dict.fromkeys(["REL-2", "REL-13"], "tests of the wallet: nobody outside sees where it keeps its keys"),
        **dict.fromkeys(["TRN-41", "TRN-42"], "tests of the wallet: nobody outside sees what it keeps of a file"),
        "RCV-13": "tests that end the process in the middle",
        "TRN-8": "tests that end the process in the middle",
        **dict.fromkeys(
            ["ENV-5", "ENV-6", "ENV-7", "ENV-8", "ENV-9", "ENV-15", "JSN-7", "SIG-3", "SIG-4", "SIG-5", "VOC-2"],
            "vectors: what a receiver accepts is the same on both sides",
        ),
        **dict.fromkeys(["INT-1", "SEQ-14", "DAT-15"], "vectors: threads"),
        **dict.fromkeys(
            [
                "CNS-2",
                "CNS-3",
                "CNS-4",
                "CNS-9",
                "CNS-12",
                "OFR-9",
                "OFR-10",
                "OFR-15",
                "ORD-8",
                "TRM-1",
                "TRM-2",
                "DAT-5",
                "REL-1",
                "REL-3",
                "REL-4",
            ],
            "the checks of a vendor, who receives such messages",
        ),
        **dict.fromkeys(
            ["ORD-6", "RCV-2", "RCV-4", "RCV-7", "RCV-14", "SEQ-9", "TRN-9"],
            "the checks of a vendor, who answers requests",
        ),
    },
}
"""Requirements that nobody outside can see, and where they are held instead; as `spec/conformance.md` lists them."""

_PLAYS: dict[Side, frozenset[str]] = {
    "vendor": frozenset({"vendor", "both", "receiver", "sender"}),
    "customer": frozenset({"customer", "both", "receiver", "sender"}),
}


@dataclass(frozen=True)
class Requirement:
    """One MUST of the specification."""

    id: str
    page: str
    side: str
    text: str


@dataclass(frozen=True)
class Coverage:
    """What a run has shown of the requirements that can be seen from outside.

    Attributes:
        observable: Ids of those that can be seen.
        checked: Ids of those for which a check was run.
        held: Ids of those that no check has found broken.
        elsewhere: Id → where it is held instead.
    """

    observable: tuple[str, ...]
    checked: tuple[str, ...]
    held: tuple[str, ...]
    elsewhere: dict[str, str]

    @property
    def missing(self) -> list[str]:
        """Those that can be seen, and that no check was run for."""
        return [one for one in self.observable if one not in self.checked]

    @property
    def percent(self) -> float:
        """How much of what can be seen was checked."""
        return 100.0 * len(self.checked) / len(self.observable) if self.observable else 100.0

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "observable": len(self.observable),
            "checked": len(self.checked),
            "held": len(self.held),
            "percent": round(self.percent, 1),
            "missing": self.missing,
            "elsewhere": self.elsewhere,
        }


@cache
def requirements() -> tuple[Requirement, ...]:
    """Every requirement of this version."""
    found: list[Requirement] = []
    for file in sorted(_spec.root().rglob("requirements.toml")):
        for one in tomllib.loads(file.read_text(encoding="utf-8"))["requirement"]:
            found.append(Requirement(one["id"], one["page"], one["side"], one["text"]))
    return tuple(found)


def observable(side: Side) -> tuple[str, ...]:
    """The requirements that a side has to keep and that can be seen from outside."""
    return tuple(one.id for one in requirements() if one.side in _PLAYS[side] and one.id not in ELSEWHERE[side])


def covered_by(checks: Iterable[Check[Any]]) -> set[str]:
    """The requirements that checks name."""
    return {requirement for check in checks for requirement in check.requirements}


def coverage(report: Report) -> Coverage:
    """What a run has shown."""
    run = [one.check for one in report.results if one.outcome != "skipped"]
    checked, broken = covered_by(run), report.broken
    seen = tuple(one for one in observable(report.side) if one in checked)
    return Coverage(
        observable(report.side), seen, tuple(one for one in seen if one not in broken), ELSEWHERE[report.side]
    )
