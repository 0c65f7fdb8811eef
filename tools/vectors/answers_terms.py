"""Messages of every type and of terms that break rules, each table's in one conversation."""

from typing import Any

from opencmr import trust

from .conversation import Body, Script, offer, terms
from .folds import unknown
from .folds_terms import GARDEN, garden
from .writing import OTHER_CUSTOMER, uuid

OTHER_DIGEST: Body = {"id": "SD-BASE", "digest": trust.digest(b"other terms")}
FALSE_ROSTER: Body = {"document": {**GARDEN, "id": "SD-BASE"}}
STRANGE: Body = {"document": {**GARDEN, "rules": [{**GARDEN["rules"][0], "purpose": "dpv:Whatever"}]}}
OBLIGES: Body = {"effect": "oblige", "duty": "dpv:Whatever", "by": ["vendor"]}
NOTHING_KNOWN: Body = {"prior": None, "seen": None}


def _all(t: Script, tried: Any) -> None:
    nowhere = {"terms": terms("SD-BASE")}
    tried(t.say("terms.accept", nowhere, unknown()), 3)
    tried(t.say("terms.accept", nowhere, unknown(), expires=t.now), 2, 3)
    tried(t.say("offer.make", offer(), unknown(), expires=t.now), 2, 3)
    tried(t.proffer(expires=t.now), 2)
    open_ = t.proffer("SD-BASE")
    tried(t.say("terms.counter", nowhere, open_.thread, by="customer"), 5)
    t.counter(open_)
    seen = {"seen": t.at(t.history.chain.next - 2)}
    tried(t.accept_terms(open_, "SD-BASE-A", "customer", **seen), 4)
    tried(t.accept_terms(open_, "SD-BASE-A", "customer", **seen, expires=t.now), 2, 4)
    tried(t.accept_terms(open_, "SD-BASE-A"), 5)
    tried(t.say("consent.grant", _grant(), open_.thread, **seen), 4, 6)
    tried(t.say("consent.grant", _grant(), open_.thread), 6)
    tried(t.amend(open_), 6)
    t.end(open_, "terms.decline", "customer")
    gone = uuid("taken back before it came")
    t.say("terms.decline", {"reason": "changedMind"}, gone)
    t.agree("SD-BASE")
    tried(t.proffer(id=gone, **NOTHING_KNOWN), 4)  # TRM-12 would say the same, with another word as expected
    tried(t.accept_terms(open_, "SD-BASE"), 6)  # TRM-10 would say the same, by another rule
    wished = t.cast()
    made = t.offer(wished)
    seen = {"seen": t.at(t.history.chain.next - 2)}
    tried(t.offer(wished, by="customer", **seen), 4, 5)
    t.accept(made)
    tried(t.proffer(me=OTHER_CUSTOMER.did), 1)
    tried(t.proffer(me=OTHER_CUSTOMER.did, expires=t.now), 1, 2)


def _grant() -> Body:
    items = [{"key": "news", "purposes": ["dpv:Purpose"], "data": ["pd:Name"], "actions": ["dpv:Use"]}]
    return {"items": items, "until": "2027-01-01T00:00:00.000Z", "statement": "Write to me."}


def _proffer(t: Script, tried: Any) -> None:
    def proffer(*choices: Body, **more: Any) -> Any:
        return t.say("terms.proffer", {"choices": list(choices)}, **more)

    base = terms("SD-BASE")
    tried(proffer(OTHER_DIGEST), 1)
    tried(proffer(terms("SD-BASE-A"), FALSE_ROSTER), 1)
    tried(proffer(base, garden()), 2)
    tried(proffer(STRANGE), 3)
    tried(proffer(garden(), OTHER_DIGEST), 2, 1)
    tried(proffer(STRANGE, {**garden(), "id": "https://alice.example/terms/house"}), 3, 2)
    t.agree("SD-BASE")
    tried(proffer(OTHER_DIGEST, garden(), STRANGE, **NOTHING_KNOWN), 1, 2, 3, 4)
    tried(proffer(garden(), STRANGE, **NOTHING_KNOWN), 2, 3, 4)
    tried(proffer(STRANGE, **NOTHING_KNOWN), 3, 4)
    tried(proffer(base, **NOTHING_KNOWN), 4)
    tried(proffer(base, STRANGE, **NOTHING_KNOWN), 3, 4)
    t.accept_terms(proffer(base, {"document": GARDEN}), "SD-BASE")


def _counter(t: Script, tried: Any) -> None:
    open_ = t.proffer(body={"answerBy": t.after(hours=1)})

    def counter(ref: Body) -> Any:
        return t.say("terms.counter", {"terms": ref}, open_.thread)

    tried(counter(OTHER_DIGEST), 2)
    tried(counter(FALSE_ROSTER), 2)
    tried(counter(garden()), 3)
    for kind in ("action", "data", "purpose", "duty"):
        permits: Body = GARDEN["rules"][0]
        rule = {**permits, kind: "dpv:Whatever"} if kind != "duty" else OBLIGES
        tried(counter({"document": {**GARDEN, "rules": [GARDEN["rules"][1], rule]}}), 4)
    t.later(hours=1)
    for ref, row in ((OTHER_DIGEST, 2), (garden(), 3), (STRANGE, 4)):  # one ref has one fault
        tried(counter(ref), 1, row)
    tried(counter(terms("SD-BASE-A")), 1)


def _accept(t: Script, tried: Any) -> None:
    open_ = t.proffer("SD-BASE", body={"answerBy": t.after(hours=1)})

    def accept(ref: Body, by: str = "vendor") -> Any:
        return t.say("terms.accept", {"terms": ref}, open_.thread, by=by)

    tried(accept(OTHER_DIGEST), 2)
    tried(accept(FALSE_ROSTER), 2)
    tried(accept(garden()), 3)
    tried(accept({"document": GARDEN}), 3)
    t.agree("SD-BASE-DP")
    tried(accept(garden()), 3, 4)
    tried(accept(terms("SD-BASE")), 4)
    t.later(hours=1)
    tried(accept(OTHER_DIGEST), 1, 2)
    tried(accept(terms("SD-BASE")), 1)
    open_ = t.proffer("SD-BASE")
    t.counter(open_, body={"answerBy": t.after(hours=1)})
    tried(accept(terms("SD-BASE"), "customer"), 3)
    accept(terms("SD-BASE-A"), "customer")


CASES: list[tuple[str, str, str, Any]] = [
    ("*", "What is looked at before the rules of any type", "RCV-11 RCV-12 SEQ-4 LIF-1 LIF-2", _all),
    ("terms.proffer", "Proffers that break rules, and two at once", "TRM-1 TRM-2 TRM-12", _proffer),
    ("terms.counter", "Counters that break rules, and two at once", "TRM-11 TRM-1 TRM-2", _counter),
    ("terms.accept", "Acceptances that break rules, and two at once", "TRM-11 TRM-1 TRM-4 TRM-5 TRM-10", _accept),
]
