"""`opencmr mute` and `opencmr forget`: a customer's store, without its keys."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from opencmr.store import Store

SHOP = "did:web:shop.example"


@pytest.fixture
def alice(stores: Any, tmp_path: Path) -> Path:
    """A store of one's own, to write to."""
    return Path(shutil.copy(stores.alice, tmp_path / "alice.db"))


def muted(store: Path) -> bool:
    with Store(store, read_only=True) as opened:
        return opened.read(lambda rows: rows.muted(1))


def test_a_vendor_is_muted_and_unmuted(run: Any, alice: Path) -> None:
    done = run("mute", alice, SHOP)
    assert (done.code, done.err) == (0, "")
    assert "--off" in done.out
    assert muted(alice)
    assert "muted" in run("show", alice).out
    assert run("mute", alice, SHOP, "--off", "--json").json == {"vendor": SHOP, "muted": False}
    assert not muted(alice)
    assert "muted" not in run("show", alice).out


def test_a_relationship_is_forgotten_once_that_is_confirmed(run: Any, alice: Path, tmp_path: Path) -> None:
    asked = run("forget", alice, SHOP, stdin="n\n")
    assert asked.code == 1
    assert "--export" in asked.out
    assert SHOP in run("show", alice).out
    done = run("forget", alice, SHOP, "--export", tmp_path / "evidence", stdin="y\n")
    assert done.code == 0
    assert run("verify", tmp_path / "evidence").code == 0
    assert "holds no relationships" in run("show", alice).out
    assert run("doctor", alice, "--json").json["ok"] is not None


def test_a_program_has_to_say_yes(run: Any, alice: Path, stores: Any) -> None:
    assert run("forget", alice, SHOP, "--json").code == 2
    told = run("forget", alice, SHOP, "--yes", "--json").json
    assert (told["vendor"], told["customer"], told["unanswered"], told["export"]) == (SHOP, stores.customer, 0, None)


@pytest.mark.parametrize("command", [["mute"], ["forget", "--yes"]])
def test_who_is_not_there_and_whose_store_it_is_not(run: Any, stores: Any, tmp_path: Path, command: list[str]) -> None:
    shop = Path(shutil.copy(stores.shop, tmp_path / "shop.db"))
    alice = Path(shutil.copy(stores.alice, tmp_path / "alice.db"))
    wrong = run(*command, shop, stores.customer)
    assert (wrong.code, "opencmr db forget" in wrong.err) == (2, True)
    assert run(*command, alice, "did:web:other.example").code == 2
    missing = run(*command, tmp_path / "none.db", SHOP)
    assert missing.code == 1
    assert not (tmp_path / "none.db").exists()
