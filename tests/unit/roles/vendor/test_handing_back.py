"""A vendor is handed back its own words (`spec/v1/transport.md`): what it takes, and what it does not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import Vendor, consent, trust
from opencmr.errors import Conflict, Malformed, Problem, StaleRequest, UnknownReference, UnsupportedType
from opencmr.messages import core
from opencmr.transport.bundle import MOST_WORDS
from parties import GRANT, MARKETING, SHOP, Hand, Street, read


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


class Story:
    """A grant and its withdrawal, and a vendor that holds the grant alone: it was put back from a copy."""

    def __init__(self, street: Street) -> None:
        self.street, self.she = street, street.stranger()
        self.old = Vendor.open(street.folder / "old.db", did=SHOP, keys=street.folder / "shop.keys", clock=street.clock)
        self.new = Vendor.open(street.folder / "new.db", did=SHOP, keys=street.folder / "shop.keys", clock=street.clock)

    async def tell(self) -> "Story":
        self.grant = self.she.write(GRANT)
        (given,) = await self.old.receive(self.grant)
        self.withdrawal = self.she.write(consent.Withdraw(), read(self.grant)["id"], trust.digest(given))
        (taken,) = await self.old.receive(self.withdrawal)
        self.words = [self.grant, given, self.withdrawal, taken]
        return self

    def collect(self, seen: bytes | None = None, hand: Hand | None = None) -> bytes:
        return (hand or self.she).write(core.Collect(), seen=trust.digest(seen or self.words[-1]))

    async def close(self) -> None:
        await self.old.close()
        await self.new.close()


@pytest.fixture
async def story(street: Street) -> AsyncIterator[Story]:
    story = await Story(street).tell()
    yield story
    await story.close()


@pytest.mark.requirement("TRN-20", "SEQ-32")
async def test_a_vendor_takes_its_own_words_back_and_holds_what_it_held(story: Story) -> None:
    await story.new.take_back([story.collect(), *story.words])
    assert story.new.history(story.she.did).threads == story.old.history(story.she.did).threads
    assert not story.new.may(story.she.did, **MARKETING)
    assert await story.new.collect(story.collect()) == ([], False)


@pytest.mark.requirement("TRN-20")
@pytest.mark.parametrize("count", [0, MOST_WORDS + 1])
async def test_no_words_and_too_many_are_refused(story: Story, count: int) -> None:
    with pytest.raises(Malformed) as refused:
        await story.new.take_back([story.collect()] * count)
    assert (refused.value.pointer, refused.value.rule) == ("/messages", "TRN-20")


@pytest.mark.requirement("TRN-21")
@pytest.mark.parametrize("how", ["no collect", "an old collect", "a gap", "without what it answers", "another's word",
                                 "a word that the vendor never said", "another customer's collect"])  # fmt: skip
async def test_what_is_not_its_own_or_does_not_go_on_is_not_taken(story: Story, street: Street, how: str) -> None:
    stranger = street.stranger()
    forged = Hand(SHOP, story.she.did, stranger.key, trust.key_url(SHOP), street.clock)
    theirs = stranger.write(GRANT)
    bodies = {
        "no collect": story.words,
        "an old collect": [story.collect(), *story.words],
        "a gap": [story.collect(), *story.words[2:]],
        "without what it answers": [story.collect(), story.words[1]],
        "another's word": [story.collect(), theirs, story.words[1]],
        "a word that the vendor never said": [
            story.collect(),
            story.grant,
            forged.receipt(story.grant, body={"state": "given"}),
        ],
        "another customer's collect": [story.collect(hand=stranger), *story.words],
    }
    kind = {"no collect": UnsupportedType, "an old collect": StaleRequest, "a gap": Conflict,
            "without what it answers": Conflict, "another's word": UnknownReference}.get(how, Problem)  # fmt: skip
    if how == "an old collect":
        street.clock.move(121)
    with pytest.raises(kind):
        await story.new.take_back(bodies[how])
    assert story.new.history(story.she.did).chain.digests == []
    assert story.new.relationships() == []


@pytest.mark.requirement("TRN-22")
async def test_who_holds_what_was_seen_changes_nothing_whatever_is_handed_back(story: Story, street: Street) -> None:
    """Old words that somebody has copied, from an evidence folder say, do no harm."""
    before = story.old.history(story.she.did)
    hand = Hand(
        SHOP,
        story.she.did,
        street.key(street.folder / "shop.keys", trust.key_url(SHOP)),
        trust.key_url(SHOP),
        street.clock,
    )
    other = hand.receipt(story.grant, body={"state": "given"}, number=1)
    await story.old.take_back([story.collect(), story.grant, other])
    assert story.old.history(story.she.did).chain.digests == before.chain.digests
    assert not story.old.may(story.she.did, **MARKETING)


@pytest.mark.requirement("SEQ-31", "SEQ-6")
async def test_a_no_that_has_seen_lost_words_denies_at_once_and_gets_its_receipt_later(story: Story) -> None:
    await story.new.take_back([story.collect(story.words[1]), *story.words[:2]])
    await story.new.collect(story.collect(story.words[1]))
    assert story.new.may(story.she.did, **MARKETING)
    no = story.she.write(consent.Withdraw(), read(story.grant)["id"], trust.digest(story.words[-1]))
    for _ in range(2):
        with pytest.raises(Problem) as behind:
            await story.new.receive(no)
        assert (behind.value.code, behind.value.retry) == ("behind", True)
        assert not story.new.may(story.she.did, **MARKETING), "at once"
    await story.new.take_back([story.collect(), *story.words])
    await story.new.collect(story.collect())
    (receipt,) = await story.new.receive(no)
    assert read(receipt)["body"]["of"] == trust.digest(no)
    assert read(receipt)["number"] == 3


@pytest.mark.requirement("SEQ-32", "TRN-22")
async def test_words_of_a_branch_that_was_given_up_send_nobody_to_and_fro(story: Story) -> None:
    she, words = story.she, story.words
    await story.new.take_back([story.collect(), *words[:2]])
    await story.new.collect(story.collect(words[1]))
    other = she.write(GRANT, after=trust.digest(words[1]))
    (mine,) = await story.new.receive(other)  # number 2, as the withdrawal's receipt is
    await story.new.take_back([story.collect(), *words[2:]])
    await story.new.collect(story.collect())
    chain = story.new.history(she.did).chain.digests
    with pytest.raises(Conflict):
        await story.new.take_back([she.write(core.Collect(), seen=trust.digest(b"made up")), other, mine])
    assert story.new.history(she.did).chain.digests == chain


@pytest.mark.requirement("TRN-21")
async def test_a_receipt_that_answers_nothing_is_not_kept_with_what_is_handed_back(story: Story) -> None:
    bad = story.she.write(
        {"of": trust.digest(story.words[1]), "outcome": "accepted", "state": "given"},
        read(story.grant)["thread"], type="receipt",
    )  # fmt: skip
    await story.new.take_back([story.collect(), *story.words, bad])
    peer = story.new._store.read(lambda rows: rows.peer(SHOP, story.she.did))
    assert peer is not None
    assert len(story.new._store.read(lambda rows: rows.everything(peer.number))) == len(story.words)
