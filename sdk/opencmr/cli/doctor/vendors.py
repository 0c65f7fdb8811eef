"""Examination of a vendor from outside: DID document, discovery, TLS, cross-origin requests, clock, endpoint."""

import asyncio
import http.client
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ... import trust
from ...errors import OpenCMRError, UsageError
from ...transport import Found, HttpNetwork
from ..output import counted
from .finding import Area, Finding

PATIENCE = 10.0
"""Seconds for one exchange."""
SOON = 14
"""Days before the end of a certificate from which on it is worth knowing."""
OFF, FAR_OFF = 30.0, 120.0
"""Seconds of difference between the clocks from which it is worth knowing, and from which a collect is refused."""
_MOST = 64 * 1024
_WALLET = "https://wallet.example"
"""The origin of a wallet that is a page in a browser."""


@dataclass(frozen=True)
class Answer:
    """What a vendor's server answered.

    Attributes:
        status: The status code.
        headers: Its headers, their names in lower case.
        expires: When its certificate ends; none without TLS.
        at: Our time in the middle of the exchange, in seconds since 1970.
    """

    status: int
    headers: dict[str, str]
    expires: datetime | None
    at: float


def did_of(where: str) -> str:
    """The DID that a DID or a URL stands for.

    Raises:
        UsageError: It is none of a vendor.
    """
    if where.startswith("did:"):
        trust.web_urls(where)
        return where
    try:
        parts = urlsplit(where)
        port = f"%3A{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UsageError(f"{where} is not a URL") from error
    if parts.query or parts.fragment or parts.username is not None:
        raise UsageError("a vendor's URL has a host and a path: https://shop.example")
    path = parts.path.strip("/").replace("/", ":")
    did = f"did:web:{parts.hostname or ''}{port}{':' + path if path else ''}"
    trust.web_urls(did)
    return did


def examine(did: str) -> list[Finding]:
    """Look at a vendor from outside. Nothing is said that the vendor would store."""
    area = Area("vendor")
    document, origin = trust.web_urls(did)
    try:
        found = asyncio.run(_find(did))
    except OpenCMRError as error:
        area.wrong("is found", str(error), f"see that {document} and {origin}/.well-known/opencmr answer as they must")
        return area.findings
    area.ok("did.json", f"{document}, with {counted(len(found.keys), 'key')}")
    about = found.discovery
    area.ok("discovery", f"speaks {', '.join(about.versions)}, takes {counted(len(about.types), 'type')} and "
            f"{counted(len(about.terms or ()), 'agreement')}")  # fmt: skip
    try:
        read = _ask("GET", document, {"Origin": _WALLET})
        asked = _ask("OPTIONS", found.endpoint + "/messages", {
            "Origin": _WALLET, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type"})  # fmt: skip
        sent = _ask("POST", found.endpoint + "/messages", {"Content-Type": "application/opencmr+json"}, b"{")
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        area.wrong("answers", f"{found.endpoint} does not: {why}", "see that the proxy passes requests to the vendor")
        return area.findings
    _judge_tls(area, origin, read)
    _judge_origins(area, read, asked)
    _judge_clock(area, read)
    answers = sent.status == 400 and sent.headers.get("content-type", "").startswith("application/problem+json")
    mend = "see that the proxy passes POST, and the answer as it is"
    area.judge("endpoint", answers, f"{found.endpoint} answers {sent.status} to what is no message", mend)
    return area.findings


async def _find(did: str) -> Found:
    network = HttpNetwork(timeout=PATIENCE)
    try:
        return await network.find(did)
    finally:
        await network.close()


def _ask(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
    """One request, with nothing followed and nothing kept. Where it goes has been checked when the vendor was found."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        began = time.time()
        connection.request(method, parts.path or "/", body, {"User-Agent": "opencmr", **headers})
        expires = _expires(connection)
        response = connection.getresponse()
        response.read(_MOST)
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, expires, (began + time.time()) / 2)
    finally:
        connection.close()


def _expires(connection: http.client.HTTPConnection) -> datetime | None:
    certificate = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _judge_tls(area: Area, origin: str, read: Answer) -> None:
    if read.expires is None:
        area.note("TLS", f"{origin} is plain http, which is for trying out on this machine")
        return
    left = (read.expires - datetime.fromtimestamp(read.at, UTC)).days
    said = f"the certificate is good for {left} days"
    if left < SOON:
        area.note("TLS", said, "renew it")
    else:
        area.ok("TLS", said)


def _judge_origins(area: Area, read: Answer, asked: Answer) -> None:
    mend = "let the proxy pass OPTIONS, and leave the vendor's Access-Control headers as they are"
    open_ = [answer.headers.get("access-control-allow-origin") in ("*", _WALLET) for answer in (read, asked)]
    holds = all(open_) and asked.status in (200, 204)
    area.judge(
        "browsers", holds, "wallets in a browser reach it" if holds else "wallets in a browser are kept off", mend
    )


def _judge_clock(area: Area, read: Answer) -> None:
    try:
        off = parsedate_to_datetime(read.headers["date"]).timestamp() - read.at
    except (KeyError, ValueError, TypeError):
        area.note("clock", "it does not tell its time: there is no Date in its answer")
        return
    said = "its clock agrees with this one" if abs(off) < 2 else f"its clock is {off:+.0f} s from this one"
    mend = "let NTP keep both clocks: what is dated 120 seconds off is refused"
    if abs(off) > FAR_OFF:
        area.wrong("clock", said, mend)
    elif abs(off) > OFF:
        area.note("clock", said, mend)
    else:
        area.ok("clock", said)
