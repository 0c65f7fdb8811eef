"""A key is stolen, a key is lost, a vendor changes its key: the relationship goes on, and strangers learn nothing."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from opencmr import Customer, Vendor, consent, trust
from opencmr.cli.folder import read_folder
from opencmr.errors import BadSignature, Behind, KeyFileError, Moved, Refused, Unreachable, UsageError, WrongKey
from opencmr.messages import core, relationship
from opencmr.protocol.evidence import Exhibit, examine, records_of
from opencmr.roles import CustomerRelationship, backup, export, restore
from opencmr.roles.customer.in_hand.consent import ConsentInHand
from opencmr.store import KeyFile
from opencmr.trust import key_digest
from parties import GRANT, MARKETING, REQUEST, SHOP, Hand, Street, assert_equal_histories, code_of, read


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def alice(street: Street, shop: Vendor) -> Customer:
    return street.customer()


@pytest.fixture
async def rel(alice: Customer) -> CustomerRelationship:
    return await alice.meet(SHOP)


def thief_of(street: Street, rel: CustomerRelationship) -> Hand:
    """Somebody who has copied the file of the current key, and all that was said."""
    return street.hand_of(rel)


async def granted(rel: CustomerRelationship) -> ConsentInHand:
    return ConsentInHand(rel, await rel.say(GRANT))


# --- moving


@pytest.mark.requirement("REL-6")
async def test_after_a_move_both_sides_hold_the_same_and_go_on(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    opened = await rel.standing.open("de-AT", "en")
    await rel.agreements.proffer("SD-BASE")
    given = await granted(rel)
    await rel.sync()
    before = rel.me
    await rel.standing.move()
    assert rel.me != before
    assert opened.record.customer == rel.me
    assert_equal_histories(rel.history, shop.history(rel.me))
    assert rel.may(**MARKETING).answer == shop.may(rel.me, **MARKETING).answer == "permit"
    assert shop.may(before, **MARKETING).answer == "permit", "a shop that knows the DID of before finds the customer"
    await given.withdraw()
    assert shop.may(rel.me, **MARKETING).answer == shop.may(before, **MARKETING).answer == "deny"
    await shop.say(before, REQUEST)
    await rel.collect()
    await rel.sync()
    assert_equal_histories(rel.history, shop.history(rel.me))
    assert rel.noticed == []


@pytest.mark.requirement("REL-6")
async def test_a_relationship_moves_as_often_as_it_is_told(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    for _ in range(3):
        await rel.standing.move()
    await granted(rel)
    alice = street.customer()
    (again,) = alice.relationships()
    assert again.me == rel.me
    assert len(again.history.introduced()) == 0
    await again.standing.move()
    assert_equal_histories(again.history, shop.history(again.me))
    assert again.may(**MARKETING).answer == "permit"


@pytest.mark.requirement("RCV-5", "REL-7")
async def test_the_former_key_is_told_moved_and_a_stranger_nothing(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    hand = thief_of(street, rel)
    old = hand.write(GRANT)
    answer = await shop.receive(old)
    await rel.collect()
    await rel.standing.move()
    assert await shop.receive(old) == answer, "the same bytes, the same answer"
    for body in (GRANT, relationship.Close()):
        with pytest.raises(Moved) as caught:
            await shop.receive(hand.write(body))
        assert (caught.value.pointer, caught.value.retry) == ("/from", False)
        assert rel.me not in str(caught.value.as_dict())
    with pytest.raises(Moved):
        await shop.collect(hand.write(core.Collect()))
    forged = Hand(hand.did, SHOP, trust.SigningKey.generate(), hand.method, street.clock)
    with pytest.raises(BadSignature):
        await shop.receive(forged.write(GRANT))


@pytest.mark.requirement("REL-4")
async def test_no_relationship_moves_to_a_key_that_has_served_another(street: Street, shop: Vendor) -> None:
    first, second, third, fourth = (trust.SigningKey.generate() for _ in range(4))

    def hand(key: trust.SigningKey) -> Hand:
        return Hand(key.did, SHOP, key, trust.key_url(key.did), street.clock)

    async def open_(key: trust.SigningKey, following: trust.SigningKey) -> tuple[bytes, bytes]:
        opening = hand(key).write(relationship.Open(next=key_digest(following.public)))
        return opening, (await shop.receive(opening))[0]

    def move(by: trust.SigningKey, was: trust.SigningKey, opening: bytes, receipt: bytes) -> bytes:
        body = relationship.Move(was=was.did, next=key_digest(fourth.public))
        linked = {"prior": trust.digest(opening), "seen": trust.digest(receipt)}
        return hand(by).write(body, read(opening)["thread"], **linked)

    opening, receipt = await open_(first, second)
    answer = await shop.receive(move(second, first, opening, receipt))
    assert code_of(answer[0]) is None
    for used in (first, second):
        with pytest.raises(WrongKey) as caught:
            await shop.receive(move(used, third, *await open_(third, used)))
        assert caught.value.rule == "REL-4"
        third = trust.SigningKey.generate()
    assert await shop.receive(opening) == [receipt], "known bytes, the answer of then"


# --- a key is stolen


@pytest.mark.requirement("REL-4", "REL-7", "REL-8")
async def test_a_stolen_key_cannot_take_the_relationship_and_the_owner_takes_it_back(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    opened = next(iter(rel.standing)).thread
    await granted(rel)
    thief, own = thief_of(street, rel), trust.SigningKey.generate()
    theirs = Hand(own.did, SHOP, own, trust.key_url(own.did), street.clock, thief.chain)
    after = key_digest(trust.SigningKey.generate().public)

    move = relationship.Move(was=rel.me, next=after)
    with pytest.raises(WrongKey) as caught:
        await shop.receive(theirs.write(move, opened, seen=None))
    assert caught.value.rule == "REL-4"
    nobody = relationship.Move(was=trust.SigningKey.generate().did, next=after)
    with pytest.raises(WrongKey) as same:
        await shop.receive(theirs.write(nobody, opened, seen=None))
    assert same.value.as_dict() == caught.value.as_dict(), "it does not tell whether there is such a relationship"
    with pytest.raises(Behind) as behind:
        await shop.receive(theirs.write(move, opened))
    assert behind.value.expected is None, "what the shop holds is not told to a stranger"

    again = await shop.receive(thief.write(relationship.Open(next=after), seen=None))
    assert code_of(again[0]) == "wrong-state", "the current key opens no second time"
    closed = await shop.receive(thief.write(relationship.Close(), opened))
    assert code_of(closed[0]) is None, "a no gets through, whoever says it"
    assert shop.may(rel.me, **MARKETING).reason == "withdrawn"

    await rel.standing.move()
    assert rel.may(**MARKETING).answer == "deny"
    assert [each.code for each in rel.noticed] == ["restored", "restored"], "what the thief has said is told"
    with pytest.raises(Moved):
        await shop.receive(thief.write(GRANT))
    await granted(rel)
    record = next(iter(rel.standing)).record
    assert (record.state, record.customer, len(record.closings)) == ("open", rel.me, 1)
    assert rel.may(**MARKETING).answer == shop.may(rel.me, **MARKETING).answer == "permit"
    assert_equal_histories(rel.history, shop.history(rel.me))


@pytest.mark.requirement("REL-2")
async def test_the_next_key_lies_apart_and_a_copy_of_the_current_one_does_not_hold_it(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    current, following = (KeyFile(street.folder / f"alice.{ending}") for ending in ("keys", "next"))
    announced = following.get(rel.me)
    assert (street.folder / "alice.next").stat().st_mode & 0o777 == 0o600
    assert announced.did not in current.names()
    stick = street.folder / "stick.next"
    shutil.move(street.folder / "alice.next", stick)
    with pytest.raises(KeyFileError):
        await rel.standing.move()
    assert not rel.moves
    wallet = street.customer(next_keys=stick)
    (again,) = wallet.relationships()
    before = again.me
    await again.standing.move()
    assert again.me == announced.did
    assert KeyFile(stick).names() == [again.me], "the key that speaks by now lies no more beside the next ones"
    assert before != again.me


# --- a key is lost


@pytest.mark.requirement("REL-2", "REL-13")
async def test_a_lost_wallet_is_restored_and_goes_on_under_the_next_key(
    street: Street, shop: Vendor, alice: Customer, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    await granted(rel)
    await rel.sync()
    copy = street.folder / "alice.backup"
    await asyncio.to_thread(backup, street.folder / "alice.db", copy, "correct horse battery")
    given = await granted(rel)  # said after the backup
    await alice.close()
    for file in street.folder.glob("alice.[dkn]*"):
        file.unlink()
    await asyncio.to_thread(restore, copy, street.folder / "new.db", "correct horse battery")
    (again,) = street.customer("new").relationships()
    before = again.me
    await again.sync()
    await again.standing.move()
    assert (again.me == before, given.thread in again.history.threads) == (False, True)
    assert_equal_histories(again.history, shop.history(again.me))
    assert again.may(**MARKETING).answer == shop.may(again.me, **MARKETING).answer == "permit"
    await asyncio.to_thread(backup, street.folder / "new.db", street.folder / "later.backup", "correct horse battery")
    await asyncio.to_thread(
        restore, street.folder / "later.backup", street.folder / "third.db", "correct horse battery"
    )
    (third,) = street.customer("third").relationships()
    await third.sync()
    await third.standing.move()
    assert_equal_histories(third.history, shop.history(third.me))


async def test_a_wallet_restored_to_before_its_move_finds_back_by_its_next_key(
    street: Street, shop: Vendor, alice: Customer, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    await granted(rel)
    copy = street.folder / "alice.backup"
    await asyncio.to_thread(backup, street.folder / "alice.db", copy, "correct horse battery")
    await rel.standing.move()
    moved_to = rel.me
    await asyncio.to_thread(restore, copy, street.folder / "old.db", "correct horse battery")
    (old,) = street.customer("old").relationships()
    with pytest.raises(Moved):
        await old.sync()
    with pytest.raises(Refused):
        await old.standing.move()
    assert old.me == moved_to
    await old.sync()
    assert_equal_histories(old.history, shop.history(moved_to))


# --- evidence


async def test_evidence_of_a_relationship_that_has_moved_is_one_and_holds(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    given = await granted(rel)
    await rel.standing.move()
    await shop.introduce_key(ends=True)
    await shop.say(rel.me, REQUEST)
    await rel.agreements.proffer("SD-BASE")
    await rel.sync()
    for name, thread in (("all", None), ("part", given.thread)):
        folder = street.folder / name
        export(folder, street.folder / "alice.db", thread=thread)
        (found,) = examine(read_folder(folder).evidence).relationships
        assert found.findings == ()
        assert (found.customer, found.history.customer) == (rel.me, rel.me)
    assert records_of(found.history) == {
        id_: record for id_, record in records_of(shop.history(rel.me)).items() if id_ in found.history.threads
    }


async def test_evidence_in_which_a_thief_moves_is_found_out(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    await granted(rel)
    await rel.sync()
    opened = next(iter(rel.standing)).thread
    own = trust.SigningKey.generate()
    theirs = Hand(own.did, SHOP, own, trust.key_url(own.did), street.clock, lambda: rel.history.chain)
    move = theirs.write(relationship.Move(was=rel.me, next=key_digest(rel.me.removeprefix("did:key:"))), opened)
    folder = street.folder / "evidence"
    export(folder, street.folder / "alice.db")
    evidence = read_folder(folder).evidence
    more = [*evidence.messages, Exhibit("messages/9999-relationship.move.json", move)]
    found = examine(replace(evidence, messages=more)).relationships
    good = next(each for each in found if each.customer == rel.me)
    assert good.findings == (), "a stranger's word is no part of it"
    assert [each.customer for each in found if each.findings] == [own.did]


# --- what goes wrong on the way


@pytest.mark.requirement("REL-13")
async def test_a_move_that_got_no_receipt_is_sent_again_with_the_same_bytes(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    given = await granted(rel)
    before = rel.me
    street.wire.down = {SHOP}
    with pytest.raises(Unreachable):
        await rel.standing.move()
    assert (rel.moves, rel.me) == (True, before)
    with pytest.raises(UsageError):
        await rel.say(GRANT)
    with pytest.raises(Unreachable):
        await given.withdraw()
    assert rel.may(**MARKETING).answer == "deny"
    street.wire.down = set()
    (again,) = street.customer().relationships()
    await again.standing.move()
    assert again.me != before
    assert not again.moves
    await again.sync()
    assert again.waiting == 0
    assert_equal_histories(again.history, shop.history(again.me))
    assert shop.may(again.me, **MARKETING).answer == "deny", "the no was said again under the new key, if it had to be"


async def test_where_the_receipt_of_a_move_was_lost_the_wallet_finds_out_by_itself(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    before = rel.me
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await rel.standing.move()
    assert shop.relationships()[0].customer != before
    await shop.say(shop.relationships()[0].customer, REQUEST)
    await rel.collect()
    assert rel.me != before
    assert_equal_histories(rel.history, shop.history(rel.me))


@pytest.mark.requirement("REL-7", "SEQ-27")
async def test_a_no_that_the_move_has_overtaken_is_said_again_under_the_new_key(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    given = await granted(rel)
    before = rel.me
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await rel.standing.move()
    assert shop.relationships()[0].customer != before, "the shop has placed the move"
    await given.withdraw()
    assert rel.me != before
    assert rel.waiting == 0
    assert_equal_histories(rel.history, shop.history(rel.me))
    assert shop.may(rel.me, **MARKETING).answer == rel.may(**MARKETING).answer == "deny"


async def test_of_two_devices_that_move_at_once_the_first_wins_and_the_other_goes_on_too(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    await granted(rel)
    await rel.sync()
    for file in street.folder.glob("alice.*"):
        shutil.copy(file, street.folder / file.name.replace("alice", "tablet"))
    (other,) = street.customer("tablet").relationships()
    await rel.standing.move()
    with pytest.raises(Refused) as caught:
        await other.standing.move()
    assert caught.value.problem.code == "wrong-state"
    assert other.me == rel.me
    await rel.sync()
    assert_equal_histories(other.history, shop.history(rel.me))
    assert other.may(**MARKETING).answer == "permit"
    assert await other.say(REQUEST_OF_TABLET) in shop.history(rel.me).threads


REQUEST_OF_TABLET = consent.Grant(items=GRANT.items, until=GRANT.until, statement="From the tablet.")


async def test_a_vendor_that_was_put_back_to_before_the_move_is_handed_it_back(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await rel.standing.open()
    given = await granted(rel)
    await rel.sync()
    copy = street.folder / "copy"
    connection = sqlite3.connect(street.folder / "shop.example.db")
    connection.execute(f"VACUUM INTO '{copy}'")
    connection.close()
    await rel.standing.move()
    await rel.agreements.proffer("SD-BASE")
    held = {id_: thread.entries for id_, thread in rel.history.threads.items()}
    await shop.close()
    for file in street.folder.glob("shop.example.db*"):
        file.unlink()
    shutil.copy(copy, street.folder / "shop.example.db")
    again = street.vendor(accepts=["SD-BASE"])
    assert again.relationships()[0].customer != rel.me
    await given.withdraw()
    await rel.sync()
    assert [each.customer for each in again.relationships()] == [rel.me]
    assert all(rel.history.threads[id_].entries[: len(entries)] == entries for id_, entries in held.items())
    assert_equal_histories(rel.history, again.history(rel.me))
    assert again.may(rel.me, **MARKETING).answer == "deny"


# --- the vendor's keys


@pytest.mark.requirement("REL-10")
async def test_a_vendor_introduces_a_key_and_signs_with_it_from_then_on(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await granted(rel)
    assert await shop.introduce_key(ends=True) == {}
    await shop.say(rel.me, REQUEST)
    await rel.collect()
    await rel.sync()
    assert rel.noticed == []
    assert_equal_histories(rel.history, shop.history(rel.me))
    (key,) = rel.history.introduced()
    assert f"{SHOP}#{key.key}" in shop.did_document()["assertionMethod"]
    await shop.close()
    shop = street.vendor(accepts=["SD-BASE"])
    await rel.agreements.proffer("SD-BASE")
    assert rel.noticed == []
    bob = await street.customer("bob").meet(SHOP)
    await bob.say(GRANT)
    assert bob.noticed == []
    old = street.vendors_hand(rel)
    street.wire.mail = [old.write(REQUEST)]
    await rel.collect()
    assert [each.code for each in rel.noticed] == ["strange-key"], "the key that was ended says nothing any more"


@pytest.mark.requirement("IDN-6", "REL-12")
async def test_a_key_that_was_not_introduced_is_not_taken_and_the_mail_waits(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await granted(rel)
    old = KeyFile(street.folder / "shop.example.keys")
    await shop.close()
    old.path.unlink()
    shop = street.vendor(accepts=["SD-BASE"])
    await shop.say(rel.me, REQUEST)
    length = len(rel.history.chain.digests)
    for _ in range(2):
        await rel.collect()
    assert len(rel.history.chain.digests) == length
    assert [each.code for each in rel.noticed] == ["strange-key"]
    assert rel.misconduct == []
    assert rel.may(**MARKETING).answer == "permit", "what there was stays"


# --- closing


@pytest.mark.requirement("REL-8")
async def test_a_close_is_one_no_to_everything_on_both_sides(
    street: Street, shop: Vendor, rel: CustomerRelationship
) -> None:
    await granted(rel)
    standing = await rel.standing.close("movingAway")
    assert standing.state == "closed"
    assert rel.may(**MARKETING).answer == shop.may(rel.me, **MARKETING).answer == "deny"
    with pytest.raises(UsageError):
        await rel.standing.open()
    with pytest.raises(UsageError):
        await rel.standing.move()
    await granted(rel)
    assert rel.may(**MARKETING).answer == shop.may(rel.me, **MARKETING).answer == "permit"
    street.wire.down = {SHOP}
    with pytest.raises(Unreachable):
        await rel.standing.close()
    assert rel.may(**MARKETING).answer == "deny"
