"""`spec/v1/lifecycles.md`: in every state, every message that the table does not allow."""

from collections.abc import Awaitable, Callable

from ...messages import BODIES, FAMILIES
from ...protocol import is_narrowing, lifecycle
from ...protocol.lifecycle import family_of
from ..hand import DP, NOWHERE, Bench, Document, Hand
from ..suite import Page
from . import says
from .says import must

page: Page[Bench] = Page("lifecycles", "vendor")

Reach = Callable[[Hand], Awaitable[str]]
SOMETHING = {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": NOWHERE}


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


STATES: dict[tuple[str, str], Reach] = {
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
}
"""How each state of each family is reached."""

BODY: dict[str, Document] = {
    "terms.accept": {"terms": DP},
    "terms.decline": {"reason": "other"},
    "terms.terminate": {},
    "consent.grant": {},
    "consent.refuse": {},
    "consent.withdraw": {},
    "intent.amend": says.wish("test: say nothing"),
    "intent.withdraw": {},
    "offer.decline": {"offer": SOMETHING, "reason": "other"},
    "offer.accept": {"offer": SOMETHING, "total": says.TEN},
    "order.disclose": {"discloses": [{"data": "pd:Name", "value": "A. Customer"}]},
    "order.cancel": {"reason": "changedMind"},
    "order.withdraw": {"ground": "law"},
}
"""A body for each type that a customer says in a thread that there is already."""


def _message(hand: Hand, type_: str, thread: str) -> Document:
    body = BODY[type_]
    if type_ == "consent.grant":
        body = says.unasked(hand)["body"]
    return hand.write(type_, body, thread)


def _state(family: str, state: str, reach: Reach) -> Callable[[Bench], Awaitable[None]]:
    async def holds(bench: Bench) -> None:
        hand = Hand(bench)
        thread = await reach(hand)
        table = lifecycle(family)
        for type_ in BODY:
            if (state, type_, "customer") in table.rows:
                continue
            document = _message(hand, type_, thread)
            if is_narrowing(type_, "customer"):
                await hand.accepted(document, state, "moot")
                continue
            own = family_of(type_) == family
            code = "wrong-side" if own and (state, type_, "vendor") in table.rows else "wrong-state"
            await hand.refused(document, code, "/type")

    return holds


for (_family, _name), _reach in STATES.items():
    _title = f"{_family}, {_name}: what the table does not allow is refused, and a no-word is moot"
    page.add(f"{_family}-{_name}", _title, "LIF-1", "LIF-2", "COR-5")(_state(_family, _name, _reach))


@page.add("every-state", "The checks of this page know every state of every table", "LIF-1")
async def every_state(bench: Bench) -> None:
    """A check of the suite itself."""
    known = {(family, state) for family in FAMILIES for state in lifecycle(family).states} - {
        (family, "none") for family in FAMILIES
    }
    must(known == set(STATES), "the tables have other states")
    later = {type_ for type_, body in BODIES.items() if body.place in ("later", "either")}
    customers = {
        type_
        for family in FAMILIES
        for _, type_, side in lifecycle(family).rows
        if side == "customer" and type_ in later
    }
    must(customers <= set(BODY), "the tables have other types")


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
