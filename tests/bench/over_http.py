"""Receiving over HTTP: one server process on one core, and customers who send from another."""

import statistics
from collections.abc import Callable

from opencmr import Vendor
from serving import did_of, listening, served

from .measure import Figure, cores, pinned
from .profiles import by_step
from .receiving import EACH, SENDERS, Bound, folder, prepared
from .registry import Effort, Found, Goal, Line, Row
from .served import Servers, load, servers

GROUP = 10
"""How many slices the same customers make; then others come."""


def run(effort: Effort) -> Found:
    """The server on the first core; what that core can do is measured on it, while the server has nothing to do."""
    here, there = cores()[0], cores()[-1]
    with folder(effort) as place, servers(str(place / "shop.db"), place, core=here) as fleet:
        rates, floors, cpu = by_groups(effort, fleet, here, there)
    bound = Figure("/s", tuple(1e6 / each for each in floors))
    got = Figure("/s", tuple(1e6 / each for each in rates))
    alone = "" if here != there else "on the one core that there is, the load generator, too; "
    return Found(
        [
            Line("the same over HTTP, one server process on one core", got,
                 "verifications + signatures that this core can do", bound, got.over(bound), Goal("≥", 0.45),
                 f"{alone}{got.pauses}; the server takes {statistics.mean(cpu):.0f} µs of processor time a message"),
        ]
    )  # fmt: skip


def by_groups(effort: Effort, fleet: Servers, here: int, there: int) -> tuple[list[float], list[float], list[float]]:
    """Microseconds a message, for the bound, and of the server's processor time a message, slice by slice."""
    slices, senders = effort.of(40, 10), effort.of(SENDERS, SENDERS, 2)
    each = effort.of(2 * EACH, EACH)
    rates, floors, cpu, bound = list[float](), list[float](), list[float](), Bound()
    with pinned(here):
        bound.once(50)
    while len(rates) < slices:
        many = min(GROUP, slices - len(rates))
        raws = prepared(senders, many, fleet.did, each)
        with folder(effort) as place, load(raws, fleet.addresses, place, there) as customers:
            customers.go(1)
            for _ in range(many):
                with pinned(here):
                    floors.append(bound.once(200))
                before = fleet.cpu()
                rates.append(customers.go(each))
                cpu.append((fleet.cpu() - before) / (senders * each) * 1e6)
        effort.say(f"http: {len(rates)} of {slices}")
    return rates, floors, cpu


def profile(effort: Effort) -> dict[str, Figure]:
    """Where the time goes in a server that runs in this process; the load generator has one of its own."""
    senders, each = effort.of(SENDERS, SENDERS, 2), effort.of(40, 20)

    def work(ready: Callable[[], None]) -> int:
        with folder(effort) as place, listening() as bound:
            shop = Vendor.open(place / "shop.db", did=did_of(bound))
            raws = prepared(senders, 1, shop.did, each)
            with (
                served(shop.asgi(), bound) as url,
                load(raws, [url.removeprefix("http://")], place, cores()[-1]) as customers,
            ):
                customers.go(1)
                ready()
                customers.go(each)
        return senders * each

    return by_step(work)


ROW = Row("http", "Receiving over HTTP", run, profile)
