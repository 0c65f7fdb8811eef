"""What is no store is not opened, and nothing is made or changed where it was looked for."""

import sqlite3
from pathlib import Path

import pytest

from opencmr.errors import StoreError
from opencmr.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def test_opening_for_reading_makes_no_file(path: Path) -> None:
    with pytest.raises(StoreError):
        Store(path, read_only=True)
    assert not path.exists()


def test_a_database_of_something_else_is_no_store_to_read(path: Path) -> None:
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(StoreError):
        Store(path, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_not_opened_and_not_changed(path: Path, read_only: bool) -> None:
    path.write_text("a letter, and no database: " + "x" * 1000)
    with pytest.raises(StoreError):
        Store(path, read_only=read_only)
    assert path.read_text().startswith("a letter")


@pytest.mark.parametrize("where", ["sqlite://", "sqlite:///:memory:", "nosuch://somewhere", "sqlite:///"])
def test_what_cannot_hold_a_store_is_refused(where: str) -> None:
    with pytest.raises(StoreError):
        Store(where)


def test_a_folder_that_is_not_there_holds_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store(tmp_path / "nowhere" / "shop.db")
