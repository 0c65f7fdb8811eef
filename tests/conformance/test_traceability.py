"""Every MUST is held by a vector, a check or a test, and each of those names a MUST that there is."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "coverage_of_requirements.py"


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    # its dataclasses look for their module while it is run
    sys.modules["coverage_of_requirements"] = sys.modules[__name__]
    return runpy.run_path(str(TOOL), run_name="coverage_of_requirements")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The parts of the repository that the tool reads, to be spoilt."""
    for part in ("spec", "tests", "sdk/opencmr/conformance"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_requirement_is_held_and_nothing_names_one_that_there_is_not(tool: dict[str, Any]) -> None:
    found = tool["coverage"]()
    assert found.wrong == []
    assert found.gaps == []
    assert len(found.requirements) > 140


def test_the_table_has_a_line_for_each_requirement() -> None:
    done = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=False, timeout=60)
    ids = re.findall(r"^\| ([A-Z]{3}-[0-9]+) \|", done.stdout, flags=re.M)
    assert (done.returncode, len(ids), len(set(ids))) == (0, len(ids), len(ids))
    assert f"{len(ids)} of {len(ids)} requirements are held" in done.stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("spec/v1/requirements.toml", 'id = "ENV-4"', 'id = "ENV-99"', "ENV-99 stands in no page"),
        ("spec/v1/requirements.toml", 'id = "ENV-4"', 'id = "ENV-99"', "has ENV-4, which is not in the requirements"),
        ("spec/v1/requirements.toml", 'id = "ENV-4"', 'id = "ENV-5"', "ENV-5 stands twice in the requirements"),
        ("spec/v1/requirements.toml", 'id = "ENV-4"', 'id = "env4"', "names env4, which is no id"),
        (
            "spec/v1/requirements.toml",
            'page = "envelope.md"',
            'page = "identity.md"',
            "is said to stand in identity.md",
        ),
        ("spec/v1/envelope.md", " **[ENV-4]**", "", "a MUST without an id: A time MUST be a real date"),
        (
            "spec/v1/identity.md",
            "Any other fragment",
            "A fragment MUST be there **[ENV-4]**.\nAny other",
            "ENV-4 stands 2 times",
        ),
        ("tests/unit/messages/test_times.py", '"ENV-4"', '"ENV-400"', "test_times.py names ENV-400"),
        ("spec/v1/vectors/keys-cases.json", '"IDN-1"', '"IDN-100"', "keys-cases.json names IDN-100"),
    ],
)
def test_what_does_not_fit_is_told(
    tool: dict[str, Any], copied: Path, file: str, old: str, new: str, told: str
) -> None:
    edit(copied / file, old, new)
    assert any(told in line for line in tool["coverage"](copied).wrong)


def test_a_requirement_that_nothing_holds_is_a_gap(tool: dict[str, Any], copied: Path) -> None:
    edit(copied / "spec/v1/envelope.md", "**[ENV-4]**", "**[ENV-4]** A clock MUST be right. **[ENV-98]**")
    with (copied / "spec/v1/requirements.toml").open("a") as file:
        file.write(
            '\n[[requirement]]\nid = "ENV-98"\npage = "envelope.md"\nside = "both"\ntext = "A clock MUST be right."\n'
        )
    found = tool["coverage"](copied)
    assert found.wrong == []
    assert found.gaps == ["ENV-98 is held by nothing: A clock MUST be right."]
