"""The page about operation: its commands run, and its tables name what there is."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from opencmr._log import FIELDS
from opencmr.roles.vendor.health import Reason

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operation.md").read_text()
CODE = "\n".join(path.read_text() for path in (ROOT / "sdk" / "opencmr").rglob("*.py"))

ELSEWHERE = {"serve", "fetch", "mute", "forget", "backup", "restore", "did:web"}
"""Commands that serve, ask the world or somebody at the keyboard, or want a wallet: other tests run these."""


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


def test_the_commands_that_need_no_network_run_as_they_stand(tmp_path: Path) -> None:
    """But for `sqlite3`, which Python brings itself, those that serve or ask the world, and those about a vendor."""
    (tmp_path / "shop.py").write_text(
        'from opencmr import Vendor\nshop = Vendor.open("shop.db", did="did:web:shop.example")\n'
    )
    ran = 0
    for line in commands():
        program, *words = shlex.split(line)
        if program == "sqlite3":
            code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"
            command = [sys.executable, "-c", code, *words]
        elif program == "cp":
            command = [program, *words]
        elif program == "opencmr" and not {words[0], words[-1][:7]} & ELSEWHERE:
            command = [sys.executable, "-m", "opencmr.cli", *words]
        else:
            continue
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, ""), line + done.stdout
        ran += 1
    assert ran == 10


def test_the_options_of_serve_on_the_page_are_those_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opencmr.cli", "serve", "--help"], capture_output=True, text=True, check=True
    )
    for line in commands():
        if "opencmr serve" in line:
            assert all(word in done.stdout for word in shlex.split(line) if word.startswith("--")), line


@pytest.mark.parametrize("name", [*FIELDS, *Reason.__args__])  # type: ignore[attr-defined]
def test_every_field_and_reason_is_told(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_event_is_told() -> None:
    events = set(
        re.findall(r'(?:tell\(\s*_?log, logging\.[A-Z]+|tell\(_log, level|log_failure\(_log), "([a-z.-]+)"', CODE)
    )
    assert len(events) > 10
    assert not [event for event in events if f"`{event}`" not in PAGE]


def test_every_span_and_metric_of_ours_is_told() -> None:
    code = (ROOT / "sdk/opencmr/_telemetry.py").read_text() + (
        ROOT / "sdk/opencmr/roles/vendor/telemetry.py"
    ).read_text()
    names = set(
        re.findall(
            r'"((?:opencmr|messaging|db|http)\.[a-z.]*(?:duration|size|received|problems|open|pending|remembered|at_work|held|wait_time))"',
            code,
        )
    )
    assert len(names) >= 13
    assert not [name for name in names - {"messaging.message.body.size"} if f"`{name}`" not in PAGE]
