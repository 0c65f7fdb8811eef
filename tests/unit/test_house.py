"""The house around the code: what is shipped, what the first page says, and what an import costs."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from opencmr import roles

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["shop.py", "wallet.py"])
def test_the_readme_shows_the_examples_word_for_word(name: str) -> None:
    code = (ROOT / "examples" / name).read_text()
    assert f"```python\n{code}```" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["shop.py", "wallet.py"])
def test_an_example_has_at_most_fifteen_lines_of_code(name: str) -> None:
    lines = (ROOT / "examples" / name).read_text().splitlines()
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("#")]) <= 15


def test_importing_opencmr_loads_nothing_that_is_not_needed_yet() -> None:
    heavy = ["opencmr.bridges", "sqlalchemy", "alembic", "starlette", "jsonschema", "rich", "httpx", "uvicorn", "typer"]
    code = f"import sys, opencmr; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_opens_a_store_in_a_file_loads_nothing_of_another_database() -> None:
    code = "import sys; from opencmr import Customer, Vendor; print('sqlalchemy.dialects.postgresql' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_file_has_more_than_five_hundred_lines() -> None:
    files = [file for folder in ("sdk", "tests", "tools") for file in sorted((ROOT / folder).rglob("*.py"))]
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {file: count for file, count in lines.items() if count > 500} == {}
    assert len(files) > 300


def test_constraints_are_names_and_versions_only() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(lines, key=str.lower)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)


def test_what_is_pinned_can_be_installed_on_the_oldest_python_that_is_promised() -> None:
    promised = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest = promised.removeprefix(">=") + ".0"
    wants = {each.name: each.metadata["Requires-Python"] for each in distributions() if each.name != "opencmr"}
    assert {name: said for name, said in wants.items() if said and oldest not in SpecifierSet(said)} == {}
    assert len(wants) > 50


def test_the_wheel_ships_the_specification_the_examples_and_the_types(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    expected = {"opencmr/py.typed", "opencmr/store/migrations/env.py", "opencmr/store/migrations/script.py.mako"}
    for folder in ("spec", "examples"):
        tracked = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
        expected |= {f"opencmr/{path}" for path in tracked if path and (ROOT / path).is_file()}
    assert expected - shipped == set()
    assert not [name for name in shipped if "__pycache__" in name or name.endswith(".db")]


def test_every_decision_is_a_short_record() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    index = (ROOT / "docs" / "adr" / "index.md").read_text()
    for record in records:
        text = record.read_text()
        assert len(text.splitlines()) < 40, record.name
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## Context",
            "## Decision",
            "## Consequences",
        ], record.name
        assert f"({record.name})" in index, record.name


def test_each_public_name_of_the_roles_is_on_a_page_of_the_reference() -> None:
    pages = [(ROOT / "docs" / "reference" / f"{name}.md").read_text() for name in ("index", "roles")]
    shown = {line.strip(" -") for page in pages for line in page.splitlines()}
    assert sorted(set(roles.__all__) - shown) == []
