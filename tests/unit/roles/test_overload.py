"""A flood takes nothing from who keeps within bounds. Counted, not timed."""

import asyncio
import uuid
from pathlib import Path

import pytest

from opencmr import Vendor, consent, trust
from opencmr.errors import OverQuota, Problem
from opencmr.testing import StandingClock
from opencmr.transport import Limits, Rate
from parties import GRANT, SHOP, Hand, read


def _hand(clock: StandingClock) -> Hand:
    key = trust.SigningKey.generate()
    return Hand(key.did, SHOP, key, trust.key_url(key.did), clock)


async def _outcome(shop: Vendor, raw: bytes) -> str:
    try:
        answers = await shop.receive(raw)
    except Problem as problem:
        return problem.code
    return str(read(answers[0])["body"]["outcome"])


@pytest.mark.requirement("SEQ-8")
async def test_a_flood_of_one_key_or_of_garbage_starves_nobody_and_can_be_taken_back(tmp_path: Path) -> None:
    clock = StandingClock()
    limits = Limits(key=Rate(1e-6, 10), narrowing=Rate(1e-6, 10))
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, limits=limits, clock=clock)
    flooding, forging, honest = _hand(clock), _hand(clock), _hand(clock)
    stolen = Hand(honest.did, SHOP, forging.key, honest.method, clock)  # claims to be the honest one
    flood = [flooding.write(GRANT) for _ in range(50)]
    garbage = [stolen.write(GRANT) for _ in range(50)] + [b"{}"] * 50
    wanted = [honest.write(GRANT) for _ in range(10)]
    said = await asyncio.gather(*(_outcome(shop, raw) for raw in (*flood, *garbage, *wanted)))
    assert said[:50].count("accepted") == 10
    assert said[:50].count(OverQuota.code) == 40
    assert "accepted" not in said[50:150]
    assert said[150:] == ["accepted"] * 10

    given = flood[said[:50].index("accepted")]
    taken_back = flooding.write(consent.Withdraw(), read(given)["thread"], trust.digest(given))
    assert await _outcome(shop, taken_back) == "accepted"
    await shop.close()


@pytest.mark.requirement("SEQ-9", "SEQ-31")
async def test_no_words_that_are_held_fill_no_store_with_threads(tmp_path: Path) -> None:
    clock = StandingClock()
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=clock)
    hand = _hand(clock)
    unseen = [hand.write(consent.Withdraw(), uuid.uuid4().urn, trust.digest(bytes([n]))) for n in range(110)]
    said = [await _outcome(shop, raw) for raw in unseen]
    assert (said.count("behind"), said.count("over-quota")) == (100, 10)
    assert len(shop.history(hand.did).unplaced) == 100
    await shop.close()


@pytest.mark.requirement("SEQ-8")
async def test_grants_that_are_refused_pass_no_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a refused grant said is denied by a no that it does not know: so it counts among the statements too."""
    monkeypatch.setattr("opencmr.roles.desk.MOST_STATEMENTS", 5)
    clock = StandingClock()
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=clock)
    hand, thread = _hand(clock), uuid.uuid4().urn
    assert await _outcome(shop, hand.write(consent.Withdraw(), thread)) == "moot"
    said = [await _outcome(shop, hand.write(GRANT, thread)) for _ in range(8)]  # none of them knows the withdrawal
    assert set(said) == {"refused", "over-quota"}
    assert shop.history(hand.did).statements <= 5
    assert await _outcome(shop, hand.write(consent.Withdraw(), thread)) == "moot"
    await shop.close()
