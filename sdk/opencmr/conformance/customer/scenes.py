"""What the checks of a customer begin with: bodies, and how a thread gets into a state."""

from collections.abc import Callable
from typing import Any

from ... import trust
from ...testing import Document
from ..hand import COUNTER, DP
from ..suite import Failed
from .played import Played, later
from .stage import Stage

Overriding = Callable[[str, str, bytes], tuple[int, str, bytes] | None]

PROFFER: Document = {"choices": [DP]}
CAST: Document = {"wants": [{"name": "a thing"}], "terms": [DP], "standing": "ready"}
TEN: Document = {"amount": "10.00", "currency": "EUR"}
LINE: Document = {"name": "A thing", "want": 0, "price": TEN}
OFFER: Document = {"lines": [LINE], "total": TEN, "under": DP}
ITEM: Document = {"key": "a", "purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
PERSON: Document = {"discloses": [{"data": "pd:Name", "value": "A. Customer"}]}


YES: Document = {"items": [ITEM], "statement": "Yes, do."}


def must(holds: bool, why: str, requirement: str | None = None) -> None:
    """Fail where something does not hold.

    Raises:
        Failed: It does not.
    """
    if not holds:
        raise Failed(why, requirement)


async def cast(stage: Stage) -> tuple[Played, str]:
    """An open intent."""
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "intent.cast", CAST)


def make(vendor: Played, thread: str, body: Document | None = None, **members: Any) -> str:
    """An offer, right or wrong; gives its digest."""
    members.setdefault("expires", later(3600))
    return vendor.say(body or OFFER, "offer.make", thread, **members)


def ref(vendor: Played, digest: str) -> Document:
    """A reference to a word of the vendor's."""
    raw = next(word.raw for word in vendor.known.words if word.digest == digest)
    return {"id": trust.parse(raw)["id"], "digest": digest}


async def ordered(stage: Stage) -> tuple[Played, str]:
    """An order."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    await stage.sync(vendor)
    await stage.said(vendor, "offer.accept", {"offer": ref(vendor, digest), "total": TEN}, thread)
    await stage.state(vendor, thread, "ordered")
    return vendor, thread


def until() -> str:
    """In a month."""
    return later(86400 * 30)


async def given(stage: Stage) -> tuple[Played, str]:
    """A consent that nobody asked for."""
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "consent.grant", {**YES, "until": until()})


async def proffered(stage: Stage) -> tuple[Played, str]:
    """Terms that the vendor has not answered."""
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "terms.proffer", PROFFER)


async def countered(stage: Stage, **body: Any) -> tuple[Played, str]:
    """Terms to which the vendor has put an alternative."""
    vendor, thread = await proffered(stage)
    vendor.say({"terms": COUNTER, **body}, "terms.counter", thread)
    await stage.sync(vendor)
    return vendor, thread


async def confirmed(stage: Stage) -> tuple[Played, str]:
    """An order that the vendor has confirmed."""
    vendor, thread = await ordered(stage)
    vendor.say({"reference": "1", "total": TEN}, "order.confirm", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "confirmed")
    return vendor, thread


async def permitted(stage: Stage, vendor: Played) -> bool:
    """Whether the program says that the vendor may do what `YES` permits."""
    return await stage.may(vendor, ITEM["actions"][0], ITEM["purposes"][0], ITEM["data"][0]) == "permit"


def once(at: str, problem: Any) -> Overriding:
    """The first request gets a problem, or no answer at all."""
    left = [True]

    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        if path != at or not left:
            return None
        left.clear()
        if problem is None:
            return 0, "", b""
        return problem.status, "application/problem+json", trust.canonicalize(problem.as_dict())

    return override


def received_then_lost(vendor: Played) -> Overriding:
    """The first message is received, and its answer lost."""
    left = [True]

    def override(method: str, path: str, raw: bytes) -> tuple[int, str, bytes] | None:
        if path != "/opencmr/messages" or not left:
            return None
        left.clear()
        vendor.receive(raw)
        return 0, "", b""

    return override


def always(at: str, problem: Any) -> Overriding:
    """Every request gets a problem."""
    return lambda method, path, raw: (
        (problem.status, "application/problem+json", trust.canonicalize(problem.as_dict())) if path == at else None
    )


def told_code(receipt: Document) -> str:
    """The code of the problem in a receipt."""
    return str(receipt["body"].get("problem", {}).get("type")).partition("#")[2]
