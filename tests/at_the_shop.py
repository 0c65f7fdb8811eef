"""What tests of a vendor ask of it: how a thread stands, what is stored, what is collected."""

from typing import Any

from opencmr import Vendor, offer, terms, trust
from opencmr.messages import core
from opencmr.protocol import roster
from opencmr.store import Kept, Store
from parties import (
    SHOP,
    Hand,
    Street,
    an_offer,
    read,
)


def proffer(*codes: str) -> terms.Proffer:
    return terms.Proffer(choices=[roster.ref(code) for code in codes])


def stored(street: Street, me: str = SHOP, name: str = "shop.example") -> list[Kept]:
    """All that a vendor's file holds, as somebody else reads it."""
    with Store(street.place(name), read_only=True) as store:
        return store.read(lambda rows: [kept for peer in rows.peers() for kept in rows.everything(peer.number)])


def state_of(receipt: bytes) -> tuple[str, str | None]:
    body = read(receipt)["body"]
    return body["outcome"], body.get("state")


def state(vendor: Vendor, she: Hand, raw: bytes) -> str:
    return vendor.history(she.did).threads[read(raw)["thread"]].state


async def collected(
    vendor: Vendor, she: Hand, *, seen: str | None = None, **body: Any
) -> tuple[list[bytes], str | None]:
    """What the vendor has said since, and what the customer has seen then."""
    found, _ = await vendor.collect(she.write(core.Collect(**body), seen=seen))
    theirs = [raw for raw in found if read(raw)["from"] == vendor.did]
    return theirs, trust.digest(theirs[-1]) if theirs else seen


def a_function(*_: Any) -> offer.Make:
    return an_offer()


def one_that_returns_a_list(*_: Any) -> list[offer.Make]:
    return [an_offer("48.00"), an_offer("49.00")]


def one_that_returns_nothing(*_: Any) -> None:
    return None
