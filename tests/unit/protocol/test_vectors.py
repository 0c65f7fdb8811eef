"""The vectors of decisions: listed, made from what they say, and about requirements that there are."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "spec" / "v1"
VECTORS = SPEC / "vectors"


@pytest.mark.parametrize("name", ["roster.json", "roster.md"])
def test_the_table_of_the_roster_is_what_the_roster_says(name: str) -> None:
    command = [sys.executable, str(ROOT / "tools" / "decision_vectors.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert name not in done.stdout, done.stdout
    assert not done.stderr


def test_the_manifest_lists_every_file_of_decisions_with_its_requirements() -> None:
    listed = json.loads((VECTORS / "manifest.json").read_text())["files"]
    written = {f"decisions/{path.name}" for path in (VECTORS / "decisions").glob("*.json")}
    assert written == {name for name in listed if name.startswith("decisions/")}
    files = SPEC.rglob("requirements.toml")
    known = {each["id"] for file in files for each in tomllib.loads(file.read_text())["requirement"]}
    for name in written:
        assert set(listed[name]["requirements"]) <= known
    cases = json.loads((VECTORS / "decisions" / "rules.json").read_text())["cases"]
    assert {id_ for case in cases for id_ in case["requirements"]} == set(
        listed["decisions/rules.json"]["requirements"]
    )


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case["id"] for case in json.loads((VECTORS / "decisions" / "rules.json").read_text())["cases"]]
    assert len(names) == len(set(names)) >= 60
