"""A flood over HTTP, of garbage and of valid messages of one key, while honest customers talk to the same server."""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import postgres
from bench.served import servers
from opencmr import consent, trust
from opencmr.errors import OpenCMRError, Problem
from opencmr.protocol import instant
from opencmr.roles.party.signing import Draft, Link, Signer
from opencmr.store import Store
from opencmr.transport import HttpNetwork
from parties import GRANT, read
from soak.long_run import Asked, LongRun, Round

HONEST = 4
"""Customers who talk, each one message after the other."""
EACH = 40
"""Messages that each says in a round."""
FLOODING = 16
"""Requests of the flood that are under way at once."""


def rounds(asked: Asked) -> Iterator[Round]:
    """Rounds by turns without the flood and with it. What is not acknowledged, or not kept, is a loss."""
    with tempfile.TemporaryDirectory(prefix="opencmr-overload-") as place:
        folder = Path(place)
        if asked.database == "postgres":
            with postgres.cluster() as cluster, cluster.schema() as url:
                yield from _talk(asked, url, folder)
        else:
            yield from _talk(asked, str(folder / "shop.db"), folder)


def _talk(asked: Asked, store: str, folder: Path) -> Iterator[Round]:
    took: dict[bool, list[float]] = {False: [], True: []}
    kept: set[str] = set()
    with servers(store, folder) as serving:
        endpoint = f"http://{serving.addresses[0]}/opencmr"
        honest = [_signer() for _ in range(HONEST)]
        for number in range(asked.rounds):
            flooded = number % 2 == 1
            begun, stop, told = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.SimpleQueue()
            aim = (endpoint, serving.did, begun, stop, told)
            flood = multiprocessing.Process(target=_flood, args=aim, daemon=True)
            if flooded:
                flood.start()
                assert begun.wait(60), "the flood does not begin"
            digests, seconds, losses = asyncio.run(_say_all(endpoint, serving.did, honest))
            kept |= digests
            took[flooded] += seconds
            sent: Counter[str] = Counter()
            if flooded:
                stop.set()
                sent.update(told.get())
                flood.join(10)
            yield Round(int(sum(sent.values())), len(digests), losses, _said(took, sent))
    losses = sorted(kept - _kept(store))
    yield Round(losses=[f"{digest} was acknowledged and is not kept" for digest in losses])


def _signer() -> Signer:
    key = trust.SigningKey.generate()
    return Signer(key.did, key, trust.key_url(key.did))


def _grant(signer: Signer, to: str) -> bytes:
    return signer.write(Draft(GRANT), to=to, at=instant(datetime.now(UTC)), link=Link()).raw


async def _say_all(endpoint: str, to: str, honest: list[Signer]) -> tuple[set[str], list[float], list[str]]:
    network = HttpNetwork(timeout=30)
    digests: set[str] = set()
    seconds: list[float] = []
    losses: list[str] = []

    async def talk(signer: Signer) -> None:
        for _ in range(EACH):
            raw, began = _grant(signer, to), time.perf_counter()
            try:
                answers = await network.send(endpoint, raw)
            except OpenCMRError as error:
                losses.append(f"an honest message got {error}")
                continue
            seconds.append(time.perf_counter() - began)
            if read(answers[0])["body"]["outcome"] != "accepted":
                losses.append(f"an honest message was told {answers[0][:300]!r}")
            digests.add(trust.digest(raw))

    await asyncio.gather(*map(talk, honest))
    await network.close()
    return digests, seconds, losses


def _flood(endpoint: str, to: str, begun: Event, stop: Event, told: Any) -> None:
    """As fast as it can, by turns: a message of one key, one in another's name, garbage, a withdrawal of nothing."""

    async def run() -> Counter[str]:
        network, said = HttpNetwork(timeout=30), Counter[str]()
        flooding, other = _signer(), _signer()
        forging = Signer(other.did, flooding.key, other.method)

        async def pour() -> None:
            while not stop.is_set():
                if said.total() > 10 * FLOODING:
                    begun.set()
                withdraw = flooding.write(
                    Draft(consent.Withdraw()), to=to, at=instant(datetime.now(UTC)), thread=_THREAD, link=Link()
                ).raw
                for raw in (_grant(flooding, to), _grant(forging, to), b'{"opencmr":"1.0"}', withdraw):
                    try:
                        await network.send(endpoint, raw)
                        said["taken"] += 1
                    except Problem as problem:
                        said[problem.code] += 1
                    except OpenCMRError:
                        said["unreachable"] += 1

        await asyncio.gather(*(pour() for _ in range(FLOODING)))
        await network.close()
        return said

    told.put(dict(asyncio.run(run())))


_THREAD = "urn:uuid:00000000-0000-4000-8000-000000000000"


def _said(took: dict[bool, list[float]], sent: Counter[str]) -> str:
    if not took[True]:
        return ""
    quiet, flooded = (_quantiles(took[each]) for each in (False, True))
    return f"honest p50/p99: {quiet} quiet, {flooded} in the flood ({', '.join(f'{n} {w}' for w, n in sent.items())})"


def _quantiles(seconds: list[float]) -> str:
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{cut[49] * 1000:.0f}/{cut[98] * 1000:.0f} ms"


def _kept(store: str) -> set[str]:
    with Store(store, read_only=True) as kept:
        return kept.read(lambda rows: {digest for peer in rows.peers() for digest, _, _ in rows.known(peer.number, 0)})


RUN = LongRun("a flood starves nobody", rounds=40, run=rounds)
