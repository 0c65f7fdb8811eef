"""Keys at rest: nobody else reads them, none is lost, none is shown."""

import json
import logging
import os
import stat
import traceback
from pathlib import Path

import pytest

from opencmr import trust
from opencmr.errors import KeyFileError
from opencmr.store import KeyFile

SEED = bytes(range(32))
NAME = "did:key:z6MkAlice"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.keys"


@pytest.fixture
def key() -> trust.SigningKey:
    return trust.SigningKey(SEED)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_there_again_after_reopening(path: Path, key: trust.SigningKey) -> None:
    KeyFile(path).add(NAME, key)
    again = KeyFile(path)
    assert again.names() == [NAME]
    assert again.get(NAME).seed == SEED


def test_a_name_without_a_key_is_refused(path: Path) -> None:
    with pytest.raises(KeyFileError):
        KeyFile(path).get(NAME)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_the_file_can_be_read_by_its_owner_alone_whatever_the_umask(path: Path, key: trust.SigningKey) -> None:
    before = os.umask(0)
    try:
        keys = KeyFile(path)
        keys.begin()
        assert mode_of(path) == 0o600
        keys.add(NAME, key)
        assert mode_of(path) == 0o600
    finally:
        os.umask(before)
    assert [file.name for file in path.parent.iterdir()] == [path.name], "no copy stays behind"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_that_others_can_get_at_is_refused(path: Path, key: trust.SigningKey, mode: int) -> None:
    keys = KeyFile(path)
    keys.add(NAME, key)
    path.chmod(mode)
    with pytest.raises(KeyFileError):
        KeyFile(path)
    with pytest.raises(KeyFileError):
        keys.add("did:key:another", trust.SigningKey.generate())


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_what_a_crash_left_behind_is_written_over_and_never_followed(path: Path, key: trust.SigningKey) -> None:
    elsewhere = path.with_name("elsewhere")
    path.with_name(path.name + ".new").symlink_to(elsewhere)
    KeyFile(path).add(NAME, key)
    assert not elsewhere.exists()
    assert KeyFile(path).get(NAME).seed == SEED


# Under a passphrase


def test_the_right_passphrase_opens_the_file_and_the_key_is_not_in_it_in_the_clear(
    path: Path, key: trust.SigningKey
) -> None:
    KeyFile(path, "correct horse").add(NAME, key)
    assert SEED.hex() not in path.read_text()
    assert KeyFile(path, "correct horse").get(NAME).seed == SEED


def test_two_files_under_one_passphrase_have_nothing_in_common(path: Path, sealed: str, key: trust.SigningKey) -> None:
    KeyFile(path, "correct horse").add(NAME, key)
    first, second = json.loads(path.read_text()), json.loads(sealed)
    assert first["salt"] != second["salt"]
    assert first["keys"][NAME] != second["keys"][NAME]


@pytest.mark.parametrize("wrong", ["battery staple", None])
def test_a_wrong_or_missing_passphrase_is_refused_even_before_there_is_a_key(path: Path, wrong: str | None) -> None:
    KeyFile(path, "correct horse").begin()
    with pytest.raises(KeyFileError):
        KeyFile(path, wrong)


def test_a_passphrase_for_a_file_that_is_not_sealed_is_refused(path: Path, key: trust.SigningKey) -> None:
    KeyFile(path).add(NAME, key)
    with pytest.raises(KeyFileError):
        KeyFile(path, "correct horse")


def test_an_empty_passphrase_is_refused_and_no_file_is_made(path: Path) -> None:
    """An empty variable of the environment must not leave keys in the clear for somebody who asked for a seal."""
    with pytest.raises(KeyFileError):
        KeyFile(path, "").begin()
    assert not path.exists()


# Damaged

GOOD = {"keys": {NAME: SEED.hex()}}
DAMAGED = {
    "empty": "",
    "cut off": json.dumps(GOOD)[:-5],
    "another document": "[]",
    "no keys": "{}",
    "keys that are a list": '{"keys": []}',
    "keys that are none": '{"keys": null}',
    "a key that is no text": json.dumps({"keys": {NAME: 7}}),
    "a key that is not hexadecimal": json.dumps({"keys": {NAME: "xx"}}),
    "a key that is too short": json.dumps({"keys": {NAME: SEED.hex()[:-2]}}),
    "a salt for keys in the clear": json.dumps({**GOOD, "salt": "00" * 16}),
    "bytes": "\udcff",
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path, key: trust.SigningKey, how: str) -> None:
    keys = KeyFile(path)
    path.write_bytes(DAMAGED[how].encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        KeyFile(path)
    if how not in ("a key that is no text", "a key that is not hexadecimal", "a key that is too short"):
        with pytest.raises(KeyFileError):
            keys.add("did:key:another", key)
        assert path.read_bytes() == DAMAGED[how].encode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What stands in a sealed file: stretching a passphrase takes its time, on purpose."""
    path = tmp_path_factory.mktemp("sealed") / "alice.keys"
    KeyFile(path, "correct horse").add(NAME, trust.SigningKey(SEED))
    return path.read_text()


@pytest.mark.parametrize(
    ("member", "value"),
    [("salt", "zz"), ("salt", "00"), ("salt", 7), ("check", 7), ("check", "00"), ("keys", {NAME: "00"}), ("keys", 7)],
)
def test_a_sealed_file_with_a_damaged_member_is_refused(path: Path, sealed: str, member: str, value: object) -> None:
    path.write_text(json.dumps({**json.loads(sealed), member: value}))
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        KeyFile(path, "correct horse")


# More than one process


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_two_who_have_one_file_open_keep_both_keys_and_find_each_others(path: Path, passphrase: str | None) -> None:
    KeyFile(path, passphrase).begin()
    one, two = KeyFile(path, passphrase), KeyFile(path, passphrase)
    first, second = one.add("a", trust.SigningKey.generate()), two.add("b", trust.SigningKey.generate())
    assert one.get("b").seed == second.seed
    assert two.get("a").seed == first.seed
    assert sorted(KeyFile(path, passphrase).names()) == ["a", "b"]


def test_a_file_that_was_replaced_by_another_is_not_written_over(path: Path) -> None:
    KeyFile(path, "correct horse").begin()
    keys = KeyFile(path, "correct horse")
    path.unlink()
    KeyFile(path, "correct horse").add(NAME, trust.SigningKey(SEED))
    before = path.read_bytes()
    with pytest.raises(KeyFileError):
        keys.add("b", trust.SigningKey.generate())
    assert path.read_bytes() == before


# Where it cannot be written


def test_a_folder_that_is_not_there_is_an_error_of_the_key_file(tmp_path: Path, key: trust.SigningKey) -> None:
    keys = KeyFile(tmp_path / "nowhere" / "alice.keys")
    with pytest.raises(KeyFileError):
        keys.add(NAME, key)
    with pytest.raises(KeyFileError):
        keys.begin()
    assert keys.names() == []


def test_a_folder_that_is_a_file_is_an_error_of_the_key_file(tmp_path: Path, key: trust.SigningKey) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(KeyFileError):
        KeyFile(tmp_path / "file" / "alice.keys").add(NAME, key)


def test_a_folder_in_the_place_of_the_file_is_an_error_of_the_key_file(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises(KeyFileError):
        KeyFile(path)


def test_a_disk_that_is_full_is_an_error_of_the_key_file_and_the_keys_before_stay(
    path: Path, key: trust.SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFile(path)
    keys.add(NAME, key)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError):
        keys.add("b", trust.SigningKey.generate())
    monkeypatch.undo()
    assert keys.names() == [NAME]
    assert KeyFile(path).names() == [NAME]


# Nothing is shown


def test_no_key_is_in_a_repr_a_log_or_an_error(
    path: Path, key: trust.SigningKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = KeyFile(path)
    keys.add(NAME, key)
    shown = [repr(keys), str(keys), repr(key), str(key)]
    for damage in (lambda text: text.replace("}", ""), lambda text: text.replace(SEED.hex(), SEED.hex() + "x")):
        path.write_text(damage(path.read_text()))
        with pytest.raises(KeyFileError) as caught:
            KeyFile(path)
        shown.append("".join(traceback.format_exception(caught.value)))
        cause = caught.value.__cause__
        shown += [repr(caught.value.args), repr(vars(cause)) if hasattr(cause, "__dict__") else ""]
        path.write_text(json.dumps(GOOD))
    shown.append(caplog.text)
    assert not [text for text in shown if SEED.hex() in text or repr(SEED)[2:-1] in text]


def test_of_two_who_begin_one_file_at_once_the_first_gives_the_key(path: Path) -> None:
    one, two = KeyFile(path), KeyFile(path)
    first = one.add("did:web:shop.example#key-1", trust.SigningKey.generate())
    assert two.add("did:web:shop.example#key-1", trust.SigningKey.generate()).seed == first.seed
    assert KeyFile(path).get("did:web:shop.example#key-1").seed == first.seed
