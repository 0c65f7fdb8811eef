"""What threads of a relationship fold to: who speaks, and what a close takes back."""

from typing import Any

from .answers_relationship import ANNOUNCED, move, moved, opened
from .conversation import AFTER, NEXT, Body, Script, Word
from .folds import fold
from .writing import CUSTOMER, OTHER_CUSTOMER, VENDOR_KEY_2, VENDOR_URL, WEAK, Case

MAY_WRITE: Body = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress"}
NOW: Body = {"at": "2026-03-02T00:00:00.000Z", "now": True}


def asks(answer: str) -> list[tuple[Body, Body, str]]:
    """Whether the shop may write, now."""
    return [(MAY_WRITE, NOW, answer)]


def relationship_folds() -> list[Case]:
    return [*_keys(), *_closes()]


def _keys() -> list[Case]:
    return [
        fold("relationship-opened", "The first word announces the next key", "REL-1 LIF-1", "a", "open", opened),
        fold(
            "relationship-opened-in-words", "Languages, and what led here", "REL-1", "a", "open",
            lambda t: t.say("relationship.open", {**ANNOUNCED, "languages": ["de-AT", "en"]}),
        ),
        fold("relationship-moved", "The announced key moves it", "REL-4 REL-6", "aaa", "open", _goes_on),
        fold("relationship-moved-twice", "The key after that moves it once more", "REL-4", "aaa", "open", _twice),
        fold(
            "relationship-stolen", "The vendor accepts a move by a key that nobody announced: it is void",
            "REL-4", "av", "open", _stolen, problems={2: "wrong-key /from REL-4"}, differs={2: "other-outcome"},
        ),
        fold(
            "relationship-former", "What the former key says counts no more, but for a no that has a receipt",
            "REL-6 REL-7", "aaava", "open", _former,
            problems={4: "moved /from REL-7"}, asks=asks("deny withdrawn"),
        ),
        fold(
            "relationship-closed-by-a-thief", "Closes do not keep the move stale, and it opens again", "REL-5 REL-8",
            "aaaa", "open", _closed_by_a_thief,
        ),
        fold(
            "relationship-keys", "Keys that are introduced, one of them weak", "REL-9 REL-10", "aava", "open",
            _keys_of_the_shop,
            problems={3: "weak-key /body/key REL-9"},
        ),
        fold("relationship-introduced-alone", "A key in a thread of its own", "LIF-1", "aa", "introduced", _alone),
    ]  # fmt: skip


def _closes() -> list[Case]:
    return [
        fold("relationship-closed", "A close denies what was granted", "REL-8", "aaa", "closed", _closed,
             asks=asks("deny withdrawn")),
        fold("relationship-closed-alone", "A close in a thread of its own denies too", "REL-8", "aa", "closed",
             lambda t: [t.grant(None), t.say("relationship.close", {"reason": "movingAway"})][1],
             asks=asks("deny withdrawn")),
        fold("relationship-closed-and-granted", "A later yes that knows the close lifts it", "REL-8 SEQ-21", "aaaa",
             "closed", lambda t: [_closed(t), t.grant(None)][0], asks=asks("permit consent")),
        fold("relationship-closed-unknown", "A yes that does not know the close lifts nothing", "REL-8 SEQ-21", "aaaa",
             "closed", lambda t: [_closed(t), t.grant(None, prior=None, seen=t.at(2))][0],
             asks=asks("deny withdrawn")),
        fold("relationship-closed-twice", "Of two closes without a yes between, a yes has to know the later one",
             "REL-8", "aaaaa", "closed", _closed_twice, asks=asks("deny withdrawn")),
        fold("relationship-closed-and-offered-terms", "A proffer that does not know a close is stale", "REL-8 TRM-12",
             "aar", "closed", _proffered, problems={3: "stale /seen TRM-12"}),
        fold("relationship-closed-while-ordered", "An order goes on", "REL-8", "aaaaaa", "ordered", _ordered,
             asks=[({"action": "dpv:Use", "purpose": purpose, "data": "pd:Name", "thread": "here"}, NOW, answer)
                   for purpose, answer in (("dpv:RequestedServiceProvision", "permit order-live"),
                                           ("dpv:DirectMarketing", "deny withdrawn"))]),
    ]  # fmt: skip


def _goes_on(t: Script) -> Word:
    thread = opened(t)
    moved(t, thread)
    t.proffer()
    return thread


def _twice(t: Script) -> Word:
    thread = opened(t)
    moved(t, thread)
    t.say("relationship.move", move(NEXT.did, OTHER_CUSTOMER), thread.thread, me=AFTER.did)
    return thread


def _stolen(t: Script) -> Word:
    thread = opened(t)
    t.say("relationship.move", move(CUSTOMER.did), thread.thread, me=OTHER_CUSTOMER.did,
          claims={"outcome": "accepted", "state": "open"})  # fmt: skip
    return thread


def _former(t: Script) -> Word:
    thread = opened(t)
    given = t.grant(None)
    moved(t, thread)
    t.grant(None, me=CUSTOMER.did, claims={"outcome": "accepted", "state": "given"})
    t.withdraw(given, me=CUSTOMER.did)
    return thread


def _closed_by_a_thief(t: Script) -> Word:
    thread = opened(t)
    known = {"prior": thread.digest, "seen": t.tip}
    for _ in range(2):
        t.say("relationship.close", {}, thread.thread)
    moved(t, thread, **known)
    return thread


def _keys_of_the_shop(t: Script) -> Word:
    thread = opened(t)
    begins = t.after(days=1)
    t.say("key.introduce", {"key": VENDOR_KEY_2.public, "from": begins}, thread.thread)
    t.say("key.introduce", {"key": WEAK}, thread.thread)
    t.say("key.introduce", {"key": AFTER.public, "ends": [VENDOR_URL]}, thread.thread)
    return thread


def _alone(t: Script) -> Word:
    t.grant(None)
    return t.say("key.introduce", {"key": VENDOR_KEY_2.public})


def _closed(t: Script) -> Word:
    thread = opened(t)
    t.grant(None)
    t.say("relationship.close", {}, thread.thread)
    return thread


def _closed_twice(t: Script) -> Word:
    thread = _closed(t)
    known: dict[str, Any] = {"prior": t.last, "seen": t.tip}
    t.say("relationship.close", {}, thread.thread)
    t.grant(None, **known)
    return thread


def _proffered(t: Script) -> Word:
    thread = opened(t)
    known: dict[str, Any] = {"prior": t.last, "seen": t.tip}
    t.say("relationship.close", {}, thread.thread)
    t.proffer(**known)
    return thread


def _ordered(t: Script) -> Word:
    thread = opened(t)
    wished = t.order()
    t.say("order.disclose", {"discloses": [{"data": "pd:Name", "value": "Ann"}]}, wished.thread)
    t.say("relationship.close", {}, thread.thread)
    return wished
