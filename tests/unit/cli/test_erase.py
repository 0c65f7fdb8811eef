"""`opencmr erase` by hand, and relationships that are named by a DID from before a move."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from opencmr import Customer, Vendor
from opencmr.testing import Loopback, StandingClock

SHOP = "did:web:shop.example"
QUESTION = ("--action", "dpv:Use", "--purpose", "dpv:DirectMarketing", "--data", "pd:EmailAddress")


class Moved(NamedTuple):
    alice: Path
    shop: Path
    former: str
    now: str
    consent: str


@pytest.fixture
def moved(tmp_path: Path) -> Moved:
    return asyncio.run(_move(tmp_path))


async def _move(folder: Path) -> Moved:
    """A consent, and a move to the next key."""
    clock = StandingClock()
    shop = Vendor.open(folder / "shop.db", did=SHOP, accepts=["SD-BASE"], clock=clock)
    async with Customer.open(folder / "alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(SHOP)
        await mine.standing.open()
        await mine.agreements.proffer("SD-BASE")
        year = timedelta(days=365)
        consent = await mine.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=year)
        former = mine.me
        await mine.standing.move()
        done = Moved(folder / "alice.db", folder / "shop.db", former, mine.me, consent.thread)
    await shop.close()
    return done


@pytest.mark.parametrize("name", ["former", "now"])
def test_a_shop_shows_explains_and_erases_under_the_did_of_before_a_move_and_of_now(
    run: Any, moved: Moved, name: str
) -> None:
    customer = getattr(moved, name)
    shown = run("show", moved.shop, "--with", customer, "--json").json["relationships"]
    assert [one["customer"] for one in shown] == [moved.now]
    told = run("explain", moved.shop, "--customer", customer, *QUESTION, "--json").json
    assert (told["answer"], told["customer"]) == ("permit", moved.now)
    erased = run("erase", moved.shop, customer, "--keep", moved.consent[9:17], "--yes", "--json").json
    assert (erased["erased"], moved.consent in erased["kept"]) == (2, True)
    assert erased["scrubbed"]
    assert run("explain", moved.shop, "--customer", customer, *QUESTION, "--json").json["answer"] == "permit"


def test_somebody_else_is_not_found(run: Any, moved: Moved) -> None:
    other = "did:key:z6MkkQ6oKtMJnAXQEvTFfHWvWXn9dESqrMfrhvMWTGYzkVqP"
    assert run("show", moved.shop, "--with", other).code == 2
    assert run("explain", moved.shop, "--customer", other, *QUESTION).code == 2
    assert run("erase", moved.shop, other, "--yes").code == 2


def test_a_thread_that_is_not_there_or_not_one_alone_is_not_kept_and_nothing_is_erased(run: Any, moved: Moved) -> None:
    for keep in ("zzz", ""):
        assert run("erase", moved.alice, SHOP, "--keep", keep, "--yes").code == 2
    assert run("explain", moved.alice, *QUESTION, "--json").json["answer"] == "permit"


def test_it_asks_before_it_erases_and_says_what_it_did(run: Any, moved: Moved) -> None:
    assert run("erase", moved.alice, SHOP, stdin="n\n").code == 1
    assert run("erase", moved.alice, SHOP, "--json").code == 2
    assert run("explain", moved.alice, *QUESTION, "--json").json["answer"] == "permit"
    done = run("erase", moved.alice, SHOP, stdin="y\n")
    assert "3 messages erased; 1 thread kept." in done.out
    assert run("explain", moved.alice, *QUESTION, "--json").json["answer"] == "deny"
