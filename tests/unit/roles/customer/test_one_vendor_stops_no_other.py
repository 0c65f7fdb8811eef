"""A vendor that fails, floods or hangs keeps the customer from no other, over real connections."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import Customer, Vendor
from opencmr.errors import Unreachable
from parties import GRANT, REQUEST
from rude import Server
from serving import did_of, listening, served


async def hang(server: Server, writer: asyncio.StreamWriter) -> None:
    await server.over.wait()


@pytest.fixture
async def hanging() -> AsyncIterator[Server]:
    """A vendor that says who it is, and then answers nothing."""
    async with Server() as server:
        server.is_a_vendor()
        server.answers["/opencmr/mailbox"] = lambda writer: hang(server, writer)
        yield server


async def test_a_vendor_that_hangs_while_it_is_met_keeps_nobody_from_meeting_another(tmp_path: Path) -> None:
    async with Server() as slow, Server() as quick, Customer.open(tmp_path / "alice.db") as alice:
        asked = asyncio.Event()

        async def hold(writer: asyncio.StreamWriter) -> None:
            asked.set()
            await slow.over.wait()

        slow.answers["/.well-known/did.json"] = hold
        quick.is_a_vendor()
        waiting = asyncio.create_task(alice.meet(slow.did))
        await asked.wait()
        assert (await alice.meet(quick.did)).vendor == quick.did
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert [one.vendor for one in alice.relationships()] == [quick.did]


async def test_sync_goes_on_with_the_others_and_tells_what_became_of_each(tmp_path: Path, hanging: Server) -> None:
    with listening() as bound:
        shop = Vendor.open(tmp_path / "shop.db", did=did_of(bound))
        with served(shop.asgi(), bound):
            async with Server() as failing, Customer.open(tmp_path / "alice.db") as alice:
                failing.is_a_vendor()
                hangs, fails, works = [await alice.meet(did) for did in (hanging.did, failing.did, shop.did)]
                await works.say(GRANT)
                await shop.say(works.me, REQUEST)
                faults = await alice.sync(within=2)
                assert {did: type(fault) for did, fault in faults.items()} == {
                    hangs.vendor: Unreachable,
                    fails.vendor: Unreachable,
                }
                assert "2 seconds" in str(faults[hangs.vendor])
                assert len(works.consents.in_state("requested")) == 1
        await shop.close()
