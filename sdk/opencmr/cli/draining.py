"""The shutdown of `opencmr serve`: work under way is finished and acknowledged, and nobody new is taken.

On the first signal:

1. readiness turns to 503 at once; listening goes on for the grace, so that a load balancer notices
2. those who wait for mail are let go, and collects hold no more
3. no connection is taken any more; messages at work are finished and answered
4. handlers that follow a message get their last wait, the writer's queue is emptied, the store is closed

On a second signal the process ends at once. What was acknowledged is durable all the same; what was at work has not
been acknowledged, so its sender asks again.
"""

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from socket import socket
from types import FrameType
from typing import Any

import uvicorn

from .._log import tell
from ..roles import Vendor

BESIDE = 5
"""Seconds that a message may take beside its handler: to arrive whole, to be stored, to be answered."""

_log = logging.getLogger("opencmr.serve")


class Server(uvicorn.Server):
    """Serves a vendor, and its probes where they are asked for, in one event loop.

    Args:
        config: What is served, and how.
        vendor: The vendor.
        grace: Seconds for which listening goes on after the signal.
        probes: Where probes are answered; absent: nowhere.
    """

    def __init__(self, config: uvicorn.Config, vendor: Vendor, *, grace: float, probes: socket | None) -> None:
        super().__init__(config)
        config.timeout_graceful_shutdown = ceil(vendor.handler_timeout) + BESIDE
        self._vendor = vendor
        self._grace = grace
        self._probes = probes
        self._probing: tuple[uvicorn.Server, asyncio.Task[None]] | None = None
        self._told = False
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: the first begins the drain, the second ends the process."""
        if self._told:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self._told = True  # seen at the next tick: a signal comes in the middle of anything

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Begin to listen; for probes as well."""
        await super().startup(sockets)
        if self._probes is not None:
            config = uvicorn.Config(self._vendor.health.asgi(), lifespan="off", log_config=None, access_log=False,
                                    server_header=False, timeout_graceful_shutdown=1)  # fmt: skip
            server = _Beside(config)
            self._probing = server, asyncio.create_task(server.serve([self._probes]))

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether it is time to stop."""
        now = asyncio.get_running_loop().time()
        if self._told and self._until is None:
            self._vendor.health.stop()
            self._until = now + self._grace
            tell(_log, logging.INFO, "server.draining")
        if self._until is not None and now >= self._until:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Let go, finish, close; probes are answered to the end."""
        self._vendor.let_go()
        await super().shutdown(sockets)
        if self._probing is not None:
            server, task = self._probing
            server.should_exit = True
            await task
        tell(_log, logging.INFO, "server.stopped")


class _Beside(uvicorn.Server):
    """A server beside another one, which has the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
