"""What an operator sees of a vendor's work and of a wallet's."""

import asyncio
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import literal_column, select

from opencmr import Limits, Rate, Vendor, intent, terms, trust
from opencmr.errors import Behind, HandlerFailed, NotJson, Problem, StoreError, Unreachable
from opencmr.messages import core
from opencmr.protocol import roster
from opencmr.roles.vendor.telemetry import OTHER, Claims
from opencmr.store import Rows
from opencmr.transport import HttpNetwork, application
from opencmr.transport.app import MEDIA_TYPE
from parties import CAST, SHOP, Hand, Street, read
from serving import did_of, listening, served
from watching import Watch, watching


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watching() as watch:
        yield watch


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    return street.stranger()


def proffer() -> terms.Proffer:
    return terms.Proffer(choices=[roster.ref("SD-BASE")])


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_message_that_is_received_is_a_span_an_event_and_counts(
    watch: Watch, shop: Vendor, she: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "opencmr")
    raw = she.write(proffer())
    receipt = read((await shop.receive(raw))[0])
    (span,) = watch.spans("opencmr.receive")
    message = read(raw)
    assert span.kind is SpanKind.CONSUMER
    assert told(span) == {
        "messaging.system": "opencmr",
        "messaging.operation.name": "receive",
        "messaging.operation.type": "process",
        "messaging.message.body.size": len(raw),
        "messaging.message.id": message["id"],
        "messaging.message.conversation_id": message["thread"],
        "opencmr.message.type": "terms.proffer",
        "opencmr.outcome": "accepted",
    }
    (event,) = (vars(record) for record in caplog.records if vars(record).get("event") == "message.received")
    assert event["duration_ms"] > 0
    assert {name: event[name] for name in ("message_type", "message_id", "thread_id", "digest", "outcome")} == {
        "message_type": "terms.proffer",
        "message_id": message["id"],
        "thread_id": message["thread"],
        "digest": receipt["body"]["of"],
        "outcome": "accepted",
    }
    assert watch.sums("opencmr.messages.received") == {("terms.proffer", "accepted"): 1}
    (duration,) = watch.points("messaging.process.duration")
    assert duration.count == 1
    assert duration.sum > 0


async def test_refusals_and_problems_are_told_by_code_and_only_the_receivers_are_errors(
    watch: Watch, shop: Vendor, she: Hand
) -> None:
    await shop.receive(she.write(CAST, expires="2026-01-01T00:00:00.000Z"))
    with pytest.raises(NotJson):
        await shop.receive(b"{")

    @shop.on(intent.Cast)
    def quote(_: Any, __: Any) -> Any:
        raise RuntimeError("out of boots")

    with pytest.raises(HandlerFailed):
        await shop.receive(she.write(CAST))
    refused, broken, failed = watch.spans("opencmr.receive")
    assert (told(refused)["opencmr.outcome"], told(refused)["opencmr.problem.code"]) == ("refused", "expired")
    assert (told(broken)["opencmr.message.type"], told(broken)["opencmr.problem.code"]) == (OTHER, "not-json")
    assert [span.status.status_code for span in (refused, broken, failed)] == [
        StatusCode.UNSET,
        StatusCode.UNSET,
        StatusCode.ERROR,
    ]
    assert told(failed)["error.type"] == "handler-failed"
    (handler,) = watch.spans("opencmr.handler")
    assert told(handler) == {"opencmr.message.type": "intent.cast", "error.type": "RuntimeError"}
    assert handler.parent is not None
    assert handler.parent.span_id == failed.context.span_id
    assert watch.sums("opencmr.problems") == {("refused", "expired"): 1}  # the others, nobody was answered with yet


async def test_problems_that_are_answered_over_http_are_counted_once_each_by_code(watch: Watch, street: Street) -> None:
    shop = street.vendor(limits=Limits(address=Rate(0.001, 2), loopback=True))
    with listening() as bound, served(shop.asgi(), bound) as url:
        async with httpx.AsyncClient(trust_env=False, headers={"Content-Type": MEDIA_TYPE}) as web:
            for path in ("messages", "mailbox", "messages", "words"):
                await web.post(f"{url}/opencmr/{path}", content=b"{")
    assert watch.sums("opencmr.problems") == {("problem", "not-json"): 2, ("problem", "over-quota"): 2}


def test_a_body_that_comes_too_late_and_a_place_that_is_taken_are_counted(watch: Watch, street: Street) -> None:
    shop = street.vendor(limits=Limits(at_work=0))
    head = f"POST /opencmr/messages HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: 2\r\n\r\n"
    with listening() as bound, served(application(shop, body_timeout=0.1, gate=shop._gate), bound):
        for body in ("{}", "{"):
            with socket.create_connection(bound.getsockname(), timeout=5) as connection:
                connection.sendall((head + body).encode())
                assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
    assert watch.sums("opencmr.problems") == {("problem", "overloaded"): 2}
    assert watch.sums("opencmr.messages.received") == {}


async def test_a_message_that_hangs_is_seen_and_so_is_what_waits_behind_it(
    watch: Watch, shop: Vendor, she: Hand
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    @shop.on(intent.Cast)
    async def think(_: Any, __: Any) -> None:
        begun.set()
        await go_on.wait()

    first = asyncio.create_task(shop.receive(she.write(CAST)))
    await begun.wait()
    second = asyncio.create_task(shop.receive(she.write(proffer())))
    await asyncio.sleep(0)  # it has begun
    assert watch.sums("opencmr.messages.at_work") == {("intent.cast",): 1, ("terms.proffer",): 1}
    go_on.set()
    await asyncio.gather(first, second)
    assert watch.sums("opencmr.messages.at_work") == {("intent.cast",): 0, ("terms.proffer",): 0}
    (waits,) = watch.points("opencmr.sender.wait_time")
    handler, longest = watch.spans("opencmr.handler")[0], watch.spans("opencmr.sender.wait")[-1]
    assert waits.count == 2
    assert waits.max > 0
    assert (longest.end_time or 0) >= (handler.end_time or 0)  # it waited for the whole of the handler


async def test_one_who_goes_while_waiting_for_a_turn_leaves_the_turn_to_others(
    watch: Watch, shop: Vendor, she: Hand
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    @shop.on(intent.Cast)
    async def think(_: Any, __: Any) -> None:
        begun.set()
        await go_on.wait()

    first = asyncio.create_task(shop.receive(she.write(CAST)))
    await begun.wait()
    gone = asyncio.create_task(shop.receive(she.write(proffer())))
    await asyncio.sleep(0)
    gone.cancel()
    go_on.set()
    await asyncio.gather(first, gone, return_exceptions=True)
    assert gone.cancelled()
    await shop.receive(she.write(proffer()))
    assert watch.points("opencmr.sender.wait_time")[0].count == 3
    assert set(watch.sums("opencmr.messages.at_work").values()) == {0}


async def test_a_message_tells_how_long_it_waited_for_the_stores_writer(watch: Watch, shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(proffer()))  # from now on nothing waits on the way to the writer
    began, go_on = threading.Event(), threading.Event()

    def slow(_: Rows) -> None:
        began.set()
        go_on.wait()

    busy = asyncio.create_task(shop._store.write(slow))
    await asyncio.to_thread(began.wait)
    work = asyncio.create_task(shop.receive(she.write(proffer())))
    await asyncio.sleep(0)
    queued = perf_counter()
    assert not work.done()
    released = perf_counter()
    go_on.set()
    await asyncio.gather(busy, work)
    write, received = watch.spans("opencmr.store.write")[-1], watch.spans("opencmr.receive")[-1]
    assert told(write)["opencmr.store.wait_time"] >= released - queued
    assert write.parent is not None
    assert write.parent.span_id == received.context.span_id
    (waits,) = watch.points("opencmr.store.wait_time")
    assert waits.count == 3
    assert waits.max >= released - queued


async def test_a_commit_that_fails_is_measured_by_the_kind_of_its_error(watch: Watch, shop: Vendor) -> None:
    def breaks(rows: Rows) -> None:
        rows._execute(select(literal_column("nothing")))

    with pytest.raises(StoreError):
        await shop._store.write(breaks)
    await shop.close()
    failed = [point for point in watch.points("db.client.operation.duration") if "error.type" in point.attributes]
    assert [point.attributes["error.type"] for point in failed] == ["OperationalError"]
    assert watch.points("opencmr.store.commit.size") == []
    assert {told(span)["error.type"] for span in watch.spans("opencmr.store.commit")} == {"OperationalError"}


async def test_messages_whose_receipt_follows_later_are_a_gauge(watch: Watch, street: Street) -> None:
    before = watch.sums("opencmr.messages.held").get((), 0)  # of whom other tests have left behind
    shop = street.vendor(accepts=["SD-BASE"])
    she = street.stranger()
    receipt = read((await shop.receive(she.write(proffer())))[0])
    await shop._store.write(Rows.mark_restored)
    with pytest.raises(Behind):
        await shop.receive(she.write(terms.Terminate(), thread=receipt["thread"]))
    assert watch.sums("opencmr.messages.held")[()] == before + 1


async def test_a_commit_tells_how_many_writes_share_it(watch: Watch, street: Street, shop: Vendor) -> None:
    strangers = [street.stranger() for _ in range(12)]
    await asyncio.gather(*(shop.receive(she.write(proffer())) for she in strangers))
    await shop.close()  # a commit is measured when it is done, and those who wait for it hear of it before
    (size,) = watch.points("opencmr.store.commit.size")
    commits = watch.spans("opencmr.store.commit")
    assert size.sum == sum(told(span)["db.operation.batch.size"] for span in commits) == 12
    assert size.count == len(commits)


async def test_a_customer_that_waits_for_mail_is_counted_while_it_waits(watch: Watch, shop: Vendor, she: Hand) -> None:
    await shop.receive(she.write(proffer()))
    found, _ = await shop.collect(she.write(core.Collect()))
    waiting = asyncio.create_task(shop.collect(she.write(core.Collect(wait=30), seen=trust.digest(found[-1]))))
    await asyncio.sleep(0)  # it has begun
    assert watch.sums("opencmr.collects.open") == {(): 1}
    shop.let_go()
    await waiting
    assert watch.sums("opencmr.collects.open") == {(): 0}
    first, second = watch.spans("opencmr.collect")
    assert (told(first)["messaging.batch.message_count"], told(second)["messaging.batch.message_count"]) == (3, 0)


async def test_histories_in_memory_and_messages_without_an_answer_are_gauges(watch: Watch, street: Street) -> None:
    pending = watch.sums("opencmr.outbox.pending").get((), 0)  # of whom other tests have left behind
    street.vendor(accepts=["SD-BASE"])
    alice = street.customer("alice")
    relationship = await alice.meet(SHOP)
    await relationship.agreements.proffer("SD-BASE")
    street.wire.down = {SHOP}
    with pytest.raises(Unreachable):
        await relationship.agreements.proffer("SD-BASE")
    assert watch.sums("opencmr.outbox.pending")[()] == pending + 1
    assert watch.sums("opencmr.histories.remembered")[()] >= 2


async def test_a_wallets_requests_are_spans_without_urls(watch: Watch, street: Street) -> None:
    with listening() as bound:
        shop = street.vendor(did_of(bound), accepts=["SD-BASE"])
        network = HttpNetwork()
        with served(shop.asgi(), bound):
            found = await network.find(shop.did)
            with pytest.raises(NotJson):
                await network.send(found.endpoint, b"{")
        with pytest.raises(Unreachable):
            await network.send(found.endpoint, b"{")
        await network.close()
    gets, (stated, gone) = watch.spans("GET"), watch.spans("POST")
    assert [told(span)["http.response.status_code"] for span in gets] == [200, 200]
    assert (told(stated)["http.response.status_code"], told(stated)["error.type"]) == (400, "not-json")
    assert told(gone)["error.type"] == "Unreachable"
    assert {told(span)["server.address"] for span in (*gets, stated, gone)} == {"127.0.0.1"}
    assert "/opencmr" not in watch.everything()
    assert len(watch.points("http.client.request.duration")) == 3


@pytest.mark.parametrize(
    ("raw", "claims"),
    [
        (b"", Claims(OTHER, None, None)),
        (b"[" * 70_000, Claims(OTHER, None, None)),
        (b"[" * 5_000, Claims(OTHER, None, None)),
        (b'{"type": "name.alice", "id": "alice", "thread": 7}', Claims(OTHER, None, None)),
        (b'{"type": "com.example.alice"}', Claims(OTHER, None, None)),
        (b'{"type": ["consent.grant"], "id": "urn:uuid:alice"}', Claims(OTHER, None, None)),
        (b'{"type": "consent.grant", "id": "urn:uuid:0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"}',
         Claims("consent.grant", "urn:uuid:0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a", None)),
    ],
)  # fmt: skip
def test_what_a_stranger_calls_things_is_not_told(raw: bytes, claims: Claims) -> None:
    assert Claims.of(raw) == claims


SILENT = """
import asyncio, sys
from pathlib import Path
from opencmr import Vendor, _telemetry
from opencmr.errors import Problem

async def main():
    shop = Vendor.open(Path(sys.argv[1]) / "shop.db", did="did:web:shop.example")
    for _ in range(2):
        try:
            await shop.receive(b"{")
        except Problem:
            pass
    await shop.close()

{before}
asyncio.run(main())
print(_telemetry.current() is not None, any(name.startswith("opentelemetry") for name in sys.modules))
"""


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "False False"),
        ("from opentelemetry import trace, metrics", "False True"),
        (
            "from opentelemetry import trace; from opentelemetry.sdk.trace import TracerProvider; "
            "trace.set_tracer_provider(TracerProvider())",
            "True True",
        ),
        ("sys.modules['opentelemetry'] = None", "False True"),
    ],
    ids=["nobody asked", "no provider", "a provider", "not installed"],
)
def test_nothing_is_imported_or_measured_where_nobody_has_configured_a_provider(
    tmp_path: Any, before: str, said: str
) -> None:
    code = SILENT.replace("{before}", before)
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (said, "")


async def test_where_nobody_listens_a_message_takes_the_way_that_it_took_before(shop: Vendor, she: Hand) -> None:
    """No coroutine is put around the vendor's own, so nothing is looked at a second time."""
    from opencmr import _telemetry

    _telemetry.use(None)
    logging.getLogger("opencmr.vendor").setLevel(logging.WARNING)
    try:
        work = shop.receive(b"{")
        assert work.cr_code.co_name == "receive"  # type: ignore[attr-defined]
        with pytest.raises(Problem):
            await work
    finally:
        logging.getLogger("opencmr.vendor").setLevel(logging.NOTSET)
        _telemetry.decide_again()
