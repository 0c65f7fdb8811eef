"""The vendor: what it receives, what its handlers say, what it keeps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opencmr import Draft, Vendor, Want, consent, intent, offer, order, terms, trust
from opencmr.errors import (
    Behind,
    Conflict,
    HandlerFailed,
    Overloaded,
    OverQuota,
    Problem,
    Replayed,
    StaleCollect,
    StoreError,
    UnknownThread,
    UnsupportedType,
    UsageError,
    WrongKey,
)
from opencmr.messages import Body, core
from opencmr.protocol import roster
from opencmr.protocol.families.intent import Dealing
from opencmr.roles.vendor import unknown_senders as strangers
from opencmr.roles.vendor.transaction import EARLY_THREADS
from opencmr.store import Kept, Rows, Store, tables
from opencmr.testing import StandingClock
from parties import (
    CAST,
    GRANT,
    MARKETING,
    NEW_YEAR,
    OTHER,
    REQUEST,
    SHOP,
    Hand,
    Street,
    an_offer,
    code_of,
    read,
    types_of,
)


def proffer(*codes: str) -> terms.Proffer:
    return terms.Proffer(choices=[roster.ref(code) for code in codes])


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


def stored(street: Street, me: str = SHOP, name: str = "shop.example") -> list[Kept]:
    """All that a vendor's file holds, as somebody else reads it."""
    with Store(street.place(name), read_only=True) as store:
        return store.read(lambda rows: [kept for peer in rows.peers() for kept in rows.everything(peer.number)])


def state_of(receipt: bytes) -> tuple[str, str | None]:
    body = read(receipt)["body"]
    return body["outcome"], body.get("state")


def state(vendor: Vendor, she: Hand, raw: bytes) -> str:
    return vendor.history(she.did).threads[read(raw)["thread"]].state


async def collected(
    vendor: Vendor, she: Hand, *, seen: str | None = None, **body: Any
) -> tuple[list[bytes], str | None]:
    """What the vendor has said since, and what the customer has seen then."""
    found, _ = await vendor.collect(she.write(core.Collect(**body), seen=seen))
    theirs = [raw for raw in found if read(raw)["from"] == vendor.did]
    return theirs, trust.digest(theirs[-1]) if theirs else seen


# Proffers


async def test_a_proffer_is_accepted_by_the_first_choice_that_is_accepted_here(street: Street, she: Hand) -> None:
    shop = street.vendor(accepts=["SD-BASE-A", "SD-BASE"])
    receipt, reply = await shop.receive(she.write(proffer("SD-BASE-DP", "SD-BASE", "SD-BASE-A")))
    assert state_of(receipt) == ("accepted", "proffered")
    assert (read(reply)["type"], read(reply)["body"]["terms"]["id"]) == ("terms.accept", "SD-BASE")
    (thread,) = shop.history(she.did).threads.values()
    assert thread.state == "active"


async def test_a_proffer_of_other_terms_is_countered_once(street: Street, she: Hand) -> None:
    shop = street.vendor(accepts=["SD-BASE"], counter="SD-BASE-A")
    _, reply = await shop.receive(raw := she.write(proffer("SD-BASE-DP")))
    assert (read(reply)["type"], read(reply)["body"]["terms"]["id"]) == ("terms.counter", "SD-BASE-A")
    accept = she.write(terms.Accept(terms=roster.ref("SD-BASE-A")), read(raw)["id"], trust.digest(reply))
    answers = await shop.receive(accept)
    assert [state_of(answer) for answer in answers] == [("accepted", "active")]


async def test_a_proffer_of_other_terms_is_declined_where_there_is_no_counter(shop: Vendor, she: Hand) -> None:
    _, reply = await shop.receive(raw := she.write(proffer("SD-BASE-DP")))
    assert read(reply)["type"] == "terms.decline"
    assert state(shop, she, raw) == "declined"


async def test_what_is_accepted_can_be_changed_while_it_runs(shop: Vendor, she: Hand) -> None:
    shop.accept("SD-BASE-DP", counter="SD-BASE-A")
    replies: list[bytes] = []
    for code in ("SD-BASE-DP", "SD-BASE"):
        seen = trust.digest(replies[-1]) if replies else None
        replies.append((await shop.receive(she.write(proffer(code), seen=seen)))[1])
    assert types_of(replies) == ["terms.accept", "terms.counter"]
    assert [each["id"] for each in shop.discovery()["terms"]] == ["SD-BASE-DP"]
    with pytest.raises(UsageError):
        shop.accept("NO-SUCH-TERMS")


@pytest.mark.parametrize("more", [{"accepts": ["NO-SUCH"]}, {"counter": "NO-SUCH"}, {"did": "did:key:z6Mk"}])
def test_a_vendor_that_cannot_be_is_not_opened(street: Street, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        street.vendor(**more)
    assert list(street.folder.iterdir()) == []


def test_the_key_file_of_another_vendor_is_not_taken(street: Street, shop: Vendor) -> None:
    with pytest.raises(UsageError):
        street.vendor(OTHER, keys=street.folder / "shop.example.keys")


# Handlers

Replies = Callable[[Any, Any], Any]


def a_function(*_: Any) -> offer.Make:
    return an_offer()


def one_that_returns_a_list(*_: Any) -> list[offer.Make]:
    return [an_offer("48.00"), an_offer("49.00")]


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


def one_that_returns_nothing(*_: Any) -> None:
    return None


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
    assert "test_vendor.py" in caplog.text, "the place, for whoever has to mend it"


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
    assert caught.value.expected == sorted({*shop.discovery()["types"]} - {"mailbox.collect"})
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


# One transaction, one effect


@pytest.mark.requirement("RCV-13")
async def test_message_receipt_and_replies_are_on_the_disk_when_the_answer_goes_out(
    street: Street, shop: Vendor, she: Hand
) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    raw = she.write(CAST)
    answers = await shop.receive(raw)
    kept = stored(street)
    assert [one.raw for one in kept] == [raw, *answers]
    assert [one.status for one in kept] == ["entry", "receipt", "entry", "entry"]


@pytest.mark.requirement("RCV-13")
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_a_store_that_fails_half_way_keeps_neither_message_nor_receipt_nor_replies(
    street: Street, shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    shop.on(intent.Cast)(a_function)
    add, added = Rows.add_message, []

    def fails_then(self: Rows, number: int, kept: Kept) -> None:
        added.append(kept)
        if len(added) == last:
            raise StoreError("no space left on device")
        add(self, number, kept)

    raw = she.write(CAST)
    with monkeypatch.context() as broken:
        broken.setattr(Rows, "add_message", fails_then)
        with pytest.raises(Overloaded):
            await shop.receive(raw)
    assert stored(street) == []
    assert shop.history(she.did).threads == {}
    assert types_of(await shop.receive(raw)) == ["receipt", "offer.make"]


async def test_a_store_that_is_gone_makes_the_vendor_overloaded_and_not_the_sender_guilty(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(raw := she.write(CAST))
    await shop.close()
    for act in (shop.receive(raw), shop.receive(she.write(CAST)), shop.collect(she.write(core.Collect()))):
        with pytest.raises(Overloaded) as caught:
            await act
        assert (caught.value.retry, caught.value.fault) == (True, "receiver")


@pytest.mark.requirement("RCV-5", "COR-1")
async def test_ten_copies_at_once_have_one_effect_and_one_receipt(street: Street, shop: Vendor, she: Hand) -> None:
    ran: list[str] = []

    @shop.on(intent.Cast)
    async def quote(cast: Any, _: Any) -> offer.Make:
        ran.append(cast.id)
        await asyncio.sleep(0)
        return an_offer()

    raw = she.write(CAST)
    answers = await asyncio.gather(*(shop.receive(raw) for _ in range(10)))
    assert len({answer[0] for answer in answers}) == 1
    assert [len(answer) for answer in answers].count(2) == 1, "the reply goes out once; it waits in the mailbox too"
    assert len(ran) == 1
    assert [kept.type for kept in stored(street)] == ["intent.cast", "receipt", "offer.make"]


@pytest.mark.requirement("RCV-5", "RCV-7")
async def test_a_message_that_comes_again_gets_its_receipt_alone_byte_for_byte(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    first = await shop.receive(raw := she.write(CAST))
    amend = she.write(intent.Amend(**dict(CAST)), read(raw)["id"], trust.digest(raw))
    refused = await shop.receive(amend)
    assert (code_of(refused[0]), types_of(refused)) == ("stale", ["receipt"]), "what was missed is in the mailbox"
    assert await shop.receive(raw) == first[:1]
    assert await shop.receive(amend) == refused[:1], "a refusal stays a refusal"


@pytest.mark.requirement("RCV-6")
async def test_an_id_that_was_used_for_other_bytes_is_a_conflict_and_nothing_is_kept(
    street: Street, shop: Vendor, she: Hand
) -> None:
    raw = she.write(CAST)
    answers = await shop.receive(raw)
    refused = she.write(proffer("SD-BASE"), id=read(raw)["id"])
    with pytest.raises(Conflict) as caught:
        await shop.receive(refused)
    assert (caught.value.pointer, caught.value.retry) == ("/id", False)
    assert [kept.raw for kept in stored(street)] == [raw, *answers]
    other = street.stranger()
    assert state_of((await shop.receive(other.write(CAST, id=read(raw)["id"])))[0]) == ("accepted", "open")


@pytest.mark.requirement("RCV-9", "COR-10")
async def test_a_thread_of_somebody_else_is_one_that_does_not_exist(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(raw := she.write(CAST))
    thief = street.stranger()
    problems = []
    for thread in (read(raw)["id"], "urn:uuid:00000000-0000-4000-8000-000000000000"):
        with pytest.raises(UnknownThread) as caught:
            await shop.receive(thief.write(intent.Amend(**dict(CAST)), thread))
        problems.append(caught.value.as_dict())
    assert problems[0] == problems[1]
    assert (await collected(shop, thief))[0] == []


# The order that the vendor gives


@pytest.mark.requirement("SEQ-16", "COR-5")
async def test_all_words_are_numbered_across_threads_and_each_names_the_one_before(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    signed = await shop.receive(cast := she.write(CAST))
    thread, head = read(cast)["id"], trust.digest(signed[-1])
    signed += await shop.receive(amend := she.write(intent.Amend(**dict(CAST)), thread, head))
    await shop.say(she.did, an_offer("47.00"), thread)
    await shop.receive(she.write(proffer("SD-BASE")))
    await shop.receive(she.write(intent.Withdraw(), thread, trust.digest(amend)))
    entries = shop.history(she.did).threads[thread].entries
    assert [entry.type for entry in entries] == [
        "intent.cast", "offer.make", "offer.make", "intent.amend", "offer.make", "intent.withdraw",
    ]  # fmt: skip
    words = (await collected(shop, she))[0]
    assert [read(raw)["number"] for raw in words] == list(range(1, 9))
    assert [read(raw).get("prior") for raw in words] == [None, *map(trust.digest, words[:-1])]
    assert [entry.place for entry in entries] == [1, 2, 3, 4, 5, 8]
    assert all(trust.digest(words[entry.place - 1]) == entry.digest for entry in entries if entry.side == "vendor")


@pytest.mark.requirement("SEQ-18")
async def test_numbers_go_on_though_the_clock_is_set_back(street: Street, clock: StandingClock, she: Hand) -> None:
    shop = street.vendor()
    for _ in range(3):
        await shop.receive(she.write(CAST))
        clock.move(-60)
    await shop.close()
    again = street.vendor()
    await again.receive(she.write(CAST))
    words = (await collected(again, she))[0]
    assert [read(raw)["number"] for raw in words] == [1, 2, 3, 4]
    assert [read(raw)["created"][14:16] for raw in words] == ["00", "59", "58", "57"], "dates are what the clock showed"


@pytest.mark.requirement("SEQ-34")
async def test_in_the_mailbox_each_receipt_comes_after_the_message_that_it_answers(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    receipt, made = await shop.receive(cast := she.write(CAST))
    assert await shop.collect(she.write(core.Collect())) == ([cast, receipt, made], False)
    assert await shop.collect(she.write(core.Collect(limit=1))) == ([cast, receipt], True)
    assert await shop.collect(she.write(core.Collect(), seen=trust.digest(receipt))) == ([made], False)


@pytest.mark.requirement("OFR-11")
async def test_a_firm_offer_is_accepted_though_the_shop_would_rather_not_have_made_it(shop: Vendor, she: Hand) -> None:
    shop.on(intent.Cast)(a_function)
    _, made = await shop.receive(cast := she.write(CAST))
    thread = read(cast)["id"]
    for amount in ("59.00", "69.00"):  # the price has gone up since
        await shop.say(she.did, an_offer(amount), thread)
    accept = offer.Accept(offer={"id": read(made)["id"], "digest": trust.digest(made)}, total=an_offer().total)
    raw = she.write(accept, thread, trust.digest(made))

    @shop.on(offer.Accept)
    def sold_out(*_: Any) -> None:
        raise LookupError("sold out")

    with pytest.raises(HandlerFailed) as caught:  # is no refusal: the customer may come again
        await shop.receive(raw)
    assert caught.value.retry
    shop.on(offer.Accept)(lambda *_: order.Cancel(reason="soldOut"))
    receipt, cancelled = await shop.receive(raw)
    assert state_of(receipt) == ("accepted", "ordered")
    assert read(cancelled)["type"] == "order.cancel"
    assert state(shop, she, raw) == "cancelled"


async def test_two_vendors_on_one_store_give_one_order(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    cast = she.write(CAST)
    await one.receive(cast)
    thread = read(cast)["id"]
    await asyncio.gather(*(vendor.say(she.did, an_offer(), thread) for vendor in (one, two) * 10))
    ours, theirs = one.history(she.did).threads[thread], two.history(she.did).threads[thread]
    assert ours.entries == theirs.entries
    assert len(ours.entries) == 21
    found, _ = await collected(two, she)
    offers = [read(raw) for raw in found if read(raw)["type"] == "offer.make"]
    assert [each["number"] for each in offers] == list(range(2, 22))
    assert [each["prior"] for each in offers] == [
        trust.digest(found[0]),
        *(entry.digest for entry in ours.entries[1:-1]),
    ]


@pytest.mark.requirement("RCV-5")
async def test_two_vendors_on_one_store_give_one_receipt_for_the_same_bytes(street: Street, she: Hand) -> None:
    one, two = street.vendor(accepts=["SD-BASE"]), street.vendor(accepts=["SD-BASE"])
    raw = she.write(proffer("SD-BASE"))
    answers = await asyncio.gather(*(vendor.receive(raw) for vendor in (one, two) * 5))
    assert len({answer[0] for answer in answers}) == 1
    assert [kept.type for kept in stored(street)] == ["terms.proffer", "receipt", "terms.accept"]


@pytest.mark.requirement("CNS-7")
async def test_a_withdrawal_that_one_has_taken_is_seen_at_once_by_the_other(street: Street, she: Hand) -> None:
    one, two = street.vendor(), street.vendor()
    await one.receive(grant := she.write(GRANT))
    assert two.may(she.did, **MARKETING).answer == "permit"
    await one.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert two.may(she.did, **MARKETING).answer == "deny"


@pytest.mark.requirement("SEQ-9")
async def test_only_withdrawals_that_come_before_their_threads_have_a_quota(
    street: Street, shop: Vendor, she: Hand
) -> None:
    await shop.receive(grant := she.write(GRANT))

    def early(number: int) -> bytes:
        return she.write(consent.Withdraw(), f"urn:uuid:00000000-0000-4000-8000-{number:012}")

    first = early(0)
    assert state_of((await shop.receive(first))[0]) == ("moot", "none")
    for number in range(1, EARLY_THREADS):
        await shop.receive(early(number))
    with pytest.raises(OverQuota) as caught:
        await shop.receive(early(EARLY_THREADS))
    assert caught.value.retry
    again = she.write(consent.Withdraw(), read(first)["thread"], trust.digest(first))
    assert state_of((await shop.receive(again))[0]) == ("moot", "none"), "a thread that there is takes more"
    withdrawal = she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant))
    assert state_of((await shop.receive(withdrawal))[0]) == ("accepted", "withdrawn")
    other = street.stranger()
    raw = other.write(consent.Withdraw(), read(early(0))["thread"])
    assert state_of((await shop.receive(raw))[0]) == ("moot", "none"), "nobody uses up anybody else's"


@pytest.mark.requirement("SEQ-9")
async def test_two_vendors_on_one_store_have_one_quota(
    street: Street, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.transaction.EARLY_THREADS", 4)
    shops = [street.vendor(), street.vendor()]

    def early(number: int) -> bytes:
        thread = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        return she.write(consent.Withdraw(), thread)

    for number in range(4):
        await shops[number % 2].receive(early(number))
    for shop in shops:
        with pytest.raises(OverQuota):
            await shop.receive(early(4))


# Saying and deciding


async def test_nothing_is_said_to_somebody_who_never_spoke(street: Street, shop: Vendor, she: Hand) -> None:
    with pytest.raises(UsageError):
        await shop.say(she.did, REQUEST)
    with pytest.raises(UsageError):
        await shop.relationship(she.did).say(REQUEST)
    assert shop.relationships() == []
    assert stored(street) == []


async def test_what_may_not_be_said_is_not_said(street: Street, shop: Vendor, she: Hand) -> None:
    await shop.receive(cast := she.write(CAST))
    thread, before = read(cast)["id"], stored(street)
    nowhere = "urn:uuid:00000000-0000-4000-8000-000000000000"
    for body, where in (
        (order.Fulfil(status="done"), thread),
        (an_offer(under="SD-BASE-DP"), thread),
        (an_offer(), None),
        (an_offer(), nowhere),
        (GRANT, None),
        (terms.Accept(terms=roster.ref("SD-BASE")), thread),
    ):
        with pytest.raises(UsageError):
            await shop.say(she.did, body, where)
    assert stored(street) == before
    assert len(shop.history(she.did).threads[thread].entries) == 1


@pytest.mark.requirement("RCV-12")
async def test_what_has_expired_when_it_is_made_is_not_said(
    street: Street, shop: Vendor, she: Hand, clock: StandingClock
) -> None:
    shop.on(intent.Cast)(lambda *_: Draft(an_offer(), expires=clock()))
    with pytest.raises(HandlerFailed):
        await shop.receive(she.write(CAST))
    assert stored(street) == []
    shop.on(intent.Cast)(one_that_returns_nothing)
    await shop.receive(cast := she.write(CAST))
    with pytest.raises(UsageError):
        await shop.say(she.did, Draft(an_offer(), timedelta(0)), read(cast)["id"])


@pytest.mark.requirement("OFR-3")
async def test_an_offer_is_firm_for_as_long_as_the_shop_says_unless_it_says_when(
    street: Street, she: Hand, clock: StandingClock
) -> None:
    shop = street.vendor(firm_for=timedelta(hours=3))
    shop.on(intent.Cast)(lambda *_: [an_offer(), Draft(an_offer(), expires=NEW_YEAR)])
    await shop.receive(raw := she.write(CAST))
    await shop.say(she.did, an_offer(), read(raw)["id"])
    record = shop.history(she.did).threads[read(raw)["id"]].record
    assert isinstance(record, Dealing)
    assert [each.expires[:16] for each in record.offers] == ["2026-07-01T15:00", "2027-01-01T00:00", "2026-07-01T15:00"]
    clock.move(timedelta(hours=4))
    assert len(record.firm("2026-07-01T16:00:00.000Z")) == 1


@pytest.mark.requirement("CNS-7", "DEC-15")
async def test_may_follows_the_customers_words_at_every_time(shop: Vendor, she: Hand, clock: StandingClock) -> None:
    assert shop.may(she.did, **MARKETING).answer == "deny", "of somebody who never spoke"
    await shop.receive(grant := she.write(GRANT))
    given = clock()
    assert shop.may(she.did, **MARKETING).answer == "permit"
    assert shop.may(known := shop.relationship(she.did), **MARKETING).answer == "permit"
    assert known.may(**MARKETING).answer == "permit"
    clock.move(3600)
    await shop.receive(she.write(consent.Withdraw(), read(grant)["id"], trust.digest(grant)))
    assert shop.may(she.did, **MARKETING).answer == "deny"
    assert shop.may(she.did, **MARKETING, at=given).answer == "permit"
    assert shop.may(she.did, **MARKETING, at=given - timedelta(seconds=1)).answer == "deny"


async def test_may_counts_the_vendor_itself_as_the_vendor(shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(GRANT))
    assert shop.may(she.did, **MARKETING, recipient=SHOP).answer == "permit"
    assert shop.may(she.did, **MARKETING, recipient="third-party").answer == "deny"
    with pytest.raises(UsageError):
        shop.may(she.did, action="dpv:Usage", purpose="dpv:DirectMarketing")


# The mailbox


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
        with pytest.raises(StaleCollect):
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
        trust.write({**forged, "created": "2026-07-01T11:00:00.000Z"}),  # changed after it was signed
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


# Restart


async def test_a_restart_loses_nothing(street: Street, shop: Vendor, she: Hand, clock: StandingClock) -> None:
    shop.on(intent.Cast)(one_that_returns_a_list)
    raws = [she.write(proffer("SD-BASE")), she.write(GRANT), she.write(CAST)]
    answers = [await shop.receive(raw) for raw in raws]
    withdrawal = she.write(consent.Withdraw(), read(raws[1])["id"], trust.digest(raws[1]))
    answers.append(await shop.receive(withdrawal))
    before, (mailbox, cursor) = shop.history(she.did), await collected(shop, she)
    document = shop.did_document()
    await shop.close()
    again = street.vendor(accepts=["SD-BASE"])
    assert again.did_document() == document, "the same key"
    history = again.history(she.did)
    assert (history.threads, history.chain.digests) == (before.threads, before.chain.digests)
    assert [relationship.customer for relationship in again.relationships()] == [she.did]
    assert [await again.receive(raw) for raw in (*raws, withdrawal)] == [answer[:1] for answer in answers]
    assert await collected(again, she) == (mailbox, cursor)
    assert again.may(she.did, **MARKETING).answer == "deny"


async def test_a_sealed_vendor_opens_with_its_passphrase_alone(street: Street) -> None:
    await street.vendor(passphrase="correct horse").close()
    with pytest.raises(Exception, match="passphrase"):
        street.vendor()
    assert street.vendor(passphrase="correct horse").did == SHOP


async def test_who_has_said_too_much_to_decide_by_is_asked_to_take_something_back(
    shop: Vendor, she: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencmr.roles.vendor.transaction.MOST_STATEMENTS", 2)
    for _ in range(2):
        await shop.receive(grant := she.write(GRANT))
    with pytest.raises(OverQuota):
        await shop.receive(she.write(GRANT))
    receipt = (await shop.receive(she.write(consent.Withdraw(), read(grant)["id"])))[0]
    assert state_of(receipt) == ("accepted", "withdrawn"), "a no is never too much"
