"""`spec/v1/core/page.md`: receipts and the mailbox."""

from ... import trust
from ..hand import Bench, Document, Hand
from ..suite import Page
from .says import agreed, cast, must, offered, opened, proffer

page: Page[Bench] = Page("core", "vendor")


@page.add("one-receipt", "A decided message has one receipt, in the answer and in the mailbox", "COR-1")
async def one_receipt(bench: Bench) -> None:
    """And no receipt has a receipt."""
    hand = bench.hand()
    documents = [proffer(hand), cast(hand), proffer(hand, expires=bench.now(-1))]
    digests = []
    for document in documents:
        raw = hand.sign(document)
        digests.append(trust.digest(raw))
        await hand.say(raw)
    found, cursor = await hand.collect()
    mine = [_receipt(hand, one) for one in found if one["type"] != "receipt"]
    more, _ = await hand.collect(after=cursor, receipts=mine)
    of = [one["body"]["of"] for one in [*found, *more] if one["type"] == "receipt"]
    must(sorted(of) == sorted(digests), f"{len(of)} receipts for {len(digests)} messages")


def _receipt(hand: Hand, entry: Document, outcome: str = "accepted", state: str = "active") -> Document:
    """The customer's receipt for an entry of the vendor's, signed."""
    body = {"of": trust.digest(trust.write(entry)), "outcome": outcome, "state": state}
    receipt = hand.write("receipt", body, entry["thread"], after="-", inReplyTo=None)
    signed: Document = trust.read(hand.sign(receipt))
    return signed


@page.add("receipts-collected", "A collect brings receipts; what is no good is passed over", "COR-7")
async def receipts_collected(bench: Bench) -> None:
    """One of a stranger's, one of another thread, one of nothing; the collect is answered all the same."""
    hand, stranger = bench.hand(), bench.hand()
    await agreed(hand)
    other = await opened(hand, proffer(hand, "test: say nothing"), "proffered")
    found, cursor = await hand.collect()
    entry = next(one for one in found if one["type"] == "terms.accept")
    elsewhere = _receipt(hand, {**entry, "thread": other})
    bad = [_receipt(stranger, entry), elsewhere, _receipt(hand, {**entry, "created": bench.now()})]
    for receipts in (bad, [_receipt(hand, entry)], [_receipt(hand, entry)]):
        more, _ = await hand.collect(after=cursor, receipts=receipts)
        must(more == [], "something new waits")


@page.add("receipt-malformed", "A receipt of a wrong form makes the collect malformed", "ENV-1")
async def receipt_malformed(bench: Bench) -> None:
    """It names the bad member."""
    hand = bench.hand()
    thread = await agreed(hand)
    body = {"of": hand.threads[thread][-1], "outcome": "accepted"}
    receipt = trust.read(hand.sign(hand.write("receipt", body, thread, inReplyTo=None)))
    raw = hand.sign(hand.collect_document(receipts=[receipt]))
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "malformed", "/body/receipts/0/body/state")


@page.add("state-of-the-fold", "The state of a receipt is that of the thread with its message", "COR-5")
async def state_of_the_fold(bench: Bench) -> None:
    """Not the one before, and not the one after the vendor's reply."""
    hand = bench.hand()
    document = cast(hand)
    await hand.accepted(document, "open")
    await hand.hear("offer.make", document["thread"])
    await hand.accepted(hand.write("intent.withdraw", {}, document["thread"]), "withdrawn")


@page.add("collect-off", "A collect that is dated more than two minutes off is refused", "COR-8")
async def collect_off(bench: Bench) -> None:
    """Both ways; one that is a minute off is answered."""
    hand = bench.hand()
    await agreed(hand)
    for seconds in (-130, 130):
        document = {**hand.collect_document(), "created": bench.now(seconds)}
        answer = await hand.post(hand.sign(document), "mailbox")
        hand.refused_unsigned(answer, "stale-collect", "/created")
    for seconds in (-60, 60):
        document = {**hand.collect_document(), "created": bench.now(seconds)}
        answer = await hand.post(hand.sign(document), "mailbox")
        must(answer.status == 200, f"a collect that is {seconds} s off is answered with {answer.status}")


@page.add("collect-once", "A collect is answered once", "COR-9")
async def collect_once(bench: Bench) -> None:
    """Whoever has copied it gets nothing; nor does another of the same id."""
    hand = bench.hand()
    await agreed(hand)
    document = hand.collect_document()
    raw = hand.sign(document)
    must((await hand.post(raw, "mailbox")).status == 200, "the first is not answered")
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "replayed")
    other = hand.sign({**document, "body": {"limit": 1}})
    hand.refused_unsigned(await hand.post(other, "mailbox"), "replayed")


@page.add("own-mailbox", "A collect opens the mailbox of its sender, and no other", "COR-10")
async def own_mailbox(bench: Bench) -> None:
    """A stranger's is empty; with another's DID nobody gets in."""
    owner, thief = bench.hand(), bench.hand()
    thread = await agreed(owner)
    await owner.collect()
    found, _ = await thief.collect()
    must(found == [], f"{len(found)} messages of somebody else")
    forged = thief.sign({**thief.collect_document(), "from": owner.did})
    thief.refused_unsigned(await thief.post(forged, "mailbox"), "wrong-key")
    await thief.accepted(proffer(thief), "proffered")
    found, _ = await thief.collect()
    must(all(one["to"] == thief.did and one["thread"] != thread for one in found), "messages of somebody else")


@page.add("collect-spoilt", "A collect is signed by its sender", "COR-10", "SIG-6")
async def collect_spoilt(bench: Bench) -> None:
    """Its signature is checked like that of a message."""
    hand = bench.hand()
    await agreed(hand)
    document = trust.read(hand.sign(hand.collect_document()))
    spoilt = trust.write({**document, "body": {"limit": 1}})
    hand.refused_unsigned(await hand.post(spoilt, "mailbox"), "bad-signature")


@page.add("until-acknowledged", "What waits comes again until a later cursor acknowledges it", "COR-11", "TRN-7")
async def until_acknowledged(bench: Bench) -> None:
    """From the beginning, from the same cursor, and no more after."""
    hand = bench.hand()
    await agreed(hand)
    first, cursor = await hand.collect()
    again, _ = await hand.collect()
    must(first == again and len(first) == 2, "not the same again")
    await hand.accepted(proffer(hand, "test: say nothing"), "proffered")
    rest, later = await hand.collect(after=cursor)
    same, _ = await hand.collect(after=cursor)
    must(rest == same and len(rest) == 1, "not the same again after a cursor")
    must((await hand.collect(after=later))[0] == [], "what was acknowledged comes again")


@page.add("page-by-page", "A limit is kept, and the cursor leads on", "COR-11", "TRN-7")
async def page_by_page(bench: Bench) -> None:
    """One message at a time, none lost and none twice."""
    hand = bench.hand()
    await offered(hand)
    await agreed(hand)
    whole, _ = await hand.collect()
    found, cursor = await hand.collect(limit=1)
    must(len(found) <= 1, f"{len(found)} messages, and 1 at most was asked for")
    while len(found) < len(whole) + 1:
        more, cursor = await hand.collect(limit=1, after=cursor)
        must(len(more) <= 1, f"{len(more)} messages, and 1 at most was asked for")
        found += more
        if not more:
            break
    must(found == whole, f"{len(found)} messages page by page, {len(whole)} at once")


@page.add("unknown-cursor", "A cursor that was not given out is refused", "COR-11")
async def unknown_cursor(bench: Bench) -> None:
    """It acknowledges nothing."""
    hand = bench.hand()
    await agreed(hand)
    raw = hand.sign(hand.collect_document(after="no-such-cursor"))
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "unknown-reference", "/body/after")


@page.add("collect-thread", "The thread of a collect is its own id", "COR-12", "ENV-3")
async def collect_thread(bench: Bench) -> None:
    """It is no part of any other."""
    hand = bench.hand()
    thread = await agreed(hand)
    raw = hand.sign({**hand.collect_document(), "thread": thread})
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "malformed", "/thread")
