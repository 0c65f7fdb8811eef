"""The suite against a vendor in the same process: no sockets, and a clock that moves when somebody sleeps."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opencmr import Vendor
from opencmr.conformance import testmode
from opencmr.conformance.hand import Bench
from opencmr.conformance.suite import Check, Report, run
from opencmr.conformance.vendor import CHECKS
from opencmr.conformance.wire import Answer
from opencmr.testing import StandingClock

DID = "did:web:127.0.0.1%3A8001"
URL = "http://127.0.0.1:8001"


class RunningClock(StandingClock):
    """Moves by a millisecond each time that it is looked at, and by more when it is told to."""

    def __call__(self) -> Any:
        self.move(0.001)
        return super().__call__()

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)


class Within:
    """Carries requests to an ASGI application. `twist` may change what it answers."""

    def __init__(self, app: Any, twist: Callable[[str, Answer], Answer] = lambda _, answer: answer) -> None:
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


async def suite_against(
    folder: Path,
    breaking: Callable[[Vendor], Vendor | None] = lambda vendor: vendor,
    twist: Callable[[str, Answer], Answer] = lambda _, answer: answer,
    checks: list[Check[Bench]] = CHECKS,
) -> Report:
    """The whole suite against a vendor in test mode, after something was broken in it."""
    clock = RunningClock()
    vendor = testmode.install(Vendor.open(folder / "shop.db", did=DID, clock=clock))
    vendor = breaking(vendor) or vendor
    bench = Bench(URL, exchange=Within(vendor.asgi(), twist), clock=clock, sleep=clock.sleep)
    try:
        return await run(checks, bench, target=URL, side="vendor", begin=bench.meet)
    finally:
        await vendor.close()
