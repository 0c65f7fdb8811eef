"""Peers that decide: two policy engines, each as its documentation says it is fastest, and SQL by hand.

They match words exactly, which is less than OpenCMR does: no narrower and wider terms, no dates, no evidence.
"""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import casbin
import cedarpy
from casbin.model import FastModel

from .decisions import FACTS, UNTIL, name

_MODEL = """
[request_definition]
r = sub, act, pur, dat
[policy_definition]
p = sub, act, pur, dat, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.sub == p.sub && r.act == p.act && r.pur == p.pur && r.dat == p.dat
"""
_POLICIES = """
permit(principal, action, resource)
when { resource.permits.contains({action: context.action, purpose: context.purpose, data: context.data}) };
forbid(principal, action, resource)
when { resource.prohibits.contains({action: context.action, purpose: context.purpose, data: context.data}) };
"""


class Peer(Protocol):
    """Something that holds facts and answers."""

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """Whether it may be done."""

    def close(self) -> None:
        """Give back what is held."""


class Casbin:
    """pycasbin's FastEnforcer, indexed by the customer: a policy line a fact."""

    largest, goal = 1_000_000, True

    def __init__(self, customers: Iterable[int], _: Path) -> None:
        model = FastModel([0])
        model.load_model_from_text(_MODEL)
        self._enforcer = casbin.FastEnforcer(model, cache_key_order=[0])
        policies = self._enforcer.model["p"]["p"].policy
        for number in customers:
            for fact in FACTS:
                policies.append([name(number), *fact[:3], "allow" if fact.permit else "deny"])

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """One call of `enforce`."""
        return bool(self._enforcer.enforce(customer, action, purpose, data))

    def close(self) -> None:
        """Nothing to do."""


class Cedar:
    """cedarpy with policies that are parsed once, and each customer's entity parsed once, too."""

    largest, goal = 100_000, True
    """Customers: an entity handle each. A million is a matter of memory and of minutes to load."""

    def __init__(self, customers: Iterable[int], _: Path) -> None:
        self._policies = cedarpy.PolicySet.from_str(_POLICIES)
        kinds = {
            effect: [{"action": a, "purpose": p, "data": d} for a, p, d, permit in FACTS if permit is yes]
            for effect, yes in (("permits", True), ("prohibits", False))
        }  # fmt: skip
        self._entities = {
            name(number): cedarpy.Entities.from_json_str(
                json.dumps([{"uid": {"type": "Customer", "id": name(number)}, "attrs": kinds, "parents": []}])
            )
            for number in customers
        }

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """One call of `is_authorized`, with the entity of this customer alone."""
        request = {
            "principal": {"type": "Vendor", "id": "shop"},
            "action": {"type": "Action", "id": "process"},
            "resource": {"type": "Customer", "id": customer},
            "context": {"action": action, "purpose": purpose, "data": data},
        }
        return bool(cedarpy.is_authorized(request, self._policies, self._entities[customer]).allowed)

    def close(self) -> None:
        """Nothing to do."""


class ByHand:
    """An indexed table in SQLite, and one query whose statement is kept."""

    largest, goal = 1_000_000, False

    def __init__(self, customers: Iterable[int], folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "facts.db")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE facts (customer TEXT, action TEXT, purpose TEXT, data TEXT, permit INTEGER, until TEXT,"
            " PRIMARY KEY (customer, action, purpose, data)) WITHOUT ROWID"
        )
        rows = ((name(number), *fact, UNTIL) for number in customers for fact in FACTS)
        self._connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._connection.commit()
        self._connection.execute("PRAGMA cache_size = -65536")
        self._execute = self._connection.cursor().execute

    def may(self, customer: str, action: str, purpose: str, data: str) -> bool:
        """One query."""
        query = "SELECT permit FROM facts WHERE customer = ? AND action = ? AND purpose = ? AND data = ?"
        row = self._execute(query, (customer, action, purpose, data)).fetchone()
        return row is not None and bool(row[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


PEERS = {"pycasbin FastEnforcer": Casbin, "cedarpy": Cedar, "an indexed SQLite query by hand": ByHand}
