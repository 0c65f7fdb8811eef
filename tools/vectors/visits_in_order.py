"""Visits about sequence, lifecycles and the rules across members."""

from typing import Any

from opencmr import trust

from .conversation import NEW_YEAR, Body, Word, item, offer
from .visit import Visit, by_another, offer_made

NOWHERE = trust.digest(b"nowhere")

# --- sequence


def numbered(v: Visit) -> None:
    """Held are 1 to 3; the answers are 4, 5 and 6, whatever thread they are of, and whether they refuse or not."""
    made = offer_made(v)
    v.hold(v.proffer())
    v.ok(v.accept(made), "ordered")
    v.refused(v.accept(made), "wrong-state", "/type")
    v.ok(v.grant(None), "given")


def same_numbers_for_another(v: Visit) -> None:
    """Numbers are of one relationship."""
    offer_made(v)
    v.ok(v.proffer(), "proffered")
    v.ok(by_another(v.proffer("SD-BASE")), "proffered")
    v.ok(v.grant(None), "given")


def stale(v: Visit) -> None:
    wished = v.hold(v.cast())
    amended = v.amend(wished)
    made = v.offer(wished)
    v.refused(amended, "stale", "/seen", unknown=made)
    v.ok(v.amend(wished), "open")


def stale_own(v: Visit) -> None:
    """The own word in between is not the one before: another copy of the wallet said it."""
    wished = v.hold(v.cast())
    first = v.amend(wished, note="red")
    second = v.amend(wished, note="blue", more={"prior": wished.digest})
    v.ok(first, "open")
    v.refused(second, "stale", "/seen", unknown=first)


def stale_many(v: Visit) -> None:
    wished = v.hold(v.cast())
    late = v.amend(wished)
    v.offer(wished)
    last = v.offer(wished, "80.00")
    v.refused(late, "stale", "/seen", unknown=last)


def known_by_prior(v: Visit) -> None:
    """Three words in a row, before any receipt was held."""
    wished = v.cast()
    amended = v.amend(wished, note="red")
    again = v.amend(wished, note="blue")
    for word in (wished, amended, again):
        v.ok(word, "open")


def prior_not_here(v: Visit) -> None:
    """The word before it never came, or comes later: an opener need know nothing."""
    first, second = v.proffer(), v.cast()
    v.ok(second, "open")
    v.ok(first, "proffered")


def prior_not_here_stale(v: Visit) -> None:
    """In a thread where nothing else stands, nothing is missed; the amendment that comes too late is stale."""
    wished = v.hold(v.cast())
    first, second = v.amend(wished, note="red"), v.amend(wished, note="blue")
    v.ok(second, "open")
    v.refused(first, "stale", "/seen", unknown=second)


def behind(v: Visit) -> None:
    wished = v.hold(v.cast())
    v.unsigned(v.amend(wished, more={"seen": NOWHERE}), "behind", "/seen")
    v.ok(v.amend(wished, more={"prior": wished.digest}), "open")


def behind_before_the_thread(v: Visit) -> None:
    """Who is behind says nothing else: not that it does not know the thread either."""
    wished = v.cast()
    v.unsigned(v.amend(wished, more={"seen": NOWHERE}), "behind", "/seen")
    v.unsigned(v.amend(wished), "unknown-thread", "/thread")


def behind_before_the_rest(v: Visit) -> None:
    """Of a widening word, before lifecycle and rules."""
    wished = v.hold(v.cast())
    v.unsigned(v.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "A"}]}, wished.thread, seen=NOWHERE),
               "behind", "/seen")  # fmt: skip


def crossing(v: Visit) -> None:
    made = offer_made(v)
    word = v.accept(made)
    v.offer(made, "90.00")
    v.ok(word, "ordered")


def crossing_own(v: Visit) -> None:
    made = offer_made(v)
    word = v.accept(made)
    amended = v.amend(made)
    v.ok(amended, "open")
    v.refused(word, "stale", "/seen", unknown=amended)


def crossing_decline(v: Visit) -> None:
    proffered = v.hold(v.proffer())
    v.counter(proffered)
    word = v.accept_terms(proffered, "SD-BASE-A", "customer")
    ended = v.end(proffered, "terms.decline", "vendor")
    v.refused(word, "stale", "/seen", unknown=ended)


def crossing_withdrawals(v: Visit) -> None:
    granted = v.hold(v.grant(None))
    word = v.withdraw(granted)
    v.withdraw(granted, by="vendor")
    v.moot(word, "withdrawn")


def narrowing_stale(v: Visit) -> None:
    asked = v.ask()
    late = v.withdraw(asked)
    v.ok(v.grant(asked, prior=None), "given")
    v.ok(late, "withdrawn")


def narrowing_without_links(v: Visit) -> None:
    granted = v.hold(v.grant(None))
    v.ok(v.withdraw(granted, prior=None, seen=None), "withdrawn")


def narrowing_twice(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted), "withdrawn")
    v.moot(v.withdraw(granted), "withdrawn")
    v.moot(v.refuse(granted), "withdrawn")


def narrowing_first(v: Visit) -> None:
    proffered = v.proffer()
    declined = v.end(proffered, "terms.decline", "customer")
    v.moot(declined, "none")
    v.refused(proffered, "stale", "/seen", unknown=declined)


def withdrawal_first(v: Visit) -> None:
    wished = v.cast()
    withdrawn = v.say("intent.withdraw", {}, wished.thread)
    v.moot(withdrawn, "none")
    v.refused(wished, "stale", "/seen", unknown=withdrawn)
    v.ok(v.cast(), "open")


def narrowing_first_twice(v: Visit) -> None:
    proffered = v.proffer()
    declined, ended = (v.end(proffered, type_, "customer") for type_ in ("terms.decline", "terms.terminate"))
    v.moot(declined, "none")
    v.moot(ended, "none")
    v.refused(proffered, "stale", "/seen", unknown=ended)


# --- state


def wrong_state(v: Visit) -> None:
    proffered = v.hold(v.proffer())
    v.counter(proffered)
    v.ok(v.end(proffered, "terms.decline", "customer"), "declined")
    v.refused(v.accept_terms(proffered, "SD-BASE-A", "customer"), "wrong-state", "/type")


def wrong_family(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    body = {"discloses": [{"data": "pd:Name", "value": "A"}]}
    v.refused(v.say("order.disclose", body, proffered.thread), "wrong-state", "/type")
    v.moot(v.say("intent.withdraw", {}, proffered.thread), "proffered")


# --- rules across members


def counter_and_other(v: Visit) -> None:
    proffered = v.hold(v.proffer("SD-BASE"))
    v.counter(proffered)
    v.refused(v.accept_terms(proffered, "SD-BASE", "customer"), "terms-not-offered", "/body/terms/id")
    v.ok(v.accept_terms(proffered, "SD-BASE-A", "customer"), "active")


def counter_overtaken(v: Visit) -> None:
    """The customer accepts a counter without knowing the agreement that was made since."""
    first = v.hold(v.proffer("SD-BASE-DP"))
    v.counter(first, "SD-BASE-A")
    word = v.accept_terms(first, "SD-BASE-A", "customer")
    v.accept_terms(v.hold(v.proffer("SD-BASE")), "SD-BASE")
    v.refused(word, "wrong-state", "/type")
    v.ok(v.accept_terms(first, "SD-BASE-A", "customer"), "active")


def proffer_unknowing(v: Visit) -> None:
    """A proffer by a copy of the wallet that does not know the end of the agreement."""
    agreed = v.hold(v.proffer("SD-BASE"))
    v.accept_terms(agreed, "SD-BASE")
    copy = {"prior": agreed.digest, "seen": v.tip}
    ended = v.hold(v.end(agreed, "terms.terminate", "customer"))
    v.refused(v.proffer("SD-BASE", **copy), "stale", "/seen", unknown=ended)
    v.ok(v.proffer("SD-BASE"), "proffered")


def counter_by(v: Visit, milliseconds: int) -> None:
    first = v.hold(v.proffer())
    v.counter(first, body={"answerBy": v.after(minutes=30)})
    word, now = v.accept_terms(first, "SD-BASE-A", "customer"), v.after(minutes=28, milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "active", now=now)
    else:
        v.refused(word, "expired", "/created", now=now)


def wider(v: Visit, wider: Body, pointer: str, until: str = NEW_YEAR) -> None:
    v.refused(v.grant(v.ask("news"), wider, until=until), "wider-than-asked", pointer)


def narrower(v: Visit) -> None:
    asked = v.ask("news")
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


# --- a no, and the decision


def denied_at_once(v: Visit) -> None:
    granted = v.hold(v.grant(None))
    v.may(MARKETING, "permit", "consent")
    v.ok(v.withdraw(granted), "withdrawn")
    v.may(MARKETING, "deny", "withdrawn")


def unknowing_yes(v: Visit) -> None:
    """A grant in another thread by a copy of the wallet that does not know the withdrawal."""
    granted = v.hold(v.grant(None))
    copy = {"prior": granted.digest, "seen": v.tip}
    unknowing = v.grant(None, **copy)
    v.ok(v.withdraw(granted, **copy), "withdrawn")
    v.ok(unknowing, "given")
    v.may(MARKETING, "deny", "withdrawn")


# --- what waits in the mailbox


def collected(v: Visit) -> None:
    """A wallet that holds nothing gets the own words too, each before its receipt."""
    made = offer_made(v)
    wished = v.words[0]
    v.collect({"messages": [wished.digest, v.at(1), made.digest], "more": False}, seen=None)
    for _ in range(2):  # until a later collect has seen it
        v.collect({"messages": [made.digest], "more": False}, seen=v.at(1))
    v.collect({"messages": [], "more": False}, seen=v.at(2))


def collected_with_answers(v: Visit) -> None:
    made = offer_made(v)
    seen = v.tip
    accepted = v.ok(v.accept(made), "ordered")
    refused = v.refused(v.accept(made), "wrong-state", "/type")
    waiting = [accepted.digest, {"receiptOf": accepted.digest}, refused.digest, {"receiptOf": refused.digest}]
    v.collect({"messages": waiting, "more": False}, seen=seen)


def collected_in_pages(v: Visit) -> None:
    """The limit counts the vendor's words: the own word that one answers comes with it."""
    made = offer_made(v)
    second = v.offer(made, "90.00")
    wished = v.words[0]
    v.collect({"messages": [wished.digest, v.at(1)], "more": True}, seen=None, limit=1)
    v.collect({"messages": [made.digest, second.digest], "more": False}, seen=v.at(1), limit=2)


def collect_is_no_word(v: Visit) -> None:
    """It takes no number, and no word knows it."""
    wished = v.hold(v.cast())
    v.collect({"messages": [], "more": False}, seen=v.tip)
    v.ok(v.amend(wished), "open")


def collected_by_a_stranger(v: Visit) -> None:
    v.collect({"messages": [], "more": False}, seen=None)


def collects_that_break_rules(v: Visit) -> None:
    v.hold(v.cast())
    v.lose()
    seen, lost = v.tip, v.offer(v.words[0]).digest
    used, unknown = v.word("mailbox.collect", {}, seen=seen), v.word("mailbox.collect", {}, seen=lost)
    both = v.word("mailbox.collect", {}, seen=lost, id=used.id)
    v.step(None, {"messages": [], "more": False}, collect=used.message)
    rows: dict[str, list[int]] = {}

    def tried(collect: Word, code: str, pointer: str | None, *broken: int, now: str | None = None) -> None:
        rows[str(len(v.receive))] = list(broken)
        v.step(now, {"unsigned": code, **({"pointer": pointer} if pointer else {})}, collect=collect.message)

    tried(used, "replayed", "/id", 2)
    tried(both, "replayed", "/id", 2, 3)
    tried(unknown, "behind", "/seen", 3)
    late = v.after(seconds=121)
    tried(v.word("mailbox.collect", {}, seen=seen), "stale-request", "/created", 1, now=late)
    tried(used, "stale-request", "/created", 1, 2, now=late)
    v.more = {"breaks": {"type": "mailbox.collect", "steps": rows}}


# --- files


def fetches_that_break_rules(v: Visit) -> None:
    """The file has 10 bytes. The vendor has named it to this customer in the offer, and nowhere else."""
    content = "ten bytes\n"
    file = {"mediaType": "text/plain", "size": 10, "digest": trust.digest(content.encode())}
    made = v.offer(v.hold(v.cast()), body={"lines": [{**offer()["lines"][0], "files": [file]}]})
    wish = v.words[0]
    rows: dict[str, list[int]] = {}

    def fetch(of: str, start: int | None = None, **more: Any) -> Word:
        body = {"digest": file["digest"], "of": of, **({"from": start} if start is not None else {})}
        return v.word("blob.fetch", body, prior=None, seen=None, **more)

    def tried(asked: Word, code: str, pointer: str, *broken: int, now: str | None = None) -> None:
        rows[str(len(v.receive))] = list(broken)
        v.step(now, {"unsigned": code, "pointer": pointer}, fetch=asked.message)

    used = fetch(made.digest)
    v.step(None, {"bytes": 10}, fetch=used.message)
    v.step(None, {"bytes": 4}, fetch=fetch(made.digest, 6).message)
    v.step(None, {"bytes": 0}, fetch=fetch(made.digest, 10).message)
    tried(used, "replayed", "/id", 4)
    tried(fetch(made.digest, 11), "malformed", "/body/from", 3)
    tried(fetch(made.digest, 11, id=used.id), "malformed", "/body/from", 3, 4)
    tried(fetch(wish.digest), "not-found", "/body/digest", 2)
    tried(fetch(wish.digest, 11), "not-found", "/body/digest", 2, 3)
    tried(by_another(fetch(made.digest)), "not-found", "/body/digest", 2)
    late = v.after(seconds=121)
    tried(fetch(made.digest), "stale-request", "/created", 1, now=late)
    tried(fetch(wish.digest), "stale-request", "/created", 1, 2, now=late)
    v.more = {"files": [content], "breaks": {"type": "blob.fetch", "steps": rows}}


# --- after a restore


def restored_collect(v: Visit) -> None:
    """It lacks what the customer has seen. The customer hands that back, and the vendor goes on from there."""
    v.hold(v.cast())
    v.lose()
    made = v.offer(v.words[0])
    v.step(None, {"unsigned": "behind"}, collect=v.word("mailbox.collect", {}).message)
    v.hand_back(v.words)
    v.collect({"messages": [], "more": False}, seen=v.tip)
    v.ok(v.accept(made), "ordered")


def restored_widening(v: Visit) -> None:
    v.hold(v.cast())
    v.lose()
    made = v.offer(v.words[0])
    word = v.accept(made)
    v.unsigned(word, "behind", "/seen")
    v.hand_back(v.words)
    v.collect({"messages": [], "more": False}, seen=v.tip)
    v.ok(word, "ordered")


def restored_narrowing(v: Visit) -> None:
    """A no is stored and denies at once; its receipt follows."""
    granted = v.hold(v.grant(None))
    v.lose()
    v.ask("study")
    withdrawn = v.withdraw(granted)
    v.may(MARKETING, "permit", "consent")
    v.unsigned(withdrawn, "behind")
    v.may(MARKETING, "deny", "withdrawn")
    v.unsigned(withdrawn, "behind")
    v.hand_back(v.words)
    v.collect({"messages": [withdrawn.digest, {"receiptOf": withdrawn.digest}], "more": False}, seen=v.tip)
    v.may(MARKETING, "deny", "withdrawn")


def restored_grant_lost(v: Visit) -> None:
    """What was granted after the copy was made comes back with what is handed back: the customer's word too."""
    v.hold(v.proffer())
    v.lose()
    granted = v.hold(v.grant(None))
    v.step(None, {"unsigned": "behind"}, collect=v.word("mailbox.collect", {}).message)
    v.hand_back(v.words)
    v.collect({"messages": [], "more": False}, seen=v.tip)
    v.may(MARKETING, "permit", "consent")
    v.ok(v.withdraw(granted), "withdrawn")
    v.may(MARKETING, "deny", "withdrawn")


def restored_and_knows(v: Visit) -> None:
    """Before the next collect it takes nothing that widens, though it lacks nothing that this customer has seen."""
    wished = v.hold(v.cast())
    v.restored = True
    amended = v.amend(wished)
    v.unsigned(amended, "behind")
    v.collect({"messages": [], "more": False}, seen=v.tip)
    v.ok(amended, "open")


def restored_and_knows_narrowing(v: Visit) -> None:
    granted = v.hold(v.grant(None))
    v.restored = True
    withdrawn = v.withdraw(granted)
    v.unsigned(withdrawn, "behind")
    v.may(MARKETING, "deny", "withdrawn")
    v.collect({"messages": [withdrawn.digest, {"receiptOf": withdrawn.digest}], "more": False}, seen=v.tip)


def handed_back_from_elsewhere(v: Visit) -> None:
    """What does not go on from what is held is not taken."""
    made = offer_made(v)
    v.lose()
    v.offer(made, "90.00")
    last = v.offer(made, "80.00")
    v.step(None, {"unsigned": "conflict", "pointer": "/number"}, handBack=[last.message])
    v.step(None, {"unsigned": "behind"}, collect=v.word("mailbox.collect", {}, seen=v.tip).message)


def handed_back_without_what_it_answers(v: Visit) -> None:
    v.hold(v.cast())
    v.lose()
    v.hold(v.proffer())
    v.step(None, {"unsigned": "conflict", "pointer": "/body/of"}, handBack=[v.words[-1].message])


MARKETING: Body = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress"}
