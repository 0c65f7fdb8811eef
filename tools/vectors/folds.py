"""What conversations fold to. The outcomes and the state of each are thought out by hand; records are computed.

A letter an entry: a accepted, m moot, v void, f fork, x missing its predecessor.
"""

from collections.abc import Callable
from typing import Any

from opencmr import trust
from opencmr.conformance.conversations import run_thread

from .conversation import Script, Word, euros, item, offer, terms, threads_case
from .writing import Case

NAMES = {"a": "accepted", "m": "moot", "v": "void", "f": "fork", "x": "missing"}
Talk = Callable[[Script], Word]


def fold(id_: str, says: str, rules: str, outcomes: str, state: str, talk: Talk) -> Case:
    script = Script(id_)
    thread = talk(script).thread
    made = threads_case(
        id_,
        says,
        tuple(rules.split()),
        thread=thread,
        entries=[word.entry for word in script.entries],
        outcomes=[NAMES[letter] for letter in outcomes],
        state=state,
        record=None,
    )
    _, got = run_thread(made)
    assert (got["outcomes"], got["state"]) == (made["outcomes"], state), (id_, got)
    return {**made, "record": got["record"]}


GARDEN: dict[str, Any] = {
    "id": "https://alice.example/terms/garden",
    "version": "3",
    "title": "My garden, my data",
    "rules": [
        {"effect": "permit", "action": "dpv:Use", "purpose": "dpv:RequestedServiceProvision", "by": ["vendor"]},
        {"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor", "third-party"]},
    ],
}


def garden() -> dict[str, Any]:
    return {"id": GARDEN["id"], "digest": trust.digest(trust.write(GARDEN))}


# --- terms


def terms_folds() -> list[Case]:
    return [
        fold("terms-proffered", "Terms put forward", "LIF-1", "a", "proffered", lambda t: t.proffer()),
        fold(
            "terms-accepted",
            "Terms accepted bind from the vendor's time on",
            "LIF-1 TRM-7",
            "aa",
            "active",
            lambda t: t.accept_terms(t.proffer()),
        ),
        fold(
            "terms-second-choice",
            "A vendor may take the second choice",
            "TRM-4",
            "aa",
            "active",
            lambda t: t.accept_terms(t.proffer(), "SD-BASE"),
        ),
        fold(
            "terms-countered",
            "A counter waits for the customer",
            "LIF-1",
            "aa",
            "countered",
            lambda t: t.counter(t.proffer()),
        ),
        fold(
            "terms-counter-accepted",
            "The customer takes the counter",
            "TRM-5",
            "aaa",
            "active",
            lambda t: t.accept_terms(t.counter(t.proffer()), "SD-BASE-A", "customer"),
        ),
        *(
            fold(
                f"terms-{type_[6:]}-by-{by}",
                f"A {type_} of the {by} ends what is pending",
                "TRM-8",
                "aa",
                "declined",
                lambda t, type_=type_, by=by: t.end(t.proffer(), type_, by),
            )
            for type_ in ("terms.decline", "terms.terminate")
            for by in ("customer", "vendor")
        ),
        *(
            fold(
                f"terms-counter-{type_[6:]}-by-{by}",
                f"A {type_} of the {by} ends a counter",
                "TRM-8",
                "aaa",
                "declined",
                lambda t, type_=type_, by=by: t.end(t.counter(t.proffer()), type_, by),
            )
            for type_ in ("terms.decline", "terms.terminate")
            for by in ("customer", "vendor")
        ),
        *(
            fold(
                f"terms-active-{type_[6:]}-by-{by}",
                f"A {type_} of the {by} ends an agreement",
                "TRM-8 TRM-9",
                "aaa",
                "terminated",
                lambda t, type_=type_, by=by: t.end(t.agree(), type_, by),
            )
            for type_ in ("terms.decline", "terms.terminate")
            for by in ("customer", "vendor")
        ),
        fold(
            "terms-ended-twice",
            "Nothing is left to end",
            "TRM-8 SEQ-10",
            "aaam",
            "terminated",
            lambda t: t.end(t.end(t.agree(), "terms.terminate", "customer"), "terms.terminate", "vendor"),
        ),
        fold(
            "terms-declined-twice",
            "Two no-words cross",
            "TRM-8 SEQ-10",
            "aam",
            "declined",
            lambda t: t.end(t.end(t.proffer(), "terms.decline", "vendor"), "terms.decline", "customer"),
        ),
        fold(
            "terms-decline-first",
            "A decline that came before its thread",
            "SEQ-9",
            "m",
            "none",
            lambda t: t.say("terms.decline", {"reason": "changedMind"}, _unknown(), inReplyTo=trust.digest(b"none")),
        ),
        fold(
            "terms-not-offered",
            "Terms that nobody put forward",
            "TRM-4 LIF-1",
            "av",
            "proffered",
            lambda t: t.accept_terms(t.proffer(), "SD-BASE-A"),
        ),
        fold(
            "terms-not-offered-mended",
            "After a void acceptance, one that holds",
            "TRM-4 SEQ-10",
            "ava",
            "active",
            lambda t: t.accept_terms(t.accept_terms(t.proffer(), "SD-BASE-A"), "SD-BASE"),
        ),
        fold(
            "terms-other-digest",
            "The right id and another digest",
            "TRM-1",
            "av",
            "proffered",
            lambda t: t.say(
                "terms.accept",
                {"terms": {"id": "SD-BASE", "digest": terms("SD-BASE-A")["digest"]}},
                t.proffer().thread,
                by="vendor",
            ),
        ),
        fold(
            "terms-counter-unknown",
            "A counter that is neither on the roster nor carried",
            "TRM-2",
            "av",
            "proffered",
            lambda t: t.say("terms.counter", {"terms": garden()}, t.proffer().thread),
        ),
        fold(
            "terms-counter-carried",
            "A counter that carries its terms",
            "TRM-2 TRM-3",
            "aa",
            "countered",
            lambda t: t.say("terms.counter", {"terms": {"document": GARDEN}}, t.proffer().thread),
        ),
        fold(
            "terms-counter-false-roster",
            "Carried terms that take the id of the roster",
            "TRM-1",
            "av",
            "proffered",
            lambda t: t.say("terms.counter", {"terms": {"document": {**GARDEN, "id": "SD-BASE"}}}, t.proffer().thread),
        ),
        fold(
            "terms-counter-unknown-term",
            "A rule in words that no table knows",
            "TRM-2",
            "av",
            "proffered",
            lambda t: t.say("terms.counter", {"terms": {"document": _with_bad_rule()}}, t.proffer().thread),
        ),
        fold(
            "terms-carried",
            "Terms of the customer's own, carried and then named",
            "TRM-7 TRM-3",
            "aa",
            "active",
            lambda t: t.say(
                "terms.accept",
                {"terms": garden()},
                t.say("terms.proffer", {"choices": [{"document": GARDEN}]}).thread,
                by="vendor",
            ),
        ),
        fold("terms-scope", "Terms for the data of one message", "TRM-7", "aaa", "active", _scoped),
        fold(
            "terms-second-counter",
            "One counter is all a vendor has",
            "TRM-6",
            "aav",
            "countered",
            lambda t: t.counter(t.counter(t.proffer()), "SD-BASE-AT"),
        ),
        fold(
            "terms-vendor-takes-own-counter",
            "Only the customer accepts a counter",
            "LIF-1",
            "aav",
            "countered",
            lambda t: t.accept_terms(t.counter(t.proffer()), "SD-BASE-A"),
        ),
        fold(
            "terms-accepted-after-decline",
            "What was declined cannot be accepted",
            "LIF-1",
            "aav",
            "declined",
            lambda t: t.accept_terms(t.end(t.proffer(), "terms.decline", "customer")),
        ),
        fold(
            "terms-accepted-twice",
            "An agreement is made once",
            "LIF-1",
            "aav",
            "active",
            lambda t: t.accept_terms(t.agree()),
        ),
        fold(
            "terms-expired-when-made",
            "An acceptance that had expired when it was made",
            "RCV-12",
            "av",
            "proffered",
            lambda t: t.accept_terms(t.proffer(), expires=t.after(minutes=1)),
        ),
        fold(
            "terms-expires-later",
            "An acceptance that expires after it was made holds for good",
            "RCV-12",
            "aa",
            "active",
            lambda t: t.accept_terms(t.proffer(), expires=t.after(minutes=1, milliseconds=1)),
        ),
        fold(
            "terms-narrowing-never-expires",
            "A termination holds whatever its expiry",
            "SEQ-8",
            "aaa",
            "terminated",
            lambda t: t.end(t.agree(), "terms.terminate", "vendor", expires=t.now),
        ),
        fold(
            "terms-malformed",
            "A body that the schema refuses",
            "RCV-15 SEQ-10",
            "av",
            "proffered",
            lambda t: t.say("terms.accept", {"term": terms("SD-BASE")}, t.proffer().thread, by="vendor"),
        ),
        fold(
            "terms-malformed-mended",
            "A void message is the head all the same",
            "SEQ-10 SEQ-1",
            "ava",
            "active",
            lambda t: t.accept_terms(t.say("terms.accept", {}, t.proffer().thread, by="vendor")),
        ),
        fold(
            "terms-unknown-type",
            "A type that does not exist",
            "RCV-15",
            "av",
            "proffered",
            lambda t: t.say("terms.acept", {"terms": terms("SD-BASE")}, t.proffer().thread, by="vendor"),
        ),
        fold(
            "terms-unknown-version",
            "A version that is not spoken",
            "ENV-5 RCV-15",
            "av",
            "proffered",
            lambda t: t.accept_terms(t.proffer(), opencmr="1.7"),
        ),
        fold(
            "terms-other-family",
            "An order's message in a thread of terms",
            "LIF-2",
            "av",
            "proffered",
            lambda t: t.confirm(t.proffer()),
        ),
        fold(
            "terms-private-in-thread",
            "A private message in a thread of terms",
            "LIF-2 ENV-11",
            "av",
            "proffered",
            lambda t: t.say("com.example.note", {}, t.proffer().thread, by="vendor"),
        ),
        fold(
            "terms-fork",
            "Two entries with one predecessor: the one held first stays",
            "SEQ-13",
            "aaf",
            "active",
            lambda t: _forked(t, "terms.decline", {"reason": "soldOut"}),
        ),
        fold(
            "terms-fork-other-way",
            "The same two the other way round",
            "SEQ-13",
            "aaf",
            "declined",
            lambda t: _forked(t, "terms.accept", {"terms": terms("SD-BASE")}, first="terms.decline"),
        ),
        fold(
            "terms-fork-at-the-start",
            "A vendor's entry that names no predecessor",
            "SEQ-13 SEQ-1",
            "aaf",
            "active",
            lambda t: _second_opener(t),
        ),
        fold(
            "terms-missing",
            "What names a predecessor that is not held waits",
            "SEQ-1 SEQ-13",
            "ax",
            "proffered",
            lambda t: t.accept_terms(t.proffer(), inReplyTo=trust.digest(b"elsewhere")),
        ),
        fold(
            "terms-ext",
            "Extensions change nothing",
            "ENV-9",
            "aa",
            "active",
            lambda t: t.accept_terms(t.proffer(), ext={"https://shop.example/x": {"terms": "SD-BASE"}}),
        ),
    ]


def _unknown() -> str:
    return "urn:uuid:00000000-0000-4000-8000-000000000000"


def _with_bad_rule() -> dict[str, Any]:
    return {**GARDEN, "rules": [{"effect": "permit", "action": "dpv:Missspelt", "by": ["vendor"]}]}


def _scoped(t: Script) -> Word:
    wished = t.cast()
    proffered = t.say("terms.proffer", {"choices": [terms("PDC-GOOD")], "scope": wished.ref})
    return t.accept_terms(proffered, "PDC-GOOD")


def _forked(t: Script, type_: str, body: dict[str, Any], first: str = "terms.accept") -> Word:
    proffered = t.proffer()
    if first == "terms.accept":
        t.accept_terms(proffered)
    else:
        t.end(proffered, first, "vendor")
    return t.say(type_, body, proffered.thread, by="vendor", inReplyTo=proffered.digest)


def _second_opener(t: Script) -> Word:
    proffered = t.agree()
    t.later(minutes=1)
    return t.place(t.word("com.example.note", {}, proffered.thread, by="vendor", inReplyTo=None))


# --- consent


def consent_folds() -> list[Case]:
    narrow = item("news", channels=["email"], until="2026-06-01T00:00:00.000Z")
    return [
        fold("consent-requested", "Two items asked for", "LIF-1", "a", "requested", lambda t: t.ask()),
        fold(
            "consent-given",
            "Both granted",
            "LIF-1 CNS-1",
            "aa",
            "given",
            lambda t: t.grant(t.ask(), item("news"), item("study")),
        ),
        fold("consent-in-part", "One granted, one left open", "CNS-5", "aa", "given", lambda t: t.grant(t.ask())),
        fold(
            "consent-narrower",
            "Granted for one channel and a shorter time",
            "CNS-1 CNS-2",
            "aa",
            "given",
            lambda t: t.grant(t.ask(), narrow),
        ),
        fold("consent-refused", "A refusal of all", "CNS-6", "aa", "refused", lambda t: t.refuse(t.ask())),
        fold(
            "consent-refused-in-part",
            "One refused, one left open",
            "CNS-6",
            "aa",
            "requested",
            lambda t: t.refuse(t.ask(), "news"),
        ),
        fold(
            "consent-refused-and-granted",
            "One refused, the other granted",
            "CNS-5 CNS-6",
            "aaa",
            "given",
            lambda t: t.grant(t.refuse(t.ask(), "news"), item("study")),
        ),
        fold(
            "consent-refused-then-granted",
            "A refusal can be lifted",
            "CNS-9",
            "aaa",
            "given",
            lambda t: t.grant(t.refuse(t.ask("news"))),
        ),
        fold(
            "consent-withdrawn",
            "A withdrawal of all",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask("news"))),
        ),
        fold(
            "consent-withdrawn-in-part",
            "One taken back, one stays",
            "CNS-6",
            "aaa",
            "given",
            lambda t: t.withdraw(t.grant(t.ask(), item("news"), item("study")), "study"),
        ),
        fold(
            "consent-withdrawn-and-open",
            "One taken back, one never answered",
            "CNS-6",
            "aaa",
            "requested",
            lambda t: t.withdraw(t.grant(t.ask()), "news"),
        ),
        fold(
            "consent-withdrawn-and-refused",
            "Withdrawing all refuses what is open",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask())),
        ),
        fold(
            "consent-refuse-what-is-given",
            "A refusal takes back what was given",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.refuse(t.grant(t.ask("news"))),
        ),
        fold(
            "consent-withdraw-what-is-open",
            "A withdrawal refuses what was asked",
            "CNS-6",
            "aa",
            "refused",
            lambda t: t.withdraw(t.ask()),
        ),
        fold(
            "consent-withdrawn-by-vendor",
            "Words heard elsewhere",
            "CNS-8",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask("news")), by="vendor"),
        ),
        fold(
            "consent-open-withdrawn-by-vendor",
            "A no heard elsewhere",
            "CNS-8",
            "aa",
            "refused",
            lambda t: t.withdraw(t.ask(), by="vendor"),
        ),
        fold(
            "consent-granted-anew",
            "Given, taken back, given again",
            "CNS-9",
            "aaaa",
            "given",
            lambda t: t.grant(t.withdraw(t.grant(t.ask("news"))), narrow),
        ),
        fold(
            "consent-replaced",
            "A grant replaces the item of its key",
            "CNS-5",
            "aaa",
            "given",
            lambda t: t.grant(t.grant(t.ask("news")), narrow),
        ),
        fold("consent-unasked", "Given without being asked", "CNS-3", "a", "given", lambda t: t.grant(None)),
        fold(
            "consent-unasked-withdrawn",
            "And taken back",
            "CNS-6",
            "aa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(None)),
        ),
        fold(
            "consent-unasked-another-item",
            "A further item in the same thread",
            "CNS-5",
            "aa",
            "given",
            lambda t: t.grant(t.grant(None), item("study"), body={"statement": "And for your study."}),
        ),
        fold(
            "consent-refused-twice",
            "Nothing is left to refuse",
            "CNS-6 SEQ-10",
            "aam",
            "refused",
            lambda t: t.refuse(t.refuse(t.ask())),
        ),
        fold(
            "consent-withdrawn-twice",
            "Two withdrawals cross",
            "CNS-6 SEQ-10",
            "aaam",
            "withdrawn",
            lambda t: t.withdraw(t.withdraw(t.grant(t.ask("news"))), by="vendor"),
        ),
        fold(
            "consent-keys-of-nothing",
            "Keys that name nothing",
            "CNS-6",
            "aam",
            "given",
            lambda t: t.withdraw(t.grant(t.ask()), "phone"),
        ),
        fold(
            "consent-keys-some-of-nothing",
            "What the other keys name is taken back",
            "CNS-6",
            "aaa",
            "requested",
            lambda t: t.withdraw(t.grant(t.ask()), "phone", "news"),
        ),
        fold(
            "consent-withdraw-first",
            "A withdrawal that came before its thread",
            "SEQ-9",
            "m",
            "none",
            lambda t: t.say("consent.withdraw", {}, _unknown(), inReplyTo=trust.digest(b"none")),
        ),
        fold(
            "consent-granted-by-vendor",
            "A vendor cannot grant",
            "LIF-1",
            "av",
            "requested",
            lambda t: t.grant(t.ask(), by="vendor"),
        ),
        fold(
            "consent-refused-by-vendor",
            "A refusal is the customer's word; the vendor's is not narrowing",
            "LIF-1",
            "av",
            "requested",
            lambda t: t.refuse(t.ask(), by="vendor"),
        ),
        fold(
            "consent-heard-missing",
            "A vendor says where it heard the words",
            "CNS-8 RCV-15",
            "aav",
            "given",
            lambda t: t.say("consent.withdraw", {}, t.grant(t.ask()).thread, by="vendor"),
        ),
        fold("consent-key-twice", "Two items of one key", "CNS-4 RCV-15", "v", "none", lambda t: t.ask("news", "news")),
        fold(
            "consent-unknown-term",
            "A purpose that no table knows",
            "LIF-1",
            "v",
            "none",
            lambda t: _asked_for(t, item("news", purposes=["dpv:Missspelt"])),
        ),
        fold(
            "consent-expired-when-made",
            "A request that had expired when it was made",
            "RCV-12",
            "v",
            "none",
            lambda t: t.ask(expires=t.after(minutes=1)),
        ),
        fold("consent-asked-twice", "One request a thread", "LIF-1 RCV-15", "av", "requested", _asked_twice),
        fold(
            "consent-fork",
            "A withdrawal by the vendor beside the customer's",
            "SEQ-13",
            "aaaf",
            "withdrawn",
            _consent_fork,
        ),
    ]


def _asked_for(t: Script, *items: dict[str, Any]) -> Word:
    body = {
        "items": list(items),
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": "2027-01-01T00:00:00.000Z",
    }
    return t.say("consent.request", body)


def _asked_twice(t: Script) -> Word:
    first = t.ask()
    body = first.message["body"]
    return t.say("consent.request", body, first.thread)


def _consent_fork(t: Script) -> Word:
    granted = t.grant(t.ask("news"))
    t.withdraw(granted)
    return t.withdraw(granted, by="vendor", inReplyTo=granted.digest)


# --- intent


def intent_folds() -> list[Case]:
    line = offer()["lines"][0]
    return [
        fold("intent-open", "A wish", "LIF-1", "a", "open", lambda t: t.cast()),
        fold(
            "intent-offers",
            "Two offers, both firm",
            "LIF-1",
            "aaa",
            "open",
            lambda t: t.offer(t.offer(t.cast()), "90.00"),
        ),
        fold(
            "intent-sum",
            "Lines and adjustments add up",
            "OFR-1",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(),
                body={
                    "lines": [line, line],
                    "total": euros("195.05"),
                    "adjustments": [
                        {"kind": "discount", "amount": euros("-10.00")},
                        {"kind": "delivery", "amount": euros("5.05")},
                    ],
                },
            ),
        ),
        fold(
            "intent-sum-of-thirds",
            "Decimal, not binary: 0.10 three times",
            "OFR-1",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(), body={"lines": [{"name": "Nail", "price": euros("0.10")}] * 3, "total": euros("0.3")}
            ),
        ),
        fold("intent-declined-offer", "One declined, the thread stays open", "LIF-1", "aaa", "open", _declined),
        fold(
            "intent-declined-twice", "It is no longer firm", "SEQ-10", "aaam", "open", lambda t: _declined(t, times=2)
        ),
        fold(
            "intent-ordered",
            "An offer accepted is an order",
            "OFR-9 OFR-10",
            "aaa",
            "ordered",
            lambda t: t.accept(t.offer(t.cast())),
        ),
        fold("intent-accepted-of-two", "The other offer stays as it was", "OFR-9", "aaaa", "ordered", _accepted_first),
        fold(
            "intent-amended",
            "An amendment replaces the wish",
            "INT-1",
            "aa",
            "open",
            lambda t: _amended(t, t.cast(), wants=[{"name": "Sandals"}]),
        ),
        fold(
            "intent-amended-firm",
            "An offer from before stays firm, and is accepted",
            "INT-2",
            "aaaa",
            "ordered",
            _amended_then_accepted,
        ),
        fold(
            "intent-amended-index",
            "A want is an index of the latest wish",
            "OFR-5 INT-1",
            "aav",
            "open",
            lambda t: t.offer(
                _amended(t, t.cast(), wants=[{"name": "Sandals"}]), body={"lines": [{**line, "want": 1}]}
            ),
        ),
        fold(
            "intent-amended-terms",
            "Terms of the latest wish only",
            "OFR-4 INT-1",
            "aav",
            "open",
            lambda t: t.offer(_amended(t, t.cast(), terms=[terms("SD-BASE")])),
        ),
        fold(
            "intent-withdrawn",
            "Withdrawn: every offer lapses",
            "INT-3",
            "aaa",
            "withdrawn",
            lambda t: t.say("intent.withdraw", {}, t.offer(t.cast()).thread),
        ),
        fold(
            "intent-withdrawn-twice",
            "Nothing is left to withdraw",
            "SEQ-10",
            "aam",
            "withdrawn",
            lambda t: t.say("intent.withdraw", {}, t.say("intent.withdraw", {}, t.cast().thread).thread),
        ),
        fold(
            "intent-withdraw-first",
            "A withdrawal that came before its thread",
            "SEQ-9",
            "m",
            "none",
            lambda t: t.say("intent.withdraw", {}, _unknown(), inReplyTo=trust.digest(b"none")),
        ),
        fold(
            "intent-withdraw-an-order",
            "An order is cancelled, not withdrawn",
            "SEQ-8",
            "aaam",
            "ordered",
            lambda t: t.say("intent.withdraw", {}, t.order().thread),
        ),
        fold(
            "intent-cancel-a-wish",
            "There is no order to cancel",
            "SEQ-8",
            "am",
            "open",
            lambda t: t.cancel(t.cast(), "customer"),
        ),
        fold("order-confirmed", "Confirmed", "ORD-2", "aaaa", "confirmed", lambda t: t.confirm(t.order())),
        fold(
            "order-confirmed-equal",
            "100.00 and 100 are the same total",
            "ORD-2",
            "aaaa",
            "confirmed",
            lambda t: t.confirm(t.order(), "100"),
        ),
        fold(
            "order-fulfilling",
            "On its way",
            "LIF-1",
            "aaaaa",
            "fulfilling",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped"),
        ),
        fold(
            "order-done",
            "Done in two steps",
            "LIF-1",
            "aaaaaa",
            "done",
            lambda t: t.fulfil(t.fulfil(t.confirm(t.order()), "shipped"), "done"),
        ),
        fold(
            "order-done-at-once",
            "Done in one",
            "LIF-1",
            "aaaaa",
            "done",
            lambda t: t.fulfil(t.confirm(t.order()), "done"),
        ),
        fold(
            "order-of-some-lines",
            "A report about one line",
            "ORD-3",
            "aaaaa",
            "fulfilling",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped", body={"lines": [0]}),
        ),
        fold("order-disclosed", "Data in each state that takes it", "ORD-1", "aaaaaaaa", "fulfilling", _disclosed),
        fold(
            "order-cancelled-by-customer",
            "Cancelled at once",
            "LIF-1",
            "aaaa",
            "cancelled",
            lambda t: t.cancel(t.order(), "customer"),
        ),
        fold(
            "order-cancelled-by-vendor",
            "Cancelled with what is refunded",
            "ORD-5",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.confirm(t.order()), "vendor", refund=euros("100.00")),
        ),
        fold(
            "order-cancelled-on-its-way",
            "Cancelled while under way",
            "LIF-1",
            "aaaaaa",
            "cancelled",
            lambda t: t.cancel(t.fulfil(t.confirm(t.order()), "shipped"), "customer"),
        ),
        fold(
            "order-settled",
            "The vendor settles what the customer cancelled",
            "ORD-5",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer"), "vendor", refund=euros("90.00"), fee=euros("10.00")),
        ),
        fold(
            "order-settled-twice",
            "Once",
            "ORD-5",
            "aaaaam",
            "cancelled",
            lambda t: t.cancel(
                t.cancel(t.cancel(t.order(), "customer"), "vendor", refund=euros("90.00")),
                "vendor",
                refund=euros("100.00"),
            ),
        ),
        fold(
            "order-customer-settles-nothing",
            "A customer's refund is passed over",
            "ORD-4",
            "aaaaa",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer", refund=euros("500.00")), "vendor", refund=euros("1.00")),
        ),
        fold(
            "order-cancelled-by-customer-twice",
            "Nothing is left to cancel",
            "ORD-5",
            "aaaam",
            "cancelled",
            lambda t: t.cancel(t.cancel(t.order(), "customer"), "customer"),
        ),
        fold(
            "order-cancelled-when-done",
            "What is done cannot be cancelled",
            "SEQ-8",
            "aaaaam",
            "done",
            lambda t: t.cancel(t.fulfil(t.confirm(t.order()), "done"), "customer"),
        ),
        fold(
            "offer-wrong-total",
            "The total is not the sum",
            "OFR-1",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"total": euros("99.99")}),
        ),
        fold(
            "offer-two-currencies",
            "One currency",
            "OFR-2",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"lines": [{**line, "price": {"amount": "100.00", "currency": "USD"}}]}),
        ),
        fold(
            "offer-under-other-terms",
            "Terms that the wish does not name",
            "OFR-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"under": terms("SD-BASE-ATP")}),
        ),
        fold(
            "offer-other-digest",
            "The id of the customer's terms, and another digest",
            "OFR-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"under": {"id": "PDC-INTENT", "digest": terms("SD-BASE")["digest"]}}),
        ),
        fold(
            "offer-for-no-want",
            "There is no third want",
            "OFR-5",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"lines": [{**line, "want": 2}]}),
        ),
        fold(
            "offer-unknown-term",
            "It needs data that no table knows",
            "OFR-8",
            "av",
            "open",
            lambda t: t.offer(t.cast(), body={"needs": ["pd:Missspelt"]}),
        ),
        fold(
            "offer-expired-when-made",
            "It expires at the instant when it was made",
            "OFR-3 RCV-12",
            "av",
            "open",
            lambda t: t.offer(t.cast(), expires=t.after(minutes=1)),
        ),
        fold(
            "offer-just-in-time",
            "One millisecond before the wish expires",
            "INT-4",
            "aa",
            "open",
            lambda t: t.offer(t.cast(expires=t.after(minutes=2, milliseconds=1))),
        ),
        fold(
            "offer-too-late",
            "At the instant when the wish expires",
            "INT-4",
            "av",
            "open",
            lambda t: t.offer(t.cast(expires=t.after(minutes=2))),
        ),
        fold(
            "offer-malformed",
            "An offer without a total",
            "RCV-15",
            "av",
            "open",
            lambda t: t.say(
                "offer.make",
                {name: part for name, part in offer().items() if name != "total"},
                t.cast().thread,
                expires=t.after(hours=1),
            ),
        ),
        fold(
            "offer-without-expiry",
            "An offer says until when it is firm",
            "RCV-15",
            "av",
            "open",
            lambda t: t.say("offer.make", offer(), t.cast().thread),
        ),
        fold(
            "offer-after-order",
            "An order takes no more offers",
            "LIF-1",
            "aaav",
            "ordered",
            lambda t: t.offer(t.order()),
        ),
        fold(
            "offer-void-then-good",
            "After a void offer, one that holds",
            "SEQ-10",
            "ava",
            "open",
            lambda t: t.offer(t.offer(t.cast(), body={"total": euros("1.00")})),
        ),
        fold(
            "confirm-other-total",
            "Another total than was accepted",
            "ORD-2",
            "aaav",
            "ordered",
            lambda t: t.confirm(t.order(), "101.00"),
        ),
        fold("confirm-a-wish", "There is nothing to confirm", "LIF-1", "av", "open", lambda t: t.confirm(t.cast())),
        fold("confirm-twice", "Once", "LIF-1", "aaaav", "confirmed", lambda t: t.confirm(t.confirm(t.order()))),
        fold(
            "fulfil-before-confirming",
            "First it is confirmed",
            "LIF-1",
            "aaav",
            "ordered",
            lambda t: t.fulfil(t.order(), "shipped"),
        ),
        fold(
            "fulfil-no-such-line",
            "The order has one line",
            "ORD-3",
            "aaaav",
            "confirmed",
            lambda t: t.fulfil(t.confirm(t.order()), "shipped", body={"lines": [1]}),
        ),
        fold(
            "fulfil-when-done",
            "Done is done",
            "LIF-1",
            "aaaaav",
            "done",
            lambda t: t.fulfil(t.fulfil(t.confirm(t.order()), "done"), "done"),
        ),
        fold(
            "unasked-offer",
            "On the basis of a live consent, under the agreement",
            "OFR-6 OFR-7",
            "aaaa",
            "open",
            _unasked,
        ),
        fold(
            "unasked-offer-accepted", "And accepted", "OFR-6 OFR-9", "aaaaa", "ordered", lambda t: t.accept(_unasked(t))
        ),
        fold("unasked-without-basis", "Without a basis", "OFR-6", "aaav", "none", lambda t: _unasked(t, basis=False)),
        fold(
            "unasked-after-withdrawal",
            "The consent was taken back",
            "OFR-6 CNS-7",
            "aaaav",
            "none",
            lambda t: _unasked(t, withdrawn=True),
        ),
        fold(
            "unasked-for-a-study",
            "A consent to something else",
            "OFR-6",
            "aaav",
            "none",
            lambda t: _unasked(t, key="study"),
        ),
        fold(
            "unasked-after-until",
            "A consent that has ended by itself",
            "OFR-6 CNS-10",
            "aaav",
            "none",
            lambda t: _unasked(t, until="2026-03-01T12:04:00.000Z"),
        ),
        fold(
            "unasked-under-other-terms",
            "Not the relationship's agreement",
            "OFR-7",
            "aaav",
            "none",
            lambda t: _unasked(t, under="PDC-INTENT"),
        ),
        fold(
            "unasked-for-a-want",
            "Where nothing was wished for, no want is named",
            "OFR-5",
            "aaav",
            "none",
            lambda t: _unasked(t, want=True),
        ),
        fold("intent-fork", "Two offers with one predecessor", "SEQ-13", "aaf", "open", _offer_fork),
        fold(
            "intent-missing",
            "An offer whose predecessor has not come",
            "SEQ-1",
            "ax",
            "open",
            lambda t: t.offer(t.cast(), inReplyTo=trust.digest(b"elsewhere")),
        ),
        fold(
            "intent-conditions",
            "Conditions, a note and needs change nothing else",
            "OFR-8 ENV-9",
            "aa",
            "open",
            lambda t: t.offer(
                t.cast(),
                body={
                    "note": "You agree to our newsletter.",
                    "needs": ["pd:PhysicalAddress"],
                    "conditions": [{"url": "https://shop.example/conditions"}],
                },
            ),
        ),
        fold(
            "private",
            "A private thread holds private messages, and folds to nothing",
            "ENV-11 LIF-2",
            "aa",
            "none",
            lambda t: t.say("com.example.note", {"n": 2}, t.say("com.example.note", {"n": 1}).thread, by="vendor"),
        ),
    ]


def _declined(t: Script, times: int = 1) -> Word:
    made = t.offer(t.cast())
    for _ in range(times):
        t.say("offer.decline", {"offer": made.ref, "reason": "tooDear"}, made.thread)
    return made


def _accepted_first(t: Script) -> Word:
    first = t.offer(t.cast())
    t.offer(first, "90.00")
    return t.accept(first)


def _amended(t: Script, wished: Word, **members: Any) -> Word:
    return t.say("intent.amend", {**wished.message["body"], **members}, wished.thread)


def _amended_then_accepted(t: Script) -> Word:
    wished = t.cast()
    made = t.offer(wished)
    _amended(t, wished, wants=[{"name": "Sandals"}])
    return t.accept(made)


def _disclosed(t: Script) -> Word:
    wished = t.order()
    for term, step in (("pd:Name", t.confirm), ("pd:PhysicalAddress", lambda word: t.fulfil(word, "shipped"))):
        t.say("order.disclose", {"discloses": [{"data": term, "value": "as agreed"}]}, wished.thread)
        step(wished)
    return t.say("order.disclose", {"discloses": [{"data": "pd:TelephoneNumber", "value": "555"}]}, wished.thread)


def _unasked(
    t: Script,
    *,
    basis: bool = True,
    withdrawn: bool = False,
    key: str = "news",
    until: str = "2027-01-01T00:00:00.000Z",
    under: str = "SD-BASE-DP",
    want: bool = False,
) -> Word:
    t.agree()
    granted = t.grant(None, item(key), until=until)
    if withdrawn:
        t.withdraw(granted)
    line = {"name": "Boots", "price": euros("100.00"), **({"want": 0} if want else {})}
    body = {"lines": [line], "under": terms(under), **({"basis": granted.ref} if basis else {})}
    return t.offer(None, body=body)


def _offer_fork(t: Script) -> Word:
    wished = t.cast()
    t.offer(wished)
    return t.offer(wished, "80.00", inReplyTo=wished.digest)
