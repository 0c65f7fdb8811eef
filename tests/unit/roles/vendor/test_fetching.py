"""Who may fetch a file: whom a word of the vendor's names it to, by a signed fetch; a digest alone opens nothing."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import Vendor, intent, offer, trust
from opencmr.errors import Malformed, NotFound, OverQuota, Problem, Replayed, StaleRequest, UnsupportedType, UsageError
from opencmr.messages import core
from opencmr.messages.types import File, Want
from opencmr.protocol import instant, roster
from opencmr.testing import StandingClock
from opencmr.transport import Limits, Outgoing
from parties import CAST, Hand, Street, an_offer

CONTENT = b"All that we hold about you.\n" * 20_000


def with_files(*files: File) -> offer.Make:
    """An offer whose line names files."""
    made = an_offer()
    return made.model_copy(update={"lines": [made.lines[0].model_copy(update={"files": list(files)})]})


async def read(file: Outgoing) -> bytes:
    """All that is sent."""
    try:
        return b"".join([piece async for piece in file.pieces])
    finally:
        file.close()


@dataclass
class Given:
    """A customer, the file that was named to her, and the word that names it."""

    hand: Hand
    file: File
    of: str

    def asks(self, hand: Hand | None = None, start: int | None = None, **members: Any) -> bytes:
        """A fetch, by her or somebody else."""
        body = core.Fetch(digest=self.file.digest, of=self.of, from_=start)
        return (hand or self.hand).write(body, **{"seen": None, "prior": None, **members})


@pytest.fixture
def shop(street: Street, tmp_path: Path) -> Vendor:
    return street.vendor(accepts=["SD-BASE"], files=tmp_path / "files")


async def given(shop: Vendor, hand: Hand, **more: Any) -> Given:
    async def content() -> Any:
        yield CONTENT

    file = await shop.files.add(content(), media_type="text/plain", name="all.txt", **more)
    shop.on(intent.Cast)(lambda *_: with_files(file))
    answers = await shop.receive(hand.write(CAST))
    return Given(hand, file, trust.digest(answers[1]))


@pytest.fixture
async def alice(street: Street, shop: Vendor) -> Given:
    return await given(shop, street.stranger())


async def refused(shop: Vendor, raw: bytes, kind: type[Problem]) -> Problem:
    with pytest.raises(kind) as refusal:
        await shop.fetch(raw)
    return refusal.value


@pytest.mark.requirement("COR-11")
async def test_whom_a_file_was_named_to_gets_it(shop: Vendor, alice: Given) -> None:
    file = await shop.fetch(alice.asks())
    assert file.size == len(CONTENT)
    assert await read(file) == CONTENT


async def test_what_is_there_already_is_left_out(shop: Vendor, alice: Given) -> None:
    assert await read(await shop.fetch(alice.asks(start=len(CONTENT) - 5))) == CONTENT[-5:]
    assert await read(await shop.fetch(alice.asks(start=len(CONTENT)))) == b""


@pytest.mark.requirement("COR-12")
async def test_a_fetch_from_beyond_the_end_is_malformed(shop: Vendor, alice: Given) -> None:
    assert (await refused(shop, alice.asks(start=len(CONTENT) + 1), Malformed)).pointer == "/body/from"


@pytest.mark.requirement("COR-11")
async def test_who_knows_a_digest_gets_nothing_by_it(street: Street, shop: Vendor, alice: Given) -> None:
    mallory = street.stranger()
    answers = [await refused(shop, alice.asks(mallory), NotFound)]
    theirs = (await shop.receive(mallory.write(CAST)))[0]
    answers.append(await refused(shop, alice.asks(mallory), NotFound))
    answers.append(await refused(shop, Given(mallory, alice.file, trust.digest(theirs)).asks(), NotFound))
    nothing = File(media_type="text/plain", size=1, digest=trust.digest(b"nothing"))
    answers.append(await refused(shop, Given(mallory, nothing, alice.of).asks(), NotFound))
    assert len({str(each) for each in answers}) == 1  # they tell nothing apart


@pytest.mark.requirement("COR-11")
async def test_who_names_a_file_themself_does_not_open_it(street: Street, shop: Vendor, alice: Given) -> None:
    mallory = street.stranger()
    wants = [Want(name="boots", files=[alice.file])]
    shop.on(intent.Cast)(lambda *_: an_offer())
    cast = mallory.write(intent.Cast(wants=wants, terms=[roster.ref("SD-BASE")], standing="ready"))
    mine = trust.digest((await shop.receive(cast))[1])
    for of in (trust.digest(cast), mine):
        await refused(shop, Given(mallory, alice.file, of).asks(), NotFound)


@pytest.mark.requirement("COR-11")
async def test_a_file_past_its_date_is_not_found(street: Street, shop: Vendor, clock: StandingClock) -> None:
    bob = await given(shop, street.stranger(), expires=instant(clock() + timedelta(hours=1)))
    assert await read(await shop.fetch(bob.asks())) == CONTENT
    clock.move(timedelta(hours=1))
    await refused(shop, bob.asks(), NotFound)


async def test_a_file_that_is_here_no_more_is_not_found(shop: Vendor, alice: Given) -> None:
    shop.files.remove(alice.file.digest)
    await refused(shop, alice.asks(), NotFound)


@pytest.mark.requirement("COR-8")
@pytest.mark.parametrize("seconds", [-121, 121])
async def test_a_fetch_dated_off_is_refused(shop: Vendor, alice: Given, clock: StandingClock, seconds: int) -> None:
    raw = alice.asks(created=instant(clock() + timedelta(seconds=seconds)))
    assert (await refused(shop, raw, StaleRequest)).pointer == "/created"


@pytest.mark.requirement("COR-9")
async def test_a_fetch_is_answered_once(shop: Vendor, alice: Given) -> None:
    raw = alice.asks()
    await read(await shop.fetch(raw))
    assert (await refused(shop, raw, Replayed)).pointer == "/id"


async def test_a_fetch_opens_no_mailbox_and_a_collect_no_file(shop: Vendor, alice: Given) -> None:
    with pytest.raises(UnsupportedType):
        await shop.collect(alice.asks())
    await refused(shop, alice.hand.write({}, type="mailbox.collect"), UnsupportedType)
    with pytest.raises(UnsupportedType):
        await shop.receive(alice.asks())


async def test_one_customer_fetches_few_files_at_once(street: Street, tmp_path: Path) -> None:
    shop = street.vendor(files=tmp_path / "files", limits=Limits(fetches_per_key=2))
    alice, bob = [await given(shop, street.stranger()) for _ in range(2)]
    held = [await shop.fetch(alice.asks()) for _ in range(2)]
    assert (await refused(shop, alice.asks(), OverQuota)).retry
    assert await read(await shop.fetch(bob.asks())) == CONTENT
    held[0].close()
    assert await read(await shop.fetch(alice.asks())) == CONTENT
    held[1].close()


async def test_a_vendor_without_files_gives_none(street: Street, alice: Given) -> None:
    shop = street.vendor()
    await refused(shop, alice.asks(), NotFound)
    with pytest.raises(UsageError, match="files="):
        _ = shop.files
