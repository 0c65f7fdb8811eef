"""A customer erases on demand what was said with a vendor; it can be verified, and the relationship goes on."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from opencmr import Customer, Vendor, consent, intent
from opencmr.cli.app import app
from opencmr.cli.folder import read_folder
from opencmr.errors import Unreachable, UsageError
from opencmr.messages.personal import Datum
from opencmr.protocol.evidence import examine
from opencmr.roles import CustomerRelationship
from opencmr.roles.customer.backup import backup
from opencmr.roles.customer.restoring import restore
from opencmr.roles.party.export import export
from opencmr.store.integrity import inspect_messages
from opencmr.testing import StandingClock
from parties import CAST, NEW_YEAR, NEWS, SHOP, Street, an_offer

EMAIL, SAID = "alice-7f3a@example.org", "Write to me, Alice Zwölf."
GRANT = consent.Grant(
    items=[NEWS], until=NEW_YEAR, statement=SAID, discloses=[Datum(data="pd:EmailAddress", value=EMAIL)]
)


@pytest.fixture
def shop(street: Street) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda *_: an_offer())
    return shop


@pytest.fixture
async def at_shop(street: Street, shop: Vendor) -> CustomerRelationship:
    alice: Customer = street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(GRANT)
    await relationship.say(CAST)
    for _ in range(2):
        await relationship.sync()
    return relationship


def run(*words: object, stdin: str | None = None) -> Any:
    """Call the command line."""
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin, env={"COLUMNS": "200"})


def standing_in(folder: Path, names: str = "alice.*") -> set[str]:
    return {
        path.name for path in folder.glob(names) if any(value.encode() in path.read_bytes() for value in (EMAIL, SAID))
    }


async def test_what_was_said_leaves_the_wallet_and_the_relationship_goes_on(
    at_shop: CustomerRelationship, shop: Vendor, tmp_path: Path, clock: StandingClock
) -> None:
    assert standing_in(tmp_path)
    done = await at_shop.erase()
    assert (done.scrubbed, standing_in(tmp_path)) == (True, set())
    clock.move(60)
    await at_shop.say(CAST)
    await at_shop.sync()
    assert at_shop.misconduct == []
    assert at_shop.history.chain.digests == shop.history(at_shop.me).chain.digests
    assert standing_in(tmp_path) == set()


async def test_evidence_of_it_holds_and_says_what_was_erased(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    done = await at_shop.erase()
    export(tmp_path / "evidence", tmp_path / "alice.db")
    evidence = read_folder(tmp_path / "evidence").evidence
    assert evidence is not None
    found = examine(evidence)
    assert found.ok, found.findings
    assert found.counts["erased"] == len(done.erased)
    told = run("verify", tmp_path / "evidence")
    assert (told.exit_code, f"{len(done.erased)} erased" in told.stdout) == (0, True)
    assert not any(EMAIL.encode() in path.read_bytes() for path in list((tmp_path / "evidence").rglob("*.json")))
    assert run("show", tmp_path / "alice.db", "--timeline").exit_code == 0


async def test_a_thread_is_kept_that_is_named(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    granted = next(id_ for id_, one in at_shop.history.threads.items() if one.family == "consent")
    before = at_shop.history.threads[granted]
    await at_shop.erase(keep=[granted])
    assert at_shop.history.threads[granted] == before
    with pytest.raises(UsageError, match="no thread"):
        await at_shop.erase(keep=["urn:uuid:00000000-0000-4000-8000-000000000000"])


async def test_nothing_is_erased_while_something_waits(at_shop: CustomerRelationship, street: Street) -> None:
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await at_shop.say(CAST)
    with pytest.raises(UsageError, match="waits"):
        await at_shop.erase()


async def test_the_command_erases_on_either_side(at_shop: CustomerRelationship, street: Street, tmp_path: Path) -> None:
    await street.close()
    assert run("erase", tmp_path / "alice.db", SHOP, "--json").exit_code == 2
    assert run("erase", tmp_path / "alice.db", "did:web:nobody.example", "--yes").exit_code == 2
    assert run("erase", tmp_path / "alice.db", SHOP, stdin="n\n").exit_code == 1
    assert standing_in(tmp_path)
    mine = orjson.loads(run("erase", tmp_path / "alice.db", SHOP, "--yes", "--json").stdout)
    assert (mine["scrubbed"], mine["kept"], standing_in(tmp_path)) == (True, [], set())
    theirs = run("erase", tmp_path / "shop.example.db", at_shop.me, "--yes")
    assert (theirs.exit_code, "erased" in theirs.stdout) == (0, True)
    assert standing_in(tmp_path, "shop.example.db*") == set()
    assert list(inspect_messages(tmp_path / "shop.example.db")) == []


async def test_a_backup_of_what_was_erased_is_restored(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    await at_shop.erase()
    backup(tmp_path / "alice.db", tmp_path / "copy", "a long passphrase for a test")
    restore(tmp_path / "copy", tmp_path / "other.db", "a long passphrase for a test")
    for file in (tmp_path / "alice.db", tmp_path / "other.db"):
        assert list(inspect_messages(file)) == []
    assert standing_in(tmp_path, "other.*") == set()
