"""Fetched files as a folder that other tools read, whatever a vendor calls its files."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import Vendor, intent, trust
from opencmr.messages.types import File
from opencmr.roles.customer.data_package import paths, safe
from opencmr.roles.customer.fetching import Named
from parties import CAST, SHOP, Street, an_offer

DIGEST = trust.digest(b"")
HOSTILE = {
    "../../etc/passwd": "_.._etc_passwd",
    "/etc/passwd": "_etc_passwd",
    "C:\\Windows\\system.ini": "C__Windows_system.ini",
    "con.txt": "_con.txt",
    "LPT1": "_LPT1",
    "..": "file",
    " . ": "file",
    ".bashrc": "bashrc",
    "a\x00b\n.txt": "a_b_.txt",
    "gpj.\u202eexe.txt": "gpj._exe.txt",
    "what?*.txt": "what__.txt",
    "orders.part": "_orders.part_",
    "con" + " " * 180 + "x.txt": "_con.txt",
    "a" * 143 + ".part" + "b" * 30: "_" + "a" * 143 + ".part_",
    "Rechnung März.pdf": "Rechnung März.pdf",
    "注文.csv": "注文.csv",
}


@pytest.mark.requirement("TRN-42")
@pytest.mark.parametrize(("name", "path"), HOSTILE.items())
def test_a_name_leads_nowhere_but_into_the_folder(name: str, path: str, tmp_path: Path) -> None:
    assert safe(name) == path
    (tmp_path / path).touch(exist_ok=False)
    assert (tmp_path / path).resolve().parent == tmp_path.resolve()


@pytest.mark.requirement("TRN-42")
@pytest.mark.parametrize("name", ["x" * 200 + ".json", "注" * 200, "😀" * 196 + ".csv", "." + "x" * 199])
def test_a_long_name_is_cut_and_keeps_its_ending(name: str, tmp_path: Path) -> None:
    assert len(safe(name).encode()) <= 150
    assert safe(name).rpartition(".")[2] in (name.rpartition(".")[2], safe(name))
    (tmp_path / (safe(name) + "-10000.part")).touch()


def _named(*names: str | None) -> list[Named]:
    files = [File(media_type="text/plain", size=0, digest=DIGEST, name=name) for name in names]
    return [Named(file, DIGEST, "urn:uuid:00000000-0000-4000-8000-000000000000") for file in files]


@pytest.mark.requirement("TRN-42")
def test_each_file_has_a_name_of_its_own() -> None:
    given = _named("a.txt", "A.TXT", "a.txt", "a-2.txt", None, None, "datapackage.json", "ﬁle", "dataPackage.JSON")
    assert paths(given) == [
        "a.txt", "A-2.TXT", "a-3.txt", "a-2-2.txt", "file", "file-2", "datapackage-2.json", "ﬁle-3",
        "dataPackage-3.JSON",
    ]  # fmt: skip


def test_many_files_of_one_name_are_named_in_no_time() -> None:
    found = paths(_named(*["a.txt"] * 20_000))
    assert len(set(found)) == len(found)


async def _content(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def test_files_are_fetched_into_a_data_package(street: Street, tmp_path: Path) -> None:
    shop: Vendor = street.vendor(accepts=["SD-BASE"], files=tmp_path / "files")
    contents = {"orders.json": b"[]", "../notes.txt": b"You like boots.\n"}
    files = [
        await shop.files.add(_content(content), media_type="text/plain", name=name)
        for name, content in contents.items()
    ]
    made = an_offer()
    line = made.lines[0].model_copy(update={"files": files})
    shop.on(intent.Cast)(lambda *_: made.model_copy(update={"lines": [line]}))
    relationship = await street.customer().meet(SHOP)
    await relationship.say(CAST)
    told: dict[str, int] = {}
    folder = tmp_path / "export"
    for _ in range(2):  # the second time all is there already
        found = await relationship.fetch_all(relationship.files(), folder, progress=told.__setitem__)
    assert [path.read_bytes() for path in found] == list(contents.values())
    assert told == {"orders.json": 2, "_notes.txt": 16}
    described = json.loads((folder / "datapackage.json").read_text())
    assert [(each["name"], each["path"], each["title"]) for each in described["resources"]] == [
        ("file-1", "orders.json", "orders.json"),
        ("file-2", "_notes.txt", "../notes.txt"),
    ]
    assert {each["opencmr"]["of"] for each in described["resources"]} == {relationship.files()[0].of}
    assert sorted(path.name for path in folder.iterdir()) == ["_notes.txt", "datapackage.json", "orders.json"]
    _verified_by_another_tool(folder, described["resources"])


def _verified_by_another_tool(folder: Path, resources: list[dict[str, str]]) -> None:
    sums = "".join(f"{each['hash'].removeprefix('sha256:')}  {each['path']}\n" for each in resources)
    tool = shutil.which("sha256sum") or shutil.which("shasum")
    assert tool is not None
    subprocess.run([tool, "-c"], input=sums.encode(), cwd=folder, check=True, capture_output=True)
