"""What compares both sides after a crash sees what it is there for: a message lost, or applied twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crash import sides
from crash.disk import SHOP
from opencmr import Customer, Vendor
from opencmr.store import Kept, Store
from opencmr.testing import Loopback

Change = Callable[[list[Kept]], list[Kept]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[sides.Seen, sides.Seen]:
    """What a vendor and a customer that has withdrawn hold, at rest."""
    return asyncio.run(talk(tmp_path_factory.mktemp("both")))


async def talk(folder: Path) -> tuple[sides.Seen, sides.Seen]:
    shop = Vendor.open(folder / "shop.db", did=SHOP, accepts=["SD-BASE"])
    async with Customer.open(folder / "wallet.db", network=Loopback(shop)) as wallet:
        met = await wallet.meet(SHOP)
        given = await met.consents.grant(
            purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=timedelta(days=1)
        )
        await given.withdraw()
    await shop.close()
    with Store(folder / "shop.db") as theirs, Store(folder / "wallet.db") as ours:
        return sides.seen(theirs, did=SHOP), sides.seen(ours)


def answered_twice(kept: list[Kept]) -> list[Kept]:
    receipt = next(each for each in kept if each.of is not None)
    return [*kept, receipt._replace(id="urn:uuid:again", digest="again", position=len(kept) + 1)]


def entered_twice(kept: list[Kept]) -> list[Kept]:
    entry = next(each for each in kept if each.type == "consent.grant")
    return [*kept, entry._replace(id="urn:uuid:again", digest="again", position=len(kept) + 1)]


def lost(kept: list[Kept]) -> list[Kept]:
    return [each for each in kept if each.type != "consent.withdraw"]


def with_other_bytes(kept: list[Kept]) -> list[Kept]:
    return [*kept[:-1], kept[-1]._replace(raw=kept[-1].raw + b" ")]


def elsewhere(kept: list[Kept]) -> list[Kept]:
    return [each._replace(place=1) if each.type == "consent.withdraw" else each for each in kept]


def with_a_gap(kept: list[Kept]) -> list[Kept]:
    return [each for each in kept if each.place != 1]


def renumbered(kept: list[Kept]) -> list[Kept]:
    return [each._replace(place=each.place + 1) if each.place is not None else each for each in kept]


def test_nothing_is_lost_where_both_sides_hold_the_same(both: tuple[sides.Seen, sides.Seen]) -> None:
    vendor, customer = both
    lines = [
        {"me": me, "digest": receipt.of or "", "receipt": receipt.digest}
        for me, (kept, _) in customer.items()
        for receipt in kept
        if receipt.of is not None
    ]
    assert lines
    assert list(sides.losses(vendor, customer, lines)) == []
    assert list(sides.losses(vendor, customer, [lines[0] | {"digest": "never kept"}]))


@pytest.mark.parametrize(
    "change", [answered_twice, entered_twice, lost, with_other_bytes, elsewhere, with_a_gap, renumbered]
)
@pytest.mark.parametrize("side", [0, 1])
def test_what_a_side_lost_or_applied_twice_is_seen(
    both: tuple[sides.Seen, sides.Seen], change: Change, side: int
) -> None:
    ((me, (kept, folded)),) = both[side].items()
    found = [*both]
    found[side] = {me: (change(kept), folded)}  # folded as before: the rows alone must tell
    assert list(sides.losses(found[0], found[1], []))


def test_sides_that_fold_differently_are_seen(both: tuple[sides.Seen, sides.Seen]) -> None:
    vendor, customer = both
    assert list(sides.losses({me: (kept, {}) for me, (kept, _) in vendor.items()}, customer, []))
