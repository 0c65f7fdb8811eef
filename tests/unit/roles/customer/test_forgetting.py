"""A customer forgets a relationship: its rows are gone, its key signs nothing any more, and the others stay."""

import json
from pathlib import Path

import pytest

from opencmr.errors import UsageError
from opencmr.store import Store
from opencmr.store.integrity import inspect_messages
from parties import GRANT, OTHER, REQUEST, SHOP, Street, assert_equal_histories


def whole(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("alice.db*"))


async def test_what_was_said_leaves_the_store_and_its_files(street: Street, tmp_path: Path) -> None:
    street.vendor()
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(GRANT)
    number = relationship._transactions.number
    await relationship.forget(SHOP)
    assert alice.relationships() == []
    assert alice._store.read(lambda rows: (rows.everything(number), rows.size(number))) == ([], 0)
    await alice.close()
    left = whole(tmp_path)
    assert SHOP.encode() not in left
    assert b"You may write to me." not in left
    assert list(inspect_messages(tmp_path / "alice.db")) == []


async def test_a_later_meeting_begins_another_relationship_with_another_key(street: Street) -> None:
    shop, alice = street.vendor(), street.customer()
    before = await alice.meet(SHOP)
    await before.say(GRANT)
    await before.forget(SHOP)
    after = await alice.meet(SHOP)
    assert after.me != before.me
    assert after._transactions.number != before._transactions.number
    assert after.records == {}
    await after.say(GRANT)
    await shop.say(after.me, REQUEST)
    await after.sync()
    assert_equal_histories(after.history, shop.history(after.me))


@pytest.mark.requirement("IDN-14")
async def test_nothing_is_said_or_taken_under_a_key_that_was_forgotten(street: Street) -> None:
    street.vendor()
    alice, elsewhere = street.customer(), street.customer()
    await (await alice.meet(SHOP)).say(GRANT)
    (held,) = elsewhere.relationships()
    (relationship,) = alice.relationships()
    await relationship.forget(SHOP)
    sent = len(street.wire.sent)
    for one in (relationship, held):
        for attempt in (one.say(GRANT), one.collect(), one.mute(), one.forget(SHOP)):
            with pytest.raises(UsageError, match="forgotten"):
                await attempt
    assert len(street.wire.sent) == sent
    assert street.wire.collects == []
    assert elsewhere.relationships() == []


async def test_the_vendor_has_to_be_named_and_evidence_can_be_written_first(street: Street, tmp_path: Path) -> None:
    street.vendor()
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    with pytest.raises(UsageError, match="nothing was forgotten"):
        await relationship.forget(OTHER)
    with pytest.raises(UsageError, match="nothing to export"):
        await relationship.forget(SHOP, export=tmp_path / "evidence")
    await relationship.say(GRANT)
    await relationship.forget(SHOP, export=tmp_path / "evidence")
    manifest = json.loads((tmp_path / "evidence" / "manifest.json").read_text())
    assert [each["type"] for each in manifest["messages"]] == ["consent.grant", "receipt"]
    assert alice.relationships() == []


async def test_the_other_relationships_stay_as_they_are(street: Street) -> None:
    street.vendor()
    other, alice = street.vendor(OTHER), street.customer()
    kept, gone = await alice.meet(OTHER), await alice.meet(SHOP)
    for each in (kept, gone):
        await each.say(GRANT)
    await gone.forget(SHOP)
    await other.say(kept.me, REQUEST)
    await alice.sync()
    assert alice.relationships() == [kept]
    assert_equal_histories(kept.history, other.history(kept.me))


def test_a_write_that_fails_forgets_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "a.db") as store:
        number = store.write_now(
            lambda rows: rows.add_peer("did:key:a", SHOP, opened="2026", pinned={}, endpoint="https://shop.example")
        ).number

        def fail(rows: object) -> None:
            rows.leave(number)  # type: ignore[attr-defined]
            raise UsageError("no")

        with pytest.raises(UsageError):
            store.write_now(fail)
        assert [peer.peer for peer in store.read(lambda rows: list(rows.peers()))] == [SHOP]
