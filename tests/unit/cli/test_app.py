"""The command line as a whole: help, versions, errors in a line, and what an import costs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opencmr import __version__
from opencmr.cli import app as application
from opencmr.errors import NotFound, UsageError

COMMANDS = [
    "demo",
    "init",
    "serve",
    "db",
    "show",
    "explain",
    "validate",
    "export",
    "backup",
    "restore",
    "fetch",
    "mute",
    "erase",
    "forget",
    "verify",
    "vectors",
    "doctor",
    "conformance",
]


def test_help_lists_the_commands_with_a_line_each(run: Any) -> None:
    done = run("--help")
    listed = done.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert done.code == 0
    assert [line.split()[0] for line in listed] == COMMANDS
    assert all(len(line.split()) > 3 for line in listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_begins_with_its_line_and_has_an_example(run: Any, command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0, done
    assert f"opencmr {command}" in done.out.partition("\n")[2]
    first = application._COMMANDS[command].split(";")[0].rstrip(".")
    assert first in " ".join(done.out.split())


def test_help_loads_nothing_that_only_a_command_needs() -> None:
    heavy = ["rich", "sqlalchemy", "starlette", "jsonschema", "httpx", "uvicorn", "pydantic", "nacl"]
    code = (
        "import sys; sys.argv = ['opencmr', '--help']\nfrom opencmr.cli import main\ntry: main()\n"
        f"except SystemExit: print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_package(run: Any) -> None:
    assert run("--version").out == f"opencmr {__version__}\n"


def test_an_unknown_command_is_a_usage_error(run: Any) -> None:
    assert run("shwo").code == 2


def test_an_error_is_one_line_on_stderr(run: Any, tmp_path: Path) -> None:
    done = run("show", tmp_path / "none.db")
    assert (done.code, done.out, done.error) == (1, "", None)
    assert done.err == f"opencmr: there is no store at {tmp_path / 'none.db'}\n"


def test_an_error_is_a_problem_where_json_is_wanted(run: Any, tmp_path: Path) -> None:
    done = run("show", tmp_path / "none.db", "--json")
    assert (done.code, done.err) == (1, "")
    assert done.json["problem"]["title"] == "The store cannot be opened, read or written."


def test_what_was_asked_wrongly_exits_with_two(run: Any, tmp_path: Path) -> None:
    assert run("serve", "nowhere").code == 2


def test_debug_shows_the_error_itself(run: Any, tmp_path: Path) -> None:
    done = run("--debug", "show", tmp_path / "none.db")
    assert type(done.error).__name__ == "StoreError"


def test_a_fault_of_ours_is_a_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("division by zero\x1b[2J")

    monkeypatch.setattr(application, "app", fail)
    monkeypatch.setattr(sys, "argv", ["opencmr", "show"])
    with pytest.raises(SystemExit) as caught:
        application.run()
    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert said.startswith("opencmr: ZeroDivisionError")
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_a_problem_in_json_keeps_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    from opencmr.cli.output import report

    assert report(NotFound("nobody", pointer="/to"), as_json=True) == 1
    assert '"pointer": "/to"' in capsys.readouterr().out


def test_json_holds_nothing_that_could_take_over_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from opencmr.cli.output import print_json

    value = {"a\u202e": "\u009b2J \x1b \u2066 \U000e0001 Größe\n\\ 靴"}
    print_json(value)
    out = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in out)
    assert "Größe" in out
    assert json.loads(out) == value


def test_an_error_that_a_problem_has_caused_is_of_its_type(capsys: pytest.CaptureFixture[str]) -> None:
    from opencmr.cli.output import report

    error = UsageError("no intent")
    error.__cause__ = NotFound("nobody", pointer="/to")
    assert report(error, as_json=True) == 2
    said = json.loads(capsys.readouterr().out)["problem"]
    assert (said["type"], said["pointer"]) == (NotFound().as_dict()["type"], "/to")
    assert said["detail"] == "no intent"


@pytest.mark.parametrize(
    ("called", "found", "typed"),
    [
        (".venv/bin/opencmr", False, ".venv/bin/opencmr"),
        (".venv/bin/opencmr", True, "opencmr"),
        ("python/pytest", False, "opencmr"),
    ],
)
def test_commands_are_named_as_they_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called: str, found: bool, typed: str
) -> None:
    from opencmr.cli.output import as_typed

    file = tmp_path / called
    file.parent.mkdir(parents=True)
    file.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(file)])
    monkeypatch.setenv("PATH", str(file.parent) if found else "/nowhere")
    assert as_typed() == typed
