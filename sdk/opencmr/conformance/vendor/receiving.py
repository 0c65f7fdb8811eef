"""`spec/v1/receiving.md`: the eleven checks, in their order."""

import uuid
from collections.abc import Callable

import orjson

from ... import trust
from ..hand import OTHER, Bench, Document, Hand, digest_of
from ..suite import Page
from .says import agreed, cast, must, no, offered, opened, proffer, unasked, unlinked, wish

page: Page[Bench] = Page("receiving", "vendor")

AHEAD, ELSEWHERE = 3600, "did:web:elsewhere.example"


def _spoilt(raw: bytes) -> bytes:
    """The same message with a signature of another one."""
    document = orjson.loads(raw)
    document["proof"]["proofValue"] = "z" + document["proof"]["proofValue"][:0:-1]
    return trust.canonicalize(document)


def _stranger(hand: Hand, **members: object) -> bytes:
    """An acceptance in a thread that nobody knows."""
    body = {"terms": OTHER}
    thread = uuid.uuid4().urn
    return hand.sign(hand.write("terms.accept", body, thread, **members))


ORDER: list[tuple[str, str, Callable[[Hand], bytes], str]] = [
    ("1-before-3", "not-canonical comes before wrong-addressee",
     lambda hand: hand.sign(proffer(hand, to=ELSEWHERE)) + b" ", "not-canonical"),
    ("3-before-4", "wrong-addressee comes before malformed",
     lambda hand: hand.sign(proffer(hand, to=ELSEWHERE, created="now")), "wrong-addressee"),
    ("version-before-type", "unsupported-version comes before unsupported-type",
     lambda hand: hand.sign(hand.write("terms.prefer", {}, opencmr="9.0")), "unsupported-version"),
    ("type-before-members", "unsupported-type comes before malformed",
     lambda hand: hand.sign(hand.write("terms.prefer", {}, created="now")), "unsupported-type"),
    ("4-before-5", "malformed comes before wrong-key where the envelope is wrong",
     lambda hand: hand.sign(proffer(hand, from_=trust.SigningKey.generate().did, created="now")), "malformed"),
    ("4-before-6", "malformed comes before bad-signature where the envelope is wrong",
     lambda hand: _spoilt(hand.sign(proffer(hand, extra="x"))), "malformed"),
    ("5-before-6", "wrong-key comes before bad-signature",
     lambda hand: _spoilt(hand.sign(proffer(hand, from_=trust.SigningKey.generate().did))), "wrong-key"),
    ("5-before-7", "wrong-key comes before malformed where the body is wrong",
     lambda hand: hand.sign(hand.write("terms.proffer", {}, from_=trust.SigningKey.generate().did)), "wrong-key"),
    ("6-before-7", "bad-signature comes before malformed where the body is wrong",
     lambda hand: _spoilt(hand.sign(hand.write("terms.proffer", {}))), "bad-signature"),
    ("7-before-8", "malformed comes before unknown-thread",
     lambda hand: hand.sign(hand.write("terms.accept", {}, uuid.uuid4().urn)), "malformed"),
    ("7-before-9", "malformed comes before too-early",
     lambda hand: hand.sign(hand.write("terms.proffer", {}, created=hand.bench.now(AHEAD))), "malformed"),
    ("6-before-8", "bad-signature comes before unknown-thread", lambda hand: _spoilt(_stranger(hand)),
     "bad-signature"),
    ("6-before-9", "bad-signature comes before too-early",
     lambda hand: _spoilt(hand.sign(proffer(hand, created=hand.bench.now(AHEAD)))), "bad-signature"),
    ("8-before-9", "unknown-thread comes before too-early",
     lambda hand: _stranger(hand, created=hand.bench.now(AHEAD)), "unknown-thread"),
]  # fmt: skip


def _ordering(broken: Callable[[Hand], bytes], code: str) -> Callable[[Bench], object]:
    async def ordering(bench: Bench) -> None:
        hand = Hand(bench)
        await hand.problem(broken(hand), code)

    return ordering


for _slug, _title, _broken, _code in ORDER:
    page.add(_slug, _title, "RCV-1")(_ordering(_broken, _code))  # type: ignore[arg-type]


@page.add("mailbox-type-first", "At the mailbox, unsupported-type comes before key, signature and body", "RCV-1")
async def mailbox_type_first(bench: Bench) -> None:
    """An entry is not for the mailbox, whoever has forged it: it is answered as a right one is there."""
    hand, other = Hand(bench), Hand(bench)
    forged = (
        hand.sign(proffer(hand, from_=other.did)),
        _spoilt(hand.sign(proffer(hand))),
        hand.sign(hand.write("terms.proffer", {})),
        hand.sign(proffer(hand)),
    )
    for raw in forged:
        hand.refused_unsigned(await hand.post(raw, "mailbox"), "unsupported-type", "/type")


@page.add("2-before-3", "conflict comes before wrong-addressee", "RCV-1", "RCV-6")
async def two_before_three(bench: Bench) -> None:
    """The id was used before."""
    hand = Hand(bench)
    document = proffer(hand)
    await hand.accepted(document, "proffered")
    await hand.problem(hand.sign({**document, "to": ELSEWHERE}), "conflict", "/id")


@page.add("9-before-10", "too-early comes before stale, expired before stale, stale before wrong-state", "RCV-1")
async def nine_before_ten(bench: Bench) -> None:
    """And a wrong state before a rule across members."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    blind = unlinked(hand)
    early = hand.write("intent.amend", wish(), thread, created=bench.now(AHEAD), **blind)
    await hand.problem(hand.sign(early), "too-early")
    late = hand.write("intent.amend", wish(), thread, expires=bench.now(-1), **blind)
    await hand.refused(late, "expired", "/expires", "RCV-1")
    disclose = {"discloses": [{"data": "pd:Name", "value": "x"}]}
    await hand.refused(hand.write("order.disclose", disclose, thread, **blind), "stale", "/seen", "RCV-1")
    terms = await opened(hand, proffer(hand, "test: say nothing"), "proffered")
    bad = {"id": "SD-BASE", "digest": OTHER["digest"]}
    await hand.refused(hand.write("terms.accept", {"terms": bad}, terms), "wrong-side", "/type", "RCV-1")


@page.add("nothing-stored-unsigned", "Nothing is stored of a message whose signature does not hold", "RCV-2")
async def nothing_stored_unsigned(bench: Bench) -> None:
    """Its id is free: somebody who spoils a message on the way does not bar it."""
    hand = Hand(bench)
    document = proffer(hand)
    raw = hand.sign(document)
    await hand.problem(_spoilt(raw), "bad-signature")
    await hand.problem(hand.sign({**document, "extra": "x"}), "malformed")
    await hand.accepted(raw, "proffered")


@page.add("malformed-not-stored", "A malformed message gets no signed receipt", "RCV-2")
async def malformed_not_stored(bench: Bench) -> None:
    """And is not in the mailbox either."""
    hand = Hand(bench)
    await agreed(hand)
    await hand.problem(hand.sign(hand.write("terms.proffer", {})), "malformed")
    must((await hand.collect())[0] == [], "something was stored")


@page.add("final-refusal-signed", "A final refusal is signed, stored, and final", "RCV-4", "RCV-5")
async def final_refusal_signed(bench: Bench) -> None:
    """The same bytes get the same receipt, and it waits in the mailbox."""
    hand = Hand(bench)
    raw = hand.sign(proffer(hand, expires=bench.now(-1)))
    first = await hand.refused(raw, "expired", "/expires", "RCV-4")
    again = await hand.refused(raw, "expired", "/expires", "RCV-5")
    must(again.receipt == first.receipt, "another receipt for the same bytes", "RCV-5")
    found, _ = await hand.collect(seen=None)
    must(first.receipt in found, "the receipt does not wait in the mailbox")


@page.add("same-bytes-same-receipt", "The same bytes get the same receipt, byte for byte", "RCV-5")
async def same_bytes_same_receipt(bench: Bench) -> None:
    """Also after the thread has gone on."""
    hand = Hand(bench)
    raw = hand.sign(proffer(hand))
    first = await hand.accepted(raw, "proffered")
    thread = first.receipt["thread"]
    await hand.hear("terms.accept", thread)
    await hand.accepted(no(hand, "terms.terminate", thread), "terminated")
    again = hand.heard(raw, await hand.post(raw))
    must(again.receipt == first.receipt, "another receipt")


@page.add("known-message-nothing-else", "A known message gets its receipt alone", "RCV-7")
async def known_message_nothing_else(bench: Bench) -> None:
    """Whoever has copied it learns nothing newer: no reply, no missing message."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    for document in (cast(hand), hand.write("intent.amend", wish(), thread, **unlinked(hand))):
        raw = hand.sign(document)
        await hand.say(raw)
        again = await hand.say(raw)
        must(again.rest == [], f"{len(again.rest)} messages more")


@page.add("conflict", "An id that was used for other bytes is refused", "RCV-6")
async def conflict(bench: Bench) -> None:
    """Also where the first message was refused."""
    hand = Hand(bench)
    for document in (proffer(hand), proffer(hand, expires=bench.now(-1))):
        await hand.say(document)
        await hand.problem(hand.sign({**document, "body": {**document["body"], "note": "other"}}), "conflict", "/id")


@page.add("ids-of-others", "An id that another sender has used is free", "RCV-6", "RCV-9")
async def ids_of_others(bench: Bench) -> None:
    """Ids are unique for each sender, and tell nothing about others."""
    one, other = Hand(bench), Hand(bench)
    document = proffer(one)
    await one.accepted(document, "proffered")
    await other.accepted(proffer(other, id=document["id"], thread_=document["id"]), "proffered")


@page.add("wrong-addressee", "A message to somebody else is refused", "RCV-8")
async def wrong_addressee(bench: Bench) -> None:
    """Also one that is well signed."""
    hand = Hand(bench)
    await hand.problem(hand.sign(proffer(hand, to=ELSEWHERE)), "wrong-addressee", "/to")


@page.add("threads-of-others", "A thread of others does not exist", "RCV-9")
async def threads_of_others(bench: Bench) -> None:
    """The answer is that of a thread that nobody has."""
    owner, stranger = Hand(bench), Hand(bench)
    thread = await agreed(owner)
    for stranger_now in (stranger, await _customer(bench)):
        document = stranger_now.write("terms.accept", {"terms": OTHER}, thread)
        problem = await stranger_now.problem(stranger_now.sign(document), "unknown-thread", "/thread")
        nobodys = stranger_now.write("terms.accept", {"terms": OTHER}, uuid.uuid4().urn)
        same = await stranger_now.problem(stranger_now.sign(nobodys), "unknown-thread", "/thread")
        must(problem == same, "the answer tells that the thread exists")


async def _customer(bench: Bench) -> Hand:
    hand = Hand(bench)
    await agreed(hand)
    return hand


@page.add("stranger-takes-nothing-back", "A stranger's no-word does not touch the thread of others", "RCV-9")
async def stranger_takes_nothing_back(bench: Bench) -> None:
    """It takes the first place of a thread of the stranger's own."""
    owner, stranger = Hand(bench), Hand(bench)
    thread = await opened(owner, unasked(owner), "given")
    await stranger.accepted(no(stranger, "consent.withdraw", thread), "none", "moot")
    await owner.accepted(no(owner, "consent.refuse", thread, {"keys": ["nothing"]}), "given", "moot")


@page.add("too-early", "A message dated over 5 minutes ahead may come good later", "RCV-10")
async def too_early(bench: Bench) -> None:
    """One that is dated 4 minutes ahead is taken."""
    hand = Hand(bench)
    await hand.problem(hand.sign(proffer(hand, created=bench.now(330))), "too-early", "/created")
    await hand.accepted(proffer(hand, created=bench.now(240)), "proffered")


@page.add("expired", "A message that has expired is refused", "RCV-11")
async def expired(bench: Bench) -> None:
    """`expires` is exclusive, and one in the future bars nothing."""
    hand = Hand(bench)
    await hand.refused(proffer(hand, expires=bench.now(-1)), "expired", "/expires", "RCV-11")
    await hand.accepted(proffer(hand, expires=bench.now(60)), "proffered")


@page.add("handler-fails", "A message that could not be worked on leaves nothing behind", "RCV-1")
async def handler_fails(bench: Bench) -> None:
    """Test mode: a proffer that makes its handler fail. Its thread is not known after."""
    hand = Hand(bench)
    document = proffer(hand, "test: fail")
    raw = hand.sign(document)
    for _ in range(2):
        await hand.problem(raw, ("handler-failed", "overloaded"))
    later = hand.write("terms.accept", {"terms": OTHER}, document["thread"])
    await hand.problem(hand.sign(later), "unknown-thread")


@page.add("narrowing-does-not-wait", "A failing handler does not keep a withdrawal from taking effect", "RCV-14")
async def narrowing_does_not_wait(bench: Bench) -> None:
    """Test mode: a withdrawal whose handler fails."""
    hand = Hand(bench)
    thread = await opened(hand, unasked(hand), "given")
    document: Document = no(hand, "consent.withdraw", thread, {"reason": "test-fail"})
    await hand.accepted(document, "withdrawn")
    must(hand.threads[thread][-1] == digest_of(orjson.loads(hand.sign(document))), "it has no place")
