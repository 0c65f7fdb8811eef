"""Folds: any sequence of well-formed words of both sides, allowed or not, folds alike on both sides."""

import random
from typing import Any

from opencmr import messages, trust
from opencmr.errors import Problem
from opencmr.messages.types import Side
from opencmr.protocol import History, Said, Thread, instant, moment, roster
from opencmr.protocol.clock import strictly_after
from opencmr.protocol.history import replay
from opencmr.protocol.thread import opened_by

from .cast import CUSTOMER, VENDOR, examples
from .mutations import mutated_bytes
from .receiving import QUESTIONS
from .target import Target, expect

MOST = 40
"""Words a relationship."""
_STEP = 4
"""Bytes a word: what is said, in which thread, how, and how long after the last one."""
_NOON, _YEAR = moment("2026-03-01T12:00:00.000Z"), "2027-01-01T00:00:00.000Z"
_PROOF = next(each["proof"] for each in examples())
_REFS = [roster.ref(code).wire() for code in ("SD-BASE", "SD-BASE-DP", "PDC-INTENT")]
_DOCUMENT = {
    "id": "https://alice.example/terms", "version": "1", "title": "Mine",
    "rules": [{"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor", "third-party"]}],
}  # fmt: skip
_PARTY = {"name": "Shop", "role": "controller"}
_PURPOSES = ("dpv:DirectMarketing", "dpv:Marketing", "dpv:Purpose", "dpv:Nonsense")
_GAPS = (0, 0, 1, 1000, 3_600_000, 86_400_000 * 200)
"""Milliseconds."""
_WORDS: tuple[tuple[str, Side], ...] = (
    ("terms.proffer", "customer"), ("terms.accept", "vendor"), ("terms.counter", "vendor"), ("terms.accept",
    "customer"),
    ("terms.decline", "vendor"), ("terms.terminate", "customer"), ("consent.request", "vendor"),
    ("consent.grant", "customer"), ("consent.grant", "customer"), ("consent.refuse", "customer"),
    ("consent.withdraw", "customer"), ("consent.withdraw", "vendor"), ("intent.cast", "customer"),
    ("intent.amend", "customer"), ("intent.withdraw", "customer"), ("offer.make", "vendor"), ("offer.make", "vendor"),
    ("offer.decline", "customer"), ("offer.accept", "customer"), ("order.disclose", "customer"),
    ("order.confirm", "vendor"), ("order.fulfil", "vendor"), ("order.cancel", "vendor"), ("order.cancel", "customer"),
    ("com.shop.wish", "customer"), ("com.shop.wish", "vendor"), ("terms.terminate", "vendor"), ("consent.grant",
    "vendor"),
)  # fmt: skip


class _Talk:
    """One relationship, as the vendor sequences it."""

    def __init__(self) -> None:
        self.history = History()
        self.entries: list[Said] = []
        self.now = instant(_NOON)
        self.count = 0

    def step(self, word: int, where: int, how: int, gap: int) -> None:
        """One of the two says something; the vendor gives it a place, or refuses it."""
        type_, side = _WORDS[word % len(_WORDS)]
        if side == "vendor" and how & 64:
            type_ = _WORDS[where % len(_WORDS)][0]  # what only the other side may say
        later = moment(self.now).timestamp() + _GAPS[gap % len(_GAPS)] / 1000
        clock = instant(_NOON.fromtimestamp(later, _NOON.tzinfo))
        self.now = strictly_after(clock, self.history.last)
        threads = list(self.history.threads.values())
        thread = threads[where % len(threads)] if threads and where & 192 else None
        said = self._said(type_, side, thread, how)
        if said is None:
            return
        before = self.history.threads.get(said.message.thread) or opened_by(said.message)
        try:
            after, _ = before.judge(said, self.history)
        except Problem:
            if side == "customer":
                return  # refused: no place
            after, why = before.take(said, self.history)  # a vendor that says what it may not
            expect(why is not None and after.entries[-1].outcome == "void", "refused, and yet not void", said)
        self.history.put(after, said.at)
        self.entries.append(said)

    def _said(self, type_: str, side: Side, thread: Thread | None, how: int) -> Said | None:
        self.count += 1
        id_ = f"urn:uuid:{self.count:08x}-0000-4000-8000-000000000000"
        sender, to = (CUSTOMER, VENDOR) if side == "customer" else (VENDOR, CUSTOMER)
        document = {
            "opencmr": "1.0", "id": id_, "type": type_, "from": sender, "to": to,
            "thread": thread.id if thread else id_,
            "created": self.now, "body": _body(type_, side, thread, how, self.now), "proof": _PROOF,
            **({"inReplyTo": thread.head} if thread and thread.head else {}),
            **({"expires": _YEAR if how & 16 else self.now} if type_ == "offer.make" or how & 32 else {}),
        }  # fmt: skip
        try:
            message = messages.read(document)
        except Problem:
            return None  # a type that never opens a thread, say
        return Said(message, trust.digest(trust.write(document)), side, self.now)


def _body(type_: str, side: Side, thread: Thread | None, how: int, now: str) -> dict[str, Any]:
    record = thread.record if thread else None
    offers = getattr(record, "offers", ())
    made = offers[how % len(offers)] if offers else None
    ref = (
        made.ref.wire() if made else {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": "zQm" + "2" * 44}
    )
    amount = ("10.00", "10", "0", "999999999999999.999999")[how % 4]
    money = {"amount": amount, "currency": "EUR"}
    terms = {"document": _DOCUMENT} if how & 8 else _REFS[how % len(_REFS)]
    item = {
        "key": "ab"[how & 1], "purposes": [_PURPOSES[how >> 1 & 3]], "data": ["pd:EmailAddress"],
        "actions": ["dpv:Use"],
        **({"channels": ["email"]} if how & 8 else {}),
        **({"recipients": [{"name": "X", "role": "thirdParty", "id": "https://other.example/"}]} if how & 4 else {}),
    }  # fmt: skip
    match type_:
        case "terms.proffer":
            return {"choices": [terms, _REFS[0]], **({"scope": "relationship"} if how & 128 else {})}
        case "terms.accept" | "terms.counter":
            return {"terms": terms}
        case "consent.request":
            notice = {"url": "https://shop.example/n", "digest": "zQm" + "2" * 44, "lang": "en"}
            return {"items": [item], "controller": [_PARTY], "notice": notice, "until": _YEAR}
        case "consent.grant":
            return {"items": [item], "until": _YEAR if how & 16 else now, **({} if how & 32 else {"statement": "Yes."})}
        case "consent.withdraw" | "consent.refuse":
            heard = (
                {"heard": {"where": "shop", "when": now}} if side == "vendor" and type_ == "consent.withdraw" else {}
            )
            return {**({"keys": ["a"]} if how & 1 else {}), **heard}
        case "intent.cast" | "intent.amend":
            discloses = {"discloses": [{"data": "pd:EmailAddress", "value": {"n": how}}]} if how & 4 else {}
            return {"wants": [{"name": "boots"}], "terms": [terms], "standing": "ready", **discloses}
        case "offer.make":
            basis = {"basis": ref} if how & 128 else {}
            line = {"name": "boots", "price": money, **({"want": how & 1} if how & 2 else {})}
            return {"lines": [line], "total": money, "under": terms, **basis}
        case "offer.accept":
            return {"offer": ref, "total": made.body.total.__dict__ if made and how & 64 else money}
        case "offer.decline":
            return {"offer": ref}
        case "order.disclose":
            return {"discloses": [{"data": "pd:Name", "value": how}]}
        case "order.confirm":
            return {"reference": "R", "total": money}
        case "order.fulfil":
            return {"status": ("shipped", "done")[how & 1], **({"lines": [how & 3]} if how & 4 else {})}
        case "order.cancel":
            refund = {"refund": money} if how & 4 and side == "vendor" else {}
            return {"reason": "changedMind", **refund}
    return {}


def run_folds(data: bytes) -> None:
    """Both sides fold the same entries to the same, once and again; every question has its answer."""
    talk = _Talk()
    for at in range(0, min(len(data), _STEP * MOST) - _STEP + 1, _STEP):
        talk.step(*data[at : at + _STEP])
    theirs, again = replay(talk.entries), replay(talk.entries)
    expect(talk.history.threads == theirs.threads == again.threads, "they fold to different things", data)
    for thread in theirs.threads.values():
        if thread.record is not None:
            expect(trust.write(thread.record.as_dict()) != b"", "no record", thread)
    for question in QUESTIONS:
        for at in (talk.history.now(talk.now), "9999-12-31T23:59:59.999Z"):
            ours = talk.history.may(question, at)
            expect(ours == theirs.may(question, at) == again.may(question, at), "different answers", question, at)
    shuffled = list(talk.entries)
    random.Random(data).shuffle(shuffled)
    odd = replay(shuffled)
    expect(odd.threads == replay(shuffled).threads, "one order folds to two things", data)
    for question in QUESTIONS:
        odd.may(question, talk.now)


def seeds() -> list[bytes]:
    """Short conversations that get somewhere, and noise."""
    say = {word: number for number, word in reversed(list(enumerate(_WORDS)))}
    talks = [
        [("terms.proffer", "customer", 0), ("terms.accept", "vendor", 255), ("terms.terminate", "customer", 255)],
        [("terms.proffer", "customer", 0), ("terms.counter", "vendor", 255), ("terms.accept", "customer", 255)],
        [("consent.request", "vendor", 0), ("consent.grant", "customer", 255), ("consent.withdraw", "customer", 255)],
        [("consent.grant", "customer", 0), ("offer.make", "vendor", 0), ("consent.withdraw", "vendor", 255)],
        [("intent.cast", "customer", 0), ("offer.make", "vendor", 255), ("offer.accept", "customer", 255),
         ("order.confirm", "vendor", 255), ("order.fulfil", "vendor", 255), ("order.cancel", "vendor", 255)],
    ]  # fmt: skip
    found = []
    for how in (0, 16, 17, 20, 80, 144):
        for talk in talks:
            found.append(b"".join(bytes((say[type_, side], where, how, 2)) for type_, side, where in talk))
    dice = random.Random(4)
    return found + [dice.randbytes(_STEP * count) for count in (4, 8, 16, 40)]


def mutated_talk(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """A word more, less, in another place or said otherwise; or two conversations in one."""
    steps = [data[at : at + _STEP] for at in range(0, len(data), _STEP)]
    at = dice.randrange(len(steps) + 1)
    match dice.randrange(6):
        case 0:
            steps.insert(at, dice.randbytes(_STEP))
        case 1:
            steps = steps[:at] + steps[at + 1 :]
        case 2:
            steps = steps[:at] + [donor[each : each + _STEP] for each in range(0, len(donor), _STEP)] + steps[at:]
        case 3 if steps:
            steps.insert(at, dice.choice(steps))
        case 4:
            dice.shuffle(steps)
        case _:
            return mutated_bytes(dice, data, donor)[: _STEP * MOST]
    return b"".join(steps)[: _STEP * MOST]


TARGETS = (Target("folds", "any order of words of both sides", run_folds, seeds, mutated_talk, share=15, short=300),)
