"""`spec/v1/terms/page.md`."""

from collections.abc import Callable

from ... import trust
from ..hand import BASE, COUNTER, DP, NOWHERE, OTHER, Bench, Document, Hand
from ..suite import Page
from .says import OWN, accept, agreed, cast, countered, must, no, offered, opened, proffer, wish

page: Page[Bench] = Page("terms", "vendor")


@page.add("other-digest", "Terms of the roster with another digest are refused", "TRM-1")
async def other_digest(bench: Bench) -> None:
    """By id and digest, and as a document that takes an id of the roster."""
    hand = Hand(bench)
    wrong = {"id": "SD-BASE", "digest": OTHER["digest"]}
    await hand.refused(proffer(hand, choices=[DP, wrong]), "terms-mismatch", "/body/choices/1/digest", "TRM-1")
    taken = {"document": {**OWN, "id": "SD-BASE"}}
    await hand.refused(proffer(hand, choices=[taken]), "terms-mismatch", "/body/choices/0/document/id", "TRM-1")


@page.add("unknown-terms", "Terms that are neither on the roster nor carried are refused", "TRM-2")
async def unknown_terms(bench: Bench) -> None:
    """Nothing is fetched to find them."""
    hand = Hand(bench)
    nowhere = {"id": "https://customer.example/terms", "digest": NOWHERE}
    await hand.refused(proffer(hand, choices=[nowhere]), "terms-unknown", "/body/choices/0/id", "TRM-2")


@page.add("unknown-term", "A term that is not in the vocabulary is refused", "TRM-2")
async def unknown_term(bench: Bench) -> None:
    """It would permit or prohibit nobody knows what. A term of another kind is unknown, too."""
    hand = Hand(bench)
    rule = {"effect": "permit", "action": "dpv:Use", "purpose": "dpv:Marketing", "data": "pd:Name", "by": ["vendor"]}
    for member, wrong in (
        ("action", ("dpv:NoSuchAction", "dpv:Marketing", "pd:Name")),
        ("purpose", ("dpv:NoSuchPurpose", "dpv:Use", "pd:Name")),
        ("data", ("pd:NoSuchData", "dpv:Use", "dpv:Marketing")),
    ):
        for term in wrong:
            document = {"document": {**OWN, "rules": [rule, {**rule, member: term}]}}
            where = f"/body/choices/1/document/rules/1/{member}"
            await hand.refused(proffer(hand, choices=[DP, document]), "unknown-term", where, "TRM-2")


@page.add("carried-twice", "Two documents of one id in one proffer are refused", "TRM-1")
async def carried_twice(bench: Bench) -> None:
    """And so is the first one's id with another digest. The same document twice is none but itself."""
    hand = Hand(bench)
    own, other = {"document": OWN}, {"document": {**OWN, "version": "2"}}
    await hand.refused(proffer(hand, choices=[own, other]), "terms-mismatch", "/body/choices/1/document/id", "TRM-1")
    wrong = {"id": OWN["id"], "digest": DP["digest"]}
    await hand.refused(proffer(hand, choices=[own, wrong]), "terms-mismatch", "/body/choices/1/digest", "TRM-1")
    same = {"id": OWN["id"], "digest": trust.digest(trust.canonicalize(OWN))}
    await hand.accepted(proffer(hand, "test: say nothing", choices=[own, same]), "proffered")


@page.add("first-fault", "Of several faults of a proffer the first is told", "TRM-1", "TRM-2", "TRM-12")
async def first_fault(bench: Bench) -> None:
    """Of the choices the first that is wrong; those come before what the proffer does not know."""
    hand = Hand(bench)
    wrong, nowhere = {"id": "SD-BASE", "digest": OTHER["digest"]}, {"id": OWN["id"], "digest": NOWHERE}
    blind = proffer(hand, choices=[DP, nowhere, wrong])
    await hand.hear("terms.accept", await opened(hand, proffer(hand), "proffered"))
    await hand.refused(blind, "terms-unknown", "/body/choices/1/id", "TRM-12")
    both = proffer(hand, choices=[wrong, nowhere])
    await hand.refused(both, "terms-mismatch", "/body/choices/0/digest", "TRM-1")


@page.add("one-of-the-choices", "The vendor accepts one of the choices, by its digest", "TRM-4", "TRM-7")
async def one_of_the_choices(bench: Bench) -> None:
    """The first that it can accept."""
    hand = Hand(bench)
    thread = await opened(hand, proffer(hand, choices=[OTHER, BASE, DP]), "proffered")
    accepted = await hand.hear("terms.accept", thread)
    must(accepted["body"]["terms"] in (BASE, DP), "other terms are accepted")


@page.add("one-counter", "The vendor counters once, with one alternative", "TRM-6")
async def one_counter(bench: Bench) -> None:
    """What waits in the mailbox is the receipt and the counter."""
    hand = Hand(bench)
    _, counter = await countered(hand)
    must(counter["body"]["terms"] == COUNTER, "it is not SD-BASE-A")
    found, _ = await hand.collect(seen=None)
    must([one["type"] for one in found] == ["receipt", "terms.counter"], "something else waits")


@page.add("accept-the-counter", "A customer accepts the counter, and nothing else", "TRM-5", "TRM-7")
async def accept_the_counter(bench: Bench) -> None:
    """Not their own proffer, not other terms."""
    hand = Hand(bench)
    thread, _ = await countered(hand)
    for terms in (OTHER, DP):
        accept = hand.write("terms.accept", {"terms": terms}, thread)
        await hand.refused(accept, "terms-not-offered", "/body/terms/id", "TRM-5")
    await hand.accepted(hand.write("terms.accept", {"terms": COUNTER}, thread), "active")


@page.add("accept-other-digest", "A counter is accepted by its digest", "TRM-1", "TRM-5")
async def accept_other_digest(bench: Bench) -> None:
    """An id alone binds nobody."""
    hand = Hand(bench)
    thread, _ = await countered(hand)
    wrong = {"id": COUNTER["id"], "digest": OTHER["digest"]}
    await hand.refused(hand.write("terms.accept", {"terms": wrong}, thread), "terms-mismatch", None, "TRM-1")


@page.add("no-in-every-state", "A decline or a termination ends whatever is pending or active", "TRM-8")
async def no_in_every_state(bench: Bench) -> None:
    """The customer need not know how far the vendor is."""
    for type_, body in (("terms.decline", {"reason": "changedMind"}), ("terms.terminate", {})):
        hand = Hand(bench)
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
    hand = Hand(bench)
    thread = await opened(hand, proffer(hand, choices=[{"document": OWN}]), "proffered")
    await hand.hear("terms.counter", thread)
    must(trust.digest(trust.canonicalize(OWN)) != COUNTER["digest"], "they are the counter")


@page.add("counter-in-time", "A counter can be accepted before its answerBy, and no later", "TRM-11")
async def counter_in_time(bench: Bench) -> None:
    """Test mode: a counter that can be accepted for 2 seconds. `expires` of the acceptance is something else."""
    hand = Hand(bench)
    thread, _ = await countered(hand, "test: counter for 2 seconds")
    await hand.accepted(hand.write("terms.accept", {"terms": COUNTER}, thread), "active")
    thread, _ = await countered(hand, "test: counter for 2 seconds")
    await bench.sleep(2.2)
    late = hand.write("terms.accept", {"terms": COUNTER}, thread)
    await hand.refused(late, "expired", "/created", "TRM-11")
    await hand.accepted(no(hand, "terms.decline", thread, {"reason": "other"}), "declined")


@page.add("proffer-in-time", "The vendor accepts a proffer before its answerBy, or not at all", "TRM-11")
async def proffer_in_time(bench: Bench) -> None:
    """Test mode: the acceptance comes later, and the proffer can be accepted until before.

    A vendor that is quick enough to accept in time keeps the rule, and shows nothing.
    """
    hand = Hand(bench)
    until = bench.now(0.15 + 2 * bench.latency)
    thread = await opened(hand, proffer(hand, "test: accept later", answer_by=until), "proffered")
    accepted = await hand.perhaps("terms.accept", thread)
    must(accepted is None or accepted["created"] < until, "it was accepted after")


@page.add("overtaken-proffer", "A proffer that newer terms have overtaken is accepted no more", "TRM-10")
async def overtaken_proffer(bench: Bench) -> None:
    """Test mode: the acceptance comes later, and other terms are agreed on before. Those bind.

    A vendor that accepts the older terms before the newer ones keeps the rule, and shows nothing.
    """
    hand = Hand(bench)
    thread = await opened(hand, proffer(hand, "test: accept later"), "proffered")
    newer = await opened(hand, proffer(hand), "proffered")
    bound = await hand.hear("terms.accept", newer)
    accepted = await hand.perhaps("terms.accept", thread)
    must(accepted is None or accepted["number"] < bound["number"], "it was accepted")


@page.add("crossing-proffers", "A proffer knows the agreement that it would replace, or is stale", "TRM-12")
async def crossing_proffers(bench: Bench) -> None:
    """Two that cross: the second is refused. So is one from before the agreement was ended."""
    hand = Hand(bench)
    first, second, third = proffer(hand), proffer(hand), proffer(hand)
    thread = await opened(hand, first, "proffered")
    await hand.hear("terms.accept", thread)
    await hand.refused(second, "stale", "/seen", "TRM-12")
    await hand.accepted(no(hand, "terms.terminate", thread), "terminated")
    await hand.refused(third, "stale", "/seen", "TRM-12")
    await hand.accepted(proffer(hand), "proffered")


@page.add("ended-meanwhile", "A proffer from before the customer ended the terms is accepted no more", "TRM-10")
async def ended_meanwhile(bench: Bench) -> None:
    """Test mode: the acceptance comes later. Before, the customer terminates the agreement of the same scope."""
    hand = Hand(bench)
    active = await agreed(hand)
    thread = await opened(hand, proffer(hand, "test: accept later"), "proffered")
    ended = await hand.accepted(no(hand, "terms.terminate", active), "terminated")
    accepted = await hand.perhaps("terms.accept", thread)
    must(accepted is None or accepted["number"] < ended.receipt["number"], "it was accepted")


@page.add("overtaken-counter", "The customer's acceptance knows the agreement that it replaces", "TRM-10")
async def overtaken_counter(bench: Bench) -> None:
    """Else it is refused, though it knows all that stands in its own thread."""
    hand = Hand(bench)
    thread, counter = await countered(hand)
    await agreed(hand)
    blind = hand.write("terms.accept", {"terms": COUNTER}, thread, prior=None, seen=hand.words[counter["number"] - 1])
    await hand.refused(blind, "wrong-state", "/type", "TRM-10")
    await hand.accepted(hand.write("terms.accept", {"terms": COUNTER}, thread), "active")


@page.add("terms-of-a-wish", "Terms for a wish's data know how the wish stands", "TRM-12", "TRM-10")
async def terms_of_a_wish(bench: Bench) -> None:
    """A proffer from before the wish was amended, ordered or cancelled is stale; one that knows it is taken.

    Test mode: an acceptance that comes later, and the wish is amended before.
    """
    hand = Hand(bench)
    thread, made = await offered(hand)
    scope = {"id": thread, "digest": hand.threads[thread][0]}
    amended = hand.write("intent.amend", wish("test: do not confirm", terms=[DP]), thread)
    said: list[tuple[Callable[[], Document], str]] = [
        (lambda: amended, "open"),
        (lambda: accept(hand, made), "ordered"),
        (lambda: no(hand, "order.cancel", thread, {"reason": "changedMind"}), "cancelled"),
    ]
    for build, state in said:
        blind = _for(hand, scope, "test: say nothing")
        await hand.accepted(build(), state)
        await hand.refused(blind, "stale", "/seen", "TRM-12")
        await hand.accepted(_for(hand, scope, "test: say nothing"), "proffered")
    other = await opened(hand, cast(hand, "test: say nothing"), "open")
    scope = {"id": other, "digest": hand.threads[other][0]}
    later = await opened(hand, _for(hand, scope, "test: accept later"), "proffered")
    after = await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), other), "open")
    accepted = await hand.perhaps("terms.accept", later)
    early = accepted is None or accepted["number"] < after.receipt["number"]
    must(early, "it was accepted after the wish was amended", "TRM-10")


def _for(hand: Hand, scope: Document, note: str) -> Document:
    """Terms for the data of a wish."""
    return hand.write("terms.proffer", {"choices": [DP], "scope": scope, "note": note})
