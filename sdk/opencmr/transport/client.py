"""The customer's side of HTTP (`spec/v1/transport.md`, `spec/v1/identity.md`).

A vendor's server may be broken or hostile. Whatever it does, a call ends in time, holds a bounded number of bytes, and
returns bytes of messages or raises one of two errors: a `Problem` that the vendor states, or `Unreachable`. Redirects
are not followed, cookies are not kept, and neither proxies nor passwords are taken from the environment: they could
join what pairwise keys keep apart. Signatures are not checked here.

A vendor also says where to go. A name is looked up once for each connection; all its addresses are checked
(`addresses`), and the connection goes to one of them and to nothing else, while certificate and Host stay with the
name. So no name that changes in between leads into the customer's own network.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
import orjson
from pydantic import ValidationError

from .. import trust
from .._telemetry import measure_request
from ..errors import Malformed, Problem, Unreachable, UnsupportedVersion, WeakKey
from ..messages import VERSIONS
from ..messages.core import ProblemDetail
from .addresses import admitted, check_url, is_literal
from .bundle import MAX_BUNDLE, pack, unpack
from .discovery import Discovery
from .names import Names
from .party import Found

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""From a host name to all its addresses, as text. What it raises should be an `OSError`."""

MAX_HEAD = 64 * 1024
"""Bytes of an answer before its body: status line and headers, and those of all answers that are not the last."""
MOST_SENDS, MOST_COLLECTS = 100, 500
"""Connections at once, for what is said and asked, and for collects. Who finds none free waits, at most as long as the
exchange may take."""
MOST_FETCHES = 20
"""The same, for files."""
SLOWEST = 4096
"""Bytes a second in which a file has to come, on the whole: a server that drips comes to an end as well."""

# httpcore has no root for its errors.
_FAILED = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.UnsupportedProtocol)


class _Stated(ProblemDetail, extra="ignore"):
    """A problem of a peer. RFC 9457 lets anyone add members."""


class HttpNetwork:
    """A `Network` over HTTPS.

    Args:
        connect_timeout: Seconds for a connection; at most `timeout`.
        timeout: Seconds for a whole exchange, beyond those for the connection and those that a collect asks the vendor
            to wait.
        tls: Whom to believe about certificates, if not the public authorities.
        resolver: Who is asked for the addresses of a name, if not the system.
        dial: What opens a connection to an address that has been checked; for tests.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = min(connect_timeout, timeout)
        tls = tls or httpx.create_ssl_context(trust_env=False)
        dialler = _Dialler(resolver or Names(), dial or httpcore.AnyIOBackend())
        # A collect may hold its connection for half a minute. What is to be said, a withdrawal perhaps, does not wait
        # for that, however many vendors are listened to.
        self._client = _client(_Transport(tls, dialler, MOST_SENDS))
        self._listening = _client(_Transport(tls, dialler, MOST_COLLECTS))
        self._fetching = _client(_Transport(tls, dialler, MOST_FETCHES))

    async def find(self, did: str) -> Found:
        """Resolve a vendor's DID and read what it says of itself.

        Raises:
            UsageError: Not a usable `did:web`.
            Unreachable: No answer, or none that is OpenCMR; the address is not one to go to.
            UnsupportedVersion: The vendor speaks no version that is spoken here.
        """
        document_url, origin = trust.web_urls(did)
        local = trust.is_loopback(urlsplit(origin).hostname or "")
        check_url(document_url, local=local)
        try:
            document = trust.parse_document(did, await self._get(document_url))
            endpoint = document.endpoint
            discovery = Discovery.read(await self._get(f"{origin}/.well-known/opencmr"))
            if discovery.did != did:
                raise Malformed(f"the document is of {discovery.did}", pointer="/did", expected=[did])
        except (Malformed, WeakKey) as problem:
            raise Unreachable(f"{did} says of itself what cannot be: {problem}") from problem
        check_url(endpoint, local=local)
        if VERSIONS.keys().isdisjoint(discovery.versions):
            spoken = ", ".join(discovery.versions)
            raise UnsupportedVersion(f"{did} speaks {spoken}", pointer="/versions", expected=list(VERSIONS))
        return Found(did, document.keys, endpoint, discovery)

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Send one message. Returns the receipt and what follows it, as yet unchecked.

        Raises:
            Problem: The vendor has decided nothing, and says why.
            Unreachable: No answer, or none that is OpenCMR. The same bytes may be sent again.
        """
        messages, _ = await self._post(f"{endpoint}/messages", raw)
        if not messages:
            raise Unreachable(f"{endpoint} answers without a receipt")
        return messages

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """Send a `mailbox.collect`. Returns what waits, as yet unchecked, and whether there is more.

        Raises:
            Problem: The vendor refuses the collect, and says why.
            Unreachable: No answer, or none that is OpenCMR.
        """
        messages, more = await self._post(f"{endpoint}/mailbox", raw, wait)
        if more is None:
            raise Unreachable(f"{endpoint} does not say whether there is more")
        return messages, more

    async def hand_back(self, endpoint: str, words: list[bytes]) -> None:
        """Hand a vendor back its own words, and what they answer (`spec/v1/transport.md`, handing back).

        Raises:
            Problem: The vendor does not take them, and says why.
            Unreachable: No answer, or none that is OpenCMR.
        """
        await self._post(f"{endpoint}/words", pack(words))

    async def fetch(self, endpoint: str, raw: bytes, size: int, take: Callable[[bytes], None]) -> None:
        """Send a `blob.fetch`, and take what comes piece by piece, as yet unchecked.

        Args:
            endpoint: URL of the vendor's service.
            raw: The fetch.
            size: How many bytes have to come. Not one more is taken.
            take: Takes a piece. What it raises is no `OSError`: those are the network's.

        Raises:
            Problem: The vendor refuses the fetch, and says why.
            Unreachable: Not all has come, or it comes too slowly. What was taken was taken.
        """
        url = f"{endpoint}/blobs"
        check_url(url, local=None)
        await self._fetch("POST", url, raw, size, take)

    @measure_request
    async def _fetch(self, method: str, url: str, raw: bytes, size: int, take: Callable[[bytes], None]) -> None:
        try:
            async with (
                asyncio.timeout(self._connect_timeout + self._timeout) as end,
                self._fetching.stream(
                    method,
                    url,
                    content=raw,
                    headers={"Content-Type": "application/opencmr+json"},
                    timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout),
                ) as response,
            ):
                response.extensions["network_stream"].allow(size + MAX_HEAD)
                await _check_answer(response, _is_bytes)
                await _take_file(response, size, take, end)
        except (httpx.HTTPError, httpx.InvalidURL, *_FAILED, OSError, UnicodeError) as error:
            raise Unreachable(f"{url} breaks off: {str(error)[:300] or type(error).__name__}") from error

    async def close(self) -> None:
        """Let go of all connections."""
        for client in (self._client, self._listening, self._fetching):
            await client.aclose()

    async def _get(self, url: str) -> Any:
        raw = await self._exchange("GET", url, limit=trust.MAX_BYTES)
        try:
            return orjson.loads(raw)
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise Unreachable(f"{url} is not JSON") from error

    async def _post(self, url: str, raw: bytes, wait: float | None = None) -> tuple[list[bytes], bool | None]:
        check_url(url, local=None)
        answer = await self._exchange("POST", url, content=raw, limit=MAX_BUNDLE, wait=wait)
        try:
            return unpack(answer)
        except Problem as problem:
            raise Unreachable(f"the answer of {url} is not OpenCMR: {problem}") from problem

    @measure_request
    async def _exchange(
        self, method: str, url: str, *, limit: int, content: bytes | None = None, wait: float | None = None
    ) -> bytes:
        """One request and the body of its answer.

        Args:
            method: `GET` for a document, `POST` for a message.
            url: Where it goes.
            limit: Bytes of the answer, at most.
            content: The message.
            wait: For a collect: seconds for which the answer may be held.

        Raises:
            Problem: The peer states one.
            Unreachable: Anything else than a JSON body.
        """
        client = self._client if wait is None else self._listening
        total = self._timeout + (wait or 0)
        headers = {} if content is None else {"Content-Type": "application/opencmr+json"}
        try:
            async with (
                asyncio.timeout(self._connect_timeout + total),
                client.stream(
                    method,
                    url,
                    content=content,
                    headers=headers,
                    timeout=httpx.Timeout(total, connect=self._connect_timeout),
                ) as response,
            ):
                response.extensions["network_stream"].allow(2 * limit)  # chunks have heads of their own
                return await _answer(response, limit, is_json if content is None else _is_answer)
        except (httpx.HTTPError, httpx.InvalidURL, *_FAILED, OSError, UnicodeError) as error:
            # TimeoutError is an OSError; a host name that is none, a UnicodeError.
            raise Unreachable(f"{url} does not answer: {str(error)[:300] or type(error).__name__}") from error


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        # What is compressed can be small on the wire and huge in memory.
        headers={"User-Agent": "opencmr", "Accept-Encoding": "identity"},
    )


def is_json(media_type: str) -> bool:
    """Whether documents of this media type are JSON. Hosts serve DID documents under many of them."""
    return media_type in ("application/json", "application/did", "text/json") or media_type.endswith("+json")


def _is_answer(media_type: str) -> bool:
    return media_type == "application/json"


def _media_type(response: httpx.Response) -> str:
    """The one media type of an answer, without its parameters; where it does not state one, what is none."""
    stated = response.headers.get_list("content-type")
    return stated[0].partition(";")[0].strip().lower() if len(stated) == 1 else f"{len(stated)} media types"


def _is_bytes(media_type: str) -> bool:
    return media_type == "application/octet-stream"


async def _answer(response: httpx.Response, limit: int, fits: Callable[[str], bool]) -> bytes:
    await _check_answer(response, fits)
    return await _body(response, limit)


async def _check_answer(response: httpx.Response, fits: Callable[[str], bool]) -> None:
    """See that it is an answer of the right media type.

    Raises:
        Problem: The peer states one.
        Unreachable: It is none of OpenCMR.
    """
    url, media_type = response.url, _media_type(response)
    if "content-encoding" in response.headers:
        raise Unreachable(f"{url} answers with a Content-Encoding")
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
    if response.status_code != 200 or not fits(media_type):
        raise Unreachable(f"{url} answers {response.status_code} with {media_type[:100]!r}")


def _seconds(retry_after: str) -> int | None:
    """What `Retry-After` asks for, an hour at most. A date is passed over: it would trust the vendor's clock."""
    return min(int(retry_after[:9]), 3600) if retry_after.isascii() and retry_after.isdecimal() else None


async def _take_file(response: httpx.Response, size: int, take: Callable[[bytes], None], end: asyncio.Timeout) -> None:
    """Take a body of exactly so many bytes. Of one that is announced to be longer or shorter nothing is taken.

    What has come gives more time, not what is announced: a size is the vendor's word, and may be years.
    """
    announced = response.headers.get_list("content-length")
    if announced != [str(size)]:
        said = ", ".join(announced)[:100] or "none"
        raise Unreachable(f"{response.url} announces a length of {said}, and {size} bytes are left of the file")
    async for chunk in response.aiter_raw():
        take(chunk)
        end.reschedule((end.when() or 0) + len(chunk) / SLOWEST)


async def _body(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise Unreachable(f"{response.url} answers with more than {limit} bytes")
    return bytes(body)


class _Transport(httpx.AsyncBaseTransport):
    """Connections for httpx that a dialler of ours opens, which httpx itself has no argument for."""

    def __init__(self, tls: ssl.SSLContext, dialler: httpcore.AsyncNetworkBackend, most: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=most,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=dialler,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=dict(answer.extensions)
        )

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Dialler(httpcore.AsyncNetworkBackend):
    """Looks a name up, checks its addresses, and connects to one of these and to nothing else."""

    def __init__(self, resolver: Resolver, dial: httpcore.AsyncNetworkBackend) -> None:
        self._resolver = resolver
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host: address after address, each with its share of the time that is left.

        Raises:
            Unreachable: The name leads where no vendor can be.
            OSError, httpcore.NetworkError, httpcore.TimeoutException: Nobody answers there.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + (timeout or 0)
        async with asyncio.timeout(timeout):
            addresses = admitted(host, [host] if is_literal(host) else await self._resolver(host))
            for left in range(len(addresses), 0, -1):
                share = None if timeout is None else max((end - clock()) / left, 0.001)
                try:
                    stream = await self._dial.connect_tcp(addresses[-left], port, share, local_address, socket_options)
                    return _Measured(stream)
                except (httpcore.ConnectError, httpcore.ConnectTimeout):
                    if left == 1:
                        raise
        raise AssertionError("admitted addresses are never none")

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore does between attempts, of which we make one."""
        await asyncio.sleep(seconds)


class _Measured(httpcore.AsyncNetworkStream):
    """A connection on which an answer cannot go on for ever: not with headers, 1xx answers or chunks of a byte."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = MAX_HEAD

    def allow(self, count: int) -> None:
        """Let the answer go on for so many bytes."""
        self._left = count

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._left <= 0:
            raise httpcore.RemoteProtocolError("the answer does not come to its end")
        data = await self._stream.read(min(max_bytes, self._left), timeout)
        self._left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._left = MAX_HEAD  # another request, another answer
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Measured":
        return _Measured(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
