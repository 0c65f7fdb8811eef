"""A store's name means one thing: it works as what it says, or a UsageError says what to write instead."""

import os
import stat
from pathlib import Path

import pytest

from opencmr import Customer, Vendor
from opencmr.errors import StoreError, UsageError
from opencmr.roles import export
from opencmr.store import Store, beside, path_of, shown
from opencmr.store.backends import open_backend


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder: Path) -> set[str]:
    """The files that are there now, but for those that SQLite and a claim bring along."""
    there = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in there if not path.name.endswith(("-wal", "-shm", "-claim"))}


ODD = [
    "alice?mode=ro.db",
    "alice#1.db",
    "alice%20b.db",
    "al ice .db",
    " alice.db",
    "alice@home.db",
    "alice:1.db",
    "./file:alice.db",
    "alice;drop.db",
    "a'lice\".db",
    "größe–靴\u3000.db",
    "\udcff.db",
    "-alice.db",
    ":alice.db",
    "alice\n.db",
    "filealice.db",
    "alice",
    "back\\slash.db",
]


@pytest.mark.parametrize("name", ODD)
def test_a_path_of_any_characters_is_the_file_of_that_name_and_for_nobody_else(folder: Path, name: str) -> None:
    before = os.umask(0)
    try:
        Store(name).close()
    finally:
        os.umask(before)
    plain = name.removeprefix("./")
    assert made(folder) == {plain}
    assert stat.S_IMODE((folder / plain).stat().st_mode) == 0o600
    Store(folder / plain, read_only=True).close()
    assert Path(path_of(name) or "") == Path(name)
    assert shown(name) == name


@pytest.mark.parametrize("name", ["shop.db", "größe.db", "a b@c:1.db"])
def test_a_path_in_a_url_is_the_same_file(folder: Path, name: str) -> None:
    Store(f"sqlite:///{name}").close()
    assert made(folder) == {name}
    Store(f"sqlite+pysqlite:///{folder / name}", read_only=True).close()
    assert beside(f"sqlite:///{folder / name}") == (folder / name).with_suffix(".keys")


MISNAMED = {
    "file:alice.db": "say alice.db",
    "FILE:alice.db": "say alice.db",
    "file:alice.db?mode=ro": "say alice.db",
    "file:///srv/alice.db?mode=ro": "say /srv/alice.db",
    "file://localhost/srv/al%20ice.db#x": "say /srv/al ice.db",
    "file:": "say shop.db",
    "file::memory:?cache=shared": "say shop.db",
    "file://elsewhere/alice.db": "say shop.db",
    "sqlite:///alice.db?mode=ro": "say the path alone: alice.db",
    "sqlite:///file:alice.db?uri=true": "say the path alone",
    "sqlite:///al%20ice.db": "say the path alone",
    "sqlite:///alice.db#1": "say the path alone: alice.db",
    "sqlite:alice.db": "say its path",
    "sqlite:/alice.db": "say its path",
    "sqlite://alice.db": "say its path",
    "sqlite://": "say its path",
    "sqlite:///": "name a file",
    "sqlite:///:memory:": "name a file",
    ":memory:": "name a file",
    "": "name a file",
    ".": "name a file in it",
    "..": "name a file in it",
    "alice.db/": "name a file in it",
    "/": "name a file in it",
    "alice\0.db": "NUL",
    "postgresql:shop": "postgresql://USER",
    "postgres:/host/shop": "postgresql://USER",
    "mysql://host/shop": "postgresql://",
    "https://shop.example": "postgresql://",
    "://": "postgresql://",
}


@pytest.mark.parametrize("name", MISNAMED)
def test_a_name_that_is_no_path_and_no_url_is_refused_before_anything_is_made(folder: Path, name: str) -> None:
    for use in (Store, open_backend, lambda name: Store(name, read_only=True)):
        with pytest.raises(UsageError) as refused:
            use(name)
        assert isinstance(refused.value, StoreError)
        assert MISNAMED[name] in str(refused.value)
    for ask in (lambda: Customer.open(name), lambda: Vendor.open(name, did="did:web:shop.example")):
        with pytest.raises(UsageError):
            ask()
    with pytest.raises(UsageError):
        export(folder / "out", name)
    assert made(folder) == set()


def test_a_url_that_became_a_path_is_refused() -> None:
    with pytest.raises(UsageError):
        Store(Path("postgresql://shop:secret@localhost/shop"))
    with pytest.raises(UsageError):
        Store(Path("sqlite:///shop.db"))


def test_what_stands_beside_what_a_path_goes_back_over_is_the_systems_to_say(folder: Path) -> None:
    """SQLAlchemy would take `link/..` out of a path; to the system it is the folder above where the link leads."""
    (folder / "far/away").mkdir(parents=True)
    (folder / "link").symlink_to("far/away")
    with Store("link/../shop.db") as store:
        first = store.stamp()
        store.write_now(
            lambda rows: rows.add_peer("me", "you", opened="2026-07-01T12:00:00.000Z", pinned={}, endpoint=None)
        )
        assert store.stamp() != first, "it watches the file that it writes"
    assert made(folder) == {"far/shop.db"}
    assert stat.S_IMODE((folder / "far/shop.db").stat().st_mode) == 0o600
    assert beside("link/../shop.db") == folder / "far/shop.keys"


def test_keys_are_not_kept_in_the_store(folder: Path) -> None:
    for ask in (lambda: Customer.open("alice.keys"), lambda: Vendor.open("a.keys", did="did:web:shop.example")):
        with pytest.raises(UsageError):
            ask()
    assert made(folder) == set()


@pytest.mark.parametrize("url", ["postgresql://shop@localhost/shop", "postgres://localhost/shop"])
def test_the_keys_of_a_store_on_a_server_are_named(folder: Path, url: str) -> None:
    assert path_of(url) is None
    for ask in (lambda: Customer.open(url), lambda: Vendor.open(url, did="did:web:shop.example")):
        with pytest.raises(UsageError):
            ask()
    assert made(folder) == set()
