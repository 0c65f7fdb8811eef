"""The HTTP binding as `spec/v1/openapi.json` describes it, made ready for tools that fetch nothing."""

import copy
import json
from functools import cache
from typing import Any

from opencmr import trust
from opencmr.cli.schemas import schemas
from opencmr.errors import OpenCMRError
from opencmr.messages import BODIES
from opencmr.transport import pack

from .cast import CUSTOMER, CUSTOMER_KEY, SPEC
from .mutations import written

ENDPOINT = "/opencmr"
NOW, LATER = "2026-07-01T12:00:00.000Z", "2026-07-08T12:00:00.000Z"
"""What `StandingClock` shows."""
MEDIA_TYPE = "application/opencmr+json"
_HERE = "#/components/schemas/"


@cache
def described() -> dict[str, Any]:
    """The description as it is published."""
    document: dict[str, Any] = json.loads((SPEC / "openapi.json").read_text())
    return document


def bundled() -> dict[str, Any]:
    """The description with all schemas in it, and with the paths of a vendor whose endpoint is `/opencmr`."""
    document = copy.deepcopy(described())
    document["paths"] = {
        path if path.startswith("/.well-known/") else ENDPOINT + path: item for path, item in document["paths"].items()
    }
    for item in document["paths"].values():
        item.pop("servers", None)
    del document["servers"]
    for name, schema in schemas().items():
        plain = {member: part for member, part in schema.items() if member not in ("$id", "$schema")}
        document["components"]["schemas"][_flat(name)] = _inside(plain, name)
    components = document["components"]["schemas"]
    # A shape for each of some terms is more than the generator can draw from. Data of any shape is drawn instead.
    components["types"]["$defs"]["ShapeOfTerm"] = {"type": "object"}
    components["Problem"] = _inside(components["Problem"], "")
    document["paths"] = _inside(document["paths"], "")
    return document


def _flat(name: str) -> str:
    return name.removesuffix(".schema.json").replace("/", "_")


def _inside(part: Any, name: str) -> Any:
    """A part of a schema with its references leading into the document itself."""
    if isinstance(part, list):
        return [_inside(each, name) for each in part]
    if not isinstance(part, dict):
        return part
    moved = {member: _inside(each, name) for member, each in part.items() if member != "$ref"}
    if isinstance(ref := part.get("$ref"), str):
        moved["$ref"] = ref if ref.startswith(_HERE) else _moved(ref, name)
    return moved


def _moved(ref: str, name: str) -> str:
    file, _, fragment = ref.partition("#")
    folder = name.rpartition("/")[0]
    if not file:
        file = name
    elif file.startswith("../"):
        file = file.removeprefix("../")
    elif folder:
        file = f"{folder}/{file}"
    return f"{_HERE}{_flat(file)}{fragment}"


def as_sent(value: Any, to: str, *, opens: bool) -> bytes:
    """A drawn body as a client sends it: canonical, and signed where it can be.

    Args:
        value: What was drawn from the schema.
        to: The vendor that is really there; one that is drawn never is.
        opens: Whether the message is to open its thread.
    """
    if not isinstance(value, dict):
        return written(value)
    if isinstance(words := value.get("messages"), list) and len(value) == 1:
        asking = {**words[0], "type": "mailbox.collect", "body": {}} if words and isinstance(words[0], dict) else {}
        for member in ("number", "prior", "expires"):
            asking.pop(member, None)
        return pack([as_sent(each, to, opens=opens) for each in (asking, *words[1:])])
    document = {member: each for member, each in value.items() if member != "proof"} | {"from": CUSTOMER, "to": to}
    if opens or document.get("type") == "mailbox.collect":
        document["thread"] = document.get("id")
        document["created"] = NOW
    if opens:  # as a customer who has heard nothing yet, in time
        for member in ("number", "prior", "seen", "expires"):
            document.pop(member, None)
        if (body := BODIES.get(str(document.get("type")))) is not None and body.expires in ("must", "customer"):
            document["expires"] = LATER
    try:
        return trust.sign(document, CUSTOMER_KEY, trust.key_url(CUSTOMER))
    except OpenCMRError:
        return written(value)
