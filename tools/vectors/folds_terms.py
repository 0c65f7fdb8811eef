"""What threads of terms fold to."""

from typing import Any

from opencmr import trust

from .conversation import Script, Word, terms
from .folds import fold, unknown
from .writing import Case

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
    return {"id": GARDEN["id"], "digest": trust.digest(trust.canonicalize(GARDEN))}


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
            lambda t: t.say("terms.decline", {"reason": "changedMind"}, unknown()),
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
            lambda t: t.say(
                "terms.counter",
                {
                    "terms": {
                        "document": {
                            **GARDEN,
                            "rules": [{"effect": "permit", "action": "dpv:Missspelt", "by": ["vendor"]}],
                        }
                    }
                },
                t.proffer().thread,
            ),
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
            "terms-with-expiry",
            "A vendor's acceptance has no expiry: it holds from its place on",
            "ENV-1 RCV-15",
            "av",
            "proffered",
            lambda t: t.accept_terms(t.proffer(), expires=t.after(hours=1)),
        ),
        fold(
            "terms-narrowing-with-expiry",
            "Nor has a termination of the vendor's: this one is malformed, and ends nothing",
            "SEQ-8 RCV-15",
            "aav",
            "active",
            lambda t: t.end(t.agree(), "terms.terminate", "vendor", expires=t.after(hours=1)),
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
            "A void message has its place, and the next one follows it",
            "SEQ-10 SEQ-16",
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
            "terms-type-of-ones-own",
            "A type of the vendor's own in a thread of terms",
            "RCV-15",
            "av",
            "proffered",
            lambda t: t.say("com.example.note", {}, t.proffer().thread, by="vendor"),
        ),
        fold(
            "terms-after-an-unknown-type",
            "A thread that began with a word of an unknown type is of no family: nothing takes effect in it",
            "LIF-2 RCV-15 SEQ-8",
            "vrvm",
            "none",
            _after_an_unknown_type,
        ),
        fold(
            "terms-long-pointer",
            "The name of a bad member is too long for a problem: it names the object that has it",
            "ENV-15",
            "av",
            "proffered",
            lambda t: t.say("terms.accept", {"terms": terms("SD-BASE"), "x" * 495: 1}, t.proffer().thread, by="vendor"),
            problems={2: "malformed /body"},
        ),
        fold(
            "terms-pointer-of-500",
            "One that just fits is named",
            "ENV-15",
            "av",
            "proffered",
            lambda t: t.say("terms.accept", {"terms": terms("SD-BASE"), "x" * 494: 1}, t.proffer().thread, by="vendor"),
            problems={2: "malformed /body/" + "x" * 494},
        ),
        fold(
            "terms-ext",
            "Extensions change nothing",
            "ENV-9",
            "aa",
            "active",
            lambda t: t.accept_terms(t.proffer(), ext={"https://shop.example/x": {"terms": "SD-BASE"}}),
        ),
        fold(
            "terms-scope-by-id",
            "Two proffers whose scopes have one id and two digests: the scope is one, and the older is overtaken",
            "TRM-10",
            "aaaav",
            "proffered",
            _scopes_of_one_id,
            problems={5: "wrong-state /type TRM-10"},
        ),
    ]


def _after_an_unknown_type(t: Script) -> Word:
    opened = t.say("com.example.note", {}, by="vendor")
    t.grant(opened)
    t.accept_terms(opened)
    return t.withdraw(opened)


def _scoped(t: Script) -> Word:
    wished = t.cast()
    proffered = t.say("terms.proffer", {"choices": [terms("PDC-GOOD")], "scope": wished.ref})
    return t.accept_terms(proffered, "PDC-GOOD")


def _scopes_of_one_id(t: Script) -> Word:
    wished = t.cast()
    older = t.proffer("PDC-GOOD", body={"scope": wished.ref})
    newer = t.proffer("PDC-GOOD", body={"scope": {**wished.ref, "digest": older.digest}})
    t.accept_terms(newer, "PDC-GOOD")
    return t.accept_terms(older, "PDC-GOOD")
