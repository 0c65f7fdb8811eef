"""Who speaks in the fuzz targets, with what keys, and what they have said already: the examples and the vectors."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import base58

from opencmr import trust
from opencmr.errors import Moved, Problem, WrongKey
from opencmr.messages import Message, core
from opencmr.protocol import History, Thread, is_narrowing
from opencmr.protocol.receiving import validate_verified

SPEC = Path(__file__).parents[2] / "spec" / "v1"
VECTORS = SPEC / "vectors"


def _customer_key() -> trust.SigningKey:
    pair = json.loads((VECTORS / "eddsa-jcs-2022" / "keyPair.json").read_text())
    return trust.SigningKey(base58.b58decode(pair["privateKeyMultibase"][1:])[2:])


CUSTOMER_KEY = _customer_key()
VENDOR_KEY = trust.SigningKey(hashlib.sha256(b"OpenCMR test key of did:web:shop.example").digest())
CUSTOMER, VENDOR = CUSTOMER_KEY.did, "did:web:shop.example"
PINNED = {trust.key_url(VENDOR): VENDOR_KEY.public}


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """The valid examples of the specification."""
    return tuple(json.loads(file.read_text()) for file in sorted(SPEC.glob("*/examples/valid/*.json")))


@cache
def hostile_examples() -> tuple[dict[str, Any], ...]:
    """The invalid ones, and the messages of the vectors of proofs."""
    files = sorted(SPEC.glob("*/examples/invalid/*.json"))
    found = [json.loads(file.read_text())["message"] for file in files]
    cases = json.loads((VECTORS / "proofs.json").read_text())["cases"]
    found += [case["message"] for case in cases if isinstance(case.get("message"), dict)]
    return tuple(each for each in found if isinstance(each, dict))


@dataclass(frozen=True)
class Scene:
    """A conversation of the vectors: the words of one relationship, each of the customer's before what answers it."""

    name: str
    words: tuple[dict[str, Any], ...]


@cache
def scenes() -> tuple[Scene, ...]:
    """The folds of the vectors."""
    found = []
    for file in sorted((VECTORS / "threads").glob("*.json")):
        for case in json.loads(file.read_text())["cases"]:
            if "words" in case:
                found.append(Scene(case["id"], tuple(case["words"])))
    return tuple(found)


def is_unsigned(problem: Problem) -> bool:
    """Whether a vendor answers a customer's word with this unsigned, and stores nothing.

    It may come good, or the sender does not speak in the relationship (checks 8 and 9 of `receiving.md`).
    """
    return problem.retry or isinstance(problem, WrongKey | Moved)


class Listener:
    """Takes in the words of a relationship one by one, as whoever holds them all.

    Attributes:
        history: What they fold to.
        held: The customer's words, by digest.
    """

    def __init__(self, history: History | None = None) -> None:
        self.history = history or History()
        self.held: dict[str, Message[Any]] = {}

    def hear(self, document: dict[str, Any]) -> tuple[Thread | None, Problem | None]:
        """A word, whoever said it; a vendor's is the next of its chain, whatever number it says.

        Returns:
            The thread that has a new entry by it, and why that is void where it is.

        Raises:
            Problem: Not even its envelope holds.
        """
        digest, message, fault = trust.digest(trust.canonicalize(document)), *validate_verified(document)
        if message.side == "customer":
            if fault is not None:
                return None, fault  # refused at check 4 or 7: nobody holds it
            self.held[digest] = message
            if is_narrowing(message.type, "customer"):
                self.history.hear(message, digest)
            return None, fault
        answers = message.type == core.Receipt.type and fault is None
        of = self.held.get(message.body.of) if answers else None
        return self.history.follow(message, digest, of=of, fault=fault)


@cache
def histories() -> tuple[History, ...]:
    """What each conversation folds to, and nothing at all. Not to be changed."""
    found = [History()]
    for scene in scenes():
        listener = Listener()
        for word in scene.words:
            listener.hear(word)
        found.append(listener.history)
    return tuple(found)


def signed(document: dict[str, Any]) -> bytes:
    """A document under the signature of whom it says it is from, whatever else it says; as it is where it can't be."""
    document = {name: value for name, value in document.items() if name != "proof"}
    if document.get("from") == VENDOR:
        return trust.sign(document, VENDOR_KEY, trust.key_url(VENDOR))
    return trust.sign(document, CUSTOMER_KEY, trust.key_url(CUSTOMER))
