"""The database: durable before anybody is told, one transaction a job, one relationship a query."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from opencmr.errors import StoreError, UsageError
from opencmr.store import ROW, Kept, Peer, Rows, Store
from opencmr.store.database import TRIES, _Job

ME, THEM, SHE = "did:web:shop.example", "did:key:z6MkAlice", "did:key:z6MkBarbara"
NOW = "2026-07-01T12:00:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def place(places: Callable[[str], str | Path]) -> str | Path:
    """Where the store is: SQLite and PostgreSQL in turn."""
    return places("shop")


@pytest.fixture
def store(place: str | Path) -> Iterator[Store]:
    with Store(place) as store:
        yield store


def opened(store: Store, peer: str = THEM) -> Peer:
    return store.write_now(lambda rows: rows.add_peer(ME, peer, opened=NOW, pinned={"k": "v"}, endpoint=None))


def a_message(name: str, position: int = 1, **more: Any) -> Kept:
    """A row: it names itself in its digest, its id and its bytes."""
    members = {"side": "customer", "status": "entry", "of": None, "place": None, "at": NOW, **more}
    return Kept(
        digest=f"zQm{name}", position=position, id=f"urn:{name}", type="terms.proffer", thread="urn:thread",
        raw=name.encode(), **members,
    )  # fmt: skip


def keep(store: Store, peer: Peer, *kept: Kept) -> None:
    for one in kept:
        store.write_now(lambda rows, one=one: rows.add_message(peer.number, one))


def digests(store: Store, peer: Peer) -> list[str]:
    return [kept.digest for kept in store.read(lambda rows: rows.everything(peer.number))]


class Held:
    """Keeps the writer busy, so that what is written meanwhile has to share a commit."""

    def __init__(self, store: Store) -> None:
        self._started, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=store.write_now, args=(self._work,))

    def _work(self, rows: Rows) -> None:
        self._started.set()
        assert self._go.wait(10)

    def __enter__(self) -> "Held":
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._thread.join(10)

    def let_go(self) -> None:
        self._go.set()


def together(store: Store, *jobs: Callable[[Rows], Any]) -> list[Any]:
    """What becomes of writes that wait at once."""

    async def all_of_them(held: Held) -> list[Any]:
        writing = [asyncio.create_task(store.write(job)) for job in jobs]
        await asyncio.sleep(0)  # each has been handed in
        held.let_go()
        return await asyncio.gather(*writing, return_exceptions=True)

    with Held(store) as held:
        return asyncio.run(all_of_them(held))


def commits_of(store: Store) -> list[None]:
    """Gets longer with each commit."""
    seen: list[None] = []
    event.listen(store._backend.engine, "commit", lambda _: seen.append(None))
    return seen


def test_writes_that_wait_at_once_share_one_commit(store: Store) -> None:
    peer, commits = opened(store), commits_of(store)
    jobs = [lambda rows, n=n: rows.add_message(peer.number, a_message(f"m{n}", n)) for n in range(50)]
    assert together(store, *jobs) == [None] * 50
    assert len(commits) == 2, "one for what held the writer, one for all the others"
    assert len(digests(store, peer)) == 50


def test_a_group_has_its_limit(store: Store) -> None:
    peer, commits = opened(store), commits_of(store)
    jobs = [lambda rows, n=n: rows.add_message(peer.number, a_message(f"m{n}", n)) for n in range(150)]
    assert together(store, *jobs) == [None] * 150
    assert len(commits) == 3
    assert len(digests(store, peer)) == 150


@pytest.mark.requirement("RCV-13")
def test_a_write_that_fails_takes_nothing_of_the_others_with_it_and_leaves_nothing_itself(store: Store) -> None:
    peer = opened(store)

    def fails(rows: Rows) -> None:
        rows.add_message(peer.number, a_message("half", 2))
        raise RuntimeError("half way")

    first, second, third = together(
        store,
        lambda rows: rows.add_message(peer.number, a_message("before")),
        fails,
        lambda rows: rows.add_message(peer.number, a_message("after", 3)),
    )
    assert (first, type(second), third) == (None, RuntimeError, None)
    assert digests(store, peer) == ["zQmbefore", "zQmafter"]


def test_what_the_database_refuses_is_an_error_of_the_store_and_takes_nothing_of_the_others_with_it(
    store: Store,
) -> None:
    peer = opened(store)
    keep(store, peer, a_message("one"))
    again, other = together(
        store,
        lambda rows: rows.add_message(peer.number, a_message("one", 2)),
        lambda rows: rows.add_message(peer.number, a_message("two", 3)),
    )
    assert isinstance(again, StoreError)
    assert other is None
    assert digests(store, peer) == ["zQmone", "zQmtwo"]


@pytest.mark.requirement("RCV-13")
def test_a_commit_that_fails_fails_all_of_its_group_and_the_next_one_holds(store: Store) -> None:
    peer = opened(store)
    told: list[str] = []

    def breaks(_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def work(name: str) -> Callable[[Rows], None]:
        def write(rows: Rows) -> None:
            rows.add_message(peer.number, a_message(name))
            rows.done.append(lambda: told.append(name))

        return write

    event.listen(store._backend.engine, "commit", breaks)
    with pytest.raises(StoreError):
        store.write_now(work("one"))
    event.remove(store._backend.engine, "commit", breaks)
    assert told == []
    assert digests(store, peer) == []
    store.write_now(work("two"))
    assert (told, digests(store, peer)) == (["two"], ["zQmtwo"])


@pytest.mark.requirement("RCV-13")
def test_what_write_returned_from_is_there_for_whoever_opens_the_store(store: Store, place: str | Path) -> None:
    peer = opened(store)
    keep(store, peer, a_message("one"))
    with Store(place, read_only=True) as other:  # while the first is still open: as after a crash
        assert digests(other, peer) == ["zQmone"]
    store.close()
    with Store(place) as again:
        assert digests(again, peer) == ["zQmone"]
        found = again.read(lambda rows: rows.peer(ME, THEM))
        assert found == peer._replace(position=1, version=1, size=len("one") + ROW)


def test_done_is_called_once_the_write_can_be_read_elsewhere(store: Store, place: str | Path) -> None:
    peer = opened(store)
    seen: list[list[str]] = []

    def look() -> None:
        with Store(place, read_only=True) as other:
            seen.append(digests(other, peer))

    def work(rows: Rows) -> None:
        rows.add_message(peer.number, a_message("one"))
        rows.done.append(look)
        look()

    store.write_now(work)
    assert seen == [[], ["zQmone"]]


def test_done_is_not_called_for_a_write_that_failed(store: Store) -> None:
    told: list[str] = []

    def fails(rows: Rows) -> None:
        rows.done.append(lambda: told.append("done"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_now(fails)
    assert told == []


def test_a_done_that_raises_ends_neither_its_write_nor_the_writer(store: Store) -> None:
    peer = opened(store)

    def work(rows: Rows) -> str:
        rows.add_message(peer.number, a_message("one"))
        rows.done.append(lambda: 1 // 0)
        return "written"

    assert store.write_now(work) == "written"
    keep(store, peer, a_message("two", 2))
    assert digests(store, peer) == ["zQmone", "zQmtwo"]


async def test_who_is_cancelled_while_writing_leaves_the_write_to_finish(store: Store) -> None:
    peer = await asyncio.to_thread(opened, store)
    with Held(store):
        writing = asyncio.create_task(store.write(lambda rows: rows.add_message(peer.number, a_message("one"))))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    await store.write(lambda rows: None)
    assert digests(store, peer) == ["zQmone"]


def test_closing_finishes_what_waits(place: str | Path) -> None:
    store = Store(place)
    peer = opened(store)
    with Held(store):
        waiting: list[Future[None]] = [Future(), Future()]
        for n, future in enumerate(waiting, 1):
            job = _Job(lambda rows, n=n: rows.add_message(peer.number, a_message(f"m{n}", n)), None, future)
            store._submit(job)
    store.close()
    assert [future.result(0) for future in waiting] == [None, None]
    with Store(place) as again:
        assert digests(again, peer) == ["zQmm1", "zQmm2"]


async def test_a_closed_store_refuses_reading_and_writing(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError):
        await store.write(lambda rows: None)
    with pytest.raises(StoreError):
        store.write_now(lambda rows: None)
    with pytest.raises(StoreError):
        store.read(lambda rows: list(rows.peers()))


# Opening


def test_a_store_opened_for_reading_reads_and_refuses_to_write(store: Store, place: str | Path) -> None:
    peer = opened(store)
    keep(store, peer, a_message("one"))
    with Store(place, read_only=True) as reader:
        assert digests(reader, peer) == ["zQmone"]
        with pytest.raises(StoreError):
            reader.write_now(lambda rows: rows.add_message(peer.number, a_message("two", 2)))
        keep(store, peer, a_message("three", 3))
        assert digests(reader, peer) == ["zQmone", "zQmthree"]


# Two processes


def test_two_stores_on_one_database_lose_no_write(place: str | Path) -> None:
    with Store(place) as one, Store(place) as two:
        peer = opened(one)

        def adds(name: str) -> Callable[[Rows], None]:
            def add(rows: Rows) -> None:
                assert rows.peer(ME, THEM)  # as everybody does who adds to a relationship
                position = rows.next_position(peer.number)
                rows.add_message(peer.number, a_message(name, position, at=f"{position:04}"))

            return add

        async def both() -> None:
            writes = [store.write(adds(f"{name}{n}")) for n in range(30) for store, name in ((one, "a"), (two, "b"))]
            await asyncio.gather(*writes)

        asyncio.run(both())
        found = one.read(lambda rows: rows.everything(peer.number))
    assert sorted(kept.position for kept in found) == list(range(1, 61)), "each saw what the other had written"


# Rows


def test_a_row_comes_back_as_it_was_kept(store: Store) -> None:
    peer = opened(store)
    kept = a_message("one", side="vendor", status="receipt", of="zQmother", place=7, at=None)
    keep(store, peer, kept)
    assert store.read(lambda rows: rows.message(peer.number, "zQmone")) == kept
    assert store.read(lambda rows: rows.receipt_of(peer.number, "zQmother", "vendor")) == kept
    assert store.read(lambda rows: rows.receipt_of(peer.number, "zQmother", "customer")) is None


def test_what_became_of_a_message_is_noted(store: Store) -> None:
    peer = opened(store)
    keep(store, peer, a_message("one", status="pending", at=None), a_message("two", 2, status="pending"))
    store.write_now(lambda rows: rows.change_message(peer.number, "zQmone", status="entry", at=NOW))
    assert [kept.digest for kept in store.read(lambda rows: rows.with_status(peer.number, "pending"))] == ["zQmtwo"]
    assert [(kept.digest, kept.at) for kept in store.read(lambda rows: rows.placed(peer.number))] == [("zQmone", NOW)]


def test_each_write_that_changes_a_relationship_counts(store: Store) -> None:
    peer = opened(store)
    for restored in (True, False):
        store.write_now(lambda rows, restored=restored: rows.change_peer(peer.number, restored=restored))
    changed = store.read(lambda rows: rows.peer_by_number(peer.number))
    assert changed is not None
    assert (changed.restored, changed.version) == (False, 2)
    keep(store, peer, a_message("one", 1), a_message("two", 2))
    store.write_now(lambda rows: rows.change_message(peer.number, "zQmone", status="refused"))
    changed = store.read(lambda rows: rows.peer(ME, THEM))
    assert changed is not None
    assert (changed.position, changed.version) == (2, 5)


# Writes that share a transaction


def test_a_write_reads_what_it_and_those_before_it_have_written(store: Store) -> None:
    peer, seen = opened(store), list[list[str]]()

    def work(name: str, position: int) -> Callable[[Rows], None]:
        def write(rows: Rows) -> None:
            assert rows.next_position(peer.number) == position
            rows.add_message(peer.number, a_message(name, position))
            seen.append([kept.digest for kept in rows.everything(peer.number)])

        return write

    assert together(store, work("one", 1), work("two", 2), work("three", 3)) == [None] * 3
    assert seen[-3:] == [["zQmone"], ["zQmone", "zQmtwo"], ["zQmone", "zQmtwo", "zQmthree"]]


def test_what_a_write_that_failed_had_written_and_read_is_seen_by_none_after_it(store: Store) -> None:
    peer, seen = opened(store), list[Any]()

    def fails(rows: Rows) -> None:
        rows.add_message(peer.number, a_message("half", 1))
        rows.change_peer(peer.number, restored=True)
        rows.add_peer(ME, SHE, opened=NOW, pinned={}, endpoint=None)
        assert rows.everything(peer.number), "it has been written, and is taken back"
        rows.note(peer.number, "half")
        raise RuntimeError("half way")

    def looks(rows: Rows) -> None:
        seen.append((rows.peer(ME, THEM), rows.peer(ME, SHE), rows.everything(peer.number), rows.noted(peer.number)))
        rows.add_message(peer.number, a_message("whole", rows.next_position(peer.number)))

    failed, looked = together(store, fails, looks)
    assert isinstance(failed, RuntimeError)
    assert looked is None
    assert seen == [(peer, None, [], None)]
    assert digests(store, peer) == ["zQmwhole"]
    changed = store.read(lambda rows: rows.peer(ME, THEM))
    assert changed == peer._replace(position=1, version=1, size=len("whole") + ROW)


def test_a_write_that_breaks_the_transaction_is_done_alone_and_so_are_the_others(store: Store) -> None:
    peer = opened(store)
    keep(store, peer, a_message("one"))
    tries: list[str] = []

    def work(name: str) -> Callable[[Rows], None]:
        def write(rows: Rows) -> None:
            tries.append(name)
            rows.add_message(peer.number, a_message(name, rows.next_position(peer.number)))

        return write

    first, again, last = together(store, work("two"), work("one"), work("three"))
    assert (first, type(again), last) == (None, StoreError, None)
    assert tries[:4] == ["two", "one", "three", "two"], "the first time together, then each by itself"
    assert (tries.count("two"), tries.count("one"), tries.count("three")) == (2, 1 + TRIES, 2)
    assert digests(store, peer) == ["zQmone", "zQmtwo", "zQmthree"]


def test_what_is_written_while_reading_is_an_error_and_not_lost_in_silence(store: Store) -> None:
    peer = opened(store)
    with pytest.raises(UsageError):
        store.read(lambda rows: rows.add_message(peer.number, a_message("one")))
    assert digests(store, peer) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda rows, _: rows.add_peer(ME, SHE, opened=NOW, pinned={}, endpoint=None),
        lambda rows, number: (rows.add_message(number, a_message("one")), rows.everything(number)),
        lambda rows, _: rows.mark_restored(),
        lambda rows, number: rows.leave(number),
    ],
)
def test_nor_is_what_the_database_has_seen_of_it_already(store: Store, write: Callable[[Rows, int], Any]) -> None:
    peer = opened(store)
    with pytest.raises(UsageError):
        store.read(lambda rows: write(rows, peer.number))
    assert store.read(lambda rows: list(rows.peers())) == [peer]
    keep(store, peer, a_message("one"))
    assert digests(store, peer) == ["zQmone"]


def test_a_write_within_a_write_is_an_error_and_waits_for_nobody(store: Store) -> None:
    def within(_: Rows) -> int:
        return store.write_now(lambda _: 1)

    with pytest.raises(UsageError):
        store.write_now(within)
    assert store.write_now(lambda _: 2) == 2


QUERIES: dict[str, Callable[[Rows, int], Any]] = {
    "message": lambda rows, number: rows.message(number, "zQmone"),
    "message_by_id": lambda rows, number: rows.message_by_id(number, "customer", "urn:one"),
    "receipt_of": lambda rows, number: rows.receipt_of(number, "zQmone", "vendor"),
    "placed": lambda rows, number: rows.placed(number),
    "places_after": lambda rows, number: rows.places_after(number, 0, 10),
    "from_place": lambda rows, number: rows.from_place(number, 1),
    "with_status": lambda rows, number: rows.with_status(number, "entry"),
    "everything": lambda rows, number: rows.everything(number),
    "known": lambda rows, number: list(rows.known(number, 0)),
    "added": lambda rows, number: rows.added(number, 0),
    "last_said": lambda rows, number: rows.last_said(number, "customer"),
}


@pytest.mark.requirement("RCV-9", "COR-10")
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_finds_nothing_of_another_relationship(store: Store, name: str) -> None:
    hers, his = opened(store, SHE), opened(store, THEM)
    receipt = a_message("two", 2, side="vendor", status="receipt", of="zQmone", place=1, at=None)
    keep(store, hers, a_message("one", place=1), receipt)
    assert store.read(lambda rows: QUERIES[name](rows, hers.number))
    assert not store.read(lambda rows: QUERIES[name](rows, his.number))


def test_a_change_reaches_the_message_of_its_own_relationship_alone(store: Store) -> None:
    """Digests and ids are unique in a relationship only: a stranger may send the very same bytes elsewhere."""
    hers, his = opened(store, SHE), opened(store, THEM)
    keep(store, hers, a_message("one"))
    keep(store, his, a_message("one"))
    store.write_now(lambda rows: rows.change_message(his.number, "zQmone", status="refused"))
    store.write_now(lambda rows: rows.change_peer(his.number, restored=True))
    assert [kept.status for kept in store.read(lambda rows: rows.everything(hers.number))] == ["entry"]
    untouched = store.read(lambda rows: rows.peer(ME, SHE))
    assert untouched is not None
    assert (untouched.restored, untouched.version) == (False, 1)


@pytest.mark.requirement("COR-9")
def test_a_collect_is_used_once_and_forgotten_after_its_time(store: Store) -> None:
    peer, other = opened(store), opened(store, SHE)

    def use(number: int, now: str) -> bool:
        until = "2026-07-01T12:04:00.000Z"
        return store.write_now(lambda rows: rows.use_collect(number, "urn:c", until=until, now=now))

    assert use(peer.number, NOW)
    assert not use(peer.number, "2026-07-01T12:04:00.000Z")
    assert use(other.number, NOW), "another relationship's ids are its own"
    assert use(peer.number, "2026-07-01T12:04:00.001Z"), "it would be stale by now: nothing has to be remembered"
