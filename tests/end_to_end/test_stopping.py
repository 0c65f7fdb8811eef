"""`opencmr serve` is told to stop while it has work: counted from outside, in a process of its own."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from opencmr import terms, trust
from opencmr.errors import OpenCMRError
from opencmr.messages import core
from opencmr.protocol import roster
from opencmr.store import Store
from opencmr.transport import HttpNetwork
from parties import CAST, Hand, read

WORKING, WAITING, PUSHING = 6, 4, 4
PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
STALL = '''
import asyncio
from opencmr import Money, Vendor, intent, offer

shop = Vendor.open("shop.db", did="{did}", accepts=["SD-BASE"])
collect = shop.collect


async def pass_the_gate(kind):
    """Tells the test what is at work, and waits until it may go on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", {gate})
    writer.write(kind)
    await reader.read(1)
    writer.close()


async def collected(raw):
    await pass_the_gate(b"collect")
    return await collect(raw)


shop.collect = collected


@shop.on(intent.Cast)
async def quote(cast, _):
    await pass_the_gate(b"message")
    return offer.Make(lines=[offer.Line(name="Boots", price=Money("49.00", "EUR"))], total=Money("49.00", "EUR"),
                      under=cast.body.terms[0])
'''


class Gate:
    """Where the handlers of the shop wait; those who collect are only counted."""

    def __init__(self) -> None:
        self.working = asyncio.Semaphore(0)
        self.collecting = asyncio.Semaphore(0)
        self.open = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(7) == b"collect":
            self.collecting.release()
        else:
            self.working.release()
            await self.open.wait()
        writer.write(b".")
        writer.close()


@dataclass(frozen=True)
class Stall:
    """The shop that is served."""

    did: str
    base: str
    probes: str
    process: subprocess.Popen[str]

    def stranger(self) -> Hand:
        """A customer with a fresh key, who signs by hand."""
        return Hand.stranger(self.did)

    async def reason(self, client: httpx.AsyncClient) -> str | None:
        """Why it is not ready."""
        reason: str | None = (await client.get(f"{self.probes}/readyz")).json().get("reason")
        return reason


@contextmanager
def serving(folder: Path, gate: int, *options: str) -> Iterator[Stall]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        did = f"did:web:127.0.0.1%3A{port}"
        (folder / "stall.py").write_text(STALL.format(did=did, gate=gate))
        command = [sys.executable, "-m", "opencmr.cli", "serve", "stall.py:shop", "--fd", str(bound.fileno()),
                   "--health", "0", *options]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=[bound.fileno()]
        )
    try:
        assert process.stdout is not None
        said = dict(process.stdout.readline().split() for _ in range(5))
        yield Stall(did, f"http://127.0.0.1:{port}", "http://" + said["health"], process)
    finally:
        process.kill()
        process.communicate()


def digests(folder: Path) -> list[str]:
    """What customers said and the shop has taken."""
    with Store(folder / "shop.db", read_only=True) as store:
        kept = store.read(lambda rows: [each for peer in rows.peers() for each in rows.everything(peer.number)])
    return [each.digest for each in kept if each.side == "customer"]


async def test_what_is_at_work_is_finished_and_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    gate = Gate()
    server = await asyncio.start_server(gate, "127.0.0.1", 0)
    acknowledged: list[str] = []
    refused = 0
    with serving(tmp_path, server.sockets[0].getsockname()[1]) as stall:
        network = HttpNetwork(timeout=60)
        endpoint = stall.base + "/opencmr"

        async def sent(raw: bytes) -> list[bytes]:
            answers = await network.send(endpoint, raw)
            assert read(answers[0])["body"]["of"] == trust.digest(raw)
            acknowledged.append(trust.digest(raw))
            return answers

        async def waits(she: Hand) -> list[bytes]:
            await sent(she.write(PROFFER))
            found, _ = await network.collect(endpoint, she.write(core.Collect()), 0)
            seen = trust.digest(found[-1])
            return (await network.collect(endpoint, she.write(core.Collect(wait=30), after=seen), 30))[0]

        async def pushes() -> None:
            nonlocal refused
            she = stall.stranger()
            try:
                while True:
                    await sent(she.write(PROFFER))
            except OpenCMRError:
                refused += 1

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            working = [group.create_task(sent(stall.stranger().write(CAST))) for _ in range(WORKING)]
            for _ in range(WORKING):
                await gate.working.acquire()
            waiting = [group.create_task(waits(stall.stranger())) for _ in range(WAITING)]
            pushing = [group.create_task(pushes()) for _ in range(PUSHING)]
            for _ in range(2 * WAITING):
                await gate.collecting.acquire()
            stall.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*pushing, *waiting)  # nobody new is taken; those who waited for mail are let go
            async with httpx.AsyncClient() as client:
                assert await stall.reason(client) == "stopping"
            assert not any(task.done() for task in working), "it waits for them"
            gate.open.set()
        await network.close()
        out, err = await asyncio.to_thread(stall.process.communicate, timeout=30)
        assert (stall.process.returncode, out, err) == (0, "stopped\n", "")
    server.close()
    assert [[read(raw)["type"] for raw in task.result()] for task in working] == [["receipt", "offer.make"]] * WORKING
    assert [task.result() for task in waiting] == [[]] * WAITING
    assert refused == PUSHING
    kept = digests(tmp_path)
    assert len(acknowledged) > WORKING + WAITING
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    assert not (tmp_path / "shop.db-wal").exists(), "closed, not left behind"


async def test_it_goes_on_listening_while_it_drains_and_ends_at_once_when_told_again(tmp_path: Path) -> None:
    options = ("--drain", "600", "--log-format", "json", "--log-level", "info")
    with serving(tmp_path, 1, *options) as stall:
        network = HttpNetwork()
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            assert await stall.reason(client) is None
            stall.process.send_signal(signal.SIGTERM)
            while await stall.reason(client) != "stopping":
                pass
            raw = stall.stranger().write(PROFFER)
            answers = await network.send(stall.base + "/opencmr", raw)
            assert read(answers[0])["body"]["outcome"] == "accepted"
            assert (await client.get(f"{stall.probes}/healthz")).json() == {"status": "ok"}
        await network.close()
        stall.process.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(stall.process.communicate, timeout=30)
        assert (stall.process.returncode, out) == (-signal.SIGTERM, "")
    assert digests(tmp_path) == [trust.digest(raw)]
    events = [json.loads(line) for line in err.splitlines()]
    assert [each["event"] for each in events] == ["server.draining", "message.received"]
    assert events[1]["digest"] == trust.digest(raw)


@pytest.mark.parametrize("address", ["x", "8081x", "host:", "1:70000", "99999999999999999999"])
def test_an_address_for_probes_that_is_none_is_a_usage_error(address: str) -> None:
    from opencmr.cli import serve
    from opencmr.errors import UsageError

    with pytest.raises(UsageError):
        serve._where(address)
    assert serve._where("8081") == ("127.0.0.1", 8081)
    assert serve._where("[::1]:8081") == ("::1", 8081)
