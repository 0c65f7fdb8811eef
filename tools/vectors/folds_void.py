"""Words that have their place and no effect: too late, overtaken, against the rules; what comes twice."""

from datetime import timedelta

from opencmr.protocol import instant, moment

from .conversation import Body, Script, Word, item, terms, wish
from .folds import fold, question, unknown
from .folds_knowing import ANALYTICS, MARKETING, NOW, OF_THE_WISH, REFUSED
from .writing import Case

ACCEPTED: Body = {"outcome": "accepted", "state": "proffered"}
EXPIRED = "expired /expires RCV-11"
OVERTAKEN = "wrong-state /type TRM-10"
UNKNOWING = "stale /seen TRM-12"
UNANSWERABLE = "expired /created TRM-11"
TOO_LATE = "expired /created INT-4"


def void_folds() -> list[Case]:
    return [*_expired(), *_against_the_rules(), *_overtaken(), *_unanswerable(), *_wishes(), *_twice()]


def _expired() -> list[Case]:
    return [
        fold("expires-in-time", "Placed one millisecond before it expires", "SEQ-25 RCV-11", "a", "proffered",
             lambda t: _expiring(t, 1)),
        fold("expires-at-its-place", "Placed at the instant when it expires: refused", "SEQ-25 RCV-11", "r", "none",
             lambda t: _expiring(t, 0), problems={1: EXPIRED}),
        fold("expired-and-accepted", "The vendor takes it all the same: void, and nothing can be built on it",
             "SEQ-25 SEQ-28 SEQ-10", "vv", "none", lambda t: t.accept_terms(_expiring(t, 0, **ACCEPTED), "SD-BASE"),
             problems={1: EXPIRED, 2: "wrong-state /type LIF-1"}, differs={1: "other-outcome"},
             asks=[(SERVICE, NOW, "deny no-word")]),
        fold("expired-by-acknowledged-time", "The vendor's clock went back; the time that was acknowledged stands",
             "SEQ-25 SEQ-22", "aaar", "open", lambda t: _clock_back(t, "12:09:00"), problems={4: EXPIRED},
             at=["12:01:01", "12:10:00", "12:10:01", "12:10:00"]),
        fold("not-expired-by-acknowledged-time", "The same with two minutes more", "SEQ-25 SEQ-22", "aaaa", "open",
             lambda t: _clock_back(t, "12:11:00"), at=["12:01:01", "12:10:00", "12:10:01", "12:10:00"]),
        fold("refused-as-expired-in-time", "Refused as expired, though its place came before: it shows",
             "SEQ-25 SEQ-28", "r", "none", lambda t: t.proffer(claims=REFUSED), differs={1: "other-outcome"}),
        fold("expires-only-until-placed", "Terms that were placed in time can be accepted after that", "SEQ-25",
             "aa", "active", lambda t: _accepted_later(t, days=30)),
        fold("grant-expires-and-holds", "A consent lasts until its `until`, whatever its `expires`", "SEQ-25 CNS-10",
             "a", "given", lambda t: t.grant(None, expires=t.after(hours=1)),
             asks=[(MARKETING, {"at": "2026-12-31T23:59:59.999Z"}, "permit consent"),
                   (MARKETING, {"at": "2027-01-01T00:00:00.000Z"}, "deny consent-expired")]),
    ]  # fmt: skip


def _against_the_rules() -> list[Case]:
    return [
        fold("wider-accepted", "A grant wider than asked, taken by the vendor", "SEQ-28 CNS-1 SEQ-10", "av",
             "requested", lambda t: t.grant(t.ask("study"), item("news"), claims={"outcome": "accepted",
                                                                                  "state": "given"}),
             problems={2: "wider-than-asked /body/items/0/key CNS-1"}, differs={2: "other-outcome"},
             asks=[(MARKETING, NOW, "deny no-word")]),
        fold("wider-refused", "Refused, as it has to be", "CNS-1", "ar", "requested",
             lambda t: t.grant(t.ask("study"), item("news")),
             problems={2: "wider-than-asked /body/items/0/key CNS-1"}),
        fold("other-terms-accepted", "The customer accepts what the counter does not say, and the vendor takes it",
             "SEQ-28 TRM-5", "aav", "countered", _other_terms, differs={3: "other-outcome"},
             problems={3: "terms-not-offered /body/terms/id TRM-5"}),
        fold("ended-and-accepted", "An acceptance of a counter after a decline, taken by the vendor", "SEQ-28 LIF-1",
             "aaav", "declined", _after_decline, problems={4: "wrong-state /type LIF-1"}, differs={4: "other-outcome"}),
        fold("wrong-total-accepted", "An order at another total, taken by the vendor", "SEQ-28 OFR-10", "aav", "open",
             lambda t: t.accept(t.offer(t.cast()), "90.00", claims={"outcome": "accepted", "state": "ordered"}),
             problems={3: "wrong-total /body/total OFR-10"}, differs={3: "other-outcome"}),
        fold("void-then-good", "After a void word of the customer's, one that holds", "SEQ-10 SEQ-28", "aava",
             "ordered", _void_then_good, differs={3: "other-outcome"},
             problems={3: "wrong-total /body/total OFR-10"}),
        fold("disclosed-too-soon", "Data before there is an order, taken by the vendor: nothing is permitted with it",
             "SEQ-28 ORD-1", "av", "open", _too_soon, problems={2: "wrong-state /type LIF-1"},
             differs={2: "other-outcome"}),
    ]  # fmt: skip


def _overtaken() -> list[Case]:
    return [
        fold("older-proffer-accepted", "Two proffers; the newer binds, then the older is accepted: void", "TRM-10",
             "aaav", "proffered", lambda t: _two_proffers(t, newer_first=True), problems={4: OVERTAKEN},
             asks=[(ANALYTICS, NOW, "deny prohibited-by-agreement")]),
        fold("newer-proffer-accepted", "The older binds, then the newer: it knew the older", "TRM-10", "aaaa",
             "active", lambda t: _two_proffers(t, newer_first=False),
             asks=[(ANALYTICS, NOW, "deny prohibited-by-agreement")]),
        fold("laxer-proffer-accepted-last", "A newer proffer may be laxer", "TRM-10", "aaaa", "active",
             lambda t: _two_proffers(t, newer_first=False, codes=("SD-BASE", "SD-BASE-A")),
             asks=[(ANALYTICS, NOW, "permit agreement")]),
        fold("proffer-before-the-end", "Proffered before the customer ended another agreement, accepted after: void",
             "TRM-10", "aaaav", "proffered", lambda t: _ended_between(t, by="customer"), problems={5: OVERTAKEN},
             asks=[(ANALYTICS, NOW, "deny agreement-ended")]),
        fold("proffer-before-the-vendor-s-end", "The vendor ended it: that says nothing about what the customer wants",
             "TRM-10", "aaaaa", "active", lambda t: _ended_between(t, by="vendor"),
             asks=[(ANALYTICS, NOW, "permit agreement")]),
        fold("proffer-after-the-end", "Proffered by one who knew the end", "TRM-10", "aaaaa", "active", _after_the_end,
             asks=[(ANALYTICS, NOW, "permit agreement")]),
        fold("proffer-unknowing-the-end", "Proffered after it, by a copy of the wallet that knew it not: stale",
             "TRM-12", "aaar", "none", lambda t: _unknowing(t), problems={4: UNKNOWING}),
        fold("proffer-unknowing-the-end-accepted", "The vendor takes it, and accepts it: both are void",
             "TRM-12 SEQ-28", "aaavv", "none", lambda t: t.accept_terms(_unknowing(t, **ACCEPTED)),
             problems={4: UNKNOWING, 5: "wrong-state /type LIF-1"}, differs={4: "other-outcome"}),
        fold("proffer-unknowing-what-binds", "Nor may it not know an agreement that the customer's own word made",
             "TRM-12", "aaar", "none", _unknowing_counter, problems={4: UNKNOWING}),
        fold("proffer-unknowing-the-vendor-s-end", "What the vendor ended alone it need not know", "TRM-12", "aaaa",
             "proffered", lambda t: _unknowing(t, by="vendor")),
        fold("proffer-unknowing-another-scope", "Nor terms of another scope", "TRM-12", "aaaaa", "proffered",
             _unknowing_scope),
        fold("counter-accepted-last", "Of a counter the customer's acceptance counts: it knows the newer agreement",
             "TRM-10", "aaaaa", "active", lambda t: _counter_last(t, knows=True),
             asks=[(ANALYTICS, NOW, "permit agreement")]),
        fold("counter-accepted-unknowing", "And here it does not: refused", "TRM-10", "aaaar", "countered",
             lambda t: _counter_last(t, knows=False), problems={5: OVERTAKEN}),
        fold("other-scope", "Terms for one message's data do not stand in the way of the relationship's", "TRM-10",
             "aaaaa", "active", _other_scope),
        fold("decline-is-no-end", "A decline of what never bound ends nothing: the other proffer can be accepted",
             "TRM-10", "aaaa", "active", _declined_other),
    ]  # fmt: skip


def _unanswerable() -> list[Case]:
    return [
        fold("answer-by-in-time", "Accepted one millisecond before", "TRM-11", "aa", "active",
             lambda t: _answer_by(t, 1)),
        fold("answer-by-too-late", "Accepted at that instant: void", "TRM-11", "av", "proffered",
             lambda t: _answer_by(t, 0), problems={2: UNANSWERABLE}),
        fold("answer-by-bars-a-counter", "Nor can it be countered then", "TRM-11", "av", "proffered",
             lambda t: _answer_by(t, 0, counter=True), problems={2: UNANSWERABLE}),
        fold("answer-by-of-a-counter", "A counter, accepted one millisecond before", "TRM-11", "aaa", "active",
             lambda t: _counter_by(t, 1)),
        fold("answer-by-of-a-counter-too-late", "At that instant: refused", "TRM-11", "aar", "countered",
             lambda t: _counter_by(t, 0), problems={3: UNANSWERABLE}),
        fold("answer-by-of-a-counter-accepted", "And void where the vendor takes it", "TRM-11 SEQ-28", "aav",
             "countered", lambda t: _counter_by(t, 0, outcome="accepted", state="active"),
             problems={3: UNANSWERABLE}, differs={3: "other-outcome"}),
        fold("answer-by-never-bars-a-no", "A decline comes at any time", "TRM-11 SEQ-8", "aa", "declined",
             lambda t: _declined_late(t)),
        fold("request-in-time", "Granted one millisecond before the request can no more be answered", "CNS-9", "aa",
             "given", lambda t: _granted_at(t, 1)),
        fold("request-too-late", "At that instant: refused", "CNS-9", "ar", "requested", lambda t: _granted_at(t, 0),
             problems={2: "expired /created CNS-9"}),
    ]  # fmt: skip


def _wishes() -> list[Case]:
    return [
        fold("wish-stands-thirty-days", "A wish without `until`: an offer in the last millisecond of thirty days",
             "INT-4", "aa", "open", lambda t: _offered_after(t, days=30, milliseconds=-1)),
        fold("wish-stood-thirty-days", "At the end of thirty days from its place", "INT-4", "av", "open",
             lambda t: _offered_after(t, days=30), problems={2: TOO_LATE}),
        fold("wish-amended-until", "An amendment says until when it stands now", "INT-4", "aav", "open",
             lambda t: t.offer(t.amend(t.cast(), until=t.after(minutes=2))), problems={3: TOO_LATE}),
        fold("wish-amended-longer", "A longer one too", "INT-4", "aaa", "open", _longer),
        fold("wish-ended-offer-firm", "An offer stays firm after the wish has ended", "INT-4 OFR-9", "aaa", "ordered",
             lambda t: t.accept(t.offer(t.cast(until=t.after(minutes=2, milliseconds=1))))),
        fold("wish-until-ends-what-it-permits", "What the wish permits ends with it", "INT-4", "a", "open",
             lambda t: t.cast(until="2026-03-02T00:00:00.000Z"),
             asks=[(CASTING, {"at": "2026-03-01T23:59:59.999Z"}, "permit intent-live"),
                   (CASTING, {"at": "2026-03-02T00:00:00.000Z"}, "deny no-word")]),
        fold("wish-amended-terms", "Terms that the wish names no more: what they permitted ends", "INT-6 DEC-10",
             "aaa", "open", lambda t: _other_terms_of_wish(t),
             asks=[(OF_THE_WISH, {"at": "2026-03-01T12:02:30.000Z"}, "permit agreement"),
                   (OF_THE_WISH, NOW, "deny agreement-ended")]),
        fold("wish-amended-same-terms", "Named again, they go on", "INT-6", "aaa", "open",
             lambda t: _other_terms_of_wish(t, code="SD-BASE-A"), asks=[(OF_THE_WISH, NOW, "permit agreement")]),
        fold("offer-under-dropped-terms", "No offer can be made under them any more", "OFR-4 INT-1", "aaav", "open",
             lambda t: t.offer(_other_terms_of_wish(t), body={"under": terms("SD-BASE-A")}),
             problems={4: "terms-not-offered /body/under/id OFR-4"}),
        fold("offer-accepted-of-two-terms", "Of two offers the accepted one's terms stay, the other's end",
             "OFR-9 DEC-10", "aaaa", "ordered", lambda t: _two_terms(t, "SD-BASE"),
             asks=[(CASTING, {"at": "2026-03-01T12:03:30.000Z"}, "permit intent-live"),
                   (CASTING, NOW, "deny agreement-ended")]),
        fold("offer-accepted-of-two-terms-other", "The other way round", "OFR-9 DEC-10", "aaaa", "ordered",
             lambda t: _two_terms(t, "PDC-INTENT"), asks=[(CASTING, NOW, "permit agreement")]),
    ]  # fmt: skip


def _twice() -> list[Case]:
    return [
        fold("vendor-id-twice", "An offer with the id of the one before: void", "RCV-6", "aav", "open",
             lambda t: t.offer(made := t.offer(t.cast()), "90.00", id=made.id),
             problems={3: "conflict /id RCV-6"}),
        fold("vendor-id-of-a-receipt", "An offer with the id of a receipt", "RCV-6", "av", "open", _id_of_receipt,
             problems={2: "conflict /id RCV-6"}),
        fold("receipt-id-twice", "A receipt with the id of an earlier word answers all the same", "RCV-6 SEQ-26",
             "aa", "withdrawn", _receipt_id_twice, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("receipt-in-another-thread", "A receipt in another thread than what it answers answers nothing",
             "ENV-3 COR-1", "an", "given", _receipt_elsewhere, pending=1, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("customer-s-id", "A vendor's word may have the id of a customer's: ids are each sender's own", "RCV-6",
             "aa", "open", lambda t: t.offer(wished := t.cast(), id=wished.id)),
        fold("answered-twice", "A second receipt for one word: the first counts", "COR-1 SEQ-17", "ag", "proffered",
             lambda t: _answered_twice(t, {}, {})),
        fold("refused-then-accepted", "Refused, then accepted: it stays refused", "COR-1", "rg", "none",
             lambda t: _answered_twice(t, REFUSED, ACCEPTED), differs={1: "other-outcome"}),
        fold("accepted-then-refused", "Accepted, then refused: it stays", "COR-1", "ag", "proffered",
             lambda t: _answered_twice(t, {}, REFUSED)),
        fold("no-accepted-then-refused", "A no that was taken, and then refused", "COR-1 SEQ-26", "aag", "declined",
             _no_twice),
        fold("receipt-of-nothing", "A receipt for what nobody holds has its place, and no effect", "COR-1", "ana",
             "open", _receipt_of_nothing),
        fold("receipt-of-vendor-s-own", "A receipt for a word of the vendor's own", "COR-1", "aan", "open",
             _receipt_of_own),
    ]  # fmt: skip


SERVICE = question(purpose="dpv:RequestedServiceProvision", data="pd:EmailAddress")
CASTING: Body = question(purpose="opencmr:IntentCasting", data="pd:Intention", thread="here")


def _before(at: str, milliseconds: int) -> str:
    return instant(moment(at) - timedelta(milliseconds=milliseconds))


def _expiring(t: Script, milliseconds: int, **claims: str) -> Word:
    expires = t.after(hours=1)
    return t.proffer("SD-BASE", expires=expires, claims={"at": _before(expires, milliseconds), **claims})


def _clock_back(t: Script, expires: str) -> Word:
    """The offer is dated at 12:10, which the next word acknowledges, and the last receipt at 12:02."""
    wished = t.cast()
    t.offer(wished, created="2026-03-01T12:10:00.000Z")
    t.now = "2026-03-01T12:10:00.000Z"
    t.place(t.word("intent.amend", wish(note="red"), wished.thread))
    last = t.word("intent.amend", wish(note="blue"), wished.thread, expires=f"2026-03-01T{expires}.000Z")
    return t.place(last, at="2026-03-01T12:02:00.000Z")


def _accepted_later(t: Script, **by: float) -> Word:
    proffered = t.proffer()
    t.later(**by)
    return t.accept_terms(proffered)


def _other_terms(t: Script) -> Word:
    countered = t.counter(t.proffer("SD-BASE"))
    return t.accept_terms(countered, "SD-BASE", "customer", claims={"outcome": "accepted", "state": "active"})


def _after_decline(t: Script) -> Word:
    countered = t.counter(t.proffer("SD-BASE"))
    t.end(countered, "terms.decline", "customer")
    return t.accept_terms(countered, "SD-BASE-A", "customer", claims={"outcome": "accepted", "state": "active"})


def _void_then_good(t: Script) -> Word:
    made = t.offer(t.cast())
    t.accept(made, "90.00", claims={"outcome": "accepted", "state": "ordered"})
    return t.accept(made)


def _too_soon(t: Script) -> Word:
    body = {"discloses": [{"data": "pd:Name", "value": "Alice"}]}
    return t.say("order.disclose", body, t.cast().thread, claims={"outcome": "accepted", "state": "open"})


def _two_proffers(t: Script, *, newer_first: bool, codes: tuple[str, str] = ("SD-BASE-A", "SD-BASE")) -> Word:
    """The one that is accepted last."""
    older, newer = t.proffer(codes[0]), t.proffer(codes[1])
    order = [(newer, codes[1]), (older, codes[0])]
    for proffered, code in order if newer_first else reversed(order):
        t.accept_terms(proffered, code)
    return proffered


def _ended_between(t: Script, *, by: str) -> Word:
    agreed = t.agree("SD-BASE-A")
    proffered = t.proffer("SD-BASE-A")
    t.end(agreed, "terms.terminate", by)
    return t.accept_terms(proffered, "SD-BASE-A")


def _after_the_end(t: Script) -> Word:
    t.end(t.agree("SD-BASE-A"), "terms.terminate", "customer")
    return t.accept_terms(t.proffer("SD-BASE-A"), "SD-BASE-A")


def _unknowing(t: Script, *, by: str = "customer", **claims: str) -> Word:
    """A proffer by a copy of the wallet, made when the agreement was there and not yet ended."""
    agreed = t.agree("SD-BASE-A")
    seen = t.tip
    t.end(agreed, "terms.terminate", by)
    return t.proffer("SD-BASE-DP", prior=agreed.digest, seen=seen, claims=claims)


def _unknowing_counter(t: Script) -> Word:
    """By a copy that does not know that the counter was accepted."""
    first = t.proffer("SD-BASE")
    t.counter(first, "SD-BASE-A")
    seen = t.tip
    t.accept_terms(first, "SD-BASE-A", "customer")
    return t.proffer("SD-BASE", prior=first.digest, seen=seen)


def _unknowing_scope(t: Script) -> Word:
    wished = t.cast()
    seen = t.tip
    scoped = t.say("terms.proffer", {"choices": [terms("PDC-GOOD")], "scope": wished.ref})
    t.accept_terms(scoped, "PDC-GOOD")
    t.end(scoped, "terms.terminate", "customer")
    return t.proffer("SD-BASE", prior=wished.digest, seen=seen)


def _counter_last(t: Script, *, knows: bool) -> Word:
    first = t.proffer("SD-BASE-DP")
    t.counter(first, "SD-BASE-A")
    seen = {} if knows else {"prior": first.digest, "seen": t.tip}
    t.agree("SD-BASE")
    return t.accept_terms(first, "SD-BASE-A", "customer", **seen)


def _other_scope(t: Script) -> Word:
    wished = t.cast()
    proffered = t.proffer("SD-BASE")
    scoped = t.say("terms.proffer", {"choices": [terms("PDC-GOOD")], "scope": wished.ref})
    t.accept_terms(scoped, "PDC-GOOD")
    return t.accept_terms(proffered, "SD-BASE")


def _declined_other(t: Script) -> Word:
    proffered = t.proffer("SD-BASE")
    t.end(t.proffer("SD-BASE-A"), "terms.decline", "customer")
    return t.accept_terms(proffered, "SD-BASE")


def _answer_by(t: Script, milliseconds: int, *, counter: bool = False) -> Word:
    by = t.after(minutes=5)
    proffered = t.proffer("SD-BASE", body={"answerBy": by})
    created = _before(by, milliseconds)
    if counter:
        return t.counter(proffered, created=created)
    return t.accept_terms(proffered, "SD-BASE", created=created)


def _counter_by(t: Script, milliseconds: int, **claims: str) -> Word:
    by = t.after(minutes=5)
    countered = t.counter(t.proffer(), body={"answerBy": by})
    return t.accept_terms(countered, "SD-BASE-A", "customer", claims={"at": _before(by, milliseconds), **claims})


def _declined_late(t: Script) -> Word:
    proffered = t.proffer(body={"answerBy": t.after(minutes=5)})
    t.later(days=3)
    return t.end(proffered, "terms.decline", "customer")


def _granted_at(t: Script, milliseconds: int) -> Word:
    expires = t.after(minutes=10)
    return t.grant(t.ask("news", expires=expires), claims={"at": _before(expires, milliseconds)})


def _offered_after(t: Script, **by: float) -> Word:
    wished = t.cast()
    placed = str(t.words[-1].message["created"])
    t.now = instant(moment(placed) + timedelta(minutes=-1))
    t.later(**by)
    return t.offer(wished)


def _longer(t: Script) -> Word:
    wished = t.cast(until=t.after(minutes=5))
    t.amend(wished, until=t.after(hours=5))
    t.later(hours=1)
    return t.offer(wished)


def _other_terms_of_wish(t: Script, code: str = "SD-BASE") -> Word:
    wished = t.cast("SD-BASE-A")
    t.offer(wished, body={"under": terms("SD-BASE-A")})
    return t.amend(wished, code)


def _two_terms(t: Script, accepted: str) -> Word:
    """The wish names both terms, and there is an offer under each."""
    wished = t.cast("SD-BASE", "PDC-INTENT")
    made = {code: t.offer(wished, body={"under": terms(code)}) for code in ("SD-BASE", "PDC-INTENT")}
    return t.accept(made[accepted])


def _id_of_receipt(t: Script) -> Word:
    wished = t.cast()
    return t.offer(wished, id=t.words[-1].id)


def _receipt_id_twice(t: Script) -> Word:
    granted, withdrawn = _withdrawn_pending(t)
    body = {"of": withdrawn.digest, "outcome": "accepted", "state": "withdrawn"}
    t.words.append(word := t.word("receipt", body, granted.thread, by="vendor", id=t.words[1].id))
    t.follow(word, of=withdrawn)
    return granted


def _receipt_elsewhere(t: Script) -> Word:
    granted, withdrawn = _withdrawn_pending(t)
    body = {"of": withdrawn.digest, "outcome": "accepted", "state": "withdrawn"}
    t.words.append(word := t.word("receipt", body, unknown(), by="vendor"))
    t.follow(word, of=withdrawn)
    return granted


def _withdrawn_pending(t: Script) -> tuple[Word, Word]:
    granted = t.grant(None)
    t.later(minutes=1)
    withdrawn = t.word("consent.withdraw", {}, granted.thread)
    t.words.append(withdrawn)
    return granted, withdrawn


def _answered_twice(t: Script, first: Body, second: Body) -> Word:
    proffered = t.proffer(claims=first)
    t.later(minutes=1)
    t.receipt(proffered, **(second or ACCEPTED))
    return proffered


def _no_twice(t: Script) -> Word:
    proffered = t.proffer()
    declined = t.end(proffered, "terms.decline", "customer")
    t.receipt(declined, **REFUSED)
    return proffered


def _receipt_of_nothing(t: Script) -> Word:
    wished = t.cast()
    lost = t.word("intent.amend", wish(), wished.thread)
    t.last = wished.digest
    t.place(t.word("receipt", {"of": lost.digest, "outcome": "accepted", "state": "open"}, wished.thread, by="vendor"))
    return t.amend(wished)


def _receipt_of_own(t: Script) -> Word:
    made = t.offer(t.cast())
    body = {"of": made.digest, "outcome": "accepted", "state": "open"}
    return t.place(t.word("receipt", body, made.thread, by="vendor"))
