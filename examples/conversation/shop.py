"""The shop of the golden conversation (`spec/v1/golden.md`): same keys, ids and times each time, so the same bytes.

    opencmr serve examples/conversation/shop.py:shop --port 8123

It has no time of its own: it is 0.4 seconds later than what its customer wrote. That is for this purpose alone.
"""

import hashlib
import itertools
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opencmr import Money, Vendor, consent, intent, offer, order
from opencmr.messages import Message
from opencmr.messages.consent import Notice, RequestItem
from opencmr.messages.types import Party
from opencmr.protocol import moment
from opencmr.roles import Draft, VendorRelationship
from opencmr.store import KeyFile
from opencmr.trust import SigningKey, key_url

DID = "did:web:shop.example"
SEED = hashlib.sha256(b"OpenCMR test key of did:web:shop.example").digest()
FIRM_UNTIL = "2026-03-06T18:00:00.000Z"
NOTICE = Notice(url="https://shop.example/news", digest="zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", lang="en")


class Clock:
    """Shows 0.4 seconds after what was said last."""

    at = moment("2026-03-02T09:00:00.000Z")

    def __call__(self) -> datetime:
        return self.at

    def steady(self) -> float:
        """Seconds of what time is here, for whoever asks whether the clock goes on as time does."""
        return self.at.timestamp()

    def hear(self, raw: bytes) -> None:
        """Go by the date of a message. What has none is answered as ever."""
        with suppress(ValueError, TypeError, LookupError, OverflowError):
            self.at = moment(json.loads(raw)["created"]) + timedelta(milliseconds=400)


CLOCK = Clock()


class Shop(Vendor):
    """A vendor that asks its customer, at their second collect, whether it may write to them."""

    collects = 0
    folder: tempfile.TemporaryDirectory[str]

    async def receive(self, raw: bytes, address: str | None = None) -> list[bytes]:
        CLOCK.hear(raw)
        return await super().receive(raw, address)

    async def collect(self, raw: bytes) -> tuple[list[bytes], bool]:
        CLOCK.hear(raw)
        self.collects += 1
        if self.collects == 2 and (customers := self.relationships()):
            await customers[0].say(Draft(ask(), expires=FIRM_UNTIL))
        return await super().collect(raw)

    async def close(self) -> None:
        """Close the store. Nobody keeps it."""
        await super().close()
        self.folder.cleanup()


def ask() -> consent.Request:
    """May we write to you about new things?"""
    news = RequestItem(
        key="news",
        purposes=["dpv:DirectMarketing"],
        data=["pd:EmailAddress"],
        actions=["dpv:Use"],
        channels=["email"],
        need="optional",
    )
    controller = [Party(name="Shop Example", role="controller")]
    return consent.Request(items=[news], controller=controller, notice=NOTICE, until="2027-03-02T00:00:00.000Z")


def counted() -> Callable[[], str]:
    """Ids of version 4 that follow from a count."""
    count = itertools.count(1)

    def next_id() -> str:
        digits = hashlib.sha256(f"the shop's id {next(count)}".encode()).hexdigest()
        return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"

    return next_id


def quote(message: Message[intent.Cast], _: VendorRelationship) -> Any:
    """Boots, always at the same price; one price less for who has shown patience."""
    price = "179.00" if isinstance(message.body, intent.Amend) else "189.00"
    line = offer.Line(name="Field boots, size 49", want=0, price=Money(price, "EUR"))
    made = offer.Make(
        lines=[line], total=Money(price, "EUR"), under=message.body.terms[0], needs=["pd:PhysicalAddress"]
    )
    return Draft(made, expires=FIRM_UNTIL)


def confirm(message: Message[offer.Accept], _: VendorRelationship) -> Any:
    """The order stands."""
    return order.Confirm(reference="2026-1001", total=message.body.total)


def ship(_: Message[order.Disclose], __: VendorRelationship) -> Any:
    """It is on its way as soon as there is an address."""
    return order.Fulfil(status="shipped")


def shop() -> Vendor:
    """The shop, in a folder of its own that nobody keeps."""
    kept = tempfile.TemporaryDirectory(prefix="opencmr-conversation-")
    folder = Path(kept.name)
    KeyFile(folder / "shop.keys").add(key_url(DID), SigningKey(SEED))
    made = Shop.open(folder / "shop.db", did=DID, accepts=["SD-BASE"], counter="SD-BASE", clock=CLOCK, ids=counted())
    made.folder = kept
    made.on(intent.Cast)(quote)
    made.on(intent.Amend)(quote)
    made.on(offer.Accept)(confirm)
    made.on(order.Disclose)(ship)
    return made
