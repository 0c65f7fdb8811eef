"""`spec/v1/data/page.md`."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import pairwise
from typing import Any

from ...protocol.clock import shifted
from ...protocol.families.data import regimes
from ..hand import BASE, NOWHERE, Bench, Document, Hand
from ..suite import Page
from .intent import agreed_on, no_offer, on_the_first
from .says import must, no, opened, shipped, unasked

page: Page[Bench] = Page("data", "vendor")

MAIL: Document = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
BORN: Document = {"data": "pd:BirthDate", "value": "1988-02-29"}
NOTHING: Document = {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": NOWHERE}
AFTER = {
    "received": {"inProgress", "needVerification", "fulfilled", "partly", "denied"},
    "inProgress": {"inProgress", "needVerification", "fulfilled", "partly", "denied"},
    "needVerification": {"inProgress", "needVerification", "fulfilled", "partly", "denied"},
}
"""Status → those that may follow; none follows any other."""


def request(hand: Hand, note: str | None = None, right: str = "access", **body: object) -> Document:
    """A request that a vendor in test mode answers as the note says."""
    return hand.write("data.request", {"right": right, **({"note": f"test: {note}"} if note else {}), **body})


async def answered(hand: Hand, asked: Document) -> Document:
    """The answer to a request."""
    return await hand.hear("data.answer", await opened(hand, asked, "requested"))


def first_of(hand: Hand, thread: str) -> Document:
    """The message that opened a thread."""
    return {"id": thread, "digest": hand.threads[thread][0]}


def share(hand: Hand, basis: Document, thread: str | None = None) -> Document:
    """Data that rests on something."""
    return hand.write("data.share", {"discloses": [BORN], "basis": basis}, thread)


@page.add("share-basis", "What is shared rests on what is live", "DAT-1")
async def share_basis(bench: Bench) -> None:
    """On nothing, on a consent, on the same once it has been withdrawn."""
    hand = Hand(bench)
    await hand.refused(share(hand, NOTHING), "no-basis", "/body/basis", "DAT-1")
    thread = await opened(hand, unasked(hand), "given")
    await hand.accepted(share(hand, first_of(hand, thread)), "shared")
    await hand.accepted(no(hand, "consent.withdraw", thread), "withdrawn")
    await hand.refused(share(hand, first_of(hand, thread)), "no-basis", "/body/basis", "DAT-1")


@page.add("share-on-a-share", "Nothing rests on what was shared: it permits nothing", "DAT-2")
async def share_on_a_share(bench: Bench) -> None:
    """Though the consent that it rests on is live."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    shared = await opened(hand, share(hand, first_of(hand, given)), "shared")
    await hand.refused(share(hand, first_of(hand, shared)), "no-basis", "/body/basis", "DAT-2")


@page.add("share-in-a-request", "In the thread of a request it rests on that", "DAT-1")
async def share_in_a_request(bench: Bench) -> None:
    """To show who asks."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    thread = str((await answered(hand, request(hand, "needVerification")))["thread"])
    await hand.refused(share(hand, first_of(hand, given), thread), "no-basis", "/body/basis", "DAT-1")
    await hand.accepted(share(hand, first_of(hand, thread), thread), "needVerification")


@page.add("objection-terms", "An objection with a term that is none is malformed, and no other is refused", "DAT-3")
async def objection_terms(bench: Bench) -> None:
    """A no that has a place counts, whole."""
    hand = Hand(bench)
    for member, term in (("actions", "dpv:Marketing"), ("data", "pd:Adress"), ("purposes", "dpv:Marketting")):
        wrong = hand.write("data.object", {"right": "object", member: [term]})
        await hand.problem(hand.sign(wrong), "malformed", f"/body/{member}/0")
    await hand.accepted(hand.write("data.object", {"right": "restrict", "data": ["pd:Interest"]}), "objected")


@page.add("objection-stands", "No cancellation ends an objection", "DAT-4", "SEQ-8")
async def objection_stands(bench: Bench) -> None:
    """It is moot."""
    hand = Hand(bench)
    thread = await opened(hand, hand.write("data.object", {"right": "object"}), "objected")
    await hand.accepted(no(hand, "data.cancel", thread), "objected", "moot")


def _denying(state: str, type_: str, right: str) -> Callable[[Bench], Coroutine[Any, Any, None]]:
    async def denying(bench: Bench) -> None:
        """Before it, an offer is made on the consent; after it none is, though it was cancelled."""
        hand = Hand(bench)
        await agreed_on(hand, BASE)
        given = await opened(hand, unasked(hand), "given")
        await hand.accepted(on_the_first(hand, given), "given")
        await hand.hear("offer.make")
        thread = await opened(hand, hand.write(type_, {"right": right, "data": ["pd:EmailAddress"]}), state)
        await hand.say(no(hand, "data.cancel", thread))
        await hand.accepted(on_the_first(hand, given, "more"), "given")
        await no_offer(hand)

    return denying


page.add("objection-denies", "What was objected to bears no offer", "DAT-4")(
    _denying("objected", "data.object", "object")
)
page.add("erasure-denies", "What is to be erased bears no offer, though that is taken back", "DAT-12")(
    _denying("requested", "data.request", "erase")
)


@page.add("corrections", "Only what was shared or told can be corrected", "DAT-5")
async def corrections(bench: Bench) -> None:
    """What the vendor has told can be corrected, and so can what was shared."""
    hand = Hand(bench)
    right = request(hand, None, "correct", corrections=[MAIL])
    await hand.refused(right, "unknown-reference", "/body/corrections/0/data", "DAT-5")
    await answered(hand, request(hand, "fulfilled", identify=[MAIL]))
    await hand.accepted(request(hand, None, "correct", corrections=[MAIL]), "requested")


@page.add("about", "A review is of something that was said here", "DAT-6")
async def about(bench: Bench) -> None:
    """And so is what the vendor gives."""
    hand = Hand(bench)
    await hand.refused(request(hand, None, "review", about=NOTHING), "unknown-reference", "/body/about", "DAT-6")
    thread = await opened(hand, unasked(hand), "given")
    await hand.accepted(request(hand, None, "review", about=first_of(hand, thread)), "requested")


@page.add("answers", "Answers follow one another as the table says", "DAT-7")
async def answers(bench: Bench) -> None:
    """And only the vendor's are any."""
    hand = Hand(bench)
    for status in ("received", "inProgress", "needVerification", "fulfilled", "denied"):
        first = await answered(hand, request(hand, status))
        await hand.collect()
        thread = str(first["thread"])
        more = [word for word in hand.arrived if (word["thread"], word["type"]) == (thread, "data.answer")]
        said = [word["body"]["status"] for word in (first, *more)]
        must(said[0] == status, f"the first answer is {said[0]}")
        for before, after in pairwise(said):
            must(after in AFTER.get(before, set()), f"{after} follows {before}")
    await hand.refused(hand.write("data.answer", {"status": "fulfilled"}, thread), "wrong-state", "/type")


@page.add("due", "A vendor takes longer as the regime allows, and says until when", "DAT-8", "DAT-9")
async def due(bench: Bench) -> None:
    """Under the law of California, 90 days in all."""
    hand = Hand(bench)
    asked = request(hand, "extended", regime="ccpa")
    said = (await answered(hand, asked))["body"]
    must(said.get("reason") == ["extended"], "it does not say that it takes longer")
    must(said["dueBy"] <= shifted(asked["created"], timedelta(days=92)), f"it takes until {said['dueBy']}", "DAT-8")


@page.add("due-to-the-day", "A request is due as the table of regimes says, from the day of its place on", "DAT-14")
async def due_to_the_day(bench: Bench) -> None:
    """A vendor can say that it is due then, and not that it is due a millisecond later."""
    hand = Hand(bench)
    day = (await hand.accepted(unasked(hand), "given")).receipt["created"]
    for code, law in regimes().items():
        if (due := law.due(day)) is None:
            continue
        thread = await opened(hand, request(hand, f"due by {due}", regime=code), "requested")
        await hand.hear("data.answer", thread)
        late = await hand.accepted(
            request(hand, f"due by {shifted(due, timedelta(milliseconds=1))}", regime=code), "requested"
        )
        said = await hand.perhaps("data.answer", late.receipt["thread"])
        allowed = law.due(late.receipt["created"]) or ""
        must(said is None or said["body"]["dueBy"] <= allowed, f"{code}: it is due by {allowed}")


@page.add("kept-for-an-order", "What is kept because of an order was disclosed in one that lives", "DAT-11")
async def kept_for_an_order(bench: Bench) -> None:
    """Before anything was ordered, nothing is kept for that."""
    hand = Hand(bench)
    for ordered in (False, True):
        if ordered:
            await shipped(hand)
        asked = request(hand, "partly for an order", "erase", data=["pd:Name"])
        thread = await opened(hand, asked, "requested")
        said = await hand.hear("data.answer", thread) if ordered else await hand.perhaps("data.answer", thread)
        must((said is not None) == ordered, "it keeps data for an order that there is not")


@page.add("kept", "Who erases in part names what is kept, and why", "DAT-10")
async def kept(bench: Bench) -> None:
    """Because of a legal obligation."""
    hand = Hand(bench)
    said = (await answered(hand, request(hand, "partly", "erase")))["body"]
    must(said["status"] == "partly" and bool(said.get("kept")), "it does not say what is kept")


@page.add("given", "What a vendor gives belongs to something, and adds up", "DAT-6", "DAT-13")
async def given(bench: Bench) -> None:
    """A bill about the request."""
    hand = Hand(bench)
    asked = request(hand, "give")
    await hand.accepted(asked, "requested")
    said = (await hand.hear("data.give"))["body"]
    must(said["about"] == first_of(hand, asked["thread"]), "it is about something else", "DAT-6")
    amounts = [line["price"]["amount"] for line in said["lines"]]
    must(amounts == [said["total"]["amount"]], f"{amounts} come to {said['total']['amount']}", "DAT-13")


@page.add("cancelled", "A request is taken back, and not once it is answered for good", "DAT-16")
async def cancelled(bench: Bench) -> None:
    """And also before it came."""
    hand = Hand(bench)
    thread = await opened(hand, request(hand), "requested")
    await hand.accepted(no(hand, "data.cancel", thread), "cancelled")
    await hand.accepted(no(hand, "data.cancel", thread), "cancelled", "moot")
    done = str((await answered(hand, request(hand, "fulfilled")))["thread"])
    await hand.accepted(no(hand, "data.cancel", done), "fulfilled", "moot")
    late = request(hand)
    await hand.accepted(no(hand, "data.cancel", late["thread"], prior=None), "none", "moot")
    await hand.refused(late, "stale", "/seen")
