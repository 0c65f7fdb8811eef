"""A vendor's own code: what it replies, what follows, and that its failing harms nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from at_the_shop import (
    a_function,
    collected,
    one_that_returns_a_list,
    one_that_returns_nothing,
    state,
    state_of,
    stored,
)
from opencmr import Draft, Vendor, Want, consent, intent, offer, order, trust
from opencmr.errors import (
    HandlerFailed,
    OverQuota,
    UnsupportedType,
    UsageError,
)
from opencmr.messages import Body, core
from opencmr.protocol.families.intent import Dealing
from parties import (
    CAST,
    GRANT,
    MARKETING,
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


Replies = Callable[[Any, Any], Any]


def a_generator(*_: Any) -> Iterator[offer.Make]:
    yield an_offer("48.00")
    yield an_offer("49.00")


async def a_coroutine(*_: Any) -> offer.Make:
    return an_offer()


async def a_coroutine_that_returns_a_list(*_: Any) -> list[Draft]:
    return [Draft(an_offer("48.00")), Draft(an_offer("49.00"), expires=timedelta(hours=1))]


async def an_async_generator(*_: Any) -> AsyncIterator[offer.Make]:
    yield an_offer("48.00")
    yield an_offer("49.00")


async def a_coroutine_that_returns_nothing(*_: Any) -> None:
    return None


def a_generator_that_yields_nothing(*_: Any) -> Iterator[offer.Make]:
    yield from ()


@pytest.mark.parametrize(
    ("handler", "offers"),
    [
        (a_function, 1),
        (one_that_returns_a_list, 2),
        (a_generator, 2),
        (a_coroutine, 1),
        (a_coroutine_that_returns_a_list, 2),
        (an_async_generator, 2),
        (one_that_returns_nothing, 0),
        (a_coroutine_that_returns_nothing, 0),
        (a_generator_that_yields_nothing, 0),
    ],
)
async def test_a_handler_of_any_kind_replies(shop: Vendor, she: Hand, handler: Replies, offers: int) -> None:
    shop.on(intent.Cast)(handler)
    raw = she.write(CAST)
    answers = await shop.receive(raw)
    assert types_of(answers) == ["receipt"] + ["offer.make"] * offers
    record = shop.history(she.did).threads[read(raw)["id"]].record
    assert isinstance(record, Dealing)
    assert len(record.offers) == offers


async def test_a_handler_is_told_the_message_and_who_said_it(shop: Vendor, she: Hand) -> None:
    heard: list[Any] = []

    @shop.on(intent.Cast)
    def listen(cast: Any, relationship: Any) -> None:
        heard.extend([cast.body, relationship.customer, relationship.records, relationship.may(**MARKETING).answer])

    await shop.receive(she.write(CAST))
    assert heard == [CAST, she.did, {}, "deny"]


def raises(*_: Any) -> None:
    raise RuntimeError("the shop's own code")


def yields_and_then_raises(*_: Any) -> Iterator[offer.Make]:
    yield an_offer()
    raise RuntimeError("the shop's own code")


def says_what_the_state_does_not_allow(*_: Any) -> order.Confirm:
    return order.Confirm(reference="R1", total=an_offer().total)


def says_a_wrong_sum(*_: Any) -> list[offer.Make]:
    return [an_offer(), offer.Make(lines=an_offer().lines, total=an_offer("1.00").total, under=CAST.terms[0])]


def says_what_has_expired(*_: Any) -> Draft:
    return Draft(an_offer(), expires=timedelta(seconds=-1))


def says_a_receipt(message: Any, _: Any) -> core.Receipt:
    return core.Receipt(of=CAST.terms[0].digest or "", outcome="accepted", state="open")


def says_what_is_no_message(*_: Any) -> Any:
    return ["a sentence"]


def returns_a_number(*_: Any) -> Any:
    return 7


@pytest.mark.requirement("RCV-13")
@pytest.mark.parametrize(
    "handler",
    [
        raises,
        yields_and_then_raises,
        says_what_the_state_does_not_allow,
        says_a_wrong_sum,
        says_what_has_expired,
        says_a_receipt,
        says_what_is_no_message,
        returns_a_number,
    ],
)
async def test_a_handler_that_fails_leaves_nothing_behind_and_the_same_bytes_may_come_again(
    street: Street, shop: Vendor, she: Hand, handler: Replies
) -> None:
    shop.on(intent.Cast)(handler)
    raw = she.write(CAST)
    with pytest.raises(HandlerFailed) as caught:
        await shop.receive(raw)
    assert (caught.value.retry, caught.value.fault) == (True, "receiver")
    assert stored(street) == []
    assert shop.history(she.did).threads == {}
    shop.on(intent.Cast)(a_function)
    assert types_of(await shop.receive(raw)) == ["receipt", "offer.make"]


async def test_a_handler_that_takes_too_long_is_given_up_and_the_same_bytes_may_come_again(
    street: Street, she: Hand
) -> None:
    shop, stuck = street.vendor(handler_timeout=0.01), asyncio.Event()

    @shop.on(intent.Cast)
    async def wait(*_: Any) -> None:
        await stuck.wait()

    raw = she.write(CAST)
    with pytest.raises(HandlerFailed):
        await shop.receive(raw)
    assert stored(street) == []
    stuck.set()
    assert types_of(await shop.receive(raw)) == ["receipt"]


async def test_no_word_of_a_customer_gets_into_the_log(
    shop: Vendor, she: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cast = intent.Cast(wants=[Want(name="secret\nCRITICAL forged\x1b[2J")], terms=CAST.terms, standing="ready")

    def quotes(message: Any, _: Any) -> Any:
        raise ValueError(message.body.wants[0].name)

    def sells(message: Any, _: Any) -> Any:
        ext = {message.body.wants[0].name: 1}  # not allowed, and its name stands in the problem
        return Draft(an_offer(), ext=ext)

    for handler in (quotes, sells):
        shop.on(intent.Cast)(handler)
        with pytest.raises(HandlerFailed):
            await shop.receive(she.write(cast))
    shop.after(intent.Cast)(quotes)
    shop.on(intent.Cast)(one_that_returns_nothing)
    await shop.receive(she.write(cast))
    await shop.close()
    events = [vars(record)["event"] for record in caplog.records if record.levelname == "ERROR"]
    assert events == ["handler.failed", "handler.misspoke", "handler.failed"]
    assert "\x1b" not in caplog.text
    for record in caplog.records:
        assert "\n" not in record.getMessage()
    assert "ValueError" in caplog.text
    assert "test_handlers.py" in caplog.text, "the place, for whoever has to mend it"


async def test_a_handler_may_state_a_problem_of_its_own(street: Street, shop: Vendor, she: Hand) -> None:
    @shop.on(intent.Cast)
    def busy(*_: Any) -> None:
        raise OverQuota("come back tomorrow")

    with pytest.raises(OverQuota):
        await shop.receive(she.write(CAST))
    assert stored(street) == []


@pytest.mark.requirement("RCV-14", "SEQ-8")
@pytest.mark.parametrize("handler", [raises, says_what_the_state_does_not_allow])
async def test_a_withdrawal_takes_effect_though_its_handler_fails(shop: Vendor, she: Hand, handler: Replies) -> None:
    shop.on(consent.Withdraw)(handler)
    await shop.receive(grant := she.write(GRANT))
    answers = await shop.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert [state_of(answer) for answer in answers] == [("accepted", "withdrawn")]
    assert shop.may(she.did, **MARKETING).answer == "deny"


@pytest.mark.requirement("RCV-14")
async def test_a_withdrawal_is_answered_before_its_handler_is_done(shop: Vendor, she: Hand) -> None:
    begun, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @shop.on(consent.Withdraw)
    async def forget(*_: Any) -> None:
        begun.set()
        await go.wait()
        done.set()

    await shop.receive(grant := she.write(GRANT))
    answers = await shop.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert state_of(answers[0]) == ("accepted", "withdrawn")
    await begun.wait()
    assert not done.is_set()
    go.set()
    await done.wait()


@pytest.mark.requirement("RCV-14")
async def test_a_withdrawal_waits_for_no_handler_of_another_message(shop: Vendor, she: Hand) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @shop.on(intent.Cast)
    async def think(*_: Any) -> offer.Make:
        begun.set()
        await go.wait()
        return an_offer()

    await shop.receive(grant := she.write(GRANT))
    casting = asyncio.create_task(shop.receive(she.write(CAST)))
    await begun.wait()
    async with asyncio.timeout(5):
        answers = await shop.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert state_of(answers[0]) == ("accepted", "withdrawn")
    go.set()
    assert types_of(await casting) == ["receipt", "offer.make"]


async def test_what_is_replied_to_a_cancellation_waits_in_the_mailbox(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)

    @shop.on(order.Cancel)
    def refund(*_: Any) -> order.Cancel:
        return order.Cancel(reason="asWished", refund=an_offer().total)

    _, made = await shop.receive(cast := she.write(CAST))
    thread = read(cast)["id"]
    accept = offer.Accept(offer={"id": read(made)["id"], "digest": trust.digest(made)}, total=an_offer().total)
    await shop.receive(accepted := she.write(accept, thread, trust.digest(made)))
    _, cursor = await collected(shop, she)
    cancel = she.write(order.Cancel(reason="changedMind"), thread, trust.digest(accepted))
    assert [state_of(answer) for answer in await shop.receive(cancel)] == [("accepted", "cancelled")]
    found, cursor = await collected(shop, she, seen=cursor)
    if types_of(found) == ["receipt"]:  # the handler runs beside: it may not have spoken yet
        found += (await collected(shop, she, seen=cursor, wait=10))[0]
    assert types_of(found) == ["receipt", "order.cancel"]


async def test_what_comes_after_runs_once_though_the_message_comes_ten_times(shop: Vendor, she: Hand) -> None:
    ran: list[str] = []
    done = asyncio.Event()

    @shop.after(intent.Cast)
    async def note(cast: Any, _: Any) -> offer.Make:
        ran.append(cast.id)
        done.set()
        return an_offer()

    raw = she.write(CAST)
    for _ in range(10):
        await shop.receive(raw)
    await done.wait()
    assert len(ran) == 1
    found, cursor = await collected(shop, she)
    found += (await collected(shop, she, seen=cursor, wait=10))[0] if len(found) == 1 else []
    assert types_of(found) == ["receipt", "offer.make"]


async def test_what_fails_afterwards_changes_nothing(shop: Vendor, she: Hand) -> None:
    done = asyncio.Event()

    @shop.after(intent.Cast)
    async def fails(*_: Any) -> None:
        done.set()
        raise RuntimeError("the shop's own code")

    raw = she.write(CAST)
    answers = await shop.receive(raw)
    await done.wait()
    assert await shop.receive(raw) == answers
    assert state(shop, she, raw) == "open"


def test_only_what_a_customer_can_say_has_a_handler(shop: Vendor) -> None:
    class Prefer(Body):
        type = "terms.prefer"

    for type_ in (core.Collect, core.Receipt, Prefer):
        with pytest.raises(UsageError):
            shop.on(type_)


async def test_a_type_of_ones_own_is_not_taken(street: Street, shop: Vendor, she: Hand) -> None:
    with pytest.raises(UnsupportedType) as caught:
        await shop.receive(she.write({"table": "4"}, type="example.inn.table"))
    assert caught.value.expected == sorted({*shop.discovery()["types"]} - {"mailbox.collect", "blob.fetch"})
    assert stored(street) == []


@pytest.mark.requirement("RCV-1")
async def test_a_type_for_another_endpoint_is_refused_before_its_key_is_looked_at(
    street: Street, shop: Vendor, she: Hand
) -> None:
    forged = Hand(she.did, she.to, trust.SigningKey.generate(), she.method, she.clock)
    with pytest.raises(UnsupportedType) as entry:
        await shop.collect(forged.write(CAST))
    assert (entry.value.pointer, entry.value.expected) == ("/type", ["mailbox.collect"])
    for body in (core.Collect(), core.Receipt(of="zQm" + "2" * 44, outcome="moot", state="open")):
        with pytest.raises(UnsupportedType) as other:
            await shop.receive(forged.write(body))
        assert "mailbox.collect" not in other.value.expected
    assert stored(street) == []
