"""A relationship that has moved to another key, backed up before it, on its way, and after it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backups import WORDS, folded, held
from opencmr import Customer, Vendor
from opencmr.errors import Moved, Refused, Unreachable, UsageError
from opencmr.roles import CustomerRelationship, backup, restore
from opencmr.store import KeyFile
from parties import GRANT, SHOP, Street, assert_equal_histories


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
async def mine(street: Street, shop: Vendor) -> AsyncIterator[CustomerRelationship]:
    """A relationship that was opened."""
    alice = street.customer()
    mine = await alice.meet(SHOP)
    await mine.standing.open()
    await mine.say(GRANT)
    yield mine
    await alice.close()


def restored(street: Street, folder: Path) -> Customer:
    """The wallet, lost and made anew of its backup."""
    for file in [*folder.glob("alice.db*"), *folder.glob("alice.keys"), *folder.glob("alice.next")]:
        file.unlink()
    restore(folder / "alice.backup", folder / "alice.db", WORDS)
    return street.customer()


@pytest.mark.requirement("BAK-7")
async def test_a_wallet_that_has_moved_comes_back_whole(
    street: Street, shop: Vendor, mine: CustomerRelationship, tmp_path: Path
) -> None:
    await mine.standing.move()
    await mine.standing.move()
    await mine.sync()
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    rows = held(tmp_path / "alice.db")
    again = restored(street, tmp_path)
    assert held(tmp_path / "alice.db") == rows
    (one,) = again.relationships()
    await one.standing.move()
    await one.say(GRANT)
    await one.sync()
    assert_equal_histories(one.history, shop.history(one.me))
    await again.close()


@pytest.mark.requirement("BAK-7")
async def test_a_move_on_its_way_comes_back_and_arrives(
    street: Street, shop: Vendor, mine: CustomerRelationship, tmp_path: Path
) -> None:
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await mine.standing.move()
    street.wire.down.clear()
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    again = restored(street, tmp_path)
    (one,) = again.relationships()
    before = one.me
    await one.sync()
    assert one.me != before
    await one.say(GRANT)
    await one.sync()
    assert_equal_histories(one.history, shop.history(one.me))
    await again.close()


@pytest.mark.requirement("BAK-9")
async def test_a_backup_of_before_the_move_moves_again_and_goes_on(
    street: Street, shop: Vendor, mine: CustomerRelationship, tmp_path: Path
) -> None:
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    await mine.standing.move()
    await mine.say(GRANT)
    moved_to = mine.me
    again = restored(street, tmp_path)
    (one,) = again.relationships()
    with pytest.raises(Moved):
        await one.collect()
    with pytest.raises(Moved):
        await one.say(GRANT)
    with pytest.raises(Refused):  # the vendor knows the key already: it is the one that speaks
        await one.standing.move()
    await one.sync()
    assert one.me == moved_to
    await one.say(GRANT)
    await one.sync()
    assert_equal_histories(one.history, shop.history(one.me))
    await again.close()


async def test_next_keys_may_lie_elsewhere(street: Street, mine: CustomerRelationship, tmp_path: Path) -> None:
    safe, fresh = tmp_path / "safe", tmp_path / "fresh"
    safe.mkdir()
    fresh.mkdir()
    (tmp_path / "alice.next").rename(safe / "my.next")
    with pytest.raises(UsageError):
        restore(tmp_path / "none", fresh / "alice.db", WORDS, next_keys=safe / "my.next")
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS, next_keys=safe / "my.next")
    restore(tmp_path / "alice.backup", fresh / "alice.db", WORDS, next_keys=fresh / "mine.next")
    assert KeyFile(fresh / "mine.next").get(mine.me).did == KeyFile(safe / "my.next").get(mine.me).did
    again = Customer.open(fresh / "alice.db", network=street.wire, clock=street.clock)
    assert b"consent" in folded(again)
    await again.close()
