"""`spec/v1/core/page.md`: receipts and the mailbox."""

import asyncio

from ... import trust
from ..hand import Bench, Document, Hand
from ..inspecting import bundle
from ..suite import Page
from .says import agreed, cast, must, no, offered, opened, proffer, unasked

page: Page[Bench] = Page("core", "vendor")


@page.add("one-receipt", "A decided message has one receipt, in the answer and in the mailbox", "COR-1")
async def one_receipt(bench: Bench) -> None:
    """And no receipt has a receipt."""
    hand = Hand(bench)
    digests = []
    for document in (proffer(hand), cast(hand), proffer(hand, expires=bench.now(-1))):
        raw = hand.sign(document)
        digests.append(trust.digest(raw))
        await hand.say(raw)
    found, _ = await hand.collect(seen=None)
    mine = [hand.receipt(one) for one in found if one["type"] != "receipt"]
    more, _ = await hand.collect(receipts=mine)
    of = [one["body"]["of"] for one in [*found, *more] if one["type"] == "receipt"]
    must(sorted(of) == sorted(digests), f"{len(of)} receipts for {len(digests)} messages")


@page.add("receipts-collected", "A collect brings receipts; what is no good is passed over", "COR-7")
async def receipts_collected(bench: Bench) -> None:
    """One of a stranger's, one of another thread, one of nothing; the collect is answered all the same."""
    hand, stranger = Hand(bench), Hand(bench)
    thread = await agreed(hand)
    other = await opened(hand, proffer(hand, "test: say nothing"), "proffered")
    entry = next(one for one in (await hand.collect(seen=None))[0] if one["type"] == "terms.accept")
    elsewhere = hand.receipt(entry, thread_=other)
    must(entry["thread"] == thread, "the acceptance is in another thread")
    bad = [stranger.receipt(entry), elsewhere, hand.receipt({**entry, "created": bench.now()})]
    for receipts in (bad, [hand.receipt(entry)], [hand.receipt(entry)]):
        more, _ = await hand.collect(receipts=receipts)
        must(more == [], "something new waits")


@page.add("receipt-malformed", "A receipt of a wrong form makes the collect malformed", "ENV-1", "ENV-13")
async def receipt_malformed(bench: Bench) -> None:
    """It names the bad member. A customer's receipt has no place of its own, so it has neither number nor links."""
    hand = Hand(bench)
    thread = await agreed(hand)
    entry = next(one for one in (await hand.collect(seen=None))[0] if one["thread"] == thread and "body" in one)
    stateless = hand.write("receipt", {"of": hand.threads[thread][-1], "outcome": "accepted"}, thread)
    for receipt, bad in (
        (trust.parse(hand.sign(stateless)), "body/state"),
        (hand.receipt(entry, number=1), "number"),
        (hand.receipt(entry, prior=hand.tip), "prior"),
        (hand.receipt(entry, seen=hand.tip), "seen"),
    ):
        raw = hand.sign(hand.collect_document(receipts=[receipt]))
        hand.refused_unsigned(await hand.post(raw, "mailbox"), "malformed", f"/body/receipts/0/{bad}")


@page.add("state-of-the-fold", "The state of a receipt is that of the thread with its message", "COR-5")
async def state_of_the_fold(bench: Bench) -> None:
    """Not the one before, and not the one after the vendor's reply."""
    hand = Hand(bench)
    document = cast(hand)
    await hand.accepted(document, "open")
    await hand.hear("offer.make", document["thread"])
    await hand.accepted(hand.write("intent.withdraw", {}, document["thread"]), "withdrawn")


@page.add("collect-off", "A collect that is dated more than two minutes off is refused", "COR-8")
async def collect_off(bench: Bench) -> None:
    """Both ways; one that is a minute off is answered."""
    hand = Hand(bench)
    await agreed(hand)
    for seconds in (-130, 130):
        document = {**hand.collect_document(), "created": bench.now(seconds)}
        answer = await hand.post(hand.sign(document), "mailbox")
        hand.refused_unsigned(answer, "stale-request", "/created", "mailbox.collect")
    for seconds in (-60, 60):
        document = {**hand.collect_document(), "created": bench.now(seconds)}
        answer = await hand.post(hand.sign(document), "mailbox")
        must(answer.status == 200, f"a collect that is {seconds} s off is answered with {answer.status}")


@page.add("collect-once", "A collect is answered once", "COR-9")
async def collect_once(bench: Bench) -> None:
    """Whoever has copied it gets nothing; nor does another of the same id."""
    hand = Hand(bench)
    await agreed(hand)
    document = hand.collect_document()
    raw = hand.sign(document)
    must((await hand.post(raw, "mailbox")).status == 200, "the first is not answered")
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "replayed", "/id", "mailbox.collect")
    other = hand.sign({**document, "body": {"limit": 1}})
    hand.refused_unsigned(await hand.post(other, "mailbox"), "replayed", "/id", "mailbox.collect")


@page.add("own-mailbox", "A collect opens the mailbox of its sender, and no other", "COR-10")
async def own_mailbox(bench: Bench) -> None:
    """A stranger's is empty; with another's DID nobody gets in."""
    owner, thief = Hand(bench), Hand(bench)
    await agreed(owner)
    await owner.collect()
    found, _ = await thief.collect()
    must(found == [], f"{len(found)} messages of somebody else")
    forged = thief.sign({**thief.collect_document(), "from": owner.did})
    thief.refused_unsigned(await thief.post(forged, "mailbox"), "wrong-key")
    await thief.accepted(proffer(thief, "test: say nothing"), "proffered")
    found, _ = await thief.collect(seen=None)
    must([one["type"] for one in found] == ["receipt"], "messages of somebody else")


@page.add("collect-spoilt", "A collect is signed by its sender", "COR-10", "SIG-6")
async def collect_spoilt(bench: Bench) -> None:
    """Its signature is checked like that of a message."""
    hand = Hand(bench)
    await agreed(hand)
    document = trust.parse(hand.sign(hand.collect_document()))
    spoilt = trust.canonicalize({**document, "body": {"limit": 1}})
    hand.refused_unsigned(await hand.post(spoilt, "mailbox"), "bad-signature")


@page.add("after-what-was-seen", "The mailbox gives all after what was seen, as often as it is asked",
          "TRN-7")  # fmt: skip
async def after_what_was_seen(bench: Bench) -> None:
    """From the beginning, from the middle, and nothing from the end; also what had been seen before."""
    hand = Hand(bench)
    await agreed(hand)
    first, _ = await hand.collect(seen=None)
    must(len(first) == 2, f"{len(first)} words wait, and 2 were said")
    await hand.accepted(proffer(hand, "test: say nothing"), "proffered")
    must((await hand.collect())[0] == [], "what was seen comes again")
    for _ in range(2):
        for seen in range(3):
            found, more = await hand.collect(seen=hand.words[seen - 1] if seen else None, after=seen)
            must(len(found) == 3 - seen and not more, f"{len(found)} words after number {seen} of 3")


@page.add("own-words-come-back", "With each receipt comes the customer's own message that it answers", "SEQ-34")
async def own_words_come_back(bench: Bench) -> None:
    """Accepted, moot and refused ones; whoever has nothing but their key gets all of it."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    await hand.refused(proffer(hand, expires=bench.now(-1)), "expired")
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn")
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn", "moot")
    lost = hand.twin(forgetful=True)
    found, _ = await lost.collect()
    must(len(found) == 4 and lost.held_after(0) == hand.held_after(0), "it is not all that was said")


@page.add("page-by-page", "A limit is kept, and what was seen leads on", "TRN-7")
async def page_by_page(bench: Bench) -> None:
    """One word at a time, none lost and none twice; `more` says when to go on."""
    hand = Hand(bench)
    await offered(hand)
    await agreed(hand)
    whole, _ = await hand.collect(seen=None)
    found, seen, more = list[Document](), None, True
    while more:
        some, more = await hand.collect(seen=seen, after=len(found), limit=1)
        must(len(some) <= 1, f"{len(some)} words, and 1 at most was asked for")
        must(more == (len(found) + len(some) < len(whole)), "more is not what it says", "TRN-7")
        found += some
        seen = hand.words[len(found) - 1] if found else None
    must(found == whole, f"{len(found)} words page by page, {len(whole)} at once")


@page.add(
    "nobody-waits-for-nothing", "Whoever the vendor does not know has an empty mailbox, at once", "COR-10", "TRN-7"
)
async def nobody_waits_for_nothing(bench: Bench) -> None:
    """Nothing can come to them, so no request is held, whatever `wait` says. Such a collect, too, is answered once."""
    hand = Hand(bench)
    loop = asyncio.get_running_loop()
    began = loop.time()
    raw = hand.sign(hand.collect_document(wait=30))
    found, more = bundle(await hand.post(raw, "mailbox"), mailbox=True)
    must(found == [] and not more, "there is something in it")
    must(loop.time() - began < 3 + 2 * bench.latency, "it was held")
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "replayed", "/id", "mailbox.collect")


@page.add("collect-thread", "The thread of a collect is its own id", "ENV-3")
async def collect_thread(bench: Bench) -> None:
    """It is no part of any other."""
    hand = Hand(bench)
    thread = await agreed(hand)
    raw = hand.sign({**hand.collect_document(), "thread": thread})
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "malformed", "/thread")
