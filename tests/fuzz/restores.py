"""A vendor whose store was put back from an older copy, and what is handed back to it: `POST /words`.

A customer may hand back anything. What is held stays held, what was not lost changes nothing, and a no denies.
"""

import os
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from opencmr import Money, Vendor, consent, intent, offer, terms, trust
from opencmr.errors import Behind, OpenCMRError, Problem
from opencmr.messages import Body, core
from opencmr.messages.consent import GrantItem
from opencmr.messages.types import Ref, Want
from opencmr.protocol import History, Question, instant, roster
from opencmr.roles.party.histories import Histories
from opencmr.store import Kept, Rows
from opencmr.testing import StandingClock, envelope

from .cast import CUSTOMER, CUSTOMER_KEY, VENDOR, VENDOR_KEY
from .documents import _folder as scratch
from .mutations import mutated, mutated_json, written
from .sessions import _filled, _id, _loop
from .target import Target, expect

_CLOCK = StandingClock()
_NOW, _UNTIL = instant(_CLOCK()), "2027-01-01T00:00:00.000Z"
_NEWS = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
_ITEM = GrantItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
_GRANT = consent.Grant(items=[_ITEM], until=_UNTIL, statement="You may write to me.")
_CAST = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
_PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
_TOTAL = Money("49.00", "EUR")


def _opened(store: Path) -> Vendor:
    keys = store.with_name("restores.keys")
    if not keys.exists():
        keys.write_text(orjson.dumps({"keys": {trust.key_url(VENDOR): VENDOR_KEY.seed.hex()}}).decode())
        keys.chmod(0o600)
    vendor = Vendor.open(store, did=VENDOR, keys=keys, accepts=["SD-BASE"], clock=_CLOCK)

    @vendor.on(intent.Cast)
    def quote(cast: Any, _: Any) -> offer.Make:
        line = offer.Line(name="Boots", price=Money("49.00", "EUR"))
        return offer.Make(lines=[line], total=_TOTAL, under=cast.body.terms[0])

    return vendor


@dataclass
class _Past:
    """What was said before the store was lost.

    Attributes:
        words: All words, each of the customer's before the receipt for it.
        copies: The store after each exchange, as bytes.
        threads: The threads of cast, grant and proffer.
    """

    words: list[bytes] = field(default_factory=list)
    copies: list[bytes] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)

    @property
    def tip(self) -> str:
        """The vendor's last word."""
        return trust.digest(self.words[-1])


def _message(body: Body, number: int, thread: str | None, prior: str | None, seen: str | None) -> dict[str, Any]:
    id_ = _id(number, b"past")
    asks = body.type == core.Collect.type
    return envelope(
        body.type, body.wire(), id_=id_, from_=CUSTOMER, to=VENDOR, created=_NOW, thread=thread, seen=seen,
        prior=None if asks else prior, expires=_UNTIL if body.expires in ("must", "customer") else None,
    )  # fmt: skip


def _signed(document: dict[str, Any]) -> bytes:
    return trust.sign(document, CUSTOMER_KEY, trust.key_url(CUSTOMER))


@cache
def _past() -> _Past:
    return _loop().run_until_complete(_live())


async def _live() -> _Past:
    """A cast and an offer, a grant and its withdrawal, terms, and an order."""
    past, store = _Past(), scratch(os.getpid()) / "restores-past.db"
    prior: str | None = None
    for number in range(6):
        vendor = _opened(store)
        seen = past.tip if past.words else None
        thread = {2: 1, 4: 2, 5: 0}.get(number)
        body: Body = (_CAST, _GRANT, consent.Withdraw(), _PROFFER, terms.Terminate(), _accept(past))[number]
        raw = _signed(_message(body, number, past.threads[thread] if thread is not None else None, prior, seen))
        past.words += [raw, *await vendor.receive(raw)]
        prior = trust.digest(raw)
        if thread is None:
            past.threads.append(orjson.loads(raw)["thread"])
        await vendor.close()
        past.copies.append(store.read_bytes())
    return past


def _accept(past: _Past) -> Body:
    made = [raw for raw in past.words if orjson.loads(raw)["type"] == "offer.make"]
    id_, digest = (orjson.loads(made[0])["id"], trust.digest(made[0])) if made else (_id(0, b""), "zQm" + "2" * 44)
    return offer.Accept(offer=Ref(id=id_, digest=digest), total=_TOTAL)


# An input


@dataclass
class _Held:
    """What a vendor holds of the relationship, at a moment."""

    rows: dict[str, Kept]
    history: History | None

    @classmethod
    def by(cls, vendor: Vendor) -> "_Held":
        """What is kept folds to what is remembered."""

        def look(rows: Rows) -> "_Held":
            peer = rows.peer(vendor.did, CUSTOMER)
            if peer is None:
                return cls({}, None)
            ours, again = vendor._transactions.histories.history(rows, peer), Histories().replay(rows, peer)
            expect(ours.threads == again.threads, "the store folds to something else")
            expect(ours.chain.digests == again.chain.digests, "the store has another chain")
            expect(ours.chain.times() == again.chain.times(), "the store has other times")
            expect(set(ours.unplaced) == set(again.unplaced), "the store has other words without a place")
            expect(ours.chain.given_up == again.chain.given_up, "the store has given up other words")
            return cls({kept.digest: kept for kept in rows.everything(peer.number)}, ours)

        return vendor._store.read(look)

    def keeps(self, before: "_Held") -> None:
        """Nothing that was held is gone."""
        for digest, kept in before.rows.items():
            expect(digest in self.rows and self.rows[digest].raw == kept.raw, "a word is gone", kept.type)


def run_words(data: bytes) -> None:
    """`{"stage": which copy, "first": messages, "seen": …, "words": …}`; a number stands for a word of the past."""
    try:
        case = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if isinstance(case, dict):
        _loop().run_until_complete(_restored(data, case))


async def _restored(data: bytes, case: dict[str, Any]) -> None:
    past, store = _past(), scratch(os.getpid()) / "restores.db"
    for old in store.parent.glob("restores.db*"):
        old.unlink()
    stage = case.get("stage")
    if stage != -1:
        store.write_bytes(past.copies[stage % len(past.copies) if type(stage) is int else 0])
    vendor = _opened(store)
    try:
        grants = await _say(vendor, case.get("first"), data)
        before = _Held.by(vendor)
        seen = _seen(case.get("seen"), past)
        words = [_word(each, past, data) for each in _listed(case.get("words"))]
        grants |= any(b'"consent.grant"' in raw for raw in words if raw not in past.words)
        chain = before.history.chain if before.history else History().chain
        await _hand_back(vendor, before, seen, words, lost=chain.lacks(seen))
        await _afterwards(vendor, seen, grants)
    finally:
        await vendor.close()


async def _hand_back(vendor: Vendor, before: _Held, seen: str | None, words: list[bytes], *, lost: bool) -> None:
    asking = _signed(_message(core.Collect(limit=100), 40, None, None, seen))
    try:
        await vendor.take_back([asking, *words])
    except Problem as problem:
        core.ProblemDetail.model_validate(problem.as_dict(), by_alias=True)
        expect(_Held.by(vendor).rows == before.rows, "refused, and yet kept", problem)
    after = _Held.by(vendor)
    after.keeps(before)
    expect(bool(after.rows) or after.history is None, "a relationship with nothing in it", words)
    if not lost:
        expect(after.rows == before.rows, "nothing was lost, and yet something is changed", words)


async def _afterwards(vendor: Vendor, seen: str | None, grants: bool) -> None:
    """The customer collects, and says no once more: that denies, whatever stands in its way."""
    held = _Held.by(vendor)
    _denies(vendor, held, grants)
    for number, known in ((41, seen), (42, None)):
        try:
            await vendor.collect(_signed(_message(core.Collect(limit=100), number, None, None, known)))
        except Problem as problem:
            expect(problem.retry, "a collect is refused for good", problem)
        now = _Held.by(vendor)
        now.keeps(held)
        _denies(vendor, now, grants)
    thread = _past().threads[1]
    try:
        await vendor.receive(_signed(_message(consent.Withdraw(), 43, thread, None, seen)))
    except Behind:
        pass
    expect(not vendor.may(CUSTOMER, action=_NEWS.action, purpose=_NEWS.purpose, data=_NEWS.data), "after a no")
    _Held.by(vendor).keeps(held)


def _denies(vendor: Vendor, held: _Held, grants: bool) -> None:
    """No grant was said but the one that was withdrawn: where the withdrawal is held, it denies."""
    if not grants and any(kept.type == "consent.withdraw" for kept in held.rows.values()):
        expect(not vendor.may(CUSTOMER, action=_NEWS.action, purpose=_NEWS.purpose, data=_NEWS.data), "after a no")


async def _say(vendor: Vendor, messages: Any, data: bytes) -> bool:
    """What the customer says before: the vendor goes on from its copy. Whether there is a new grant among it."""
    raws = [_word(each, _past(), data) for each in _listed(messages)[:4]]
    for raw in raws:
        try:
            await vendor.receive(raw)
        except Problem:
            pass
    return any(b'"consent.grant"' in raw for raw in raws if raw not in _past().words)


def _listed(value: Any) -> list[Any]:
    return value[:60] if isinstance(value, list) else []


def _seen(value: Any, past: _Past) -> str | None:
    if type(value) is int:
        return trust.digest(past.words[value % len(past.words)])
    good = isinstance(value, str) and value.startswith("zQm") and len(value) == 47 and value.isalnum()
    return value if good else None


def _word(value: Any, past: _Past, data: bytes) -> bytes:
    """A word of the past, or another that the customer signs if it is to be theirs."""
    if type(value) is int:
        return past.words[value % len(past.words)]
    if not isinstance(value, dict) or value.get("from") == VENDOR:
        return written(value)
    known = {"$now": _NOW, "$id": _id(len(written(value)) % 256, data)}
    try:
        return _signed({name: each for name, each in _filled(value, known).items() if name != "proof"})
    except OpenCMRError:
        return written(value)


def seeds() -> list[bytes]:
    """All of it at a store of every age; a part of it; with something said meanwhile; with nothing lost."""
    past = _past()
    everything = list(range(len(past.words)))
    other = _message(_PROFFER, 50, None, None, None)
    no = _message(consent.Withdraw(), 51, past.threads[1], None, past.tip)
    cases: list[dict[str, Any]] = [
        {"stage": stage, "first": [], "seen": -1, "words": everything} for stage in range(-1, len(past.copies))
    ]
    cases += [{"stage": stage, "first": [other], "seen": -1, "words": everything} for stage in range(-1, 5)]
    cases += [
        {"stage": 0, "first": [no], "seen": -1, "words": everything},
        {"stage": 1, "first": [other, no], "seen": -1, "words": everything[3:9]},
        {"stage": 2, "first": [4, 5], "seen": 4, "words": everything[2:6]},
        {"stage": -1, "first": [], "seen": -1, "words": [other, 0]},
        {"stage": 5, "first": [], "seen": "zQm" + "2" * 44, "words": [*everything, other]},
    ]
    return [written(case) for case in cases]


def mutated_case(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """A word left out, doubled, moved, or changed; another age of the store; another word that was seen."""
    try:
        case = orjson.loads(data)
        words, past = case["words"], _past()
        at = dice.randrange(len(words))
        match dice.randrange(8):
            case 0:
                del words[at]
            case 1:
                words.insert(dice.randrange(len(words)), words[at])
            case 2:
                words[at], words[at - 1] = words[at - 1], words[at]
            case 3:
                whole = orjson.loads(past.words[words[at] % len(past.words)])
                words[at] = mutated(dice, whole)
            case 4:
                case["stage"] = dice.randrange(-1, len(past.copies))
            case 5:
                case["seen"] = dice.randrange(len(past.words))
            case 6:
                case["first"].append(dice.choice(orjson.loads(donor)["first"] or [dice.randrange(len(past.words))]))
            case _:
                return written(mutated(dice, case, orjson.loads(donor)))
        return written(case)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return mutated_json(dice, data, donor)


TARGETS = (Target("words", "a vendor put back, and its words", run_words, seeds, mutated_case, share=1, short=15),)
