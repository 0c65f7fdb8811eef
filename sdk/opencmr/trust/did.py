"""DIDs: `did:key` for customers, `did:web` for vendors (`spec/v1/identity.md`). Nothing is fetched here."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ..errors import Malformed, OpenCMRError, UsageError, WrongKey
from ..messages import pointer
from ..messages.types import Did, KeyUrl, Url
from .keys import decode_public

SERVICE_TYPE = "OpenCMR"

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_WEB = re.compile(
    rf"did:web:(?P<host>{_LABEL}(\.{_LABEL})*)(%3A(?P<port>[0-9]{{1,5}}))?(?P<path>(:[A-Za-z0-9._-]+)*)", re.ASCII
)


class _Lenient(BaseModel):
    """DID documents belong to W3C: members that we do not need are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, validate_by_name=True)


class VerificationMethod(_Lenient):
    """A public key of a DID document."""

    id: KeyUrl
    type: Literal["Multikey"] = "Multikey"
    controller: Did
    public_key_multibase: Annotated[str, Field(max_length=100)]


class Service(_Lenient):
    """Where a party is spoken to."""

    id: Annotated[str, Field(max_length=400)]
    type: Annotated[str, Field(max_length=100)]
    service_endpoint: Any = None


class DidDocument(_Lenient):
    """What a `did:web` address serves: the vendor's keys and its endpoint."""

    id: Did
    verification_method: Annotated[list[VerificationMethod], Field(min_length=1, max_length=16)]
    assertion_method: Annotated[list[KeyUrl], Field(min_length=1, max_length=16)]
    service: Annotated[list[Service], Field(max_length=32)] = []

    @property
    def keys(self) -> dict[str, str]:
        """Key URL → public key in multibase, of those that may sign messages."""
        return {
            method.id: method.public_key_multibase
            for method in self.verification_method
            if method.id in self.assertion_method
        }

    @property
    def endpoint(self) -> str:
        """The URL of the OpenCMR service.

        Raises:
            Malformed: There is none.
        """
        for service in self.service:
            if service.type == SERVICE_TYPE and isinstance(service.service_endpoint, str):
                return service.service_endpoint.rstrip("/")
        raise Malformed(f"no service of type {SERVICE_TYPE}", pointer="/service")


def document_for(did: str, keys: dict[str, str], endpoint: Url) -> dict[str, Any]:
    """The DID document that a vendor serves."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": url, "type": "Multikey", "controller": did, "publicKeyMultibase": public}
            for url, public in keys.items()
        ],
        "assertionMethod": list(keys),
        "service": [{"id": f"{did}#opencmr", "type": SERVICE_TYPE, "serviceEndpoint": endpoint}],
    }


def read_document(did: str, members: Any) -> DidDocument:
    """A fetched DID document, checked: it is of this DID, and each key is strong and its own.

    Raises:
        Malformed: Says where.
        WeakKey: A key is not an Ed25519 key of the prime-order group.
    """
    try:
        document = DidDocument.model_validate(members)
    except ValidationError as error:
        fault = error.errors()[0]
        raise Malformed(fault["msg"], pointer=pointer(fault["loc"])) from error
    if document.id != did:
        raise Malformed(f"the document is of {document.id}", pointer="/id", expected=[did])
    for method in document.verification_method:
        if method.controller != did or not method.id.startswith(did + "#"):
            raise Malformed("a key of somebody else", pointer="/verificationMethod")
        decode_public(method.public_key_multibase)
    if not document.keys:
        raise Malformed("no key may sign", pointer="/assertionMethod")
    return document


def key_url(did: str, public: str | None = None) -> str:
    """The key URL that a proof by this party names: a `did:key` names itself."""
    return f"{did}#{did.removeprefix('did:key:')}" if did.startswith("did:key:") else f"{did}#{public or 'key-1'}"


def public_key(did: str, method: str, pinned: Mapping[str, str]) -> bytes:
    """The public key that a proof names, if it belongs to `did`.

    Args:
        did: Who the message says it is from.
        method: The proof's `verificationMethod`.
        pinned: Key URL → multibase key, as pinned for a `did:web`; not needed for a `did:key`.

    Raises:
        WrongKey: The key is not this party's, or not pinned.
        WeakKey: The key is not strong.
    """
    if did.startswith("did:key:"):
        multibase = did[8:]
        if method != f"{did}#{multibase}":
            raise WrongKey("a did:key signs with itself", pointer="/proof/verificationMethod", expected=[key_url(did)])
    elif method in pinned and method.startswith(did + "#"):
        multibase = pinned[method]
    else:
        raise WrongKey(
            "not a pinned key of the sender", pointer="/proof/verificationMethod", expected=sorted(pinned) or None
        )
    try:
        return decode_public(multibase)
    except OpenCMRError as error:
        error.pointer = "/proof/verificationMethod"  # type: ignore[attr-defined]  # a Problem
        raise


def web_urls(did: str) -> tuple[str, str]:
    """Where a `did:web` is found: its document's URL and its origin. Plain http only on loopback, for trying out.

    Raises:
        UsageError: Not a usable `did:web`; or one on loopback whose port is written as a path.
    """
    found = _WEB.fullmatch(did)
    if found is None or int(found["port"] or 0) > 65535 or {".", ".."} & set(found["path"].split(":")):
        raise UsageError(f"{did[:300]} is not a did:web that names a host")
    first = found["path"][1:].partition(":")[0]
    if is_loopback(found["host"]) and not found["port"] and first.isdecimal():
        meant = did.replace(f":{first}", f"%3A{first}", 1)
        raise UsageError(f"{did[:300]} names the path /{first}, not a port; did you mean {meant[:300]}?")
    origin = f"{'http' if is_loopback(found['host']) else 'https'}://{found['host']}"
    origin += f":{found['port']}" if found["port"] else ""
    document = f"{origin}{found['path'].replace(':', '/') or '/.well-known'}/did.json"
    return document, origin


def is_loopback(host: str) -> bool:
    """Whether a host can only mean this machine: `localhost`, or a literal address in 127.0.0.0/8."""
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
