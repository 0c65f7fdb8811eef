"""`spec/v1/sequence.md`: places, heads, narrowing messages."""

from ... import trust
from ..hand import DP, NOWHERE, Bench, digest_of
from ..suite import Page
from .says import accept, agreed, cancelled, cast, must, no, offered, ordered, proffer, unasked, wish

page: Page[Bench] = Page("sequence", "vendor")


@page.add("places-linked", "Every entry names the one before it, and every receipt too",
          "SEQ-1", "SEQ-2", "SEQ-3", "COR-3")  # fmt: skip
async def places_linked(bench: Bench) -> None:
    """A whole order, inspected message by message; so is every conversation of every check."""
    await cancelled(bench.hand())


@page.add("two-offers", "Two entries that are made at once follow one another", "SEQ-1", "SEQ-3")
async def two_offers(bench: Bench) -> None:
    """Each names its immediate predecessor, and is later."""
    hand = bench.hand()
    thread, first = await offered(hand, "test: two offers")
    second = await hand.hear("offer.make", thread)
    must(second["inReplyTo"] == digest_of(first), "the second offer does not follow the first")


@page.add("times-across-threads", "Times increase across the threads of a relationship", "SEQ-3")
async def times_across_threads(bench: Bench) -> None:
    """Many threads, as fast as they go."""
    hand = bench.hand()
    for _ in range(4):
        await hand.accepted(proffer(hand), "proffered")
        await hand.accepted(unasked(hand), "given")


@page.add("stale-head", "A message that names a stale head is refused, and what was missed follows", "SEQ-4", "SEQ-5")
async def stale_head(bench: Bench) -> None:
    """The vendor's entries after the one that was named, and its receipts for the customer's."""
    hand = bench.hand()
    thread, made = await offered(hand)
    amended = await hand.accepted(hand.write("intent.amend", wish(), thread), "open")
    second = await hand.hear("offer.make", thread)
    late = hand.write("intent.amend", wish(), thread, after=hand.threads[thread][0])
    heard = await hand.refused(late, "stale-head", "/inReplyTo", "SEQ-4")
    must(heard.rest == [made, amended.receipt, second], f"{len(heard.rest)} other messages follow", "SEQ-5")


@page.add("stale-at-refused", "A message that names a refused one gets all entries of the thread", "SEQ-4", "SEQ-5")
async def stale_at_refused(bench: Bench) -> None:
    """What was refused is held, and is no entry."""
    hand = bench.hand()
    thread, made = await offered(hand)
    first = hand.threads[thread][0]
    refused = hand.sign(hand.write("intent.amend", wish(), thread, after=first))
    await hand.refused(refused, "stale-head", None, "SEQ-4")
    late = hand.write("intent.amend", wish(), thread, after=trust.digest(refused))
    heard = await hand.refused(late, "stale-head", "/inReplyTo", "SEQ-4")
    must(made in heard.rest and len(heard.rest) == 2, f"{len(heard.rest)} messages follow", "SEQ-5")


@page.add("unknown-head", "A message that answers one that is not here may come good", "SEQ-6")
async def unknown_head(bench: Bench) -> None:
    """It is not refused for good: the other may be on its way."""
    hand = bench.hand()
    thread, _ = await offered(hand)
    strange = hand.write("intent.amend", wish(), thread, after=NOWHERE)
    await hand.problem(hand.sign(strange), "unknown-head", "/inReplyTo")


@page.add("accept-crosses-offer", "An acceptance holds where only the vendor has spoken since", "SEQ-7", "OFR-11")
async def accept_crosses_offer(bench: Bench) -> None:
    """It names the cast as head, and the vendor has made two offers since."""
    hand = bench.hand()
    thread, made = await offered(hand, "test: two offers")
    await hand.hear("offer.make", thread)
    await hand.accepted(accept(hand, made, inReplyTo=hand.threads[thread][0]), "ordered")


@page.add("accept-after-own-word", "An acceptance is stale where the customer has spoken since", "SEQ-4")
async def accept_after_own_word(bench: Bench) -> None:
    """The exception is for the vendor's entries only."""
    hand = bench.hand()
    thread, made = await offered(hand)
    head = hand.threads[thread][-1]
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing"), thread), "open")
    await hand.refused(accept(hand, made, inReplyTo=head), "stale-head", "/inReplyTo", "SEQ-4")


@page.add("narrowing-expired", "A narrowing message is taken though it has expired", "SEQ-8")
async def narrowing_expired(bench: Bench) -> None:
    """Taking back has no deadline."""
    hand = bench.hand()
    document = unasked(hand)
    await hand.accepted(document, "given")
    await hand.accepted(no(hand, "consent.withdraw", document["thread"], expires=bench.now(-60)), "withdrawn")


@page.add("narrowing-stale", "A narrowing message is taken though its head is stale", "SEQ-8")
async def narrowing_stale(bench: Bench) -> None:
    """A decline of terms that have been accepted meanwhile ends the agreement."""
    hand = bench.hand()
    thread = await agreed(hand)
    stale = hand.threads[thread][0]
    await hand.accepted(no(hand, "terms.decline", thread, {"reason": "changedMind"}, inReplyTo=stale), "terminated")


@page.add("narrowing-unknown-head", "A narrowing message is taken though its head is not known", "SEQ-8")
async def narrowing_unknown_head(bench: Bench) -> None:
    """Whatever it names."""
    hand = bench.hand()
    document = unasked(hand)
    await hand.accepted(document, "given")
    await hand.accepted(no(hand, "consent.withdraw", document["thread"], inReplyTo=NOWHERE), "withdrawn")


@page.add("narrowing-any-date", "A narrowing message is taken whatever its date", "SEQ-8")
async def narrowing_any_date(bench: Bench) -> None:
    """A clock that is wrong does not bind."""
    for created in ("2001-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"):
        hand = bench.hand()
        document = unasked(hand)
        await hand.accepted(document, "given")
        await hand.accepted(no(hand, "consent.withdraw", document["thread"], created=created), "withdrawn")


@page.add("narrowing-first", "A narrowing message that comes before its thread takes the first place", "SEQ-9")
async def narrowing_first(bench: Bench) -> None:
    """And so bars the opener that comes late."""
    hand = bench.hand()
    document = unasked(hand)
    raw = hand.sign(document)
    thread = document["thread"]
    early = hand.write("consent.withdraw", {}, thread, after=trust.digest(raw))
    await hand.accepted(early, "none", "moot")
    heard = await hand.refused(raw, "stale-head", None, "SEQ-9")
    must(len(heard.rest) == 1, f"{len(heard.rest)} messages follow", "SEQ-5")


@page.add("moot-keeps-place", "A moot entry can be the head, and changes no state", "SEQ-10")
async def moot_keeps_place(bench: Bench) -> None:
    """A withdrawal of an intent that is an order already."""
    hand = bench.hand()
    thread, _ = await ordered(hand)
    await hand.accepted(no(hand, "intent.withdraw", thread), "ordered", "moot")
    await hand.accepted(no(hand, "order.cancel", thread, {"reason": "changedMind"}), "cancelled")


@page.add("refused-takes-no-place", "A refused message of a customer is no entry", "SEQ-2", "COR-3")
async def refused_takes_no_place(bench: Bench) -> None:
    """The next one goes on from the head before."""
    hand = bench.hand()
    document = cast(hand, "test: say nothing")
    thread = document["thread"]
    await hand.accepted(document, "open")
    await hand.refused(hand.write("intent.amend", wish(), thread, expires=bench.now(-1)), "expired")
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing", terms=[DP]), thread), "open")
