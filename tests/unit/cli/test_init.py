"""`opencmr init` makes what is not there yet, for nobody else's eyes."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from opencmr import Customer, Vendor
from opencmr.errors import KeyFileError
from opencmr.store import KeyFile


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_customers_store_and_keys_are_made_and_can_be_opened(run: Any, tmp_path: Path) -> None:
    done = run("init", "customer", tmp_path / "alice.db")
    assert done.code == 0
    assert "opencmr show" in done.out
    assert mode(tmp_path / "alice.db") == mode(tmp_path / "alice.keys") == 0o600
    async with Customer.open(tmp_path / "alice.db") as alice:
        assert alice.relationships() == []


def test_a_vendors_store_and_key_are_made_and_can_be_opened(run: Any, tmp_path: Path) -> None:
    did = "did:web:localhost%3A8001"
    done = run("init", "vendor", tmp_path / "shop.db", "--did", did, "--accepts", "SD-BASE", "--json")
    assert done.code == 0
    assert done.json["document"]["id"] == did
    assert mode(tmp_path / "shop.db") == mode(tmp_path / "shop.keys") == 0o600
    shop = Vendor.open(tmp_path / "shop.db", did=did)
    assert shop.did_document() == done.json["document"]
    asyncio.run(shop.close())


@pytest.mark.parametrize(
    ("did", "words"),
    [
        ("did:web:127.0.0.1%3A8001", ["port 8001", "http://127.0.0.1:8001/opencmr"]),
        ("did:web:shop.example", ["https://shop.example/opencmr"]),
    ],
)
def test_a_vendor_is_told_where_it_will_be(run: Any, tmp_path: Path, did: str, words: list[str]) -> None:
    done = run("init", "vendor", tmp_path / "shop.db", "--did", did)
    assert [word for word in words if word not in done.out] == []


def test_what_it_tells_a_vendor_to_write_is_python(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("init", "vendor", "shop.db", "--did", "did:web:shop.example", "--accepts", "SD-BASE")
    code = [line.strip() for line in done.out.splitlines() if line.startswith("  ")]
    compile("\n".join(code), "shop.py", "exec")
    assert code[-1] == 'shop = Vendor.open("shop.db", did="did:web:shop.example", accepts=["SD-BASE"])'


@pytest.mark.parametrize("there", ["alice.db", "alice.keys"])
def test_nothing_is_overwritten(run: Any, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    done = run("init", "customer", tmp_path / "alice.db")
    assert done.code == 2
    assert there in done.err
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(there, "mine")]


@pytest.mark.parametrize(
    "options",
    [
        ["--did", "did:web:shop.example", "--accepts", "SD-NONE"],
        ["--did", "did:key:z6Mk"],
        ["--did", "did:web:localhost:8001"],
        ["--did", "did:web:shop.example:..", "--accepts", "SD-BASE"],
    ],
)
def test_what_cannot_be_made_leaves_nothing_behind(run: Any, tmp_path: Path, options: list[str]) -> None:
    assert run("init", "vendor", tmp_path / "shop.db", *options).code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["none/alice.db", "alice.keys", "sqlite://"])
def test_a_place_that_cannot_be_is_refused(run: Any, tmp_path: Path, path: str) -> None:
    assert run("init", "customer", tmp_path / path if "://" not in path else path).code == 2


def test_a_passphrase_from_the_environment_seals_the_keys(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCMR_PASSPHRASE", "open sesame")
    assert run("init", "customer", tmp_path / "alice.db").code == 0
    for wrong in (None, "open barley"):
        with pytest.raises(KeyFileError):
            KeyFile(tmp_path / "alice.keys", wrong)
    assert KeyFile(tmp_path / "alice.keys", "open sesame").names() == []


@pytest.mark.filterwarnings("ignore::getpass.GetPassWarning")
def test_a_passphrase_is_asked_for_twice(run: Any, tmp_path: Path) -> None:
    assert run("init", "customer", tmp_path / "bob.db", "--passphrase", stdin="one\ntwo\n").code == 1
    assert list(tmp_path.iterdir()) == []
    assert run("init", "customer", tmp_path / "bob.db", "--passphrase", stdin="one\none\n").code == 0
    assert KeyFile(tmp_path / "bob.keys", "one").names() == []


@pytest.mark.parametrize("name", ["file:alice.db", "file:///tmp/alice.db?mode=ro", "sqlite:alice.db", "alice.db/.."])
def test_every_command_refuses_a_name_that_is_none_of_a_store(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ("--action", "dpv:Use", "--purpose", "dpv:Marketing")
    for words in (
        ("init", "customer", name), ("show", name), ("explain", name, *asked), ("db", "status", name),
        ("db", "upgrade", name), ("doctor", name),
    ):  # fmt: skip
        assert run(*words).code == 2, words
    assert list(tmp_path.iterdir()) == []
