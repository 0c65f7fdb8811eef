"""The vendor's side of HTTP: an ASGI application around a `Receiver` (`spec/v1/transport.md`).

Here are media types, limits, time and status codes. What a message says, and whether it holds, is the receiver's: the
docstring of `opencmr.roles.vendor` shows the whole way of a message.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import trust
from .._log import log_failure
from .._telemetry import count_problem
from ..errors import HandlerFailed, NotFound, Overloaded, OverQuota, Problem, StoreError, TooLarge, UnsupportedMedia
from .bundle import MAX_WORDS, pack, unpack
from .limits import MOST_RESERVED, Gate, Limits, claims_to_narrow
from .party import Outgoing, Receiver

T = TypeVar("T")
_Endpoint = Callable[[Request], Awaitable[Response]]

MEDIA_TYPE = "application/opencmr+json"
RETRY_AFTER = 5
"""Seconds, told with a problem of too much traffic that says no better."""

_log = logging.getLogger(__name__)


def application(
    receiver: Receiver, *, path: str = "/opencmr", body_timeout: float = 10.0, gate: Gate | None = None
) -> Starlette:
    """The ASGI application that serves a vendor.

    Args:
        receiver: The vendor.
        path: Path of the service endpoint.
        body_timeout: Seconds within which the body of a request has to arrive.
        gate: What may come in; absent: one with the default limits.
    """
    gate = gate or Gate(Limits())

    async def messages(request: Request) -> Response:
        try:
            gate.charge_address(_host(request))
        except OverQuota as too_fast:
            return await narrowing(request, too_fast)
        raw = await _body(request, body_timeout, trust.MAX_BYTES)
        with gate.lane(raw).place():
            return _json(pack(await receiver.receive(raw, _host(request))))

    async def narrowing(request: Request, too_fast: OverQuota) -> Response:
        """A message from an address that is too fast, if it takes something back; see `Gate.admits_narrowing`.

        Raises:
            OverQuota: `too_fast`, whatever else is wrong: the answer must not tell who is a customer.
        """
        try:
            raw = await _body(request, body_timeout, MOST_RESERVED)
            claimed = claims_to_narrow(raw)
            if claimed and receiver.knows(claimed) and gate.admits_narrowing(_host(request), claimed):
                with gate.lane(raw).place():
                    return _json(pack(await receiver.receive(raw, _host(request))))
        except Problem as problem:
            raise too_fast from problem
        raise too_fast

    async def mailbox(request: Request) -> Response:
        gate.charge_address(_host(request))
        raw = await _body(request, body_timeout, trust.MAX_BYTES)
        return _json(pack(*await _while_connected(request, receiver.collect(raw))))

    async def words(request: Request) -> Response:
        gate.charge_address(_host(request))
        raw = await _body(request, body_timeout, MAX_WORDS)
        with gate.work.place():
            await receiver.take_back(unpack(raw, limit=MAX_WORDS)[0])
            return _json(pack([]))

    async def blobs(request: Request) -> Response:
        gate.charge_address(_host(request))
        return _Streamed(await receiver.fetch(await _body(request, body_timeout, trust.MAX_BYTES)))

    async def did_document(_: Request) -> Response:
        return _json(trust.canonicalize(receiver.did_document()))

    async def discovery(_: Request) -> Response:
        return _json(trust.canonicalize(receiver.discovery()))

    async def myterms(_: Request) -> Response:
        document = receiver.myterms()
        if document is None:
            raise NotFound("no agreements are listed here")
        return _json(trust.canonicalize(document))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tending = asyncio.create_task(receiver.tend())
        try:
            yield
        finally:
            tending.cancel()
            await asyncio.gather(tending, return_exceptions=True)
            await receiver.close()

    did_url, _origin = trust.web_urls(receiver.did_document()["id"])
    routes = [
        Route(f"{path}/messages", _answered(messages), methods=["POST"]),
        Route(f"{path}/mailbox", _answered(mailbox), methods=["POST"]),
        Route(f"{path}/words", _answered(words), methods=["POST"]),
        Route(f"{path}/blobs", _answered(blobs), methods=["POST"]),
        Route(urlsplit(did_url).path, _answered(did_document)),
        Route("/.well-known/opencmr", _answered(discovery)),
        Route("/.well-known/myterms.json", _answered(myterms)),
    ]
    app = _Application(
        routes=routes,
        middleware=[Middleware(_Pages, routes=routes)],
        exception_handlers={HTTPException: _no_route},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # clients follow none
    app.shortcut = f"{path}/messages", _answered(messages)
    return app


class _Application(Starlette):
    """Starlette, with a shortcut to where nearly everything goes.

    Finding the route, and looking whether a page in a browser asks, cost as much as the bytes of a request do. So a
    message that no page sends goes to its endpoint at once; what the endpoint is told and answers is the same.
    """

    shortcut: tuple[str, _Endpoint]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, endpoint = self.shortcut
        is_message = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == path
        if is_message and not scope.get("root_path") and all(name != b"origin" for name, _ in scope["headers"]):
            response = await endpoint(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Pages(CORSMiddleware):
    """Lets a wallet that is a page in a browser in, whatever its origin.

    There is nothing that another site could abuse: no cookie and no network address gives any right here, only a
    signature does. Every preflight of a path is answered alike, whatever else it asks for: a browser compares that with
    what is allowed by itself.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        super().__init__(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
            expose_headers=["Retry-After"],
            max_age=86400,
        )
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["method"] == "OPTIONS"
        if asks and all(route.matches(scope)[0] is Match.NONE for route in self._routes):
            await self.simple_response(scope, receive, send, request_headers=Headers(scope=scope))  # not found
        else:
            await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """What is allowed."""
        return Response(status_code=204, headers=self.preflight_headers)


class _Streamed(Response):
    """A file, as fast as its reader reads: the server takes no piece before it has sent most of those before."""

    def __init__(self, file: Outgoing) -> None:
        super().__init__(media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
        self.headers["Content-Length"] = str(file.size)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it is sent or the reader has gone."""
        try:
            await _while_connected(Request(scope, receive), self._send(send))
        except ClientDisconnect:
            return  # who comes back says from where
        except StoreError as error:
            log_failure(_log, "store.failed", error)  # the server ends the connection: less came than was announced
        finally:
            self._file.close()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self._file.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _answered(endpoint: _Endpoint) -> _Endpoint:
    """An endpoint that always answers: with a problem, if need be."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as error:
            problem = error
        except ClientDisconnect:
            return Response(status_code=400)  # read by nobody
        except Exception as error:
            log_failure(_log, "request.failed", error, route=request.url.path)  # a path that is routed
            problem = HandlerFailed("the receiver failed")
        count_problem(problem.code, "problem")
        return _problem(problem, request)

    return answer


async def _no_route(_: Request, error: Exception) -> Response:
    """No such path, or not with this method. For the latter the registry has no problem; HTTP says it all."""
    assert isinstance(error, HTTPException)  # noqa: S101  # that is what it is registered for
    if error.status_code == NotFound.status:
        return _problem(NotFound("there is nothing at this address"))
    return Response(status_code=error.status_code, headers=error.headers)


def _host(request: Request) -> str | None:
    return request.client.host if request.client else None


async def _body(request: Request, timeout: float, most: int) -> bytes:
    """The body of a request, of the right media type, of at most so many bytes, and in time.

    Raises:
        UnsupportedMedia: Another media type, or encoded.
        TooLarge: Reading has stopped.
        Overloaded: It takes too long.
    """
    stated = request.headers.getlist("content-type")
    media_type = stated[0].partition(";")[0].strip().lower() if len(stated) == 1 else ", ".join(stated)
    if media_type != MEDIA_TYPE:
        raise UnsupportedMedia(f"sent as {media_type[:100] or 'nothing'}", rule="TRN-2", expected=[MEDIA_TYPE])
    codings = request.headers.getlist("transfer-encoding")
    if "content-encoding" in request.headers or [each.strip().lower() for each in codings] not in ([], ["chunked"]):
        raise UnsupportedMedia("a message is sent without Content-Encoding", rule="TRN-2")
    announced = request.headers.get("content-length", "")
    too_large = TooLarge(f"{most} bytes at most", rule="TRN-3")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError as error:
        raise Overloaded(f"the body did not arrive within {timeout:g} s") from error
    return bytes(body)


async def _while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do what takes long, until it is done or the client has gone.

    Raises:
        ClientDisconnect: It has gone.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(content: bytes, status: int = 200, media_type: str = "application/json") -> Response:
    return Response(content, status, media_type=media_type, headers={"Cache-Control": "no-store"})


def _problem(problem: Problem, request: Request | None = None) -> Response:
    response = _json(trust.canonicalize(problem.as_dict()), problem.status, "application/problem+json")
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.retry_after or RETRY_AFTER)
    unread = isinstance(problem, TooLarge | UnsupportedMedia | Overloaded | OverQuota)
    if unread and request is not None and request.scope.get("http_version", "1.1").startswith("1"):
        # The rest of the body stays unread, so the connection is of no more use. HTTP/2 has another word for that.
        response.headers["Connection"] = "close"
    return response
