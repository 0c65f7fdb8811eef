"""Who speaks in the fuzz targets, with what keys, and what they have said already: the examples and the vectors."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import base58

from opencmr import messages, trust
from opencmr.errors import Problem
from opencmr.protocol import History, Said

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
    """A conversation of the vectors: its messages, in their places."""

    name: str
    entries: tuple[tuple[dict[str, Any], str, str], ...]
    """Message, side, place time."""


@cache
def scenes() -> tuple[Scene, ...]:
    """The folds of the vectors."""
    found = []
    for file in sorted((VECTORS / "threads").glob("*.json")):
        for case in json.loads(file.read_text())["cases"]:
            if "entries" in case:
                entries = tuple((each["message"], each["side"], each["at"]) for each in case["entries"])
                found.append(Scene(case["id"], entries))
    return tuple(found)


def said(message: dict[str, Any], side: Any, at: str) -> tuple[Said, Problem | None]:
    """A message in its place, and why it is not of the form of its type where it isn't.

    Raises:
        Problem: Not even its envelope holds.
    """
    digest = trust.digest(trust.write(message))
    try:
        return Said(messages.read(message), digest, side, at), None
    except Problem as problem:
        return Said(messages.read_envelope(message), digest, side, at), problem


@cache
def histories() -> tuple[History, ...]:
    """What each conversation folds to, and nothing at all. Not to be changed."""
    found = [History()]
    for scene in scenes():
        history = History()
        for message, side, at in scene.entries:
            history.take(*said(message, side, at))
        found.append(history)
    return tuple(found)


def signed(document: dict[str, Any]) -> bytes:
    """A document under the signature of whom it says it is from, whatever else it says; as it is where it can't be."""
    document = {name: value for name, value in document.items() if name != "proof"}
    if document.get("from") == VENDOR:
        return trust.sign(document, VENDOR_KEY, trust.key_url(VENDOR))
    return trust.sign(document, CUSTOMER_KEY, trust.key_url(CUSTOMER))
