"""Two `opencmr serve` on one PostgreSQL, behind a round-robin that gives each request to the other one."""

import asyncio
import itertools
import subprocess
import sys

import pytest

import postgres
from fleet import Fleet, fleet
from length import LONG
from opencmr import trust
from opencmr.errors import Problem
from opencmr.messages import core
from opencmr.store import Store
from opencmr.transport import HttpNetwork
from parties import GRANT, Hand, read

# The whole suite waits for deadlines to pass; in short, what two processes could get wrong is checked.
IN_SHORT = ("receiving/", "sequence/", "core/", "lifecycles/")


@pytest.mark.requirement("RCV-5", "SEQ-16", "COR-9", "COR-10")
def test_two_servers_on_one_database_pass_the_conformance_suite_together(postgres_server: postgres.Cluster) -> None:
    only = [] if LONG else [part for name in IN_SHORT for part in ("--only", name)]
    with postgres_server.schema() as store, fleet(store) as served:
        done = subprocess.run(
            [sys.executable, "-m", "opencmr.cli", "conformance", served.url, *only],
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr + served.logs()
        assert min(served.robin.carried) >= 20, "both have taken part"


CUSTOMERS, EACH = 6, 12


async def said_to_all(network: HttpNetwork, served: Fleet, raw: bytes) -> set[bytes]:
    """The receipts of all servers for a message that they get at the same time; who cannot now is asked again."""

    async def say(url: str) -> bytes:
        for _ in range(20):
            try:
                return (await network.send(f"{url}/opencmr", raw))[0]
            except Problem as problem:
                if not problem.retry:
                    raise
        raise AssertionError("never taken")

    return set(await asyncio.gather(*(say(url) for url in served.servers)))


@pytest.mark.requirement("RCV-5", "SEQ-16", "SEQ-34", "COR-5")
def test_what_both_get_at_once_has_one_place_and_one_receipt(postgres_server: postgres.Cluster) -> None:
    async def everybody(served: Fleet) -> list[tuple[Hand, dict[bytes, bytes], list[bytes]]]:
        network = HttpNetwork()
        hands = [Hand.stranger(served.did) for _ in range(CUSTOMERS)]

        async def all_of(one: Hand) -> tuple[Hand, dict[bytes, bytes], list[bytes]]:
            raws = [one.write(GRANT) for _ in range(EACH)]  # the first opens the relationship, whichever that is
            receipts = await asyncio.gather(*(said_to_all(network, served, raw) for raw in raws))
            assert all(len(each) == 1 for each in receipts), "the same bytes, the same answer"
            waiting, _ = await network.collect(f"{served.url}/opencmr", one.write(core.Collect(limit=100)), 0)
            return one, {raw: receipt for raw, (receipt,) in zip(raws, receipts, strict=True)}, waiting

        try:
            return await asyncio.gather(*(all_of(one) for one in hands))
        finally:
            await network.close()

    with postgres_server.schema() as url, fleet(url, test_mode=False) as served:
        dealt = asyncio.run(everybody(served))
        with Store(url, read_only=True) as store:
            for one, receipts, waiting in dealt:
                assert [read(raw)["body"]["outcome"] for raw in receipts.values()] == ["accepted"] * EACH
                pairs = list(zip(waiting[::2], waiting[1::2], strict=True))
                assert dict(pairs) == receipts, "each waits in the mailbox once, right behind what it answers"
                words = [read(receipt) for _, receipt in pairs]
                assert [word["number"] for word in words] == list(range(1, EACH + 1))
                digests = [trust.digest(receipt) for _, receipt in pairs]
                assert [word.get("prior") for word in words] == [None, *digests[:-1]], "and they are one chain"
                peer = store.read(lambda rows, one=one: rows.peer(served.did, one.did))
                assert peer is not None
                kept = store.read(lambda rows, peer=peer: rows.everything(peer.number))
                assert [each.position for each in kept] == list(range(1, 2 * EACH + 1))
                assert [each.side for each in kept] == list(
                    itertools.islice(itertools.cycle(["customer", "vendor"]), 2 * EACH)
                )
