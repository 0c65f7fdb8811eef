"""`opencmr export` writes evidence out of a store, and changes nothing in it."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_what_is_exported_is_verified_and_nothing_is_written_into_the_store(
    run: Any, stores: Any, tmp_path: Path
) -> None:
    before = stores.alice.read_bytes()
    done = run("export", stores.alice, tmp_path / "evidence", "--json")
    assert (done.code, done.json["thread"]) == (0, None)
    assert len(list((tmp_path / "evidence" / "messages").iterdir())) == done.json["messages"] > 10
    assert run("verify", tmp_path / "evidence").code == 0
    assert stores.alice.read_bytes() == before


def test_one_thread_is_exported_by_its_first_signs(run: Any, stores: Any, tmp_path: Path) -> None:
    name = stores.dealing.removeprefix("urn:uuid:")[:9]
    told = run("export", stores.alice, tmp_path / "part", "--thread", name, "--json").json
    whole = run("export", stores.alice, tmp_path / "whole", "--relationship", "did:web:shop.example", "--json").json
    assert told["thread"] == stores.dealing
    assert 0 < told["messages"] < whole["messages"]
    text = run("export", stores.alice, tmp_path / "text", "--thread", name).out
    assert told["manifest"].partition(":")[0] in text
    assert f"verify {tmp_path / 'text'}" in text


@pytest.mark.parametrize(
    "options", [["--thread", "zzz"], ["--thread", "urn:"], ["--relationship", "did:web:other.example"]]
)
def test_what_is_not_there_is_a_usage_error_and_nothing_is_made(
    run: Any, stores: Any, tmp_path: Path, options: list[str]
) -> None:
    assert run("export", stores.alice, tmp_path / "evidence", *options).code == 2
    assert not (tmp_path / "evidence").exists()


def test_a_store_that_is_not_there_is_no_evidence(run: Any, tmp_path: Path) -> None:
    done = run("export", tmp_path / "no.db", tmp_path / "evidence")
    assert (done.code, done.error) == (1, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "member"), [("iso27560", "dct:conformsTo"), ("kantara", "version"), ("odrl", "conflict")]
)
def test_records_are_written_in_a_format_of_others_and_what_they_lack_is_told(
    run: Any, stores: Any, tmp_path: Path, name: str, member: str
) -> None:
    told = run("export", stores.alice, tmp_path / "records", "--as", name, "--json").json
    files = [json.loads((tmp_path / "records" / each["file"]).read_text()) for each in told["files"]]
    assert files
    assert all(member in document for document in files)
    text = run("export", stores.alice, tmp_path / "again", "--as", name).out
    assert f"as {name}" in text
    for each in told["files"]:
        assert all(f"{each['file']} missing: {pointer}" in text for pointer in each["missing"])


def test_a_vendors_store_has_the_same_records(run: Any, stores: Any, tmp_path: Path) -> None:
    assert run("export", stores.shop, tmp_path / "theirs", "--as", "odrl").code == 0


@pytest.mark.parametrize(
    "options", [["--as", "iso"], ["--as", "drp"], ["--as", "odrl", "--relationship", "did:web:no.example"]]
)
def test_a_format_that_is_none_or_has_no_place_for_anything_is_a_usage_error(
    run: Any, stores: Any, tmp_path: Path, options: list[str]
) -> None:
    assert run("export", stores.alice, tmp_path / "records", *options).code == 2
    assert not (tmp_path / "records").exists()


def test_one_record_is_written_by_the_first_signs_of_its_thread(run: Any, stores: Any, tmp_path: Path) -> None:
    every = run("export", stores.alice, tmp_path / "all", "--as", "odrl", "--json").json["files"]
    name = every[0]["file"].removesuffix(".json")
    (one,) = run("export", stores.alice, tmp_path / "one", "--as", "odrl", "--thread", name, "--json").json["files"]
    assert one == every[0]
