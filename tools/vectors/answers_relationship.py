"""Messages about the relationship itself that break rules, each table's in one conversation."""

from typing import Any

from opencmr.trust import key_digest

from .conversation import AFTER, NEXT, Body, Script, Word
from .writing import CUSTOMER, OTHER_CUSTOMER, VENDOR_KEY_2, WEAK

ANNOUNCED = {"next": key_digest(NEXT.public)}


def opened(t: Script) -> Word:
    """The customer's first word."""
    return t.say("relationship.open", ANNOUNCED)


def moved(t: Script, thread: Word, **more: Any) -> Word:
    """The customer goes on under the next key."""
    word = t.say("relationship.move", move(CUSTOMER.did), thread.thread, me=NEXT.did, **more)
    t.me = NEXT.did
    return word


def move(was: str, next_: Any = AFTER) -> Body:
    """The body of a move."""
    return {"was": was, "next": key_digest(next_.public)}


def _open(t: Script, tried: Any) -> None:
    itself = {"next": key_digest(CUSTOMER.public)}
    tried(t.say("relationship.open", itself), 2)
    tried(t.say("relationship.open", itself, prior=None, seen=None), 1, 2)
    tried(t.say("relationship.open", ANNOUNCED, prior=None, seen=None), 1)
    tried(t.say("relationship.open", ANNOUNCED), 1)


def _move(t: Script, tried: Any) -> None:
    thread = opened(t)
    tried(t.say("relationship.move", move(CUSTOMER.did), thread.thread, me=OTHER_CUSTOMER.did), 1)
    tried(t.say("relationship.move", move(OTHER_CUSTOMER.did), thread.thread, me=NEXT.did), 1)
    tried(t.say("relationship.move", move(CUSTOMER.did, NEXT), thread.thread, me=NEXT.did), 3)
    tried(t.say("relationship.move", move(CUSTOMER.did, CUSTOMER), thread.thread, me=NEXT.did), 3)
    moved(t, thread)
    tried(t.say("relationship.move", move(CUSTOMER.did, OTHER_CUSTOMER), thread.thread), 2)
    tried(t.say("relationship.move", move(CUSTOMER.did, NEXT), thread.thread), 2, 3)


def _introduce(t: Script, tried: Any) -> None:
    t.proffer()
    tried(t.say("key.introduce", {"key": WEAK}), 1)
    t.say("key.introduce", {"key": VENDOR_KEY_2.public})


CASES: list[tuple[str, str, str, Any]] = [
    ("relationship.open", "Openings that are not the first word, or announce themselves", "REL-1 REL-3", _open),
    ("relationship.move", "Moves of who speaks already, and to keys of before", "REL-3 REL-4", _move),
    ("key.introduce", "A weak key that is introduced", "REL-9", _introduce),
]
