"""The pages about bridges: their examples run, and give what the pages show."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECORDS, RIGHTS = ["iso27560", "kantara", "odrl"], ["eudi", "drp", "gpc"]


@cache
def given(name: str) -> tuple[Any, str]:
    """What the example gives, and what it says besides. Ids, keys and digests are other ones each time."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            ROOT / "examples" / ("bridges_of_rights.py" if name in RIGHTS else "bridges.py"),
            name,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shown = re.sub(r"(urn:uuid:|did:key:|\bzQm|request_id\": \")[A-Za-z0-9-]+", r"\1…", done.stdout)
    document, end = json.JSONDecoder().raw_decode(shown)
    return document, shown[end:].strip()


def page(name: str) -> str:
    return (ROOT / "docs" / "bridges" / f"{name}.md").read_text()


def shown(name: str) -> Any:
    (block,) = re.findall(r"```json\n(.*?)```", page(name), re.DOTALL)
    return json.loads(block)


@pytest.mark.parametrize("name", ["iso27560", "kantara", "eudi", "drp"])
def test_an_example_gives_what_its_page_shows(name: str) -> None:
    document, besides = given(name)
    document.pop("@context", None)
    assert shown(name) == document
    assert not besides or f"```text\n{besides}\n```" in page(name)


def test_the_signal_is_displayed_as_its_page_shows() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / "bridges_of_rights.py", "gpc"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"```text\n{done.stdout}```" in page("gpc")


def test_the_policy_on_its_page_is_the_one_that_the_example_gives_with_fewer_prohibitions() -> None:
    document, besides = given("odrl")
    short = shown("odrl")
    assert all(rule in document["prohibition"] for rule in short["prohibition"])
    assert short | {"prohibition": document["prohibition"]} == document
    assert besides == ""


def test_every_bridge_has_a_page_in_the_index_and_in_the_navigation() -> None:
    folder = ROOT / "sdk" / "opencmr" / "bridges"
    names = {path.stem for path in folder.iterdir() if not path.stem.startswith("_")} - {"formats", "gate", "json_ld"}
    assert names == {*RECORDS, *RIGHTS}
    for name in names:
        assert f"({name}.md)" in page("index")
        assert f"bridges/{name}.md" in (ROOT / "mkdocs.yml").read_text()
