"""What is known of the check that runs: its deadline, what was said last, and where its exchanges are written.

A check is a small coroutine, and knows nothing of these. Whoever sends for it tells them here.
"""

import asyncio
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson


@dataclass
class Running:
    """One check while it runs.

    Attributes:
        id: Of the check; empty while the target introduces itself.
        folder: Where its exchanges are written; none: nowhere.
        limit: What ends it when its time is up.
        waited: Seconds that the target, or politeness, has asked to wait. They don't count as the check's time.
        said: The last message that the target got: `type` and `id`, and with a trace the `file`.
    """

    id: str = ""
    folder: Path | None = None
    limit: asyncio.Timeout | None = None
    waited: float = 0.0
    said: dict[str, str] = field(default_factory=dict)
    _exchanges: int = 0

    def wait(self, seconds: float) -> None:
        """Put the deadline off: these seconds are waited because somebody asks for it."""
        self.waited += seconds
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Put the deadline off: these seconds are waited to see that nothing comes."""
        if self.limit is not None and (until := self.limit.when()) is not None:
            self.limit.reschedule(until + seconds)

    def say(self, raw: bytes) -> None:
        """Remember what the target gets, as far as it can be read."""
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            document = None
        names = document if isinstance(document, dict) else {}
        said = {name: str(names[name])[:200] for name in ("type", "id") if isinstance(names.get(name), str)}
        self.said = said or {"type": f"{len(raw)} bytes that are no message"}

    def trace(self, request: bytes, answer: bytes, what: str) -> None:
        """Write an exchange: a file for what was sent, and one for what came."""
        if self.folder is None:
            return
        folder = self.folder / (self.id.replace("/", "-") or "introduction")
        folder.mkdir(parents=True, exist_ok=True)
        self._exchanges += 1
        name = f"{self._exchanges:02}-{re.sub(r'[^a-z0-9]+', '-', what.lower()).strip('-')[-40:]}"
        (folder / f"{name}-answer.http").write_bytes(answer)
        file = folder / f"{name}-request.http"
        file.write_bytes(request)
        self.said = {**self.said, "file": str(file)}


_NOTHING = Running()
_running: ContextVar[Running] = ContextVar("running", default=_NOTHING)


def running() -> Running:
    """The check that runs."""
    return _running.get()


def begins(check: str, folder: Path | None) -> Running:
    """A check begins; what it does, and only that, has this as its `running`."""
    begun = Running(check, folder)
    _running.set(begun)
    return begun


def as_http(first: str, headers: Mapping[str, Any], body: bytes) -> bytes:
    """A request or an answer as HTTP would write it, with its body byte for byte."""
    head = "\r\n".join([first, *(f"{name}: {value}" for name, value in headers.items())])
    return head.encode("utf-8", "replace") + b"\r\n\r\n" + body
