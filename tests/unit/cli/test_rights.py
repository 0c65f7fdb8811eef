"""`opencmr show` and `explain` of rights requests, objections, and what a vendor gave."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import Customer, Money, Vendor
from opencmr.messages.data import GivenLine, Kept
from opencmr.messages.personal import Datum
from opencmr.messages.types import Ref
from opencmr.testing import Loopback, StandingClock
from parties import NEW_YEAR, SHOP

MAIL = Datum(data="pd:EmailAddress", value="alice@moser.example")
ASKED = ("--action", "dpv:Use", "--purpose", "dpv:DirectMarketing", "--data", "pd:EmailAddress")


@pytest.fixture
async def threads(tmp_path: Path) -> dict[str, str]:
    """Record → its thread, in the stores `alice.db` and `shop.db` of the folder."""
    clock = StandingClock()
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, clock=clock)
    async with Customer.open(tmp_path / "alice.db", network=Loopback(shop), clock=clock) as alice:
        at_shop = await alice.meet(SHOP)
        given = await at_shop.consents.grant(
            purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=NEW_YEAR, statement="Write to me."
        )
        shared = await at_shop.sharings.share([MAIL], given)
        erasure = await at_shop.rights.request("erase", data=["pd:EmailAddress"], regime="gdpr")
        known = shop.relationship(at_shop.me)
        kept = Kept(data=["pd:EmailAddress"], because="legalObligation", until="2033-12-31T00:00:00.000Z")
        await known.rights[erasure.thread].answer("partly", kept=[kept])
        late = await at_shop.rights.request("access", regime="gdpr", identify=[MAIL])
        objected = await at_shop.objections.object(purposes=["dpv:DirectMarketing"], note="No \x1b[31m, please.")
        about = Ref(id=erasure.thread, digest=erasure.record.asked.digest)
        line = GivenLine(name="Copies", price=Money("2.00", "EUR"))
        bill = await known.givings.give("bill", about, lines=[line], total=Money("2.00", "EUR"))
        await at_shop.sync()
        clock.move(timedelta(days=40))
    await shop.close()
    return {
        "erasure": erasure.thread, "access": late.thread, "objection": objected.thread, "sharing": shared.thread,
        "giving": bill.thread,
    }  # fmt: skip


@pytest.mark.parametrize("side", ["alice", "shop"])
def test_each_record_is_shown_with_what_it_is_about(
    run: Any, threads: dict[str, str], tmp_path: Path, side: str
) -> None:
    store = tmp_path / f"{side}.db"
    whole = run("show", store)
    assert whole.code == 0, whole.err
    for words in ("rightsRequest", "erase: pd:EmailAddress", "object: dpv:DirectMarketing", "bill of 2.00 EUR"):
        assert words in whole.out
    told = {name: run("show", store, "--thread", thread).out for name, thread in threads.items()}
    assert "kept pd:EmailAddress because legalObligation until 2033-12-31" in told["erasure"]
    assert "overdue" in told["access"]
    assert "disclosed pd:EmailAddress" in told["access"]
    assert "dpv:DirectMarketing" in told["objection"]
    assert "Copies" in told["giving"]
    assert "pd:EmailAddress" in told["sharing"]
    assert not any("\x1b" in out for out in told.values())


@pytest.mark.parametrize("side", ["alice", "shop"])
def test_it_is_explained_why_it_is_denied(run: Any, threads: dict[str, str], tmp_path: Path, side: str) -> None:
    done = run("explain", tmp_path / f"{side}.db", *ASKED)
    assert done.out.startswith("deny, objected")
    assert "the customer has objected" in done.out
    assert "data.object" in done.out
    stored = ("--action", "dpv:Store", "--purpose", "dpv:CustomerCare", "--data", "pd:EmailAddress")
    done = run("explain", tmp_path / f"{side}.db", *stored)
    assert done.out.startswith("deny, erasure")
    assert "asked for this data to be erased" in done.out
