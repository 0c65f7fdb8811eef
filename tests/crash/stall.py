"""A vendor that is killed: `opencmr serve` runs it as any shop. What it is told comes through the environment."""

import os

from opencmr import Money, Vendor, consent, intent, offer, order, terms
from opencmr.messages.consent import Notice, RequestItem
from opencmr.messages.types import Party
from opencmr.protocol import roster
from opencmr.store import Store

shop = Vendor.open(
    os.environ["CRASH_STORE"], keys=os.environ["CRASH_KEYS"], did=os.environ["CRASH_DID"], accepts=["SD-BASE"],
    counter="SD-BASE-DP",
)  # fmt: skip
ITEM = RequestItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
REQUEST = consent.Request(
    items=[ITEM],
    controller=[Party(name="Shop", role="controller")],
    notice=Notice(url="https://shop.example/notice", digest=roster.ref("SD-BASE").digest, lang="en"),
    until="2099-01-01T00:00:00.000Z",
)


@shop.on(intent.Cast)
def quote(cast, _):
    for amount in ("49.00", "59.00"):
        line = offer.Line(name="Boots", price=Money(amount, "EUR"))
        yield offer.Make(lines=[line], total=Money(amount, "EUR"), under=cast.body.terms[0])


@shop.on(offer.Accept)
def confirm(accepted, _):
    return order.Confirm(reference="1001", total=accepted.body.total)


@shop.on(terms.Terminate)
async def ask(_, relationship):
    """Something of the vendor's own accord, which nobody waits for: it goes through the mailbox."""
    await shop.say(relationship.customer, REQUEST)


if os.environ.get("CRASH_HASTY"):
    # For the test of the test: a vendor that answers before it has committed, and so loses what it acknowledged.
    import asyncio

    write = Store.write

    async def hasty(self, work, *, about=None):
        class TooSoon(Exception):
            """Carries out what was to be committed."""

        found = []

        def undone(rows):
            found.append(work(rows))
            rows.done.clear()
            raise TooSoon

        try:
            await write(self, undone, about=about)
        except TooSoon:
            asyncio.get_running_loop().call_later(1, lambda: late.add(asyncio.ensure_future(write(self, work))))
            return found[0]

    late = set()
    Store.write = hasty
