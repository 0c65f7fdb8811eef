"""How the `may` row asks OpenCMR: the one place to change when the way to ask does.

Five facts a customer, the same for ours and for the peers: three permissions and two prohibitions, each of one action,
one purpose and one kind of data.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from opencmr import Vendor
from opencmr.protocol import Facts, History, Knowledge, Question, Statement, Word, decide
from opencmr.roles import Asked
from opencmr.roles.party.remembered import Remembered
from opencmr.roles.vendor.decisions import KnownCustomer
from opencmr.store import Peer

from .goods import VENDOR

AT = "2026-09-01T12:00:00.000Z"
UNTIL = "2028-09-01T12:00:00.000Z"


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
    """A vendor that is alone with its store, and knows its customers' facts as if it had just read them from there.

    A million customers' messages would take a quarter of an hour to receive, so what they fold to is put where it is
    remembered.
    """

    where = "facts of each customer in memory; Vendor.may"

    def __init__(self, customers: Iterable[int]) -> None:
        self._folder = TemporaryDirectory()
        self._vendor = Vendor.open(Path(self._folder.name) / "shop.db", did=VENDOR, alone=True)
        self._vendor._decisions._known = Remembered(16 * 1024**3)  # a machine for a million customers is given memory
        now = datetime.now(UTC)
        for number in customers:
            did = name(number)
            peer = Peer(number, VENDOR, did, None, {}, AT, False, 10, 5)
            self._vendor._decisions.keep(did, KnownCustomer(peer, History(_facts=_facts(number)), None, now))

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """As an application asks: with the words of the vocabulary."""
        return bool(self._vendor.may(customer, action=action, purpose=purpose, data=data))

    def steps(self, customer: str, action: str, purpose: str, data: str) -> dict[str, Callable[[], object]]:
        """What an answer is made of, for the profile. What is cold is done when a question is asked anew."""
        answers = self._vendor._decisions
        known, question = answers._known.get(customer), Question(action, purpose, data)
        asked: Asked = {"action": action, "purpose": purpose, "data": data}
        return {
            "find it in memory (customer, time, question)": lambda: answers.may(customer, asked),
            "cold: make the question (are its words in the vocabulary?)": lambda: Question(action, purpose, data),
            "cold: decide": lambda: decide(known.facts, question, known.page.at, now=True),
        }

    def close(self) -> None:
        """Give back what is held."""
        asyncio.run(self._vendor.close())
        self._folder.cleanup()


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
                Word(place, Knowledge(place - 1), AT),
                AT,
                evidence,
                until=UNTIL if fact.permit else None,
                third_parties=frozenset() if fact.permit else None,
            )
            for place, fact in enumerate(FACTS, 1)
        )
    )
