"""`opencmr fetch`: a vendor's files, into a folder."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from opencmr import Customer, Vendor, intent
from parties import CAST, an_offer
from serving import did_of, listening, served

CONTENT = b"All that we hold about you.\n" * 20_000


async def _content() -> AsyncIterator[bytes]:
    yield CONTENT


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A shop that is served, and has named a file to Alice."""
    with listening() as bound:
        shop = Vendor.open(tmp_path / "shop.db", did=did_of(bound), accepts=["SD-BASE"], files=tmp_path / "files")
        file = asyncio.run(shop.files.add(_content(), media_type="text/plain", name="all.txt"))
        made = an_offer()
        line = made.lines[0].model_copy(update={"files": [file]})
        shop.on(intent.Cast)(lambda *_: made.model_copy(update={"lines": [line]}))
        with served(shop.asgi(), bound):
            asyncio.run(_meet(tmp_path, shop.did))
            yield shop.did


async def _meet(folder: Path, did: str) -> None:
    async with Customer.open(folder / "alice.db") as alice:
        await (await alice.meet(did)).say(CAST)


def test_files_are_fetched_into_a_folder(run: Any, shop: str, tmp_path: Path) -> None:
    done = run("fetch", tmp_path / "alice.db", shop, "--out", tmp_path / "export")
    assert (done.code, done.err) == (0, "")
    assert "1 file in" in done.out
    assert (tmp_path / "export" / "all.txt").read_bytes() == CONTENT
    [listed] = json.loads((tmp_path / "export" / "datapackage.json").read_text())["resources"]
    assert (listed["path"], listed["bytes"]) == ("all.txt", len(CONTENT))
    again = run("fetch", tmp_path / "alice.db", shop, "--out", tmp_path / "export", "--json")
    assert again.json == {"folder": str(tmp_path / "export"), "files": [str(tmp_path / "export" / "all.txt")]}


@pytest.mark.parametrize("signs", [8, None])
def test_of_a_thread_by_its_whole_id_or_its_first_signs(run: Any, shop: str, tmp_path: Path, signs: int | None) -> None:
    [thread] = run("show", tmp_path / "alice.db", "--json").json["relationships"][0]["threads"]
    name = thread["id"] if signs is None else thread["id"].removeprefix("urn:uuid:")[:signs]
    done = run("fetch", tmp_path / "alice.db", shop, name, "--out", tmp_path / "export", "--json")
    assert [Path(file).name for file in done.json["files"]] == ["all.txt"]


def test_where_there_is_nothing_to_fetch_it_is_said(run: Any, shop: str, tmp_path: Path) -> None:
    nothing = run("fetch", tmp_path / "alice.db", shop, "ffffffffff", "--out", tmp_path / "export")
    assert (nothing.code, "has named no files in ffffffffff" in nothing.err) == (2, True)
    other = run("fetch", tmp_path / "alice.db", "did:web:other.example", "--out", tmp_path / "export")
    assert (other.code, "no relationship" in other.err) == (2, True)
    assert run("fetch", tmp_path / "alice.db", shop).code == 2
