"""What a store's URL comes to: durable commits, patience that ends, errors that help, and no password in any."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

import postgres
from opencmr.errors import OpenCMRError, StoreError
from opencmr.store import Rows, Store, shown
from opencmr.store.backends import open_backend

NOW = "2026-07-01T12:00:00.000Z"


@pytest.fixture
def url(postgres_server: postgres.Cluster) -> Iterator[str]:
    with postgres_server.schema() as url:
        yield url


def settings(url: str, *names: str) -> list[str]:
    backend = open_backend(url)
    with backend.transaction() as connection:
        found = [str(connection.execute(text(f"SHOW {name}")).scalar()) for name in names]
    backend.close()
    return found


def test_a_postgres_url_chooses_psycopg(url: str) -> None:
    for written in (
        url,
        url.replace("postgresql://", "postgres://"),
        url.replace("postgresql:", "postgresql+psycopg:"),
    ):
        backend = open_backend(written)
        assert backend.engine.dialect.driver == "psycopg"
        backend.close()
    assert settings(url, "application_name") == ["opencmr"]


def test_who_reads_sees_one_moment_and_who_writes_sees_what_others_have_written(url: str) -> None:
    def level(rows: Rows) -> object:
        return rows._batch.connection.execute(text("SHOW transaction_isolation")).scalar()

    with Store(url) as store:
        for _ in range(2):
            assert store.read(level) == "repeatable read"
            assert store.write_now(level) == "read committed"


def test_what_is_read_is_of_one_moment(url: str) -> None:
    def add(store: Store, peer: str) -> None:
        store.write_now(lambda rows: rows.add_peer("me", peer, opened=NOW, pinned={}, endpoint=None))

    with Store(url) as reader, Store(url) as other:

        def read_twice(rows: Rows) -> list[int]:
            before = len(list(rows.peers()))
            add(other, "one")
            return [before, len(list(rows.peers()))]

        assert reader.read(read_twice) == [0, 0]
        assert reader.read(lambda rows: len(list(rows.peers()))) == 1


def test_a_commit_waits_for_the_disk_whatever_the_url_says(url: str) -> None:
    careless, careful = (url + f"%20-csynchronous_commit%3D{value}" for value in ("off", "remote_apply"))
    assert settings(careless, "synchronous_commit") == ["on"]
    assert settings(careful, "synchronous_commit") == ["remote_apply"], "what waits for more is left as it is"


def test_patience_ends_unless_the_url_says_otherwise(url: str) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    assert settings(url, *names) == ["10s", "1min", "1min"]
    assert settings(url + "%20-clock_timeout%3D3s", "lock_timeout", "statement_timeout") == ["3s", "1min"]


def test_a_server_that_does_not_wait_for_the_disk_is_warned_of(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "opencmr.store"):
        settings(url, "fsync")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


SECRET = "correct-horse"


@pytest.mark.parametrize(
    "where",
    [
        f"postgresql://shop:{SECRET}@127.0.0.1:{{port}}/shop",
        f"postgresql://127.0.0.1:{{port}}/shop?user=shop&password={SECRET}",
        f"postgresql://shop:{SECRET}@127.0.0.1:no/shop",
        f"postgresql://shop:{SECRET}@127.0.0.1:{{port}}/shop?no_such_option={SECRET}",
        f"postgresql://shop:p@ss/{SECRET}@127.0.0.1/shop",
        f"mysql://shop:{SECRET}@127.0.0.1/shop",
        f"postgresql+asyncpg://shop:{SECRET}@127.0.0.1/shop",
        f"sqlite://shop:{SECRET}@127.0.0.1/shop",
        f"://{SECRET}",
    ],
)
def test_no_error_and_no_log_tells_a_password(where: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with caplog.at_level(logging.DEBUG), pytest.raises(OpenCMRError) as refused:
        Store(where.format(port=port))
    told: list[str] = [record.getMessage() for record in caplog.records]
    error: BaseException | None = refused.value
    while error is not None:
        told += [str(error), repr(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert isinstance(refused.value, StoreError)
    assert not [line for line in told if SECRET in line]
    assert SECRET not in shown(where.format(port=port))


def test_what_is_shown_of_a_url_still_tells_which_it_is() -> None:
    told = shown(f"postgresql://shop:{SECRET}@db.example:5433/cmr?sslmode=require&password={SECRET}")
    assert told == "postgresql://shop:***@db.example:5433/cmr?sslmode=require"


def test_a_server_that_is_down_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreError, match=r"cannot open postgresql://127.*refused"):
        Store(f"postgresql://127.0.0.1:{port}/shop")


def test_a_missing_driver_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'opencmr\[postgres\]'"):
        open_backend("postgresql://127.0.0.1/shop")


def test_a_database_that_is_not_there_is_told_as_such(postgres_server: postgres.Cluster) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store(postgres_server.url("nowhere"))


def test_a_store_goes_on_after_its_server_was_killed_and_started_again() -> None:
    with postgres.cluster() as server, Store(server.url()) as store:
        store.write_now(lambda rows: rows.add_peer("me", "one", opened=NOW, pinned={}, endpoint=None))
        server.kill()
        with pytest.raises(StoreError):
            store.write_now(lambda rows: rows.add_peer("me", "two", opened=NOW, pinned={}, endpoint=None))
        with pytest.raises(StoreError):
            store.read(lambda rows: rows.peer("me", "one"))
        server.start()
        store.write_now(lambda rows: rows.add_peer("me", "three", opened=NOW, pinned={}, endpoint=None))
        assert store.read(lambda rows: [peer.peer for peer in rows.peers()]) == ["one", "three"]


def test_a_store_that_was_cut_off_meanwhile_is_read_at_the_first_try(
    url: str, postgres_server: postgres.Cluster
) -> None:
    with Store(url) as store:
        store.write_now(lambda rows: rows.add_peer("me", "one", opened=NOW, pinned={}, endpoint=None))
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opencmr'"
        postgres_server.run(cut)
        assert store.read(lambda rows: [peer.peer for peer in rows.peers()]) == ["one"]


def test_a_write_that_was_cut_off_before_its_commit_is_done_anew_and_once(
    url: str, postgres_server: postgres.Cluster
) -> None:
    tried = list[int]()

    def work(rows: Rows) -> None:
        rows.add_peer("me", "one", opened=NOW, pinned={}, endpoint=None)
        tried.append(1)
        if len(tried) == 1:
            postgres_server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            )

    with Store(url) as store:
        store.write_now(work)
        assert len(tried) == 2
        assert store.read(lambda rows: [peer.peer for peer in rows.peers()]) == ["one"]


def test_two_processes_that_hold_what_the_other_wants_both_come_to_their_end(url: str) -> None:
    impatient = url + "%20-cdeadlock_timeout%3D20ms"
    met = threading.Barrier(2)

    def holding(*numbers: int) -> Callable[[Rows], None]:
        tried = list[int]()

        def work(rows: Rows) -> None:
            first, second = numbers
            rows.change_peer(first, restored=True)
            tried.append(1)
            if len(tried) == 1:
                met.wait(10)
            rows.change_peer(second, restored=True)

        return work

    with Store(impatient) as one, Store(impatient) as two:
        for peer in ("one", "two"):
            one.write_now(lambda rows, peer=peer: rows.add_peer("me", peer, opened=NOW, pinned={}, endpoint=None))
        threads = [
            threading.Thread(target=store.write_now, args=(work,))
            for store, work in ((one, holding(1, 2)), (two, holding(2, 1)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert one.read(lambda rows: [peer.version for peer in rows.peers()]) == [2, 2], "each was applied once"
