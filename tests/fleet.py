"""Several `opencmr serve` on one database behind a round-robin, as a shop would run them on several machines."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from round_robin import RoundRobin, round_robin
from serving import did_of, listening

_SHOP = """from opencmr import Vendor

shop = Vendor.open({store!r}, did={did!r}, keys={keys!r}, accepts=["SD-BASE", "SD-BASE-DP"])
"""
WAIT = 60
"""Seconds that a server has to begin."""


@dataclass
class Fleet:
    """What is served.

    Attributes:
        url: Where the round-robin listens.
        servers: Where each of the servers listens by itself.
        did: The vendor's DID; it names that address.
        pids: The servers' processes.
        folder: Where their key file and logs are.
        robin: The round-robin.
    """

    url: str
    servers: list[str]
    did: str
    pids: list[int]
    folder: Path
    robin: RoundRobin

    def logs(self) -> str:
        """What the servers have said on standard error."""
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def fleet(store: str, *, servers: int = 2, test_mode: bool = True) -> Iterator[Fleet]:
    """Start them all at once on a store that may be empty, with one key file, and stop them in the end."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opencmr-fleet-")))
        front = stack.enter_context(listening())
        did, module = did_of(front), folder / "shop.py"
        module.write_text(_SHOP.format(store=store, did=did, keys=str(folder / "shop.keys")))
        sockets = [stack.enter_context(listening()) for _ in range(servers)]
        begun = [
            stack.enter_context(_serving(module, back, folder / f"{number}.log", test_mode))
            for number, back in enumerate(sockets)
        ]
        for process in begun:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(4)]
            assert all(said), "".join(log.read_text() for log in folder.glob("*.log"))
        addresses = [back.getsockname()[:2] for back in sockets]
        robin = stack.enter_context(round_robin(front, addresses))
        url, *urls = (f"http://{host}:{port}" for host, port in [front.getsockname()[:2], *addresses])
        yield Fleet(url, urls, did, [process.pid for process in begun], folder, robin)


@contextlib.contextmanager
def _serving(module: Path, back: socket.socket, log: Path, test_mode: bool) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "opencmr.cli", "serve", f"{module}:shop", "--fd", str(back.fileno())]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, *(["--test-mode"] if test_mode else [])],
            stdout=subprocess.PIPE, stderr=errors, text=True, pass_fds=(back.fileno(),), env=dict(os.environ),
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
