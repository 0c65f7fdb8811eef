"""Whatever the wire does, both sides fold to the same state."""

import asyncio
import logging
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from world import World, quick_folder, settle_down

CONVERSATIONS = 80
"""How many threads are played; `make soak ARGS="--only convergence"` plays a hundred worlds of other seeds."""
SHOPS, CUSTOMERS, SPEAKERS, STEPS, PHASES = 4, 5, 2, 3, 3
BATCHES = 2


async def play_world(seed: int) -> World:
    with quick_folder() as folder:
        world = World(folder, random.Random(seed))
        names = [f"shop{i}" for i in range(SHOPS)], [f"customer{i}" for i in range(CUSTOMERS)]
        for name in names[0]:
            world.open_vendor(name)
        for name in names[1]:
            customer = world.open_customer(name)
            for vendor in world.vendors.values():
                await customer.meet(vendor.did)
        for _ in range(PHASES):
            relationships = [one for customer in world.customers.values() for one in customer.relationships()]
            playing = [asyncio.create_task(world.play(one, STEPS)) for one in relationships * SPEAKERS]
            if world.dice.random() < 0.5:
                await asyncio.sleep(0)
                await world.restart(world.dice.choice(names[0]))
            await asyncio.gather(*playing)
            for name in world.dice.sample(names[0] + names[1], 3):
                await world.restart(name)
        await settle_down(world)
        world.conversations = compare(world, seed)
        await world.close()
        return world


def compare(world: World, seed: int) -> int:
    compared = 0
    vendors = {vendor.did: vendor for vendor in world.vendors.values()}
    for customer in world.customers.values():
        for relationship in customer.relationships():
            ours, theirs = relationship.history, vendors[relationship.vendor].history(relationship.me)
            where = f"seed {seed}, {relationship.me} with {relationship.vendor}"
            assert not relationship.noticed, where
            assert not relationship.waiting, where
            assert ours.chain.digests == theirs.chain.digests, where
            assert ours.threads.keys() == theirs.threads.keys(), where
            for id_, thread in theirs.threads.items():
                assert ours.threads[id_].entries == thread.entries, f"{where}, {id_}"
                assert ours.threads[id_].record == thread.record, f"{where}, {id_}"
                compared += 1
    return compared


@pytest.mark.requirement("SEQ-14", "SEQ-18")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_both_sides_fold_to_the_same_state_over_a_wire_that_loses_repeats_and_reorders(batch: int) -> None:
    logging.disable(logging.CRITICAL)
    said = refused = lost = played = number = 0
    try:
        while played < -(-CONVERSATIONS // BATCHES):
            world = asyncio.run(play_world(batch * 1_000_000 + number))
            said, refused, lost = said + world.said, refused + world.refused, lost + world.lost
            played, number = played + world.conversations, number + 1
    finally:
        logging.disable(logging.NOTSET)
    assert said > refused > 0, "most of what is said is allowed, and some of it is not"
    assert lost > 0, "the wire lost some of it"
