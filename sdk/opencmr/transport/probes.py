"""Health and readiness over HTTP, for whoever runs a vendor: an application of its own, on a port of its own.

They are no part of the protocol, and customers have no use for them: readiness tells when a shop is in trouble, and
asking costs it a write. So the vendor's own application does not answer them.
"""

from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_FRESH = {"Cache-Control": "no-store"}


class Probed(Protocol):
    """Whoever can say whether it is ready."""

    async def ready(self) -> str | None:
        """Why not, as a code; none where it is."""
        ...


def application(probed: Probed) -> Starlette:
    """The ASGI application that answers probes.

    - `GET /healthz`: the process lives and its event loop turns. Nothing is read or written. Always 200.
    - `GET /readyz`: messages can be received. 200, or 503 with a reason code, and nothing else.

    Args:
        probed: Whose readiness it is.
    """

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def readyz(_: Request) -> JSONResponse:
        reason = await probed.ready()
        if reason is None:
            return JSONResponse({"status": "ok"}, headers=_FRESH)
        return JSONResponse({"status": "not-ok", "reason": reason}, 503, headers=_FRESH)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
