"""What a customer's word knows, and what follows: stale words, and which yes lifts which no."""

from opencmr import trust
from opencmr.errors import WrongState

from .conversation import Body, Script, Word, item
from .conversation import terms as _terms
from .conversation import wish as _wish
from .folds import fold, question
from .writing import Case

NOWHERE = trust.digest(b"nowhere")
EMAIL, TELEPHONE_NUMBER = "pd:EmailAddress", "pd:TelephoneNumber"
MARKETING = question(data=EMAIL)
NOW: Body = {"at": "2026-03-01T18:00:00.000Z", "now": True}
STALE = "stale /seen SEQ-4"


def knowing_folds() -> list[Case]:
    return [*_knowing(), *_stale(), *_lifting()]


def _knowing() -> list[Case]:
    return [
        fold("knows-nothing", "A first word knows nothing", "SEQ-17 SEQ-20", "a", "open", lambda t: t.cast(),
             knows=[(0, [])]),
        fold("knows-seen", "All up to what was seen", "SEQ-16 SEQ-17 SEQ-20", "aaa", "ordered",
             lambda t: t.accept(t.offer(t.cast())), knows=[(0, []), (2, [])]),
        fold("knows-prior", "Own words, though their receipts were not held", "SEQ-20", "aaa", "open",
             lambda t: _unheard(t, 3), knows=[(0, []), (0, [1]), (0, [1, 2])]),
        fold("knows-prior-alone", "The own word before, and not what the vendor said meanwhile: stale",
             "SEQ-20 SEQ-4", "aar", "open", _prior_alone, knows=[(0, []), (0, [1])], problems={3: STALE}),
        fold("knows-prior-refused", "A refused word has its place, and is known", "SEQ-20", "aara", "open",
             _prior_refused, knows=[(0, []), (0, [1]), (2, [3])], problems={3: STALE}),
        fold("knows-both", "What was seen, and own words beyond it", "SEQ-20", "aaaaa", "open", _both,
             knows=[(0, []), (0, [1]), (1, [2]), (1, [2, 3]), (2, [3, 4])]),
        fold("prior-without-place", "A word before that has no place is not known, nor by what follows",
             "SEQ-17 SEQ-20", "aa", "open", lambda t: _never_placed(t), knows=[(0, []), (0, [1])], pending=1),
        fold("prior-placed-later", "Nor is one that took its place later", "SEQ-20", "aaa", "open", _placed_later,
             knows=[(0, []), (0, []), (0, [1])]),
        fold("prior-placed-later-stale", "An amendment that overtook the one before it: that one knows it not",
             "SEQ-20 SEQ-4", "aar", "open", _overtaken, knows=[(0, []), (1, []), (1, [])], problems={3: STALE}),
        fold("prior-of-nothing", "A digest of nothing", "SEQ-20", "aa", "proffered",
             lambda t: t.proffer(prior=NOWHERE, seen=None) if t.cast() else None, knows=[(0, []), (0, [])]),
        fold("prior-of-vendor-s-word", "A vendor's word is no own word: it is not known by `prior`", "SEQ-17 SEQ-20",
             "aar", "open", _prior_of_vendor, knows=[(0, []), (1, [])], problems={3: STALE}),
        fold("seen-of-nothing", "A seen that is in no chain counts as none", "SEQ-20", "ar", "open",
             lambda t: t.amend(t.cast(), more={"prior": None, "seen": NOWHERE}), knows=[(0, []), (0, [])],
             problems={2: STALE}),
        fold("seen-of-own-word", "A customer's own word is not the vendor's: it was not seen", "SEQ-20", "ar", "open",
             _seen_own, knows=[(0, []), (0, [])], problems={2: STALE}),
        fold("seen-elsewhere", "The chain runs over all threads: what was seen in one counts in the other",
             "SEQ-16 SEQ-20", "aaaa", "ordered", _seen_elsewhere, knows=[(0, []), (0, [1]), (3, [])]),
    ]  # fmt: skip


def _stale() -> list[Case]:
    return [
        fold("stale-grant", "A grant that does not know the withdrawal that the vendor heard", "SEQ-4", "aaar",
             "withdrawn", _stale_grant, problems={4: STALE}, knows=[(1, []), (2, [])],
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("stale-grant-accepted", "The vendor takes it all the same: it is void", "SEQ-4 SEQ-28 SEQ-10", "aaav",
             "withdrawn", lambda t: _stale_grant(t, outcome="accepted", state="given"), problems={4: STALE},
             differs={4: "other-outcome"}, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("stale-then-anew", "Said again by one who knows, it is given", "SEQ-4", "aaara", "given",
             lambda t: t.grant(_stale_grant(t)), problems={4: STALE}, asks=[(MARKETING, NOW, "permit consent")]),
        fold("stale-amendment", "The vendor made an offer meanwhile", "SEQ-4", "aar", "open", _stale_amendment,
             problems={3: STALE}),
        fold("stale-counter-accepted", "The vendor ended it meanwhile", "SEQ-4", "aaar", "declined", _stale_counter,
             problems={4: STALE}),
        fold("crossing-accept", "Another offer came meanwhile: the acceptance of the first holds", "SEQ-7", "aaaa",
             "ordered", _crossing, knows=[(0, []), (2, [])]),
        fold("crossing-accept-own", "The customer amended meanwhile, in a word it does not know: stale", "SEQ-7 SEQ-4",
             "aaar", "open", _crossing_own, problems={4: STALE}),
        fold("crossing-accept-own-and-vendor-s", "Both at once: stale for the customer's own", "SEQ-7 SEQ-4", "aaaar",
             "open", lambda t: _crossing_own(t, offered=True), problems={5: STALE}),
        fold("crossing-accept-seen-nothing", "An acceptance that has seen no vendor's word, of an offer that is there",
             "SEQ-7", "aaa", "ordered", lambda t: t.accept(t.offer(t.cast()), seen=None), knows=[(0, []), (0, [1])]),
        fold("not-stale-elsewhere", "What stands in another thread need not be known", "SEQ-4", "aaa", "proffered",
             _other_thread, knows=[(0, []), (0, [])]),
        fold("narrowing-never-stale", "A withdrawal that knows nothing", "SEQ-8", "aaa", "withdrawn",
             lambda t: t.withdraw(t.grant(t.ask("news")), prior=None, seen=None), knows=[(1, []), (0, [])],
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("narrowing-seen-nowhere", "A withdrawal whose seen is in no chain", "SEQ-8", "aaa", "withdrawn",
             lambda t: t.withdraw(t.grant(t.ask("news")), prior=NOWHERE, seen=NOWHERE), knows=[(1, []), (0, [])]),
        fold("narrowing-first", "A decline before its thread: the opener that comes later does not know it",
             "SEQ-9 SEQ-4", "mr", "none", _declined_first, problems={2: STALE}, knows=[(0, []), (0, [])]),
        fold("narrowing-first-accepted", "The vendor takes the late opener all the same, and accepts it: both are void",
             "SEQ-9 SEQ-28", "mvv", "none", lambda t: t.accept_terms(_declined_first(
                 t, outcome="accepted", state="proffered")), differs={2: "other-outcome"},
             problems={2: STALE, 3: "wrong-state /type LIF-1"}),
        fold("narrowing-first-withdrawal", "A withdrawal of a wish before the wish; another wish is another thread",
             "SEQ-9", "mra", "open", _withdrawn_first, problems={2: STALE}),
        fold("refused-as-stale-though-known", "A refusal against the rules: the word has no effect, and it shows",
             "SEQ-4 SEQ-28", "ar", "open",
             lambda t: t.say("intent.amend", _wish(), t.cast().thread, claims=REFUSED), differs={2: "other-outcome"}),
    ]  # fmt: skip


def _lifting() -> list[Case]:
    return [
        fold("yes-before-no", "A no after a yes", "SEQ-21 SEQ-18", "aa", "withdrawn",
             lambda t: t.withdraw(t.grant(None)), asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("yes-that-knows", "A yes in another thread that came after the no and knows it", "SEQ-21", "aaa", "given",
             lambda t: t.grant(None) if t.withdraw(t.grant(None)) else None,
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("yes-that-knows-by-prior", "It knows the no as its own word before", "SEQ-21 SEQ-20", "aaa", "given",
             lambda t: t.grant(None, seen=None) if t.withdraw(t.grant(None)) else None,
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("yes-that-knows-not", "A yes in another thread, dated later, that does not know the no: it lifts nothing",
             "SEQ-21 SEQ-18", "aaa", "given", _unknowing_yes, knows=[(0, []), (1, []), (1, [])],
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("yes-dated-later-placed-first", "A no dated before the yes and placed after it stands", "SEQ-18 SEQ-21",
             "aa", "withdrawn", lambda t: t.withdraw(t.grant(None), created="2026-03-01T11:00:00.000Z"),
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("yes-answered-late", "Terms proffered before a no, accepted after it: the yes is no younger for that",
             "SEQ-21", "aaaa", "active", lambda t: _terms_and_no(t, late=True),
             asks=[(ANALYTICS, NOW, "deny refused")]),
        fold("yes-said-late", "Terms proffered after the no, by one who knew it", "SEQ-21", "aaaa", "active",
             lambda t: _terms_and_no(t, late=False), asks=[(ANALYTICS, NOW, "permit agreement")]),
        fold("yes-of-a-wish-answered-late", "An offer under the customer's terms is no younger than the wish",
             "SEQ-21", "aaaa", "open", lambda t: _wish_and_no(t, amended=False),
             asks=[(OF_THE_WISH, NOW, "deny refused")]),
        fold("yes-of-a-wish-amended", "An amendment that knows the no, and names the terms again", "SEQ-21", "aaaaa",
             "open", lambda t: _wish_and_no(t, amended=True),
             asks=[(OF_THE_WISH, NOW, "permit agreement")]),
        fold("yes-of-a-wish-too-late", "An offer under a wish older than the thread's agreement leaves it be",
             "DEC-21 SEQ-21", "aaaa", "open", _offer_too_late, asks=[(OF_THE_WISH, NOW, "permit agreement")]),
        fold("no-heard-by-vendor", "A no that the vendor heard stands at its own place: a yes that knows it lifts it",
             "SEQ-21 CNS-8", "aaaa", "given",
             lambda t: t.grant(None) if t.withdraw(t.grant(t.ask("news")), by="vendor") else None,
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-heard-by-vendor-unknown", "One that does not know it lifts nothing", "SEQ-21 CNS-8", "aaaa", "given",
             _heard_unknown, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-after-one-heard", "A no is no less for a vendor that had heard one: what was said before it is ended",
             "SEQ-35 CNS-8", "aaaama", "active", _no_after_heard, asks=[(ANALYTICS, NOW, "deny withdrawn")]),
        fold("no-after-one-heard-once", "It takes back once what was heard: the next one finds nothing, and denies "
             "nothing that was granted since", "SEQ-35 CNS-8", "aamam", "withdrawn", _two_after_heard,
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-refused-by-vendor", "A withdrawal that the vendor refused counts at that place", "SEQ-26 SEQ-8",
             "aa", "withdrawn", lambda t: t.withdraw(t.grant(None), claims=REFUSED), differs={2: "other-outcome"},
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-called-moot", "A withdrawal that the vendor calls moot counts all the same", "SEQ-26 SEQ-28",
             "aa", "withdrawn", lambda t: t.withdraw(t.grant(None), claims={"outcome": "moot", "state": "given"}),
             differs={2: "other-outcome"}, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-called-other-state", "The right outcome, and a state that is not the fold's", "SEQ-12 COR-5",
             "aa", "withdrawn", lambda t: t.withdraw(t.grant(None), claims={"outcome": "accepted", "state": "given"}),
             differs={2: "other-state"}, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-refused-by-vendor-then-known", "A yes that knows the refused no lifts it", "SEQ-26 SEQ-21", "aaa",
             "given", lambda t: t.grant(None) if t.withdraw(t.grant(None), claims=REFUSED) else None,
             differs={2: "other-outcome"}, asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-before-its-grant", "A withdrawal that came before the grant that it is about denies what the grant "
             "said, whatever else permits it", "SEQ-35 SEQ-9", "amr", "none", _no_before, problems={3: STALE},
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-about-a-refused-grant", "A withdrawal of a grant that the vendor had refused denies what it said",
             "SEQ-35 SEQ-8", "arm", "none", _no_about_refused, differs={2: "other-outcome"},
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-that-knows-what-replaced", "A withdrawal takes back what stands: it knew that the grant had said less "
             "since", "SEQ-35 CNS-6", "aaaa", "withdrawn", lambda t: _no_about_wider(t, knows=True),
             asks=[(TELEPHONE, NOW, "permit consent"), (MARKETING, NOW, "deny withdrawn")]),
        fold("no-that-knows-not-what-replaced", "One that did not know takes back what stood before too",
             "SEQ-35 CNS-6", "aaaa", "withdrawn", lambda t: _no_about_wider(t, knows=False),
             asks=[(TELEPHONE, NOW, "deny withdrawn"), (MARKETING, NOW, "deny withdrawn")]),
        fold("no-without-place", "A withdrawal that nobody answered: no record changes, and it denies", "SEQ-27",
             "a", "given", _unanswered, pending=1, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("yes-without-place", "A grant that nobody answered permits nothing", "SEQ-27", "a", "requested",
             _unanswered_grant, pending=1, asks=[(MARKETING, NOW, "deny no-word")]),
    ]  # fmt: skip


ANALYTICS = question(purpose="dpv:ServiceUsageAnalytics", data=EMAIL)
TELEPHONE = question(data=TELEPHONE_NUMBER)
OF_THE_WISH = {**ANALYTICS, "data": "pd:Intention", "thread": "here"}
STATISTICS = item("all", purposes=["dpv:ServiceUsageAnalytics"], data=["dpv:PersonalData"], actions=["dpv:Processing"])
"""As wide as the rule of SD-BASE-A: a yes lifts no no that is narrower than itself."""
REFUSED: Body = {
    "outcome": "refused",
    "problem": {name: value for name, value in WrongState().as_dict().items() if name != "detail"},
}


def _unheard(t: Script, count: int) -> Word:
    """Wishes of one who has not heard from the vendor yet."""
    words = [t.cast(more={"seen": None}) for _ in range(count)]
    return words[-1]


def _prior_alone(t: Script) -> Word:
    wished = t.cast()
    t.offer(wished)
    return t.amend(wished, more={"seen": None})


def _prior_refused(t: Script) -> Word:
    wished = _prior_alone(t)
    return t.amend(wished, more={"seen": t.at(2)})


def _both(t: Script) -> Word:
    wished = t.cast()
    t.amend(wished, note="red", more={"seen": None})
    t.amend(wished, note="blue", more={"seen": t.at(1)})
    t.cast(more={"seen": t.at(1)})
    return t.amend(wished, note="grey", more={"seen": t.at(2)})


def _never_placed(t: Script) -> Word:
    t.later(minutes=1)
    lost = t.word("terms.proffer", {"choices": [_terms("SD-BASE")]})
    t.words.append(lost)
    t.cast()
    return t.cast(more={"seen": None})


def _placed_later(t: Script) -> Word:
    t.later(minutes=1)
    first = t.word("intent.cast", _wish(), seen=None)
    second = t.word("intent.cast", _wish(), seen=None)
    t.place(second)
    t.place(first)
    return t.cast(more={"prior": second.digest, "seen": None})


def _overtaken(t: Script) -> Word:
    wished = t.cast()
    t.later(minutes=1)
    first = t.word("intent.amend", {**_wish(), "note": "red"}, wished.thread)
    second = t.word("intent.amend", {**_wish(), "note": "blue"}, wished.thread)
    t.place(second)
    return t.place(first)


def _prior_of_vendor(t: Script) -> Word:
    wished = t.cast()
    made = t.offer(wished)
    return t.amend(wished, more={"prior": made.digest, "seen": t.at(1)})


def _seen_own(t: Script) -> Word:
    wished = t.cast()
    return t.amend(wished, more={"prior": None, "seen": wished.digest})


def _seen_elsewhere(t: Script) -> Word:
    wished = t.cast()
    t.proffer(seen=None)
    made = t.offer(wished)
    return t.accept(made, prior=None)


def _stale_grant(t: Script, **claims: str) -> Word:
    granted = t.grant(t.ask("news"))
    t.later(minutes=1)
    again = t.word("consent.grant", granted.message["body"], granted.thread)
    t.withdraw(granted, by="vendor")
    return t.place(again, **claims)


def _stale_amendment(t: Script) -> Word:
    wished = t.cast()
    late = t.word("intent.amend", _wish(), wished.thread)
    t.offer(wished)
    return t.place(late)


def _stale_counter(t: Script) -> Word:
    countered = t.counter(t.proffer())
    word = t.word("terms.accept", {"terms": _terms("SD-BASE-A")}, countered.thread, by="customer")
    t.end(countered, "terms.decline", "vendor")
    return t.place(word)


def _crossing(t: Script) -> Word:
    made = t.offer(t.cast())
    word = _acceptance(t, made)
    t.offer(made, "90.00")
    return t.place(word)


def _crossing_own(t: Script, *, offered: bool = False) -> Word:
    made = t.offer(t.cast())
    word = _acceptance(t, made)
    t.amend(made)
    if offered:
        t.offer(made, "90.00")
    return t.place(word)


def _acceptance(t: Script, made: Word) -> Word:
    t.later(minutes=1)
    body = {"offer": made.ref, "total": made.message["body"]["total"]}
    return t.word("offer.accept", body, made.thread)


def _other_thread(t: Script) -> Word:
    t.offer(t.cast())
    return t.proffer(prior=None, seen=None)


def _declined_first(t: Script, **claims: str) -> Word:
    t.later(minutes=1)
    proffered = t.word("terms.proffer", {"choices": [_terms("SD-BASE-DP")]})
    t.end(proffered, "terms.decline", "customer")
    return t.place(proffered, **claims)


def _withdrawn_first(t: Script) -> Word:
    t.later(minutes=1)
    wished = t.word("intent.cast", _wish())
    t.say("intent.withdraw", {}, wished.thread)
    t.place(wished)
    return t.cast()


def _unknowing_yes(t: Script) -> Word:
    granted = t.grant(None)
    t.later(minutes=1)
    body = {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z", "statement": "Write to me."}
    unknowing = t.word("consent.grant", body, created=t.after(hours=1), prior=granted.digest)
    t.withdraw(granted, prior=granted.digest)
    return t.place(unknowing, at=t.after(hours=1, seconds=1))


def _terms_and_no(t: Script, *, late: bool) -> Word:
    first = t.proffer("SD-BASE-A") if late else None
    t.refuse(t.say("consent.request", {**_request(), "items": [STATISTICS]}))
    proffered = first or t.proffer("SD-BASE-A")
    return t.accept_terms(proffered, "SD-BASE-A")


def _wish_and_no(t: Script, *, amended: bool) -> Word:
    wished = t.cast("SD-BASE-A")
    t.refuse(t.say("consent.request", {**_request(), "items": [STATISTICS]}))
    if amended:
        t.amend(wished, "SD-BASE-A")
    return t.offer(wished, body={"under": _terms("SD-BASE-A")})


def _offer_too_late(t: Script) -> Word:
    wished = t.cast("SD-BASE")
    agreed = t.say("terms.proffer", {"choices": [_terms("SD-BASE-A")], "scope": wished.ref})
    t.accept_terms(agreed, "SD-BASE-A")
    return t.offer(wished, body={"under": _terms("SD-BASE")})


def _heard_unknown(t: Script) -> Word:
    granted = t.grant(t.ask("news"))
    t.later(minutes=1)
    body = {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z", "statement": "Write to me."}
    unknowing = t.word("consent.grant", body)
    t.withdraw(granted, by="vendor")
    return t.place(unknowing)


def _no_after_heard(t: Script) -> Word:
    granted = t.grant(t.say("consent.request", {**_request(), "items": [STATISTICS]}), STATISTICS)
    t.withdraw(granted, by="vendor")
    proffered = t.proffer("SD-BASE-A")
    t.withdraw(granted)
    return t.accept_terms(proffered, "SD-BASE-A")


def _two_after_heard(t: Script) -> Word:
    granted = t.grant(None)
    t.withdraw(granted, by="vendor")
    t.withdraw(granted)
    t.grant(None)
    return t.withdraw(granted)


def grant_body(*data: str) -> Body:
    items = [item("news", data=list(data) or [EMAIL])]
    return {"items": items, "until": _UNTIL, "statement": "Write to me."}


def _no_before(t: Script) -> Word:
    """Another thread permits the same."""
    t.grant(None)
    t.later(minutes=1)
    late = t.word("consent.grant", grant_body())
    t.say("consent.withdraw", {}, late.thread)
    return t.place(late)


def _no_about_refused(t: Script) -> Word:
    t.grant(None)
    refused = t.say("consent.grant", grant_body(), claims=REFUSED)
    return t.say("consent.withdraw", {}, refused.thread)


def _no_about_wider(t: Script, *, knows: bool) -> Word:
    """The telephone is permitted elsewhere, and was in this thread until a later grant said less."""
    t.say("consent.grant", grant_body(TELEPHONE_NUMBER))
    wide = t.say("consent.grant", grant_body(EMAIL, TELEPHONE_NUMBER))
    seen = t.tip
    t.say("consent.grant", grant_body(EMAIL), wide.thread)
    return t.withdraw(wide, **({} if knows else {"prior": wide.digest, "seen": seen}))


def _unanswered(t: Script) -> Word:
    granted = t.grant(None)
    t.later(minutes=1)
    t.words.append(t.word("consent.withdraw", {}, granted.thread))
    return granted


def _unanswered_grant(t: Script) -> Word:
    asked = t.ask("news")
    t.later(minutes=1)
    t.words.append(t.word("consent.grant", {"items": [item("news")], "until": _UNTIL}, asked.thread))
    return asked


_UNTIL = "2027-01-01T00:00:00.000Z"


def _request() -> Body:
    return {
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": _UNTIL,
    }
