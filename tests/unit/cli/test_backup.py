"""`opencmr backup` and `opencmr restore`."""

from pathlib import Path
from typing import Any

import pytest

WORDS = "correct horse"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(f"{WORDS}\nmore\n")
    return file


@pytest.fixture
def made(run: Any, stores: Any, tmp_path: Path, passphrase: Path) -> Path:
    file = tmp_path / "alice.backup"
    assert run("backup", stores.alice, file, "--passphrase-file", passphrase).code == 0
    return file


def test_a_wallet_is_shown_alike_on_a_fresh_machine(
    run: Any, stores: Any, made: Path, tmp_path: Path, passphrase: Path
) -> None:
    again = tmp_path / "again.db"
    done = run("restore", made, again, "--passphrase-file", passphrase)
    assert (done.code, done.err) == (0, "")
    assert "1 relationship and 20 messages" in done.out
    shown, before = (
        run("show", again, "--timeline", "--json").json,
        run("show", stores.alice, "--timeline", "--json").json,
    )
    assert shown["relationships"] == before["relationships"]
    assert run("show", again).out == run("show", stores.alice).out
    assert run("doctor", again).code == run("doctor", stores.alice).code


def test_programs_are_told_in_json(run: Any, stores: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCMR_BACKUP_PASSPHRASE", WORDS)
    file = tmp_path / "alice.backup"
    made = run("backup", stores.alice, file, "--json").json
    assert made["bytes"] == file.stat().st_size
    told = run("restore", file, tmp_path / "again.db", "--json").json
    assert told == {
        "store": str(tmp_path / "again.db"),
        "at": made["at"],
        "relationships": 1,
        "messages": 20,
        "keys": 1,
    }
    wrong = run("restore", file, tmp_path / "again.db", "--json")
    assert (wrong.code, "already" in wrong.json["problem"]["detail"]) == (2, True)


def test_the_passphrase_is_asked_for_twice_and_then_once(run: Any, stores: Any, tmp_path: Path) -> None:
    file = tmp_path / "alice.backup"
    made = run("backup", stores.alice, file, stdin=f"{WORDS}\n{WORDS}\n")
    assert (made.code, WORDS in made.out + made.err) == (0, False)
    assert run("restore", file, tmp_path / "again.db", stdin=f"{WORDS}\n").code == 0


@pytest.mark.parametrize("content", [b"", b"\nx\n", b"\xff\n"])
def test_a_file_without_a_passphrase_is_told(run: Any, stores: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty").write_bytes(content)
    done = run("backup", stores.alice, tmp_path / "alice.backup", "--passphrase-file", tmp_path / "empty")
    assert done.code == 2
    assert not (tmp_path / "alice.backup").exists()


def test_what_cannot_be_is_told_in_a_line(run: Any, stores: Any, made: Path, tmp_path: Path, passphrase: Path) -> None:
    given = ("--passphrase-file", passphrase)
    vendor = run("backup", stores.shop, tmp_path / "shop.backup", *given)
    assert (vendor.code, "vendor" in vendor.err) == (2, True)
    (tmp_path / "wrong").write_text("another\n")
    wrong = run("restore", made, tmp_path / "again.db", "--passphrase-file", tmp_path / "wrong")
    assert (wrong.code, "wrong passphrase" in wrong.err, wrong.err.count("\n")) == (1, True, 1)
    none = run("restore", tmp_path / "none", tmp_path / "again.db", *given)
    assert (none.code, "no backup" in none.err) == (2, True)
    there = run("restore", made, stores.alice, *given)
    assert (there.code, "already" in there.err) == (2, True)
    assert not (tmp_path / "again.db").exists()
