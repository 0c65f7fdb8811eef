"""Deliveries around a move: to the new key, under the former one, and by strangers."""

from .answers_relationship import ANNOUNCED, move
from .conversation import NEXT
from .visit import Visit
from .writing import CUSTOMER, OTHER_CUSTOMER


def moved(v: Visit) -> None:
    opened = v.ok(v.say("relationship.open", ANNOUNCED), "open")
    given = v.ok(v.grant(None), "given")
    moving = v.say("relationship.move", move(CUSTOMER.did), opened.thread, me=NEXT.did)
    v.numbers[NEXT.did] = v.numbers[CUSTOMER.did]  # it is the same relationship
    v.ok(moving, "open")
    v.me = NEXT.did
    v.again(given, 1)
    v.again(moving, 2)
    v.unsigned(v.proffer(me=CUSTOMER.did), "moved", "/from")
    v.unsigned(v.say("relationship.close", {}, opened.thread, me=CUSTOMER.did), "moved", "/from")
    v.ok(v.withdraw(given), "withdrawn")


def strangers(v: Visit) -> None:
    opened = v.ok(v.say("relationship.open", ANNOUNCED), "open")
    nothing = {"prior": None, "seen": None}
    for was in (CUSTOMER.did, NEXT.did):
        word = v.say("relationship.move", move(was), opened.thread, me=OTHER_CUSTOMER.did, **nothing)
        v.unsigned(word, "wrong-key", "/from")
    v.unsigned(v.say("relationship.move", move(CUSTOMER.did), opened.thread), "malformed", "/body/was")


def closed_and_moved(v: Visit) -> None:
    opened = v.ok(v.say("relationship.open", ANNOUNCED), "open")
    closed = {"prior": opened.digest}
    v.ok(v.say("relationship.close", {}, opened.thread), "closed")
    moving = v.say("relationship.move", move(CUSTOMER.did), opened.thread, me=NEXT.did, **closed)
    v.numbers[NEXT.did] = v.numbers[CUSTOMER.did]
    v.ok(moving, "open")
