"""What a customer answers to what the vendor says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from ..hand import BASE, DP, OTHER
from ..suite import Page
from .played import Played, later
from .scenes import (
    CAST,
    ITEM,
    LINE,
    OFFER,
    TEN,
    cast,
    confirmed,
    countered,
    given,
    make,
    must,
    ordered,
    proffered,
    told_code,
    until,
)  # fmt: skip
from .stage import Stage

page: Page[Stage] = Page("answers", "customer")


@dataclass(frozen=True)
class Void:
    """An entry of the vendor's that has no effect."""

    slug: str
    requirements: tuple[str, ...]
    code: str
    say: Callable[[Played, str], str]
    state: str = "open"


MONTHLY: dict[str, Any] = {
    "name": "Each month", "price": {"amount": "14.00", "currency": "EUR"}, "recurs": {"every": "P1M", "times": 6},
}  # fmt: skip
NINE = {"amount": "9.00", "currency": "EUR"}
POST = {"name": "Post", "role": "thirdParty", "id": "https://post.example/"}


def _offer(**members: Any) -> Callable[[Played, str], str]:
    return lambda vendor, thread: make(vendor, thread, {**OFFER, **members})


VOID_IN_INTENT = (
    Void("sum", ("OFR-1",), "wrong-total", _offer(total=NINE)),
    Void("mixed-lines", ("OFR-12",), "wrong-total", _offer(
        lines=[LINE, MONTHLY], commitment={"amount": "95.00", "currency": "EUR"},
        adjustments=[{"kind": "tax", "amount": {"amount": "1.00", "currency": "EUR"}, "lines": [0, 1]}])),
    Void("understated", ("OFR-13",), "wrong-total", _offer(
        lines=[LINE, MONTHLY], commitment={"amount": "24.00", "currency": "EUR"})),
    Void("unstated", ("OFR-13",), "wrong-total", _offer(lines=[LINE, MONTHLY])),
    Void("schedule", ("OFR-14",), "wrong-total", _offer(
        schedule=[{"amount": {"amount": "9.00", "currency": "EUR"}, "due": "now"}])),
    Void("recipient", ("OFR-16",), "wider-than-asked", _offer(
        needs=["pd:Name"], recipients=[{"party": POST, "data": ["pd:Contact"]}])),
    Void("currencies", ("OFR-2",), "wrong-total", _offer(total={"amount": "10.00", "currency": "USD"})),
    Void("expired-offer", ("OFR-3",), "expired", lambda vendor, thread: make(vendor, thread, expires=later(-1))),
    Void("other-terms", ("OFR-4",), "terms-not-offered", _offer(under=OTHER)),
    Void("other-want", ("OFR-5",), "unknown-reference", _offer(lines=[{**LINE, "want": 7}])),
    Void("two-faults", ("LIF-3",), "unknown-reference", _offer(lines=[{**LINE, "want": 7}], total=NINE, under=OTHER)),
    Void("unknown-member", ("ENV-1",), "malformed", _offer(surprise="x")),
    Void("after-the-wish", ("INT-4",), "expired",
         lambda vendor, thread: make(vendor, thread, created=later(86400 * 31), expires=later(86400 * 32))),
    Void("no-row", ("LIF-1",), "wrong-state",
         lambda vendor, thread: vendor.say({"reference": "1", "total": TEN}, "order.confirm", thread)),
    Void("customers-word", ("LIF-1",), "wrong-side",
         lambda vendor, thread: vendor.say(CAST, "intent.amend", thread, expires=later(60))),
    Void("other-family", ("LIF-2",), "wrong-state",
         lambda vendor, thread: vendor.say({"terms": DP}, "terms.accept", thread)),
)  # fmt: skip


def _voiding(case: Void, begin: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    async def voiding(stage: Stage) -> None:
        vendor, thread = await begin(stage)
        digest = case.say(vendor, thread)
        await stage.sync(vendor)
        body = vendor.receipt(digest)["body"]
        must(body["outcome"] == "refused", f"its receipt says {body['outcome']}")
        code = told_code({"body": body})
        must(code == case.code, f"its receipt says {code}, and not {case.code}")
        reply = await stage.state(vendor, thread, case.state)
        must(reply.get("last") == digest, "it has not kept its place", "RCV-15")

    return voiding


for _void in VOID_IN_INTENT:
    page.add(f"void-{_void.slug}", f"Void in an open intent: {_void.slug.replace('-', ' ')}", *_void.requirements,
                "RCV-15", "SEQ-10")(_voiding(_void, cast))  # fmt: skip

for _title, _begin, _void in (
    ("in an order: a confirmation with another total", ordered,
     Void("confirmed-total", ("ORD-2", "RCV-15"), "wrong-total", lambda vendor, thread: vendor.say(
         {"reference": "1", "total": {"amount": "11.00", "currency": "EUR"}}, "order.confirm", thread), "ordered")),
    ("in an order: a report on a line that there is not", confirmed,
     Void("lines", ("ORD-3", "RCV-15"), "unknown-reference", lambda vendor, thread: vendor.say(
         {"status": "shipped", "lines": [{"line": 3}]}, "order.fulfil", thread), "confirmed")),
    ("in an order that is done: that it is shipped", confirmed,
     Void("when-done", ("ORD-9", "RCV-15"), "wrong-state", lambda vendor, thread: (
         vendor.say({"status": "done"}, "order.fulfil", thread),
         vendor.say({"status": "shipped"}, "order.fulfil", thread))[1], "done")),
    (": an acceptance of terms that were not proffered", proffered,
     Void("accept", ("RCV-15", "LIF-1"), "terms-not-offered", lambda vendor, thread: vendor.say(
         {"terms": BASE}, "terms.accept", thread), "proffered")),
    (": a second counter", countered,
     Void("counter", ("RCV-15", "LIF-1"), "wrong-state", lambda vendor, thread: vendor.say(
         {"terms": BASE}, "terms.counter", thread), "countered")),
):  # fmt: skip
    page.add(f"void-{_void.slug}", f"Void {_title}".replace(" :", ":"), *_void.requirements)(_voiding(_void, _begin))


@page.add("every-entry", "Every entry of the vendor's gets one receipt, with the state after it",
             "COR-1", "COR-5")  # fmt: skip
async def every_entry(stage: Stage) -> None:
    """And no receipt gets one."""
    vendor, thread = await confirmed(stage)
    digests = [
        vendor.say({"status": "shipped"}, "order.fulfil", thread),
        vendor.say({"status": "done"}, "order.fulfil", thread),
    ]  # fmt: skip
    await stage.sync(vendor)
    states = [vendor.receipt(digest)["body"]["state"] for digest in digests]
    must(states == ["fulfilling", "done"], f"the states are {states}", "COR-5")
    known = vendor.known
    entries = {word.digest for word in known.words if word.of is None}
    must(set(known.receipts) == entries, f"{len(known.receipts)} receipts for {len(entries)} entries", "COR-1")


@page.add("made-in-time", "An offer that was made in time is an entry, also where it has expired since", "RCV-12")
async def made_in_time(stage: Stage) -> None:
    """The customer was offline."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread, expires=later(0.3))
    await asyncio.sleep(0.5)
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "accepted", "it was refused")


@page.add("settled-once", "A vendor's first refund settles a cancellation, every further one is moot", "ORD-5", "ORD-4")
async def settled_once(stage: Stage) -> None:
    """A cancellation without one settles nothing."""
    vendor, thread = await ordered(stage)
    first = vendor.say({"reason": "soldOut"}, "order.cancel", thread)
    settles = vendor.say({"reason": "soldOut", "refund": TEN}, "order.cancel", thread)
    again = vendor.say({"reason": "soldOut", "refund": TEN}, "order.cancel", thread)
    await stage.sync(vendor)
    outcomes = [vendor.receipt(digest)["body"]["outcome"] for digest in (first, settles, again)]
    must(outcomes == ["accepted", "accepted", "moot"], f"the outcomes are {outcomes}")
    await stage.state(vendor, thread, "cancelled")


@page.add("withdrawn-and-refunded", "A withdrawal is settled by the refund that covers it", "ORD-7", "ORD-10", "ORD-11")
async def withdrawn_and_refunded(stage: Stage) -> None:
    """Also from an order that is done. What names a line that there is not cancels nothing."""
    vendor, thread = await confirmed(stage)
    none = {"reason": "other", "lines": [{"line": 9}]}
    await stage.said(vendor, "order.cancel", none, thread)
    await stage.state(vendor, thread, "confirmed", "ORD-11")
    vendor.say({"status": "done"}, "order.fulfil", thread)
    await stage.sync(vendor)
    await stage.said(vendor, "order.withdraw", {"ground": "returns", "lines": [{"line": 0}, {"line": 9}]}, thread)
    await stage.state(vendor, thread, "returning", "ORD-7")
    vendor.say({"status": "returned"}, "order.fulfil", thread)
    half = {"line": 0, "quantity": {"value": "0.5"}}
    vendor.say({"status": "refunded", "amount": TEN, "lines": [half]}, "order.fulfil", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "returning", "ORD-10")
    vendor.say({"status": "refunded", "amount": TEN, "lines": [{"line": 0}]}, "order.fulfil", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "done", "ORD-10")


@page.add("narrowing-in-every-state", "A vendor's no-word takes its place in every state", "SEQ-8")
async def narrowing_in_every_state(stage: Stage) -> None:
    """Of an order that is cancelled, and of an intent that was never ordered: moot, and not refused."""
    vendor, thread = await cast(stage)
    digest = vendor.say({"reason": "soldOut"}, "order.cancel", thread, created=later(-3600))
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "moot", "it was not moot")
    await stage.state(vendor, thread, "open")


@page.add("same-again", "What comes twice is taken once", "RCV-5", "RCV-6")
async def same_again(stage: Stage) -> None:
    """And another word of the same id has its place, and no effect."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    await stage.sync(vendor)
    raw = vendor.known.words[-1].raw
    vendor.drop(raw)
    again = make(vendor, thread, id=orjson.loads(raw)["id"])
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "accepted", "the first was not accepted")
    must(vendor.receipt(again)["body"]["outcome"] == "refused", "the same id was accepted twice", "RCV-6")
    await stage.state(vendor, thread, "open")


@page.add("unknown-thread", "A word of a thread that it does not know says nothing", "RCV-9", "RCV-15")
async def unknown_thread(stage: Stage) -> None:
    """It has its place, and is void: there is nothing that it could go on."""
    vendor, known = await cast(stage)
    thread = "urn:uuid:00000000-0000-4000-8000-000000000000"
    digest = vendor.say({"terms": DP}, "terms.accept", thread)
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["outcome"] == "refused", "it was accepted")
    await stage.state(vendor, thread, "none")
    await stage.said(vendor, "intent.amend", CAST, known)


@page.add("consent", "A request is granted, never wider, and taken back item by item",
             "CNS-1", "CNS-5", "CNS-6", "LIF-1")  # fmt: skip
async def consent(stage: Stage) -> None:
    """Told to grant more than was asked for, it does not, or is refused."""
    vendor = await stage.met()
    request = {
        "items": [ITEM, {**ITEM, "key": "b"}], "controller": [{"name": "A vendor", "role": "controller"}],
        "notice": {"url": "https://vendor.example/notice", "digest": DP["digest"], "lang": "en"}, "until": until(),
    }  # fmt: skip
    digest = vendor.say(request, "consent.request")
    thread = orjson.loads(vendor.known.words[-1].raw)["thread"]
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["state"] == "requested", "the state is not requested", "COR-5")
    wider = {"items": [{**ITEM, "purposes": ["dpv:Marketing"]}], "until": request["until"]}
    must((await stage.say(vendor, "consent.grant", wider, thread))["ok"] is False, "it was granted wider", "CNS-1")
    await stage.said(vendor, "consent.grant", {"items": [ITEM], "until": request["until"]}, thread)
    await stage.state(vendor, thread, "given")
    await stage.said(vendor, "consent.withdraw", {"keys": ["a"]}, thread)
    await stage.state(vendor, thread, "requested")
    await stage.said(vendor, "consent.refuse", {}, thread)
    await stage.state(vendor, thread, "withdrawn")


@page.add("unknown-term", "A request with a term that its table does not have is void", "VOC-1", "RCV-15")
async def unknown_term(stage: Stage) -> None:
    """An action is no purpose, and a misspelt duty of a counter is none."""
    vendor = await stage.met()
    notice = {"url": "https://vendor.example/notice", "digest": DP["digest"], "lang": "en"}
    asking = {"controller": [{"name": "A vendor", "role": "controller"}], "notice": notice, "until": until()}
    digest = vendor.say({**asking, "items": [{**ITEM, "purposes": ["dpv:Use"]}]}, "consent.request")
    await stage.sync(vendor)
    problem = vendor.receipt(digest)["body"].get("problem", {})
    told = (str(problem.get("type")).rpartition("#")[2], problem.get("pointer"))
    must(told == ("unknown-term", "/body/items/0/purposes/0"), f"its receipt says {told}")


@page.add("heard", "A vendor's withdrawal without heard is void", "CNS-8", "RCV-15")
async def heard(stage: Stage) -> None:
    """With it, it holds."""
    vendor, thread = await given(stage)
    bare = vendor.say({}, "consent.withdraw", thread)
    await stage.sync(vendor)
    must(vendor.receipt(bare)["body"]["outcome"] == "refused", "it was taken")
    await stage.state(vendor, thread, "given")
    vendor.say({"heard": {"where": "the shop", "when": later(0)}}, "consent.withdraw", thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")


@page.add("no-basis", "An unasked offer without a live consent is void", "OFR-6", "OFR-7", "RCV-15")
async def no_basis(stage: Stage) -> None:
    """The customer has said nothing."""
    vendor = await stage.met()
    line = {"name": "A thing", "price": TEN}
    digest = vendor.say({"lines": [line], "total": TEN, "under": DP}, "offer.make", expires=later(3600))
    await stage.sync(vendor)
    body = vendor.receipt(digest)["body"]
    must(body["outcome"] == "refused" and body["problem"]["type"].endswith("#no-basis"), f"its receipt says {body}")
