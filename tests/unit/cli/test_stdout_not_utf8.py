"""A stdout or stderr that is not UTF-8, closed, or read by nobody: no command comes to anything else for it.

A few commands on a few outlets; `make soak ARGS="--only outlets"` runs every command on all of them.
"""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opencmr.cli import streams
from outlets import CLI, CameTo, Outlet, come_to, commands, paths

HARD = [
    Outlet("ascii"),
    Outlet("cp1252", "closed", "stderr"),
    Outlet("utf-8", "closed"),
    Outlet("utf-8", "broken", "stdout"),
    Outlet("utf-8", "read-only"),
    Outlet(columns="0"),
]
WRONG = {
    1: ["show", "靴\u202e.db"],
    2: ["explain", "none.db", "--action", "dpv:Use", "--purpose", "dpv:Marketing", "--at", "während"],
}


@pytest.mark.parametrize("outlet", HARD, ids=str)
def test_a_command_that_goes_well_goes_well_on_every_outlet(stores: Any, tmp_path: Path, outlet: Outlet) -> None:
    check(come_to(["show", str(stores.alice), "--timeline"], outlet, tmp_path / "new"), 0)


@pytest.mark.parametrize("outlet", [Outlet("ascii"), Outlet("cp1252", "broken")], ids=str)
@pytest.mark.parametrize("code", WRONG)
def test_a_command_that_fails_fails_alike_on_every_outlet(tmp_path: Path, outlet: Outlet, code: int) -> None:
    check(come_to(WRONG[code], outlet, tmp_path / "new"), code)


def check(found: CameTo, code: int) -> None:
    assert found.code == code
    assert b"Traceback" not in found.out + found.err
    assert b"Exception ignored" not in found.err


def test_each_command_of_the_app_is_among_those_that_the_long_run_asks(tmp_path: Path) -> None:
    assert ("db", "restored") in paths()
    assert {f"{' '.join(path)}, no such option" for path in paths()} < commands(tmp_path).keys()


@pytest.mark.parametrize("outlet", HARD[2:4], ids=str)
def test_a_server_serves_whoever_reads_what_it_says(tmp_path: Path, outlet: Outlet) -> None:
    (tmp_path / "vendor.py").write_text(
        "from opencmr import Vendor\n"
        f"shop = Vendor.open({str(tmp_path / 'shop.db')!r}, did='did:web:127.0.0.1%3A1', accepts=['SD-BASE'])\n"
    )
    assert come_to(["serve", f"{tmp_path / 'vendor.py'}:shop", "--fd", "FD"], outlet, tmp_path / "new").code == 0


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> CameTo:
    """What the vectors print where nothing is in the way."""
    return vectors(Outlet(), tmp_path_factory.mktemp("wide"))


def vectors(outlet: Outlet, folder: Path, *more: str) -> CameTo:
    return come_to(["vectors", "run", "--kind", "canonical", *more], outlet, folder / "new")


def test_what_an_encoding_does_not_have_is_written_legibly(tmp_path: Path, wide: CameTo) -> None:
    narrow = vectors(Outlet("ascii"), tmp_path)
    assert narrow.out.isascii()
    assert b"canonical" in narrow.out
    assert "–" in wide.out.decode()
    assert b"| -     |" in narrow.out
    assert "靴".encode() in come_to(["show", "靴.db"], Outlet(), tmp_path / "new").err
    assert rb"\u9774.db" in come_to(["show", "靴.db"], Outlet("cp1252"), tmp_path / "new").err
    assert "Größe.db".encode("cp1252") in come_to(["show", "Größe.db"], Outlet("cp1252"), tmp_path / "new").err


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_json_is_json_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    found = come_to(["show", "Größe “靴” \U0001f97e.db", "--json"], Outlet(encoding), tmp_path / "new")
    assert json.loads(found.out.decode(encoding))["problem"]["detail"].endswith("Größe “靴” \U0001f97e.db")


def test_json_names_a_file_that_is_no_utf8(tmp_path: Path) -> None:
    found = come_to(["show", "\udcff.db", "--json"], Outlet(), tmp_path / "new")
    assert found.code == 1
    assert json.loads(found.out)["problem"]["detail"].endswith("\ufffd.db")


def test_a_terminal_without_columns_is_written_to(tmp_path: Path, wide: CameTo) -> None:
    assert vectors(Outlet(columns="0"), tmp_path).out == wide.out
    control, terminal = pty.openpty()  # which says it has no columns and no lines
    done = subprocess.Popen([*CLI, "vectors", "run", "--kind", "canonical"], stdout=terminal, stderr=terminal)
    os.close(terminal)
    read = b""
    try:
        while more := os.read(control, 4096):
            read += more
    except OSError:  # how Linux says that it is over
        pass
    os.close(control)
    assert done.wait(60) == 0
    assert b"canonical" in read


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_disk_that_is_full_is_an_error_for_what_is_asked_and_none_for_what_is_logged(stores: Any) -> None:
    with open("/dev/full", "w") as full:
        command = [*CLI, "show", str(stores.alice)]
        lost = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert lost.returncode == 1
        assert lost.stderr.startswith("opencmr: ")
        assert lost.stderr.count("\n") == 1
        assert subprocess.run([*CLI, "serve", "nowhere"], stderr=full, check=False).returncode == 2


def test_what_is_not_heard_is_dropped_and_what_is_not_kept_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        encoding, error = "utf-8", OSError(28, "no room")

        def write(self, text: str) -> int:
            raise self.error

        def fileno(self) -> int:
            raise ValueError("no file beneath")

    stream = Stream()
    assert streams._Patient(stream, heeded=False).write("one") == 3
    with pytest.raises(OSError, match="no room"):
        streams._Patient(stream, heeded=True).write("one")
    stream.error = BrokenPipeError()
    assert streams._Patient(stream, heeded=True).write("two") == 3


def test_the_shops_of_a_demo_find_the_opencmr_that_plays_it(tmp_path: Path) -> None:
    from opencmr.cli.demo.shops import _environment

    relative = {**os.environ, "PYTHONPATH": os.pathsep.join(["sdk", "/elsewhere"])}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("PYTHONPATH", relative["PYTHONPATH"])
        assert _environment()["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "sdk"), "/elsewhere"])
    assert sys.executable == CLI[0]
