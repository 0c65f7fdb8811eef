"""Whatever a target does, the suite ends in time with failed checks: it never crashes, and never hangs."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from opencmr import trust
from opencmr.conformance.hand import Bench
from opencmr.conformance.suite import PATIENCE, Report, run
from opencmr.conformance.vendor import CHECKS

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Behaviour = Callable[[Reader, Writer], Awaitable[None]]


def http(body: bytes, media: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def saying(raw: bytes) -> Behaviour:
    async def say(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()

    return say


async def hang(reader: Reader, writer: Writer) -> None:
    await asyncio.sleep(60)


async def reset(reader: Reader, writer: Writer) -> None:
    writer.transport.abort()


async def endless_body(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def endless_chunks(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


async def endless_headers(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: more\r\n" * 1000)
        await writer.drain()


async def drip(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


HOSTILE: dict[str, Behaviour] = {
    "hangs": hang,
    "resets": reset,
    "closes": saying(b""),
    "answers HTML": saying(http(b"<html><body>Hello</body></html>", "text/html")),
    "answers HTML as JSON": saying(http(b"<html></html>")),
    "answers no HTTP": saying(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "answers nonsense": saying(b"\x00\xff" * 5000),
    "sends 10 MB": saying(http(b"{" + b" " * 10_000_000 + b"}")),
    "sends an endless body": endless_body,
    "sends endless chunks": endless_chunks,
    "sends endless headers": endless_headers,
    "drips": drip,
    "closes in the middle": saying(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
    "says a wrong length": saying(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "redirects": saying(http(b"", status="302 Found", more="Location: http://127.0.0.1:1/elsewhere\r\n")),
    "answers 500": saying(http(b"oops", "text/plain", "500 Internal Server Error")),
    "answers a list": saying(http(b"[1]")),
    "answers deep JSON": saying(http(b'{"did":' + b"[" * 30_000 + b"]" * 30_000 + b"}")),
    "answers numbers for everything": saying(http(b'{"did":1,"service":2,"types":3}')),
}


async def checked(behave: Behaviour) -> tuple[Report, float]:
    async def handle(reader: Reader, writer: Writer) -> None:
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    bench = Bench(url, timeout=0.4)
    began = time.monotonic()
    try:
        report = await run(CHECKS, bench, target=url, side="vendor", begin=bench.meet, check_timeout=0.5)
    finally:
        server.close()
    return report, time.monotonic() - began


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_target_gets_failed_checks_and_nothing_crashes_or_hangs(name: str) -> None:
    report, seconds = await checked(HOSTILE[name])
    assert not report.ok
    assert len(report.results) == len(CHECKS)
    assert report.count("passed") == 0
    assert {one.check.id for one in report.results if one.outcome == "failed"} == {
        "transport/did-document", "transport/discovery", "transport/myterms"
    }  # fmt: skip
    assert all(one.detail for one in report.results)
    assert seconds < 5


async def test_a_target_that_falls_silent_after_its_introduction_ends_the_run_early() -> None:
    report, seconds = await checked(introduced(hang))
    failed = [one for one in report.results if one.outcome == "failed"]
    assert len(failed) == PATIENCE + 2  # it serves no myterms.json, and accepts no terms
    assert "in a row" in report.results[-1].detail
    assert seconds < 5


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("hangs", "drips")])
async def test_what_is_hostile_at_the_endpoint_fails_the_checks(name: str) -> None:
    report, _ = await checked(introduced(HOSTILE[name]))
    assert not report.ok
    assert len(report.results) == len(CHECKS)
    assert not any(one.outcome == "passed" for one in report.results if one.check.id.startswith("terms/"))


def introduced(behave: Behaviour) -> Behaviour:
    """A target that introduces itself well, and behaves so when it is spoken to."""
    public = trust.SigningKey.generate().public

    async def answer(reader: Reader, writer: Writer) -> None:
        port = writer.get_extra_info("sockname")[1]
        did, endpoint = f"did:web:127.0.0.1%3A{port}", f"http://127.0.0.1:{port}/opencmr"
        peeked = await reader.readuntil(b"\r\n")
        known = {
            b"/.well-known/did.json": trust.document_for(did, {f"{did}#key-1": public}, endpoint),
            b"/.well-known/opencmr": {"did": did, "roles": ["vendor"], "endpoint": endpoint, "versions": ["1.0"],
                                      "types": ["terms.proffer"], "terms": []},
        }  # fmt: skip
        path = peeked.split()[1]
        if path in known:
            await saying(http(orjson.dumps(known[path])))(reader, writer)
        elif path.startswith(b"/.well-known"):
            await saying(http(b"", status="404 Not Found"))(reader, writer)
        else:
            await behave(reader, writer)

    return answer
