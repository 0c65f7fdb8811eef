"""`spec/v1/terms/page.md`."""

from ... import trust
from ..hand import BASE, COUNTER, DP, NOWHERE, OTHER, Bench
from ..suite import Page
from .says import agreed, countered, must, no, opened, proffer

page: Page[Bench] = Page("terms", "vendor")

OWN = {
    "id": "https://customer.example/terms", "version": "1", "title": "My terms",
    "rules": [{"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor"]}],
}  # fmt: skip


@page.add("other-digest", "Terms of the roster with another digest are refused", "TRM-1")
async def other_digest(bench: Bench) -> None:
    """By id and digest, and as a document that takes an id of the roster."""
    hand = bench.hand()
    wrong = {"id": "SD-BASE", "digest": OTHER["digest"]}
    await hand.refused(proffer(hand, choices=[DP, wrong]), "terms-mismatch", "/body/choices/1/digest", "TRM-1")
    taken = {"document": {**OWN, "id": "SD-BASE"}}
    await hand.refused(proffer(hand, choices=[taken]), "terms-mismatch", "/body/choices/0/document/id", "TRM-1")


@page.add("unknown-terms", "Terms that are neither on the roster nor carried are refused", "TRM-2")
async def unknown_terms(bench: Bench) -> None:
    """Nothing is fetched to find them."""
    hand = bench.hand()
    nowhere = {"id": "https://customer.example/terms", "digest": NOWHERE}
    await hand.refused(proffer(hand, choices=[nowhere]), "terms-unknown", "/body/choices/0/id", "TRM-2")


@page.add("unknown-term", "A term that is not in the vocabulary is refused", "TRM-2")
async def unknown_term(bench: Bench) -> None:
    """It would permit or prohibit nobody knows what."""
    hand = bench.hand()
    rule = {"effect": "prohibit", "action": "dpv:NoSuchAction", "by": ["vendor"]}
    document = {"document": {**OWN, "rules": [rule]}}
    await hand.refused(
        proffer(hand, choices=[document]), "unknown-term", "/body/choices/0/document/rules/0/action", "TRM-2"
    )


@page.add("one-of-the-choices", "The vendor accepts one of the choices, by its digest", "TRM-4", "TRM-7")
async def one_of_the_choices(bench: Bench) -> None:
    """The first that it can accept."""
    hand = bench.hand()
    thread = await opened(hand, proffer(hand, choices=[OTHER, BASE, DP]), "proffered")
    accepted = await hand.hear("terms.accept", thread)
    must(accepted["body"]["terms"] in (BASE, DP), "other terms are accepted")


@page.add("one-counter", "The vendor counters once, with one alternative", "TRM-6")
async def one_counter(bench: Bench) -> None:
    """What waits in the mailbox is the receipt and the counter."""
    hand = bench.hand()
    _, counter = await countered(hand)
    must(counter["body"]["terms"] == COUNTER, "it is not SD-BASE-A")
    found, _ = await hand.collect()
    must([one["type"] for one in found] == ["receipt", "terms.counter"], "something else waits")


@page.add("accept-the-counter", "A customer accepts the counter, and nothing else", "TRM-5", "TRM-7")
async def accept_the_counter(bench: Bench) -> None:
    """Not their own proffer, not other terms."""
    hand = bench.hand()
    thread, _ = await countered(hand)
    for terms in (OTHER, DP):
        accept = hand.write("terms.accept", {"terms": terms}, thread)
        await hand.refused(accept, "terms-not-offered", "/body/terms/id", "TRM-5")
    await hand.accepted(hand.write("terms.accept", {"terms": COUNTER}, thread), "active")


@page.add("accept-other-digest", "A counter is accepted by its digest", "TRM-1", "TRM-5")
async def accept_other_digest(bench: Bench) -> None:
    """An id alone binds nobody."""
    hand = bench.hand()
    thread, _ = await countered(hand)
    wrong = {"id": COUNTER["id"], "digest": OTHER["digest"]}
    await hand.refused(hand.write("terms.accept", {"terms": wrong}, thread), "terms-mismatch", None, "TRM-1")


@page.add("no-in-every-state", "A decline or a termination ends whatever is pending or active", "TRM-8")
async def no_in_every_state(bench: Bench) -> None:
    """The customer need not know how far the vendor is."""
    for type_, body in (("terms.decline", {"reason": "changedMind"}), ("terms.terminate", {})):
        hand = bench.hand()
        pending = await opened(hand, proffer(hand, "test: say nothing"), "proffered")
        await hand.accepted(no(hand, type_, pending, body), "declined")
        thread, _ = await countered(hand)
        await hand.accepted(no(hand, type_, thread, body), "declined")
        active = await agreed(hand)
        await hand.accepted(no(hand, type_, active, body), "terminated")
        await hand.accepted(no(hand, type_, active, body), "terminated", "moot")


@page.add("own-terms", "Terms of the customer's own travel as a document", "TRM-2", "TRM-3")
async def own_terms(bench: Bench) -> None:
    """A vendor in test mode does not know them, and counters."""
    hand = bench.hand()
    thread = await opened(hand, proffer(hand, choices=[{"document": OWN}]), "proffered")
    await hand.hear("terms.counter", thread)
    must(trust.digest(trust.write(OWN)) != COUNTER["digest"], "they are the counter")
