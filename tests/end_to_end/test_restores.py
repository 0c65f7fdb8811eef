"""Either store is put back from any earlier copy, at any point of a random conversation (`spec/v1/sequence.md`).

Nothing is lost that one of them still holds, nobody honest is accused, every consent that stands can be taken back, and
both sides come to hold the same.
"""

import random
import sqlite3
from pathlib import Path

import pytest

from opencmr import Customer, Vendor, consent, intent, order, terms
from opencmr.errors import OpenCMRError, UsageError
from opencmr.protocol import roster
from opencmr.protocol.families.consent import Consent
from opencmr.roles import CustomerRelationship
from opencmr.store import Store
from parties import CAST, GRANT, MARKETING, REQUEST, SHOP, Street, an_offer

CONVERSATIONS = 15
"""`make soak ARGS="--only restores"` has hundreds, of other seeds."""
STEPS = 16


class Restorable:
    """A street on which a store can be copied and put back."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.street = Street(folder)
        self.dice = random.Random(seed)
        self.copies: dict[str, list[Path]] = {"alice": [], "shop.example": []}
        self.log: list[str] = []
        self.words = 0

    async def open(self) -> None:
        self.shop: Vendor = self.street.vendor(accepts=["SD-BASE"])
        self.shop.on(intent.Cast)(lambda *_: an_offer())
        self.alice: Customer = self.street.customer()
        self.rel: CustomerRelationship = await self.alice.meet(SHOP)

    async def close(self) -> None:
        await self.street.close()

    def copy(self, name: str) -> None:
        """A copy as `docs/operation.md` says."""
        place = self.street.folder / f"{name}-{len(self.copies[name])}.copy"
        connection = sqlite3.connect(self.street.folder / f"{name}.db")
        connection.execute(f"VACUUM INTO '{place}'")
        connection.close()
        self.copies[name].append(place)

    async def put_back(self, name: str) -> None:
        """Put a store back from one of its copies."""
        if not self.copies[name]:
            return
        await (self.alice if name == "alice" else self.shop).close()
        for file in self.street.folder.glob(f"{name}.db*"):
            file.unlink()
        (self.street.folder / f"{name}.db").write_bytes(self.dice.choice(self.copies[name]).read_bytes())
        if name == "alice":
            self.alice = self.street.customer()
            if self.dice.random() < 0.5:  # as `opencmr restore` does, and `opencmr db restored`
                self.alice._store.write_now(lambda rows: rows.mark_restored())
            self.rel = self.alice.relationships()[0]
        else:
            self.shop = self.street.vendor(accepts=["SD-BASE"])
            self.shop.on(intent.Cast)(lambda *_: an_offer())
            if self.dice.random() < 0.5:  # `opencmr db restored`; else it finds out by itself
                self.shop._store.write_now(lambda rows: rows.mark_restored())

    async def step(self) -> None:
        """Something happens."""
        self.street.clock.move(self.dice.choice([0.01, 1, 60, 3600, 86400]))
        name = self.dice.choices(
            ["say", "back", "sync", "vendor", "down", "lose", "copy", "restore"], [30, 15, 20, 10, 5, 5, 8, 7]
        )[0]
        self.log.append(name)
        try:
            await getattr(self, f"_{name}")()
        except OpenCMRError as error:
            self.log.append(f"  {type(error).__name__}: {error}")

    async def _say(self) -> None:
        threads = list(self.rel.history.threads)
        body, thread = self.dice.choice(
            [
                (GRANT, None),
                (terms.Proffer(choices=[roster.ref("SD-BASE")]), None),
                (CAST, None),
                *[(consent.Grant(items=GRANT.items, until=GRANT.until, statement="again"), each) for each in threads],
            ]
        )
        await self.rel.say(body, thread)

    async def _back(self) -> None:
        for thread, record in self.rel.records.items():
            if record.state in ("given", "requested") and self.dice.random() < 0.5:
                await self.rel.say(consent.Withdraw(), thread)
            elif record.state in ("active", "proffered") and self.dice.random() < 0.2:
                await self.rel.say(terms.Terminate(), thread)
            elif record.state == "ordered":
                await self.rel.say(order.Cancel(reason="changedMind"), thread)

    async def _sync(self) -> None:
        await self.rel.sync()

    async def _vendor(self) -> None:
        await self.shop.say(self.rel.me, REQUEST)

    async def _down(self) -> None:
        """Words are said while nobody hears them."""
        self.street.wire.down.add(SHOP)
        try:
            await self._say()
        finally:
            self.street.wire.down.clear()

    async def _lose(self) -> None:
        self.street.wire.lose = 1
        await self._say()

    async def _copy(self) -> None:
        self.copy(self.dice.choice(list(self.copies)))

    async def _restore(self) -> None:
        await self.put_back(self.dice.choice(list(self.copies)))

    async def settle(self) -> None:
        self.street.wire.lose = 0
        for _ in range(4):
            self.street.clock.move(1)
            await self.rel.sync()

    def customers_words(self) -> tuple[set[str], set[str]]:
        """What the customer has said, as far as the wallet holds it, and as far as the shop does."""

        def look(store: Store) -> set[str]:
            kept = store.read(
                lambda rows: [each for peer in list(rows.peers()) for each in rows.everything(peer.number)]
            )
            return {each.digest for each in kept if each.side == "customer" and each.type != "receipt"}

        return look(self.rel._store), look(self.shop._store)


def told(world: Restorable, seed: int) -> str:
    return f"seed {seed}: " + " | ".join(world.log)


async def find_back(folder: Path, seed: int) -> Restorable:
    """A random conversation; what must hold at its end is asserted."""
    world = Restorable(folder, seed)
    await world.open()
    try:
        for _ in range(STEPS):
            await world.step()
        held = set.union(*world.customers_words())
        await world.settle()
        assert all(held <= words for words in world.customers_words()), told(world, seed)
        rel, shop = world.rel, world.shop
        theirs = shop.history(rel.me)
        world.words = len(theirs.chain.digests)
        assert rel.waiting == 0, told(world, seed)
        assert rel.history.chain.digests == theirs.chain.digests, told(world, seed)
        assert rel.history.threads == theirs.threads, told(world, seed)
        assert rel.misconduct == [], told(world, seed)
        assert rel.may(**MARKETING).answer == shop.may(rel.me, **MARKETING).answer, told(world, seed)
        for thread, record in rel.records.items():
            if isinstance(record, Consent) and record.state == "given":
                world.street.clock.move(1)
                await rel.say(consent.Withdraw(), thread)
                assert shop.history(rel.me).threads[thread].state == "withdrawn", told(world, seed)
        assert not rel.may(**MARKETING), told(world, seed)
        assert not shop.may(rel.me, **MARKETING), told(world, seed)
    finally:
        await world.close()
    return world


@pytest.mark.requirement("SEQ-6", "SEQ-31", "SEQ-32", "SEQ-34", "SEQ-29", "SEQ-30")
@pytest.mark.parametrize("seed", range(CONVERSATIONS))
async def test_whoever_is_put_back_from_a_copy_finds_back(tmp_path: Path, seed: int) -> None:
    await find_back(tmp_path, seed)


@pytest.mark.requirement("SEQ-33")
async def test_a_vendor_that_knows_that_it_was_restored_says_nothing_before_the_customer_collects(
    tmp_path: Path,
) -> None:
    world = Restorable(tmp_path, 0)
    await world.open()
    try:
        await world.rel.say(GRANT)
        world.copy("shop.example")
        other = await world.rel.say(GRANT)
        await world.put_back("shop.example")
        world.shop._store.write_now(lambda rows: rows.mark_restored())
        with pytest.raises((UsageError, OpenCMRError)):
            await world.shop.say(world.rel.me, REQUEST)
        await world.rel.collect()
        await world.shop.say(world.rel.me, REQUEST)
        await world.settle()
        assert other in world.shop.history(world.rel.me).threads
        assert world.rel.history.threads == world.shop.history(world.rel.me).threads
        assert world.rel.noticed == []
    finally:
        await world.close()
