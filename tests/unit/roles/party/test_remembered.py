"""What a process remembers of relationships: bounded by bytes, and brought forward by what others add."""

import gc
import sys
import tracemalloc
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opencmr import Vendor, consent, trust
from opencmr.messages import Body, core
from opencmr.messages.consent import GrantItem
from opencmr.protocol import History, parse, verify
from opencmr.roles.party import histories
from opencmr.roles.party.histories import Histories
from opencmr.roles.party.remembered import Remembered
from opencmr.store import Rows
from opencmr.transport.limits import Limits, Rate
from parties import GRANT, MARKETING, NEW_YEAR, SHOP, Hand, Street, read

PLENTY = Rate(1e6, 1_000_000)
DATA = ("pd:EmailAddress", "pd:TelephoneNumber", "pd:Name", "pd:Location", "pd:Age", "pd:Gender")
MEMORY = 2 * 1024 * 1024


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
async def on_file(tmp_path: Path) -> AsyncIterator[Street]:
    """Where it does not matter which database it is."""
    street = Street(tmp_path)
    yield street
    await street.close()


@dataclass(frozen=True)
class Piece:
    version: int
    cost: int


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    remembered: Remembered[str, Piece] = Remembered(1280)
    for name in "abc":
        remembered.put(name, Piece(1, 20))
    remembered.get("a")
    for number in range(62):
        remembered.put(str(number), Piece(1, 20))
    assert remembered.cost == 1280
    assert remembered.get("b") is None
    assert remembered.get("a") is not None, "64 have room, and it was used after b and c"


def test_something_older_does_not_take_the_place_of_something_newer() -> None:
    remembered: Remembered[str, Piece] = Remembered(1000)
    remembered.put("a", Piece(2, 10))
    remembered.put("a", Piece(1, 1))
    assert remembered.get("a") == Piece(2, 10)
    remembered.grew("a", Piece(1, 500))
    assert remembered.cost == 10


def test_who_makes_big_ones_has_big_ones_forgotten() -> None:
    remembered: Remembered[str, Piece] = Remembered(1000)
    for number in range(20):
        remembered.put(f"small {number}", Piece(1, 10))
    for number in range(100):
        remembered.put(f"big {number}", Piece(1, 200))
    assert all(remembered.get(f"small {number}") for number in range(20))
    assert remembered.get("big 99") is not None
    assert remembered.cost <= 1000
    remembered.put("giant", Piece(1, 5000))
    assert remembered.get("giant") is not None, "or each of its words would fold it anew"
    assert all(remembered.get(f"small {number}") for number in range(20))
    remembered.put("big 99", Piece(2, 200))
    assert remembered.get("giant") is None
    assert remembered.cost == 400
    for number in range(200):
        remembered.put(f"small {number}", Piece(1, 10))
    assert remembered.get("big 99") is not None, "nor does who makes many small ones have those forgotten"
    assert remembered.cost <= 1000


def test_one_that_grows_is_counted_as_what_it_is() -> None:
    remembered: Remembered[str, Piece] = Remembered(1000)
    for version, cost in enumerate((10, 300, 12)):
        remembered.put("a", Piece(version, cost))
        assert (len(remembered), remembered.cost) == (1, cost)


# Bytes


def big(hand: Hand, number: int) -> bytes:
    """A grant as costly as one can be: what its sender pays in bytes, a history that holds it pays many times."""
    items = [
        GrantItem(key=f"k{each}", purposes=["dpv:DirectMarketing"], data=[DATA[each % 6]], actions=["dpv:Use"])
        for each in range(64)
    ]
    return hand.write(consent.Grant(items=items, until=NEW_YEAR, statement=f"Yes, {number}."))


def empty_lists(hand: Hand, _: int) -> bytes:
    """A no-word that carries what takes most memory for its bytes."""
    return hand.write(consent.Withdraw(), uuid.uuid4().urn, ext={"https://a.example/": [[] for _ in range(2500)]})


@pytest.mark.parametrize("word", [big, empty_lists])
async def test_histories_of_big_messages_stay_within_their_bound(on_file: Street, word: Any) -> None:
    street = on_file
    limits = Limits(memory=MEMORY, key=PLENTY, narrowing=PLENTY)
    shop = street.vendor(limits=limits)
    people = [street.stranger() for _ in range(6)]
    await shop.receive(street.stranger().write(GRANT))  # all that is imported late
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(4):
            for each in people:
                await shop.receive(word(each, number))
                shop.may(each.did, **MARKETING)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    costs = [
        one.cost for one in (shop._histories._known, shop._transactions.known_messages._known, shop._decisions._known)
    ]
    assert sum(costs) <= MEMORY
    assert costs[0] > MEMORY / 8, "or it shows nothing"
    assert len(shop._histories._known) < len(people)
    assert held <= 1.5 * MEMORY
    assert all(shop.may(each.did, **MARKETING).answer == ("permit" if word is big else "deny") for each in people)


@pytest.mark.parametrize("word", [big, empty_lists, lambda hand, _: hand.write(GRANT)])
async def test_a_history_takes_no_more_than_was_estimated(on_file: Street, word: Any) -> None:
    street = on_file
    shop, she = street.vendor(limits=Limits(key=PLENTY, narrowing=PLENTY)), street.stranger()
    for number in range(4):
        await shop.receive(word(she, number))

    def fold(rows: Rows) -> tuple[History, int]:
        peer = rows.peer(SHOP, she.did)
        assert peer is not None
        history = Histories().replay(rows, peer)
        return history, histories._folded(peer, history).cost

    shop._store.read(fold)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        history, cost = shop._store.read(fold)
        gc.collect()
        took = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert history.threads
    assert took <= cost * (1.4 if word is empty_lists else 1)


# Brought forward


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many words are folded, rows read, and histories folded as a whole."""
    counted: Counter[str] = Counter()

    def counting(owner: Any, name: str, count: Callable[[Any], int]) -> None:
        whole = getattr(owner, name)

        def counted_in(*args: Any, **more: Any) -> Any:
            found = whole(*args, **more)
            counted[name] += count(found)
            return found

        monkeypatch.setattr(owner, name, counted_in)

    counting(Histories, "replay", lambda _: 1)
    counting(histories, "follow", lambda _: 1)
    counting(Rows, "_many", len)
    return counted


async def by_turns(street: Street, work: Counter[str], length: int) -> Counter[str]:
    """The work for four messages that two processes receive by turns, at a history of this length."""
    limits = Limits(key=PLENTY, narrowing=PLENTY)
    one, other = street.vendor(limits=limits), street.vendor(limits=limits)
    she = street.stranger()
    for _ in range(length):
        await one.receive(she.write(GRANT))
    await other.receive(she.write(GRANT))
    await one.receive(she.write(GRANT))
    work.clear()
    for shop in (other, one, other, one):
        await shop.receive(grant := she.write(GRANT))
        assert shop.may(she.did, **MARKETING)
    assert read(grant)["id"] in one.history(she.did).threads
    return Counter(work)


async def test_what_a_message_costs_two_processes_does_not_grow_with_what_was_said_before(
    street: Street, work: Counter[str]
) -> None:
    short = await by_turns(street, work, 4)
    long = await by_turns(street, work, 40)
    assert short == long
    assert long["replay"] == 0
    assert long["follow"] == 4, "one word for each that the other has received"


@pytest.mark.parametrize("kind", ["each in a thread of its own", "all in one thread"])
async def test_the_steps_of_a_message_do_not_grow_with_what_was_said_before(on_file: Street, kind: str) -> None:
    """Every call of a Python function in the writer counts, and every step of a generator."""
    shop, she = on_file.vendor(limits=Limits(key=PLENTY)), on_file.stranger()
    steps: list[int] = []
    thread = seen = None

    def counted(work: Callable[[Rows], Any], rows: Rows) -> Any:
        def count(_: Any, event: str, __: Any) -> None:
            steps[-1] += event == "call"

        steps.append(0)
        sys.setprofile(count)
        try:
            return work(rows)
        finally:
            sys.setprofile(None)

    for _ in range(120):
        raw = she.write(GRANT, thread, **({"seen": seen} if seen else {}))
        verified = verify(parse(raw), me=SHOP, pinned={})
        work = partial(shop._transactions.receive, verified=verified, replies=[], now=shop.now())
        received = await shop._store.write(partial(counted, work))
        assert received.outcome == "accepted"
        if kind == "all in one thread":
            thread, seen = read(raw)["thread"], trust.digest(received.answers[-1])
    assert steps[-1] <= 1.05 * steps[9]


async def test_a_receipt_that_a_collect_brings_lets_nothing_be_folded_anew(street: Street, work: Counter[str]) -> None:
    shop, she = street.vendor(), street.stranger()
    await shop.receive(grant := she.write(GRANT))
    request = await shop.say(she.did, consent.Withdraw(heard={"where": "shop", "when": NEW_YEAR}), read(grant)["id"])
    (asked,) = (await shop.collect(she.write(core.Collect(), seen=None)))[0][-1:]
    assert read(asked)["thread"] == request
    receipt = she.receipt(asked, body={"state": "withdrawn"})
    work.clear()
    await shop.collect(collecting(she, trust.digest(asked), receipt))
    assert shop._store.read(lambda rows: rows.receipt_of(1, trust.digest(asked), "customer"))
    await shop.receive(she.write(GRANT))
    assert (work["replay"], work["follow"]) == (0, 0)


def collecting(she: Hand, seen: str, *receipts: bytes) -> bytes:
    body: Body | dict[str, Any] = {"receipts": [read(raw) for raw in receipts]}
    return she.write(body, type="mailbox.collect", seen=seen)


async def test_a_reader_that_began_before_a_write_does_not_fold_the_history_anew(
    street: Street, work: Counter[str]
) -> None:
    shop: Vendor = street.vendor()
    she = street.stranger()
    await shop.receive(she.write(GRANT))
    earlier = shop._store.read(lambda rows: rows.peer(SHOP, she.did))
    assert earlier is not None
    await shop.receive(she.write(GRANT))
    work.clear()
    history = shop._store.read(lambda rows: shop._histories.history(rows, earlier))
    assert len(history.threads) == 2
    assert work["replay"] == 0
