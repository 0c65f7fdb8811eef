"""Rights, objections, sharing and giving: what a customer says, believes and answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from ...errors import Overloaded
from ...protocol.clock import shifted
from ...protocol.families.data import regimes
from ...testing import Document
from ..hand import NOWHERE
from ..suite import Page
from .played import Played, later
from .scenes import TEN, always, given, must, permitted, ref, told_code
from .stage import Stage

page: Page[Stage] = Page("data", "customer")

MAIL: Document = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
PHONE: Document = {"data": "pd:TelephoneNumber", "value": "+436601234567"}
NOTHING: Document = {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": NOWHERE}


async def asked(stage: Stage, right: str = "access", **body: Any) -> tuple[Played, str]:
    """A request that is not answered."""
    vendor = await stage.met()
    return vendor, await stage.said(vendor, "data.request", {"right": right, **body})


def answer(vendor: Played, thread: str, status: str, **body: Any) -> str:
    """An answer, right or wrong; gives its digest."""
    return vendor.say({"status": status, **body}, "data.answer", thread)


def give(vendor: Played, about: Document, total: Document = TEN) -> str:
    """A bill of one line of 10.00 EUR; gives its digest."""
    line = {"name": "A thing", "price": TEN}
    return vendor.say({"kind": "bill", "about": about, "lines": [line], "total": total}, "data.give")


@page.add("share-basis", "Nothing is shared on what is not live, and what is shared permits nothing", "DAT-1", "DAT-2")
async def share_basis(stage: Stage) -> None:
    """Told to, it says that it does not, and sends nothing."""
    vendor, thread = await given(stage)
    said = await stage.say(vendor, "data.share", {"discloses": [PHONE], "basis": NOTHING})
    must(said["ok"] is False, "it shared on what is not there", "DAT-1")
    basis = {"id": thread, "digest": vendor.known.history.threads[thread].entries[0].digest}
    await stage.said(vendor, "data.share", {"discloses": [PHONE], "basis": basis})
    may = await stage.may(vendor, "dpv:Use", "dpv:DirectMarketing", "pd:TelephoneNumber")
    must(may == "deny", "what was shared permits something", "DAT-2")
    await stage.said(vendor, "consent.withdraw", {}, thread)
    said = await stage.say(vendor, "data.share", {"discloses": [PHONE], "basis": basis})
    must(said["ok"] is False, "it shared on what had ended", "DAT-1")
    sent = len(vendor.sent("data.share"))
    must(sent == 1, f"it sent {sent} messages, and one had a basis", "DAT-1")


@page.add("objection-terms", "An objection with a term that is none is not said", "DAT-3")
async def objection_terms(stage: Stage) -> None:
    """Told to, it says that it does not; what it says would be no message."""
    vendor = await stage.met()
    wrong = {"right": "object", "purposes": ["dpv:Marketting"]}
    must((await stage.say(vendor, "data.object", wrong))["ok"] is False, "it says that it did")
    must(not vendor.faults, f"it sent it: {vendor.faults[:1]}")


@page.add("objection-denies", "An objection denies at once, and nothing but a later yes ends it", "DAT-4", "SEQ-27")
async def objection_denies(stage: Stage) -> None:
    """While the vendor does not answer; once it has; and after a cancellation."""
    vendor, _ = await given(stage)
    must(await permitted(stage, vendor), "its may() denies what was granted")
    vendor.override = always("/opencmr/messages", Overloaded("later"))
    await stage.say(vendor, "data.object", {"right": "object", "purposes": ["dpv:DirectMarketing"]})
    must(not await permitted(stage, vendor), "its may() permits what it has objected to", "DAT-4")
    vendor.override = lambda *_: None
    await stage.sync(vendor)
    thread = str(orjson.loads(vendor.sent("data.object")[-1])["thread"])
    await stage.state(vendor, thread, "objected")
    await stage.said(vendor, "data.cancel", {}, thread)
    await stage.state(vendor, thread, "objected", "DAT-4")
    must(not await permitted(stage, vendor), "a cancellation has ended it", "DAT-4")


@page.add("erasure-denies", "A request to erase denies at once, whatever is answered", "DAT-12")
async def erasure_denies(stage: Stage) -> None:
    """While it has no place; when the vendor denies it; when it has been taken back."""
    vendor, _ = await given(stage)
    vendor.override = always("/opencmr/messages", Overloaded("later"))
    await stage.say(vendor, "data.request", {"right": "erase", "data": ["pd:EmailAddress"]})
    must(not await permitted(stage, vendor), "its may() permits what it has asked to be erased")
    vendor.override = lambda *_: None
    await stage.sync(vendor)
    thread = str(orjson.loads(vendor.sent("data.request")[-1])["thread"])
    answer(vendor, thread, "denied", reason=["noMatch"])
    await stage.sync(vendor)
    await stage.state(vendor, thread, "denied")
    must(not await permitted(stage, vendor), "the vendor's answer has ended it")
    other = await stage.said(vendor, "data.request", {"right": "erase", "data": ["pd:EmailAddress"]})
    await stage.said(vendor, "data.cancel", {}, other)
    must(not await permitted(stage, vendor), "a cancellation has ended it")


@page.add("cancelled", "A request that was taken back is not answered any more", "DAT-16", "RCV-15")
async def cancelled(stage: Stage) -> None:
    """An answer that comes all the same is void."""
    vendor, thread = await asked(stage)
    await stage.said(vendor, "data.cancel", {}, thread)
    await stage.state(vendor, thread, "cancelled")
    digest = answer(vendor, thread, "fulfilled")
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "refused", "an answer was accepted", "DAT-16")
    await stage.state(vendor, thread, "cancelled")


@page.add("answers", "Answers follow one another as the table says", "DAT-7", "DAT-8")
async def answers(stage: Stage) -> None:
    """Each has its receipt, with the state after it."""
    vendor, thread = await asked(stage, regime="gdpr")
    said = [
        (answer(vendor, thread, "received", dueBy=later(86400 * 20)), "received"),
        (answer(vendor, thread, "inProgress", reason=["extended"], dueBy=later(86400 * 80)), "inProgress"),
        (answer(vendor, thread, "needVerification", needs=["pd:Name"]), "needVerification"),
        (answer(vendor, thread, "inProgress"), "inProgress"),
        (answer(vendor, thread, "fulfilled", data=[MAIL]), "fulfilled"),
    ]
    await stage.sync(vendor)
    for digest, status in said:
        state = vendor.receipt(digest)["body"].get("state")
        must(state == status, f"after {status} its receipt says {state}", "DAT-7")


@page.add("due-to-the-day", "A request is due as the table of regimes says, from the day of its place on", "DAT-14")
async def due_to_the_day(stage: Stage) -> None:
    """A vendor can say that it is due then, and not that it is due a millisecond later."""
    vendor = await stage.met()
    for code, law in regimes().items():
        for more, outcome in ((0, "accepted"), (1, "refused")):
            thread = await stage.said(vendor, "data.request", {"right": "access", "regime": code})
            due = law.due(vendor.known.history.threads[thread].entries[0].at)
            if due is None:
                continue
            digest = answer(vendor, thread, "received", dueBy=shifted(due, timedelta(milliseconds=more)))
            await stage.sync(vendor)
            said = vendor.receipt(digest)["body"]["outcome"]
            must(said == outcome, f"{code}: due by {due} and {more} ms is {said}")


@dataclass(frozen=True)
class Void:
    """An answer that has no effect."""

    slug: str
    rule: str
    code: str
    say: Callable[[Played, str], str]
    right: str = "access"
    state: str = "requested"


def _answering(status: str, **body: Any) -> Callable[[Played, str], str]:
    return lambda vendor, thread: answer(vendor, thread, status, **body)


def _again(vendor: Played, thread: str) -> str:
    answer(vendor, thread, "received")
    return answer(vendor, thread, "received")


def _first(vendor: Played, thread: str) -> Document:
    return {"id": thread, "digest": vendor.known.history.threads[thread].entries[0].digest}


NINE = {"amount": "9.00", "currency": "EUR"}
FOR_AN_ORDER = {"data": ["pd:Name"], "because": "order"}
VOID = (
    Void("goes-back", "DAT-7", "wrong-state", _again, state="received"),
    Void("too-late", "DAT-8", "wider-than-asked", _answering("inProgress", dueBy="2999-01-01T00:00:00.000Z")),
    Void("extended-too-far", "DAT-8", "wider-than-asked",
         _answering("inProgress", reason=["extended"], dueBy="2999-01-01T00:00:00.000Z")),
    Void("until-when", "DAT-9", "malformed", _answering("inProgress", reason=["extended"])),
    Void("kept-nothing", "DAT-10", "no-basis", _answering("partly"), right="erase"),
    Void("for-no-order", "DAT-11", "no-basis", _answering("partly", kept=[FOR_AN_ORDER]), right="erase"),
    Void("bill-for-nothing", "DAT-6", "unknown-reference", lambda vendor, thread: give(vendor, NOTHING)),
    Void("bill-adds-up", "DAT-13", "wrong-total", lambda vendor, thread: give(vendor, _first(vendor, thread), NINE)),
)  # fmt: skip


def _voiding(case: Void) -> Callable[[Stage], Any]:
    async def voiding(stage: Stage) -> None:
        vendor, thread = await asked(stage, case.right, regime="gdpr")
        digest = case.say(vendor, thread)
        await stage.sync(vendor)
        receipt = vendor.receipt(digest)
        must(receipt["body"]["outcome"] == "refused", "it was accepted")
        must(told_code(receipt) == case.code, f"its receipt says {told_code(receipt)}, and not {case.code}")
        await stage.state(vendor, thread, case.state)

    return voiding


for _void in VOID:
    _title = f"Void about a request: {_void.slug.replace('-', ' ')}"
    page.add(f"void-{_void.slug}", _title, _void.rule, "RCV-15")(_voiding(_void))


@page.add("given", "What belongs to something here is taken", "DAT-6", "DAT-13")
async def taken(stage: Stage) -> None:
    """A bill for a request."""
    vendor, thread = await asked(stage)
    digest = give(vendor, _first(vendor, thread))
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "accepted", "a bill was not taken")
    await stage.state(vendor, ref(vendor, digest)["id"], "given")
