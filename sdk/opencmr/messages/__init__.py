"""What is said: the messages of OpenCMR. `families` says which modules a family has. No I/O.

`validate` makes a typed message from a JSON object that has already been checked to be canonical I-JSON; all that it
refuses, it refuses with the pointer of the missing, unknown or bad member, of several the first in canonical order.
It does so in two steps, since a signature is checked between them (`spec/v1/receiving.md`): `validate_envelope` is
check 4, and `typed` check 7. Rules across members and messages are not here but in `opencmr.protocol`.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import Malformed, Problem, UnsupportedType, UnsupportedVersion
from . import consent, core, data, intent, key, offer, order, relationship, terms
from .envelope import AnyBody, Body, Message, Proof, side_of
from .families import FAMILIES
from .faults import Fault, first_fault
from .model import Path, in_order
from .version import BODIES, V1, VERSION, VERSIONS, Version, lowest

__all__ = [
    "BODIES",
    "FAMILIES",
    "V1",
    "VERSION",
    "VERSIONS",
    "AnyBody",
    "Body",
    "Message",
    "Path",
    "Proof",
    "Version",
    "check_spoken",
    "consent",
    "core",
    "data",
    "intent",
    "key",
    "lowest",
    "offer",
    "order",
    "pointer",
    "relationship",
    "side_of",
    "terms",
    "typed",
    "validate",
    "validate_body",
    "validate_envelope",
]


def pointer(path: Path) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


@cache
def _validator(kind: Any) -> Any:
    return TypeAdapter(kind).validator


@cache
def _message(body: Any) -> Any:
    return Message[body]


def validate(document: dict[str, Any]) -> Message[Any]:
    """The typed message of a JSON object: checks 4 and 7, one after the other.

    Raises:
        UnsupportedVersion: `opencmr` names a version that is not spoken here; says which are.
        UnsupportedType: `type` is not known here; says which are.
        Malformed: Anything else is missing, unknown or bad; says where.
    """
    check_spoken(document)
    return typed(validate_envelope(document))


def check_spoken(document: dict[str, Any], types: Collection[str] | None = None) -> None:
    """Check 4, first part: the version is spoken here, and the type is one of it.

    Args:
        document: The message.
        types: The types that are taken here; absent: all of the version.

    Raises:
        UnsupportedVersion: `opencmr` names a version that is not spoken here; says which are.
        UnsupportedType: `type` is not known or not taken here; says which are.
    """
    number, type_ = document.get("opencmr"), document.get("type")
    version = VERSIONS.get(number) if isinstance(number, str) else V1  # no text: that is for the envelope to refuse
    if version is None:
        raise UnsupportedVersion(
            f"version {str(number)[:20]} is not spoken here", pointer="/opencmr", expected=list(VERSIONS)
        )
    if not isinstance(type_, str):
        return
    if type_ not in version.types:
        raise UnsupportedType(f"no type {type_[:60]!r}", pointer="/type", expected=sorted(types or version.types))
    if types is not None and type_ not in types:
        raise UnsupportedType(f"{type_[:60]} is not taken here", pointer="/type", expected=sorted(types))


def validate_envelope(document: dict[str, Any]) -> Message[AnyBody]:
    """Check 4, second part: the envelope alone, whatever body, type and version say.

    It is enough to tell who said it, and where it stands. The body is an object; nobody has looked into it.

    Raises:
        Malformed: The envelope itself is wrong.
    """
    message: Message[AnyBody] = _validated(document, _message(AnyBody), (), _misplaced_in_chain(document))
    return message


def typed(envelope: Message[AnyBody]) -> Message[Any]:
    """Check 7: the message of an envelope, its body as its type wants it in its version.

    Args:
        envelope: From `validate_envelope`, and `check_spoken` has passed.

    Raises:
        Malformed: The body is wrong, or the envelope is in what depends on the type.
    """
    body = VERSIONS[envelope.opencmr].types[envelope.type]
    made = _validated(envelope.body, body, ("body",), _misplaced_for_type(envelope, body))
    message: Message[Any] = _message(body).model_construct(
        envelope.model_fields_set, **{**vars(envelope), "body": made}
    )
    return message


def validate_body(body: type[Body], document: dict[str, Any]) -> Body:
    """A body by itself, as a person writes it into a file.

    Raises:
        Malformed: Says which member is wrong, relative to the body.
    """
    made: Body = _validated(document, body, (), [])
    return made


def _validated(document: Any, kind: Any, path: Path, faults: list[Fault]) -> Any:
    """What the document says, typed; or the first fault of it and of those that were found otherwise."""
    try:
        made = _validator(kind).validate_python(document, by_alias=True, by_name=False)
    except ValidationError as error:
        found = first_fault(kind, document, path)
        raise _malformed(*min([*faults, found], key=lambda fault: in_order(fault[0]))) from error
    if faults:
        raise _malformed(*min(faults))
    return made


def _malformed(path: Path, why: str) -> Problem:
    return Malformed(why, pointer=pointer(path))


def _misplaced_in_chain(document: dict[str, Any]) -> list[Fault]:
    """What the side asks of where a message stands in the chain: without it, it has no place there."""
    sender = document.get("from")
    vendor, first = not isinstance(sender, str) or side_of(sender) == "vendor", document.get("number") == 1
    wanted = (
        ("number", vendor, vendor),
        ("prior", vendor and not first, not vendor or not first),
        ("seen", False, not vendor),
    )
    side = "vendor" if vendor else "customer"
    return [
        _unwanted(f"a message of a {side}", name, must=must)
        for name, must, may in wanted
        if (must and name not in document) or (not may and name in document)
    ]


def _misplaced_for_type(message: Message[AnyBody], body: type[Body]) -> list[Fault]:
    """What the type asks of the envelope: its deadline, and where a message stands that is no entry."""
    faults: list[Fault] = []
    what = f"{message.type} of a {message.side}"
    must = body.expires == "must" or (body.expires == "customer" and message.side == "customer")
    if message.expires is None if must else message.expires is not None and body.expires != "may":
        faults.append(_unwanted(what, "expires", must=must))
    if body.place == "none":
        if message.side == "customer":
            faults += [_unwanted(what, "prior", must=False)] * (message.prior is not None)
            faults += [_unwanted(what, "seen", must=False)] * (message.seen is not None and body is not core.Collect)
        elif body in core.REQUESTS:
            faults.append((("from",), "only a customer asks"))
    return faults


def _unwanted(what: str, name: str, *, must: bool) -> Fault:
    return (name,), f"{what} has {'a' if must else 'no'} member {name}"
