"""`spec/v1/lifecycles.md`: in every state, every message that the table does not allow."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import get_args

import orjson

from ... import _spec
from ...messages import BODIES, FAMILIES, side_of
from ...messages.data import Status
from ...protocol import is_narrowing, lifecycle
from ...protocol.lifecycle import NONE, family_of
from ..hand import Bench, Document, Hand
from ..suite import Page
from . import says
from .says import must

page: Page[Bench] = Page("lifecycles", "vendor")

Reach = Callable[[Hand], Awaitable[str]]


async def _proffered(hand: Hand) -> str:
    return await says.opened(hand, says.proffer(hand, "test: say nothing"), "proffered")


async def _countered(hand: Hand) -> str:
    return (await says.countered(hand))[0]


async def _declined(hand: Hand) -> str:
    thread = await says.opened(hand, says.proffer(hand, "test: decline"), "proffered")
    await hand.hear("terms.decline", thread)
    return thread


async def _terminated(hand: Hand) -> str:
    thread = await says.agreed(hand)
    await hand.accepted(says.no(hand, "terms.terminate", thread), "terminated")
    return thread


async def _requested(hand: Hand) -> str:
    return str((await says.asked(hand))["thread"])


async def _given(hand: Hand) -> str:
    return await says.opened(hand, says.unasked(hand), "given")


async def _refused(hand: Hand) -> str:
    thread = await _requested(hand)
    await hand.accepted(says.no(hand, "consent.refuse", thread), "refused")
    return thread


async def _withdrawn(hand: Hand) -> str:
    thread = await _given(hand)
    await hand.accepted(says.no(hand, "consent.withdraw", thread), "withdrawn")
    return thread


async def _open(hand: Hand) -> str:
    return await says.opened(hand, says.cast(hand, "test: say nothing"), "open")


async def _ordered(hand: Hand) -> str:
    return (await says.ordered(hand))[0]


async def _returning(hand: Hand) -> str:
    thread = await says.done(hand)
    await hand.accepted(says.no(hand, "order.withdraw", thread, {"ground": "law", "refundTo": "nowhere"}), "returning")
    return thread


async def _shared(hand: Hand) -> str:
    given = await _given(hand)
    basis = {"id": given, "digest": hand.threads[given][0]}
    body = {"discloses": [{"data": "pd:EmailAddress", "value": "alice@moser.example"}], "basis": basis}
    document = hand.write("data.share", body)
    await hand.accepted(document, "shared")
    return str(document["thread"])


def _answered(status: str) -> Reach:
    """A request to which a vendor in test mode answers so."""

    async def said(hand: Hand) -> str:
        thread = await says.opened(hand, hand.write("data.request", {"right": "access", "note": f"test: {status}"}),
                                   "requested")  # fmt: skip
        await hand.hear("data.answer", thread)
        return thread

    return said


_WAYS: dict[tuple[str, str], Reach] = {
    ("terms", "proffered"): _proffered,
    ("terms", "countered"): _countered,
    ("terms", "active"): says.agreed,
    ("terms", "declined"): _declined,
    ("terms", "terminated"): _terminated,
    ("consent", "requested"): _requested,
    ("consent", "given"): _given,
    ("consent", "refused"): _refused,
    ("consent", "withdrawn"): _withdrawn,
    ("intent", "open"): _open,
    ("intent", "withdrawn"): says.withdrawn_intent,
    ("intent", "ordered"): _ordered,
    ("intent", "confirmed"): says.confirmed,
    ("intent", "fulfilling"): says.shipped,
    ("intent", "done"): says.done,
    ("intent", "returning"): _returning,
    ("intent", "cancelled"): says.cancelled,
    ("data", "shared"): _shared,
    **{("data", status): _answered(status) for status in get_args(Status)},
}
"""How a state is reached that the customer's examples alone don't lead to."""


@cache
def _bodies() -> dict[str, Document]:
    """A body for each type that a customer says: of the first valid example of it in the specification."""
    found: dict[str, Document] = {}
    for file in sorted(_spec.root().glob("*/examples/valid/*.json")):
        document = orjson.loads(file.read_bytes())
        if side_of(document["from"]) == "customer" and family_of(document["type"]) is not None:
            found.setdefault(document["type"], document["body"])
    return found


def _reached(family: str) -> dict[str, Reach]:
    """State → how it is reached: as is known, or by the customer's words alone."""
    found = {state: way for (name, state), way in _WAYS.items() if name == family}
    paths: dict[str, tuple[tuple[str, str], ...]] = {NONE: ()}
    todo = [NONE]
    while todo:
        path = paths[before := todo.pop(0)]
        for (state, type_, side), (after, *_) in lifecycle(family).rows.items():
            if (state, side) == (before, "customer") and after not in (*found, *paths):
                paths[after] = (*path, (type_, after))
                todo.append(after)
    return {**{state: _by_saying(path) for state, path in paths.items() if path}, **found}


def _by_saying(path: tuple[tuple[str, str], ...]) -> Reach:
    async def said(hand: Hand) -> str:
        thread: str | None = None
        for type_, after in path:
            document = hand.write(type_, _bodies()[type_], thread)
            await hand.accepted(document, after)
            thread = str(document["thread"])
        return str(thread)

    return said


def _state(family: str, state: str, reach: Reach) -> Callable[[Bench], Awaitable[None]]:
    async def holds(bench: Bench) -> None:
        hand = Hand(bench)
        thread = await reach(hand)
        table = lifecycle(family)
        for type_, body in _bodies().items():
            if BODIES[type_].place == "first" or (state, type_, "customer") in table.rows:
                continue
            document = hand.write(type_, body, thread)
            if is_narrowing(type_, "customer"):
                await hand.accepted(document, state, "moot")
                continue
            own = family_of(type_) == family
            code = "wrong-side" if own and (state, type_, "vendor") in table.rows else "wrong-state"
            await hand.refused(document, code, "/type")

    return holds


for _family in FAMILIES:
    for _name, _reach in _reached(_family).items():
        _title = f"{_family}, {_name}: what the table does not allow is refused, and a no-word is moot"
        page.add(f"{_family}-{_name}", _title, "LIF-1", "LIF-2", "COR-5")(_state(_family, _name, _reach))


@page.add("every-state", "The checks of this page know every state that a customer's words can lead to", "LIF-1")
async def every_state(bench: Bench) -> None:
    """A check of the suite itself."""
    for family in FAMILIES:
        rows = lifecycle(family).rows
        left = set(lifecycle(family).states) - {NONE} - _reached(family).keys()
        must(
            not [
                after
                for (_, _, side), states in rows.items()
                for after in states
                if side == "customer" and after in left
            ],
            f"{family} has states that no check reaches: {', '.join(sorted(left))}",
        )
        types = {type_ for _, type_, side in rows if side == "customer"}
        must(types <= _bodies().keys(), f"{family} has no example of {', '.join(sorted(types - _bodies().keys()))}")


@page.add("family-fixed", "The first entry of a thread fixes its family", "LIF-2")
async def family_fixed(bench: Bench) -> None:
    """An agreement is not ended by a word about consent."""
    hand = Hand(bench)
    thread = await says.agreed(hand)
    await hand.accepted(says.no(hand, "consent.withdraw", thread), "active", "moot")
    await hand.refused(hand.write("intent.amend", says.wish(), thread), "wrong-state", "/type", "LIF-2")
    await hand.accepted(says.no(hand, "terms.decline", thread, {"reason": "other"}), "terminated")


@page.add("pointers-of-rows", "A refusal by a row of a table has the pointer of that row", "LIF-3")
async def pointers_of_rows(bench: Bench) -> None:
    """Signed and unsigned. The same is held of every refusal in every check."""
    hand = Hand(bench)
    await hand.refused(says.proffer(hand, expires=bench.now(-1)), "expired", "/expires", "LIF-3")
    thread, made = await says.offered(hand)
    await hand.refused(
        hand.write("intent.amend", says.wish(), thread, **says.unlinked(hand)), "stale", "/seen", "LIF-3"
    )
    dearer = says.accept(hand, made)
    dearer["body"]["total"] = {**made["body"]["total"], "amount": "1"}
    await hand.refused(dearer, "wrong-total", "/body/total", "LIF-3")
    raw = hand.sign(hand.collect_document())
    await hand.post(raw, "mailbox")
    hand.refused_unsigned(await hand.post(raw, "mailbox"), "replayed", "/id", "mailbox.collect")
