"""A relationship that never came to anything is forgotten, and goes on when its customer comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import Draft, Vendor, consent, intent, offer, terms, trust
from opencmr.errors import Behind, Unreachable, UsageError
from opencmr.messages.types import Ref
from opencmr.protocol import instant, roster
from opencmr.roles import CustomerRelationship
from opencmr.roles.vendor.forgetting import AT_ONCE, forget_all
from opencmr.store import Peer, Store
from parties import (
    CAST,
    GRANT,
    MARKETING,
    REQUEST,
    SHOP,
    Hand,
    Street,
    an_offer,
    assert_equal_histories,
    read,
    types_of,
)

PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
OTHER_TERMS = terms.Proffer(choices=[roster.ref("SD-BASE-A")])
MONTH = timedelta(days=30, seconds=1)


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    return street.stranger()


async def forget(shop: Vendor) -> int:
    """All that is due; tells how many were looked at."""
    assert shop._forgetting is not None
    count = 0
    while some := await shop._forgetting.step():
        count += some
    return count


def row(street: Street, did: str) -> Peer:
    with Store(street.place("shop.example"), read_only=True) as store:
        peer = store.read(lambda rows: rows.peer(SHOP, did))
    assert peer is not None
    return peer


def is_forgotten(street: Street, did: str) -> bool:
    with Store(street.place("shop.example"), read_only=True) as store:
        peer = row(street, did)
        return not store.read(lambda rows: rows.everything(peer.number)) and peer.size == 0 and peer.forgotten > 0


# What is forgotten, and when


@pytest.mark.requirement("SEQ-36")
async def test_what_came_to_nothing_is_forgotten_after_the_days_that_discovery_states(
    street: Street, shop: Vendor, she: Hand
) -> None:
    answers = await shop.receive(she.write(OTHER_TERMS))
    assert types_of(answers) == ["receipt", "terms.decline"]
    assert row(street, she.did).size > sum(map(len, answers))
    street.clock.move(timedelta(days=shop.discovery()["forgetsAfterDays"]))
    assert (await forget(shop), is_forgotten(street, she.did)) == (0, False)
    street.clock.move(timedelta(seconds=1))
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, True)
    kept = row(street, she.did)
    assert (kept.forgotten, kept.last) == (2, trust.digest(answers[-1]))
    assert await forget(shop) == 0
    assert not shop.may(she.did, **MARKETING)


@pytest.mark.requirement("SEQ-36")
@pytest.mark.parametrize("what", ["an agreement", "a grant", "a no before its thread", "a no", "an order", "a dispute",
                                  "a no that was heard elsewhere",
                                  "an unasked grant that was refused, and a no"])  # fmt: skip
async def test_what_came_to_something_is_kept(street: Street, shop: Vendor, she: Hand, what: str) -> None:
    shop.on(intent.Cast)(lambda *_: an_offer())

    async def cast() -> tuple[bytes, bytes]:
        wish = she.write(CAST)
        return wish, (await shop.receive(wish))[-1]

    match what:
        case "an agreement":
            await shop.receive(she.write(PROFFER))
        case "a grant":
            await shop.receive(she.write(GRANT))
        case "a no before its thread":
            await shop.receive(she.write(consent.Withdraw(), read(she.write(GRANT))["id"]))
        case "a no":
            wish, offered = await cast()
            await shop.receive(she.write(intent.Withdraw(), read(wish)["id"], trust.digest(offered)))
        case "an order":
            wish, offered = await cast()
            accept = offer.Accept(
                offer=Ref(id=read(offered)["id"], digest=trust.digest(offered)), total=an_offer().total
            )
            await shop.receive(she.write(accept, read(wish)["id"], trust.digest(offered)))
        case "a dispute":
            _, offered = await cast()
            early = instant(street.clock() - timedelta(hours=1))
            await shop.receive(she.write(CAST, seen=trust.digest(offered), created=early))
        case "a no that was heard elsewhere":
            await cast()
            asked = await shop.say(she.did, REQUEST)
            heard = consent.Heard(where="telephone", when=instant(street.clock()))
            await shop.say(she.did, consent.Withdraw(heard=heard), asked)
            assert shop.may(she.did, **MARKETING).reason == "refused"
        case _:
            refused = she.write(consent.Grant(**{**dict(GRANT), "statement": None}))
            await shop.receive(refused)
            await shop.receive(she.write(consent.Withdraw(), read(refused)["id"]))
    street.clock.move(10 * MONTH)
    assert (row(street, she.did).kept, await forget(shop)) == (True, 0)
    assert row(street, she.did).position > 0


@pytest.mark.requirement("SEQ-36")
async def test_an_offer_that_is_firm_is_kept_until_it_is_no_more(street: Street, shop: Vendor, she: Hand) -> None:
    firm_for = timedelta(days=90)
    shop.on(intent.Cast)(lambda *_: Draft(an_offer(), firm_for))
    await shop.receive(she.write(CAST))
    street.clock.move(MONTH)
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, False), "it was put off"
    street.clock.move(firm_for)
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, True)


@pytest.mark.requirement("SEQ-36")
async def test_how_long_a_customer_says_that_a_wish_stands_fills_no_store(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(she.write(intent.Cast(**{**dict(CAST), "until": "2099-01-01T00:00:00.000Z"})))
    street.clock.move(MONTH)
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, True)


@pytest.mark.requirement("SEQ-37")
async def test_a_process_that_remembers_what_another_has_forgotten_goes_on(
    street: Street, shop: Vendor, she: Hand
) -> None:
    other = street.vendor(accepts=["SD-BASE"])
    await other.receive(she.write(CAST))
    assert other.history(she.did).threads
    street.clock.move(MONTH)
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, True)
    assert not other.history(she.did).threads
    with pytest.raises(Behind):
        await other.receive(she.write(CAST))
    with pytest.raises(Behind):  # and it is stored all the same
        await shop.receive(she.write(consent.Withdraw(), read(she.write(GRANT))["id"]))
    assert other.history(she.did).unplaced == shop.history(she.did).unplaced != {}


async def test_each_word_begins_the_days_anew(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(raw := she.write(CAST))
    street.clock.move(timedelta(days=29))
    await shop.say(she.did, an_offer(), read(raw)["id"])
    street.clock.move(timedelta(days=29))
    assert await forget(shop) == 0


async def test_a_shop_that_forgets_nothing_says_so(street: Street) -> None:
    shop = street.vendor(kept_for=None)
    assert "forgetsAfterDays" not in shop.discovery()
    assert shop._forgetting is None


@pytest.mark.parametrize(
    "span",
    [timedelta(), timedelta(hours=30), timedelta(days=-1), timedelta(days=36_501), timedelta(days=999_999), 30, "x"],
)
def test_days_are_whole_and_no_more_than_dates_can_tell(street: Street, span: Any) -> None:
    with pytest.raises(UsageError, match="whole days"):
        street.vendor(kept_for=span)


# Who comes back


async def a_wallet(street: Street, shop: Vendor) -> CustomerRelationship:
    """A wallet whose wish was answered, and forgotten."""
    relationship = await street.customer().meet(SHOP)
    await relationship.say(CAST)
    return relationship


@pytest.mark.requirement("SEQ-37")
@pytest.mark.parametrize("collected", [True, False])
async def test_who_comes_back_goes_on_from_where_they_are(street: Street, shop: Vendor, collected: bool) -> None:
    relationship = await a_wallet(street, shop)
    (thread,) = relationship.history.threads
    await shop.say(relationship.me, an_offer(), thread)  # waits in the mailbox
    if collected:
        await relationship.sync()
    number = relationship.history.chain.next
    street.clock.move(MONTH)
    assert (await forget(shop), is_forgotten(street, relationship.me)) == (1, True)
    consented = await relationship.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until="2027-06-01T00:00:00.000Z"
    )
    assert shop.may(relationship.me, **MARKETING)
    assert relationship.history.chain.next == number + 1
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    again = row(street, relationship.me)
    assert (again.forgotten, again.last, again.kept) == (0, None, True)
    assert not [each for each in relationship.noticed if each.code != "disputed"]
    await consented.withdraw()
    assert not shop.may(relationship.me, **MARKETING)


@pytest.mark.requirement("SEQ-37")
async def test_a_wallet_that_never_heard_an_answer_begins_anew(street: Street, shop: Vendor) -> None:
    relationship = await street.customer().meet(SHOP)
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await relationship.say(CAST)
    assert relationship.waiting == 1
    street.clock.move(MONTH)
    assert await forget(shop) == 1
    await relationship.sync()
    assert relationship.waiting == 0
    assert_equal_histories(relationship.history, shop.history(relationship.me))


@pytest.mark.requirement("SEQ-37")
async def test_bytes_that_somebody_has_copied_are_not_applied_again(street: Street, shop: Vendor, she: Hand) -> None:
    ran: list[str] = []
    shop.on(intent.Cast)(lambda message, _: ran.append(message.id))
    late = instant(street.clock() + timedelta(days=400))
    await shop.receive(raw := she.write(CAST, expires=late))
    street.clock.move(MONTH)
    await forget(shop)
    with pytest.raises(Behind):
        await shop.receive(raw)
    assert (len(ran), is_forgotten(street, she.did)) == (1, True)


@pytest.mark.requirement("SEQ-37")
async def test_nothing_is_said_to_somebody_forgotten_before_they_collect(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(she.write(CAST))
    street.clock.move(MONTH)
    await forget(shop)
    with pytest.raises(Behind, match="before the customer has collected"):
        await shop.say(she.did, REQUEST)


@pytest.mark.requirement("SEQ-37", "SEQ-31")
async def test_a_no_of_somebody_forgotten_is_kept_at_once(street: Street, shop: Vendor) -> None:
    relationship = await a_wallet(street, shop)
    street.clock.move(MONTH)
    await forget(shop)
    (thread,) = relationship.history.threads
    await relationship.say(intent.Withdraw(), thread)
    await relationship.sync()
    assert_equal_histories(relationship.history, shop.history(relationship.me))
    assert shop.history(relationship.me).threads[thread].state == "withdrawn"


@pytest.mark.requirement("SEQ-36")
async def test_who_was_handed_back_what_they_know_is_forgotten_again(street: Street, shop: Vendor) -> None:
    relationship = await a_wallet(street, shop)
    for _ in range(2):
        street.clock.move(MONTH)
        assert (await forget(shop), is_forgotten(street, relationship.me)) == (1, True)
        await relationship.say(CAST)
        assert row(street, relationship.me).size > 0
    assert_equal_histories(relationship.history, shop.history(relationship.me))


# How


async def test_two_processes_forget_each_of_them_once(street: Street, shop: Vendor) -> None:
    other = street.vendor(accepts=["SD-BASE"])
    hands = [street.stranger() for _ in range(AT_ONCE + 5)]
    for hand in hands:
        await shop.receive(hand.write(CAST))
    street.clock.move(MONTH)
    await asyncio.gather(forget(shop), forget(other))
    assert all(is_forgotten(street, hand.did) for hand in hands)
    assert {row(street, hand.did).forgotten for hand in hands} == {1}


async def test_what_is_said_while_it_is_looked_at_keeps_it(
    street: Street, shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.receive(she.write(CAST))
    street.clock.move(MONTH)
    forgetting = shop._forgetting
    assert forgetting is not None
    write = forgetting._write

    def meanwhile(rows: Any, *more: Any) -> None:
        rows.change_peer(more[0].number, idle="2099")  # as another process has just committed it
        write(rows, *more)

    monkeypatch.setattr(forgetting, "_write", meanwhile)
    await forgetting.step()
    assert row(street, she.did).position > 0


async def test_what_is_cut_off_half_way_has_forgotten_nothing_of_that_one(
    street: Street, shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.receive(she.write(CAST))
    before = row(street, she.did)
    street.clock.move(MONTH)

    def fails(*_: Any) -> None:
        raise RuntimeError("cut off")

    monkeypatch.setattr(shop._histories, "publish", fails)
    with pytest.raises(RuntimeError):
        await forget(shop)
    assert row(street, she.did) == before
    assert shop.history(she.did).threads
    monkeypatch.undo()
    assert (await forget(shop), is_forgotten(street, she.did)) == (1, True)


async def test_a_dry_run_changes_nothing(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(CAST))
    street.clock.move(MONTH)
    assert shop._forgetting is not None
    assert await shop._forgetting.through(dry_run=True) == 1
    assert not is_forgotten(street, she.did)


async def test_all_that_is_due_is_forgotten_by_hand(street: Street, shop: Vendor) -> None:
    hands = [street.stranger() for _ in range(AT_ONCE + 5)]
    for hand in hands:
        await shop.receive(hand.write(CAST))
    await shop.receive(hands[0].write(GRANT))
    street.clock.move(MONTH)
    with Store(street.place("shop.example")) as store:
        args = store, timedelta(days=30), lambda: instant(street.clock())
        assert await forget_all(*args, dry_run=True) == AT_ONCE + 4
        assert await forget_all(*args, dry_run=False) == AT_ONCE + 4
        assert await forget_all(*args, dry_run=False) == 0
    assert [is_forgotten(street, hand.did) for hand in hands] == [False, *[True] * (AT_ONCE + 4)]
