"""The two shops of the demo: processes of their own, with a file and a log each."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ... import _spec
from ...errors import OpenCMRError

STARTING = 20.0
"""Seconds that a shop may take to open."""

STOPPING = 5.0
"""Seconds that a shop may take to close before it is killed."""


class ShopFailed(OpenCMRError):
    """A shop did not open; its log says why.

    Args:
        why: A sentence.
        log: The end of its log.
    """

    def __init__(self, why: str, log: str) -> None:
        super().__init__(f"{why}; its log ends: {log or '(empty)'}")
        self.why = why
        self.log = log


@dataclass
class Shop:
    """One shop as a process.

    Attributes:
        name: What people call it.
        did: Its identity, on the port that it listens at.
        store: Its SQLite file.
        log: What it writes while it runs.
    """

    name: str
    did: str
    store: Path
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, folder: Path) -> Self:
        """Start a shop of `examples/market`. Its port is bound here, and handed over: nobody can take it meanwhile."""
        key = name.lower()
        store, log = folder / f"{key}.db", folder / f"{key}.log"
        with socket.socket() as listening, log.open("wb") as written:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            did = f"did:web:127.0.0.1%3A{listening.getsockname()[1]}"
            handed = listening.fileno()
            vendor = f"{_spec.examples() / 'market' / key}.py:shop"
            process = subprocess.Popen(  # its own session, so that Ctrl-C reaches it through us alone
                [sys.executable, "-m", "opencmr.cli", "serve", vendor, "--fd", str(handed)],
                cwd=folder,
                env={**_environment(), "SHOP_DID": did, "SHOP_STORE": str(store), "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                pass_fds=[handed],
                start_new_session=True,
            )
        return cls(name, did, store, log, process)

    async def ready(self) -> None:
        """Wait until it answers.

        Raises:
            ShopFailed: It ended, or takes too long.
        """
        try:
            async with asyncio.timeout(STARTING):
                while not await asyncio.to_thread(self._answers):
                    if self.process.poll() is not None:
                        raise ShopFailed(f"{self.name} did not open", self._end_of_log())
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise ShopFailed(f"{self.name} did not open within {STARTING:g} s", self._end_of_log()) from error

    async def stop(self) -> None:
        """Let it close its file; kill it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self.process.wait, STOPPING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        port = self.did.rpartition("%3A")[2]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/did.json", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-12:])


def _environment() -> dict[str, str]:
    """That of this process. A shop runs in another folder, and must find the same OpenCMR from there."""
    path = os.environ.get("PYTHONPATH")
    if not path:
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))}


@asynccontextmanager
async def open_shops(folder: Path, *names: str) -> AsyncIterator[list[Shop]]:
    """Start shops, all at once, and stop them in the end, whatever happens."""
    async with AsyncExitStack() as stack:
        shops: list[Shop] = []
        for name in names:
            shop = Shop.start(name, folder)
            stack.push_async_callback(shop.stop)
            shops.append(shop)
        await asyncio.gather(*(shop.ready() for shop in shops))
        yield shops
