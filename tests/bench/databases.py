"""Receiving with PostgreSQL, and several server processes on one database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import postgres

from .measure import Figure, cores
from .receiving import SENDERS, folder, measured, prepared
from .registry import Effort, Found, Line, Row
from .served import Load, Servers, load, servers

PROCESSES = (1, 2, 4)
EACH = 4
GROUP = 10


def run(effort: Effort) -> Found:
    """In one process, SQLite beside PostgreSQL; then over HTTP with one, two and four processes by turns."""
    with folder(effort) as place, postgres.cluster(fsync=True) as cluster:
        slices, senders = effort.of(20, 5), effort.of(SENDERS, SENDERS, 2)
        postgres_, floor = measured(cluster.database(), place / "pg.keys", slices, senders)
        sqlite, _ = measured(place / "lite.db", place / "lite.keys", slices, senders)
        effort.say("databases: in one process")
        lines = [
            Line("receive, in one process, PostgreSQL (fsync on)", postgres_, "one verification + one signature", floor,
                 postgres_.over(floor)),
            Line("receive, in one process, PostgreSQL (fsync on)", postgres_, "SQLite (FULL)", sqlite,
                 postgres_.over(sqlite)),
        ]  # fmt: skip
        rates = _fleets(effort, place, cluster)
    one = rates[min(rates)]
    for many, rate in rates.items():
        words = f"over HTTP, PostgreSQL, {many} server process{'es' if many > 1 else ''}"
        more = rate.over(one) if many > 1 else None
        lines.append(
            Line(words, rate, "one process" if many > 1 else "", one if many > 1 else None, more,
                 note=f"with PostgreSQL and the load generator on {len(cores())} cores")
        )  # fmt: skip
    return Found(lines)


def _fleets(effort: Effort, place: Path, cluster: postgres.Cluster) -> dict[int, Figure]:
    """Messages a second of each number of processes, slice by slice."""
    sizes, slices, senders = PROCESSES[: effort.of(3, 3, 1)], effort.of(20, 6), effort.of(SENDERS, SENDERS, 2)
    rates: dict[int, list[float]] = {many: [] for many in sizes}
    with ExitStack() as stack:
        fleets = {many: stack.enter_context(servers(cluster.database(), place, many=many)) for many in sizes}
        while len(rates[sizes[0]]) < slices:
            now = min(GROUP, slices - len(rates[sizes[0]]))
            with _loads(effort, fleets, senders, now) as loads:
                for _ in range(now):
                    for many in sizes:
                        rates[many].append(1e6 / loads[many].go(EACH))
            effort.say(f"databases: {len(rates[sizes[0]])} of {slices}")
    return {many: Figure("/s", tuple(each)) for many, each in rates.items()}


@contextmanager
def _loads(effort: Effort, fleets: dict[int, Servers], senders: int, slices: int) -> Iterator[dict[int, Load]]:
    with ExitStack() as stack:
        loads = {}
        for many, fleet in fleets.items():
            raws = prepared(senders, slices, fleet.did, EACH)
            place = stack.enter_context(folder(effort))
            loads[many] = stack.enter_context(load(raws, fleet.addresses, place, None))
            loads[many].go(1)
        yield loads


ROW = Row("databases", "PostgreSQL, and several processes", run)
