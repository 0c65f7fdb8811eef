"""The vendor under test: where it is, and what it has said of itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import orjson

from .. import trust
from ..errors import OpenCMRError
from ..protocol import instant
from .inspecting import Document, code, described
from .running import as_http, running
from .suite import Failed
from .wire import Answer, Exchange, over_http

LONGEST_WAIT = 60.0
"""Seconds of a `Retry-After` that the suite waits at once; a vendor that asks for more is too busy to be checked."""
ALL_WAITING = 600.0
"""Seconds that it waits in the whole run because of `Retry-After`."""
_TRIES = 4
SOON = 4.0
"""Seconds within which a vendor in test mode says what it says of its own accord (`spec/conformance.md`)."""


@dataclass
class Bench:
    """The target, and what it has said of itself.

    Attributes:
        url: Where it was said to be.
        polite: Seconds between two requests at least.
        clock: The time; `sleep` waits in it.
        tell: Told when the vendor asks to wait, and for how long.
        endpoint: Of the service, once it is known.
        did: Of the vendor; `keys`, key URL → public key.
        latency: Seconds that its answers take, roughly; `slowest`, those of its slowest word of its own accord.
    """

    url: str
    exchange: Exchange = over_http
    polite: float = 0.0
    timeout: float = 10.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tell: Callable[[str], None] = lambda _: None
    endpoint: str = ""
    did: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    slowest: float = 0.0
    _last: float = 0.0
    _waiting: float = ALL_WAITING

    @property
    def patience(self) -> float:
        """Seconds after which nothing comes any more of a vendor's own accord, going by what has come so far."""
        return min(SOON + 1, 0.3 + 2 * self.latency + 2 * self.slowest)

    async def send(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, not sooner than is polite; the same once more where the vendor asks to come again.

        Raises:
            NoAnswer: There is none.
        """
        return await self.send_made(method, url, lambda: body, **headers)

    async def send_made(self, method: str, url: str, make: Callable[[], bytes], **headers: str) -> Answer:
        """One request whose body is made for each time that it is sent.

        Args:
            method: `GET`, `POST` …
            url: Whole.
            make: Makes the body.
            headers: By their names, with `_` for `-`.

        Raises:
            NoAnswer: There is none.
        """
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        for left in reversed(range(_TRIES)):
            body = make()
            if body:
                running().say(body)
            answer = await self._exchanged(method, url, named, body)
            seconds = _asked_to_wait(answer)
            if seconds is None or seconds > min(LONGEST_WAIT, self._waiting) or not left:
                break
            self._waiting -= seconds
            self.tell(f"the vendor asks to come again in {seconds:g} s")
            await self._wait(seconds)
        return answer

    async def _exchanged(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        if (left := self._last + self.polite - loop.time()) > 0:
            await self._wait(left)
        self._last = loop.time()
        said = as_http(f"{method} {url} HTTP/1.1", headers, body)
        what = f"{method} {urlsplit(url).path}"
        try:
            answer = await self.exchange(method, url, headers, body, timeout=self.timeout)
        except BaseException as error:
            running().trace(said, f"no answer: {error}".encode(), what)
            raise
        running().trace(said, as_http(f"HTTP/1.1 {answer.status}", answer.headers, answer.body), what)
        if url == f"{self.endpoint}/messages":
            self.latency = max(loop.time() - self._last, self.latency / 2)
        return answer

    async def _wait(self, seconds: float) -> None:
        """Wait because somebody asks for it: no check has less time for that."""
        running().wait(seconds)
        await self.sleep(seconds)

    async def document(self, path: str, requirement: str) -> Document:
        """A document under the host of the URL.

        Raises:
            NoAnswer: There is none.
            Failed: It is no JSON object.
        """
        answer = await self.send("GET", self.at(path))
        if answer.status != 200 or answer.media_type not in ("application/json", "application/did+json"):
            raise Failed(f"{path}: {described(answer)}", requirement)
        try:
            found = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise Failed(f"{path} is not JSON", requirement) from error
        if not isinstance(found, dict) or len(answer.body) > trust.MAX_BYTES:
            raise Failed(f"{path} is no JSON object of at most {trust.MAX_BYTES} bytes", requirement)
        return found

    async def did_document(self, did: str) -> Document:
        """The DID document. It is looked for at the URL, wherever the DID lies."""
        return await self.document(urlsplit(trust.web_urls(did)[0]).path, "TRN-10")

    async def meet(self) -> None:
        """Get to know the vendor.

        Raises:
            NoAnswer, Failed: It does not introduce itself.
        """
        did = (await self.document("/.well-known/opencmr", "TRN-11")).get("did")
        try:
            document = trust.parse_document(str(did), await self.did_document(str(did)))
            endpoint = urlsplit(document.endpoint)
        except (OpenCMRError, ValueError) as error:
            raise Failed(f"the DID document of {str(did)[:100]}: {error}", "TRN-10") from error
        self.did, self.keys = document.id, document.keys
        home = urlsplit(trust.web_urls(self.did)[1])
        here = urlsplit(self.url)
        same = (home.scheme, home.netloc) == (here.scheme, here.netloc)
        self.endpoint = document.endpoint if same else self.at(endpoint.path)

    def now(self, seconds: float = 0) -> str:
        """The time, or some seconds from it."""
        return instant(self.clock() + timedelta(seconds=seconds))

    def at(self, path: str) -> str:
        """A URL under the host that was said."""
        here = urlsplit(self.url)
        return f"{here.scheme}://{here.netloc}{path}"


def _asked_to_wait(answer: Answer) -> float | None:
    """The seconds of `Retry-After` where a vendor, or what stands before it, has too much to do; else none.

    A handler that fails is something else: a check makes it fail.
    """
    asked = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503) or not asked.isascii() or not asked.isdecimal() or len(asked) > 6:
        return None
    try:
        problem = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        problem = None
    busy = code(problem) in ("over-quota", "overloaded") if isinstance(problem, dict) and "type" in problem else True
    return float(asked) if busy else None
