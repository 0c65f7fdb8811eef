"""Commands whose stdout and stderr lead elsewhere than a UTF-8 terminal: what they come to must not depend on it.

folder = stage(tmp)                          # a customer's store, a shop's, evidence, a broken message
for name, words in commands(folder).items():
    come_to(words, Outlet("cp1252", "broken", "both"))
"""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from opencmr.cli.app import app

CLI = [sys.executable, "-m", "opencmr.cli"]
ENCODINGS = ("utf-8", "cp1252", "ascii")
KINDS = ("pipe", "closed", "broken", "read-only")
STREAMS = ("stdout", "stderr", "both")
SHOP = """import os
from opencmr import Vendor
shop = Vendor.open(os.environ["OUTLETS_STORE"], did="did:web:127.0.0.1%3A1", accepts=["SD-BASE"])
"""
_NUMBERS = {"stdout": (1,), "stderr": (2,), "both": (1, 2)}


@dataclass(frozen=True)
class Outlet:
    """Where a command writes to.

    Attributes:
        encoding: What Python believes of the streams.
        kind: What they are: a pipe that is read, closed, a pipe that nobody reads, or a file that is only to be read.
        which: Which of them are.
        columns: What COLUMNS says; nothing where it is not set.
    """

    encoding: str = "utf-8"
    kind: str = "pipe"
    which: str = "both"
    columns: str | None = None


@dataclass(frozen=True)
class CameTo:
    """What a command came to: its exit code, and what of its words arrived."""

    code: int
    out: bytes
    err: bytes


def every() -> Iterator[Outlet]:
    """All outlets but the one that is a UTF-8 pipe of common width."""
    for encoding, kind, which in product(ENCODINGS, KINDS, STREAMS):
        if kind != "pipe" or (which == "both" and encoding != "utf-8"):
            yield Outlet(encoding, kind, which)
    for columns in ("0", "1", "-1", "²", "9" * 5000):
        yield Outlet(columns=columns)


def stage(folder: Path) -> Path:
    """A folder with a demo, a store of a name in another script, a message that is none, and a vendor to be served."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([*CLI, "demo", "--out", str(folder / "demo")], check=True, capture_output=True, env=os.environ)
    (folder / "bad.json").write_text('{"opencmr": "0.1", "naïve": "靴"}', encoding="utf-8")
    (folder / "bad").mkdir()
    (folder / "vendor.py").write_text(SHOP)
    return folder


def commands(folder: Path) -> dict[str, list[str]]:
    """Every command, more often than once, by a name: well and badly asked, for people and for programs.

    What makes something makes it at `NEW`, which `come_to` replaces by a place that is not there yet.
    """
    there = _asked(folder)
    asked_badly = {f"{' '.join(path)}, no such option": [*path, "--no-such-option"] for path in paths()}
    if missing := [path for path in paths() if not any(tuple(words[: len(path)]) == path for words in there.values())]:
        raise LookupError(f"nobody says how to ask {missing} for something")
    return asked_badly | there


def paths() -> Iterator[tuple[str, ...]]:
    """The words that name each command, found in the app itself: a new one is among them."""
    group = get_command(app)

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        names = command.list_commands(None) if isinstance(command, TyperGroup) else []
        for name in names:
            yield from below(command.get_command(None, name), (*path, name))
        if not names:
            yield path

    return below(group, ())


def _asked(folder: Path) -> dict[str, list[str]]:
    demo = folder / "demo"
    store, shop = str(demo / "customer.db"), str(demo / "northwind.db")
    return {
        "help": ["--help"],
        "help of a command": ["show", "--help"],
        "version": ["--version"],
        "no such command": ["shwo"],
        "demo": ["demo", "--out", "NEW"],
        "demo to a folder that is there": ["demo", "--out", str(demo)],
        "init customer": ["init", "customer", "NEW.db"],
        "init vendor": ["init", "vendor", "NEW.db", "--did", "did:web:shop.example", "--accepts", "SD-BASE"],
        "serve": ["serve", f"{folder / 'vendor.py'}:shop", "--fd", "FD"],
        "serve nothing": ["serve", "nowhere"],
        "db status": ["db", "status", store],
        "db init": ["db", "init", "NEW.db"],
        "db upgrade": ["db", "upgrade", shop],
        "db restored": ["db", "restored", shop],
        "db forget": ["db", "forget", shop, "--days", "30"],
        "db restored of none": ["db", "restored", str(folder / "Größe–靴.db")],
        "export": ["export", store, "NEW"],
        "backup, and no passphrase": ["backup", store, "NEW", "--passphrase-file", str(folder / "none")],
        "restore from nothing": ["restore", str(folder / "none"), "NEW", "--passphrase-file", str(folder / "none")],
        "fetch of nobody": ["fetch", store, "did:web:nobody.example", "--out", "NEW"],
        "mute nobody": ["mute", store, "did:web:nobody.example"],
        "erase nobody": ["erase", store, "did:web:nobody.example", "--yes"],
        "forget nobody": ["forget", store, "did:web:nobody.example", "--yes"],
        "export to a folder that is there": ["export", store, str(demo)],
        "db status of none": ["db", "status", str(folder / "Größe–靴.db")],
        "show": ["show", store],
        "show all": ["show", store, "--timeline"],
        "show for programs": ["show", store, "--json"],
        "show none": ["show", str(folder / "靴\u202e.db")],
        "show none for programs": ["show", str(folder / "靴.db"), "--json"],
        "show none, no UTF-8": ["show", str(folder / "\udcff.db")],
        "show none, no UTF-8, for programs": ["show", str(folder / "\udcff.db"), "--json"],
        "explain": ["explain", shop, "--action", "dpv:Use", "--purpose", "dpv:DirectMarketing"],
        "explain badly": ["explain", shop, "--action", "dpv:Üse", "--purpose", "dpv:DirectMarketing"],
        "validate": ["validate", *map(str, sorted((demo / "messages").glob("*.json"))[:3])],
        "validate badly": ["validate", str(folder / "bad.json")],
        "verify": ["verify", str(demo)],
        "verify badly": ["verify", str(folder / "bad")],
        "vectors run": ["vectors", "run", "--kind", "canonical"],
        "doctor": ["doctor"],
        "doctor of a store": ["doctor", store],
        "conformance": ["conformance", "http://127.0.0.1:1", "--only", "ENV-1", "--timeout", "1"],
    }


def come_to(words: list[str], outlet: Outlet, new: Path) -> CameTo:
    """Run a command; one that serves is told to stop once it listens.

    Args:
        words: The command's.
        outlet: Where it writes to.
        new: A place where nothing is yet.
    """
    env = {**os.environ, "PYTHONIOENCODING": outlet.encoding, "OUTLETS_STORE": f"{new}-served.db"}
    env.pop("COLUMNS", None)
    if outlet.columns is not None:
        env["COLUMNS"] = outlet.columns
    with ExitStack() as opened:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        put = {"NEW": str(new), "FD": str(listening.fileno())}
        asked = [os.fsencode(put.get(word) or word.replace("NEW", str(new))) for word in words]
        stdout, stderr = (
            _open(outlet, opened) if number in _NUMBERS[outlet.which] else subprocess.PIPE for number in (1, 2)
        )
        command: list[str | bytes] = [*CLI, *asked]
        if outlet.kind == "closed":
            closing = " ".join(f"{number}>&-" for number in _NUMBERS[outlet.which])
            command = ["/bin/sh", "-c", f'exec "$@" {closing}', "sh", *command]
        process = subprocess.Popen(
            command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=env, pass_fds=[listening.fileno()]
        )
        listening.close()  # once the command has ended, nobody listens any more
        if "FD" in words:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/did.json", timeout=60):
                pass  # it listens, and answered
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    return CameTo(process.returncode, out or b"", err or b"")


def _open(outlet: Outlet, opened: ExitStack) -> int:
    if outlet.kind == "broken":
        reading, writing = os.pipe()
        os.close(reading)
        opened.callback(os.close, writing)
        return writing
    if outlet.kind == "read-only":
        number = os.open(os.devnull, os.O_RDONLY)
        opened.callback(os.close, number)
        return number
    return subprocess.PIPE
