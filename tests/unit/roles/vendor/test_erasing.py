"""A vendor erases: nothing of what was said stands in its files any more, and what the chain needs stays."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from opencmr import Vendor, consent, intent, offer, order
from opencmr.cli.folder import read_folder
from opencmr.errors import Refused, StoreError, UsageError
from opencmr.messages import data
from opencmr.messages.personal import Datum
from opencmr.protocol.erasure import is_tombstone
from opencmr.protocol.evidence import examine
from opencmr.roles import CustomerRelationship
from opencmr.roles.party.export import export
from opencmr.store import Store
from opencmr.store.backends.sqlite import SQLite
from opencmr.store.integrity import inspect_messages
from opencmr.testing import StandingClock
from parties import CAST, MARKETING, NEW_YEAR, NEWS, SHOP, Street, an_offer

EMAIL, STREET_OF, SAID, NOTE = (
    "alice-7f3a@example.org",
    "9 Hidden Lane",
    "Write to me, Alice Zwölf.",
    "as red as my hair",
)
GRANT = consent.Grant(
    items=[NEWS], until=NEW_YEAR, statement=SAID, discloses=[Datum(data="pd:EmailAddress", value=EMAIL)]
)
ERASE = data.Request(right="erase", identify=[Datum(data="pd:EmailAddress", value=EMAIL)], regime="gdpr")
DONE = data.Answer(status="fulfilled")


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street, tmp_path: Path) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"], files=tmp_path / "files")
    shop.on(intent.Cast)(lambda *_: an_offer())
    shop.on(offer.Accept)(lambda message, _: order.Confirm(reference="R1", total=message.body.total))
    return shop


@pytest.fixture
async def alice(street: Street, shop: Vendor) -> CustomerRelationship:
    """She has said who she is, what she wishes, and where she can be reached."""
    alice = await street.customer().meet(SHOP)
    await alice.say(GRANT)
    await alice.say(CAST.model_copy(update={"note": NOTE}))
    await alice.sync()
    await alice.sync()
    return alice


def everything(shop: Vendor, alice: CustomerRelationship) -> list[Any]:
    return shop._store.read(lambda rows: rows.everything(rows.peer(SHOP, alice.me).number))  # type: ignore[union-attr]


def standing_in(folder: Path, *values: str) -> set[tuple[str, str]]:
    """Which of these values stand in which of the files of a folder."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and "pg_wal" not in path.parts:
            raw = path.read_bytes()
            found |= {(path.name, value) for value in values if value.encode() in raw}
    return found


async def asked(alice: CustomerRelationship) -> str:
    thread = await alice.say(ERASE)
    await alice.sync()
    return thread


@pytest.mark.requirement("SEQ-42", "EVD-12")
async def test_what_was_said_is_erased_with_the_answer_and_the_chain_stays(
    street: Street, shop: Vendor, alice: CustomerRelationship
) -> None:
    thread = await asked(alice)
    before = {each.digest: (each.place, each.of, each.thread, each.at) for each in everything(shop, alice)}
    done = await shop.erase(alice.me, answer=DONE, thread=thread)
    kept = everything(shop, alice)
    assert {
        each.digest: (each.place, each.of, each.thread, each.at) for each in kept if each.digest in before
    } == before
    stones = {each.digest for each in kept if is_tombstone(each.raw)}
    assert stones == set(done.erased) == {each.digest for each in kept if each.of is None} - {kept[-1].digest}
    assert kept[-1].type == "data.answer"
    assert not any(value.encode() in each.raw for each in kept for value in (EMAIL, SAID, NOTE))
    assert list(inspect_messages(street.place("shop.example"))) == []
    assert shop.history(alice.me).chain.tip == kept[-1].digest


async def test_nothing_of_it_stands_in_the_files_of_the_database(
    request: pytest.FixtureRequest, street: Street, shop: Vendor, alice: CustomerRelationship, tmp_path: Path
) -> None:
    thread = await asked(alice)
    sqlite = str(street.place("shop.example")).endswith(".db")
    server = None if sqlite else request.getfixturevalue("postgres_server")
    folder = tmp_path if server is None else server.folder / "data" / "base"
    if server is not None:
        server.run("CHECKPOINT")
    values = (EMAIL, SAID, NOTE)
    mine = lambda: {each for each in standing_in(folder, *values) if not each[0].startswith("alice")}  # noqa: E731
    assert {value for _, value in mine()} == {*values}
    done = await shop.erase(alice.me, answer=DONE, thread=thread)
    assert done.scrubbed
    if server is not None:
        server.run("CHECKPOINT")
        assert not any(value.encode() in dumped(server, street.place("shop.example")) for value in values)
    assert mine() == set()


def dumped(server: Any, url: str | Path) -> bytes:
    """What pg_dump writes of the database."""
    dump = server._bin / "pg_dump"
    done = subprocess.run([dump, "--inserts", "-d", str(url)], capture_output=True, check=True, **server._as)
    return done.stdout


@pytest.mark.requirement("SEQ-41")
async def test_what_was_erased_permits_nothing_and_a_new_yes_does(
    shop: Vendor, alice: CustomerRelationship, clock: StandingClock
) -> None:
    assert shop.may(alice.me, **MARKETING)
    await shop.erase(alice.me)
    assert (shop.may(alice.me, **MARKETING).answer, shop.may(alice.me, **MARKETING).reason) == ("deny", "erasure")
    clock.move(60)
    await alice.sync()
    await alice.say(GRANT)
    assert shop.may(alice.me, **MARKETING)


@pytest.mark.requirement("SEQ-41")
async def test_a_no_that_was_erased_denies_all_the_same(shop: Vendor, alice: CustomerRelationship) -> None:
    refusing = consent.Grant(items=[NEWS], until=NEW_YEAR, statement=SAID)
    thread = await alice.say(refusing)
    await alice.say(consent.Withdraw(reason="changedMind"), thread)
    agreed = await alice.agreements.proffer("SD-BASE")
    await shop.erase(alice.me, keep=[agreed.thread])
    assert shop.history(alice.me).threads[agreed.thread].record is not None
    assert not shop.may(alice.me, **MARKETING)


@pytest.mark.requirement("SEQ-42")
async def test_an_order_that_goes_on_is_kept_with_what_it_rests_on(shop: Vendor, alice: CustomerRelationship) -> None:
    [dealing] = alice.dealings
    [made] = dealing.firm()
    ordered = await made.accept()
    await ordered.disclose({"pd:PhysicalAddress": {"streetAddress": STREET_OF}})
    done = await shop.erase(alice.me)
    assert done.kept == {ordered.thread}
    assert done.data == {"pd:PhysicalAddress"}
    deliver = {"action": "dpv:Use", "purpose": "dpv:DeliveryOfGoods", "data": "pd:PhysicalAddress"}
    assert shop.may(alice.me, thread=ordered.thread, **deliver)
    assert not shop.may(alice.me, **MARKETING)
    kept = everything(shop, alice)
    assert {each.thread for each in kept if each.of is None and not is_tombstone(each.raw)} == {ordered.thread}
    assert any(STREET_OF.encode() in each.raw for each in kept)


@pytest.mark.requirement("SEQ-40")
async def test_the_relationship_goes_on_in_new_threads_and_noes_in_old_ones(
    shop: Vendor, alice: CustomerRelationship, street: Street
) -> None:
    [granted] = [id_ for id_, one in alice.history.threads.items() if one.family == "consent"]
    await shop.erase(alice.me)
    await alice.say(consent.Withdraw(reason="changedMind"), granted)
    with pytest.raises(Refused) as refused:
        await alice.say(GRANT, granted)
    assert (refused.value.problem.code, refused.value.problem.rule) == ("wrong-state", "SEQ-40")
    await alice.say(CAST)
    await alice.sync()
    assert alice.misconduct == []
    again = street.vendor(files=street.folder / "files")  # another process folds it anew
    assert again.history(alice.me).chain.digests == shop.history(alice.me).chain.digests
    assert again.history(alice.me).threads.keys() == shop.history(alice.me).threads.keys()
    assert not again.may(alice.me, **MARKETING)


async def test_the_same_bytes_get_the_same_receipt_after_they_were_erased(
    shop: Vendor, alice: CustomerRelationship, street: Street
) -> None:
    [grant] = [raw for raw in street.wire.sent if EMAIL.encode() in raw]
    before = await shop.receive(grant)
    await shop.erase(alice.me)
    assert await shop.receive(grant) == before[:1]


async def test_files_go_with_the_messages_that_named_them(street: Street, shop: Vendor, tmp_path: Path) -> None:
    async def content() -> Any:
        yield EMAIL.encode()

    (tmp_path / "manual").write_text("for everybody")
    export_ = await shop.files.add(content(), media_type="text/plain")
    manual = await shop.files.add(tmp_path / "manual", media_type="text/plain")
    line = an_offer().lines[0]
    naming = an_offer().model_copy(update={"lines": [line.model_copy(update={"files": [export_, manual]})]})
    other = an_offer().model_copy(update={"lines": [line.model_copy(update={"files": [manual]})]})
    alice = await street.customer().meet(SHOP)
    bob = await street.customer("bob").meet(SHOP)
    for who, made in ((alice, naming), (bob, other)):
        shop.on(intent.Cast)(lambda *_, made=made: made)
        await who.say(CAST)
    done = await shop.erase(alice.me)
    assert done.files == {export_.digest, manual.digest}
    assert shop.files.open(export_.digest) is None
    found = shop.files.open(manual.digest)
    assert found is not None
    found.close()


async def test_the_answer_names_what_is_kept(shop: Vendor, alice: CustomerRelationship) -> None:
    [dealing] = alice.dealings
    ordered = await dealing.firm()[0].accept()
    await ordered.disclose({"pd:PhysicalAddress": {"streetAddress": STREET_OF}})
    thread = await asked(alice)
    done = await shop.erase(
        alice.me,
        answer=lambda terms: data.Answer(status="partly", kept=[data.Kept(data=sorted(terms), because="order")]),
        thread=thread,
    )
    await alice.sync()
    assert done.data == {"pd:PhysicalAddress"}
    record = alice.records[thread].as_dict()
    assert (record["state"], record["kept"]) == ("partly", [{"data": ["pd:PhysicalAddress"], "because": "order"}])
    assert alice.misconduct == []


async def test_what_cannot_be_erased_is_said(shop: Vendor, alice: CustomerRelationship, street: Street) -> None:
    with pytest.raises(UsageError, match="no relationship"):
        await shop.erase(street.stranger().did)
    with pytest.raises(UsageError, match="no thread"):
        await shop.erase(alice.me, keep=["urn:uuid:00000000-0000-4000-8000-000000000000"])
    with pytest.raises(UsageError, match="both"):
        await shop.erase(alice.me, answer=DONE)
    [granted] = [id_ for id_, one in alice.history.threads.items() if one.family == "consent"]
    with pytest.raises(UsageError):
        await shop.erase(alice.me, answer=DONE, thread=granted)
    assert not any(is_tombstone(each.raw) for each in everything(shop, alice)), "the answer failed: nothing is erased"
    await shop.erase(alice.me)
    assert (await shop.erase(alice.me)).erased == ()


async def test_a_scrub_that_was_cut_off_is_done_at_the_next_start(
    street: Street, shop: Vendor, alice: CustomerRelationship, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(type(shop._store._backend), "scrub", lambda _: False)
        assert not (await shop.erase(alice.me)).scrubbed
    assert shop._store.read(lambda rows: rows.scrubs()) != []
    again = street.vendor(files=tmp_path / "files")
    again._store.scrub()
    again._erasing.prune()
    assert again._store.read(lambda rows: rows.scrubs()) == []
    if str(street.place("shop.example")).endswith(".db"):
        assert not {each for each in standing_in(tmp_path, EMAIL, SAID, NOTE) if not each[0].startswith("alice")}


async def test_sqlite_is_scrubbed_only_once_nobody_reads_what_was_before(tmp_path: Path) -> None:
    street = Street(tmp_path)
    shop = street.vendor()
    backend = SQLite(str(tmp_path / "shop.example.db"), read_only=False)
    with Store(tmp_path / "shop.example.db", read_only=True) as reading:

        def meanwhile(rows: Any) -> bool:
            list(rows.peers())
            shop._store.write_now(lambda writing: writing.ask_for_scrub("2026-07-01T12:00:00.000Z"))
            return SQLite.scrub(backend)

        assert not reading.read(meanwhile)
    assert backend.scrub()
    backend.close()
    await street.close()


async def test_a_tombstone_of_another_message_is_damage(shop: Vendor, alice: CustomerRelationship) -> None:
    await shop.erase(alice.me)
    stones = [each for each in everything(shop, alice) if is_tombstone(each.raw)]
    number = shop._store.read(lambda rows: rows.peer(SHOP, alice.me).number)  # type: ignore[union-attr]
    shop._store.write_now(lambda rows: rows.change_message(number, stones[0].digest, raw=stones[1].raw))
    with pytest.raises(StoreError, match="tombstone"):
        shop.history(alice.me)


@pytest.mark.requirement("SEQ-42")
async def test_who_has_announced_a_key_can_move_to_it_after_an_erasure(street: Street, shop: Vendor) -> None:
    alice = await street.customer().meet(SHOP)
    opened = await alice.standing.open()
    await alice.say(GRANT)
    assert (await shop.erase(alice.me)).kept == {opened.thread}
    assert (await alice.erase()).kept == {opened.thread}
    await alice.standing.move()
    assert shop.history(alice.me).customer == alice.me
    await alice.say(GRANT)
    assert alice.may(**MARKETING).answer == shop.may(alice.me, **MARKETING).answer == "permit"


async def test_who_has_moved_keeps_their_files_and_the_chain_after_an_erasure(
    street: Street, shop: Vendor, tmp_path: Path
) -> None:
    (tmp_path / "manual").write_text("for everybody")
    manual = await shop.files.add(tmp_path / "manual", media_type="text/plain")
    line = an_offer().lines[0].model_copy(update={"files": [manual]})
    shop.on(intent.Cast)(lambda *_: an_offer().model_copy(update={"lines": [line]}))
    alice = await street.customer().meet(SHOP)
    await alice.standing.open()
    await alice.say(CAST)
    await shop.introduce_key()
    for _ in range(2):
        await alice.sync()
    before = alice.me
    await alice.standing.move()
    assert alice.me != before
    assert (await alice.fetch(manual, tmp_path / "got")).read_text() == "for everybody"
    done = await shop.erase(before)  # as a handler says that has begun before the move
    assert done.erased
    assert done.kept == shop.history(alice.me).speaking
    await alice.say(CAST)
    await alice.sync()
    assert alice.misconduct == []
    again = street.vendor(files=tmp_path / "files")
    assert again.history(alice.me).chain.digests == alice.history.chain.digests
    await alice.erase()
    assert alice.history.chain.digests == again.history(alice.me).chain.digests
    export(tmp_path / "evidence", tmp_path / "alice.db")
    evidence = read_folder(tmp_path / "evidence").evidence
    assert evidence is not None
    found = examine(evidence)
    assert (found.ok, found.counts["erased"] > 0) == (True, True), found.findings
