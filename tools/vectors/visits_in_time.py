"""Visits about time, known messages, parties and form; and whole conversations."""

from opencmr import trust

from .conversation import Word, euros, item, terms, wish
from .visit import Visit, by_another, offer_made, proffered_terms

# --- whole conversations


def whole_terms(v: Visit) -> None:
    proffered = v.hold(v.proffer())
    v.accept_terms(proffered)
    v.ok(v.end(proffered, "terms.terminate", "customer"), "terminated")


def whole_consent(v: Visit) -> None:
    asked = v.ask()
    granted = v.ok(v.grant(asked, item("news"), item("study")), "given")
    v.ok(v.withdraw(granted, "study"), "given")
    v.ok(v.withdraw(granted), "withdrawn")


def whole_order(v: Visit) -> None:
    made = offer_made(v)
    v.ok(v.accept(made), "ordered")
    v.ok(v.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "Alice"}]}, made.thread), "ordered")
    v.ok(v.cancel(made, "customer"), "cancelled")
    v.moot(v.cancel(made, "customer"), "cancelled")


# --- time


def same_instant(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    now = v.after(seconds=1)
    v.ok(one, "proffered", now=now)
    v.ok(other, "proffered", now=now)


def clock_behind(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    v.ok(one, "proffered", now=v.after(seconds=10))
    v.ok(other, "proffered", now=v.after(seconds=1))


def clock_behind_expired(v: Visit) -> None:
    """The vendor's clock has gone back behind what the customer has acknowledged: that time counts."""
    made = offer_made(v, created="2026-03-01T12:20:00.000Z")
    v.now = "2026-03-01T12:20:00.000Z"
    v.hold(v.amend(made))
    v.now = "2026-03-01T12:10:00.000Z"
    v.refused(v.amend(made, more={"expires": "2026-03-01T12:19:00.000Z"}), "expired", "/expires")
    v.ok(v.amend(made, more={"expires": "2026-03-01T12:21:00.000Z"}), "open")


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


def dated_long_ago(v: Visit) -> None:
    """Written on a plane: a date in the past is no fault."""
    v.ok(v.proffer(), "proffered", now=v.after(days=6))


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


def expired_before_stale(v: Visit) -> None:
    """Of two faults the one of the earlier check is told."""
    wished = v.hold(v.cast())
    late = v.amend(wished, more={"expires": v.after(minutes=5)})
    v.offer(wished)
    v.refused(late, "expired", "/expires", now=v.after(minutes=10))


def two_clocks(v: Visit) -> None:
    one = v.proffer(expires=v.after(minutes=2))  # a minute after it was made, by the customer's clock
    v.ok(one, "proffered", now=v.after(seconds=59))
    two = v.proffer(expires=v.after(minutes=2))
    v.refused(two, "expired", "/expires", now=v.after(minutes=4))


def narrowing_with_expiry(v: Visit) -> None:
    """A no-word has none: the form forbids it, and without it the same no gets through."""
    granted = v.ok(v.grant(None), "given")
    v.unsigned(v.withdraw(granted, expires=v.after(minutes=2)), "malformed", "/expires")
    v.ok(v.withdraw(granted, prior=granted.digest), "withdrawn", now=v.after(days=300))


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
    word = v.grant(asked)
    v.now = str(asked.message["expires"])
    now = v.after(milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "given", now=now)
    else:
        v.refused(word, "expired", "/created", now=now)


def given_then_late(v: Visit) -> None:
    asked = v.ask(expires=v.after(hours=1))
    v.ok(v.grant(asked), "given")
    v.later(days=2)
    v.ok(v.grant(asked, item("news", channels=["email"])), "given")
    v.ok(v.withdraw(asked), "withdrawn")
    v.refused(v.grant(asked), "expired", "/created")


# --- known messages


def late_retry(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.ok(v.end(proffered, "terms.decline", "customer"), "declined")
    v.again(proffered, 0)
    v.again(proffered, 0, now=v.after(days=90))


def retry_of_refusal(v: Visit) -> None:
    word = proffered_terms(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")})
    v.refused(word, "terms-unknown", "/body/choices/0/id")
    v.again(word, 0)
    v.again(word, 0, now=v.after(days=1))


def retry_of_a_stale_word(v: Visit) -> None:
    wished = v.hold(v.cast())
    late = v.amend(wished)
    made = v.offer(wished)
    v.refused(late, "stale", "/seen", unknown=made)
    v.again(late, 0)


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
    v.ok(by_another(v.proffer("SD-BASE", id=one.id)), "proffered")


# --- parties and form


def malformed_then_good(v: Visit) -> None:
    bad = v.say("terms.proffer", {"choices": [terms("SD-BASE")], "chioces": 1})
    v.unsigned(bad, "malformed", "/body/chioces")
    v.ok(v.proffer("SD-BASE", id=bad.id, prior=None), "proffered")


def signature_before_body(v: Visit) -> None:
    """Whoever has no key learns nothing of the body; whoever has one, no state."""
    body = {"choices": [terms("SD-BASE")], "chioces": 1}
    bad = v.say("terms.proffer", body)
    spoilt = {**bad.message, "body": {**body, "chioces": 2}}
    v.unsigned(Word(spoilt, "", "customer"), "bad-signature", "/proof/proofValue")
    v.unsigned(Word({**spoilt, "created": "now"}, "", "customer"), "malformed", "/created")
    v.unsigned(bad, "malformed", "/body/chioces")
    late = v.say("terms.proffer", body, expires=v.after(milliseconds=-1))
    v.unsigned(late, "malformed", "/body/chioces")


def with_number(v: Visit) -> None:
    """A customer's word has no number: nothing may rest on one."""
    v.unsigned(v.proffer(number=1), "malformed", "/number")


def bad_signature(v: Visit) -> None:
    word = v.proffer()
    changed = Word({**word.message, "created": v.after(milliseconds=1)}, "", "customer")
    v.unsigned(changed, "bad-signature", "/proof/proofValue")
    v.ok(word, "proffered")


def changed_seen(v: Visit) -> None:
    """What a word knows is signed with it."""
    v.hold(v.cast())
    word = v.proffer()
    v.unsigned(
        Word({name: value for name, value in word.message.items() if name != "seen"}, "", "customer"),
        "bad-signature",
        "/proof/proofValue",
    )
    v.ok(word, "proffered")


def unknown_thread(v: Visit) -> None:
    wished = v.cast()
    amended = v.amend(wished)
    v.unsigned(amended, "unknown-thread", "/thread")
    v.ok(wished, "open")
    v.ok(amended, "open")


def unknown_thread_expired(v: Visit) -> None:
    """It never comes good, whatever may still open its thread."""
    wished = v.cast()
    expires = v.after(minutes=5)
    amended = v.amend(wished, more={"expires": expires})
    v.unsigned(amended, "unknown-thread", "/thread")
    v.refused(amended, "expired", "/expires", now=expires)
    v.ok(wished, "open")


def thread_of_others(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    amended = v.amend(wished)
    v.unsigned(by_another(amended), "unknown-thread", "/thread")
    v.moot(by_another(v.say("intent.withdraw", {}, wished.thread)), "none")
    v.ok(amended, "open")


def same_thread_id(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    v.ok(by_another(v.say("intent.cast", wish(), id=wished.id)), "open")


def collect_at(v: Visit, seconds: float, *, taken: bool) -> None:
    v.hold(v.cast())
    expected = {"messages": [], "more": False} if taken else {"unsigned": "stale-request", "pointer": "/created"}
    v.collect(expected, seen=v.tip, now=v.after(seconds=seconds))


def refunds(v: Visit) -> None:
    """What only a vendor settles."""
    made = offer_made(v)
    v.ok(v.accept(made), "ordered")
    v.ok(v.cancel(made, "customer", refund=euros("500.00")), "cancelled")
