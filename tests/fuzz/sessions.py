"""Whole parties: a vendor that is told anything by customers, and a customer that is told anything by a vendor.

Both keep what they are told on a disk in memory. Each input is a relationship of its own, so that no input depends on
those before it; a party that has seen many is opened anew.
"""

import asyncio
import hashlib
import os
import random
import uuid
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from opencmr import Customer, Money, Vendor, consent, intent, offer, order, terms, trust
from opencmr.errors import OpenCMRError, Problem, Unreachable
from opencmr.messages import Body, core
from opencmr.messages.consent import GrantItem
from opencmr.messages.types import Want
from opencmr.protocol import instant, roster
from opencmr.testing import StandingClock, envelope
from opencmr.transport import Found
from opencmr.transport.discovery import Discovery

from .cast import VENDOR
from .documents import _folder as scratch
from .mutations import mutated, mutated_json, written
from .target import Target, expect

_MANY = 400
"""Relationships of a party before it is opened anew."""
_STEPS = 8
_CLOCK = StandingClock()
_NOW = instant(_CLOCK())
_UNTIL = "2027-01-01T00:00:00.000Z"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


class _AtWork:
    """The parties of this process, and how often each has been used."""

    vendor: Vendor | None = None
    customer: Customer | None = None
    told = 0
    heard = 0


_AT_WORK = _AtWork()


def _store(name: str) -> Path:
    folder = scratch(os.getpid())
    for old in folder.glob(f"{name}*"):
        old.unlink()
    return folder / f"{name}.db"


# A vendor


async def _vendor() -> Vendor:
    if _AT_WORK.vendor is None or _AT_WORK.told % _MANY == 0:
        if _AT_WORK.vendor is not None:
            await _AT_WORK.vendor.close()
        vendor = Vendor.open(
            _store("shop"), did=VENDOR, accepts=["SD-BASE", "PDC-INTENT"], counter="SD-BASE-A", clock=_CLOCK
        )

        @vendor.on(intent.Cast)
        def quote(cast: Any, _: Any) -> offer.Make:
            line = offer.Line(name="Boots", price=Money("49.00", "EUR"))
            return offer.Make(lines=[line], total=Money("49.00", "EUR"), under=cast.body.terms[0])

        _AT_WORK.vendor = vendor
    _AT_WORK.told += 1
    return _AT_WORK.vendor


def run_vendor(data: bytes) -> None:
    """A list of messages of one customer, each signed and sent; `$seen` and `$offer` stand for what was answered."""
    try:
        steps = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    _loop().run_until_complete(_tell(data, steps if isinstance(steps, list) else [steps]))


async def _tell(data: bytes, steps: list[Any]) -> None:
    vendor = await _vendor()
    key = trust.SigningKey(hashlib.sha256(data).digest())
    known: dict[str, Any] = {"$me": key.did, "$now": _NOW, "$prior": None, "$seen": None}
    for number, step in enumerate(steps[:_STEPS]):
        document = _filled(step, {**known, "$id": _id(number, data)})
        try:
            raw = trust.sign({n: v for n, v in document.items() if n != "proof"}, key, trust.key_url(key.did))
        except (OpenCMRError, AttributeError):
            raw = written(document)
        try:
            collects = isinstance(document, dict) and document.get("type") == core.Collect.type
            answers = (await vendor.collect(raw))[0] if collects else await vendor.receive(raw)
        except Problem as problem:
            core.ProblemDetail.model_validate(problem.as_dict(), by_alias=True)
            expect(
                problem.code not in ("handler-failed", "overloaded"), "the vendor failed", problem, problem.__cause__
            )
            continue
        if not collects:
            expect(await vendor.receive(raw) == answers[:1], "another answer to the same bytes", answers)
            known["$prior"], known["$thread"] = trust.digest(raw), document["thread"]
            for answer in map(orjson.loads, answers):
                known["$seen"] = trust.digest(trust.canonicalize(answer))
                if answer["type"] != "receipt":
                    known["$offer"] = {"id": answer["id"], "digest": known["$seen"]}
    decision = vendor.may(key.did, action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress")
    expect(
        decision == vendor.may(key.did, action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress"),
        "twice",
    )


def _id(number: int, data: bytes) -> str:
    return uuid.UUID(bytes=hashlib.sha256(bytes([number]) + data).digest()[:16], version=4).urn


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """A value with what is known in the place of words that stand for it; what stands for nothing is left out."""
    if isinstance(value, dict):
        filled = {name: _filled(each, known) for name, each in value.items()}
        return {name: each for name, each in filled.items() if each is not None or value[name] is None}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    return known.get(value, value) if isinstance(value, str) else value


def _step(body: Body, first: bool, **more: Any) -> dict[str, Any]:
    asks = body.type == core.Collect.type
    right = {
        "to": VENDOR, "created": "$now", "thread": "$id" if first else "$thread", "seen": "$seen",
        "prior": None if asks else "$prior", "expires": _UNTIL if body.expires in ("must", "customer") else None,
    }  # fmt: skip
    return envelope(body.type, body.wire(), id_="$id", from_="$me", **{**right, **more})


def vendor_seeds() -> list[bytes]:
    """Conversations as they should be."""
    item = GrantItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
    grant = consent.Grant(items=[item], until=_UNTIL, statement="Yes.")
    cast = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
    accept = _step(terms.Terminate(), False) | {
        "type": "offer.accept", "body": {"offer": "$offer", "total": {"amount": "49.00", "currency": "EUR"}},
        "expires": _UNTIL,
    }  # fmt: skip
    collect = _step(core.Collect(limit=10), True)
    talks: list[list[Any]] = [
        [_step(terms.Proffer(choices=[roster.ref("SD-BASE")]), True), _step(terms.Terminate(), False), collect],
        [_step(terms.Proffer(choices=[roster.ref("SD-BASE-DP")]), True),
        _step(terms.Accept(terms=roster.ref("SD-BASE-A")), False)],
        [_step(grant, True), _step(consent.Withdraw(keys=["news"]), False), collect],
        [_step(cast, True), accept, _step(order.Cancel(reason="changedMind"), False), collect],
        [_step(consent.Withdraw(), False, thread=_id(9, b"")), collect],
        [_step(consent.Withdraw(), False, thread=_id(9, b""), seen="zQm" + "2" * 44), collect],
    ]  # fmt: skip
    return [written(talk) for talk in talks]


def mutated_talk(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """A message changed, doubled, left out, or brought in from another conversation."""
    try:
        steps, theirs = orjson.loads(data), orjson.loads(donor)
        at = dice.randrange(len(steps))
        roll = dice.random()
        if roll < 0.65:
            steps[at] = mutated(dice, steps[at], dice.choice(theirs))
        elif roll < 0.75:
            steps.insert(at, dice.choice(theirs))
        elif roll < 0.85:
            steps.append(steps[at])
        elif roll < 0.9:
            del steps[at]
        else:
            dice.shuffle(steps)
        return written(steps[:_STEPS])
    except (ValueError, TypeError, AttributeError, IndexError):
        return mutated_json(dice, data, donor)


# A customer


class _Hostile:
    """A network at whose end a vendor says what the input tells it to, under its own good signature."""

    def __init__(self, did: str, key: trust.SigningKey, steps: list[Any]) -> None:
        self.did, self.key, self.steps = did, key, steps
        self.known: dict[str, Any] = {"$vendor": did, "$number": 1, "$tip": None}
        self.count = 0

    async def find(self, did: str) -> Found:
        """Itself."""
        endpoint = "https://shop.example/opencmr"
        members = {"did": did, "roles": ["vendor"], "endpoint": endpoint, "versions": ["1.0"], "types": [], "terms": []}
        return Found(did, {trust.key_url(did): self.key.public}, endpoint, Discovery.read(members))

    async def send(self, _: str, raw: bytes) -> list[bytes]:
        """What was sent is answered with the next step."""
        message = orjson.loads(raw)
        self.known |= {"$of": trust.digest(raw), "$thread": message["thread"], "$me": message["from"]}
        return self._next()

    async def collect(self, _: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """A collect, with another."""
        self.known["$me"] = orjson.loads(raw)["from"]
        return self._next(), len(self.steps) % 2 == 1

    async def hand_back(self, _: str, words: list[bytes]) -> None:
        """What is handed back is thrown away."""

    async def close(self) -> None:
        """Nothing to close."""

    def _next(self) -> list[bytes]:
        if not self.steps:
            raise Unreachable("no more")
        step = self.steps.pop(0)
        answers = []
        for each in step if isinstance(step, list) else [step]:
            self.count += 1
            self.known["$now"] = instant(_CLOCK() + timedelta(milliseconds=self.count))
            document = _filled(each, {**self.known, "$id": _id(self.count, written(each))})
            try:
                raw = trust.sign({n: v for n, v in document.items() if n != "proof"}, self.key, trust.key_url(self.did))
            except (OpenCMRError, AttributeError):
                raw = written(document)
            if isinstance(document, dict) and document.get("number") == self.known["$number"]:
                self.known |= {"$number": self.known["$number"] + 1, "$tip": trust.digest(raw)}
            answers.append(raw)
        return answers


async def _customer() -> Customer:
    if _AT_WORK.customer is None or _AT_WORK.heard % _MANY == 0:
        if _AT_WORK.customer is not None:
            await _AT_WORK.customer.close()
        _AT_WORK.customer = Customer.open(_store("alice"), network=_Hostile(VENDOR, _KEY, []), clock=_CLOCK)
    _AT_WORK.heard += 1
    return _AT_WORK.customer


_KEY = trust.SigningKey(bytes(31) + b"\1")


def run_customer(data: bytes) -> None:
    """A list of answers; each is a list of messages that the vendor signs."""
    try:
        steps = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    _loop().run_until_complete(_listen(data, steps if isinstance(steps, list) else [steps]))


async def _listen(data: bytes, steps: list[Any]) -> None:
    customer = await _customer()
    did = f"did:web:{hashlib.sha256(data).hexdigest()[:32]}.example"
    customer._network = _Hostile(did, _KEY, list(steps))
    said: list[Body] = [
        terms.Proffer(choices=[roster.ref("SD-BASE")]),
        intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready"),
    ]
    try:
        relationship = await customer.meet(did)
    except OpenCMRError:
        return
    for body in said:
        try:
            await relationship.say(body)
        except OpenCMRError as error:
            str(error)
        try:
            await relationship.collect()
        except OpenCMRError as error:
            str(error)
    decision = relationship.may(action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress")
    expect(not decision, "a vendor has given itself leave", decision)
    for thread in relationship.history.threads.values():
        if thread.record is not None:
            trust.canonicalize(thread.record.as_dict())


def _answer(type_: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    right = {"to": "$me", "thread": "$thread", "created": "$now", "number": "$number", "prior": "$tip"}
    return envelope(type_, body, id_="$id", from_="$vendor", **{**right, **more})


def customer_seeds() -> list[bytes]:
    """A vendor that answers as it should."""
    taken = _answer("receipt", {"of": "$of", "outcome": "accepted", "state": "proffered"})
    cast = _answer("receipt", {"of": "$of", "outcome": "accepted", "state": "open"})
    accept = _answer("terms.accept", {"terms": roster.ref("SD-BASE").wire()})
    line = offer.Line(name="Boots", price=Money("49.00", "EUR"))
    make = offer.Make(lines=[line], total=Money("49.00", "EUR"), under=roster.ref("SD-BASE"))
    offered = _answer("offer.make", make.wire(), expires=_UNTIL)
    refused = _answer("receipt", {"of": "$of", "outcome": "refused", "problem": Problem.from_dict(
        {"type": "https://w3id.org/opencmr/v1/problems#wrong-state"}).as_dict()})  # fmt: skip
    asked = _answer("consent.request", {
        "items": [{"key": "a", "purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"],
        "actions": ["dpv:Use"]}],
        "controller": [{"name": "Shop", "role": "controller"}], "until": _UNTIL,
        "notice": {"url": "https://shop.example/n", "digest": "zQm" + "2" * 44, "lang": "en"}},
        thread="$id")  # fmt: skip
    talks: list[list[Any]] = [
        [[taken, accept], [], [cast, offered], [asked]], [[refused], [asked, asked], [cast], [offered, offered]],
        [[taken], [accept], [offered, cast], []], [[], [taken], [cast], []],
    ]  # fmt: skip
    return [written(talk) for talk in talks]


def mutated_answers(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """An answer or a message in one changed, moved, doubled or left out."""
    try:
        steps, theirs = orjson.loads(data), orjson.loads(donor)
        at = dice.randrange(len(steps))
        if dice.random() < 0.6 and steps[at]:
            which = dice.randrange(len(steps[at]))
            steps[at][which] = mutated(dice, steps[at][which])
        else:
            steps = mutated(dice, {"a": steps}, {"a": theirs})["a"]
        return written(steps)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return mutated_json(dice, data, donor)


TARGETS = (
    Target("vendor", "a whole vendor with its store", run_vendor, vendor_seeds, mutated_talk, share=3, short=120),
    Target(
        "customer",
        "a whole customer with their store",
        run_customer,
        customer_seeds,
        mutated_answers,
        share=3,
        short=40,
    ),
)
