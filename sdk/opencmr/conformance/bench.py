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
from .inspecting import Document, described
from .suite import Failed
from .wire import Answer, Exchange, over_http


@dataclass
class Bench:
    """The target, and what it has said of itself.

    Attributes:
        url: Where it was said to be.
        polite: Seconds between two requests at least.
        clock: The time; `sleep` waits in it.
        endpoint: Of the service, once it is known.
        did: Of the vendor; `keys`, key URL → public key.
    """

    url: str
    exchange: Exchange = over_http
    polite: float = 0.0
    timeout: float = 10.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    endpoint: str = ""
    did: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    _last: float = 0.0

    async def send(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, not sooner than is polite.

        Raises:
            NoAnswer: There is none.
        """
        loop = asyncio.get_running_loop()
        if (left := self._last + self.polite - loop.time()) > 0:
            await asyncio.sleep(left)
        self._last = loop.time()
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return await self.exchange(method, url, named, body, timeout=self.timeout)

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
            document = trust.read_document(str(did), await self.did_document(str(did)))
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
