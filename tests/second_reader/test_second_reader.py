"""A backup is read by a program that was written from the page alone: `read_backup.py`, beside this."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backups import WORDS, a_wallet, held, opened, plaintext, seal
from opencmr.roles import backup
from parties import OTHER, SHOP, Street

READER = Path(__file__).parent / "read_backup.py"


def read(file: Path, passphrase: str = WORDS) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", READER, file],
        env={**os.environ, "PASSPHRASE": passphrase},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    street = Street(tmp_path)
    await a_wallet(street)
    await street.close()
    backup(tmp_path / "alice.db", tmp_path / "alice.backup", WORDS)
    return tmp_path / "alice.backup"


@pytest.mark.requirement("BAK-7")
def test_a_second_program_reads_all_relationships_messages_and_signatures(made: Path, tmp_path: Path) -> None:
    done = read(made)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    rows = held(tmp_path / "alice.db")
    assert [one["vendor"] for one in told["relationships"]] == [SHOP, OTHER]
    assert [one["muted"] for one in told["relationships"]] == [False, True]
    for one, (_, kept, _) in zip(told["relationships"], rows, strict=True):
        assert [(each["digest"], each["status"]) for each in one["messages"]] == [
            (row.digest, row.status) for row in kept
        ]
        assert one["signaturesThatHold"] == len(kept) > 0
    assert {one["customer"] for one in told["relationships"]} < set(told["keys"])


def test_it_says_what_is_not_whole(made: Path) -> None:
    whole = made.read_bytes()
    assert "does not open" in read(made, "another").stderr
    made.write_bytes(whole[:-1])
    assert read(made).returncode == 1
    made.write_bytes(seal(plain := opened(whole)))
    assert read(made).returncode == 0
    made.write_bytes(seal(plain.replace(b'"status":"entry"', b'"status":"Entry"', 1)))
    assert "digest of all" in read(made).stderr


def test_it_knows_nothing_of_the_sdk() -> None:
    imports = re.findall(r"^(?:from|import) ([a-z_]+)", READER.read_text(), flags=re.M)
    assert {name for name in imports if name not in sys.stdlib_module_names} == {"nacl"}


def test_the_plaintext_begins_as_the_page_says(made: Path) -> None:
    first = json.loads(plaintext(made).split(b"\n")[0])
    assert (first["record"], first["relationships"]) == ("backup", 2)
