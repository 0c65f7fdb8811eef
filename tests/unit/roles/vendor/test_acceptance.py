"""Terms that are proffered: accepted, countered once, or declined."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from at_the_shop import proffer, state, state_of
from opencmr import Vendor, terms, trust
from opencmr.errors import (
    UsageError,
)
from opencmr.protocol import roster
from parties import (
    Hand,
    Street,
    read,
    types_of,
)


@pytest.fixture
async def street(tmp_path: Path, places: Callable[[str], str | Path]) -> AsyncIterator[Street]:
    """A street whose shops keep their stores in SQLite and in PostgreSQL in turn."""
    street = Street(tmp_path, places=places)
    yield street
    await street.close()


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
def she(street: Street, shop: Vendor) -> Hand:
    """A customer who signs by hand."""
    return street.stranger()


async def test_a_proffer_is_accepted_by_the_first_choice_that_is_accepted_here(street: Street, she: Hand) -> None:
    shop = street.vendor(accepts=["SD-BASE-A", "SD-BASE"])
    receipt, reply = await shop.receive(she.write(proffer("SD-BASE-DP", "SD-BASE", "SD-BASE-A")))
    assert state_of(receipt) == ("accepted", "proffered")
    assert (read(reply)["type"], read(reply)["body"]["terms"]["id"]) == ("terms.accept", "SD-BASE")
    (thread,) = shop.history(she.did).threads.values()
    assert thread.state == "active"


async def test_a_proffer_of_other_terms_is_countered_once(street: Street, she: Hand) -> None:
    shop = street.vendor(accepts=["SD-BASE"], counter="SD-BASE-A")
    _, reply = await shop.receive(raw := she.write(proffer("SD-BASE-DP")))
    assert (read(reply)["type"], read(reply)["body"]["terms"]["id"]) == ("terms.counter", "SD-BASE-A")
    accept = she.write(terms.Accept(terms=roster.ref("SD-BASE-A")), read(raw)["id"], trust.digest(reply))
    answers = await shop.receive(accept)
    assert [state_of(answer) for answer in answers] == [("accepted", "active")]


async def test_a_proffer_of_other_terms_is_declined_where_there_is_no_counter(shop: Vendor, she: Hand) -> None:
    _, reply = await shop.receive(raw := she.write(proffer("SD-BASE-DP")))
    assert read(reply)["type"] == "terms.decline"
    assert state(shop, she, raw) == "declined"


async def test_what_is_accepted_can_be_changed_while_it_runs(shop: Vendor, she: Hand) -> None:
    shop.accept("SD-BASE-DP", counter="SD-BASE-A")
    replies: list[bytes] = []
    for code in ("SD-BASE-DP", "SD-BASE"):
        seen = trust.digest(replies[-1]) if replies else None
        replies.append((await shop.receive(she.write(proffer(code), seen=seen)))[1])
    assert types_of(replies) == ["terms.accept", "terms.counter"]
    assert [each["id"] for each in shop.discovery()["terms"]] == ["SD-BASE-DP"]
    with pytest.raises(UsageError):
        shop.accept("NO-SUCH-TERMS")
