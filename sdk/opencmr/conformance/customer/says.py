"""What a customer says."""

import asyncio

import orjson

from ...errors import HandlerFailed, Overloaded
from ..hand import COUNTER, OTHER
from ..suite import Page
from .scenes import (
    CAST,
    PERSON,
    PROFFER,
    YES,
    cast,
    countered,
    given,
    make,
    must,
    once,
    received_then_lost,
    until,
)  # fmt: skip
from .stage import Stage

page: Page[Stage] = Page("says", "customer")


@page.add("well-formed", "What it says is canonical, well-formed, its own, and signed with its key",
          "ENV-1", "ENV-2", "ENV-12", "SIG-1", "SIG-2", "JSN-1", "JSN-2", "JSN-3", "JSN-4", "JSN-5", "JSN-6", "IDN-1",
          "ENV-4", "ENV-13", "ENV-14", "CNS-11", "TRM-8")  # fmt: skip
async def well_formed(stage: Stage) -> None:
    """One message of each family, and a second one in its thread."""
    vendor = await stage.met()
    terms = await stage.said(vendor, "terms.proffer", {**PROFFER, "note": "é \u2028 \U0001f97e"})
    await stage.said(vendor, "terms.decline", {"reason": "changedMind"}, terms)
    await stage.state(vendor, terms, "declined", "TRM-8")
    grant = {**YES, "until": until()}
    consent = await stage.said(vendor, "consent.grant", grant)
    await stage.said(vendor, "consent.withdraw", {}, consent)
    intent = await stage.said(vendor, "intent.cast", CAST)
    await stage.said(vendor, "intent.amend", CAST, intent)
    must(not vendor.faults, f"{vendor.faults[:1]}")
    must(vendor.customer.startswith("did:key:z6Mk"), f"the customer is {vendor.customer}", "IDN-1")


@page.add("key-per-vendor", "Every vendor sees another key, and another thread", "IDN-2", "INT-5")
async def key_per_vendor(stage: Stage) -> None:
    """Also for the same wish."""
    vendors = [await stage.met(), await stage.met()]
    threads = [await stage.said(vendor, "intent.cast", CAST) for vendor in vendors]
    must(vendors[0].customer != vendors[1].customer, "one key for two vendors")
    must(threads[0] != threads[1], "one thread id for two vendors", "INT-5")


@page.add("collects", "A collect is its own thread", "ENV-3")
async def collects(stage: Stage) -> None:
    """Also where there is nothing to collect."""
    vendor, _ = await cast(stage)
    await stage.sync(vendor)
    must(bool(vendor.sent("mailbox.collect")) and not vendor.faults, f"{vendor.faults[:1]}")


@page.add("receipts", "A customer's receipt is no word: it has neither number nor links", "ENV-13", "ENV-3")
async def receipts(stage: Stage) -> None:
    """It names the thread of what it answers."""
    vendor, thread = await cast(stage)
    digest = make(vendor, thread)
    await stage.do("sync", vendor)
    await stage.do("sync", vendor)
    must(not vendor.faults, f"{vendor.faults[:1]}")
    receipt = vendor.receipt(digest)
    must(receipt["thread"] == thread, "a receipt of another thread", "ENV-3")
    must(not {"number", "prior", "seen"} & set(receipt), "it has a place of its own", "ENV-13")


@page.add("same-bytes", "What is not decided is sent again as the same bytes", "TRN-6", "RCV-3")
async def same_bytes(stage: Stage) -> None:
    """After an unsigned problem, and after an answer that was lost."""
    for lost in (False, True):
        vendor = await stage.met()
        vendor.override = once("/opencmr/messages", None if lost else Overloaded("try again"))
        reply = await stage.say(vendor, "terms.proffer", PROFFER)
        must(reply["ok"] is False and "refused" not in reply, f"what is not decided is taken for {reply}", "RCV-3")
        await asyncio.sleep(0)
        await stage.sync(vendor)
        sent = vendor.sent("terms.proffer")
        must(len(sent) > 1, "it was not sent again")
        must(len(set(sent)) == 1, "other bytes were sent again")
        await stage.state(vendor, orjson.loads(sent[0])["thread"], "proffered")


@page.add("same-bytes-received", "A message whose answer was lost takes effect once", "TRN-6")
async def same_bytes_received(stage: Stage) -> None:
    """The vendor has received it; the receipt comes with the next attempt."""
    vendor = await stage.met()
    vendor.override = received_then_lost(vendor)
    await stage.say(vendor, "terms.proffer", PROFFER)
    await stage.sync(vendor)
    must(len(set(vendor.sent("terms.proffer"))) == 1, "other bytes were sent again")
    thread = orjson.loads(vendor.sent("terms.proffer")[0])["thread"]
    await stage.state(vendor, thread, "proffered")


@page.add("withdrawal-goes-on", "A withdrawal that was not decided is sent again", "TRN-6", "RCV-3")
async def withdrawal_goes_on(stage: Stage) -> None:
    """Taking back is never given up."""
    vendor, thread = await given(stage)
    vendor.override = once("/opencmr/messages", HandlerFailed("later"))
    await stage.say(vendor, "consent.withdraw", {}, thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")
    must(vendor.known.history.threads[thread].state == "withdrawn", "it did not arrive")


@page.add("no-disclosure-before", "Nothing is disclosed before there is an order", "ORD-1")
async def no_disclosure_before(stage: Stage) -> None:
    """The program is told to, and does not."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    await stage.sync(vendor)
    reply = await stage.say(vendor, "order.disclose", PERSON, thread)
    must(reply["ok"] is False, "it says that it did")
    must(not vendor.sent("order.disclose"), "a name was disclosed")


@page.add("accepts-the-counter", "It accepts the counter, and no other terms", "TRM-5", "TRM-7")
async def accepts_the_counter(stage: Stage) -> None:
    """Told to accept others, it does not, or is refused."""
    vendor, thread = await countered(stage)
    must((await stage.say(vendor, "terms.accept", {"terms": OTHER}, thread))["ok"] is False, "it accepted others")
    await stage.said(vendor, "terms.accept", {"terms": COUNTER}, thread)
    await stage.state(vendor, thread, "active")


@page.add("stale", "After a refusal as stale it collects, and what it says then knows what it missed", "SEQ-17")
async def stale(stage: Stage) -> None:
    """An offer that it had not seen bars its amendment; a second try knows it."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    reply = await stage.say(vendor, "intent.amend", CAST, thread)
    must(reply["ok"] is False, "a stale word was accepted")
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    await stage.state(vendor, thread, "open")


@page.add("ext-not-echoed", "ext is not copied into what it says", "ENV-10")
async def ext_not_echoed(stage: Stage) -> None:
    """A marker that a vendor plants does not travel on."""
    vendor, thread = await cast(stage)
    make(vendor, thread, ext={"https://vendor.example/ns#marker": "planted"})
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    must(not any(b"planted" in raw for _, raw in vendor.requests), "it is")
