"""The tables: made, found, brought forward under a lock; and never touched by code that is older than they are."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from opencmr.errors import StoreError
from opencmr.store import Store, schema
from opencmr.store.backends import Backend, open_backend
from opencmr.store.tables import metadata

ME, THEM, NOW = "did:web:shop.example", "did:key:z6MkAlice", "2026-07-01T12:00:00.000Z"


@pytest.fixture
def place(places: Callable[[str], str | Path]) -> str | Path:
    return places("shop")


@pytest.fixture
def backend(place: str | Path) -> Iterator[Backend]:
    """The database by itself, with nothing in it."""
    backend = open_backend(place)
    yield backend
    backend.close()


def execute(backend: Backend, *statements: str) -> None:
    with backend.transaction(writing=True) as connection:
        for statement in statements:
            connection.execute(text(statement))


def migrate(backend: Backend, to: str) -> None:
    with backend.transaction(writing=True) as connection:
        schema.migrate(connection, to)


def version(backend: Backend) -> str | None:
    with backend.transaction() as connection:
        return schema.version_of(connection)


def before_migrations(backend: Backend) -> None:
    """A store as it was made before there were migrations, with one relationship in it."""
    migrate(backend, "0001")
    execute(
        backend,
        "DROP TABLE alembic_version",
        f"INSERT INTO relationships (me, peer, pinned, opened, version) VALUES ('{ME}', '{THEM}', '{{}}', '{NOW}', 3)",
    )


def differences(backend: Backend) -> list[object]:
    with backend.transaction() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)


def test_what_the_migrations_make_is_what_the_code_works_with(backend: Backend) -> None:
    migrate(backend, schema.HEAD)
    assert [found for found in differences(backend) if "alembic_version" not in str(found)] == []


def test_a_new_store_is_made_as_the_migrations_would_make_it(
    backend: Backend, places: Callable[[str], str | Path]
) -> None:
    def index(found: Any) -> tuple[object, ...]:
        rows = [str(rows) for name, rows in found["dialect_options"].items() if name.endswith("_where")]
        return found["name"], found["column_names"], bool(found["unique"]), rows

    def shape(of: Backend) -> dict[str, tuple[object, ...]]:
        found = inspect(of.engine)
        return {
            table: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_unique_constraints(table), key=str),
                sorted(map(index, found.get_indexes(table)), key=str),
            )
            for table in found.get_table_names()
        }

    migrate(backend, schema.HEAD)
    made = open_backend(places("other"))
    assert schema.prepare(made) == "empty"
    assert shape(made) == shape(backend)
    assert version(made) == version(backend) == schema.HEAD
    made.close()


def test_the_code_names_the_newest_migration() -> None:
    script = ScriptDirectory(str(schema.MIGRATIONS))
    assert script.get_heads() == [schema.HEAD]
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "they are compared as they are written"
    assert {len(revision) for revision in revisions} == {len(schema.HEAD)}


def test_a_store_from_before_there_were_migrations_is_taken_over(backend: Backend, place: str | Path) -> None:
    before_migrations(backend)
    with Store(place) as store:
        assert store.read(lambda rows: list(rows.peers())) == [], "a relationship without a message is none"
    assert version(backend) == schema.HEAD
    assert [found for found in differences(backend) if "alembic_version" not in str(found)] == []


def test_a_transaction_keeps_what_was_written_where_it_was_begun_for_writing(backend: Backend) -> None:
    migrate(backend, schema.HEAD)
    for writing, kept in ((False, 0), (True, 1)):
        with backend.transaction(writing=writing) as connection:
            connection.execute(text("INSERT INTO muted (relationship) VALUES (7)"))
        with backend.transaction() as connection:
            assert connection.execute(text("SELECT count(*) FROM muted")).scalar() == kept


def test_a_store_that_would_have_to_be_brought_forward_is_not_opened_for_reading_only(
    backend: Backend, place: str | Path
) -> None:
    before_migrations(backend)
    before = inspect(backend.engine).get_table_names()
    with pytest.raises(StoreError, match="opencmr db upgrade"):
        Store(place, read_only=True)
    assert inspect(backend.engine).get_table_names() == before


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(("found", "told"), [("9999", "newer"), ("ae1027a6acf", "another program")])
def test_a_store_that_is_newer_or_of_another_program_is_refused_and_left_alone(
    backend: Backend, place: str | Path, read_only: bool, found: str, told: str
) -> None:
    Store(place).close()
    execute(backend, f"UPDATE alembic_version SET version_num = '{found}'")
    with pytest.raises(StoreError, match=told):
        Store(place, read_only=read_only)
    with backend.transaction() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == found


@pytest.mark.parametrize("old", [False, True], ids=["a new store", "an old store"])
def test_of_many_that_open_a_store_at_once_one_prepares_it(backend: Backend, place: str | Path, old: bool) -> None:
    if old:
        before_migrations(backend)
    ready, faults = threading.Barrier(6), list[Exception]()

    def open_it() -> None:
        ready.wait(10)
        try:
            Store(place).close()
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert version(backend) == schema.HEAD


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    backend: Backend, place: str | Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_migrations(backend)
    before = inspect(backend.engine).get_table_names()

    def half(connection: object, to: str = schema.HEAD) -> None:
        migrate_for_real(connection, to)  # type: ignore[arg-type]
        raise StoreError("half way")

    migrate_for_real = schema.migrate
    monkeypatch.setattr(schema, "migrate", half)
    with pytest.raises(StoreError, match="half way"):
        Store(place)
    assert inspect(backend.engine).get_table_names() == before


def test_opening_a_store_that_is_up_to_date_loads_no_alembic(place: str | Path) -> None:
    Store(place).close()
    code = (
        f"import sys; from opencmr.store import Store; Store({str(place)!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
