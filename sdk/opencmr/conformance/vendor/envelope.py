"""`spec/v1/envelope.md`: the members of a message, the JSON profile, the canonical form, the proof."""

import os
from collections.abc import Callable
from typing import Any

import orjson

from ... import trust
from .. import forge
from ..hand import DP, Bench, Document, Hand
from ..suite import Page
from .says import agreed, cast, must, no, opened, proffer, unasked

page: Page[Bench] = Page("envelope", "vendor")

EXT = "https://conformance.opencmr.example/ext"
Broken = Callable[[Hand], bytes]
Codes = str | tuple[str, ...]


def _signed(**members: Any) -> Broken:
    """A signed proffer with other members of the envelope."""
    return lambda hand: hand.sign(proffer(hand, **members))


def _body(body: Document) -> Broken:
    """A signed proffer with another body."""
    return lambda hand: hand.sign(hand.write("terms.proffer", body))


def _ext(value: Any) -> Broken:
    """A signed proffer with a value where any JSON may stand. So only the profile can be broken by it."""
    return lambda hand: hand.sign({**proffer(hand), "ext": {EXT: value}})


def _bytes(change: Callable[[bytes], bytes]) -> Broken:
    """A signed proffer whose bytes are changed after."""
    return lambda hand: change(hand.sign(proffer(hand, note="as it is")))


def _replaced(old: bytes, new: bytes) -> Broken:
    return _bytes(lambda raw: raw.replace(old, new, 1))


def _without(*names: str) -> Broken:
    """A proffer from which a member is taken before it is signed."""
    return lambda hand: hand.sign({name: value for name, value in proffer(hand).items() if name not in names})


def _proof(**members: Any) -> Broken:
    """A signed proffer with other members of the proof."""

    def change(raw: bytes) -> bytes:
        document = orjson.loads(raw)
        document["proof"].update(members)
        return trust.canonicalize(document)

    return _bytes(change)


def _weak(public: bytes) -> Broken:
    """A proffer under a key that needs no secret."""
    return lambda hand: forge.under_weak_key(hand, proffer(hand), public)


def _deep(levels: int) -> Document:
    inner: Document = {}
    for _ in range(levels):
        inner = {"x": inner}
    return inner


REFUSED: list[tuple[str, str, tuple[str, ...], Broken, Codes, str | None]] = [
    ("missing-body-member", "A missing member of the body is named", ("ENV-1", "ENV-8"),
     _body({}), "malformed", "/body/choices"),
    ("missing-envelope-member", "A missing member of the envelope is named", ("ENV-1", "ENV-8"),
     _without("created"), "malformed", "/created"),
    ("wrong-type", "A member of the wrong type is named", ("ENV-1", "ENV-8"),
     _body({"choices": "SD-BASE"}), "malformed", "/body/choices"),
    ("unknown-member", "An unknown member of the body is refused, not dropped", ("ENV-6", "ENV-8"),
     _body({"choices": [DP], "purpos": "dpv:Marketing"}), "malformed", "/body/purpos"),
    ("unknown-envelope-member", "An unknown member of the envelope is refused", ("ENV-6", "ENV-8"),
     _signed(expire="2099-01-01T00:00:00.000Z"), "malformed", "/expire"),
    ("unknown-nested-member", "An unknown member deep in the body is refused", ("ENV-6", "ENV-8"),
     _body({"choices": [{**DP, "version": "1"}]}), "malformed", "/body/choices/0/version"),
    ("first-of-several", "Of several faults the first in canonical order is named", ("ENV-8",),
     _body({"notes": "x", "anote": "x"}), "malformed", "/body/anote"),
    ("order-of-positions", "Array positions are compared as integers", ("ENV-8",),
     _body({"choices": [DP, DP, {"id": "x"}, *[DP] * 7, {"id": "y"}]}), "malformed", "/body/choices/2/digest"),
    ("expires-missing", "A word that widens says by when it must have taken its place", ("ENV-14", "ENV-8"),
     _without("expires"), "malformed", "/expires"),
    ("numbered", "A customer's word has no number", ("ENV-13", "ENV-8"),
     _signed(number=1), "malformed", "/number"),
    ("prior-no-digest", "A prior that is no digest is refused", ("ENV-1", "ENV-8"),
     _signed(prior="zQm"), "malformed", "/prior"),
    ("seen-no-digest", "A seen that is no digest is refused", ("ENV-1", "ENV-8"),
     _signed(seen=1), "malformed", "/seen"),
    ("in-reply-to", "There is no member inReplyTo", ("ENV-6", "ENV-8"),
     _signed(inReplyTo=DP["digest"]), "malformed", "/inReplyTo"),
    ("opening-other-thread", "A message that opens a thread names itself as thread", ("ENV-2",),
     _signed(thread_="urn:uuid:00000000-0000-4000-8000-000000000000"), "malformed", "/thread"),
    ("no-such-day", "A day that the calendar does not have is refused", ("ENV-4",),
     _signed(created="2026-02-30T00:00:00.000Z"), "malformed", "/created"),
    ("leap-second", "A leap second is refused", ("ENV-4",),
     _signed(created="2016-12-31T23:59:60.000Z"), "malformed", "/created"),
    ("no-milliseconds", "A time without three decimals is refused", ("ENV-4",),
     _signed(created="2026-02-03T00:00:00Z"), "malformed", "/created"),
    ("unknown-version", "A version that is not spoken is refused", ("ENV-5",),
     _signed(opencmr="2.0"), "unsupported-version", "/opencmr"),
    ("byte-order-mark", "A byte order mark is refused", ("JSN-1",),
     _bytes(lambda raw: b"\xef\xbb\xbf" + raw), ("not-json", "not-canonical"), None),
    ("not-utf-8", "Bytes that are not UTF-8 are refused", ("JSN-1",),
     _replaced(b"as it is", b"as \xff is"), "not-json", None),
    ("lone-surrogate", "A lone surrogate is refused", ("JSN-1",),
     _replaced(b"as it is", b"as \\ud800 is"), ("not-json", "not-canonical"), None),
    ("duplicate-names", "A member that stands twice is refused", ("JSN-1",),
     _replaced(b'"opencmr":"1.0"', b'"opencmr":"1.0","opencmr":"1.0"'), ("not-canonical", "not-json"), None),
    ("html", "What is not JSON is refused", ("JSN-1",), lambda hand: b"<html></html>", "not-json", None),
    ("array", "What is not an object is refused", ("JSN-1",), lambda hand: b"[]", "not-json", None),
    ("name-not-ascii", "A member name that is not ASCII is refused", ("JSN-2",),
     _ext({"größe": "49"}), "malformed", None),
    ("fraction", "A number with a fraction is refused", ("JSN-3",), _ext(1.5), "bad-number", None),
    ("exponent", "A number with an exponent is refused", ("JSN-3",),
     lambda hand: _ext(1234567)(hand).replace(b"1234567", b"1e3"), ("bad-number", "not-canonical"), None),
    ("integer-too-large", "2^53 is refused", ("JSN-3",), _ext(2**53), "bad-number", None),
    ("integer-too-small", "-2^53 is refused", ("JSN-3",), _ext(-(2**53)), "bad-number", None),
    ("null", "A null is refused", ("JSN-4",), _ext(None), "null-member", None),
    ("too-long", "A message of 65,537 bytes is refused", ("JSN-5",), lambda hand: filled(hand, 65537), "too-large",
     None),
    ("too-deep", "A message of 33 levels is refused", ("JSN-6",), _ext(_deep(30)), "too-deep", None),
    ("white-space", "White space is refused", ("JSN-7",), _bytes(lambda raw: raw + b"\n"), "not-canonical", None),
    ("unsorted", "Members in another order are refused", ("JSN-7",),
     _bytes(lambda raw: _reversed(raw)), "not-canonical", None),
    ("needless-escape", "An escape that need not be is refused", ("JSN-7",),
     _replaced(b"as it is", b"as\\u0020it is"), "not-canonical", None),
    ("extra-proof-member", "A further member of the proof is refused", ("SIG-1",),
     _proof(created="2026-02-03T00:00:00.000Z"), "malformed", "/proof/created"),
    ("other-purpose", "Another purpose of the proof is refused", ("SIG-1",),
     _proof(proofPurpose="authentication"), "malformed", "/proof/proofPurpose"),
    ("changed", "A message that was changed after it was signed is refused", ("SIG-6",),
     _replaced(b"as it is", b"as it iz"), "bad-signature", None),
    ("hashes-swapped", "A signature over the hashes in the wrong order is refused", ("SIG-6",),
     lambda hand: forge.with_hashes_swapped(hand, proffer(hand)), "bad-signature", None),
    ("63-bytes", "A signature of 63 bytes is refused", ("SIG-6",),
     lambda hand: forge.with_signature(hand, proffer(hand), os.urandom(63)), ("bad-signature", "malformed"), None),
    ("large-s", "A signature whose S is not below the order is refused", ("SIG-5",),
     lambda hand: forge.with_large_s(hand, proffer(hand)), "bad-signature", None),
    ("small-r", "A signature whose R is of small order is refused", ("SIG-4",),
     lambda hand: forge.with_small_r(hand, proffer(hand), forge.IDENTITY), "bad-signature", None),
    ("r-not-canonical", "A signature whose R is not canonically encoded is refused", ("SIG-4",),
     lambda hand: forge.with_small_r(hand, proffer(hand), forge.SMALL_ORDER["order 1, not canonical"]),
     "bad-signature", None),
    *((f"weak-key-{number}", f"A public key of {name} is refused", ("SIG-3",), _weak(public), "weak-key", None)
      for number, (name, public) in enumerate(forge.SMALL_ORDER.items(), 1)),
    ("mixed-key", "A public key outside the prime-order subgroup is refused", ("SIG-3",),
     lambda hand: forge.under_mixed_key(hand, proffer(hand)), "weak-key", None),
]  # fmt: skip


def _refusal(broken: Broken, codes: Codes, pointer: str | None) -> Callable[[Bench], Any]:
    async def refused(bench: Bench) -> None:
        hand = Hand(bench)
        await hand.problem(broken(hand), codes, pointer)

    return refused


for _slug, _title, _ids, _broken, _codes, _pointer in REFUSED:
    page.add(_slug, _title, *_ids)(_refusal(_broken, _codes, _pointer))


def filled(hand: Hand, size: int) -> bytes:
    """A signed proffer of exactly so many bytes: with another id for each try, for a signature varies in length."""
    while True:
        document = {**proffer(hand), "ext": {EXT: ""}}
        document["ext"] = {EXT: "x" * (size - len(hand.sign(document)))}
        raw = hand.sign(document)
        if len(raw) == size:
            return raw


def _reversed(raw: bytes) -> bytes:
    document = orjson.loads(raw)
    return orjson.dumps(dict(reversed(document.items())))


@page.add("versions-told", "The problem of an unknown version lists those that are spoken", "ENV-5")
async def versions_told(bench: Bench) -> None:
    """The sender can choose another."""
    hand = Hand(bench)
    problem = await hand.problem(hand.sign(proffer(hand, opencmr="2.0")), "unsupported-version", "/opencmr")
    must("1.0" in problem.get("expected", []), "expected does not list 1.0")


@page.add("later-opens-nothing", "A message that goes on a thread does not name itself as thread", "ENV-2")
async def later_opens_nothing(bench: Bench) -> None:
    """A decline of its own id."""
    hand = Hand(bench)
    document = hand.write("terms.decline", {"reason": "other"})
    await hand.problem(hand.sign(document), "malformed", "/thread")


@page.add("no-word-expires-never", "A no-word has no expires", "ENV-14", "ENV-8")
async def no_word_expires_never(bench: Bench) -> None:
    """Neither one in the future nor one in the past; without it, it is taken."""
    hand = Hand(bench)
    thread = await opened(hand, unasked(hand), "given")
    for seconds in (60, -60):
        document = no(hand, "consent.withdraw", thread, expires=bench.now(seconds))
        await hand.problem(hand.sign(document), "malformed", "/expires")
    await hand.accepted(no(hand, "consent.withdraw", thread), "withdrawn")


@page.add("collect-without-prior", "A collect has neither prior nor number", "ENV-13", "ENV-8")
async def collect_without_prior(bench: Bench) -> None:
    """It is no word."""
    hand = Hand(bench)
    await agreed(hand)
    for name, value in (("number", 1), ("prior", hand.last)):
        raw = hand.sign({**hand.collect_document(), name: value})
        hand.refused_unsigned(await hand.post(raw, "mailbox"), "malformed", f"/{name}")


@page.add("receipt-of-the-thread", "A receipt names the thread of its message", "ENV-3")
async def receipt_of_the_thread(bench: Bench) -> None:
    """The same is held of every receipt in every check."""
    hand = Hand(bench)
    document = proffer(hand)
    heard = await hand.accepted(document, "proffered")
    must(heard.receipt["thread"] == document["thread"], "another thread")


@page.add("not-repaired", "What looks odd is neither trimmed nor normalised before it is hashed", "ENV-7", "ENV-12")
async def not_repaired(bench: Bench) -> None:
    """Spaces, a decomposed letter, an emoji, and members at their defaults."""
    hand = Hand(bench)
    body = {"choices": [DP], "note": "  e\u0301 \U0001f97e \u2028 é  "}
    await hand.accepted(hand.write("terms.proffer", body), "proffered")


@page.add("limits-reached", "65,536 bytes, 32 levels and ±(2^53-1) are within the limits", "JSN-3", "JSN-5", "JSN-6")
async def limits_reached(bench: Bench) -> None:
    """A limit is refused one step after it, not at it."""
    hand = Hand(bench)
    for write in (lambda hand: filled(hand, 65536), _ext(_deep(29)), _ext([2**53 - 1, -(2**53 - 1)])):
        await hand.accepted(write(hand), "proffered")


@page.add("ext-ignored", "A message with ext comes to the same outcome as without", "ENV-9")
async def ext_ignored(bench: Bench) -> None:
    """Also where the extension says something else than the body."""
    hand = Hand(bench)
    document = {**proffer(hand), "ext": {EXT: {"terms": "SD-BASE-ATP", "expires": "2001-01-01T00:00:00.000Z"}}}
    thread = await opened(hand, document, "proffered")
    accepted = await hand.hear("terms.accept", thread)
    must(accepted["body"]["terms"] == DP, "other terms are accepted")


@page.add("ext-not-echoed", "ext is not copied into what is answered", "ENV-10")
async def ext_not_echoed(bench: Bench) -> None:
    """A marker that one party plants must not travel on."""
    hand = Hand(bench)
    document = {**cast(hand), "ext": {EXT: "a-marker"}}
    heard = await hand.accepted(document, "open")
    made = await hand.hear("offer.make", document["thread"])
    must(EXT.encode() not in trust.canonicalize([heard.receipt, made]), "it is")


@page.add("pointer-too-long", "A pointer that a problem has no room for names the object", "ENV-15")
async def pointer_too_long(bench: Bench) -> None:
    """Of a name of 494 signs the pointer just fits."""
    for length, told in ((494, "/body/" + "x" * 494), (495, "/body"), (60_000, "/body")):
        hand = Hand(bench)
        document = hand.write("terms.proffer", {"choices": [DP], "x" * length: 1})
        problem = await hand.problem(hand.sign(document), "malformed")
        must(problem.get("pointer") == told, f"the pointer is {str(problem.get('pointer'))[:40]!r}")


@page.add("type-of-ones-own", "A type of somebody's own is refused like any that is not known", "RCV-1")
async def type_of_ones_own(bench: Bench) -> None:
    """What can be left out goes into ext; a type can't."""
    hand = Hand(bench)
    document = hand.write("example.conformance.nothing", {"any": "thing"})
    await hand.problem(hand.sign(document), "unsupported-type", "/type")


@page.add("signatures-hold", "The vendor signs hashData with the published key, in a proof of five members",
          "SIG-1", "SIG-2", "ENV-1", "TRN-10")  # fmt: skip
async def signatures_hold(bench: Bench) -> None:
    """The same is held of every message in every check."""
    await agreed(Hand(bench))
