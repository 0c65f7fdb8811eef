"""Visits about time, known messages, parties and form; and whole conversations."""

from opencmr import trust

from .conversation import Word, euros, item, terms, wish
from .visit import Visit, offer_made, proffered_terms
from .writing import OTHER_CUSTOMER

# --- whole conversations


def whole_terms(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.accept_terms(proffered)
    v.then("active")
    v.ok(v.end(proffered, "terms.terminate", "customer"), "terminated")


def whole_consent(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    granted = v.ok(v.grant(asked, item("news"), item("study")), "given")
    v.ok(v.withdraw(granted, "study"), "given")
    v.ok(v.withdraw(granted), "withdrawn")


def whole_order(v: Visit) -> None:
    made = offer_made(v)
    v.ok(v.accept(made), "ordered")
    v.ok(v.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "Alice"}]}, made.thread), "ordered")
    v.confirm(made)
    v.then("confirmed")
    v.ok(v.cancel(made, "customer"), "cancelled")
    v.cancel(made, "vendor", refund=euros("100.00"))
    v.then("cancelled")
    v.moot(v.cancel(made, "customer"), "cancelled")


# --- time


def same_instant(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    now = v.after(seconds=1)
    v.ok(one, "proffered", now=now, at=now)
    v.ok(other, "proffered", now=now, at=v.after(seconds=1, milliseconds=1))


def clock_behind(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    now = v.after(seconds=10)
    v.ok(one, "proffered", now=now, at=now)
    v.ok(other, "proffered", now=v.after(seconds=1), at=v.after(seconds=10, milliseconds=1))


def too_early(v: Visit) -> None:
    word = v.proffer()
    v.unsigned(word, "too-early", "/created", now=v.after(minutes=-6))
    v.ok(word, "proffered", now=v.after(minutes=-4))


def ahead(v: Visit, **by: float) -> None:
    word = v.proffer()
    v.ok(word, "proffered", now=v.after(**{unit: -n for unit, n in by.items()}))


def narrowing_too_early(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted, created="2026-05-01T00:00:00.000Z"), "withdrawn")


def expiring(v: Visit, *, milliseconds: int) -> None:
    expires = v.after(hours=1)
    word = v.proffer(expires=expires)
    now = v.after(minutes=59, milliseconds=milliseconds)
    assert (now >= expires) == (milliseconds >= 0)
    if milliseconds < 0:
        v.ok(word, "proffered", now=now)
    else:
        v.refused(word, "expired", "/expires", now=now)
        v.again(word, 0, now=v.after(minutes=-30))


def narrowing_expired(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted, expires=v.after(minutes=2)), "withdrawn", now=v.after(days=2))


def two_clocks(v: Visit) -> None:
    one = v.proffer(expires=v.after(minutes=2))  # a minute after it was made, by the customer's clock
    v.ok(one, "proffered", now=v.after(seconds=59))
    two = v.proffer(expires=v.after(minutes=2))
    v.refused(two, "expired", "/expires", now=v.after(minutes=4))


def accept_at(v: Visit, milliseconds: int) -> None:
    made = offer_made(v, hours=1)
    expires = str(made.message["expires"])
    word = v.accept(made)
    v.now = expires
    now = v.after(milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "ordered", now=now)
    else:
        v.refused(word, "offer-not-firm", "/body/offer", now=now)


def grant_at(v: Visit, milliseconds: int) -> None:
    asked = v.ask(expires=v.after(hours=1))
    v.then("requested")
    word = v.grant(asked)
    v.now = str(asked.message["expires"])
    now = v.after(milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "given", now=now)
    else:
        v.refused(word, "expired", "/inReplyTo", now=now)


def given_then_late(v: Visit) -> None:
    asked = v.ask(expires=v.after(hours=1))
    v.then("requested")
    v.ok(v.grant(asked), "given")
    v.later(days=3)
    v.ok(v.grant(asked, item("news", channels=["email"])), "given")
    v.ok(v.withdraw(asked), "withdrawn")
    v.refused(v.grant(asked), "expired", "/inReplyTo")


# --- known before


def late_retry(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.accept_terms(proffered)
    v.then("active")
    v.ok(v.end(proffered, "terms.terminate", "customer"), "terminated")
    v.again(proffered, 0, now=v.after(days=90))


def retry_of_refusal(v: Visit) -> None:
    word = proffered_terms(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")})
    v.refused(word, "terms-unknown", "/body/choices/0/id")
    v.again(word, 0)
    v.again(word, 0, now=v.after(days=1))


def retry_expired(v: Visit) -> None:
    word = v.proffer(expires=v.after(hours=1))
    v.ok(word, "proffered")
    v.again(word, 0, now=v.after(days=1))


def conflict(v: Visit) -> None:
    one = v.ok(v.proffer(), "proffered")
    v.unsigned(v.proffer("SD-BASE", id=one.id), "conflict", "/id")
    v.again(one, 0)


def conflict_of_refused(v: Visit) -> None:
    one = proffered_terms(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")})
    v.refused(one, "terms-unknown", "/body/choices/0/id")
    v.unsigned(v.proffer("SD-BASE", id=one.id), "conflict", "/id")


def same_id_of_another(v: Visit) -> None:
    one = v.ok(v.proffer(), "proffered")
    other = by_another(v.proffer("SD-BASE", id=one.id))
    v.receive.append({"message": other.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "accepted", "state": "proffered"})


def by_another(word: Word) -> Word:
    """The same words by another customer."""
    document = {name: value for name, value in word.message.items() if name != "proof"}
    document["from"] = OTHER_CUSTOMER.did
    if "inReplyTo" not in document:
        document["thread"] = document["id"]
    raw = trust.sign(document, OTHER_CUSTOMER, trust.key_url(OTHER_CUSTOMER.did))
    return Word(trust.read(raw), trust.digest(raw), "customer", word.at)


# --- parties and form


def malformed_then_good(v: Visit) -> None:
    bad = v.say("terms.proffer", {"choices": [terms("SD-BASE")], "chioces": 1})
    v.unsigned(bad, "malformed", "/body/chioces")
    v.ok(v.proffer("SD-BASE", id=bad.id), "proffered")


def bad_signature(v: Visit) -> None:
    word = v.proffer()
    changed = {**word.message, "created": v.after(milliseconds=1)}
    v.receive.append({"message": changed, "now": v.after(seconds=1)})
    v.expect.append({"unsigned": "bad-signature", "pointer": "/proof/proofValue"})
    v.ok(word, "proffered")


def unknown_thread(v: Visit) -> None:
    wished = v.cast()
    amended = v.say("intent.amend", wish(), wished.thread, inReplyTo=wished.digest)
    v.unsigned(amended, "unknown-thread", "/thread")
    v.ok(wished, "open")
    v.ok(amended, "open")


def thread_of_others(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    v.unsigned(by_another(v.say("intent.amend", wish(), wished.thread)), "unknown-thread", "/thread")
    late = by_another(v.say("intent.withdraw", {}, wished.thread))
    v.receive.append({"message": late.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "moot", "state": "none"})
    v.ok(v.say("intent.amend", wish(), wished.thread), "open")


def same_thread_id(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    other = by_another(v.say("intent.cast", wish(), id=wished.id))
    v.receive.append({"message": other.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "accepted", "state": "open"})
