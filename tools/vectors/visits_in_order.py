"""Visits about sequence, lifecycles and the rules across members."""

from typing import Any

from opencmr import trust

from .conversation import NEW_YEAR, Body, Word, item, wish
from .visit import Visit, offer_made
from .writing import uuid

# --- sequence


def unknown_head(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    first = v.say("intent.amend", wish(), wished.thread)
    second = v.say("intent.amend", wish(note="in red"), wished.thread, inReplyTo=first.digest)
    v.unsigned(second, "unknown-head", "/inReplyTo")
    v.ok(first, "open")
    v.ok(second, "open")


def stale(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    amended = v.say("intent.amend", wish(), wished.thread)
    made = v.offer(wished)
    v.then("open")
    v.refused(amended, "stale-head", "/inReplyTo", missing=(made,))
    v.ok(v.say("intent.amend", wish(), wished.thread), "open")


def stale_own(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    first, second = (v.say("intent.amend", wish(note=note), wished.thread) for note in ("red", "blue"))
    v.ok(first, "open")
    v.refused(second, "stale-head", "/inReplyTo", missing=(first,))


def stale_many(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    late = v.say("intent.amend", wish(), wished.thread)
    one = v.offer(wished)
    v.then("open")
    two = v.ok(v.say("offer.decline", {"offer": one.ref, "reason": "tooDear"}, wished.thread), "open")
    three = v.offer(wished, "80.00")
    v.then("open")
    v.refused(late, "stale-head", "/inReplyTo", missing=(one, two, three))


def stale_refused(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    bad = v.refused(v.accept(never_made(wished)), "unknown-reference", "/body/offer")
    after = v.say("intent.amend", wish(), wished.thread, inReplyTo=bad.digest)
    v.refused(after, "stale-head", "/inReplyTo", missing=(wished,))


def never_made(wished: Word) -> Word:
    return Word({**wished.message, "id": uuid("never made")}, trust.digest(b"never made"), "vendor", wished.at)


def stale_other_thread(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    other = v.ok(v.proffer(), "proffered")
    v.refused(
        v.say("intent.amend", wish(), wished.thread, inReplyTo=other.digest),
        "stale-head",
        "/inReplyTo",
        missing=(wished,),
    )


def crossing(v: Visit) -> None:
    made = offer_made(v)
    word = v.accept(made)
    v.offer(made, "90.00")
    v.then("open")
    v.ok(word, "ordered")


def crossing_own(v: Visit) -> None:
    made = offer_made(v)
    word = v.accept(made)
    amended = v.ok(v.say("intent.amend", wish(), made.thread), "open")
    v.refused(word, "stale-head", "/inReplyTo", missing=(amended,))


def crossing_decline(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.counter(proffered)
    v.then("countered")
    word = v.accept_terms(proffered, "SD-BASE-A", "customer")
    ended = v.end(proffered, "terms.decline", "vendor")
    v.then("declined")
    v.refused(word, "stale-head", "/inReplyTo", missing=(ended,))


def crossing_withdrawals(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    word = v.withdraw(granted)
    v.withdraw(granted, by="vendor")
    v.then("withdrawn")
    v.moot(word, "withdrawn")


def narrowing_stale(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    late = v.withdraw(asked)
    v.ok(v.grant(asked), "given")
    v.ok(late, "withdrawn")


def narrowing_unknown_head(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    granted = v.grant(asked, item("news"), item("study"))
    withdrawn = v.withdraw(asked, "study", inReplyTo=granted.digest)
    v.ok(withdrawn, "requested")
    v.refused(granted, "stale-head", "/inReplyTo", missing=(withdrawn,))


def narrowing_twice(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted), "withdrawn")
    v.moot(v.withdraw(granted), "withdrawn")
    v.moot(v.refuse(granted), "withdrawn")


def narrowing_first(v: Visit) -> None:
    proffered = v.proffer()
    declined = v.say("terms.decline", {"reason": "changedMind"}, proffered.thread, inReplyTo=proffered.digest)
    v.moot(declined, "none")
    v.refused(proffered, "stale-head", missing=(declined,))


def withdrawal_first(v: Visit) -> None:
    wished = v.cast()
    withdrawn = v.say("intent.withdraw", {}, wished.thread, inReplyTo=wished.digest)
    v.moot(withdrawn, "none")
    v.refused(wished, "stale-head", missing=(withdrawn,))
    v.ok(v.cast(), "open")


def narrowing_first_twice(v: Visit) -> None:
    proffered = v.proffer()
    for type_ in ("terms.decline", "terms.terminate"):
        v.moot(v.end(proffered, type_, "customer", inReplyTo=proffered.digest), "none")
    v.refused(proffered, "stale-head", missing=tuple(v.entries))


# --- state


def wrong_state(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.counter(proffered)
    v.then("countered")
    v.ok(v.end(proffered, "terms.decline", "customer"), "declined")
    v.refused(v.accept_terms(proffered, "SD-BASE-A", "customer"), "wrong-state", "/type")


def wrong_family(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    body = {"discloses": [{"data": "pd:Name", "value": "A"}]}
    v.refused(v.say("order.disclose", body, proffered.thread), "wrong-state", "/type")
    v.moot(v.say("intent.withdraw", {}, proffered.thread), "proffered")


# --- rules across members


def counter_and_other(v: Visit) -> None:
    proffered = v.ok(v.proffer("SD-BASE"), "proffered")
    v.counter(proffered)
    v.then("countered")
    v.refused(v.accept_terms(proffered, "SD-BASE", "customer"), "terms-not-offered", "/body/terms/id")
    v.ok(v.accept_terms(proffered, "SD-BASE-A", "customer"), "active")


def wider(v: Visit, wider: Body, pointer: str, until: str = NEW_YEAR) -> None:
    asked = v.ask("news")
    v.then("requested")
    v.refused(v.grant(asked, wider, until=until), "wider-than-asked", pointer)


def narrower(v: Visit) -> None:
    asked = v.ask("news")
    v.then("requested")
    narrow = item("news", data=["pd:EmailAddress"], channels=["email"], until="2026-05-01T00:00:00.000Z")
    v.ok(v.grant(asked, narrow, until="2026-12-31T23:59:59.999Z"), "given")


def without_statement(v: Visit) -> None:
    v.refused(
        v.say("consent.grant", {"items": [item("news")], "until": NEW_YEAR}),
        "unasked-without-statement",
        "/body/statement",
    )


def accept_with(v: Visit, code: str, pointer: str, **body: Any) -> None:
    made = offer_made(v)
    v.refused(v.accept(made, body=body), code, pointer)
    v.ok(v.accept(made), "ordered")


def other_digest(v: Visit) -> None:
    made = offer_made(v)
    v.refused(
        v.accept(made, body={"offer": {"id": made.id, "digest": trust.digest(b"another")}}),
        "unknown-reference",
        "/body/offer",
    )


def declined_offer(v: Visit) -> None:
    made = offer_made(v)
    decline = {"offer": made.ref, "reason": "tooDear"}
    v.ok(v.say("offer.decline", decline, made.thread), "open")
    v.moot(v.say("offer.decline", decline, made.thread), "open")
    v.refused(v.accept(made), "offer-not-firm", "/body/offer")


def accept_after_withdrawal(v: Visit) -> None:
    made = offer_made(v)
    v.ok(v.say("intent.withdraw", {}, made.thread), "withdrawn")
    v.refused(v.accept(made), "wrong-state", "/type")


def disclose_too_soon(v: Visit) -> None:
    made = offer_made(v)
    body = {"discloses": [{"data": "pd:Name", "value": "Alice"}]}
    v.refused(v.say("order.disclose", body, made.thread), "wrong-state", "/type")
    v.ok(v.accept(made), "ordered")
    v.ok(v.say("order.disclose", body, made.thread), "ordered")
