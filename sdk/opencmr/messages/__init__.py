"""What is said: the messages of OpenCMR, one module a family. No I/O.

`read` makes a typed message from a JSON object that has already been checked to be canonical I-JSON; all that it
refuses, it refuses with the pointer of the missing, unknown or bad member, of several the first in canonical order
(`spec/v1/receiving.md`, check 4). Rules across members and messages are not here but in `opencmr.protocol`.
"""

import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import Malformed, Problem, UnsupportedType, UnsupportedVersion
from . import consent, core, intent, offer, order, terms
from .envelope import VERSION, AnyBody, Body, Message, Proof, side_of
from .model import Path, faults_of_shape, first_fault
from .types import Side

__all__ = [
    "BODIES",
    "VERSION",
    "AnyBody",
    "Body",
    "Message",
    "Path",
    "Proof",
    "consent",
    "core",
    "intent",
    "is_private",
    "offer",
    "order",
    "pointer",
    "read",
    "read_body",
    "read_envelope",
    "side_of",
    "terms",
]

BODIES: dict[str, type[Body]] = {
    body.type: body
    for body in (
        core.Receipt,
        core.Collect,
        terms.Proffer,
        terms.Accept,
        terms.Counter,
        terms.Decline,
        terms.Terminate,
        consent.Request,
        consent.Grant,
        consent.Refuse,
        consent.Withdraw,
        intent.Cast,
        intent.Amend,
        intent.Withdraw,
        offer.Make,
        offer.Decline,
        offer.Accept,
        order.Disclose,
        order.Confirm,
        order.Fulfil,
        order.Cancel,
        order.Withdraw,
    )
}
"""Every message type of this version, and what its body is."""

_PRIVATE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-zA-Z0-9-]*){2,}")


def is_private(type_: str) -> bool:
    """Whether a type is somebody's own: a reverse domain with at least two dots."""
    return _PRIVATE.fullmatch(type_) is not None


def pointer(path: Path) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


@cache
def _validator(kind: Any) -> Any:
    return TypeAdapter(kind).validator


@cache
def _message(body: Any) -> Any:
    return Message[body]


def read(document: dict[str, Any]) -> Message[Any]:
    """The typed message of a JSON object.

    Raises:
        UnsupportedVersion: `opencmr` names a version that is not spoken here; says which are.
        UnsupportedType: `type` is not known here; says which are.
        Malformed: Anything else is missing, unknown or bad; says where.
    """
    version, type_ = document.get("opencmr"), document.get("type")
    if isinstance(version, str) and version != VERSION:
        raise UnsupportedVersion(f"version {version[:20]} is not spoken here", pointer="/opencmr", expected=[VERSION])
    body = BODIES.get(type_) if isinstance(type_, str) else None
    if body is None and isinstance(type_, str) and not is_private(type_):
        raise UnsupportedType(f"no type {type_[:60]!r}", pointer="/type", expected=sorted(BODIES))
    faults = _place_faults(document, body)
    message: Message[Any] = _validated(document, _message(body or AnyBody), faults)
    return message


def read_envelope(document: dict[str, Any]) -> Message[AnyBody]:
    """The envelope alone, whatever body, type and version say: enough to tell who said it, and where it stands.

    Raises:
        Malformed: The envelope itself is wrong.
    """
    known = {**document, "opencmr": VERSION} if isinstance(document.get("opencmr"), str) else document
    message: Message[AnyBody] = _validated(known, _message(AnyBody), _chain_faults(document))
    return message


def read_body(body: type[Body], document: dict[str, Any]) -> Body:
    """A body by itself, as a person writes it into a file.

    Raises:
        Malformed: Says which member is wrong, relative to the body.
    """
    made: Body = _validated(document, body, [])
    return made


def _validated(document: dict[str, Any], kind: Any, faults: list[tuple[Path, str]]) -> Any:
    try:
        made = _validator(kind).validate_python(document, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _malformed(*first_fault(error, [*faults, *faults_of_shape(kind, document)])) from error
    if faults:
        raise _malformed(*min(faults))
    return made


def _malformed(path: Path, why: str) -> Problem:
    return Malformed(why, pointer=pointer(path))


def _place_faults(document: dict[str, Any], body: type[Body] | None) -> list[tuple[Path, str]]:
    """What type and side ask of the envelope: its deadline, and where it stands in the chain."""
    sender = document.get("from")
    side = side_of(sender) if isinstance(sender, str) else "vendor"
    vendor, entry, first = side == "vendor", body is None or body.place != "none", document.get("number") == 1
    wanted: dict[str, tuple[bool, bool]] = {  # member → whether it must be there, and whether it may
        "expires": _deadline(body, side),
        "number": (vendor, vendor),
        "prior": (vendor and not first, not first if vendor else entry),
        "seen": (False, not vendor and (entry or body is core.Collect)),
    }
    faults: list[tuple[Path, str]] = [
        ((name,), f"{body.type if body else 'this'} of a {side} has {'a' if must else 'no'} member {name}")
        for name, (must, may) in wanted.items()
        if (must and name not in document) or (not may and name in document)
    ]
    return [*faults, (("from",), "only a customer collects")] if vendor and body is core.Collect else faults


def _chain_faults(document: dict[str, Any]) -> list[tuple[Path, str]]:
    """Those alone that concern the chain, whatever the type: without them a message has its place."""
    return [fault for fault in _place_faults(document, None) if fault[0] != ("expires",)]


def _deadline(body: type[Body] | None, side: Side) -> tuple[bool, bool]:
    says = body.expires if body else "may"
    must = says == "must" or (says == "customer" and side == "customer")
    return must, must or says == "may"
