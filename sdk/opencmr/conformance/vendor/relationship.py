"""`spec/v1/relationship/page.md`."""

from typing import Any

from ... import trust
from ...trust import key_digest
from ..bench import Bench
from ..hand import BASE, Document, Hand
from ..inspecting import stated
from ..suite import Page
from .intent import agreed_on, no_offer, on_the_first
from .says import must, no, opened, proffer, unasked

page: Page[Bench] = Page("relationship", "vendor")


def fresh() -> trust.SigningKey:
    """A key that nobody has seen."""
    return trust.SigningKey.generate()


def opening(hand: Hand, following: trust.SigningKey, **members: Any) -> Document:
    """The customer's first word."""
    return hand.write("relationship.open", {"next": key_digest(following.public)}, **members)


def becomes(hand: Hand, key: trust.SigningKey) -> None:
    """The customer speaks under another key from now on."""
    hand.did, hand.key, hand.method = key.did, key, trust.key_url(key.did)


def stranger(hand: Hand) -> Hand:
    """Somebody else."""
    return Hand(hand.bench, fresh())


def move(hand: Hand, thread: str, was: str, **members: Any) -> Document:
    """A move of whoever speaks now."""
    return hand.write("relationship.move", {"was": was, "next": key_digest(fresh().public)}, thread, **members)


async def moved(hand: Hand) -> tuple[str, Hand]:
    """A relationship that has moved: its thread, and the customer as they were before."""
    following = fresh()
    thread = await opened(hand, opening(hand, following), "open")
    before = hand.twin()
    becomes(hand, following)
    await hand.accepted(move(hand, thread, before.did), "open")
    return thread, before


@page.add("first-word", "A relationship is opened by the customer's first word, and by no other", "REL-1")
async def first_word(bench: Bench) -> None:
    """Whoever has stolen the key cannot say it later."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    late = opening(hand, fresh(), prior=None, seen=None)
    await hand.refused(late, "wrong-state", "/type", "REL-1")
    again = Hand(bench)
    await opened(again, opening(again, fresh()), "open")
    await again.refused(opening(again, fresh(), prior=None, seen=None), "wrong-state", "/type", "REL-1")
    following = Hand(bench)
    await following.refused(opening(following, fresh(), prior=hand.last), "wrong-state", "/type", "REL-1")


@page.add("next-itself", "A key announces another one", "REL-3")
async def next_itself(bench: Bench) -> None:
    """Neither itself, nor one that has spoken before."""
    hand = Hand(bench)
    await hand.refused(opening(hand, hand.key), "wrong-state", "/body/next", "REL-3")
    hand, following = Hand(bench), fresh()
    thread = await opened(hand, opening(hand, following), "open")
    was, first = hand.did, hand.key
    becomes(hand, following)
    for spent in (first, following):
        body = {"was": was, "next": key_digest(spent.public)}
        await hand.refused(hand.write("relationship.move", body, thread), "wrong-state", "/body/next", "REL-3")


@page.add("goes-on", "After a move, threads, chain and mailbox go on under the new key", "REL-6")
async def goes_on(bench: Bench) -> None:
    """What was given can be taken back, and what is said comes."""
    hand, following = Hand(bench), fresh()
    thread = await opened(hand, opening(hand, following), "open")
    given = await opened(hand, unasked(hand), "given")
    was = hand.did
    becomes(hand, following)
    await hand.accepted(move(hand, thread, was), "open")
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn")
    agreed = await opened(hand, proffer(hand), "proffered")
    await hand.hear("terms.accept", agreed)


@page.add("only-the-announced", "Only the announced key moves a relationship, and strangers learn nothing", "REL-4")
async def only_the_announced(bench: Bench) -> None:
    """Whether there is such a relationship, whether it was opened, and what it has announced: all one answer."""
    hand, closed = Hand(bench), Hand(bench)
    thread = await opened(hand, opening(hand, fresh()), "open")
    unopened = await opened(closed, unasked(closed), "given")
    told = []
    for where, was in ((thread, hand.did), (unopened, closed.did), (thread, fresh().did)):
        other = stranger(hand)
        document = move(other, where, was, prior=None, seen=None)
        told.append(await other.problem(other.sign(document), "wrong-key", "/from"))
    must(told[0] == told[1] == told[2], "the answers tell which of these relationships there are", "REL-4")
    itself = move(hand, thread, hand.did)
    await hand.problem(hand.sign(itself), "malformed", "/body/was")


@page.add("two-moves", "Of two moves the first one counts, and the second is refused", "REL-4")
async def two_moves(bench: Bench) -> None:
    """It comes from another device that has the same key."""
    hand = Hand(bench)
    thread, before = await moved(hand)
    await hand.refused(move(hand, thread, before.did), "wrong-state", "/body/was", "REL-4")


@page.add("never-stale", "A move is never stale: no thief can hold it up by closing", "REL-5")
async def never_stale(bench: Bench) -> None:
    """It knows nothing of what was said since the opening."""
    hand, following = Hand(bench), fresh()
    thread = await opened(hand, opening(hand, following), "open")
    thief = hand.twin()
    for _ in range(2):
        await thief.accepted(no(thief, "relationship.close", thread), "closed")
    await hand.collect()
    was = hand.did
    becomes(hand, following)
    blind = move(hand, thread, was, prior=hand.threads[thread][0], seen=hand.words[0])
    heard = await hand.say(blind)
    must(heard.code != "stale", "a move is refused as stale", "REL-5")
    must(heard.state == "open", f"a move leaves it {heard.state or heard.code}")


@page.add("moved", "What comes under a former key is answered with moved, and what is known as then", "REL-7", "RCV-5")
async def former(bench: Bench) -> None:
    """Once the signature holds: whoever has not the former key learns nothing."""
    start, following = Hand(bench), fresh()
    thread = await opened(start, opening(start, following), "open")
    known = start.sign(unasked(start))
    before = await start.say(known)
    old = start.twin()
    becomes(start, following)
    await start.accepted(move(start, thread, old.did), "open")
    must((await old.say(known)).receipt == before.receipt, "known bytes got another answer", "RCV-5")
    for document in (unasked(old), no(old, "relationship.close", thread)):
        await old.problem(old.sign(document), "moved", "/from")
    asked = await old.post(old.sign(old.collect_document()), "mailbox")
    old.refused_unsigned(asked, "moved", "/from")
    forged = stranger(start)
    forged.did, forged.method = old.did, old.method
    problem = stated(await forged.post(forged.sign(unasked(forged))))
    must(str(problem.get("type", "")).endswith("#bad-signature"), "it tells before the signature holds", "REL-7")


@page.add("close", "A close takes effect in every state, also in a thread of its own", "SEQ-8")
async def close(bench: Bench) -> None:
    """Where the relationship was opened, where not, where it was closed before, and after a move."""
    hand = Hand(bench)
    await hand.accepted(hand.write("relationship.close", {}), "closed")
    hand = Hand(bench)
    thread, _ = await moved(hand)
    for _ in range(2):
        await hand.accepted(no(hand, "relationship.close", thread), "closed")


@page.add("close-denies", "What was granted before a close bears no offer", "REL-8")
async def close_denies(bench: Bench) -> None:
    """A later yes to something else, and new terms, do not lift it."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    await hand.accepted(hand.write("relationship.close", {}), "closed")
    await agreed_on(hand, BASE)
    await hand.accepted(on_the_first(hand, given), "given")
    await no_offer(hand)


@page.add("close-terms", "A proffer that does not know a close is stale", "TRM-12")
async def close_terms(bench: Bench) -> None:
    """It ends the terms of every scope."""
    hand = Hand(bench)
    await opened(hand, opening(hand, fresh()), "open")
    known: dict[str, Any] = {"prior": hand.last, "seen": hand.tip}
    await hand.accepted(hand.write("relationship.close", {}), "closed")
    await hand.refused(proffer(hand, **known), "stale", "/seen", "TRM-12")
