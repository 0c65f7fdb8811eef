"""Receiving over HTTP: one server process on one core, and customers who send from another."""

from .measure import Figure, cores, pinned
from .receiving import EACH, SENDERS, Bound, folder, prepared
from .registry import Effort, Found, Goal, Line, Row
from .served import Servers, load, servers

GROUP = 10
"""How many slices the same customers make; then others come."""


def run(effort: Effort) -> Found:
    """The server on the first core; what that core can do is measured on it, while the server has nothing to do."""
    here, there = cores()[0], cores()[-1]
    with folder(effort) as place, servers(str(place / "shop.db"), place, core=here) as served:
        rates, floors, cpu = by_groups(effort, served, here, there)
    bound = Figure("/s", tuple(1e6 / each for each in floors))
    got = Figure("/s", tuple(1e6 / each for each in rates))
    spent = Figure("µs", tuple(cpu))
    alone = "" if here != there else "on the one core that there is, the load generator, too; "
    return Found(
        [
            Line("the same over HTTP, one server process on one core", got,
                 "verifications + signatures that this core can do", bound, got.over(bound), Goal("≥", 0.45),
                 f"{alone}the server takes {spent.median:.0f} µs of processor time a message"),
        ]
    )  # fmt: skip


def by_groups(effort: Effort, served: Servers, here: int, there: int) -> tuple[list[float], list[float], list[float]]:
    """Microseconds a message, for the bound, and of the server's processor time a message, slice by slice."""
    slices, senders = effort.of(40, 10), effort.of(SENDERS, tiny=2)
    each = effort.of(2 * EACH, EACH)
    rates, floors, cpu, bound = list[float](), list[float](), list[float](), Bound()
    with pinned(here):
        bound.once(50)
    while len(rates) < slices:
        many = min(GROUP, slices - len(rates))
        raws = prepared(senders, many, served.did, each)
        with folder(effort) as place, load(raws, served.addresses, place, there) as customers:
            customers.go(1)
            for _ in range(many):
                with pinned(here):
                    floors.append(bound.once(200))
                before = served.cpu()
                rates.append(customers.go(each))
                cpu.append((served.cpu() - before) / (senders * each) * 1e6)
        effort.say(f"http: {len(rates)} of {slices}")
    return rates, floors, cpu


ROW = Row("http", "Receiving over HTTP", run)
