"""The outbox tries again by itself: in turn, at random and ever later, and after a restart."""

import asyncio
from pathlib import Path

import pytest

from opencmr import Customer, Vendor
from opencmr.errors import OverQuota, Unreachable
from opencmr.roles.customer.sending import Retry, Sender
from opencmr.testing import Loopback
from parties import GRANT, SHOP


class Down(Loopback):
    """A network that fails as it is told to, so many times."""

    fault: Exception = Unreachable("down")
    times = 1

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        if self.times:
            self.times -= 1
            raise self.fault
        return await super().send(endpoint, raw)


@pytest.mark.parametrize(("attempt", "most"), [(0, 1), (1, 2), (5, 32), (99, 3600)])
def test_attempts_come_ever_later_and_at_random(attempt: int, most: float) -> None:
    retry = Retry()
    assert retry.delay(attempt, 0, lambda: 0.0) == 0
    assert retry.delay(attempt, 0, lambda: 1.0) == most
    assert retry.delay(attempt, 7, lambda: 0.0) == 7


@pytest.mark.requirement("TRN-6")
async def test_what_a_vendor_did_not_answer_is_sent_until_it_does_also_after_a_restart(tmp_path: Path) -> None:
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP)
    network = Down()
    network.attach(shop)
    customer = Customer.open(tmp_path / "me.db", network=network)
    one = await customer.meet(SHOP)
    with pytest.raises(Unreachable):
        await one.say(GRANT)
    await customer.close()
    assert not shop.relationships()

    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    network.times, network.fault = 1, OverQuota(retry_after=9)
    again = Customer.open(tmp_path / "me.db", network=network)
    sender = Sender(Retry(), dice=lambda: 1.0, sleep=sleep)
    (one,) = again.relationships()
    sender.wake(one)
    await asyncio.gather(*sender._tasks.values())
    assert waited == [1, 9 + 2]
    assert not one.waits()
    assert len(shop.relationships()[0].records) == 1
    await again.close()
    await shop.close()
