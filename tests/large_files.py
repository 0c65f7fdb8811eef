"""A large file on its way from a vendor's process to a customer's, over a line that breaks in the middle."""

import contextlib
import json
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serving import did_of, listening

MIB = 1024 * 1024
_PEAK = '''
import resource, sys
from pathlib import Path

def peak():
    """The most memory that this process has had resident, in KiB. What a parent had counts for it elsewhere."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
'''
_SHOP = (
    _PEAK
    + """
import asyncio, atexit, json
from opencmr import Money, Vendor, intent, offer
from opencmr.protocol import roster

before = 0
shop = Vendor.open("shop.db", did={did!r}, accepts=["SD-BASE"], files="files")

async def content():
    for number in range({size} // 65536):
        yield number.to_bytes(8) * 8192

file = asyncio.run(shop.files.add(content(), media_type="application/octet-stream", name="export.bin"))

@shop.on(intent.Cast)
def quote(message, relationship):
    global before
    before = peak()
    line = offer.Line(name="All that is held", price=Money("0.00", "EUR"), files=[file])
    return offer.Make(lines=[line], total=Money("0.00", "EUR"), under=roster.ref("SD-BASE"))

atexit.register(lambda: Path("shop.json").write_text(json.dumps([before, peak()])))
"""
)
_ALICE = (
    _PEAK
    + """
import asyncio, json
from opencmr import Customer, Want, intent
from opencmr.protocol import roster

async def main():
    async with Customer.open("alice.db") as alice:
        shop = await alice.meet({did!r})
        await shop.say(intent.Cast(wants=[Want(name="all")], terms=[roster.ref("SD-BASE")], standing="ready"))
        await shop.collect()
        before = peak()
        await shop.fetch_all(shop.files(), "export")
        print(json.dumps([before, peak()]))

asyncio.run(main())
"""
)


@dataclass(frozen=True)
class Fetched:
    """What came of it.

    Attributes:
        size: Bytes of the file.
        peaks: How many MiB of memory each process had at most.
        grown: By how many of them that grew while the file was on its way.
        broken: How many connections broke.
    """

    size: int
    peaks: dict[str, float]
    grown: dict[str, float]
    broken: int


def fetch(folder: Path, size: int) -> Fetched:
    """Make a file of so many bytes, fetch it over a line that breaks once half of it has come, and verify it."""
    with listening() as front, listening() as back:
        did = did_of(front)
        (folder / "shop.py").write_text(_SHOP.format(did=did, size=size))
        (folder / "alice.py").write_text(_ALICE.format(did=did))
        line = _Line(front, back.getsockname(), size // 2)
        with _served(folder, back), line.carrying():
            said = subprocess.run(
                [sys.executable, "alice.py"], cwd=folder, check=True, capture_output=True, text=True, timeout=600
            )
    had = {"vendor": json.loads((folder / "shop.json").read_text()), "customer": json.loads(said.stdout)}
    there = (folder / "export" / "export.bin").stat().st_size
    peaks = {who: after / 1024 for who, (_, after) in had.items()}
    return Fetched(there, peaks, {who: (after - before) / 1024 for who, (before, after) in had.items()}, line.broken)


@contextlib.contextmanager
def _served(folder: Path, bound: socket.socket) -> Iterator[None]:
    command = [sys.executable, "-m", "opencmr.cli", "serve", "shop.py:shop", "--fd", str(bound.fileno())]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, pass_fds=(bound.fileno(),)
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(4)][-1].startswith("listening")
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


class _Line:
    """Carries bytes between the two, and breaks the first connection that has carried so many to the customer."""

    def __init__(self, front: socket.socket, back: tuple[str, int], breaks_after: int) -> None:
        self._front = front
        self._back = back
        self._left = breaks_after
        self.broken = 0

    @contextlib.contextmanager
    def carrying(self) -> Iterator[None]:
        """Carry, meanwhile."""
        threading.Thread(target=self._accept, daemon=True).start()
        yield
        self._front.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                customer, _ = self._front.accept()
                threading.Thread(target=self._carry, args=(customer,), daemon=True).start()

    def _carry(self, customer: socket.socket) -> None:
        with contextlib.suppress(OSError), customer, socket.create_connection(self._back) as vendor:
            other = {customer: vendor, vendor: customer}
            with selectors.DefaultSelector() as ready:
                for each in other:
                    ready.register(each, selectors.EVENT_READ)
                while all(self._pass(key.fileobj, other) for key, _ in ready.select()):  # type: ignore[arg-type]
                    pass

    def _pass(self, end: socket.socket, other: dict[socket.socket, socket.socket]) -> bool:
        """Pass on what has come at one end; false where it is over."""
        data = end.recv(65536)
        other[end].sendall(data)
        return bool(data) and not (len(data) > 1000 and self._breaks(len(data)))

    def _breaks(self, count: int) -> bool:
        before, self._left = self._left, self._left - count
        broke = before > 0 >= self._left
        self.broken += broke
        return broke
