"""The suite against a vendor in the same process: no sockets, and time that passes only when everybody waits."""

import asyncio
import importlib
import selectors
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from switch import DID, KEY

from opencmr import trust
from opencmr.conformance.hand import Bench
from opencmr.conformance.suite import Check, Report, Result, run
from opencmr.conformance.vendor import CHECKS
from opencmr.conformance.wire import Answer
from opencmr.store.keyfile import KeyFile

URL = "http://127.0.0.1:8001"
T = TypeVar("T")
Twist = Callable[[str, Answer], Answer]


class Skipping(selectors.DefaultSelector):
    """Skips the time until the next timer, where no thread is at work that could ring before.

    Attributes:
        now: Seconds that have passed. Work takes none, so no machine is too slow.
        busy: How many jobs other threads have.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.busy = 0

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; where nothing is, the time has passed."""
        if not timeout or self.busy:
            return super().select(timeout and min(timeout, 0.05))
        found = super().select(0)
        if not found:
            self.now += timeout
        return found


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop in such a time."""

    def __init__(self) -> None:
        self.skipping = Skipping()
        super().__init__(self.skipping)

    def time(self) -> float:
        """Seconds that have passed."""
        return self.skipping.now

    def run_in_executor(self, *args: Any) -> Any:
        """Let no time pass while another thread works."""
        future = super().run_in_executor(*args)
        self.skipping.busy += 1
        future.add_done_callback(self._rested)
        return future

    def _rested(self, _: object) -> None:
        self.skipping.busy -= 1

    def clock(self) -> datetime:
        """The date. It moves by a millisecond each time that it is looked at."""
        self.skipping.now += 0.001
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.skipping.now)

    def count(self, store: Any) -> None:
        """Let no time pass while this store writes."""
        write = store.write

        async def counted(*args: Any, **named: Any) -> Any:
            self.skipping.busy += 1
            try:
                return await write(*args, **named)
            finally:
                self.skipping.busy -= 1

        store.write = counted


def in_skipped_time(work: Callable[[SkippingLoop], Coroutine[Any, Any, T]]) -> T:
    """Run something in such a loop."""
    loop = SkippingLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))


class Within:
    """Carries requests to an ASGI application. `twist` may change what it answers."""

    def __init__(self, app: Any, twist: Twist = lambda _, answer: answer) -> None:
        self.app = app
        self.twist = twist

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, timeout: float
    ) -> Answer:
        path = url.removeprefix(URL)
        said: list[Any] = []
        gone, read = asyncio.Event(), False

        async def receive() -> Any:
            nonlocal read
            if read:
                await gone.wait()
                return {"type": "http.disconnect"}
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Any) -> None:
            said.append(event)

        named = {**headers, **({"Content-Length": str(len(body))} if body else {})}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8001),
        }  # fmt: skip
        await self.app(scope, receive, send)
        gone.set()
        start = said[0]
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        whole = b"".join(event.get("body", b"") for event in said[1:])
        return self.twist(path, Answer(start["status"], found, whole))


MEMORY = Path("/dev/shm")
"""A store there waits for no disk."""


def suite_against(
    breaking: Callable[[Any], Any] = lambda vendor: vendor,
    twist: Twist = lambda _, answer: answer,
    checks: list[Check[Bench]] = CHECKS,
    *,
    package: str = "opencmr",
    carried: Callable[[Within], Any] = lambda within: within,
    on_result: Callable[[Result], None] = lambda _: None,
    trace: Path | None = None,
) -> Report:
    """Checks against a vendor in test mode.

    Args:
        breaking: Breaks something in it; may give another in its place.
        twist: Changes what it answers.
        checks: Which; all of them where not said.
        package: Whose vendor it is, where the SDK is there under another name.
        carried: What carries the requests, given what would.
        on_result: Called after each check.
        trace: A folder for what is exchanged.
    """

    async def work(loop: SkippingLoop) -> Report:
        KeyFile(Path(folder, "shop.keys"), None).add(trust.key_url(DID), KEY)
        vendor = importlib.import_module(package).Vendor.open(Path(folder, "shop.db"), did=DID, clock=loop.clock)
        loop.count(vendor._store)
        vendor = importlib.import_module(f"{package}.conformance.testmode").install(vendor)
        vendor = breaking(vendor) or vendor
        bench = Bench(URL, exchange=carried(Within(vendor.asgi(), twist)), clock=loop.clock)
        try:
            return await run(
                checks, bench, target=URL, side="vendor", begin=bench.meet, on_result=on_result, trace=trace
            )
        finally:
            await vendor.close()

    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        return in_skipped_time(work)
