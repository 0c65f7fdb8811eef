"""A network in one process, on which things go wrong when they are told to."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .. import trust
from ..errors import Unreachable
from ..roles import Vendor
from ..transport import Found
from ..transport.bundle import pack, unpack
from ..transport.discovery import Discovery

_EPOCH = datetime(2026, 7, 1, 12, tzinfo=UTC)


class StandingClock:
    """A clock that stands still until it is told to move.

    Args:
        at: What it shows at first.
    """

    def __init__(self, at: datetime = _EPOCH) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """What it shows."""
        return self._at

    def move(self, by: timedelta | float) -> None:
        """Move it, by a span or by seconds."""
        self._at += by if isinstance(by, timedelta) else timedelta(seconds=by)


@dataclass(frozen=True)
class Faults:
    """How often the wire misbehaves, each a probability of 0 to 1.

    Attributes:
        lose_request: What is sent never arrives.
        lose_answer: It arrives, and its answer is lost.
        repeat: It arrives again, later.
        shuffle: The messages of an answer come in another order.
        delay: It arrives after something that was sent later.
    """

    lose_request: float = 0.0
    lose_answer: float = 0.0
    repeat: float = 0.0
    shuffle: float = 0.0
    delay: float = 0.0


class Loopback:
    """A network in one process: customers on it reach the vendors that it was given.

    Args:
        vendors: Who can be reached.
        faults: How the wire misbehaves; absent: not at all.
        dice: Decides when; a seeded one makes a failure repeatable.
    """

    def __init__(self, *vendors: Vendor, faults: Faults = Faults(), dice: random.Random | None = None) -> None:
        self.faults = faults
        self.carried = 0
        """How many messages and collects have arrived."""
        self._dice = dice or random.Random()  # noqa: S311  # decides about faults, not about secrets
        self._vendors = {vendor.did: vendor for vendor in vendors}
        self._late: defaultdict[str, list[bytes]] = defaultdict(list)

    def attach(self, vendor: Vendor) -> None:
        """Put a vendor on the network, or the same one after a restart."""
        self._vendors[vendor.did] = vendor

    async def find(self, did: str) -> Found:
        """What the vendor publishes."""
        vendor = self._vendors.get(did)
        if vendor is None:
            raise Unreachable(f"{did} is not on this network")
        document = trust.parse_document(did, vendor.did_document())
        return Found(did, document.keys, document.endpoint, Discovery.read(vendor.discovery()))

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Carry a message, or not."""
        vendor = self._at(endpoint)
        if self._rolls(self.faults.lose_request):
            raise Unreachable("the request was lost")
        if self._rolls(self.faults.delay):
            self._late[endpoint].append(raw)
            raise Unreachable("the request is late")
        answers, _ = unpack(pack(await self._carry(vendor, raw)))
        await self._deliver_late(endpoint, vendor)
        if self._rolls(self.faults.repeat):
            self._late[endpoint].append(raw)
        return self._answered(answers)

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """Carry a collect, or not."""
        vendor = self._at(endpoint)
        if self._rolls(self.faults.lose_request):
            raise Unreachable("the request was lost")
        await self._deliver_late(endpoint, vendor)
        self.carried += 1
        found, more = await vendor.collect(raw)
        return self._answered(found), more

    async def hand_back(self, endpoint: str, words: list[bytes]) -> None:
        """Carry back a vendor's own words, or not."""
        vendor = self._at(endpoint)
        if self._rolls(self.faults.lose_request):
            raise Unreachable("the request was lost")
        await vendor.take_back(unpack(pack(words))[0])

    async def fetch(self, endpoint: str, raw: bytes, size: int, take: Callable[[bytes], None]) -> None:
        """Carry a file, or some of it."""
        vendor = self._at(endpoint)
        if self._rolls(self.faults.lose_request):
            raise Unreachable("the request was lost")
        file = await vendor.fetch(raw)
        try:
            if file.size != size:
                raise Unreachable(f"{file.size} bytes are announced, and {size} are left of the file")
            async for piece in file.pieces:
                if self._rolls(self.faults.lose_answer):
                    raise Unreachable("the answer broke off")
                take(piece)
        finally:
            file.close()

    async def close(self) -> None:
        """Nothing to close."""

    def _at(self, endpoint: str) -> Vendor:
        for vendor in self._vendors.values():
            if vendor.endpoint == endpoint:
                return vendor
        raise Unreachable(f"nobody at {endpoint}")

    async def _carry(self, vendor: Vendor, raw: bytes) -> list[bytes]:
        self.carried += 1
        return await vendor.receive(raw)

    async def _deliver_late(self, endpoint: str, vendor: Vendor) -> None:
        """What was held back arrives after all; nobody hears the answer."""
        late, self._late[endpoint] = self._late[endpoint], []
        self._dice.shuffle(late)
        results = await asyncio.gather(*(self._carry(vendor, raw) for raw in late), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result

    def _answered(self, answers: list[bytes]) -> list[bytes]:
        if self._rolls(self.faults.lose_answer):
            raise Unreachable("the answer was lost")
        if self._rolls(self.faults.shuffle):
            self._dice.shuffle(answers)
        return answers

    def _rolls(self, chance: float) -> bool:
        return chance > 0 and self._dice.random() < chance
