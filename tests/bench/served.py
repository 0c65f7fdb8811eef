"""`opencmr serve` and the load generator as processes of their own, on cores of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from serving import did_of, listening

_SHOP = """from opencmr import Vendor

shop = Vendor.open({store!r}, did={did!r}, keys={keys!r})
"""
_SAYS = 4
"""Lines that `opencmr serve` says when it listens."""


def on_core(command: list[str], core: int | None, **more: Any) -> "subprocess.Popen[str]":
    """A process, on one core alone where the system lets us."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        code = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execv(sys.argv[2], sys.argv[2:])"
        command = [sys.executable, "-c", code, str(core), *command]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)


class Servers:
    """Some `opencmr serve` on one store."""

    def __init__(self, did: str, addresses: list[str], processes: "list[subprocess.Popen[str]]") -> None:
        self.did = did
        self.addresses = addresses
        self._processes = [psutil.Process(process.pid) for process in processes]

    def cpu(self) -> float:
        """Seconds of processor time that they have taken."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)

    def memory(self) -> int:
        """Bytes that they hold."""
        return sum(process.memory_info().rss for process in self._processes)


@contextmanager
def servers(
    store: str, folder: Path, *, many: int = 1, core: int | None = None, shop: str = _SHOP
) -> Iterator[Servers]:
    """Start them, on this core where one is named, and stop them in the end. `shop` is the module that they serve."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(listening()) for _ in range(many)]
        did, module = did_of(sockets[0]), folder / f"shop{sockets[0].getsockname()[1]}.py"
        module.write_text(shop.format(store=store, did=did, keys=str(module.with_suffix(".keys"))))
        processes = []
        for bound in sockets:
            fd = bound.fileno()
            command = [sys.executable, "-m", "opencmr.cli", "serve", f"{module}:shop", "--fd", str(fd)]
            process = stack.enter_context(on_core(command, core, pass_fds=(fd,)))
            stack.callback(process.terminate)
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(_SAYS)]
            assert all(said), f"opencmr serve has not started: {said}"
            processes.append(process)
        addresses = ["{}:{}".format(*bound.getsockname()[:2]) for bound in sockets]
        yield Servers(did, addresses, processes)


class Load:
    """Customers who wait for the word to send."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self._listen("ready")

    def go(self, each: int) -> float:
        """Let each send this many; gives microseconds a message, from the first request to the last receipt."""
        self._in.write(f"{each}\n")
        self._in.flush()
        seconds, accepted = self._listen("").split()
        return float(seconds) / int(accepted) * 1e6

    def _listen(self, word: str) -> str:
        said = self._out.readline()
        if not said.startswith(word) or not said:
            raise RuntimeError("the load generator has given up; it says why above")
        return said


@contextmanager
def load(raws: Sequence[Sequence[bytes]], addresses: Sequence[str], folder: Path, core: int | None) -> Iterator[Load]:
    """The load generator, connected: one connection for each list of messages."""
    file = folder / "load.json"
    file.write_text(json.dumps([[raw.decode() for raw in each] for each in raws]))
    command = [sys.executable, str(Path(__file__).with_name("load.py")), str(file), *addresses]
    with on_core(command, core, stdin=subprocess.PIPE) as process:
        try:
            yield Load(process)
        finally:
            process.kill()
