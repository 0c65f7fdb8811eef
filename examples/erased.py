"""A customer asks for erasure. The shop erases what was said and says so in one; the chain is verified as before."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from opencmr import Customer, Datum, Vendor, data
from opencmr.roles import export
from opencmr.testing import Loopback, StandingClock

DID, EMAIL, ADDRESS = "did:web:shop.example", "pd:EmailAddress", "alice@moser.example"


def told(when: str, folder: Path, shop: Vendor, customer: str) -> None:
    stands = any(ADDRESS.encode() in file.read_bytes() for file in folder.glob("shop.db*"))
    answer = shop.may(customer, action="dpv:Use", purpose="dpv:DirectMarketing", data=EMAIL)
    print(f"{when}: is the address in the shop's files? {stands}; may the shop advertise? {answer.answer}")


async def main(folder: Path) -> None:
    clock = StandingClock()
    shop = Vendor.open(folder / "shop.db", did=DID, clock=clock)
    async with Customer.open(folder / "alice.db", network=Loopback(shop), clock=clock) as alice:
        mine = await alice.meet(DID)
        mail = Datum(data=EMAIL, value=ADDRESS)
        year = timedelta(days=365)
        await mine.consents.grant(purpose="dpv:DirectMarketing", data=[EMAIL], until=year, discloses=[mail])
        told("given", folder, shop, mine.me)

        asked = await mine.rights.request("erase", regime="gdpr")
        told("asked", folder, shop, mine.me)  # the request is a no by itself

        done = await shop.erase(mine.me, answer=data.Answer(status="fulfilled"), thread=asked.thread)
        told(f"{len(done.erased)} messages erased", folder, shop, mine.me)
        await mine.collect()
        print(f"the wallet knows: {asked.state}, and keeps {len(mine.consents)} consent until it erases, too")
        await mine.erase()
    await shop.close()


def prove(folder: Path, side: str) -> None:
    """A tombstone stands in the place of each message: the numbers and digests of what was said still hold."""
    export(folder / side, folder / f"{side}.db")
    command = [sys.executable, "-m", "opencmr.cli", "verify", f"{folder}/{side}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = next(line for line in done.stdout.splitlines() if line.endswith("erased"))
    print(f"{side}'s evidence: {counts.strip()}")


with TemporaryDirectory() as name:
    asyncio.run(main(Path(name)))
    prove(Path(name), "shop")
    prove(Path(name), "alice")
