"""A new family is its rooms and a line in each registry: all else knows it, with nothing else changed."""

import json
from pathlib import Path

import pytest

from new_family.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"))
    made.move_in()
    return made


@pytest.fixture(scope="module")
def stores(house: House) -> Path:
    """Where two parties have talked in the new family's words."""
    done = house.run(str(Path(__file__).parent / "praise" / "talk.py"), str(house.home))
    assert (done.returncode, done.stdout) == (0, "thanked thanked\n"), done.stderr
    return house.home


def test_it_is_said_and_folded_alike_on_both_sides(stores: Path) -> None:
    assert (stores / "alice.db").is_file()
    assert (stores / "shop.db").is_file()


def test_it_is_shown(house: House, stores: Path) -> None:
    done = house.run("-m", "opencmr.cli", "show", "shop.db", "--json")
    assert done.returncode == 0, done.stderr
    (thread,) = json.loads(done.stdout)["relationships"][0]["threads"]
    assert (thread["family"], thread["state"], thread["record"]["who"]) == ("praise", "thanked", "Ms Okafor")
    assert "praise for Ms Okafor" in house.run("-m", "opencmr.cli", "show", "shop.db").stdout
    whole = house.run("-m", "opencmr.cli", "show", "shop.db", "--thread", thread["id"].removeprefix("urn:uuid:")[:8])
    assert "Ms Okafor" in whole.stdout, whole.stdout + whole.stderr


def test_its_evidence_is_exported_and_verified(house: House, stores: Path) -> None:
    assert house.run("-m", "opencmr.cli", "export", "alice.db", "out").returncode == 0
    done = house.run("-m", "opencmr.cli", "verify", "out", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_suite_fuzz_and_vectors_know_it(house: House) -> None:
    done = house.run(str(Path(__file__).parent / "praise" / "checks.py"))
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[:2] == ["broken []", "checks lifecycles/praise-given"]
    assert told[2:] == ["messages/examples.json True True", "messages/mutants.json True True"]
    fuzzed = house.run(str(Path(__file__).parent / "praise" / "fuzzed.py"))
    assert fuzzed.stdout == "praise.give praise.thank\n[]\n", fuzzed.stderr


def test_a_message_by_its_schema_and_by_its_model(house: House) -> None:
    for file in sorted((house.home / "spec/v1/praise/examples/valid").iterdir()):
        done = house.run("-m", "opencmr.cli", "validate", str(file))
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("sdk/opencmr/protocol/families/praise.py", "the family praise has no module opencmr/protocol/families/praise"),
        ("spec/v1/praise/praise.thank.schema.json", "spec/v1/praise/praise.thank.schema.json is not there"),
    ],
)
def test_a_family_that_lacks_something_fails_at_import_and_says_what(house: House, lost: str, told: str) -> None:
    file = house.home / lost
    kept = file.read_bytes()
    file.unlink()
    try:
        done = house.run("-c", "import opencmr.protocol")
        assert done.returncode != 0
        assert told in done.stderr
    finally:
        file.write_bytes(kept)


def test_a_type_without_a_row_in_the_lifecycle_fails_at_import(house: House) -> None:
    file = house.home / "spec/v1/praise/lifecycle.json"
    kept = file.read_text()
    file.write_text(kept.replace('"type": "praise.thank"', '"type": "praise.thanks"'))
    try:
        done = house.run("-c", "import opencmr.protocol")
        assert "spec/v1/praise/lifecycle.json says in no state praise.thank" in done.stderr
    finally:
        file.write_text(kept)
