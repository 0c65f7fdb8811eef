"""The customer's side of HTTP (`spec/v1/transport.md`, `spec/v1/identity.md`).

A vendor's server may be broken or hostile. Whatever it does, a call ends in time, holds a bounded number of bytes, and
returns bytes of messages or raises one of two errors: a `Problem` that the vendor states, or `Unreachable`. Redirects
are not followed, cookies are not kept, and neither proxies nor passwords are taken from the environment: they could
join what pairwise keys keep apart. Signatures are not checked here.

Not handled here either: that a public host name may resolve to a private address.
"""

import asyncio
import ipaddress
import re
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
import orjson
from pydantic import ValidationError

from .. import trust
from ..errors import Malformed, Problem, Unreachable, UnsupportedVersion, WeakKey
from ..messages import VERSION
from ..messages.core import ProblemDetail
from .bundle import MAX_BUNDLE, unpack
from .discovery import Discovery
from .party import Found

_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


class _Stated(ProblemDetail, extra="ignore"):
    """A problem of a peer. RFC 9457 lets anyone add members."""


class HttpNetwork:
    """A `Network` over HTTPS.

    Args:
        connect_timeout: Seconds for a connection; at most `timeout`.
        timeout: Seconds for a whole exchange, beyond those for the connection and those that a collect asks the vendor
            to wait.
        tls: Whom to believe about certificates, if not the public authorities.
    """

    def __init__(
        self, *, connect_timeout: float = 5.0, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        self._client = httpx.AsyncClient(
            verify=True if tls is None else tls,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # What is compressed can be small on the wire and huge in memory.
            headers={"User-Agent": "opencmr", "Accept-Encoding": "identity"},
        )

    async def find(self, did: str) -> Found:
        """Resolve a vendor's DID and read what it says of itself.

        Raises:
            UsageError: Not a usable `did:web`.
            Unreachable: No answer, or none that is OpenCMR; the address is not one to go to.
            UnsupportedVersion: The vendor speaks no version that is spoken here.
        """
        document_url, origin = trust.web_urls(did)
        local = trust.is_loopback(_host(origin))
        _check_url(origin, local)
        try:
            document = trust.read_document(did, await self._get(document_url))
            endpoint = document.endpoint
            discovery = Discovery.read(await self._get(f"{origin}/.well-known/opencmr"))
            if discovery.did != did:
                raise Malformed(f"the document is of {discovery.did}", pointer="/did", expected=[did])
        except (Malformed, WeakKey) as problem:
            raise Unreachable(f"{did} says of itself what cannot be: {problem}") from problem
        _check_url(endpoint, local)
        if VERSION not in discovery.versions:
            spoken = ", ".join(discovery.versions)
            raise UnsupportedVersion(f"{did} speaks {spoken}", pointer="/versions", expected=[VERSION])
        return Found(did, document.keys, endpoint, discovery)

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Send one message. Returns the receipt and what follows it, as yet unchecked.

        Raises:
            Problem: The vendor has decided nothing, and says why.
            Unreachable: No answer, or none that is OpenCMR. The same bytes may be sent again.
        """
        messages, _ = await self._post(f"{endpoint}/messages", raw, 0)
        if not messages:
            raise Unreachable(f"{endpoint} answers without a receipt")
        return messages

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], str]:
        """Send a `mailbox.collect`. Returns what waits, as yet unchecked, and the cursor.

        Raises:
            Problem: The vendor refuses the collect, and says why.
            Unreachable: No answer, or none that is OpenCMR.
        """
        messages, cursor = await self._post(f"{endpoint}/mailbox", raw, wait)
        if cursor is None:
            raise Unreachable(f"{endpoint} answers without a cursor")
        return messages, cursor

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    async def _get(self, url: str) -> Any:
        raw = await self._exchange("GET", url, limit=trust.MAX_BYTES)
        try:
            return orjson.loads(raw)
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise Unreachable(f"{url} is not JSON") from error

    async def _post(self, url: str, raw: bytes, wait: float) -> tuple[list[bytes], str | None]:
        _check_url(url, local=True)
        answer = await self._exchange("POST", url, content=raw, limit=MAX_BUNDLE, wait=wait)
        try:
            return unpack(answer)
        except Problem as problem:
            raise Unreachable(f"the answer of {url} is not OpenCMR: {problem}") from problem

    async def _exchange(
        self, method: str, url: str, *, limit: int, content: bytes | None = None, wait: float = 0
    ) -> bytes:
        """One request and the body of its answer.

        Raises:
            Problem: The peer states one.
            Unreachable: Anything else than a JSON body.
        """
        total = self._timeout + wait
        headers = {} if content is None else {"Content-Type": "application/opencmr+json"}
        try:
            async with (
                asyncio.timeout(self._connect_timeout + total),
                self._client.stream(
                    method,
                    url,
                    content=content,
                    headers=headers,
                    timeout=httpx.Timeout(total, connect=self._connect_timeout),
                ) as response,
            ):
                return await _answer(response, limit)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            # TimeoutError is an OSError; a host name that is none, a UnicodeError.
            raise Unreachable(f"{url} does not answer: {str(error) or type(error).__name__}") from error


async def _answer(response: httpx.Response, limit: int) -> bytes:
    url, media_type = response.url, response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code >= 400 and media_type == "application/problem+json":
        try:
            stated = _Stated.model_validate_json(await _body(response, trust.MAX_BYTES))
        except ValidationError as error:
            raise Unreachable(f"{url} answers {response.status_code} with a problem of another protocol") from error
        problem = Problem.from_dict(stated.wire())
        problem.retry_after = _seconds(response.headers.get("retry-after", ""))
        raise problem
    if response.is_redirect:
        raise Unreachable(f"{url} redirects, which is not followed")
    if response.status_code != 200 or media_type not in ("application/json", "application/did+json"):
        raise Unreachable(f"{url} answers {response.status_code} with {media_type or 'nothing'}")
    return await _body(response, limit)


def _seconds(retry_after: str) -> int | None:
    """What `Retry-After` asks for, an hour at most. A date is passed over: it would trust the vendor's clock."""
    return min(int(retry_after[:9]), 3600) if retry_after.isascii() and retry_after.isdecimal() else None


async def _body(response: httpx.Response, limit: int) -> bytes:
    if "content-encoding" in response.headers:
        raise Unreachable(f"{response.url} answers with a Content-Encoding")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise Unreachable(f"{response.url} answers with more than {limit} bytes")
    return bytes(body)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read only now
    except ValueError as error:
        raise Unreachable(f"{url} is not a URL") from error
    return parts


def _host(url: str) -> str:
    return _split(url).hostname or ""


def _check_url(url: str, local: bool) -> None:
    """Refuse an address to which a vendor should not send us: unencrypted, or inside our own network.

    Args:
        url: The address.
        local: Whether this machine and its network may be meant, because the customer named a vendor there.

    Raises:
        Unreachable: It is not one to go to.
    """
    parts = _split(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and trust.is_loopback(host)):
        raise Unreachable(f"{url} is not https")
    if not host or parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise Unreachable(f"{url} is not the plain URL of a service")
    if not local and not _is_public(host):
        raise Unreachable(f"{url} lies in a private network")


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # Resolvers also read 127.1 and 0x7f000001 as addresses; public names never end in a number.
        labels = host.rstrip(".").split(".")
        return labels[-1] != "localhost" and not _NUMERIC_LABEL.fullmatch(labels[-1])
