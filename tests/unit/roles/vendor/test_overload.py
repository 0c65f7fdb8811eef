"""A flood takes nothing from who keeps within bounds. Counted, not timed."""

import asyncio
import threading
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from opencmr import Vendor, consent, intent, trust
from opencmr.errors import Malformed, Overloaded, OverQuota, Problem
from opencmr.messages.core import MOST_RECEIPTS
from opencmr.roles.vendor import mailbox
from opencmr.testing import StandingClock
from opencmr.transport import Limits, Rate
from parties import CAST, GRANT, REQUEST, SHOP, Hand, read


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
    flooding, forging, honest = Hand.stranger(clock=clock), Hand.stranger(clock=clock), Hand.stranger(clock=clock)
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
    hand = Hand.stranger(clock=clock)
    unseen = [hand.write(consent.Withdraw(), uuid.uuid4().urn, trust.digest(bytes([n]))) for n in range(110)]
    said = [await _outcome(shop, raw) for raw in unseen]
    assert (said.count("behind"), said.count("over-quota")) == (100, 10)
    assert len(shop.history(hand.did).unplaced) == 100
    await shop.close()


@pytest.mark.requirement("SEQ-8")
async def test_grants_that_are_refused_pass_no_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a refused grant said is denied by a no that it does not know: so it counts among the statements too."""
    monkeypatch.setattr("opencmr.roles.vendor.transaction.MOST_STATEMENTS", 5)
    clock = StandingClock()
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=clock)
    hand, thread = Hand.stranger(clock=clock), uuid.uuid4().urn
    assert await _outcome(shop, hand.write(consent.Withdraw(), thread)) == "moot"
    said = [await _outcome(shop, hand.write(GRANT, thread)) for _ in range(8)]  # none of them knows the withdrawal
    assert set(said) == {"refused", "over-quota"}
    assert shop.history(hand.did).statements <= 5
    assert await _outcome(shop, hand.write(consent.Withdraw(), thread)) == "moot"
    await shop.close()


@pytest.fixture
def checked_in(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """In which threads the mailbox has checked signatures, in their order."""
    threads: list[threading.Thread] = []
    verify = mailbox.verify

    def noted(*args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread())
        return verify(*args, **more)

    monkeypatch.setattr(mailbox, "verify", noted)
    return threads


async def test_08_collect_with_bogus_receipts(tmp_path: Path, checked_in: list[threading.Thread]) -> None:
    """Receipts that a collect brings are few, and cost neither the writer nor the event loop a signature check.

    The script of this name measured time: 90 receipts of nothing in one collect. A collect of more than 20 is malformed
    now, so it measures nothing any more.
    """
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=(clock := StandingClock()))
    hand = Hand.stranger(clock=clock)
    cast = hand.write(CAST)
    (answer,) = await shop.receive(cast)
    request = await shop.say(hand.did, REQUEST)
    said = (await shop.collect(hand.write({}, type="mailbox.collect", seen=trust.digest(answer))))[0][-1]
    assert read(said)["thread"] == request

    def collect(receipts: list[Any]) -> bytes:
        return hand.write({"receipts": receipts}, type="mailbox.collect", seen=trust.digest(answer))

    def bogus() -> dict[str, Any]:
        of = trust.digest(uuid.uuid4().bytes)
        return read(hand.write({"of": of, "outcome": "accepted", "state": "x"}, uuid.uuid4().urn, type="receipt"))

    forged = [{**read(hand.receipt(said, body={"state": "requested"})), "proof": bogus()["proof"]} for _ in range(20)]
    with pytest.raises(Malformed, match="20"):
        await shop.collect(collect([bogus() for _ in range(MOST_RECEIPTS + 1)]))
    checked_in.clear()
    await shop.collect(collect([bogus() for _ in range(MOST_RECEIPTS)]))
    assert len(checked_in) == 1, "the collect's own, and none of what answers nothing"
    checked_in.clear()
    await shop.collect(collect(forged))
    _, *others = checked_in
    assert len(others) == 5, "the rest of what proves nothing is passed over"
    assert not {thread.name for thread in others} & {threading.current_thread().name, "opencmr-store"}
    await shop.close()


def _handed_back(hand: Hand, count: int = 5) -> list[bytes]:
    """Words of a stranger's own, as if they were to be taken back: each has a signature that holds."""
    words = [hand.write(consent.Withdraw(), uuid.uuid4().urn) for _ in range(count)]
    return [hand.write({}, type="mailbox.collect", seen=trust.digest(b"never said")), *words]


async def test_words_that_are_handed_back_are_checked_beside_the_event_loop_a_few_requests_at_once(
    tmp_path: Path, checked_in: list[threading.Thread]
) -> None:
    """Any key may hand back 200 words, which took 130 ms of the loop's time, and as much of everybody's."""
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=(clock := StandingClock()))
    asked = [_handed_back(Hand.stranger(clock=clock)) for _ in range(20)]
    done = await asyncio.gather(*(shop.take_back(words) for words in asked), return_exceptions=True)
    assert [type(one) for one in done] == [type(None)] * 16 + [Overloaded] * 4
    assert len(checked_in) == 20 + 16 * 5
    here = [thread for thread in checked_in if thread is threading.current_thread()]
    assert len(here) == 20, "the collects' own"
    await shop.take_back(asked[-1])  # the same bytes are taken when it is quiet
    one = Hand.stranger(clock=clock)
    done = await asyncio.gather(*(shop.take_back(_handed_back(one)) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in done] == [type(None), OverQuota]
    await shop.close()


async def test_a_word_that_is_handed_back_counts_as_a_message_of_its_sender(tmp_path: Path) -> None:
    clock, limits = StandingClock(), Limits(key=Rate(1e-6, 10))
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=clock, limits=limits)
    hand = Hand.stranger(clock=clock)
    await shop.take_back(_handed_back(hand))
    with pytest.raises(OverQuota):
        await shop.take_back(_handed_back(hand))
    assert await _outcome(shop, hand.write(CAST)) == "accepted"
    # More than can ever be left waits for all that can be.
    await shop.take_back(_handed_back(Hand.stranger(clock=clock), count=30))
    await shop.close()


async def test_11_places_at_work(tmp_path: Path) -> None:
    """Who waits for their own message before it holds no place of others, and a no finds one though all are taken.

    The script of this name reads the head of a thread, which is gone since the chain came; this is the same, counted.
    """
    limits = Limits(loopback=True, at_work=4, at_work_per_key=2)
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=(clock := StandingClock()), limits=limits)
    going, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any) -> None:
        going.set()
        await go_on.wait()

    shop.on(intent.Cast)(slow)
    one, honest = Hand.stranger(clock=clock), Hand.stranger(clock=clock)
    await shop.receive(granted := honest.write(GRANT))
    no = honest.write(consent.Withdraw(), read(granted)["thread"], trust.digest(granted))

    async def post(raw: bytes, address: str) -> httpx.Response:
        there = httpx.ASGITransport(app=shop.asgi(), client=(address, 1))
        async with httpx.AsyncClient(transport=there, base_url="http://shop.example") as http:
            headers = {"Content-Type": "application/opencmr+json"}
            return await http.post("/opencmr/messages", content=raw, headers=headers)

    flood = [asyncio.create_task(post(one.write(CAST), "198.51.100.7")) for _ in range(20)]
    await going.wait()
    assert (await post(no, "203.0.113.9")).json()["messages"][0]["body"]["outcome"] == "accepted"
    assert (await post(honest.write(GRANT, seen=shop.history(honest.did).chain.tip), "203.0.113.9")).status_code == 200
    go_on.set()
    told = [answer.status_code for answer in await asyncio.gather(*flood)]
    assert (told.count(200), told.count(OverQuota.status) + told.count(503)) == (2, 18)
    await shop.close()
