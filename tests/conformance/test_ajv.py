"""The schemas in a second, strict validator: ajv, of npm. It compiles them all, and comes to what ours comes to.

Needs Node and npm, and a registry that npm reaches; where one of them is missing, the tests are skipped and say so. A
schema that only one validator takes, or that two read differently, is no schema to publish.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from length import LONG
from opencmr import _spec
from opencmr.cli.schemas import BASE, ENVELOPE, MESSAGE, faults, schemas
from opencmr.conformance.changes import apply
from opencmr.messages.model import in_order

AJV = ("ajv@8.17.1", "ajv-formats@3.0.1")
SCRIPT = Path(__file__).with_name("ajv_check.mjs")
INSTALL = 120
"""Seconds that npm gets. It takes two where the registry is near."""

Check = Callable[[list[Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def ajv(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """ajv in a folder of its own: cases in, complaints and verdicts out."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("ajv runs on Node, and npm installs it: one of them is not on the PATH")
    folder = tmp_path_factory.mktemp("ajv")
    (folder / "package.json").write_text('{"private": true}')
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=30000"]
    install = [npm, "install", "--save-exact", *quiet, *AJV]
    try:
        subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=INSTALL)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        pytest.skip(f"npm could not install {' and '.join(AJV)}: {said.decode(errors='replace')[-300:] or error}")

    def check(cases: list[Any]) -> dict[str, Any]:
        asked = {"schemas": list(schemas().values()), "steps": [BASE + ENVELOPE, BASE + MESSAGE], "cases": cases}
        done = subprocess.run(
            [node, str(SCRIPT), str(folder)], input=json.dumps(asked), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return check


@cache
def _load(path: str) -> Any:
    return json.loads((_spec.root() / path).read_text(encoding="utf-8"))


def _cases(path: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = _load(f"vectors/messages/{path}")["cases"]
    return cases


def _examples() -> dict[str, Any]:
    files = {case["id"]: (_load(case["file"]), case["valid"]) for case in _cases("examples.json")}
    return {id_: document if valid else document["message"] for id_, (document, valid) in files.items()}


def _mutants() -> dict[str, Any]:
    cases = _cases("mutants.json")[:: 1 if LONG else 4]
    return {case["id"]: apply(_load(case["of"]), case["change"]) for case in cases}


def _first(message: Any, found: list[list[str]]) -> str | None:
    """The pointer that a receiver reports. ajv writes positions as text: those of a list are numbers again."""
    return min((_path(message, steps) for steps in found), key=in_order, default=None)  # type: ignore[return-value]


def _path(message: Any, steps: list[str]) -> tuple[str | int, ...]:
    path: list[str | int] = []
    for step in steps:
        path.append(int(step) if isinstance(message, list) else step)
        message = message[path[-1]] if isinstance(message, list) else (message or {}).get(step)
    return tuple(path)


def test_every_schema_compiles_in_strict_mode(ajv: Check) -> None:
    assert ajv([])["complaints"] == []


@pytest.mark.requirement("ENV-1", "ENV-8")
@pytest.mark.parametrize("messages", [_examples, _mutants], ids=["examples", "mutants"])
def test_two_validators_refuse_the_same_messages_at_the_same_member(
    ajv: Check, messages: Callable[[], dict[str, Any]]
) -> None:
    cases = messages()
    verdicts = ajv(list(cases.values()))["verdicts"]
    assert len(verdicts) == len(cases) > 300
    differing = {}
    for (id_, message), found in zip(cases.items(), verdicts, strict=True):
        ours = next((path for path, _ in faults(message)), None)
        theirs = _first(message, found)
        if ours != theirs:
            differing[id_] = {"ours": ours, "ajv": theirs}
    assert differing == {}
