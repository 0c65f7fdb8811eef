"""`opencmr serve` in a process of its own, and what it refuses to begin with."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SHOP = """from opencmr import Vendor


def made():
    return Vendor.open("shop.db", did="did:web:localhost%3A{port}", accepts=["SD-BASE"])


nobody = 7
"""


@contextmanager
def served(folder: Path, port: int, *options: str, fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """A shop in a process of its own, which listens once its lines are read."""
    (folder / "stall.py").write_text(SHOP.format(port=port))
    command = [sys.executable, "-c", "from opencmr.cli import main; main()", "serve", *options]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=fds
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    return dict(process.stdout.readline().split() for _ in range(4))


def fetched(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def stopped(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


def test_a_vendor_is_served_where_its_did_says_and_stops_when_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(tmp_path, port, "stall.py:made") as process:
        said = read(process)
        did = f"did:web:localhost%3A{port}"
        assert (said["serving"], said["endpoint"]) == (did, f"http://localhost:{port}/opencmr")
        assert said["listening"] == f"127.0.0.1:{port}"
        discovery = fetched(said["discovery"])
        assert isinstance(discovery, dict)
        assert discovery["did"] == did
        assert stopped(process, signal.SIGTERM) == (0, "stopped\n", "")
    left = sorted(file.name for file in tmp_path.glob("shop.*"))
    assert left == ["shop.db", "shop.db-claim", "shop.keys"]  # closed: SQLite's own side files are gone


def test_a_socket_that_was_handed_over_is_served_by_module_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        fd = listening.fileno()
        with served(tmp_path, port, "stall:made", "--fd", str(fd), fds=(fd,)) as process:
            said = read(process)
            assert isinstance(fetched(said["discovery"]), dict)
            assert stopped(process, signal.SIGINT)[0] == 0


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("stall.py", "MODULE:VENDOR"),
        ("stall.py:none", "has no none"),
        ("stall.py:nobody", "is int, not a Vendor"),
        ("none.py:shop", "no Python file"),
        ("no_such_module:shop", "no module no_such_module"),
    ],
)
def test_what_is_no_vendor_is_a_usage_error(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "stall.py").write_text(SHOP.format(port=1))
    done = run("serve", where)
    monkeypatch.delitem(sys.modules, "stall", raising=False)
    assert done.code == 2
    assert words in done.err


def test_a_port_that_is_taken_is_a_line(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from opencmr.cli import serve as module
    from opencmr.errors import OpenCMRError

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OpenCMRError, match="--port"):
        module._listen(*taken.getsockname())


def test_listening_to_the_outside_without_tls_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    from opencmr.cli import serve as module

    module._listen("0.0.0.0", 0).close()
    assert "warning" in capsys.readouterr().err
    module._listen("127.0.0.1", 0).close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("did", "host", "port", "where"),
    [
        ("did:web:localhost%3A8001", None, None, ("localhost", 8001)),
        ("did:web:127.0.0.1%3A8001", None, 9, ("127.0.0.1", 9)),
        ("did:web:shop.example", None, None, ("127.0.0.1", 8000)),
        ("did:web:shop.example%3A8443", "0.0.0.0", 0, ("0.0.0.0", 0)),
    ],
)
def test_where_to_listen_follows_from_the_did(
    did: str, host: str | None, port: int | None, where: tuple[str, int]
) -> None:
    from opencmr.cli import serve as module

    assert module._address(did, host, port) == where


def test_a_file_that_is_no_socket_is_refused() -> None:
    from opencmr.cli import serve as module
    from opencmr.errors import UsageError

    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        with pytest.raises(UsageError):
            module._open(fd)
    finally:
        os.close(fd)
