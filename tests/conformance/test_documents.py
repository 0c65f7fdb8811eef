"""Every JSON block of the specification and the site names its schema, and is what that schema says.

<!-- schema: terms.proffer -->              a whole message
<!-- schema: offer.make#/$defs/Body -->     a part of a schema
<!-- schema: types#/$defs/Money -->         a shared type
<!-- schema: none -->                       JSON that no schema describes
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencmr import messages, trust
from opencmr.cli.schemas import faults, schemas
from opencmr.protocol.receiving import check_place

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import count_spec_words  # noqa: E402
import families  # noqa: E402  # tools of this checkout

BLOCK = re.compile(
    r"(?:^<!-- schema: (?P<schema>[^ ]+) -->\n+)?^```(?P<language>json\w*)[^\n]*\n(?P<text>.*?)^```", re.M | re.S
)


def pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "spec").rglob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found += (ROOT / "examples").rglob("*.md")
    return sorted({each.resolve() for each in found if "node_modules" not in each.parts})


def blocks() -> Iterator[Any]:
    for page in pages():
        for block in BLOCK.finditer(page.read_text()):
            line = page.read_text()[: block.start()].count("\n") + 1
            yield pytest.param(block["schema"], block["text"], id=f"{page.relative_to(ROOT)}:{line}")


def named(schema: str) -> str:
    """The schema as `faults` names it."""
    name, hash_, part = schema.partition("#")
    (found,) = [each for each in schemas() if each.rpartition("/")[2] == f"{name}.schema.json"]
    return found + hash_ + part


@pytest.mark.parametrize(("schema", "text"), list(blocks()))
def test_a_block_names_its_schema_and_is_valid(schema: str | None, text: str) -> None:
    assert schema is not None, "write <!-- schema: NAME --> on the line before it, or none"
    if schema == "none":
        return
    value = json.loads(text)
    assert faults(value, named(schema)) == []
    if "#" not in schema:
        check_place(messages.validate(trust.parse(trust.canonicalize(value))))


def test_there_are_blocks_of_every_family_and_a_wrong_one_is_found() -> None:
    found = [block.values[0] for block in blocks()]
    assert {"terms", "consent", "intent", "offer", "order"} <= {str(each).partition(".")[0] for each in found}
    assert sum(each not in (None, "none") for each in found) >= 10
    assert faults({"amount": "1", "currency": "EUR", "note": "x"}, named("types#/$defs/Money")) != []


def test_the_reading_paths_state_about_as_many_words_as_their_pages_have() -> None:
    assert count_spec_words.off() == []


@pytest.mark.parametrize("file", families.MADE, ids=lambda file: file.name)
def test_what_says_which_families_there_are_is_as_the_tool_makes_it(file: Path) -> None:
    there, made = file.read_text(), families.MADE[file]
    assert made(there) == there
    for lost in ('        "terms.accept",\n', "`terms.accept`, ", "          - Terms: spec/v1/terms/page.md\n"):
        assert made(there.replace(lost, "")) == there
