"""Collects that wait cost nothing while nothing comes, and are woken by what does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from opencmr import Vendor, trust
from opencmr.messages import core
from opencmr.roles.vendor.waking import Waking
from opencmr.store import Store
from parties import CAST, Hand, Street, an_offer, read, types_of


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a store is asked something."""
    count: Counter[str] = Counter()

    def count_calls(name: str) -> None:
        ask = getattr(Store, name)

        def counted(store: Store, *args: Any) -> Any:
            count[name] += 1
            return ask(store, *args)

        monkeypatch.setattr(Store, name, counted)

    for name in ("read", "version", "versions"):
        count_calls(name)
    return count


async def waiting(shop: Vendor, hands: list[Hand], casts: list[bytes]) -> list[asyncio.Task[Any]]:
    """A collect of each of them that waits."""
    before = shop._mailbox.waking.count
    tasks = []
    for hand, cast in zip(hands, casts, strict=True):
        receipt = (await shop.receive(cast))[0]
        tasks.append(asyncio.create_task(shop.collect(hand.write(core.Collect(wait=30), seen=trust.digest(receipt)))))
    while shop._mailbox.waking.count < before + len(hands):  # noqa: ASYNC110  # nothing tells when somebody waits
        await asyncio.sleep(0)
    for _ in range(3):  # until the last of them has looked
        await asyncio.sleep(0)
    return tasks


async def test_what_waiting_costs_grows_neither_with_those_who_wait_nor_with_time(
    street: Street, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.waking.PAUSE", 1e6)  # looks are made here, by hand
    shop = street.vendor()
    for count in (1, 20):
        hands = [street.stranger() for _ in range(count)]
        tasks = await waiting(shop, hands, [hand.write(CAST) for hand in hands])
        await shop._mailbox.waking.look()
        asked.clear()
        for _ in range(10):
            await shop._mailbox.waking.look()
        assert asked["read"] == asked["version"] == 0
        assert asked["versions"] <= 10, "one question for all of them at most, and none where SQLite says: unchanged"
        assert not any(task.done() for task in tasks)
        shop.let_go()
        await asyncio.gather(*tasks)
        shop = street.vendor()


async def test_a_word_of_another_process_wakes_whom_it_is_for_and_nobody_else(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.waking.PAUSE", 1e6)
    shop, other = street.vendor(), street.vendor()
    hands = [street.stranger() for _ in range(3)]
    casts = [hand.write(CAST) for hand in hands]
    tasks = await waiting(shop, hands, casts)
    await shop._mailbox.waking.look()
    await other.say(hands[1].did, an_offer(), read(casts[1])["id"])
    await shop._mailbox.waking.look()
    found, _ = await tasks[1]
    assert types_of(found) == ["offer.make"]
    assert [task.done() for task in tasks] == [False, True, False]
    shop.let_go()
    await asyncio.gather(*tasks)


async def test_a_word_of_this_process_wakes_whom_it_is_for_at_once(street: Street) -> None:
    shop = street.vendor()
    hands = [street.stranger() for _ in range(2)]
    casts = [hand.write(CAST) for hand in hands]
    tasks = await waiting(shop, hands, casts)
    await shop.say(hands[0].did, an_offer(), read(casts[0])["id"])
    assert types_of((await tasks[0])[0]) == ["offer.make"]
    assert not tasks[1].done()
    shop.let_go()
    await tasks[1]


async def test_nobody_looks_where_nobody_waits(street: Street) -> None:
    shop = street.vendor()
    waking: Waking = shop._mailbox.waking
    hand = street.stranger()
    (task,) = await waiting(shop, [hand], [hand.write(CAST)])
    assert waking._looking is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert waking.count == 0
