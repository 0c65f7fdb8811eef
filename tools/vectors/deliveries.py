"""What a vendor answers to each delivery: the ten checks, from bytes to receipts. Thought out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opencmr import trust

from .conversation import NEW_YEAR, Body, Script, Word, euros, item, terms, threads_case, wish
from .writing import OTHER_CUSTOMER, OTHER_VENDOR, Case, uuid


@dataclass
class Visit(Script):
    """Deliveries to one vendor. What the vendor says itself takes its place at once; what the customer says must be
    delivered, and is answered."""

    receive: list[Body] = field(default_factory=list)
    expect: list[Body] = field(default_factory=list)

    def say(self, type_: str, body: Body, thread: str | None = None, **more: Any) -> Word:
        self.later(minutes=1)
        word = self.word(type_, body, thread, **more)
        if word.side == "vendor":
            self.place(word)
            self.receive.append({"entry": word.message, "at": word.at})
            self.expect.append({})
        return word

    def then(self, state: str) -> None:
        """The state of the thread after what the vendor has just said."""
        self.expect[-1] = {"state": state}

    def _deliver(self, word: Word, now: str | None, **expected: Any) -> str:
        now = now or self.after(seconds=1)
        self.receive.append({"message": word.message, "now": now})
        self.expect.append({name: value for name, value in expected.items() if value is not None})
        return now

    def ok(
        self, word: Word, state: str, *, now: str | None = None, outcome: str = "accepted", at: str | None = None
    ) -> Word:
        """It is taken: accepted, or moot."""
        head = self.heads.get(word.thread)
        now = self._deliver(word, now, outcome=outcome, state=state, previous=head, at=at)
        return self.place(word, at or now)

    def moot(self, word: Word, state: str, **more: Any) -> Word:
        return self.ok(word, state, outcome="moot", **more)

    def refused(
        self,
        word: Word,
        code: str,
        pointer: str | None = None,
        *,
        now: str | None = None,
        missing: tuple[Word, ...] = (),
    ) -> Word:
        """A signed no; after a stale head with what was missed, customers' messages as their receipts."""
        digests = [each.digest for each in missing] or None
        self._deliver(word, now, refused=code, pointer=pointer, missing=digests)
        return word

    def unsigned(self, word: Word, code: str, pointer: str | None = None, *, now: str | None = None) -> Word:
        self._deliver(word, now, unsigned=code, pointer=pointer)
        return word

    def again(self, word: Word, number: int, *, now: str | None = None) -> None:
        """The same bytes: the same receipt as delivery `number` got, and nothing else."""
        self._deliver(word, now, again=number)


def case_of(id_: str, says: str, rules: str, talk: Callable[[Visit], object]) -> Case:
    visit = Visit(id_)
    talk(visit)
    return threads_case(id_, says, tuple(rules.split()), receive=visit.receive, expect=visit.expect)


def cases() -> list[Case]:
    talks: list[tuple[str, str, str, Callable[[Visit], object]]] = [
        ("whole-terms", "Proffered, accepted, terminated", "COR-1 COR-5 SEQ-2", _whole_terms),
        ("whole-consent", "Asked, granted, withdrawn", "COR-1 COR-5 SEQ-2 CNS-6", _whole_consent),
        ("whole-order", "Cast, offered, ordered, disclosed, cancelled", "COR-1 COR-5 SEQ-2 OFR-11", _whole_order),
        (
            "first-has-no-previous",
            "The first entry has no predecessor",
            "COR-3 SEQ-2",
            lambda v: v.ok(v.proffer(), "proffered"),
        ),
        ("same-instant", "Two messages at one instant: the vendor's times increase", "SEQ-3", _same_instant),
        ("clock-behind", "The vendor's clock has gone back: its times increase all the same", "SEQ-3", _clock_behind),
        ("late-retry", "The same bytes again, long after: the same receipt", "RCV-5 RCV-7 COR-2", _late_retry),
        ("retry-of-a-refusal", "The same bytes never come good", "RCV-4 RCV-5 COR-2", _retry_of_refusal),
        (
            "retry-expired",
            "Known bytes are answered before anybody looks at their expiry",
            "RCV-5 RCV-1",
            _retry_expired,
        ),
        ("conflict", "The same id and other bytes", "RCV-6", _conflict),
        ("conflict-of-refused", "A refused message has used its id too", "RCV-6 RCV-4", _conflict_of_refused),
        ("same-id-of-another", "Ids are unique for one sender only", "RCV-6", _same_id_of_another),
        (
            "wrong-addressee",
            "For another vendor",
            "RCV-8",
            lambda v: v.unsigned(v.proffer(to=OTHER_VENDOR), "wrong-addressee", "/to"),
        ),
        (
            "addressee-before-model",
            "The addressee is looked at before the model",
            "RCV-8 RCV-1",
            lambda v: v.unsigned(v.say("terms.proffer", {"choice": []}, to=OTHER_VENDOR), "wrong-addressee", "/to"),
        ),
        ("malformed-unsigned", "Before the signature nothing is decided", "RCV-2 ENV-8", _malformed_then_good),
        (
            "unsupported-version",
            "A version that is not spoken",
            "ENV-5",
            lambda v: v.unsigned(v.proffer(opencmr="1.7"), "unsupported-version", "/opencmr"),
        ),
        (
            "unsupported-type",
            "A type that does not exist",
            "RCV-1",
            lambda v: v.unsigned(v.say("terms.profer", {}), "unsupported-type", "/type"),
        ),
        ("bad-signature", "A changed word", "SIG-6 RCV-2", _bad_signature),
        ("unknown-thread", "A thread that nobody has opened here; it comes good once it is", "RCV-9", _unknown_thread),
        ("thread-of-others", "Another customer names the thread", "RCV-9", _thread_of_others),
        (
            "opener-in-thread-of-others",
            "The same thread id between two others is another thread",
            "RCV-9",
            _same_thread_id,
        ),
        ("too-early", "Dated more than five minutes ahead; later it comes good", "RCV-10", _too_early),
        ("just-not-too-early", "Dated exactly five minutes ahead", "RCV-10", lambda v: _ahead(v, minutes=5)),
        (
            "too-early-by-a-millisecond",
            "One millisecond more",
            "RCV-10",
            lambda v: v.unsigned(v.proffer(), "too-early", "/created", now=v.after(minutes=-5, milliseconds=-1)),
        ),
        ("narrowing-never-too-early", "A withdrawal dated far ahead", "RCV-10 SEQ-8", _narrowing_too_early),
        ("expired", "At the instant of its expiry", "RCV-11", lambda v: _expiring(v, milliseconds=0)),
        ("not-expired", "One millisecond before", "RCV-11", lambda v: _expiring(v, milliseconds=-1)),
        ("narrowing-never-expires", "A withdrawal after its expiry", "RCV-11 SEQ-8", _narrowing_expired),
        (
            "expiry-at-two-clocks",
            "In time by the customer's clock, too late by the vendor's: the vendor's decides",
            "RCV-11",
            _two_clocks,
        ),
        (
            "offer-in-time",
            "Accepted one millisecond before the offer expires",
            "OFR-9 OFR-11",
            lambda v: _accept_at(v, -1),
        ),
        ("offer-too-late", "Accepted at the instant when it expires", "OFR-9", lambda v: _accept_at(v, 0)),
        ("request-in-time", "Granted one millisecond before the request expires", "CNS-9", lambda v: _grant_at(v, -1)),
        ("request-too-late", "Granted at the instant when the request expires", "CNS-9", lambda v: _grant_at(v, 0)),
        ("given-has-no-deadline", "Given in time; a narrower grant may follow at any time", "CNS-9", _given_then_late),
        ("unknown-head", "It answers what has not come; once it has, it comes good", "SEQ-6", _unknown_head),
        ("stale-head", "The vendor spoke meanwhile: refused, with what was missed", "SEQ-4 SEQ-5", _stale),
        ("stale-head-own", "The customer's own message was missed: its receipt follows", "SEQ-4 SEQ-5", _stale_own),
        ("stale-head-many", "Three entries were missed, in their order", "SEQ-5", _stale_many),
        ("stale-head-refused", "It answers a refused message: all entries follow", "SEQ-4 SEQ-5", _stale_refused),
        (
            "stale-head-of-another-thread",
            "It answers an entry of another thread: all entries follow",
            "SEQ-4 SEQ-5",
            _stale_other_thread,
        ),
        ("crossing-accept", "An offer came meanwhile: the acceptance of the first holds", "SEQ-7 OFR-11", _crossing),
        (
            "crossing-accept-own",
            "The customer amended meanwhile: the acceptance is stale",
            "SEQ-7 SEQ-4",
            _crossing_own,
        ),
        (
            "crossing-decline",
            "The vendor ended terms while the customer accepted the counter",
            "SEQ-4",
            _crossing_decline,
        ),
        ("crossing-withdrawals", "Both take back at once: the second is moot", "SEQ-8 CNS-6", _crossing_withdrawals),
        ("narrowing-stale", "A withdrawal never is stale", "SEQ-8", _narrowing_stale),
        ("narrowing-unknown-head", "Nor does it wait for what it answers", "SEQ-8 SEQ-6", _narrowing_unknown_head),
        ("narrowing-twice", "Taken back twice: moot", "SEQ-8", _narrowing_twice),
        ("narrowing-first", "A decline before its thread bars the late opener", "SEQ-9", _narrowing_first),
        ("narrowing-first-withdrawal", "A withdrawal of a wish before the wish", "SEQ-9", _withdrawal_first),
        ("narrowing-first-twice", "Two of them before their thread", "SEQ-9", _narrowing_first_twice),
        ("wrong-state", "What was declined cannot be accepted", "LIF-1", _wrong_state),
        (
            "wrong-side",
            "Only a vendor counters",
            "LIF-1",
            lambda v: v.refused(
                v.say(
                    "terms.counter", {"terms": terms("SD-BASE")}, v.ok(v.proffer(), "proffered").thread, by="customer"
                ),
                "wrong-side",
                "/type",
            ),
        ),
        (
            "wrong-family",
            "A withdrawal of a wish in a thread of terms is moot; a disclosure is refused",
            "LIF-2",
            _wrong_family,
        ),
        (
            "accept-before-counter",
            "Only the vendor accepts a proffer",
            "LIF-1",
            lambda v: v.refused(
                v.say("terms.accept", {"terms": terms("SD-BASE")}, v.ok(v.proffer(), "proffered").thread),
                "wrong-side",
                "/type",
            ),
        ),
        (
            "terms-unknown",
            "Neither on the roster nor carried",
            "TRM-2",
            lambda v: v.refused(
                _proffered(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")}),
                "terms-unknown",
                "/body/choices/0/id",
            ),
        ),
        (
            "terms-mismatch",
            "The id of the roster, and another digest",
            "TRM-1",
            lambda v: v.refused(
                _proffered(v, {"id": "SD-BASE", "digest": terms("SD-BASE-A")["digest"]}),
                "terms-mismatch",
                "/body/choices/0/digest",
            ),
        ),
        (
            "counter-not-accepted-but-other",
            "The customer accepts what they had proffered themselves",
            "TRM-5",
            _counter_and_other,
        ),
        (
            "wider-key",
            "An item that was not asked for",
            "CNS-1",
            lambda v: _wider(v, item("phone"), "/body/items/0/key"),
        ),
        (
            "wider-purpose",
            "All marketing where direct marketing was asked for",
            "CNS-1",
            lambda v: _wider(v, item("news", purposes=["dpv:Marketing"]), "/body/items/0/purposes/0"),
        ),
        (
            "wider-action",
            "Sharing was not asked for",
            "CNS-1",
            lambda v: _wider(v, item("news", actions=["dpv:Use", "dpv:Share"]), "/body/items/0/actions/1"),
        ),
        (
            "wider-data",
            "More data than was asked for",
            "CNS-1",
            lambda v: _wider(v, item("news", data=["pd:Contact"]), "/body/items/0/data/0"),
        ),
        (
            "wider-until",
            "Longer than asked",
            "CNS-2",
            lambda v: _wider(v, item("news"), "/body/until", until="2027-01-01T00:00:00.001Z"),
        ),
        ("narrower", "Below what was asked for, and shorter", "CNS-1 CNS-2", _narrower),
        ("unasked-without-statement", "Unasked, and in nobody's words", "CNS-3", _without_statement),
        (
            "wrong-total",
            "Another total than the offer's",
            "OFR-10",
            lambda v: _accept_with(v, "wrong-total", "/body/total", total=euros("99.00")),
        ),
        (
            "other-currency",
            "The right amount in another currency",
            "OFR-10",
            lambda v: _accept_with(v, "wrong-total", "/body/total", total={"amount": "100.00", "currency": "CHF"}),
        ),
        (
            "unknown-offer",
            "An offer that nobody made",
            "OFR-9",
            lambda v: _accept_with(
                v, "unknown-reference", "/body/offer", offer={"id": uuid("nothing"), "digest": trust.digest(b"nothing")}
            ),
        ),
        ("offer-of-other-digest", "The id of an offer, and another digest", "OFR-9", _other_digest),
        ("declined-offer", "A declined offer is no longer firm", "OFR-9", _declined_offer),
        ("accept-after-withdrawal", "A withdrawn wish has no offers", "INT-3", _accept_after_withdrawal),
        ("disclose-too-soon", "Nothing is disclosed before there is an order", "ORD-1", _disclose_too_soon),
        (
            "unknown-term",
            "Data that no table knows",
            "LIF-1",
            lambda v: v.refused(
                v.say("intent.cast", wish(discloses=[{"data": "pd:Missspelt", "value": "x"}])),
                "unknown-term",
                "/body/discloses/0/data",
            ),
        ),
        (
            "ext-changes-nothing",
            "The same outcome with extensions as without",
            "ENV-9",
            lambda v: v.ok(v.proffer(ext={"https://a.example/x": {"outcome": "refused"}}), "proffered"),
        ),
        (
            "private-type",
            "A private type that nobody takes here",
            "ENV-11 RCV-1",
            lambda v: v.unsigned(v.say("com.example.note", {}, by="customer"), "unsupported-type", "/type"),
        ),
    ]
    return [case_of(*talk) for talk in talks]


# --- whole conversations


def _whole_terms(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.accept_terms(proffered)
    v.then("active")
    v.ok(v.end(proffered, "terms.terminate", "customer"), "terminated")


def _whole_consent(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    granted = v.ok(v.grant(asked, item("news"), item("study")), "given")
    v.ok(v.withdraw(granted, "study"), "given")
    v.ok(v.withdraw(granted), "withdrawn")


def _whole_order(v: Visit) -> None:
    made = _offered(v)
    v.ok(v.accept(made), "ordered")
    v.ok(v.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "Alice"}]}, made.thread), "ordered")
    v.confirm(made)
    v.then("confirmed")
    v.ok(v.cancel(made, "customer"), "cancelled")
    v.cancel(made, "vendor", refund=euros("100.00"))
    v.then("cancelled")
    v.moot(v.cancel(made, "customer"), "cancelled")


def _offered(v: Visit, **more: Any) -> Word:
    wished = v.ok(v.cast(), "open")
    made = v.offer(wished, **more)
    v.then("open")
    return made


# --- time


def _same_instant(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    now = v.after(seconds=1)
    v.ok(one, "proffered", now=now, at=now)
    v.ok(other, "proffered", now=now, at=v.after(seconds=1, milliseconds=1))


def _clock_behind(v: Visit) -> None:
    one, other = v.proffer(), v.proffer("SD-BASE")
    now = v.after(seconds=10)
    v.ok(one, "proffered", now=now, at=now)
    v.ok(other, "proffered", now=v.after(seconds=1), at=v.after(seconds=10, milliseconds=1))


def _too_early(v: Visit) -> None:
    word = v.proffer()
    v.unsigned(word, "too-early", "/created", now=v.after(minutes=-6))
    v.ok(word, "proffered", now=v.after(minutes=-4))


def _ahead(v: Visit, **by: float) -> None:
    word = v.proffer()
    v.ok(word, "proffered", now=v.after(**{unit: -n for unit, n in by.items()}))


def _narrowing_too_early(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted, created="2026-05-01T00:00:00.000Z"), "withdrawn")


def _expiring(v: Visit, *, milliseconds: int) -> None:
    expires = v.after(hours=1)
    word = v.proffer(expires=expires)
    now = v.after(minutes=59, milliseconds=milliseconds)
    assert (now >= expires) == (milliseconds >= 0)
    if milliseconds < 0:
        v.ok(word, "proffered", now=now)
    else:
        v.refused(word, "expired", "/expires", now=now)
        v.again(word, 0, now=v.after(minutes=-30))


def _narrowing_expired(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted, expires=v.after(minutes=2)), "withdrawn", now=v.after(days=2))


def _two_clocks(v: Visit) -> None:
    one = v.proffer(expires=v.after(minutes=2))  # a minute after it was made, by the customer's clock
    v.ok(one, "proffered", now=v.after(seconds=59))
    two = v.proffer(expires=v.after(minutes=2))
    v.refused(two, "expired", "/expires", now=v.after(minutes=4))


def _accept_at(v: Visit, milliseconds: int) -> None:
    made = _offered(v, hours=1)
    expires = str(made.message["expires"])
    word = v.accept(made)
    v.now = expires
    now = v.after(milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "ordered", now=now)
    else:
        v.refused(word, "offer-not-firm", "/body/offer", now=now)


def _grant_at(v: Visit, milliseconds: int) -> None:
    asked = v.ask(expires=v.after(hours=1))
    v.then("requested")
    word = v.grant(asked)
    v.now = str(asked.message["expires"])
    now = v.after(milliseconds=milliseconds)
    if milliseconds < 0:
        v.ok(word, "given", now=now)
    else:
        v.refused(word, "expired", "/inReplyTo", now=now)


def _given_then_late(v: Visit) -> None:
    asked = v.ask(expires=v.after(hours=1))
    v.then("requested")
    v.ok(v.grant(asked), "given")
    v.later(days=3)
    v.ok(v.grant(asked, item("news", channels=["email"])), "given")
    v.ok(v.withdraw(asked), "withdrawn")
    v.refused(v.grant(asked), "expired", "/inReplyTo")


# --- known before


def _late_retry(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.accept_terms(proffered)
    v.then("active")
    v.ok(v.end(proffered, "terms.terminate", "customer"), "terminated")
    v.again(proffered, 0, now=v.after(days=90))


def _retry_of_refusal(v: Visit) -> None:
    word = _proffered(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")})
    v.refused(word, "terms-unknown", "/body/choices/0/id")
    v.again(word, 0)
    v.again(word, 0, now=v.after(days=1))


def _retry_expired(v: Visit) -> None:
    word = v.proffer(expires=v.after(hours=1))
    v.ok(word, "proffered")
    v.again(word, 0, now=v.after(days=1))


def _conflict(v: Visit) -> None:
    one = v.ok(v.proffer(), "proffered")
    v.unsigned(v.proffer("SD-BASE", id=one.id), "conflict", "/id")
    v.again(one, 0)


def _conflict_of_refused(v: Visit) -> None:
    one = _proffered(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")})
    v.refused(one, "terms-unknown", "/body/choices/0/id")
    v.unsigned(v.proffer("SD-BASE", id=one.id), "conflict", "/id")


def _same_id_of_another(v: Visit) -> None:
    one = v.ok(v.proffer(), "proffered")
    other = _by_another(v.proffer("SD-BASE", id=one.id))
    v.receive.append({"message": other.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "accepted", "state": "proffered"})


def _by_another(word: Word) -> Word:
    """The same words by another customer."""
    document = {name: value for name, value in word.message.items() if name != "proof"}
    document["from"] = OTHER_CUSTOMER.did
    if "inReplyTo" not in document:
        document["thread"] = document["id"]
    raw = trust.sign(document, OTHER_CUSTOMER, trust.key_url(OTHER_CUSTOMER.did))
    return Word(trust.read(raw), trust.digest(raw), "customer", word.at)


# --- parties and form


def _malformed_then_good(v: Visit) -> None:
    bad = v.say("terms.proffer", {"choices": [terms("SD-BASE")], "chioces": 1})
    v.unsigned(bad, "malformed", "/body/chioces")
    v.ok(v.proffer("SD-BASE", id=bad.id), "proffered")


def _bad_signature(v: Visit) -> None:
    word = v.proffer()
    changed = {**word.message, "created": v.after(milliseconds=1)}
    v.receive.append({"message": changed, "now": v.after(seconds=1)})
    v.expect.append({"unsigned": "bad-signature", "pointer": "/proof/proofValue"})
    v.ok(word, "proffered")


def _unknown_thread(v: Visit) -> None:
    wished = v.cast()
    amended = v.say("intent.amend", wish(), wished.thread, inReplyTo=wished.digest)
    v.unsigned(amended, "unknown-thread", "/thread")
    v.ok(wished, "open")
    v.ok(amended, "open")


def _thread_of_others(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    v.unsigned(_by_another(v.say("intent.amend", wish(), wished.thread)), "unknown-thread", "/thread")
    late = _by_another(v.say("intent.withdraw", {}, wished.thread))
    v.receive.append({"message": late.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "moot", "state": "none"})
    v.ok(v.say("intent.amend", wish(), wished.thread), "open")


def _same_thread_id(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    other = _by_another(v.say("intent.cast", wish(), id=wished.id))
    v.receive.append({"message": other.message, "now": v.after(seconds=1)})
    v.expect.append({"outcome": "accepted", "state": "open"})


# --- sequence


def _unknown_head(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    first = v.say("intent.amend", wish(), wished.thread)
    second = v.say("intent.amend", wish(note="in red"), wished.thread, inReplyTo=first.digest)
    v.unsigned(second, "unknown-head", "/inReplyTo")
    v.ok(first, "open")
    v.ok(second, "open")


def _stale(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    amended = v.say("intent.amend", wish(), wished.thread)
    made = v.offer(wished)
    v.then("open")
    v.refused(amended, "stale-head", "/inReplyTo", missing=(made,))
    v.ok(v.say("intent.amend", wish(), wished.thread), "open")


def _stale_own(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    first, second = (v.say("intent.amend", wish(note=note), wished.thread) for note in ("red", "blue"))
    v.ok(first, "open")
    v.refused(second, "stale-head", "/inReplyTo", missing=(first,))


def _stale_many(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    late = v.say("intent.amend", wish(), wished.thread)
    one = v.offer(wished)
    v.then("open")
    two = v.ok(v.say("offer.decline", {"offer": one.ref, "reason": "tooDear"}, wished.thread), "open")
    three = v.offer(wished, "80.00")
    v.then("open")
    v.refused(late, "stale-head", "/inReplyTo", missing=(one, two, three))


def _stale_refused(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    bad = v.refused(v.accept(_never_made(wished)), "unknown-reference", "/body/offer")
    after = v.say("intent.amend", wish(), wished.thread, inReplyTo=bad.digest)
    v.refused(after, "stale-head", "/inReplyTo", missing=(wished,))


def _never_made(wished: Word) -> Word:
    return Word({**wished.message, "id": uuid("never made")}, trust.digest(b"never made"), "vendor", wished.at)


def _stale_other_thread(v: Visit) -> None:
    wished = v.ok(v.cast(), "open")
    other = v.ok(v.proffer(), "proffered")
    v.refused(
        v.say("intent.amend", wish(), wished.thread, inReplyTo=other.digest),
        "stale-head",
        "/inReplyTo",
        missing=(wished,),
    )


def _crossing(v: Visit) -> None:
    made = _offered(v)
    word = v.accept(made)
    v.offer(made, "90.00")
    v.then("open")
    v.ok(word, "ordered")


def _crossing_own(v: Visit) -> None:
    made = _offered(v)
    word = v.accept(made)
    amended = v.ok(v.say("intent.amend", wish(), made.thread), "open")
    v.refused(word, "stale-head", "/inReplyTo", missing=(amended,))


def _crossing_decline(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.counter(proffered)
    v.then("countered")
    word = v.accept_terms(proffered, "SD-BASE-A", "customer")
    ended = v.end(proffered, "terms.decline", "vendor")
    v.then("declined")
    v.refused(word, "stale-head", "/inReplyTo", missing=(ended,))


def _crossing_withdrawals(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    word = v.withdraw(granted)
    v.withdraw(granted, by="vendor")
    v.then("withdrawn")
    v.moot(word, "withdrawn")


def _narrowing_stale(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    late = v.withdraw(asked)
    v.ok(v.grant(asked), "given")
    v.ok(late, "withdrawn")


def _narrowing_unknown_head(v: Visit) -> None:
    asked = v.ask()
    v.then("requested")
    granted = v.grant(asked, item("news"), item("study"))
    withdrawn = v.withdraw(asked, "study", inReplyTo=granted.digest)
    v.ok(withdrawn, "requested")
    v.refused(granted, "stale-head", "/inReplyTo", missing=(withdrawn,))


def _narrowing_twice(v: Visit) -> None:
    granted = v.ok(v.grant(None), "given")
    v.ok(v.withdraw(granted), "withdrawn")
    v.moot(v.withdraw(granted), "withdrawn")
    v.moot(v.refuse(granted), "withdrawn")


def _narrowing_first(v: Visit) -> None:
    proffered = v.proffer()
    declined = v.say("terms.decline", {"reason": "changedMind"}, proffered.thread, inReplyTo=proffered.digest)
    v.moot(declined, "none")
    v.refused(proffered, "stale-head", missing=(declined,))


def _withdrawal_first(v: Visit) -> None:
    wished = v.cast()
    withdrawn = v.say("intent.withdraw", {}, wished.thread, inReplyTo=wished.digest)
    v.moot(withdrawn, "none")
    v.refused(wished, "stale-head", missing=(withdrawn,))
    v.ok(v.cast(), "open")


def _narrowing_first_twice(v: Visit) -> None:
    proffered = v.proffer()
    for type_ in ("terms.decline", "terms.terminate"):
        v.moot(v.end(proffered, type_, "customer", inReplyTo=proffered.digest), "none")
    v.refused(proffered, "stale-head", missing=tuple(v.entries))


# --- state


def _wrong_state(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    v.counter(proffered)
    v.then("countered")
    v.ok(v.end(proffered, "terms.decline", "customer"), "declined")
    v.refused(v.accept_terms(proffered, "SD-BASE-A", "customer"), "wrong-state", "/type")


def _wrong_family(v: Visit) -> None:
    proffered = v.ok(v.proffer(), "proffered")
    body = {"discloses": [{"data": "pd:Name", "value": "A"}]}
    v.refused(v.say("order.disclose", body, proffered.thread), "wrong-state", "/type")
    v.moot(v.say("intent.withdraw", {}, proffered.thread), "proffered")


# --- rules across members


def _proffered(v: Visit, choice: Body) -> Word:
    return v.say("terms.proffer", {"choices": [choice]})


def _counter_and_other(v: Visit) -> None:
    proffered = v.ok(v.proffer("SD-BASE"), "proffered")
    v.counter(proffered)
    v.then("countered")
    v.refused(v.accept_terms(proffered, "SD-BASE", "customer"), "terms-not-offered", "/body/terms/id")
    v.ok(v.accept_terms(proffered, "SD-BASE-A", "customer"), "active")


def _wider(v: Visit, wider: Body, pointer: str, until: str = NEW_YEAR) -> None:
    asked = v.ask("news")
    v.then("requested")
    v.refused(v.grant(asked, wider, until=until), "wider-than-asked", pointer)


def _narrower(v: Visit) -> None:
    asked = v.ask("news")
    v.then("requested")
    narrow = item("news", data=["pd:EmailAddress"], channels=["email"], until="2026-05-01T00:00:00.000Z")
    v.ok(v.grant(asked, narrow, until="2026-12-31T23:59:59.999Z"), "given")


def _without_statement(v: Visit) -> None:
    v.refused(
        v.say("consent.grant", {"items": [item("news")], "until": NEW_YEAR}),
        "unasked-without-statement",
        "/body/statement",
    )


def _accept_with(v: Visit, code: str, pointer: str, **body: Any) -> None:
    made = _offered(v)
    v.refused(v.accept(made, body=body), code, pointer)
    v.ok(v.accept(made), "ordered")


def _other_digest(v: Visit) -> None:
    made = _offered(v)
    v.refused(
        v.accept(made, body={"offer": {"id": made.id, "digest": trust.digest(b"another")}}),
        "unknown-reference",
        "/body/offer",
    )


def _declined_offer(v: Visit) -> None:
    made = _offered(v)
    decline = {"offer": made.ref, "reason": "tooDear"}
    v.ok(v.say("offer.decline", decline, made.thread), "open")
    v.moot(v.say("offer.decline", decline, made.thread), "open")
    v.refused(v.accept(made), "offer-not-firm", "/body/offer")


def _accept_after_withdrawal(v: Visit) -> None:
    made = _offered(v)
    v.ok(v.say("intent.withdraw", {}, made.thread), "withdrawn")
    v.refused(v.accept(made), "wrong-state", "/type")


def _disclose_too_soon(v: Visit) -> None:
    made = _offered(v)
    body = {"discloses": [{"data": "pd:Name", "value": "Alice"}]}
    v.refused(v.say("order.disclose", body, made.thread), "wrong-state", "/type")
    v.ok(v.accept(made), "ordered")
    v.ok(v.say("order.disclose", body, made.thread), "ordered")
