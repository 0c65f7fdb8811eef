"""What one message costs at most whoever has no key in good standing: unsigned, and signed with a key made for it.

Each body is as large as a message may be and wrong in another way, or right and hard to look at. Processor time is
measured, not the clock: the machine may have other things to do. A message that costs more than `MOST` is a loss.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from in_memory_vendor import no_proof
from opencmr import Vendor, trust
from opencmr.errors import Problem
from opencmr.testing import Forger
from parties import SHOP, Street
from soak.long_run import Asked, LongRun, Round

MOST = 14.0
"""Milliseconds of processor time. At 50 messages a second that one address may send, that is 70 % of one core."""
EACH = 10

Body = tuple[str, dict[str, Any], dict[str, Any]]


def bodies() -> dict[str, Body]:
    """What is sent: type, body, and more members of the envelope."""
    deep: Any = 1
    for _ in range(28):
        deep = [deep]
    rule = {"effect": "prohibit", "action": "dpv:Use", "by": ["vendor"]}
    twice = {**rule, "effect": "oblige", "by": ["vendor", "vendor"]}
    many = {f"x{number}": 1 for number in range(6000)}
    bad = {"purposes": ["x"] * 60, "data": [str(number) for number in range(60)], "actions": [1] * 60}
    wished = [{"name": "n", "attributes": [{"name": "a", "value": "b"}] * 60} for _ in range(32)]

    def proffered(one: dict[str, Any], documents: int) -> dict[str, Any]:
        terms = {"version": "1", "title": "t", "rules": [one] * 16}
        return {"choices": [{"document": {"id": f"https://t.example/{at}", **terms}} for at in range(documents)]}

    return {
        "unknown members": ("consent.grant", many, {}),
        "unknown members of the envelope": ("consent.grant", {}, many),
        "unknown members far in": ("intent.cast", {"wants": [{"name": "n", "attributes": [many]}]}, {}),
        "unknown members of money": ("offer.accept", {"total": many}, {}),
        "items with unknown members": ("consent.grant", {"items": [{f"a{n}": 1 for n in range(90)}] * 64}, {}),
        "items of bad terms": ("consent.grant", {"items": [{"key": "k", **bad}] * 60}, {}),
        "a list that is too long": ("terms.proffer", {"choices": [{"id": "x"}] * 5500}, {}),
        "good rules, no expiry": ("terms.proffer", proffered(rule, 58), {}),
        "rules of a wrong shape": ("terms.proffer", proffered(twice, 50), {}),
        "extensions, wide and deep": (
            "terms.decline",
            {"reason": "x"},
            {"ext": {f"https://e.example/{number}": [deep] * 60 for number in range(16)}},
        ),
        "wishes": ("intent.cast", {"wants": wished, "terms": [], "standing": "ready"}, {}),
        "receipts": ("mailbox.collect", {"receipts": [{"type": "receipt"}] * 3000}, {}),
        "fractions": ("terms.decline", {"reason": "x", "n": [1.5] * 15000}, {}),
        "nulls": ("terms.decline", {"reason": "x", "n": [None] * 12000}, {}),
        "an unknown type": ("com.example.x", {"a": ["x" * 10] * 4500}, {}),
    }


def written(one: Body, *, signed: bool) -> bytes:
    """A message of this body by somebody who has just made a key; not signed: with a signature of nothing."""
    type_, body, more = one
    one = Forger.stranger(SHOP)
    document = one.write(type_, body, **{"created": "2026-07-01T12:00:00.000Z", "expires": None, **more})
    return one.sign(document) if signed else trust.canonicalize({**document, "proof": no_proof(one.method)})


async def cost(shop: Vendor, one: Body, *, signed: bool) -> float:
    """Milliseconds of processor time that one such message takes: the median, others share the machine."""
    took = []
    for raw in [written(one, signed=signed) for _ in range(EACH)]:
        began = time.process_time()
        try:
            await (shop.collect(raw) if one[0] == "mailbox.collect" else shop.receive(raw))
        except Problem:
            took.append(time.process_time() - began)
    assert len(took) == EACH, "each of these messages is refused"
    return statistics.median(took) * 1e3


async def costs() -> dict[tuple[str, bool], float]:
    """What each body costs: name, whether it is signed → milliseconds."""
    with tempfile.TemporaryDirectory(prefix="opencmr-unsigned-") as folder:
        street = Street(Path(folder))
        shop = street.vendor(accepts=["SD-BASE"])
        kinds = [(name, one, signed) for name, one in bodies().items() for signed in (False, True)]
        found = {(name, signed): await cost(shop, one, signed=signed) for name, one, signed in kinds}
        await street.close()
        return found


def rounds(asked: Asked) -> Iterator[Round]:
    """Each body unsigned and signed."""
    for _ in range(asked.rounds):
        found = asyncio.run(costs())
        dear = [
            f"{name}, {'' if signed else 'un'}signed: {ms:.1f} ms" for (name, signed), ms in found.items() if ms > MOST
        ]
        worst = {signed: max(ms for (_, each), ms in found.items() if each == signed) for signed in (False, True)}
        said = f"at most {worst[False]:.1f} ms unsigned, {worst[True]:.1f} ms signed"
        yield Round(faults=len(found) * EACH, losses=dear, said=said)


RUN = LongRun("what a message costs whoever has no key in good standing", rounds=3, run=rounds, databases=())


if __name__ == "__main__":
    for (name, signed), ms in asyncio.run(costs()).items():
        print(f"{name:34} {'signed' if signed else 'unsigned':9} {ms:6.1f} ms")
