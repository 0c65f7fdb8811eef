"""What lies on the disk is for its owner alone: stores, what SQLite puts beside them, and key files."""

import logging
import os
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencmr import Customer, Vendor, trust
from opencmr.errors import KeyFileError, StoreError
from opencmr.roles.party.signing import Signer
from opencmr.store import KeyFile, Store
from parties import GRANT, MARKETING, SHOP, Street

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")

SEED = bytes(range(32))
NAME = "did:key:z6MkAlice"
WORD = "correct horse battery staple"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: mode_of(path) for path in folder.iterdir()}


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


# Stores


async def test_everything_that_two_parties_leave_on_the_disk_is_for_their_owners_alone(
    umask: int, tmp_path: Path
) -> None:
    street = Street(tmp_path)
    shop, alice = street.vendor(accepts=["SD-BASE-DP"]), street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(GRANT)
    assert shop.may(relationship.me, **MARKETING)
    left = modes_in(tmp_path)
    assert {"alice.db", "alice.db-wal", "alice.db-shm", "alice.keys"} <= left.keys()
    assert len(left) == 2 * len([".db", ".db-wal", ".db-shm", ".db-claim", ".keys"])
    assert set(left.values()) == {0o600}
    await street.close()
    assert set(modes_in(tmp_path).values()) == {0o600}


def test_a_store_that_others_can_read_is_told_and_not_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "shop.db"
    Store(path).close()
    path.chmod(0o640)
    with caplog.at_level(logging.WARNING):
        Store(path).close()
    assert mode_of(path) == 0o640
    assert f"chmod 600 {path}" in caplog.text


def test_a_store_of_ones_own_is_not_spoken_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        Store(tmp_path / "shop.db").close()
    assert caplog.text == ""


def test_looking_into_a_store_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store(tmp_path / "shop.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_store_in_a_folder_that_is_not_there_is_a_fault_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store(tmp_path / "nowhere" / "shop.db")


# Key files


def test_keys_of_another_user_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alice.keys"
    KeyFile(path).add(NAME, trust.SigningKey(SEED))
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(KeyFileError, match="another user"):
        KeyFile(path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_no_key_file_and_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "alice.keys"
    if kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir(mode=0o700)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(KeyFileError):
        KeyFile(path)


def test_a_link_stays_a_link_and_the_keys_go_where_it_leads(tmp_path: Path) -> None:
    stick, link = tmp_path / "stick" / "alice.keys", tmp_path / "alice.keys"
    stick.parent.mkdir()
    KeyFile(stick).begin()
    link.symlink_to(stick)
    KeyFile(link).add(NAME, trust.SigningKey(SEED))
    assert link.is_symlink()
    assert (mode_of(stick), KeyFile(stick).get(NAME).seed) == (0o600, SEED)


def test_a_link_to_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    bait, link = tmp_path / "bait", tmp_path / "alice.keys"
    bait.write_text('{"keys": {}}')
    bait.chmod(0o644)
    link.symlink_to(bait)
    with pytest.raises(KeyFileError):
        KeyFile(link)


@pytest.mark.parametrize("path", ["x" * 5000, "no\0name", "/dev/null/alice.keys"])
def test_a_path_that_is_none_is_a_fault_of_the_key_file(path: str) -> None:
    with pytest.raises(KeyFileError):
        KeyFile(path).begin()


def test_keys_that_could_not_be_written_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alice.keys"
    keys = KeyFile(path)
    keys.begin()
    before = path.read_bytes()

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(KeyFileError):
        keys.add(NAME, trust.SigningKey(SEED))
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before
    assert KeyFile(path).names() == []


# What is shown


def all_that_is_said(error: BaseException | None) -> str:
    """An error as a careless program would report it: message, repr, arguments, the whole chain with its lines."""
    said = ""
    while error is not None:
        said += f"{error}{error!r}{error.args!r}" + "".join(traceback.format_exception(error))
        if isinstance(error, KeyFileError | ValueError):
            said += repr(vars(error))
        error = error.__cause__ or error.__context__
    return said


def secrets_of(key: trust.SigningKey) -> list[str]:
    return [key.seed.hex(), repr(key.seed)[2:-1], str(list(key.seed))]


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    key = trust.SigningKey(SEED)
    keys = KeyFile(tmp_path / "alice.keys", WORD)
    keys.add(NAME, key)
    vendor = Vendor.open(tmp_path / "shop.db", did=SHOP, passphrase=WORD)
    customer = Customer.open(tmp_path / "alice.db", passphrase=WORD)
    signer = Signer(SHOP, key, trust.key_url(SHOP))
    shown = "".join(
        f"{each!r}{each!s}{each:}" for each in (key, keys, vendor, customer, signer, [signer], {"pen": signer})
    )
    for secret in (*secrets_of(key), WORD):
        assert secret not in shown
    for store in (vendor, customer):
        store._store.close()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"keys": []}',
        '{"keys": {"a": 7}}',
        f'{{"keys": {{"a": "{SEED.hex()}'[:-1] + '"}}',
        f'{{"keys": {{"a": "{SEED.hex()}ff"}}}}',
        f'{{"salt": "zz", "check": "", "keys": {{"a": "{SEED.hex()}"}}}}',
        f'{{"keys": {{"a": "{SEED.hex()}"}}, "salt": 7}}',
        f'{{"a": "{SEED.hex()}"}} x',
    ],
)
@pytest.mark.parametrize("word", [None, WORD])
def test_no_error_of_a_key_file_shows_a_key_or_the_passphrase(tmp_path: Path, content: str, word: str | None) -> None:
    path = tmp_path / "alice.keys"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as raised:
        KeyFile(path, word)
    said = all_that_is_said(raised.value)
    assert SEED.hex()[:-1] not in said
    assert WORD not in said


def test_a_wrong_passphrase_is_in_no_error(tmp_path: Path) -> None:
    KeyFile(tmp_path / "alice.keys", WORD).begin()
    for wrong in ("another horse", None):
        with pytest.raises(KeyFileError) as raised:
            KeyFile(tmp_path / "alice.keys", wrong)
        said = all_that_is_said(raised.value)
        assert WORD not in said
        assert "another horse" not in said


def test_no_error_of_a_store_shows_what_was_written(tmp_path: Path) -> None:
    """Two rows of one number: the driver knows the values, and its errors must not."""
    with Store(tmp_path / "shop.db") as store:

        def twice(rows: object) -> None:
            for _ in range(2):
                rows.add_peer(SHOP, NAME, opened="x" * 24, pinned={"key": WORD}, endpoint=None)  # type: ignore[attr-defined]

        with pytest.raises(StoreError) as raised:
            store.write_now(twice)
    said = all_that_is_said(raised.value)
    assert NAME not in said
    assert WORD not in said


def test_no_option_of_the_command_takes_a_secret_as_its_value() -> None:
    """Arguments of a process can be read by everybody on the machine. Secrets come by prompt, variable or file."""
    from typer.main import get_command

    from opencmr.cli.app import app

    group = get_command(app)
    context = group.make_context("opencmr", ["--help"], resilient_parsing=True)
    waiting, options = [group], []
    while waiting:
        command = waiting.pop()
        options += command.params
        if hasattr(command, "list_commands"):
            waiting += [command.get_command(context, name) for name in command.list_commands(context)]
    secret = [option for option in options if "pass" in str(option.name) or "secret" in str(option.name)]
    assert len(options) > 10
    assert secret
    assert all(option.is_flag or str(option.name).endswith("_file") for option in secret)
