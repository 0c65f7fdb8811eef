"""`opencmr verify`: 0 for what holds, else 1 with each file and the reason; no traceback, whatever a folder holds."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dialogue import GRANT, SHOP, Dialogue, conversation, put_forward, write_folder
from opencmr import trust
from opencmr.cli import folder as reading
from opencmr.cli.app import app

ROOT = Path(__file__).parents[3]
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("evidence"), put_forward(*conversation()))


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "evidence"))


@pytest.fixture
def restored(original: Path, folder: Path) -> Iterator[Path]:
    """For many changes of one file each, which their tests undo."""
    yield folder
    for file in original.rglob("*.json"):
        assert (folder / file.relative_to(original)).read_bytes() == file.read_bytes()


def verify(*args: str | Path) -> Result:
    result = CliRunner().invoke(app, ["verify", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def findings(*args: str | Path) -> dict[str, str]:
    """File → code, of what was found in the first path; exit code 1."""
    result = verify(*args, "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["ok"]) == (1, False), result.stdout
    (first, *_) = said["verified"]
    for one in first.get("relationships", ()):
        assert ("counts" in one) == one["ok"], "what was not reached is not counted"
    return {each["file"]: each["code"] for each in first["findings"]}


def edited(folder: Path, edit: Edit) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_bytes())
    edit(manifest)
    file.write_bytes(trust.canonicalize(manifest))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "messages").iterdir())


def name(file: Path) -> str:
    return f"messages/{file.name}"


@pytest.mark.requirement("EVD-1", "EVD-2", "EVD-5")
def test_a_folder_that_holds_exits_0(folder: Path) -> None:
    result = verify(folder)
    assert result.exit_code == 0, result.stdout
    assert "✗" not in result.stdout
    assert "OK" in result.stdout
    said = json.loads(verify(folder, "--json").stdout)
    (found,) = said["verified"]
    assert found["step"] == 5
    assert found["counts"]["messages"] == found["counts"]["receipts"] == 20
    assert {each["completeness"]["whole"] for each in found["relationships"]} == {True}
    assert found["manifest"] == trust.digest((folder / "manifest.json").read_bytes())
    assert {each["keys"] for each in found["relationships"]} == {"folder"}


def test_other_files_beside_the_evidence_do_not_matter(folder: Path) -> None:
    (folder / "story.json").write_text("{}")
    (folder / "alice.db").write_bytes(b"\x00")
    (folder / ".DS_Store").write_bytes(b"\x00")
    assert verify(folder).exit_code == 0


@pytest.mark.requirement("EVD-5")
def test_a_changed_byte_in_any_file_is_found_and_the_file_named(restored: Path) -> None:
    for file in files(restored):
        raw = file.read_bytes()
        for where in (0, len(raw) // 2, len(raw) - 1):
            file.write_bytes(raw[:where] + bytes([raw[where] ^ 1]) + raw[where + 1 :])
            assert findings(restored)[name(file)] == "other-digest"
        file.write_bytes(raw)


@pytest.mark.requirement("EVD-5")
def test_a_file_that_is_taken_out_is_named(restored: Path) -> None:
    for file in files(restored):
        raw = file.read_bytes()
        file.unlink()
        assert findings(restored)[name(file)] == "missing"
        file.write_bytes(raw)


def test_what_is_wrong_about_one_vendor_leaves_the_evidence_about_another_good(folder: Path) -> None:
    files(folder)[0].unlink()
    (found,) = json.loads(verify(folder, "--json").stdout)["verified"]
    states = {each["vendor"]: (each["ok"], each["step"]) for each in found["relationships"]}
    assert sorted(states.values()) == [(False, 1), (True, 5)]
    assert [each for one in found["relationships"] for each in one.get("findings", ())] == found["findings"]
    (good,) = (vendor for vendor, (ok, _) in states.items() if ok)
    last = [line for line in verify(folder).stdout.splitlines() if line.startswith("BAD:")]
    assert len(last) == 1
    assert good in last[0]


@pytest.mark.requirement("EVD-2")
def test_a_message_that_is_taken_out_of_the_manifest_too_is_missed_by_its_number(folder: Path) -> None:
    gone = files(folder)[6]
    gone.unlink()
    edited(folder, lambda manifest: manifest["messages"].pop(6))
    assert findings(folder) == {"manifest.json": "malformed"}
    assert "number 7 is missing" in verify(folder).stdout


@pytest.mark.requirement("EVD-5")
def test_two_files_swapped_are_named(restored: Path) -> None:
    all_files = files(restored)
    for one, other in pairwise(all_files):
        a, b = one.read_bytes(), other.read_bytes()
        one.write_bytes(b)
        other.write_bytes(a)
        found = findings(restored)
        assert {found[name(one)], found[name(other)]} == {"other-digest"}
        one.write_bytes(a)
        other.write_bytes(b)


@pytest.mark.requirement("EVD-4", "EVD-5")
def test_two_swapped_in_folder_and_manifest_are_named(original: Path, tmp_path: Path) -> None:
    for number in range(1, 40, 5):
        folder = Path(shutil.copytree(original, tmp_path / str(number)))
        one, other = files(folder)[number - 1 : number + 1]

        def swap(manifest: dict[str, Any], number: int = number) -> None:
            a, b = manifest["messages"][number - 1 : number + 1]
            for each, new in ((a, number + 1), (b, number)):
                each |= {"number": new, "file": f"messages/{new:04}-{each['type']}.json"}
            manifest["messages"][number - 1 : number + 1] = [b, a]

        a, b = one.read_bytes(), other.read_bytes()
        one.unlink()
        other.unlink()
        type_of = lambda raw: json.loads(raw)["type"]  # noqa: E731
        (folder / f"messages/{number:04}-{type_of(b)}.json").write_bytes(b)
        (folder / f"messages/{number + 1:04}-{type_of(a)}.json").write_bytes(a)
        edited(folder, swap)
        found = findings(folder)
        assert set(found.values()) == {"out-of-order"}
        assert set(found) <= {f"messages/{number:04}-{type_of(b)}.json", f"messages/{number + 1:04}-{type_of(a)}.json"}


def test_two_swapped_in_the_manifest_alone_are_named(folder: Path) -> None:
    def swap(manifest: dict[str, Any]) -> None:
        manifest["messages"][2:4] = reversed(manifest["messages"][2:4])

    edited(folder, swap)
    assert findings(folder) == {"manifest.json": "malformed"}
    assert name(files(folder)[3]) in verify(folder).stdout


# Keys that the reader brings


def test_keys_that_the_reader_brings_come_before_those_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (found,) = json.loads(verify(folder, "--did", folder / "dids", "--json").stdout)["verified"]
    assert {each["keys"] for each in found["relationships"]} == {"given"}
    document = json.loads((folder / "dids" / "plain.example.json").read_bytes())
    document["verificationMethod"][0]["publicKeyMultibase"] = trust.SigningKey.generate().public
    (tmp_path / "plain.json").write_text(json.dumps(document))
    codes = findings(folder, "--did", tmp_path / "plain.json")
    assert set(codes.values()) == {"bad-signature"}
    assert {one["vendor"]: one["keys"] for one in _relationships(folder, "--did", tmp_path / "plain.json")} == {
        "did:web:plain.example": "given",
        "did:web:picky.example": "folder",
    }
    (tmp_path / "plain.json").write_text("{")
    assert findings(folder, "--did", tmp_path / "plain.json")[str(tmp_path / "plain.json")] == "not-json"
    assert verify(folder, "--did", tmp_path / "nothing.json").exit_code == 2


def _relationships(*args: str | Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(verify(*args, "--json").stdout)["verified"][0]["relationships"]
    return found


# How much is here, and what nobody can know


@pytest.mark.requirement("EVD-10")
def test_what_nobody_can_know_stands_in_the_last_line_and_in_the_json(folder: Path) -> None:
    (found,) = json.loads(verify(folder, "--json").stdout)["verified"]
    assert [each["code"] for each in found["unknown"]] == ["others"]
    for one in found["relationships"]:
        assert [each["code"] for each in one["unknown"]] == ["end", "unanswered", "keys"]
    last = verify(folder).stdout.splitlines()[-1]
    assert last.startswith("OK:")
    for what in ("said after", "nobody answered", "the vendor's keys", "--did", "more relationships"):
        assert what in last
    assert "the vendor's keys" not in verify(folder, "--did", folder / "dids").stdout.splitlines()[-1]


@pytest.mark.requirement("EVD-7", "EVD-10")
def test_a_gap_is_told_by_the_numbers_that_are_missing(tmp_path: Path) -> None:
    one = Dialogue()
    for _ in range(4):
        one.say(GRANT)
    raws = one.ordered()
    folder = write_folder(tmp_path, put_forward(one, raws=raws[:2] + raws[6:]))
    (found,) = _relationships(folder)
    assert [each["numbers"] for each in found["completeness"]["missing"]] == [[2, 3]]
    assert (found["completeness"]["last"], found["completeness"]["here"]) == (4, 2)
    said = verify(folder).stdout
    assert "2 of the vendor's first 4 words are here" in said
    assert "(number 2 to 3)" in said
    assert set(findings(folder).values()) == {"missing"}


@pytest.mark.requirement("EVD-8")
def test_what_accuses_nobody_is_told_and_the_evidence_holds(tmp_path: Path) -> None:
    one = Dialogue()
    one.say(GRANT)
    fork = one.history.copy()
    one.say(GRANT)
    one.write(GRANT)  # nobody answers it
    one.say(GRANT, at="2026-06-01T00:00:00.000Z")
    kept, one.history = one.history, fork
    one.say(GRANT, seen=None)
    one.history = kept
    folder = write_folder(tmp_path, put_forward(one))
    (found,) = _relationships(folder)
    here = found["completeness"]
    assert found["ok"]
    assert [len(here[name]) for name in ("missing", "undelivered", "splits", "disputed")] == [0, 1, 1, 1]
    said = verify(folder).stdout
    assert verify(folder).exit_code == 0
    for word in ("never delivered, or held back", "a split:", "disputed:", "2026-06-01"):
        assert word in said


@pytest.mark.requirement("EVD-9", "EVD-10")
def test_a_part_that_says_so_holds_and_tells_how_much_is_here(tmp_path: Path) -> None:
    one = Dialogue()
    for _ in range(3):
        one.say(GRANT, seen=None, prior=None)
    thread = json.loads(one.raws[-1])["thread"]
    folder = write_folder(tmp_path, put_forward(one, raws=one.raws[-2:], part=[thread]))
    (found,) = _relationships(folder)
    assert found["vendor"] == SHOP
    assert found["completeness"]["part"] == [thread]
    assert "rest" in [each["code"] for each in found["unknown"]]
    assert "a part: 1 of the vendor's first 3 words" in verify(folder).stdout
    assert verify(folder).exit_code == 0
    edited(folder, lambda manifest: manifest.pop("part"))
    assert set(findings(folder).values()) == {"missing"}
    edited(folder, lambda manifest: manifest.update(part={"threads": []}))
    assert findings(folder) == {"manifest.json": "malformed"}


# Single messages


def test_single_messages_are_checked_by_their_signatures(folder: Path) -> None:
    customers, vendors = files(folder)[0], files(folder)[1]
    assert verify(customers).exit_code == 0
    assert findings(vendors) == {str(vendors): "no-document"}
    assert verify(customers, vendors, "--did", folder / "dids").exit_code == 0
    assert trust.digest(customers.read_bytes()) in verify(customers).stdout
    raw = customers.read_bytes()
    customers.write_bytes(raw.replace(b'"SD-BASE"', b'"SD-BASF"'))
    assert findings(customers) == {str(customers): "bad-signature"}


def test_a_pretty_printed_message_is_refused_and_told_why() -> None:
    example = ROOT / "spec" / "v1" / "terms" / "examples" / "valid" / "terms.proffer.two-choices.json"
    assert findings(example) == {str(example): "not-canonical"}
    assert "the signature holds for what they say" in verify(example).stdout


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b"\xff", b'{"a":1.5}', b"[" * 3000, b"x" * 70_000])
def test_what_is_no_message_is_refused(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "m.json"
    file.write_bytes(raw)
    assert set(findings(file)) == {str(file)}


def test_a_path_where_nothing_is_is_refused(tmp_path: Path) -> None:
    assert findings(tmp_path / "nothing") == {str(tmp_path / "nothing"): "missing"}
    assert findings(tmp_path) == {"manifest.json": "missing"}


# Hostile folders


@pytest.mark.requirement("EVD-6")
@pytest.mark.parametrize(
    "file", ["../secret.json", "messages/../../secret.json", "/etc/passwd", "messages/a/b.json", "messages/x\x1b.json"]
)
def test_a_manifest_that_names_files_elsewhere_is_refused(folder: Path, file: str) -> None:
    (folder.parent / "secret.json").write_text("{}")
    edited(folder, lambda manifest: manifest["messages"][0].update(file=file))
    assert findings(folder) == {"manifest.json": "malformed"}
    edited(folder, lambda manifest: manifest["dids"][0].update(file=file))
    assert findings(folder) == {"manifest.json": "malformed"}


@pytest.mark.requirement("EVD-6")
def test_links_are_not_followed(folder: Path) -> None:
    file = files(folder)[0]
    shutil.move(file, folder / "elsewhere.json")
    file.symlink_to(folder / "elsewhere.json")
    assert findings(folder)[name(file)] == "not-a-file"
    shutil.move(folder / "messages", folder / "others")
    (folder / "messages").symlink_to(folder / "others")
    assert findings(folder)["messages"] == "not-a-file"


def test_a_manifest_that_is_a_link_is_not_followed(folder: Path) -> None:
    shutil.move(folder / "manifest.json", folder / "other.json")
    (folder / "manifest.json").symlink_to(folder / "other.json")
    assert findings(folder) == {"manifest.json": "not-a-file"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_and_folders_in_place_of_files_are_named(folder: Path) -> None:
    pipe, other = files(folder)[:2]
    pipe.unlink()
    os.mkfifo(pipe)
    other.unlink()
    other.mkdir()
    found = findings(folder)
    assert (found[name(pipe)], found[name(other)]) == ("not-a-file", "not-a-file")


@pytest.mark.requirement("EVD-2")
def test_files_that_the_manifest_does_not_name_are_named(folder: Path) -> None:
    (folder / "messages" / "0099-\x1b[31mreceipt.json").write_text("{}")
    (folder / "messages" / ".0001-receipt.json").write_text("{}")
    assert list(findings(folder).values()) == ["not-named"] * 2
    assert "\x1b" not in verify(folder).stdout
    for number in range(40):
        (folder / "dids" / f"{number}.json").write_text("{}")
    assert len(findings(folder)) == 23


def test_files_without_end_are_not_read_to_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with files(folder)[0].open("r+b") as file:
        file.truncate(10 * 1024**3)
    assert findings(folder)[name(files(folder)[0])] == "too-large"
    monkeypatch.setattr(reading, "MAX_TOTAL", 100_000)
    assert set(findings(folder).values()) == {"too-large"}
    with (folder / "manifest.json").open("r+b") as manifest:
        manifest.truncate(10 * 1024**3)
    assert findings(folder) == {"manifest.json": "too-large"}


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 5000, b'{"messages":[]}', b'{"opencmr":"1.0"}']
)
def test_a_manifest_that_is_none_is_refused(folder: Path, raw: bytes) -> None:
    (folder / "manifest.json").write_bytes(raw)
    assert set(findings(folder)) == {"manifest.json"}


def test_what_the_manifest_states_besides_is_checked_as_well(folder: Path) -> None:
    for part, member in (("dids", "did"), ("folds", "vendor")):
        before = (folder / "manifest.json").read_bytes()
        edited(folder, lambda manifest, p=part, m=member: manifest[p][0].update({m: manifest[p][1][m]}))
        assert "not-as-stated" in findings(folder).values()
        (folder / "manifest.json").write_bytes(before)


def test_a_type_that_is_not_the_messages_is_named(folder: Path) -> None:
    file = files(folder)[0]
    file.rename(file.with_name("0001-terms.accept.json"))
    edited(
        folder,
        lambda manifest: manifest["messages"][0].update(type="terms.accept", file="messages/0001-terms.accept.json"),
    )
    assert findings(folder)["messages/0001-terms.accept.json"] == "not-as-stated"
