"""A rights request as a status of the Data Rights Protocol, and such a status as an answer (`docs/bridges/drp.md`).

https://github.com/consumer-reports-innovation-lab/data-rights-protocol, sections 3.01 to 3.03.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import Malformed, UsageError
from ..messages import Body, data, pointer, validate_body
from ..protocol.clock import instant, moment
from ..protocol.families.data import RightsRequest
from .gate import Exported, Lost, View
from .json_ld import without_none

__all__ = ["Draft", "answer", "exercise", "status"]

_STATES: dict[str, tuple[str, str | None]] = {
    "requested": ("open", None),
    "received": ("in_progress", None),
    "inProgress": ("in_progress", None),
    "needVerification": ("in_progress", "need_user_verification"),
    "fulfilled": ("fulfilled", None),
    "partly": ("fulfilled", None),
    "denied": ("denied", None),
    "cancelled": ("revoked", None),
}
_REASONS = {
    "suspectedFraud": "suspected_fraud",
    "insufVerification": "insuf_verification",
    "noMatch": "no_match",
    "claimNotCovered": "claim_not_covered",
    "outsideJurisdiction": "outside_jurisdiction",
    "tooManyRequests": "too_many_requests",
    "other": "other",
}
_OURS = {theirs: ours for ours, theirs in _REASONS.items()}


class Draft(NamedTuple):
    """An answer that somebody else's status amounts to: for the vendor to say, or not to say.

    Attributes:
        body: The answer.
        lost: What the status says besides.
    """

    body: data.Answer
    lost: tuple[Lost, ...]


def exercise(body: Body) -> str | None:
    """The rights action of a request or an objection, such as `deletion`; none: the protocol has no such right."""
    match body:
        case data.Request(right="erase"):
            return "deletion"
        case data.Request(right="access", detail=("categories" | "specific") as detail):
            return f"access:{detail}"
        case data.Request(right="access"):
            return "access"
        case data.Object(right="object", purposes=[*purposes]) if "dpv:SellDataToThirdParties" in purposes:
            return "sale:opt_out"
    return None


def status(view: View, thread: str) -> Exported:
    """A rights request, as its Exercise Status object.

    Args:
        view: The relationship.
        thread: The thread of the request.

    Raises:
        UsageError: There is no such request.
    """
    found = view.history.threads.get(thread)
    if found is None or not isinstance(found.record, RightsRequest):
        raise UsageError(f"{thread} is no thread of a rights request here")
    request = found.record
    last = request.answer
    state, reason = _STATES[request.state]
    reasons: list[str] = [*(last.reason or ())] if last else []
    if request.state == "denied":
        reason = _REASONS.get(reasons[0], "other")
    document = without_none(
        {
            "request_id": thread.removeprefix("urn:uuid:"),
            "received_at": view.history.chain.time(request.asked.place, request.asked.at),
            "expected_by": request.due if request.closed is None else None,
            "processing_details": last.note if last else None,
            "status": state,
            "reason": reason,
            "user_verification_url": last.verify_url if last else None,
            "expires_at": last.available_until if last else None,
        }
    )
    return Exported(document, tuple(_lost(request, reasons, reason)))


def _lost(request: RightsRequest, reasons: list[str], reason: str | None) -> list[Lost]:
    last = request.answer
    lost = [
        Lost(f"reason {one}", "a status has one, of its own list")
        for one in reasons
        if reason is None or _REASONS.get(one) != reason
    ]
    if exercise(request.body) is None:
        lost.append(Lost(f"right {request.body.right}", "the protocol has no such right"))
    if request.state == "partly":
        lost.append(Lost("partly", "it is told as fulfilled, since the process has ended"))
    for name in ("needs", "categories", "data", "files", "kept"):
        if last is not None and getattr(last, name):
            lost.append(Lost(name, "a status has no place for it"))
    return lost


def answer(document: Mapping[str, Any]) -> Draft:
    """A status of the protocol, as the answer that a vendor could say in the thread of the request.

    Args:
        document: An Exercise Status object, parsed.

    Raises:
        Malformed: It is none, or says what no answer can; the pointer says where.
    """
    state, reason = _text(document, "status"), _text(document, "reason", must=False)
    body: dict[str, Any] = {"note": _text(document, "processing_details", must=False)}
    match state, reason:
        case "open", _:
            body |= {"status": "received"}
        case "in_progress", "need_user_verification":
            body |= {"status": "needVerification", "verifyUrl": _text(document, "user_verification_url", must=False)}
        case "in_progress", _:
            body |= {"status": "inProgress"}
        case "fulfilled", _:
            body |= {"status": "fulfilled", "availableUntil": _time(document, "expires_at")}
        case "denied", _:
            body |= {"status": "denied", "reason": [_OURS.get(reason or "", "other")]}
        case _:
            raise Malformed(
                "no answer of a vendor's", pointer="/status", expected=["open", "in_progress", "fulfilled", "denied"]
            )
    if body["status"] in ("inProgress", "needVerification", "received"):
        body["dueBy"] = _time(document, "expected_by")
    made = validate_body(data.Answer, without_none(body))
    assert isinstance(made, data.Answer)  # noqa: S101
    said = {"status", "reason", "processing_details", "expected_by", "user_verification_url", "expires_at"}
    return Draft(
        made,
        tuple(Lost(pointer((name,)), "an answer has no place for it") for name in sorted(document) if name not in said),
    )


def _text(document: Mapping[str, Any], name: str, *, must: bool = True) -> str | None:
    value = document.get(name)
    if (value is None and must) or not isinstance(value, str | None):
        raise Malformed("text", pointer=pointer((name,)))
    return value


def _time(document: Mapping[str, Any], name: str) -> str | None:
    value = _text(document, name, must=False)
    try:
        return instant(moment(value)) if value is not None else None
    except (ValueError, OverflowError) as error:
        raise Malformed("an instant, as ISO 8601 writes it", pointer=pointer((name,))) from error
