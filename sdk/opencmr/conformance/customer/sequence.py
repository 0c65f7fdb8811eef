"""`spec/v1/sequence.md`, for a customer: what it links, what it settles itself, splits and restores."""

import uuid
from functools import partial
from typing import Any

import orjson

from ... import trust
from ...errors import Malformed, Overloaded
from ...messages import Message
from ...testing import Document
from ..hand import BASE, COUNTER, DP
from ..suite import Page
from .played import Played, later
from .scenes import (
    CAST,
    OFFER,
    PROFFER,
    TEN,
    YES,
    always,
    cast,
    given,
    make,
    must,
    permitted,
    proffered,
    ref,
    told_code,
    until,
)  # fmt: skip
from .stage import Stage

page: Page[Stage] = Page("sequence", "customer")

FAR = 86400 * 30
"""Seconds ahead that no clock is wrong by."""


def _dated(created: str, message: Message[Any], receipt: Document) -> None:
    receipt["created"] = created


async def _blameless(stage: Stage, vendor: Played, why: str) -> set[str]:
    """What is told; nothing of it may say that the vendor is at fault."""
    told = await stage.told(vendor)
    must("fault" not in told, f"{why} is told as the vendor's fault")
    return told


# What it links


@page.add("links", "Each word names the one before it, and the vendor's last word that it has without a gap", "SEQ-17")
async def links(stage: Stage) -> None:
    """Over several threads, with entries and refusals in between."""
    vendor = await stage.met()
    await stage.said(vendor, "terms.proffer", PROFFER)
    thread = await stage.said(vendor, "intent.cast", CAST)
    make(vendor, thread)
    await stage.say(vendor, "intent.amend", CAST, thread)
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    await stage.said(vendor, "intent.withdraw", {}, thread)
    must(not vendor.known.wrong, f"{vendor.known.wrong[:1]}")


@page.add("links-before-a-gap", "A word of the vendor's after a gap is not seen yet", "SEQ-17")
async def links_before_a_gap(stage: Stage) -> None:
    """The mailbox keeps an offer back, and a receipt comes after it."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    vendor.known.hidden = {2}
    await stage.say(vendor, "intent.withdraw", {}, thread)
    await stage.do("sync", vendor)
    await stage.say(vendor, "terms.proffer", PROFFER)
    must(len(vendor.known.said) == 3, "it has not said all")
    must(not vendor.known.wrong, f"{vendor.known.wrong[:1]}")
    vendor.known.hidden = set()
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")


# What it settles itself


@page.add("any-date", "A vendor's word takes its place whatever its date is", "RCV-16", "SEQ-18")
async def any_date(stage: Stage) -> None:
    """Receipts and offers, a month ahead and years back. One that is far ahead is told."""
    for created in (later(FAR), "2001-01-01T00:00:00.000Z"):
        vendor = await stage.met()
        vendor.forge = partial(_dated, created)
        reply = await stage.say(vendor, "intent.withdraw", {}, str(uuid.uuid4().urn))
        must(reply["ok"] is True, "the receipt was not taken")
        vendor.forge = lambda message, receipt: None
        thread = await stage.said(vendor, "intent.cast", {**CAST, "until": later(2 * FAR)})
        digest = make(vendor, thread, created=created, expires=later(3 * FAR))
        await stage.sync(vendor)
        must(vendor.receipt(digest)["body"]["outcome"] == "accepted", "the offer was not taken")
        told = await _blameless(stage, vendor, "a date")
        must(("date" in told) == (created > later(0)), f"of dates it tells {sorted(told)}")


@page.add("places-order", "What came first is said by the places, and by no date", "SEQ-18", "SEQ-10")
async def places_order(stage: Stage) -> None:
    """The vendor hears a withdrawal, and dates it an hour before the consent."""
    vendor, thread = await given(stage)
    heard = {"heard": {"where": "the shop", "when": later(-3600)}}
    digest = vendor.say(heard, "consent.withdraw", thread, created=later(-3600))
    await stage.sync(vendor)
    must(vendor.receipt(digest)["body"]["state"] == "withdrawn", "its receipt says another state")
    await stage.state(vendor, thread, "withdrawn")


@page.add("disputed", "Dates that contradict each other are told as disputed, and accuse nobody", "SEQ-24")
async def disputed(stage: Stage) -> None:
    """An offer is dated an hour ahead; the customer sees it, and goes on by their own clock."""
    vendor, thread = await cast(stage)
    make(vendor, thread, created=later(3600), expires=later(7200))
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    await stage.sync(vendor)
    must("disputed" in await _blameless(stage, vendor, "a dispute"), "it is not told")
    await stage.state(vendor, thread, "open")


def _says(vendor: Played, outcome: str, state: str | None = None) -> None:
    """Let the vendor's receipts say another outcome than the rules."""

    def forge(message: Message[Any], receipt: Document) -> None:
        body = receipt["body"]
        body.pop("problem", None)
        body.update({"outcome": outcome, "state": state})
        if state is None:
            body.pop("state")
            body["problem"] = Malformed("no", pointer="/body").as_dict()

    vendor.forge = forge


@page.add("settles-stale", "A word of its own that was accepted though it was stale is void", "SEQ-28", "SEQ-20",
          "SEQ-10")  # fmt: skip
async def settles_stale(stage: Stage) -> None:
    """The vendor has heard a withdrawal; the customer, who does not know, grants again; the vendor accepts it."""
    vendor, thread = await given(stage)
    vendor.say({"heard": {"where": "the shop", "when": later(0)}}, "consent.withdraw", thread)
    _says(vendor, "accepted", "given")
    await stage.say(vendor, "consent.grant", {**YES, "until": until()}, thread)
    await stage.sync(vendor)
    await stage.state(vendor, thread, "withdrawn")
    must(not await permitted(stage, vendor), "its may() permits it")
    must("fault" in await stage.told(vendor), "the receipt is not told")


@page.add("settles-expired", "A word of its own that was accepted after it had expired is void", "SEQ-25", "SEQ-28")
async def settles_expired(stage: Stage) -> None:
    """The receipt is dated at the word's own `expires`."""
    vendor = await stage.met()

    def forge(message: Message[Any], receipt: Document) -> None:
        receipt["created"] = message.expires
        receipt["body"] = {"of": receipt["body"]["of"], "outcome": "accepted", "state": "given"}

    vendor.forge = forge
    await stage.say(vendor, "consent.grant", {**YES, "until": later(2 * FAR)})
    await stage.sync(vendor)
    thread = orjson.loads(vendor.sent("consent.grant")[0])["thread"]
    await stage.state(vendor, thread, "none")
    must(not await permitted(stage, vendor), "its may() permits it")
    must("fault" in await stage.told(vendor), "the receipt is not told")


@page.add("overtaken", "Terms that newer ones have overtaken are not brought back by accepting them", "TRM-10")
async def overtaken(stage: Stage) -> None:
    """The vendor accepts an old proffer after a newer one; and one that the customer had ended the terms after."""
    vendor, old = await proffered(stage)
    new = await stage.said(vendor, "terms.proffer", {"choices": [BASE]})
    vendor.say({"terms": BASE}, "terms.accept", new)
    await stage.sync(vendor)
    late = vendor.say({"terms": DP}, "terms.accept", old)
    await stage.sync(vendor)
    must(told_code(vendor.receipt(late)) == "wrong-state", "its receipt does not refuse it with wrong-state")
    await stage.said(vendor, "terms.terminate", {}, new)
    again = vendor.say({"terms": DP}, "terms.accept", old)
    await stage.sync(vendor)
    must(told_code(vendor.receipt(again)) == "wrong-state", "after the end it is brought back")
    await stage.state(vendor, old, "proffered")


@page.add("answer-by", "What is accepted or countered after its answerBy is void", "TRM-11")
async def answer_by(stage: Stage) -> None:
    """The vendor dates its acceptance so."""
    for type_, terms in (("terms.accept", DP), ("terms.counter", COUNTER)):
        vendor = await stage.met()
        thread = await stage.said(vendor, "terms.proffer", {**PROFFER, "answerBy": later(60)})
        digest = vendor.say({"terms": terms}, type_, thread, created=later(61))
        await stage.sync(vendor)
        must(told_code(vendor.receipt(digest)) == "expired", f"{type_} is not refused with expired")
        await stage.state(vendor, thread, "proffered")


# No-words


@page.add("denies-at-once", "A no denies from the moment it was said, though nobody has heard it", "SEQ-27")
async def denies_at_once(stage: Stage) -> None:
    """The vendor does not answer, says that it has too much to do, or says that it never will."""
    for problem in (None, Overloaded("later"), Malformed("no", pointer="/type")):
        vendor, thread = await given(stage)
        must(await permitted(stage, vendor), "its may() does not permit what it has granted")
        vendor.override = always("/opencmr/messages", problem) if problem else lambda *_: (0, "", b"")
        await stage.say(vendor, "consent.withdraw", {}, thread)
        must(not await permitted(stage, vendor), "its may() goes on permitting it")
        vendor.override = lambda *_: None
        await stage.sync(vendor)
        await stage.state(vendor, thread, "withdrawn")


@page.add("refused-no", "A no counts by any receipt, whatever outcome that names", "SEQ-26", "SEQ-27")
async def refused_no(stage: Stage) -> None:
    """The vendor's signed receipt refuses a withdrawal."""
    vendor, thread = await given(stage)
    _says(vendor, "refused")
    await stage.say(vendor, "consent.withdraw", {}, thread)
    await stage.sync(vendor)
    must(not await permitted(stage, vendor), "its may() permits what was taken back")
    await stage.state(vendor, thread, "withdrawn")


@page.add("placed-nowhere", "A no whose receipt the vendor keeps back goes on denying", "SEQ-27")
async def placed_nowhere(stage: Stage) -> None:
    """Its receipt comes after a gap that is never filled."""
    vendor, thread = await given(stage)
    make(vendor, str(uuid.uuid4().urn))
    vendor.known.hidden = {2}
    await stage.say(vendor, "consent.withdraw", {}, thread)
    await stage.do("sync", vendor)
    must(not await permitted(stage, vendor), "its may() permits what was taken back")


@page.add("known-by-id", "A no can be said into a thread that is known by its id alone", "SEQ-27")
async def known_by_id(stage: Stage) -> None:
    """The wallet was put back from a copy, and the person has the id on paper."""
    vendor = await stage.met()
    thread = uuid.uuid4().urn
    await stage.said(vendor, "consent.withdraw", {}, thread)
    must(bool(vendor.sent("consent.withdraw")), "it was not said")
    must(vendor.known.history.threads[thread].state == "none", "it did not arrive in its thread")


# Splits and restores


@page.add("split", "Two words of one number are kept and told, and accuse nobody", "SEQ-29", "SEQ-30")
async def split(stage: Stage) -> None:
    """The thread goes on from the one that the vendor's last word leads to."""
    vendor, thread = await cast(stage)
    other = vendor.write({**OFFER, "note": "another"}, "offer.make", thread, expires=later(3600))
    first = make(vendor, thread)
    await stage.sync(vendor)
    vendor.drop(other)
    last = make(vendor, thread)
    await stage.sync(vendor)
    must("split" in await _blameless(stage, vendor, "a split"), "it is not told")
    reply = await stage.state(vendor, thread, "open")
    must(reply.get("last") == last, "the other has taken its place", "SEQ-30")
    must(trust.digest(other) not in vendor.known.receipts, "the other gets a receipt", "SEQ-30")
    accept = {"offer": ref(vendor, first), "total": TEN}
    await stage.said(vendor, "offer.accept", accept, thread)
    await stage.state(vendor, thread, "ordered", "SEQ-30")


@page.add("other-branch", "It goes over to the vendor's chain; of the branch that is left a no counts, no yes does",
          "SEQ-30", "SEQ-29")  # fmt: skip
async def other_branch(stage: Stage) -> None:
    """The vendor goes on another way from before a grant, and from before a withdrawal in another thread."""
    vendor, withdrawn = await given(stage)
    thread = await stage.said(vendor, "consent.grant", {"items": [{**YES["items"][0], "data": ["pd:Name"]}],
                                                        "until": until(), "statement": "Yes."})  # fmt: skip
    await stage.said(vendor, "consent.withdraw", {}, withdrawn)
    vendor.branch(1)
    vendor.say({"reason": "soldOut"}, "order.cancel", str(uuid.uuid4().urn))
    vendor.override = always("/opencmr/messages", Overloaded("later"))
    await stage.do("sync", vendor)
    await stage.do("sync", vendor)
    may = await stage.may(vendor, "dpv:Use", "dpv:DirectMarketing", "pd:Name")
    must(may == "deny", "a yes counts that has no place on the chain")
    must(not await permitted(stage, vendor), "a no of the branch that was left is forgotten")
    must("split" in await _blameless(stage, vendor, "a branch"), "it is not told", "SEQ-29")
    vendor.override = lambda *_: None
    await stage.sync(vendor)
    await stage.state(vendor, withdrawn, "withdrawn")
    await stage.state(vendor, thread, "given")
    must(not vendor.faults, f"{vendor.faults[:1]}")


@page.add("hands-back", "A vendor that is behind is handed back its own words, and what they answer", "SEQ-32", "TRN-6")
async def hands_back(stage: Stage) -> None:
    """With the collect that was not answered, or with a word; after it, the same bytes are sent again."""
    vendor, thread = await cast(stage)
    make(vendor, thread)
    await stage.sync(vendor)
    await stage.said(vendor, "intent.amend", CAST, thread)
    vendor.forget(1)
    await stage.say(vendor, "intent.withdraw", {}, thread)
    await stage.sync(vendor)
    must(vendor.handed[:2] == [2, 3], f"it hands back numbers {vendor.handed}, and the vendor lacks 2 and 3")
    must(not vendor.faults, f"{vendor.faults[:1]}")
    must(len(set(vendor.sent("intent.withdraw"))) == 1, "other bytes were sent again", "TRN-6")
    await stage.state(vendor, thread, "withdrawn")
    must(vendor.known.history.threads[thread].state == "withdrawn", "the vendor has not heard it")
    await _blameless(stage, vendor, "a restore")


@page.add("behind-is-no-refusal", "behind refuses nothing: what it answers is said again", "SEQ-32", "RCV-3", "TRN-6")
async def behind_is_no_refusal(stage: Stage) -> None:
    """The first that was ever said was forgotten, too."""
    vendor, _ = await given(stage)
    vendor.forget(0)
    vendor.override = always("/opencmr/words", Overloaded("later"))
    reply = await stage.say(vendor, "intent.cast", CAST)
    must(reply["ok"] is False and "refused" not in reply, f"behind is taken for {reply}", "RCV-3")
    vendor.override = lambda *_: None
    await stage.sync(vendor)
    sent = set(vendor.sent("intent.cast"))
    must(len(sent) == 1, "other bytes were sent again", "TRN-6")
    await stage.state(vendor, orjson.loads(sent.pop())["thread"], "open")
