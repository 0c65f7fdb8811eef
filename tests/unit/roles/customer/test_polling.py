"""A wallet that is open asks for mail at a stated pace, over however many relationships, and waits only where asked."""

import asyncio
import random

import pytest

from opencmr import Customer, Polling
from opencmr.roles.customer.in_hand.mail import Mail
from opencmr.roles.customer.polling import Poller
from parties import GRANT, OTHER, REQUEST, SHOP, Street


@pytest.mark.parametrize(
    ("relationships", "dice", "seconds"), [(1, 0.5, 900), (1, 0.0, 450), (9, 1.0, 150), (900, 0.5, 1), (5000, 0.5, 1)]
)
def test_the_pace_is_that_of_the_wallet_however_many_vendors_it_knows(
    relationships: int, dice: float, seconds: float
) -> None:
    assert Polling().pause(relationships, lambda: dice) == seconds


class Sleep:
    """Lets so many pauses pass, and then none."""

    def __init__(self, most: int) -> None:
        self.slept: list[float] = []
        self.over = asyncio.Event()
        self._most = most

    async def __call__(self, seconds: float) -> None:
        if len(self.slept) == self._most:
            self.over.set()
            await asyncio.Event().wait()
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def poll(alice: Customer, turns: int) -> list[float]:
    sleep = Sleep(turns)
    poller = Poller(Polling(), alice.relationships, dice=lambda: 0.5, sleep=sleep)
    await sleep.over.wait()
    await asyncio.gather(*(task for task in poller._tasks if "_ask" in repr(task)))
    await poller.close()
    return sleep.slept


async def test_everybody_is_asked_in_turn_without_a_wait_and_who_is_muted_is_not(street: Street) -> None:
    shop, other = street.vendor(), street.vendor(OTHER)
    alice = street.customer()
    one, two = await alice.meet(SHOP), await alice.meet(OTHER)
    for vendor, each in ((shop, one), (other, two)):
        await each.say(GRANT)
        await vendor.say(each.me, REQUEST)
    await two.mute()
    assert await poll(alice, 1) == [900]
    assert (len(one.consents.in_state("requested")), len(two.consents.in_state("requested"))) == (1, 0)
    await two.unmute()
    asked = len(street.wire.collects)
    assert await poll(alice, 4) == [450] * 4
    assert len(two.consents.in_state("requested")) == 1
    assert len(street.wire.collects) - asked == 4
    assert not any(b'"wait"' in raw for raw in street.wire.collects)


async def test_an_open_wallet_asks_by_itself_only_where_it_was_told_to(street: Street) -> None:
    shop = street.vendor()
    async with street.customer() as alice:
        relationship = await alice.meet(SHOP)
        await relationship.say(GRANT)
        await shop.say(relationship.me, REQUEST)
    assert street.wire.collects == []
    async with street.customer(polling=Polling(every=0, gap=0)) as alice:
        (relationship,) = alice.relationships()
        while not relationship.consents.in_state("requested"):  # noqa: ASYNC110  # it is the wallet's own task that is waited for
            await asyncio.sleep(0)
    assert street.wire.collects


async def test_a_vendor_that_holds_no_collect_is_asked_ever_less_often(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.vendor()
    relationship = await street.customer().meet(SHOP)
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)

    async def collect(wait: float = 0) -> list[str]:
        return []

    monkeypatch.setattr(relationship, "collect", collect)
    mail = Mail([relationship], asyncio.get_running_loop().time() + 1e6)
    for _ in range(9):
        await mail.wait(10)
    assert slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
