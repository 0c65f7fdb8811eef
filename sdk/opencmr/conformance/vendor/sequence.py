"""`spec/v1/sequence.md`: the chain, knowing, stale words, narrowing messages."""

from uuid import uuid4

from ... import trust
from ..hand import DP, NOWHERE, Bench, Document, Hand, digest_of
from ..suite import Page
from .says import accept, agreed, cancelled, cast, must, no, offered, opened, ordered, proffer, unasked, unlinked, wish

page: Page[Bench] = Page("sequence", "vendor")


# The chain


@page.add("one-chain", "Every word of the vendor's has the next number, and names the one before it", "SEQ-16")
async def one_chain(bench: Bench) -> None:
    """A whole order, inspected word by word; so is every conversation of every check."""
    await cancelled(Hand(bench))


@page.add("chain-across-threads", "The numbers run over all threads, and over what is refused", "SEQ-16")
async def chain_across_threads(bench: Bench) -> None:
    """Each thread alone would begin with 1."""
    hand = Hand(bench)
    for _ in range(2):
        await hand.accepted(proffer(hand), "proffered")
        await hand.refused(proffer(hand, expires=bench.now(-1)), "expired")
        await hand.accepted(unasked(hand), "given")
    whole, _ = await hand.collect(seen=None)
    must([one["number"] for one in whole] == list(range(1, len(hand.words) + 1)), "the numbers have a gap")


@page.add("two-offers", "Two entries that are made at once follow one another", "SEQ-16")
async def two_offers(bench: Bench) -> None:
    """Each names its immediate predecessor."""
    hand = Hand(bench)
    thread, first = await offered(hand, "test: two offers")
    second = await hand.hear("offer.make", thread)
    must(second["prior"] == digest_of(first), "the second offer does not name the first")


@page.add(
    "refused-is-a-word", "A refused message is no entry, and its receipt is a word all the same", "SEQ-16", "SEQ-4"
)
async def refused_is_a_word(bench: Bench) -> None:
    """The thread goes on as if it had not been said."""
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    refused = await hand.refused(hand.write("intent.amend", wish(), thread, expires=bench.now(-1)), "expired")
    must(refused.receipt["number"] == 2, "its receipt is not the second word")
    again = hand.write("intent.amend", wish("test: say nothing", terms=[DP]), thread, **unlinked(hand, 1))
    await hand.accepted(again, "open")


@page.add("no-date-orders", "What comes first and what last is said by the places, and by no date", "SEQ-18")
async def no_date_orders(bench: Bench) -> None:
    """A wish is amended an hour before it was cast; a consent is taken back years before and after, and given anew."""
    hand, early = Hand(bench), bench.now(-3600)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    await hand.accepted(hand.write("intent.amend", wish(), thread, created=early), "open")
    await hand.accepted(accept(hand, await hand.hear("offer.make", thread), created=early), "ordered")
    document = unasked(hand)
    given = await opened(hand, document, "given")
    for created in ("2001-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"):
        await hand.accepted(no(hand, "consent.withdraw", given, created=created), "withdrawn")
        await hand.accepted(hand.write("consent.grant", document["body"], given, created=early), "given")


# Knowing


@page.add("knows-by-prior", "A word knows the word that its prior names, and all that this one knows", "SEQ-20")
async def knows_by_prior(bench: Bench) -> None:
    """Over another thread, and over a refused word; `seen` is left out."""
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread, seen=None), "open")
    await hand.accepted(proffer(hand, "test: say nothing", seen=None), "proffered")
    await hand.refused(proffer(hand, expires=bench.now(-1), seen=None), "expired")
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread, seen=None), "open")


@page.add("knows-by-seen", "A word knows all up to what it has seen, whatever its prior", "SEQ-20")
async def knows_by_seen(bench: Bench) -> None:
    """Without a `prior`, and with one of nothing: that counts as none, and is no fault."""
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    for prior in (None, NOWHERE):
        await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread, prior=prior), "open")


@page.add("knows-nothing-else", "A word knows nothing that neither its prior nor its seen leads to", "SEQ-20", "SEQ-4")
async def knows_nothing_else(bench: Bench) -> None:
    """Neither is there, or a `prior` of nothing; being said later, or dated later, is no knowing."""
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    for prior in (None, NOWHERE):
        late = hand.write("intent.amend", wish(), thread, prior=prior, seen=None, created=bench.now(60))
        await hand.refused(late, "stale", "/seen", "SEQ-20")


# Stale words


@page.add("stale", "A word that does not know what stands in its thread is refused, and signed", "SEQ-4")
async def stale(bench: Bench) -> None:
    """An offer of the vendor's; and a word of the customer's own, from another device."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    await hand.refused(hand.write("intent.amend", wish(), thread, **unlinked(hand, 1)), "stale", "/seen", "SEQ-4")
    other = await opened(hand, cast(hand, "test: say nothing"), "open")
    before = unlinked(hand, len(hand.words))
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), other), "open")
    await hand.refused(hand.write("intent.amend", wish(), other, **before), "stale", "/seen", "SEQ-4")


@page.add("other-threads", "A word need not know what stands in other threads", "SEQ-4")
async def other_threads(bench: Bench) -> None:
    """Compared with the whole relationship, honest words would fail all the time."""
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    known = unlinked(hand, len(hand.words))
    given = await opened(hand, unasked(hand), "given")
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn")
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread, **known), "open")


@page.add("accept-crosses-offer", "An acceptance holds where only the vendor has spoken since", "SEQ-7", "OFR-11")
async def accept_crosses_offer(bench: Bench) -> None:
    """It knows the first of two offers. Else a vendor could keep it from being accepted."""
    hand = Hand(bench)
    thread, made = await offered(hand, "test: two offers")
    await hand.hear("offer.make", thread)
    await hand.accepted(accept(hand, made, **unlinked(hand, made["number"])), "ordered")


@page.add("accept-after-own-word", "An acceptance is stale where the customer has spoken since", "SEQ-4")
async def accept_after_own_word(bench: Bench) -> None:
    """The exception is for the vendor's entries only."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    known = unlinked(hand, len(hand.words))
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread), "open")
    await hand.refused(accept(hand, made, **known), "stale", "/seen", "SEQ-4")


@page.add("expired-word", "A widening word takes its place before it expires, or not at all", "SEQ-25", "RCV-11")
async def expired_word(bench: Bench) -> None:
    """Each kind, refused with `expired`; and it says nothing of how long what it says holds."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    amend = hand.write("intent.amend", wish(), thread)
    for document in (proffer(hand), cast(hand), unasked(hand), amend, accept(hand, made)):
        late = {**document, "id": uuid4().urn, "expires": bench.now(-1)}
        late["thread"] = late["id"] if document["thread"] == document["id"] else document["thread"]
        await hand.refused(late, "expired", "/expires", "SEQ-25")
    soon = 3 + 4 * bench.latency  # a vendor that is busy asks to come again in a second or two
    given = await opened(hand, unasked(hand, expires=bench.now(soon)), "given")
    await bench.sleep(soon)
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn")


# Narrowing messages


@page.add("narrowing-stale", "A narrowing message is taken though it knows nothing", "SEQ-8")
async def narrowing_stale(bench: Bench) -> None:
    """A decline of terms that have been accepted meanwhile ends the agreement."""
    for prior in (None, NOWHERE):
        hand = Hand(bench)
        thread = await agreed(hand)
        decline = no(hand, "terms.decline", thread, {"reason": "changedMind"}, prior=prior, seen=None)
        await hand.accepted(decline, "terminated")


@page.add("narrowing-any-date", "A narrowing message is taken whatever its date", "SEQ-8")
async def narrowing_any_date(bench: Bench) -> None:
    """A clock that is wrong does not bind."""
    for created in ("2001-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"):
        hand = Hand(bench)
        document = unasked(hand)
        await hand.accepted(document, "given")
        await hand.accepted(no(hand, "consent.withdraw", document["thread"], created=created), "withdrawn")


@page.add("narrowing-first", "A narrowing message that comes before its thread takes the first place", "SEQ-9")
async def narrowing_first(bench: Bench) -> None:
    """And so bars the opener that comes late: it does not know it."""
    hand = Hand(bench)
    document = unasked(hand)
    raw = hand.sign(document)
    early = no(hand, "consent.withdraw", document["thread"], prior=trust.digest(raw))
    await hand.accepted(early, "none", "moot")
    await hand.refused(raw, "stale", "/seen", "SEQ-9")


@page.add("moot-first", "A first entry that is moot leaves the thread to who knows it, and fixes its family",
          "SEQ-10", "SEQ-9", "LIF-2")  # fmt: skip
async def moot_first(bench: Bench) -> None:
    """A no-word comes before its thread. An opener that knows it begins the thread; one of another family does not."""
    hand = Hand(bench)
    for type_, body, opener, state, strange in (
        ("consent.withdraw", {}, unasked(hand), "given", cast(hand)),
        ("terms.decline", {"reason": "other"}, proffer(hand, "test: say nothing"), "proffered", unasked(hand)),
        ("intent.withdraw", {}, cast(hand, "test: say nothing"), "open", unasked(hand)),
    ):
        threads = [uuid4().urn for _ in range(3)]
        blind = {"prior": hand.last, "seen": hand.tip}
        for thread in threads:
            await hand.accepted(no(hand, type_, thread, body), "none", "moot")

        def opens(document: Document, thread: str, known: dict[str, str | None]) -> Document:
            changed = {**document, "id": thread, "thread": thread, **known}
            return {name: value for name, value in changed.items() if value is not None}

        known = {"prior": hand.last, "seen": hand.tip}
        await hand.accepted(opens(opener, threads[0], known), state)
        await hand.refused(opens(opener, threads[1], blind), "stale", "/seen", "SEQ-9")
        await hand.refused(opens(strange, threads[2], known), "wrong-state", "/type", "LIF-2")


@page.add("moot-keeps-place", "A moot entry has its place, and changes no state", "SEQ-10")
async def moot_keeps_place(bench: Bench) -> None:
    """A withdrawal of an intent that is an order already. Whoever goes on has to know it."""
    hand = Hand(bench)
    thread, _ = await ordered(hand)
    known = unlinked(hand, len(hand.words))
    await hand.accepted(no(hand, "intent.withdraw", thread), "ordered", "moot")
    disclose = {"discloses": [{"data": "pd:Name", "value": "A. Customer"}]}
    await hand.refused(hand.write("order.disclose", disclose, thread, **known), "stale", "/seen", "SEQ-10")
    await hand.accepted(hand.write("order.disclose", disclose, thread), "ordered")
    await hand.accepted(no(hand, "order.cancel", thread, {"reason": "changedMind"}), "cancelled")
