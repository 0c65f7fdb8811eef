"""DIDs: `did:key` for customers, `did:web` for vendors (`spec/v1/identity.md`). Nothing is fetched here."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Malformed, OpenCMRError, UsageError, WrongKey
from ..messages import pointer
from ..messages.types import Url
from .suite import PublicKey, decode_public

SERVICE_TYPE = "OpenCMR"

_ED25519 = re.compile("z6Mk[1-9A-HJ-NP-Za-km-z]{44}")
_FRAGMENT = re.compile("[A-Za-z0-9._-]{1,100}")
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_WEB = re.compile(
    rf"did:web:(?P<host>{_LABEL}(\.{_LABEL})*)(%3A(?P<port>[0-9]{{1,5}}))?(?P<path>(:[A-Za-z0-9._-]+)*)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class DidDocument:
    """What counts of the document that a `did:web` address serves: the vendor's keys and its endpoint.

    Attributes:
        id: Whose document it is.
        keys: Key URL → public key in multibase, of those that may sign messages.
    """

    id: str
    keys: dict[str, str]
    _endpoint: str | None

    @property
    def endpoint(self) -> str:
        """The URL of the OpenCMR service.

        Raises:
            Malformed: There is none.
        """
        if self._endpoint is None:
            raise Malformed(f"no service of type {SERVICE_TYPE}", pointer="/service")
        return self._endpoint


def document_for(did: str, keys: dict[str, str], endpoint: Url | None) -> dict[str, Any]:
    """The DID document that a vendor serves; without an endpoint, as in evidence, it states the keys alone."""
    services = [] if endpoint is None else [{"id": f"{did}#opencmr", "type": SERVICE_TYPE, "serviceEndpoint": endpoint}]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": url, "type": "Multikey", "controller": did, "publicKeyMultibase": public}
            for url, public in keys.items()
        ],
        "assertionMethod": list(keys),
        **({"service": services} if services else {}),
    }


def parse_document(did: str, members: Any) -> DidDocument:
    """A fetched DID document, checked (`spec/v1/identity.md`, "Resolving did:web").

    The document belongs to its vendor, who may use it for more than OpenCMR. So other keys, keys of others, embedded
    keys, services and members are passed over: they are no fault, and do not count.

    Raises:
        Malformed: It is of somebody else, no key counts, or one URL names two keys. Says where.
        WeakKey: A key that counts is not an Ed25519 key of the prime-order group.
    """
    if not isinstance(members, dict):
        raise Malformed("a DID document is a JSON object", pointer="")
    if members.get("id") != did or not _WEB.fullmatch(did):
        raise Malformed(f"the document is of {str(members.get('id'))[:300]}", pointer="/id", expected=[did])
    methods, asserted = _listed(members, "verificationMethod"), _listed(members, "assertionMethod")
    services = _listed(members, "service")
    named = {_absolute(did, each) for each in asserted if isinstance(each, str)}
    own = [(position, *key) for position, method in enumerate(methods) if (key := _key(did, method)) is not None]
    if not own:
        raise Malformed("no Multikey of this DID", pointer="/verificationMethod")
    keys: dict[str, str] = {}
    others: list[str] = []
    for position, url, public in own:
        if url not in named:
            continue
        if not _ED25519.fullmatch(public):
            others.append(public)
            continue
        decode_public(public)
        if keys.setdefault(url, public) != public:
            raise Malformed("two keys of one id", pointer=pointer(("verificationMethod", position, "id")))
    if not keys and others:
        decode_public(others[0])  # says what is wrong with it
    if not keys:
        raise Malformed("no key may sign", pointer="/assertionMethod")
    return DidDocument(did, keys, next(filter(None, map(_service, services)), None))


def _listed(members: dict[str, Any], name: str) -> list[Any]:
    found = members.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Malformed("a list", pointer=pointer((name,)))
    return found


def _absolute(did: str, url: str) -> str:
    return did + url if url.startswith("#") else url


def _key(did: str, method: Any) -> tuple[str, str] | None:
    """Key URL and public key of a verification method, if it is a Multikey of this DID."""
    if not isinstance(method, dict) or method.get("type") != "Multikey" or method.get("controller") != did:
        return None
    url, public = method.get("id"), method.get("publicKeyMultibase")
    if not isinstance(url, str) or not isinstance(public, str):
        return None
    holder, _, fragment = _absolute(did, url).partition("#")
    return (f"{did}#{fragment}", public) if holder == did and _FRAGMENT.fullmatch(fragment) else None


def _service(service: Any) -> str | None:
    """The endpoint that a service names, if it is of OpenCMR."""
    if not isinstance(service, dict):
        return None
    types, endpoint = service.get("type"), service.get("serviceEndpoint")
    if SERVICE_TYPE not in (types if isinstance(types, list) else [types]) or not isinstance(endpoint, str):
        return None
    return endpoint.rstrip("/")


def key_url(did: str, public: str | None = None) -> str:
    """The key URL that a proof by this party names: a `did:key` names itself."""
    return f"{did}#{did.removeprefix('did:key:')}" if did.startswith("did:key:") else f"{did}#{public or 'key-1'}"


def public_key(did: str, method: str, pinned: Mapping[str, str]) -> PublicKey:
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
    if not isinstance(did, str):  # what a peer says is read before: this is a caller's
        raise UsageError(f"a vendor is named by its did:web, not by a {type(did).__name__}")
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
