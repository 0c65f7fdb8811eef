"""Folds: any sequence of well-formed words of both sides, allowed or not, folds alike on both sides."""

import random
from datetime import timedelta
from typing import Any

from opencmr import messages, trust
from opencmr.errors import Expired, Problem
from opencmr.messages import BODIES
from opencmr.messages.types import Side
from opencmr.protocol import History, Settled, Thread, instant, lifecycle, moment, roster, settle
from opencmr.protocol.clock import shifted
from opencmr.protocol.receiving import validate_verified
from opencmr.protocol.thread import opened_by
from opencmr.testing import envelope

from .cast import CUSTOMER, VENDOR, Listener, examples, is_unsigned
from .mutations import mutated_bytes
from .receiving import QUESTIONS
from .target import Target, expect

MOST = 40
"""Words a relationship."""
_STEP = 5
"""Bytes a word: what is said, in which thread, how, how long after the last one, and what it knows."""
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
_SKEWS = (timedelta(0), timedelta(0), timedelta(minutes=-15), timedelta(minutes=4))
"""How far a clock is off."""
_OFTEN: tuple[tuple[str, Side], ...] = (("consent.grant", "customer"), ("offer.make", "vendor"))
_WORDS: tuple[tuple[str, Side], ...] = (
    *dict.fromkeys((type_, side) for family in messages.FAMILIES for _, type_, side in lifecycle(family).rows),
    *_OFTEN,
    ("com.shop.wish", "customer"),
    ("com.shop.wish", "vendor"),
)
"""All that can be said, some of it more often; and what nobody knows."""


class _Talk:
    """One relationship, as the vendor gives it its places, and as the customer hears it."""

    def __init__(self) -> None:
        self.history = History()
        self.theirs = Listener(History(mine=True))
        self.said: list[dict[str, Any]] = []
        self.chained: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.own: list[str] = []
        self.now = instant(_NOON)
        self.count = 0

    def step(self, word: int, where: int, how: int, gap: int, link: int) -> None:
        """One of the two says something; the vendor answers at once, later, wrongly, twice, or never."""
        type_, side = _WORDS[word % len(_WORDS)]
        if side == "vendor" and how & 64:
            type_ = _WORDS[where % len(_WORDS)][0]  # what only the other side may say
        self.now = shifted(self.now, timedelta(milliseconds=_GAPS[gap % len(_GAPS)]))
        threads = list(self.history.threads.values())
        thread = threads[where % len(threads)] if threads and where & 192 else None
        body = _body(type_, side, thread, how, self.now)
        document = self._document(type_, side, body, how, link, thread.id if thread else None)
        try:
            _, fault = validate_verified(document)
        except Problem:
            return
        if side == "vendor":
            self._say(document, fault)
        elif fault is None:  # else a type that never opens a thread, say
            self._ask(document, where, how, link)

    def _ask(self, document: dict[str, Any], where: int, how: int, link: int) -> None:
        self._hear(document)
        self.own.append(trust.digest(trust.canonicalize(document)))
        self.open.append(document)
        late = link >> 4 & 3
        if late == 3 and self.answered:
            self._answer(self.answered[where % len(self.answered)], how, link)  # for the second time
        while self.open and late != 1:
            self._answer(self.open.pop(), how, link if late == 2 else 0)

    def _hear(self, document: dict[str, Any]) -> None:
        self.said.append(document)
        self.theirs.hear(document)

    def _say(self, document: dict[str, Any], fault: Problem | None) -> None:
        """A vendor's word has its place, whatever it says."""
        message, _ = validate_verified(document)
        said = self.history.saying(message, trust.digest(trust.canonicalize(document)))
        before = self.history.threads.get(message.thread) or opened_by(message)
        try:
            if fault is not None:
                raise fault
            after, _ = before.judge(said, self.history)
            _expect_row(before, after)
        except Problem:
            after, why = before.take(said, self.history, fault)
            expect(why is not None and after.entries[-1].outcome == "void", "refused, and yet not void", said)
        self.history.say(said, after)
        self.chained.append(document)
        self._hear(document)

    def _answer(self, document: dict[str, Any], how: int, link: int) -> None:
        """Give a word its place by a receipt that says what the rules say, or something else."""
        message, digest = messages.validate(document), trust.digest(trust.canonicalize(document))
        again = self.history.chain.place_of(digest) is not None
        settled: Settled | None = None
        try:
            settled = settle(message, digest, history=self.history, now=self._date(link))
            told = {"outcome": settled.outcome, "state": settled.thread.state}
            if settled.problem is None:
                _expect_row(self.history.threads.get(message.thread) or opened_by(message), settled.thread)
            if settled.problem is not None:
                told = {"outcome": "refused", "problem": settled.problem.as_dict()}
        except Problem as problem:
            expect(is_unsigned(problem), "a refusal that is signed is raised", problem)
            told = {"outcome": "refused", "problem": problem.as_dict()}
        lies = again or settled is None or (link & 48 == 32 and how & 3)
        if lies and how & 3:
            told = {"outcome": ("accepted", "moot")[how & 1], "state": "open"}
        elif lies:
            told = {"outcome": "refused", "problem": Expired("no").as_dict()}
        receipt = self._document("receipt", "vendor", {"of": digest, **told}, how, link, message.thread)
        of = trust.digest(trust.canonicalize(receipt))
        if lies or settled is None:
            self.history.follow(messages.validate(receipt), of, of=message)
        else:
            taken = None if settled.problem else settled.thread
            self.history.answer(settled.said, of, receipt["id"], receipt["created"], taken)
        self.answered.append(document)
        self.chained += [receipt] if again else [document, receipt]
        self._hear(receipt)

    def _date(self, link: int) -> str:
        return shifted(self.now, _SKEWS[link >> 6 & 3])

    def _document(
        self, type_: str, side: Side, body: dict[str, Any], how: int, link: int, thread: str | None
    ) -> dict[str, Any]:
        self.count += 1
        id_ = f"urn:uuid:{self.count:08x}-0000-4000-8000-000000000000"
        sender, to = (CUSTOMER, VENDOR) if side == "customer" else (VENDOR, CUSTOMER)
        deadline = BODIES[type_].expires if type_ in BODIES else "may"
        asked = (
            deadline == "must" or (deadline == "customer" and side == "customer") or (deadline == "may" and how & 32)
        )
        expires = _YEAR if how & 16 else shifted(self.now, timedelta(minutes=1))
        return envelope(
            type_, body, id_=id_, from_=sender, to=to, created=self._date(link), thread=thread, proof=_PROOF,
            expires=expires if asked else None, **self._link(side, link),
        )  # fmt: skip

    def _link(self, side: Side, link: int) -> dict[str, Any]:
        chain = self.history.chain
        if side == "vendor":
            return {"number": chain.next, "prior": chain.tip}
        seen = (chain.tip, chain.tip, chain.digests[link % len(chain.digests)] if chain.digests else None, None)
        own = self.own or [None]
        return {"seen": seen[link & 3], "prior": (own[-1], own[-1], own[link % len(own)], None)[link >> 2 & 3]}


def _expect_row(before: Thread, after: Thread) -> None:
    """The state that a word leads to is one that its row names."""
    entry = after.entries[-1]
    if entry.outcome == "accepted" and after.family is not None:
        row = lifecycle(after.family).rows[before.state, entry.type, entry.side]
        expect(after.state in row, "a state that no row leads to", before.state, entry.type, after.state)


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
            scope = {"scope": ref if how & 1 else "relationship"} if how & 128 else {}
            return {"choices": [terms, _REFS[0]], **scope, **({"answerBy": now} if how & 2 else {})}
        case "terms.accept" | "terms.counter":
            return {"terms": terms, **({"answerBy": _YEAR} if how & 2 and type_ == "terms.counter" else {})}
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
            discloses = {"discloses": [{"data": "pd:Interest", "value": {"n": how}}]} if how & 4 else {}
            return {"wants": [{"name": "boots"}], "terms": [terms], "standing": "ready", **discloses,
                    **({"until": _YEAR} if how & 32 else {})}  # fmt: skip
        case "offer.make":
            basis = {"basis": ref} if how & 128 else {}
            line = {"name": "boots", "price": money, **({"want": how & 1} if how & 2 else {})}
            return {"lines": [line], "total": money, "under": terms, **basis}
        case "offer.accept":
            return {"offer": ref, "total": made.body.total.__dict__ if made and how & 64 else money}
        case "offer.decline":
            return {"offer": ref}
        case "order.disclose":
            return {"discloses": [{"data": "pd:Interest", "value": how}]}
        case "order.confirm":
            return {"reference": "R", "total": money}
        case "order.fulfil":
            lines = {"lines": [{"line": how & 3}]} if how & 4 else {}
            refund = {"amount": money} if how & 9 == 8 else {}
            status = ("shipped", "done")[how & 1] if not refund else "refunded"
            return {"status": status, **lines, **refund}
        case "order.cancel":
            refund = {"refund": money} if how & 4 and side == "vendor" else {}
            return {"reason": "changedMind", **refund, **({"lines": [{"line": how & 3}]} if how & 16 else {})}
        case "order.withdraw":
            return {"ground": ("returns", "law")[how & 1], **({"lines": [{"line": how & 3}]} if how & 4 else {})}
        case "data.share" if thread is not None and thread.entries:  # in the thread of a request it rests on that
            basis = {"id": thread.entries[0].id, "digest": thread.entries[0].digest}
            return {"discloses": [{"data": "pd:Interest", "value": how}], "basis": basis}
    said = [each["body"] for each in examples() if each["type"] == type_]
    return said[how % len(said)] if said else {}


def run_folds(data: bytes) -> None:
    """Both sides fold the same words to the same, once and again; every question has its answer."""
    talk = _Talk()
    for at in range(0, min(len(data), _STEP * MOST) - _STEP + 1, _STEP):
        talk.step(*data[at : at + _STEP])
    ours, theirs = talk.history, talk.theirs.history
    again, mailed = _told(talk.said), _told(talk.chained)
    for other in (theirs, again, mailed):
        expect(ours.threads == other.threads, "they fold to different things", data)
        expect(ours.chain.times() == other.chain.times(), "the places have different times", data)
        expect(ours.chain.disputes == other.chain.disputes, "other contradictions", data)
    for thread in ours.threads.values():
        if thread.record is not None:
            expect(trust.canonicalize(thread.record.as_dict()) != b"", "no record", thread)
    for question in QUESTIONS:
        for at, now in ((talk.now, True), (talk.now, False), ("9999-12-31T23:59:59.999Z", False)):
            told = ours.may(question, at, now=now)
            expect(told == mailed.may(question, at, now=now), "different answers", question, at)
            expect(bool(told) >= bool(theirs.may(question, at, now=now)), "the customer permits more", question, at)
    _take_all_back(talk)
    shuffled = list(talk.said)
    random.Random(data).shuffle(shuffled)
    odd = _told(shuffled)
    expect(odd.threads == _told(shuffled).threads, "one order folds to two things", data)
    for question in QUESTIONS:
        odd.may(question, talk.now)


def _told(documents: list[dict[str, Any]]) -> History:
    listener = Listener()
    for document in documents:
        listener.hear(document)
    return listener.history


def _take_all_back(talk: _Talk) -> None:
    """A no that nobody has answered: no grant of its thread permits anything any more."""
    theirs, grants = talk.theirs.history, set[str]()
    for thread in list(theirs.threads.values()):
        if thread.family == "consent":
            grants |= {entry.digest for entry in thread.entries if entry.type == "consent.grant"}
            talk.theirs.hear(talk._document("consent.withdraw", "customer", {}, 0, 0, thread.id))
    for question in QUESTIONS:
        decision = theirs.may(question, talk.now, now=True)
        expect(not decision or grants.isdisjoint(decision.evidence), "permitted after a no", question, decision)


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
        [("intent.cast", "customer", 0), ("offer.make", "vendor", 255), ("offer.accept", "customer", 255),
         ("order.withdraw", "customer", 255), ("order.confirm", "vendor", 255), ("order.fulfil", "vendor", 255)],
    ]  # fmt: skip
    found = []
    for how, link in ((0, 0), (16, 0), (17, 16), (20, 0), (80, 0), (144, 0), (16, 32), (16, 48), (17, 2), (16, 128)):
        for talk in talks:
            found.append(b"".join(bytes((say[type_, side], where, how, 2, link)) for type_, side, where in talk))
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


TARGETS = (Target("folds", "any order of words of both sides", run_folds, seeds, mutated_talk, share=15, short=100),)
