"""What waits at a vendor for whom, and the receipts that a collect brings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from at_the_shop import a_function, collected, stored
from opencmr import Vendor, intent, trust
from opencmr.errors import (
    Behind,
    OverQuota,
    Problem,
    Replayed,
    StaleRequest,
    WrongKey,
)
from opencmr.messages import core
from opencmr.roles.vendor import unknown_senders as strangers
from opencmr.store import Store, tables
from opencmr.testing import StandingClock
from parties import (
    CAST,
    OTHER,
    Hand,
    Street,
    an_offer,
    read,
    types_of,
)


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    """A street whose shops keep their stores in SQLite and in PostgreSQL in turn."""
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    """A customer who signs by hand."""
    return street.stranger()


@pytest.mark.requirement("TRN-7")
async def test_a_mailbox_is_read_page_by_page_and_keeps_what_no_cursor_has_acknowledged(
    shop: Vendor, she: Hand
) -> None:
    sent = [answer for _ in range(5) for answer in await shop.receive(she.write(CAST))]
    first, cursor = await collected(shop, she, limit=2)
    again, _ = await collected(shop, she, limit=2)
    assert first == again == sent[:2]
    second, end = await collected(shop, she, limit=2, seen=cursor)
    third, end = await collected(shop, she, limit=100, seen=end)
    assert first + second + third == sent
    assert await collected(shop, she, seen=end) == ([], end)


@pytest.mark.requirement("COR-9")
async def test_a_collect_is_answered_once(shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(CAST))
    raw = she.write(core.Collect())
    await shop.collect(raw)
    with pytest.raises(Replayed):
        await shop.collect(raw)


@pytest.mark.requirement("COR-8")
@pytest.mark.parametrize(("seconds", "stale"), [(-120, False), (-121, True), (120, False), (121, True)])
async def test_a_collect_is_good_for_two_minutes(
    shop: Vendor, she: Hand, clock: StandingClock, seconds: int, stale: bool
) -> None:
    raw = she.write(core.Collect())
    clock.move(seconds)
    if stale:
        with pytest.raises(StaleRequest):
            await shop.collect(raw)
    else:
        await shop.collect(raw)


@pytest.mark.requirement("COR-10")
async def test_a_collect_opens_no_mailbox_but_its_senders(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(CAST))
    thief = street.stranger()
    assert await collected(shop, thief) == ([], None)
    with pytest.raises(WrongKey):
        await shop.collect(thief.write(core.Collect(), **{"from": she.did}))
    with pytest.raises(Problem) as caught:
        await shop.collect(she.write(CAST))
    assert caught.value.code == "unsupported-type"


@pytest.mark.requirement("ENV-3")
async def test_a_collect_has_no_thread_but_itself(shop: Vendor, she: Hand) -> None:
    with pytest.raises(Problem) as caught:
        await shop.collect(she.write(core.Collect(), "urn:uuid:00000000-0000-4000-8000-000000000000"))
    assert (caught.value.code, caught.value.pointer) == ("malformed", "/thread")


@pytest.mark.requirement("SEQ-6")
async def test_who_has_seen_what_is_not_held_here_is_told_which_words_are(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    words = await shop.receive(cast := she.write(CAST))
    unknown = trust.digest(b"a word that was lost")
    for asking in (
        shop.collect(she.write(core.Collect(), seen=unknown)),
        shop.receive(she.write(intent.Amend(**dict(CAST)), read(cast)["id"], seen=unknown)),
    ):
        with pytest.raises(Behind) as caught:
            await asking
        assert (caught.value.retry, caught.value.expected) == (True, [trust.digest(raw) for raw in reversed(words)])


async def somebody_waits(shop: Vendor) -> None:
    while not shop._mailbox.waking.count:  # noqa: ASYNC110  # nothing tells when somebody begins to wait
        await asyncio.sleep(0)


async def test_who_waits_at_the_mailbox_is_told_as_soon_as_something_comes(shop: Vendor, she: Hand) -> None:
    await shop.receive(raw := she.write(CAST))
    _, cursor = await collected(shop, she)
    waiting = asyncio.create_task(collected(shop, she, seen=cursor, wait=30))
    await somebody_waits(shop)
    assert not waiting.done()
    await shop.say(she.did, an_offer(), read(raw)["id"])
    async with asyncio.timeout(0.9):  # less than the second after which it would have looked by itself
        found, _ = await waiting
    assert types_of(found) == ["offer.make"]


async def test_who_waits_at_one_process_is_told_of_what_another_says(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    await one.receive(raw := she.write(CAST))
    _, cursor = await collected(one, she)
    waiting = asyncio.create_task(collected(one, she, seen=cursor, wait=30))
    await somebody_waits(one)
    await two.say(she.did, an_offer(), read(raw)["id"])
    async with asyncio.timeout(20):
        found, _ = await waiting
    assert types_of(found) == ["offer.make"]


async def test_who_waits_at_the_mailbox_is_let_go_when_the_shop_closes(shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(CAST))
    _, cursor = await collected(shop, she)
    waiting = asyncio.create_task(collected(shop, she, seen=cursor, wait=30))
    await somebody_waits(shop)
    await shop.close()
    async with asyncio.timeout(5):
        assert await waiting == ([], cursor)


async def test_who_does_not_wait_is_answered_at_once(shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(CAST))
    _, cursor = await collected(shop, she)
    async with asyncio.timeout(0.9):
        assert await collected(shop, she, seen=cursor) == ([], cursor)


async def test_a_stranger_is_answered_at_once_for_nothing_can_come(shop: Vendor, she: Hand) -> None:
    async with asyncio.timeout(0.9):
        assert await collected(shop, she, wait=30) == ([], None)


@pytest.mark.requirement("COR-9")
async def test_a_collect_of_a_stranger_does_not_open_the_mailbox_that_comes_later(shop: Vendor, she: Hand) -> None:
    await shop.collect(raw := she.write(core.Collect()))
    for _ in range(2):
        with pytest.raises(Replayed):
            await shop.collect(raw)
        await shop.receive(she.write(CAST))


@pytest.mark.requirement("COR-9")
async def test_a_collect_of_a_stranger_is_used_for_all_processes_on_the_store(street: Street, she: Hand) -> None:
    one, two = street.vendor(accepts=["SD-BASE"]), street.vendor(accepts=["SD-BASE"])
    await one.collect(raw := she.write(core.Collect()))
    for _ in range(2):
        with pytest.raises(Replayed):
            await two.collect(raw)
        await two.receive(she.write(CAST))
    assert (await collected(two, she))[0], "a fresh one opens it"


async def test_what_strangers_used_is_forgotten_when_its_date_has_passed(
    street: Street, shop: Vendor, clock: StandingClock
) -> None:
    for _ in range(3):
        await collected(shop, street.stranger())
        clock.move(241)
    await collected(shop, late := street.stranger())
    with Store(street.place("shop.example"), read_only=True) as store:
        query = select(tables.strangers.c.sender)
        assert store.read(lambda rows: rows._batch.connection.execute(query).scalars().all()) == [late.did]


async def test_strangers_fill_no_memory(
    street: Street, shop: Vendor, she: Hand, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST", 2)
    await shop.receive(she.write(CAST))
    for _ in range(2):
        assert await collected(shop, street.stranger()) == ([], None)
    with pytest.raises(OverQuota):
        await collected(shop, street.stranger())
    assert (await collected(shop, she))[0], "who is known is no stranger"
    clock.move(121)
    assert await collected(shop, street.stranger()) == ([], None)


# The customer's receipts


async def kept_receipts(street: Street, shop: Vendor, she: Hand, *receipts: bytes) -> list[bytes]:
    """Those of them that the vendor keeps."""
    await shop.collect(she.write({"receipts": [read(raw) for raw in receipts]}, type="mailbox.collect"))
    return [kept.raw for kept in stored(street) if kept.type == "receipt" and kept.side == "customer"]


@pytest.fixture
async def made(shop: Vendor, she: Hand) -> list[bytes]:
    """A cast, its receipt, and an offer."""
    shop.on(intent.Cast)(a_function)
    raw = she.write(CAST)
    return [raw, *await shop.receive(raw)]


@pytest.mark.requirement("COR-1", "ENV-13")
async def test_a_customers_receipt_is_kept_once(street: Street, shop: Vendor, she: Hand, made: list[bytes]) -> None:
    good = she.receipt(made[2], body={"state": "open"})
    assert await kept_receipts(street, shop, she, good) == [good]
    assert await kept_receipts(street, shop, she, good, she.receipt(made[2], body={"state": "open"})) == [good]


@pytest.mark.requirement("COR-7")
async def test_a_customers_receipt_that_proves_nothing_is_passed_over_and_does_not_spoil_the_others(
    street: Street, shop: Vendor, she: Hand, made: list[bytes]
) -> None:
    other = street.stranger()
    good = she.receipt(made[2], body={"state": "open"})
    forged = read(she.receipt(made[2], body={"state": "open"}))
    bad = [
        trust.canonicalize({**forged, "created": "2026-07-01T11:00:00.000Z"}),  # changed after it was signed
        other.receipt(made[2], body={"state": "open"}),  # somebody else's word
        she.receipt(made[0], body={"state": "open"}),  # for a message of her own
        she.receipt(made[1], body={"state": "open"}),  # for a receipt
        she.receipt(made[2], body={"state": "open"}, to=OTHER),  # for somebody else
        she.write({**forged["body"]}, "urn:uuid:00000000-0000-4000-8000-000000000000", type="receipt"),
        she.receipt(other.write(CAST), body={"state": "open"}),  # for nothing that was said here
    ]
    assert await kept_receipts(street, shop, she, *bad, good, *bad) == [good]


async def test_a_receipt_sent_as_a_message_is_not_taken(
    street: Street, shop: Vendor, she: Hand, made: list[bytes]
) -> None:
    receipt = she.receipt(made[2], body={"state": "open"})
    for _ in range(2):
        with pytest.raises(Problem) as caught:
            await shop.receive(receipt)
        assert caught.value.code == "unsupported-type"
        assert await kept_receipts(street, shop, she, receipt) == [receipt]
