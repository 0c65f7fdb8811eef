"""The command line in this process, and the stores of a customer and a shop that have dealt with each other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from opencmr import Customer, Money, Policy, Vendor, Want, intent, offer, order
from opencmr.cli.app import app
from opencmr.testing import Loopback, StandingClock


@dataclass(frozen=True)
class Done:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str
    error: BaseException | None

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return orjson.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line: `run("show", store, "--json")`."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("OPENCMR_PASSPHRASE", raising=False)

    def call(*words: object, stdin: bytes | str | None = None) -> Done:
        done = CliRunner().invoke(app, [str(word) for word in words], input=stdin, prog_name="opencmr")
        error = None if isinstance(done.exception, SystemExit) else done.exception
        return Done(done.exit_code, done.stdout, done.stderr, error)

    return call


@dataclass(frozen=True)
class Stores:
    """Two sides of one relationship: terms countered and taken, a consent given and withdrawn, boots ordered."""

    alice: Path
    shop: Path
    customer: str
    withdrawal: str
    dealing: str


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return asyncio.run(_deal(tmp_path_factory.mktemp("stores")))


async def _deal(folder: Path) -> Stores:
    clock = StandingClock()
    shop = Vendor.open(
        folder / "shop.db", did="did:web:shop.example", accepts=["SD-BASE"], counter="SD-BASE-A", clock=clock
    )

    @shop.on(intent.Cast)
    def quote(message: Any, _: Any) -> offer.Make:
        price = "49.00"
        line = offer.Line(name="Boots \x1b[31m[red]49", price=Money(price, "EUR"), want=0)
        return offer.Make(lines=[line], total=Money(price, "EUR"), under=message.body.terms[0])

    @shop.on(offer.Accept)
    def confirm(message: Any, _: Any) -> order.Confirm:
        return order.Confirm(reference="R1", total=message.body.total)

    network = Loopback(shop)
    policy = Policy(takes=["SD-BASE-A"])
    async with Customer.open(folder / "alice.db", network=network, policy=policy, clock=clock) as alice:
        dealing = await alice.meet("did:web:shop.example")
        await dealing.agreements.proffer("SD-BASE-DP")
        consent = await dealing.consents.grant(
            purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until="2027-01-01", channels=["email"]
        )
        clock.move(60)
        await consent.withdraw()
        clock.move(60)
        from opencmr.protocol import roster

        wish = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
        casting = await alice.cast(wish, to=[dealing])
        ordered = await casting.accept(casting.firm()[0])
        await ordered.disclose({"pd:PhysicalAddress": {"streetAddress": "1 High Street"}})
        await alice.sync()
        withdrawal = next(
            entry.digest
            for thread in dealing.history.threads.values()
            for entry in thread.entries
            if entry.type == "consent.withdraw"
        )
        stores = Stores(folder / "alice.db", folder / "shop.db", dealing.me, withdrawal, ordered.thread)
    await shop.close()
    return stores
