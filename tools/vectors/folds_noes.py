"""What the noes of a consent thread take back beside what stands at their place, and what they leave be."""

from .conversation import Script, Word, item
from .folds import fold
from .folds_knowing import EMAIL, MARKETING, NOW, REFUSED, TELEPHONE, TELEPHONE_NUMBER, grant_body
from .writing import Case


def noes_folds() -> list[Case]:
    return [
        fold("no-before-its-grant-of-another-key", "A withdrawal that came before the grant denies of what that said "
             "the items that it names, and no other", "SEQ-35 CNS-6", "amr", "none",
             lambda t: _no_before(t, "study"), problems={3: "stale /seen SEQ-4"},
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-before-its-grant-of-its-key", "The item that it names", "SEQ-35 CNS-6", "amr", "none",
             lambda t: _no_before(t, "news"), problems={3: "stale /seen SEQ-4"},
             asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("no-known-by-a-refused-grant", "A refused grant that knows the no was said after it: it denies nothing "
             "of what that said", "SEQ-35", "aaar", "withdrawn", _no_known_by_refused, differs={4: "other-outcome"},
             asks=[(TELEPHONE, NOW, "permit consent"), (MARKETING, NOW, "deny withdrawn")]),
        fold("no-said-twice", "What a no has taken back, a second one does not find: a yes between them holds",
             "SEQ-35 CNS-6", "aaam", "withdrawn", lambda t: _twice(t, "customer", "customer"),
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-heard-twice", "The vendor heard it again: of what it holds, nothing is left to take back",
             "SEQ-35 CNS-8", "aaam", "withdrawn", lambda t: _twice(t, "vendor", "vendor"),
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-after-one-heard-of-another-key", "A no after one that the vendor heard denies what it names alone",
             "SEQ-35 CNS-8", "aaaa", "withdrawn", lambda t: _twice(t, "vendor", "customer", "news", "study"),
             asks=[(MARKETING, NOW, "permit consent")]),
        fold("no-heard-of-what-replaced", "A no that a vendor heard takes back what the vendor holds, and not what "
             "stood before", "SEQ-35 CNS-8", "aaaa", "withdrawn", _heard_of_less,
             asks=[(TELEPHONE, NOW, "permit consent"), (MARKETING, NOW, "deny withdrawn")]),
        fold("no-that-knows-what-was-granted-after-one-heard", "What was granted anew after a no that the vendor heard "
             "stands in its place: a no that knows it takes back that alone", "SEQ-35 CNS-8", "aaaaa", "withdrawn",
             _granted_anew, asks=[(TELEPHONE, NOW, "permit consent"), (MARKETING, NOW, "deny withdrawn")]),
    ]  # fmt: skip


def _no_before(t: Script, key: str) -> Word:
    """Another thread permits the same."""
    t.grant(None)
    t.later(minutes=1)
    late = t.word("consent.grant", grant_body())
    t.say("consent.withdraw", {"keys": [key]}, late.thread)
    return t.place(late)


def _no_known_by_refused(t: Script) -> Word:
    """The telephone is permitted elsewhere."""
    t.say("consent.grant", grant_body(TELEPHONE_NUMBER))
    granted = t.say("consent.grant", grant_body(EMAIL))
    t.withdraw(granted)
    return t.say("consent.grant", grant_body(EMAIL, TELEPHONE_NUMBER), granted.thread, claims=REFUSED)


def _twice(t: Script, first: str, second: str, *keys: str) -> Word:
    """Two noes, each of one of the keys or of all; between them another thread permits the same."""
    granted = t.grant(None, item("news"), item("study"))
    t.withdraw(granted, *keys[:1], by=first)
    t.grant(None)
    return t.withdraw(granted, *keys[1:], by=second)


def _heard_of_less(t: Script) -> Word:
    """The telephone is permitted elsewhere, and was in this thread until a later grant said less."""
    t.say("consent.grant", grant_body(TELEPHONE_NUMBER))
    wide = t.say("consent.grant", grant_body(EMAIL, TELEPHONE_NUMBER))
    t.say("consent.grant", grant_body(EMAIL), wide.thread)
    return t.withdraw(wide, by="vendor")


def _granted_anew(t: Script) -> Word:
    """The telephone is permitted elsewhere once the vendor has heard the no."""
    wide = t.say("consent.grant", grant_body(EMAIL, TELEPHONE_NUMBER))
    t.withdraw(wide, by="vendor")
    t.say("consent.grant", grant_body(TELEPHONE_NUMBER))
    t.say("consent.grant", grant_body(EMAIL), wide.thread)
    return t.withdraw(wide)
