"""`spec/v1/receiving.md`: the ten checks, in their order."""

import uuid
from collections.abc import Callable

import orjson

from ... import trust
from ..hand import NOWHERE, OTHER, Bench, Document, Hand, digest_of
from ..suite import Page
from .says import agreed, cast, must, no, offered, opened, proffer, unasked, wish

page: Page[Bench] = Page("receiving", "vendor")

AHEAD, ELSEWHERE = 3600, "did:web:elsewhere.example"


def _spoilt(raw: bytes) -> bytes:
    """The same message with a signature of another one."""
    document = orjson.loads(raw)
    document["proof"]["proofValue"] = "z" + document["proof"]["proofValue"][:0:-1]
    return trust.write(document)


def _stranger(hand: Hand, **members: object) -> bytes:
    """An acceptance in a thread that nobody knows."""
    body = {"terms": OTHER}
    thread = uuid.uuid4().urn
    return hand.sign(hand.write("terms.accept", body, thread, after=NOWHERE, **members))


ORDER: list[tuple[str, str, Callable[[Hand], bytes], str]] = [
    ("1-before-3", "not-canonical comes before wrong-addressee",
     lambda hand: hand.sign(proffer(hand, to=ELSEWHERE)) + b" ", "not-canonical"),
    ("3-before-4", "wrong-addressee comes before malformed",
     lambda hand: hand.sign(hand.write("terms.proffer", {}, to=ELSEWHERE)), "wrong-addressee"),
    ("version-before-type", "unsupported-version comes before unsupported-type",
     lambda hand: hand.sign(hand.write("terms.prefer", {}, opencmr="9.0")), "unsupported-version"),
    ("type-before-model", "unsupported-type comes before malformed",
     lambda hand: hand.sign(hand.write("terms.prefer", {}, created="now")), "unsupported-type"),
    ("4-before-5", "malformed comes before wrong-key",
     lambda hand: hand.sign(hand.write("terms.proffer", {}, from_=trust.SigningKey.generate().did)), "malformed"),
    ("5-before-6", "wrong-key comes before bad-signature",
     lambda hand: _spoilt(hand.sign(proffer(hand, from_=trust.SigningKey.generate().did))), "wrong-key"),
    ("6-before-7", "bad-signature comes before unknown-thread", lambda hand: _spoilt(_stranger(hand)),
     "bad-signature"),
    ("6-before-8", "bad-signature comes before too-early",
     lambda hand: _spoilt(hand.sign(proffer(hand, created=hand.bench.now(AHEAD)))), "bad-signature"),
    ("7-before-8", "unknown-thread comes before too-early",
     lambda hand: _stranger(hand, created=hand.bench.now(AHEAD)), "unknown-thread"),
]  # fmt: skip


def _ordering(broken: Callable[[Hand], bytes], code: str) -> Callable[[Bench], object]:
    async def ordering(bench: Bench) -> None:
        hand = bench.hand()
        await hand.problem(broken(hand), code)

    return ordering


for _slug, _title, _broken, _code in ORDER:
    page.add(_slug, _title, "RCV-1")(_ordering(_broken, _code))  # type: ignore[arg-type]


@page.add("2-before-3", "conflict comes before wrong-addressee", "RCV-1", "RCV-6")
async def two_before_three(bench: Bench) -> None:
    """The id was used before."""
    hand = bench.hand()
    document = proffer(hand)
    await hand.accepted(document, "proffered")
    await hand.problem(hand.sign({**document, "to": ELSEWHERE}), "conflict", "/id")


@page.add("8-before-9", "expired comes before stale-head, unknown-head before wrong-state", "RCV-1")
async def eight_before_nine(bench: Bench) -> None:
    """And a wrong state before a rule across members."""
    hand = bench.hand()
    thread, _ = await offered(hand)
    first, past = hand.threads[thread][0], bench.now(-1)
    late = hand.write("intent.amend", wish(), thread, after=first, expires=past)
    await hand.refused(late, "expired", "/expires", "RCV-1")
    strange = hand.write("order.disclose", {"discloses": [{"data": "pd:Name", "value": "x"}]}, thread, after=NOWHERE)
    await hand.problem(hand.sign(strange), "unknown-head")
    terms = await opened(hand, proffer(hand, "test: say nothing"), "proffered")
    bad = {"id": "SD-BASE", "digest": OTHER["digest"]}
    await hand.refused(hand.write("terms.accept", {"terms": bad}, terms), "wrong-side", "/type", "RCV-1")


@page.add("nothing-stored-unsigned", "Nothing is stored of a message whose signature does not hold", "RCV-2")
async def nothing_stored_unsigned(bench: Bench) -> None:
    """Its id is free: somebody who spoils a message on the way does not bar it."""
    hand = bench.hand()
    document = proffer(hand)
    raw = hand.sign(document)
    await hand.problem(_spoilt(raw), "bad-signature")
    await hand.problem(hand.sign({**document, "extra": "x"}), "malformed")
    await hand.accepted(raw, "proffered")


@page.add("malformed-not-stored", "A malformed message gets no signed receipt", "RCV-2")
async def malformed_not_stored(bench: Bench) -> None:
    """And is not in the mailbox either."""
    hand = bench.hand()
    await agreed(hand)
    _, cursor = await hand.collect()
    await hand.problem(hand.sign(hand.write("terms.proffer", {})), "malformed")
    must((await hand.collect(after=cursor))[0] == [], "something was stored")


@page.add("final-refusal-signed", "A final refusal is signed, stored, and final", "RCV-4", "COR-2")
async def final_refusal_signed(bench: Bench) -> None:
    """The same bytes get the same receipt, and it waits in the mailbox."""
    hand = bench.hand()
    raw = hand.sign(proffer(hand, expires=bench.now(-1)))
    first = await hand.refused(raw, "expired", "/expires", "RCV-4")
    again = await hand.refused(raw, "expired", "/expires", "COR-2")
    must(again.receipt == first.receipt, "another receipt for the same bytes", "COR-2")
    found, _ = await hand.collect()
    must(first.receipt in found, "the receipt does not wait in the mailbox")


@page.add("same-bytes-same-receipt", "The same bytes get the same receipt, byte for byte", "RCV-5", "COR-2")
async def same_bytes_same_receipt(bench: Bench) -> None:
    """Also after the thread has gone on."""
    hand = bench.hand()
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
    hand = bench.hand()
    thread, _ = await offered(hand)
    raws = [hand.sign(cast(hand)), hand.sign(hand.write("intent.amend", wish(), thread, after=hand.threads[thread][0]))]
    for raw in raws:
        await hand.say(raw)
        again = await hand.say(raw)
        must(again.rest == [], f"{len(again.rest)} messages more")


@page.add("conflict", "An id that was used for other bytes is refused", "RCV-6")
async def conflict(bench: Bench) -> None:
    """Also where the first message was refused."""
    hand = bench.hand()
    for document in (proffer(hand), proffer(hand, expires=bench.now(-1))):
        await hand.say(document)
        await hand.problem(hand.sign({**document, "body": {**document["body"], "note": "other"}}), "conflict", "/id")


@page.add("ids-of-others", "An id that another sender has used is free", "RCV-6", "RCV-9")
async def ids_of_others(bench: Bench) -> None:
    """Ids are unique for each sender, and tell nothing about others."""
    one, other = bench.hand(), bench.hand()
    document = proffer(one)
    await one.accepted(document, "proffered")
    await other.accepted(proffer(other, id=document["id"], thread_=document["id"]), "proffered")


@page.add("wrong-addressee", "A message to somebody else is refused", "RCV-8")
async def wrong_addressee(bench: Bench) -> None:
    """Also one that is well signed."""
    hand = bench.hand()
    await hand.problem(hand.sign(proffer(hand, to=ELSEWHERE)), "wrong-addressee", "/to")


@page.add("threads-of-others", "A thread of others does not exist", "RCV-9")
async def threads_of_others(bench: Bench) -> None:
    """The answer is that of a thread that nobody has."""
    owner, stranger = bench.hand(), bench.hand()
    thread = await agreed(owner)
    head = owner.threads[thread][-1]
    for known, stranger_now in ((thread, stranger), (thread, await _customer(bench))):
        document = stranger_now.write("terms.accept", {"terms": OTHER}, known, after=head)
        problem = await stranger_now.problem(stranger_now.sign(document), "unknown-thread", "/thread")
        nobodys = stranger_now.write("terms.accept", {"terms": OTHER}, uuid.uuid4().urn, after=head)
        same = await stranger_now.problem(stranger_now.sign(nobodys), "unknown-thread", "/thread")
        must(problem == same, "the answer tells that the thread exists")


async def _customer(bench: Bench) -> Hand:
    hand = bench.hand()
    await agreed(hand)
    return hand


@page.add("stranger-takes-nothing-back", "A stranger's no-word does not touch the thread of others", "RCV-9")
async def stranger_takes_nothing_back(bench: Bench) -> None:
    """It takes the first place of a thread of the stranger's own."""
    owner, stranger = bench.hand(), bench.hand()
    grant = unasked(owner)
    thread = await opened(owner, grant, "given")
    head = owner.threads[thread][-1]
    await stranger.accepted(stranger.write("consent.withdraw", {}, thread, after=head), "none", "moot")
    await owner.accepted(no(owner, "consent.refuse", thread, {"keys": ["nothing"]}), "given", "moot")


@page.add("too-early", "A message dated over 5 minutes ahead may come good later", "RCV-10")
async def too_early(bench: Bench) -> None:
    """One that is dated 4 minutes ahead is taken."""
    hand = bench.hand()
    await hand.problem(hand.sign(proffer(hand, created=bench.now(330))), "too-early", "/created")
    await hand.accepted(proffer(hand, created=bench.now(240)), "proffered")


@page.add("expired", "A message that has expired is refused", "RCV-11")
async def expired(bench: Bench) -> None:
    """`expires` is exclusive, and one in the future bars nothing."""
    hand = bench.hand()
    await hand.refused(proffer(hand, expires=bench.now(-1)), "expired", "/expires", "RCV-11")
    await hand.accepted(proffer(hand, expires=bench.now(60)), "proffered")


@page.add("handler-fails", "A message that could not be worked on leaves nothing behind", "RCV-1")
async def handler_fails(bench: Bench) -> None:
    """Test mode: a proffer that makes its handler fail. Its thread is not known after."""
    hand = bench.hand()
    document = proffer(hand, "test: fail")
    raw = hand.sign(document)
    for _ in range(2):
        await hand.problem(raw, ("handler-failed", "overloaded"))
    later = hand.write("terms.accept", {"terms": OTHER}, document["thread"], after=trust.digest(raw))
    await hand.problem(hand.sign(later), "unknown-thread")


@page.add("narrowing-does-not-wait", "A failing handler does not keep a withdrawal from taking effect", "RCV-14")
async def narrowing_does_not_wait(bench: Bench) -> None:
    """Test mode: a withdrawal whose handler fails."""
    hand = bench.hand()
    thread = await opened(hand, unasked(hand), "given")
    document: Document = no(hand, "consent.withdraw", thread, {"reason": "test-fail"})
    await hand.accepted(document, "withdrawn")
    must(hand.threads[thread][-1] == digest_of(orjson.loads(hand.sign(document))), "it is not the head")
