"""Peers that check a message: what a careful developer would put together from well-known packages.

Each is written to be fast without tricks: keys, schemas and models are made once and kept.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import base58
import jwt
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from pydantic import BaseModel, ConfigDict, Field
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).resolve().parents[2] / "spec" / "v1"
BASE = "https://w3id.org/opencmr/v1/"


_FIRST = ("intent.cast", "terms.proffer")

# json + jsonschema + rfc8785 + OpenSSL: checks 1 and 3 to 7 of the specification, one by one


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))  # Python's `$` lets a line feed follow, JSON Schema's doesn't


def _matches(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _regex(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern}")


_Strict: Any = extend(Draft202012Validator, {"pattern": _matches})


@cache
def _schemas() -> tuple[Registry[Any], dict[str, str]]:
    """All schemas by their identifiers; and type → identifier."""
    files = sorted(SPEC.rglob("*.schema.json"))
    found = [json.loads(file.read_bytes()) for file in files]
    for each in found:
        del each["$schema"]  # it would take the keyword `pattern` back to the library's own
    resources = ((each["$id"], DRAFT202012.create_resource(each)) for each in found)
    types = {
        file.name.removesuffix(".schema.json"): each["$id"]
        for file, each in zip(files, found, strict=True)
        if file.parent != SPEC
    }
    return Registry().with_resources(resources).crawl(), types


@cache
def _validator(type_: str) -> Any:
    """The schema of this type alone: the one for all types tries one after the other."""
    registry, types = _schemas()
    schema = {"$ref": types.get(type_, BASE + "message.schema.json")}
    return _Strict(schema, registry=registry, format_checker=FormatChecker(["date", "date-time"]))


@cache
def _public_key(multibase: str) -> Ed25519PublicKey:
    raw = base58.b58decode(multibase[1:])
    if multibase[0] != "z" or len(raw) != 34 or raw[:2] != b"\xed\x01":
        raise ValueError("not an Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(raw[2:])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands there twice")
    return members


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is a float")


def _walk(value: Any, depth: int) -> None:
    if value is None:
        raise ValueError("null")
    if isinstance(value, dict | list) and depth > 32:
        raise ValueError("too deep")
    if isinstance(value, dict):
        for name, member in value.items():
            if not name.isascii():
                raise ValueError("a name beyond ASCII")
            _walk(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _walk(member, depth + 1)


def read(raw: bytes) -> dict[str, Any]:
    """Check 1: bytes in canonical form, within the profile."""
    if len(raw) > 64 * 1024:
        raise ValueError("too large")
    document = json.loads(raw, object_pairs_hook=_unique, parse_float=_no_float)
    if not isinstance(document, dict):
        raise ValueError("not an object")
    _walk(document, 1)
    if rfc8785.dumps(document) != raw:
        raise ValueError("not canonical")
    return document


def check(raw: bytes, me: str) -> tuple[dict[str, Any], str]:
    """From bytes to a document that its sender has signed, and its digest."""
    document = read(raw)
    digest = "z" + base58.b58encode(b"\x12\x20" + hashlib.sha256(raw).digest()).decode()
    if document["to"] != me:
        raise ValueError("not for us")
    fault = next(_validator(document["type"]).iter_errors(document), None)
    if fault is not None:
        raise ValueError(fault.message)
    if document["type"] in _FIRST and document["thread"] != document["id"]:
        raise ValueError("it opens a thread, and names another")
    proof = document["proof"]
    did, _, multibase = proof["verificationMethod"].partition("#")
    if did != document["from"] or did != "did:key:" + multibase:
        raise ValueError("somebody else's key")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    data = hashlib.sha256(rfc8785.dumps(options)).digest() + hashlib.sha256(rfc8785.dumps(unsecured)).digest()
    _public_key(multibase).verify(base58.b58decode(proof["proofValue"][1:]), data)
    return document, digest


# PyJWT + pydantic: the same words in a JWT, signed by the same algorithm, and a model as one writes it

_Terms = Annotated[list[str], Field(min_length=1)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Party(_Closed):
    name: str
    role: Literal["controller", "jointController", "processor", "thirdParty", "authority"]
    id: str | None = None
    country: str | None = None


class _Item(_Closed):
    key: str
    purposes: _Terms
    data: _Terms
    actions: _Terms
    recipients: list[_Party] | None = None
    channels: list[Literal["email", "sms", "post", "phone", "push"]] | None = None
    storedIn: list[str] | None = None  # as it stands in the message
    until: datetime | None = None


class _Grant(_Closed):
    items: Annotated[list[_Item], Field(min_length=1)]
    until: datetime
    statement: str | None = None


class _Envelope(_Closed):
    iss: str
    aud: str
    jti: str
    opencmr: Literal["1.0"]
    type: Literal["consent.grant"]
    thread: str
    created: datetime
    body: _Grant


def token(document: dict[str, Any], key: bytes) -> str:
    """The words of a `consent.grant` as a JWT."""
    claims = {"iss": document["from"], "aud": document["to"], "jti": document["id"]}
    claims |= {name: document[name] for name in ("opencmr", "type", "thread", "created", "body")}
    return jwt.encode(claims, Ed25519PrivateKey.from_private_bytes(key), algorithm="EdDSA")


def public_of(key: bytes) -> Ed25519PublicKey:
    """The public key of a private one."""
    return Ed25519PrivateKey.from_private_bytes(key).public_key()


def check_token(text: str, me: str, public: Ed25519PublicKey) -> _Envelope:
    """From a JWT to a typed message whose signature holds."""
    claims = jwt.decode(text, public, algorithms=["EdDSA"], audience=me, options={"require": ["iss", "aud", "jti"]})
    return _Envelope.model_validate(claims)
