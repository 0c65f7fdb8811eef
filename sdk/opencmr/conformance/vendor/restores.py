"""`spec/v1/sequence.md`, after a restore: a vendor that lacks words of its own, and gets them back.

No store has to be put back for it. In test mode a proffer with the note `test: forget` is answered as ever, and nothing
of it is stored: for that relationship the vendor is then where a copy of before would have put it.
"""

from uuid import uuid4

import orjson

from ... import trust
from ...transport.bundle import pack
from ..hand import NOWHERE, Bench, Hand
from ..inspecting import stated
from ..suite import Failed, Page
from .envelope import filled
from .says import cast, forgotten, must, no, offered, opened, proffer, unasked, wish

page: Page[Bench] = Page("restores", "vendor")


@page.add("behind", "A word or a collect that has seen what the vendor lacks is undecided: behind", "SEQ-6")
async def behind(bench: Bench) -> None:
    """Nothing is stored of it: its id is free."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    for document in (cast(hand), hand.write("intent.amend", wish("test: say nothing"), thread)):
        await hand.problem(hand.sign({**document, "seen": NOWHERE}), "behind")
        await hand.accepted(document, "open")
    raw = hand.sign(hand.collect_document(seen=NOWHERE))
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "behind", "/seen", "mailbox.collect")


@page.add("stranger-behind", "A vendor that has lost a whole relationship is behind, too", "SEQ-6", "SEQ-32")
async def stranger_behind(bench: Bench) -> None:
    """The first that the customer said was answered, and is forgotten. Handed back, it stands again."""
    hand = Hand(bench)
    await forgotten(hand)
    raw = hand.sign(hand.collect_document())
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "behind", "/seen", "mailbox.collect")
    await hand.hand_back()
    await hand.collect()
    await hand.accepted(no(hand, "terms.terminate", next(iter(hand.threads))), _over(hand))


def _over(hand: Hand) -> str:
    """What a termination leaves of forgotten terms: their acceptance came in the answer, or would have come soon."""
    return "terminated" if any(one["type"] == "terms.accept" for one in hand.arrived) else "declined"


@page.add("behind-before-state", "behind comes before every refusal that rests on the state", "SEQ-6", "RCV-1")
async def behind_before_state(bench: Bench) -> None:
    """A vendor that lacks words cannot know the state, nor which threads there are."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    disclose = {"discloses": [{"data": "pd:Name", "value": "x"}]}
    for place in (thread, uuid4().urn):
        await hand.problem(hand.sign(hand.write("order.disclose", disclose, place, seen=NOWHERE)), "behind")


@page.add("no-word-held", "A no-word that has seen what the vendor lacks is stored, and behind answers it", "SEQ-31")
async def no_word_held(bench: Bench) -> None:
    """It is known from then on: the same bytes get the same answer, and other bytes of its id are a conflict."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    document = no(hand, "consent.withdraw", given, seen=NOWHERE)
    for _ in range(2):
        await hand.problem(hand.sign(document), "behind")
    other = hand.sign({**document, "body": {"reason": "other"}})
    answer = await hand.post(other)
    if answer.status == 200 or stated(answer)["type"].rpartition("#")[2] != "conflict":
        raise Failed("it was not stored: its id is free", "SEQ-31")


@page.add("handed-back", "What a customer hands back is the vendor's chain again, and it goes on from there",
          "SEQ-32", "SEQ-6", "SEQ-16")  # fmt: skip
async def handed_back(bench: Bench) -> None:
    """The forgotten agreement is in force again, and can be ended."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    heard = await forgotten(hand)
    thread, before = heard.receipt["thread"], heard.receipt["number"] - 1
    problem = await hand.problem(hand.sign(cast(hand)), "behind")
    held = [hand.words.index(one) + 1 for one in problem.get("expected", []) if one in hand.words]
    must(max(held, default=0) <= before, "it says that it holds what it lacks")
    await hand.hand_back(max(held, default=0))
    found, _ = await hand.collect()
    must(found == [], "it says something new")
    await hand.accepted(cast(hand, "test: say nothing"), "open")
    await hand.accepted(no(hand, "terms.terminate", thread), _over(hand))


@page.add("held-no-answered", "A no-word that was held gets its receipt once the vendor has caught up", "SEQ-31",
          "SEQ-34")  # fmt: skip
async def held_no_answered(bench: Bench) -> None:
    """In the mailbox, right behind the no-word; and the thread is withdrawn."""
    hand = Hand(bench)
    given = await opened(hand, unasked(hand), "given")
    await forgotten(hand)
    raw = hand.sign(no(hand, "consent.withdraw", given))
    await hand.problem(raw, "behind")
    await hand.hand_back()
    found, _ = await hand.collect()
    receipts = [one for one in found if one["type"] == "receipt" and one["body"]["of"] == trust.digest(raw)]
    must(len(receipts) == 1, f"{len(receipts)} receipts for it", "SEQ-31")
    said = receipts[0]["body"]
    must((said["outcome"], said.get("state")) == ("accepted", "withdrawn"), f"it is {said['outcome']}", "SEQ-31")
    again = await hand.say(raw)
    must(again.receipt == receipts[0], "another receipt for the same bytes", "RCV-5")
    await hand.accepted(no(hand, "consent.withdraw", given), "withdrawn", "moot")


@page.add("waits-for-the-collect", "After a restore no widening word is taken before the next collect", "SEQ-33")
async def waits_for_the_collect(bench: Bench) -> None:
    """What is handed back may not be all: another device may have more."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    await forgotten(hand)
    await hand.hand_back(1)
    raw = hand.sign(cast(hand, "test: say nothing"))
    await hand.problem(raw, ("behind", "overloaded"))
    await hand.collect()
    await hand.accepted(raw, "open")


@page.add("branch-given-up", "The customer's branch replaces the vendor's; what was answered there is answered anew",
          "SEQ-32")  # fmt: skip
async def branch_given_up(bench: Bench) -> None:
    """The vendor went on from the copy with a customer who did not know better: their own backup."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    backup = hand.twin()
    await forgotten(hand)
    raw = backup.sign(cast(backup, "test: say nothing"))
    await backup.accepted(raw, "open")
    await hand.hand_back(1)
    found, _ = await hand.collect()
    of = [one["body"]["of"] for one in found if one["type"] == "receipt"]
    must(of == [trust.digest(raw)], "what it had answered on its own branch is not answered anew")
    await hand.accepted(no(hand, "intent.withdraw", orjson.loads(raw)["thread"]), "withdrawn")


@page.add("branch-still-seen", "Who has seen a branch that was given up gets all after the fork", "SEQ-32", "TRN-7")
async def branch_still_seen(bench: Bench) -> None:
    """It is no unknown `seen`: nobody has to hand anything back."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    backup = hand.twin()
    await forgotten(hand)
    await backup.accepted(cast(backup, "test: say nothing"), "open")
    await hand.hand_back(1)
    await hand.collect()
    found, _ = await hand.collect(seen=backup.tip, after=1)
    must(len(found) == len(hand.words) - 1, f"{len(found)} words wait, {len(hand.words) - 1} are after the fork")


@page.add("not-its-own", "What is handed back is the vendor's own, whole and in order; else nothing is taken", "TRN-21")
async def not_its_own(bench: Bench) -> None:
    """A word that was changed, a gap, a receipt without what it answers: the vendor lacks as much as before."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    await forgotten(hand)
    proffered, receipt, *accepted = hand.held_after(1)
    spoilt = receipt.replace(b'"accepted"', b'"moot"')
    for words in ([proffered, spoilt], [receipt], *([accepted, [receipt, *accepted]] if accepted else ())):
        await _not_taken(hand, hand.sign(hand.collect_document()), words)
        await hand.problem(hand.sign(proffer(hand)), "behind")
    await hand.hand_back(1)
    await hand.collect()
    await hand.accepted(proffer(hand), "proffered")


@page.add("fresh-collect", "What is handed back begins with a fresh collect of the same customer", "TRN-21", "COR-9")
async def fresh_collect(bench: Bench) -> None:
    """Not without one, not with an old one, with one that was used, or with a stranger's."""
    hand, stranger = Hand(bench), Hand(bench)
    await opened(hand, unasked(hand), "given")
    used = hand.sign(hand.collect_document())
    await hand.post(used, "mailbox")
    await forgotten(hand)
    words = hand.held_after(1)
    old = hand.sign({**hand.collect_document(), "created": bench.now(-130)})
    strangers = stranger.sign(stranger.collect_document(seen=hand.tip))
    for collect in (words[0], old, used, strangers):
        await _not_taken(hand, collect, words)
        await hand.problem(hand.sign(proffer(hand)), "behind")


@page.add("anothers-words", "What was said to others is not taken back", "TRN-21", "COR-10")
async def anothers_words(bench: Bench) -> None:
    """A stranger hands back what the vendor has said to somebody else."""
    owner, stranger = Hand(bench), Hand(bench)
    await opened(owner, unasked(owner), "given")
    await _not_taken(stranger, stranger.sign(stranger.collect_document(seen=owner.tip)), owner.held_after(0))
    await opened(stranger, unasked(stranger), "given")


@page.add("nothing-lacking", "Where the vendor holds what the collect has seen, nothing is changed", "TRN-22")
async def nothing_lacking(bench: Bench) -> None:
    """Old words that somebody has copied do not move the vendor from the branch that it is on."""
    hand = Hand(bench)
    await opened(hand, unasked(hand), "given")
    backup = hand.twin()
    await forgotten(hand)
    thread = await opened(backup, cast(backup, "test: say nothing"), "open")
    await hand.post(pack([hand.sign(hand.collect_document(seen=backup.tip)), *hand.held_after(1)]), "words")
    await hand.problem(hand.sign(proffer(hand)), "behind")
    await backup.accepted(no(backup, "intent.withdraw", thread), "withdrawn")


@page.add("how-much", "147,456 bytes and 200 messages may be handed back at once, and no more", "TRN-20")
async def how_much(bench: Bench) -> None:
    """Two messages of 64 KiB with all that was said to them are taken; a byte more, or a message more, is not."""
    hand = Hand(bench)
    for _ in range(2):
        thread = await opened(hand, trust.parse(filled(hand, 65536)), "proffered")
        await hand.hear("terms.accept", thread)
    await forgotten(hand)
    too_long = await hand.post(b" " * 147_457, "words")
    hand.refused_unsigned(too_long, "too-large")
    await _not_taken(hand, hand.sign(hand.collect_document()), [hand.held_after(1)[0]] * 200)
    await hand.hand_back()
    await hand.collect()
    await hand.accepted(proffer(hand), "proffered")


async def _not_taken(hand: Hand, collect: bytes, words: list[bytes]) -> None:
    answer = await hand.post(pack([collect, *words]), "words")
    if answer.status == 200:
        raise Failed("it is taken back")
    stated(answer)
