"""A vendor writes down what was said: the same as the customer does, with its own keys, also after it has erased."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opencmr import Vendor, consent
from opencmr.cli.app import app
from opencmr.cli.folder import read_folder
from opencmr.errors import KeyFileError, UsageError
from opencmr.messages import data
from opencmr.messages.personal import Datum
from opencmr.protocol.evidence import Findings, examine
from opencmr.roles import CustomerRelationship, export
from opencmr.store import Store
from parties import NEW_YEAR, NEWS, SHOP, Street, read

EMAIL, SAID = "alice-7f3a@example.org", "Write to me, Alice Zwölf."
GRANT = consent.Grant(
    items=[NEWS], until=NEW_YEAR, statement=SAID, discloses=[Datum(data="pd:EmailAddress", value=EMAIL)]
)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
async def alice(street: Street, shop: Vendor) -> CustomerRelationship:
    return await dealt(street)


async def dealt(street: Street, name: str = "alice") -> CustomerRelationship:
    """An opened relationship, terms, and a consent that is given; all of it settled on both sides."""
    relationship = await street.customer(name).meet(SHOP)
    await relationship.standing.open("en")
    await relationship.agreements.proffer("SD-BASE")
    await relationship.say(GRANT)
    await relationship.sync()
    return relationship


def checked(folder: Path) -> Findings:
    there = read_folder(folder)
    assert there.evidence is not None, there.findings
    found = examine(there.evidence)
    assert found.ok, [one.findings for one in found.relationships]
    return found


def files(folder: Path, *parts: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for part in parts for path in (folder / part).iterdir()}


def assert_alike(street: Street) -> Findings:
    """Both sides write the same messages in the same order, and the same records, byte for byte."""
    ours = export(street.folder / "ours", street.folder / "alice.db")
    theirs = export(street.folder / "theirs", street.place("shop.example"))
    assert theirs.manifest.messages == ours.manifest.messages
    parts = ("messages", "folds")
    assert files(street.folder / "theirs", *parts) == files(street.folder / "ours", *parts)
    checked(street.folder / "ours")
    return checked(street.folder / "theirs")


@pytest.mark.requirement("EVD-1", "EVD-3", "EVD-4")
async def test_both_sides_write_down_one_conversation_alike(street: Street, alice: CustomerRelationship) -> None:
    [one] = assert_alike(street).relationships
    assert (one.customer, one.vendor, one.completeness.whole) == (alice.me, SHOP, True)


async def test_a_customer_who_has_moved_is_one_relationship_and_found_by_the_did_of_before(
    street: Street, shop: Vendor, alice: CustomerRelationship
) -> None:
    before = alice.me
    await alice.standing.move()
    await alice.sync()
    [one] = assert_alike(street).relationships
    assert one.customer == alice.me != before
    await dealt(street, "bob")
    export(street.folder / "one", street.place("shop.example"), relationships=[before])
    assert [one.customer for one in checked(street.folder / "one").relationships] == [alice.me]


async def test_what_a_further_key_has_signed_is_verified(
    street: Street, shop: Vendor, alice: CustomerRelationship
) -> None:
    await shop.introduce_key()
    await alice.sync()
    await alice.say(GRANT)
    await alice.sync()
    assert_alike(street)


async def test_each_customer_of_a_vendor_is_judged_by_itself(
    street: Street, shop: Vendor, alice: CustomerRelationship
) -> None:
    bob = await dealt(street, "bob")
    written = export(street.folder / "all", street.place("shop.example"))
    assert [each.customer for each in written.manifest.folds] == sorted([alice.me, bob.me])
    assert len({each.file for each in written.manifest.folds}) == 2
    [document] = written.manifest.dids
    stated = read((street.folder / "all" / document.file).read_bytes())
    assert (stated["id"], [each["publicKeyMultibase"] for each in stated["verificationMethod"]]) == (
        SHOP,
        [Street.key(street.folder / "shop.example.keys", f"{SHOP}#key-1").public],
    )
    assert "service" not in stated, "a store does not know at which address its vendor is reached"
    assert {one.customer for one in checked(street.folder / "all").relationships} == {alice.me, bob.me}
    with pytest.raises(UsageError, match="no relationship"):
        export(street.folder / "none", street.place("shop.example"), relationships=[street.stranger().did])


@pytest.mark.requirement("EVD-9")
async def test_a_thread_of_a_vendor_is_written_as_a_part(street: Street, alice: CustomerRelationship) -> None:
    [given] = alice.consents
    written = export(street.folder / "part", street.place("shop.example"), thread=given.thread)
    assert written.manifest.part is not None
    [one] = checked(street.folder / "part").relationships
    assert given.thread in one.history.threads


@pytest.mark.requirement("EVD-12", "EVD-14")
async def test_after_a_vendor_has_erased_its_evidence_says_so_and_holds_none_of_the_values(
    street: Street, shop: Vendor, alice: CustomerRelationship
) -> None:
    folder = street.folder / "evidence"
    export(folder, street.place("shop.example"))
    assert any(EMAIL.encode() in raw for raw in files(folder, "messages").values())
    asked = await alice.rights.request("erase", regime="gdpr")
    done = await shop.erase(alice.me, answer=data.Answer(status="fulfilled"), thread=asked.thread)
    for _ in range(2):  # before the customer has taken the answer, and after
        export(folder, street.place("shop.example"))
        assert checked(folder).counts["erased"] == len(done.erased) > 0
        told = CliRunner().invoke(app, ["verify", str(folder)])
        assert (told.exit_code, f"{len(done.erased)} erased" in told.stdout) == (0, True)
        raws = files(folder, "messages", "folds", "dids")
        assert not any(value.encode() in raw for raw in raws.values() for value in (EMAIL, SAID))
        await alice.collect()


# The key file


async def test_the_key_file_is_named_where_it_is_not_beside_the_store(
    street: Street, alice: CustomerRelationship
) -> None:
    place, folder = street.place("shop.example"), street.folder / "one"
    away = (street.folder / "shop.example.keys").rename(street.folder / "elsewhere")
    with pytest.raises(UsageError, match="--keys"):
        export(folder, place)
    with Store(place, read_only=True) as opened, pytest.raises(UsageError, match="--keys"):
        export(folder, opened)
    with pytest.raises(UsageError, match="no key of"):
        export(folder, place, keys=street.folder / "alice.keys")
    with pytest.raises(KeyFileError):
        export(folder, place, keys=place)
    assert not folder.exists()
    done = CliRunner().invoke(app, ["export", str(place), str(folder)])
    assert (done.exit_code, "--keys" in done.output, folder.exists()) == (2, True, False)
    done = CliRunner().invoke(app, ["export", str(place), str(folder), "--keys", str(away)])
    assert (done.exit_code, done.exception) == (0, None)
    checked(folder)


async def test_a_sealed_key_file_is_opened_with_its_passphrase(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    street.vendor(accepts=["SD-BASE"], passphrase="right")
    await dealt(street)
    place, folder = street.place("shop.example"), street.folder / "one"
    monkeypatch.delenv("OPENCMR_PASSPHRASE", raising=False)
    with pytest.raises(KeyFileError, match="passphrase"):
        export(folder, place)
    assert CliRunner().invoke(app, ["export", str(place), str(folder)]).exit_code == 1
    assert not folder.exists()
    monkeypatch.setenv("OPENCMR_PASSPHRASE", "right")
    assert CliRunner().invoke(app, ["export", str(place), str(folder)]).exit_code == 0
    checked(folder)


async def test_no_private_key_stands_in_a_vendors_evidence(street: Street, alice: CustomerRelationship) -> None:
    export(street.folder / "one", street.place("shop.example"))
    seed = Street.key(street.folder / "shop.example.keys", f"{SHOP}#key-1").seed
    raws = files(street.folder / "one", "messages", "folds", "dids")
    assert not any(seed in raw or seed.hex().encode() in raw for raw in raws.values())
