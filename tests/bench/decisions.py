"""How the `may` row asks OpenCMR: the one place to change when the way to ask does.

Five facts a customer, the same for ours and for the peers: three permissions and two prohibitions, each of one action,
one purpose and one kind of data.
"""

from collections.abc import Iterable
from typing import NamedTuple

from opencmr.protocol import Question
from opencmr.protocol.decisions import Facts, Statement, decide

AT = "2026-09-01T12:00:00.000Z"
UNTIL = "2028-09-01T12:00:00.000Z"
NOW = "2027-01-01T12:00:00.000Z"


class Fact(NamedTuple):
    """May this be done?"""

    action: str
    purpose: str
    data: str
    permit: bool


FACTS = (
    Fact("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress", True),
    Fact("dpv:Store", "dpv:DirectMarketing", "pd:EmailAddress", True),
    Fact("dpv:Use", "dpv:ServiceOptimisation", "pd:Age", True),
    Fact("dpv:Use", "dpv:DirectMarketing", "pd:TelephoneNumber", False),
    Fact("dpv:Share", "dpv:DirectMarketing", "pd:EmailAddress", False),
)
QUESTIONS = (
    (FACTS[0][:3], True),
    (FACTS[2][:3], True),
    (FACTS[3][:3], False),
    (("dpv:Use", "dpv:ServiceOptimisation", "pd:EmailAddress"), False),
)
"""Words, and what the answer is: two yeses, a no, and a silence."""


def name(number: int) -> str:
    """A customer's DID, as long as one is."""
    return f"did:key:z6Mk{number:044d}"


class Decisions:
    """What a vendor holds of its customers, and asks."""

    where = "Facts of each customer in memory; decide()"

    def __init__(self, customers: Iterable[int]) -> None:
        self._facts = {name(number): _facts(number) for number in customers}

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """As an application asks: with the words of the vocabulary."""
        return bool(decide(self._facts[customer], Question(action, purpose, data), NOW))

    def close(self) -> None:
        """Give back what is held."""
        self._facts.clear()


def _facts(number: int) -> Facts:
    evidence = (f"zQm{number:044d}",)
    return Facts(
        tuple(
            Statement(
                "permit" if fact.permit else "prohibit",
                "consent" if fact.permit else "withdrawal",
                (fact.action,),
                (fact.purpose,),
                (fact.data,),
                at=AT,
                until=UNTIL if fact.permit else None,
                evidence=evidence,
                third_parties=frozenset() if fact.permit else None,
            )
            for fact in FACTS
        )
    )
