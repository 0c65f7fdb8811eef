"""A customer asks for a copy of all that a shop holds. The shop writes a file; the customer fetches and checks it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from opencmr import Customer, Vendor, data
from opencmr.messages import Message
from opencmr.roles import VendorRelationship
from opencmr.testing import Loopback, StandingClock

DID = "did:web:shop.example"
HELD = {"name": "Alice Moser", "letters": ["2026-03-01", "2026-06-01"]}


async def main(folder: Path) -> None:
    clock = StandingClock()
    shop = Vendor.open(folder / "shop.db", did=DID, files=folder / "shop-files", clock=clock)

    @shop.after(data.Request)
    async def answer(said: Message[data.Request], customer: VendorRelationship) -> None:
        written = folder / "held.json"
        written.write_text(json.dumps(HELD))
        file = await shop.files.add(written, media_type="application/json", name="held.json")
        days = timedelta(days=30)
        await customer.rights[said.thread].answer("fulfilled", files=[file], available_until=days)

    async with Customer.open(folder / "alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        asked = await mine.rights.request("export", regime="gdpr")
        print(f"asked: {asked.state}, due at {asked.record.due}")
        await mine.collect(wait=5)
        print(f"answered: {asked.state}")
        (fetched,) = await mine.fetch_all(mine.files(asked.thread), folder / "export")
        print(f"fetched: {fetched.name}, {json.loads(fetched.read_text())['letters']}")
        print(f"in the folder: {', '.join(sorted(file.name for file in fetched.parent.iterdir()))}")
    await shop.close()


with TemporaryDirectory() as name:
    asyncio.run(main(Path(name)))
