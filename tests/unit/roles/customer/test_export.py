"""Export: what a customer's store holds, as a folder that holds; whole, some of it, or a thread with what it needs."""

import asyncio
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opencmr import consent, trust
from opencmr.cli.app import app
from opencmr.cli.folder import read_folder
from opencmr.errors import StoreError, Unreachable, UsageError
from opencmr.protocol.evidence import Findings, examine
from opencmr.roles import CustomerRelationship, export
from opencmr.store import Store
from parties import NEW_YEAR, OTHER, REQUEST, SHOP, Street, read
from world import World, quick_folder, settle_down

WANTED = {"purpose": "dpv:DirectMarketing", "data": ["pd:EmailAddress"], "until": NEW_YEAR}


def checked(folder: Path) -> Findings:
    read = read_folder(folder)
    assert read.evidence is not None, read.findings
    return examine(read.evidence)


async def deal(relationship: CustomerRelationship) -> dict[str, str]:
    """Terms, and a consent that is given and taken back."""
    agreed = await relationship.agreements.proffer("SD-BASE")
    given = await relationship.consents.grant(**WANTED)
    await given.withdraw()
    await relationship.collect()
    return {"terms": agreed.thread, "consent": given.thread}


@pytest.fixture
def dealt(tmp_path: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    """A customer's store after dealings with two shops; vendor → its threads."""

    async def play() -> dict[str, dict[str, str]]:
        street = Street(tmp_path)
        street.vendor(SHOP, accepts=["SD-BASE"])
        street.vendor(OTHER, accepts=["SD-BASE"])
        alice = street.customer()
        threads = {did: await deal(await alice.meet(did)) for did in (SHOP, OTHER)}
        await street.close()
        return threads

    return tmp_path / "alice.db", asyncio.run(play())


@pytest.mark.requirement("EVD-3", "EVD-4")
def test_a_whole_store_holds_and_makes_the_same_bytes_again(dealt: tuple[Path, dict[str, dict[str, str]]]) -> None:
    store, _ = dealt
    first = export(store.parent / "one", store)
    assert export(store.parent / "one", store) == first
    found = checked(store.parent / "one")
    assert found.ok, found.findings
    assert {one.vendor for one in found.relationships} == {SHOP, OTHER}
    assert all(one.completeness.whole for one in found.relationships)
    assert sorted(first.numbers.values()) == list(range(1, len(first.numbers) + 1))


def test_some_relationships_are_written_by_either_did(dealt: tuple[Path, dict[str, dict[str, str]]]) -> None:
    store, _ = dealt
    export(store.parent / "one", store, relationships=[SHOP])
    (one,) = checked(store.parent / "one").relationships
    assert (one.vendor, one.ok, one.completeness.part) == (SHOP, True, None)
    export(store.parent / "one", store, relationships=[one.customer])
    (again,) = checked(store.parent / "one").relationships
    assert again.customer == one.customer
    with pytest.raises(UsageError, match="no relationship"):
        export(store.parent / "one", store, relationships=["did:web:nobody.example"])


@pytest.mark.requirement("EVD-9")
def test_a_thread_is_written_as_a_part(dealt: tuple[Path, dict[str, dict[str, str]]]) -> None:
    store, threads = dealt
    written = export(store.parent / "one", store, thread=threads[SHOP]["consent"])
    assert written.manifest.part is not None
    assert written.manifest.part.threads == [threads[SHOP]["consent"]]
    (one,) = checked(store.parent / "one").relationships
    assert one.ok, one.findings
    assert set(one.history.threads) == {threads[SHOP]["consent"]}
    assert one.completeness.here < one.completeness.last
    with pytest.raises(UsageError, match="no thread"):
        export(store.parent / "one", store, thread="urn:uuid:11111111-1111-4111-8111-111111111111")


@pytest.mark.requirement("EVD-3")
def test_what_nobody_has_answered_is_left_out_and_the_rest_holds(tmp_path: Path) -> None:
    async def play() -> None:
        street = Street(tmp_path)
        street.vendor(SHOP, accepts=["SD-BASE"])
        alice = street.customer()
        shop = await alice.meet(SHOP)
        await deal(shop)
        street.wire.down.add(SHOP)
        with pytest.raises(Unreachable):
            await shop.agreements.proffer("SD-BASE")
        await street.close()

    asyncio.run(play())
    export(tmp_path / "one", tmp_path / "alice.db")
    (one,) = checked(tmp_path / "one").relationships
    assert one.ok, one.findings
    with Store(tmp_path / "alice.db", read_only=True) as opened:
        pending = {each.digest for each in opened.read(lambda rows: rows.with_status(1, "pending"))}
    assert pending
    assert not pending & {trust.digest(file.read_bytes()) for file in (tmp_path / "one" / "messages").iterdir()}


@pytest.mark.requirement("EVD-8")
def test_31_what_a_hostile_vendor_sends_spoils_no_other_evidence_nor_its_own(tmp_path: Path) -> None:
    async def play() -> None:
        street = Street(tmp_path)
        street.vendor(SHOP, accepts=["SD-BASE"])
        street.vendor(OTHER, accepts=["SD-BASE"])
        alice = street.customer()
        good, bad = await alice.meet(OTHER), await alice.meet(SHOP)
        await deal(good)
        await deal(bad)
        hand = street.vendors_hand(bad)
        street.clock.move(1)
        street.wire.mail = [
            hand.write(REQUEST, number=99, prior=trust.digest(b"never")),  # it goes on from nothing
            hand.write(
                consent.Withdraw(heard=consent.Heard(where="shop", when=NEW_YEAR)), number=2, prior=trust.digest(b"x")
            ),
        ]
        await bad.collect()
        await bad.collect()
        await street.close()

    asyncio.run(play())
    with Store(tmp_path / "alice.db", read_only=True) as opened:
        kept = opened.read(lambda rows: rows.everything(2))
    assert sorted(each.status for each in kept if each.status in ("forked", "waiting")) == ["forked", "waiting"]
    export(tmp_path / "one", tmp_path / "alice.db")
    found = checked(tmp_path / "one")
    assert found.ok, found.findings
    assert {one.vendor for one in found.relationships} == {SHOP, OTHER}


def test_only_a_store_with_something_decided_is_exported(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        export(tmp_path / "one", tmp_path / "nothing.db")
    Store(tmp_path / "empty.db").close()
    with pytest.raises(UsageError, match="nothing"):
        export(tmp_path / "one", tmp_path / "empty.db")


def test_random_conversations_over_a_wire_that_misbehaves_hold() -> None:
    async def play(seed: int) -> list[Findings]:
        with quick_folder() as where:
            world = World(where, random.Random(seed))
            for name in ("shop0", "shop1"):
                world.open_vendor(name)
            customers = ("anna", "ben")
            for name in customers:
                customer = world.open_customer(name)
                for vendor in world.vendors.values():
                    await customer.meet(vendor.did)
            relationships = [one for customer in world.customers.values() for one in customer.relationships()]
            await asyncio.gather(*(world.play(one, 12) for one in relationships))
            await settle_down(world)
            await world.close()
            for name in customers:
                export(where / name, where / f"{name}.db")
            return [checked(where / name) for name in customers]

    for seed in range(3):
        for found in asyncio.run(play(seed)):
            assert found.ok, (seed, found.findings)
            assert all(one.completeness.whole for one in found.relationships)


# The command


def test_the_command_writes_what_verify_reads(dealt: tuple[Path, dict[str, dict[str, str]]]) -> None:
    store, threads = dealt
    folder = store.parent / "one"
    done = CliRunner().invoke(app, ["export", str(store), str(folder), "--relationship", SHOP])
    assert done.exit_code == 0, done.output
    assert f"verify {folder}" in done.output
    assert CliRunner().invoke(app, ["verify", str(folder)]).exit_code == 0
    name = threads[SHOP]["consent"].removeprefix("urn:uuid:")[:8]
    done = CliRunner().invoke(app, ["export", str(store), str(folder), "--thread", name, "--json"])
    assert done.exit_code == 0, done.output
    assert read(done.output.encode())["thread"] == threads[SHOP]["consent"]
    assert "a part:" in CliRunner().invoke(app, ["verify", str(folder)]).output


@pytest.mark.parametrize("asked", [["--thread", "zz"], ["--relationship", "did:web:nobody.example"]])
def test_the_command_says_what_there_is_not(dealt: tuple[Path, dict[str, dict[str, str]]], asked: list[str]) -> None:
    store, _ = dealt
    done = CliRunner().invoke(app, ["export", str(store), str(store.parent / "one"), *asked])
    assert done.exit_code == 2
    assert not (store.parent / "one").exists()
