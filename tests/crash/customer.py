"""The customer's process: several wallets that go on saying things until they are told to settle, or are killed.

Each message that a vendor has acknowledged is noted in a journal of the process's own before anything else sees the
answer; a line is on the disk before the next step is taken.
"""

import asyncio
import logging
import os
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import orjson

from opencmr import Customer, Want, intent, trust
from opencmr.errors import OpenCMRError, Problem, Unreachable
from opencmr.protocol import roster
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.families.terms import Agreement
from opencmr.roles import AgreementInHand, Casting, CustomerRelationship, Retry
from opencmr.transport import HttpNetwork

POINTS = ("kept", "sent", "answered", "collecting", "collected")
"""Where a wallet can be killed: its message is kept, and not sent; sent, and nothing heard; answered, and the answer
not kept; and likewise with a collect."""
MOUTHS = 2
"""How many things a wallet says at once."""
PAUSE = 0.01
"""Seconds between two attempts while nobody answers."""


@dataclass(frozen=True)
class Orders:
    """What the process is told.

    Attributes:
        folder: Where the wallets are.
        did: The vendor.
        wallets: How many there are.
        seed: Of its dice.
        journal: The file for what was acknowledged.
        dies: At which of the `POINTS` it kills itself, and at how manieth time; nothing: it is killed from outside.
    """

    folder: Path
    did: str
    wallets: int
    seed: str
    journal: Path
    dies: tuple[str, int] | None = None


def live(orders: Orders, line: Connection) -> None:
    """Run. Sends a dot for each line of the journal; a byte that comes in asks to settle, `settled` says it is done."""
    logging.disable()  # what fails while somebody is dead is no news
    asyncio.run(_Customers(orders, line).live())


class _Witness(HttpNetwork):
    """The network, with a journal, and with points at which this process dies."""

    def __init__(self, orders: Orders, journal: BinaryIO, line: Connection) -> None:
        super().__init__()
        self._left = dict([orders.dies] if orders.dies else [])
        self._ticks = random.Random(orders.seed).randrange(30)
        self._journal = journal
        self._line = line

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        self._reach("kept")
        sending = asyncio.ensure_future(super().send(endpoint, raw))
        if self._left.get("sent"):
            for _ in range(self._ticks):
                await asyncio.sleep(0)
            self._reach("sent")
        answers = await sending
        self._note(raw, answers)
        self._reach("answered")
        return answers

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        self._reach("collecting")
        found = await super().collect(endpoint, raw, wait)
        self._reach("collected")
        return found

    def _reach(self, point: str) -> None:
        if point in self._left:
            self._left[point] -= 1
            if self._left[point] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, raw: bytes, answers: list[bytes]) -> None:
        digest = trust.digest(raw)
        for answer in answers:
            said = orjson.loads(answer)
            if said["type"] == "receipt" and said["body"]["of"] == digest:
                line = {"me": said["to"], "digest": digest, "receipt": trust.digest(answer)}
                self._journal.write(orjson.dumps(line) + b"\n")
                os.fsync(self._journal.fileno())
                self._line.send_bytes(b".")


class _Customers:
    def __init__(self, orders: Orders, line: Connection) -> None:
        self._orders = orders
        self._line = line
        self._stop = asyncio.Event()
        self._dice = random.Random(orders.seed)

    async def live(self) -> None:
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._told)
        with self._orders.journal.open("ab", buffering=0) as journal:
            network = _Witness(self._orders, journal, self._line)
            wallets = []
            for number in range(self._orders.wallets):
                retry = Retry(first=PAUSE, most=1.0) if number % 2 else None  # and some send by themselves
                path = self._orders.folder / f"wallet-{number}.db"
                wallet = Customer.open(path, network=network, retry=retry)
                wallets.append(await wallet.__aenter__())
            shops = [await self._meet(wallet) for wallet in wallets]
            talks = [self._talk(*pair) for pair in zip(wallets, shops, strict=True) for _ in range(MOUTHS)]
            await asyncio.gather(*talks)
            for shop in shops:
                await self._settle(shop)
            misconduct = [str(each) for shop in shops for each in shop.misconduct]
            for wallet in wallets:
                await wallet.close()
        self._line.send_bytes(orjson.dumps({"settled": misconduct}))

    def _told(self) -> None:
        asyncio.get_running_loop().remove_reader(self._line.fileno())
        self._line.recv_bytes()
        self._stop.set()

    async def _meet(self, wallet: Customer) -> CustomerRelationship:
        while True:
            try:
                return await wallet.meet(self._orders.did)
            except Unreachable:
                await asyncio.sleep(PAUSE)

    async def _talk(self, wallet: Customer, shop: CustomerRelationship) -> None:
        while not self._stop.is_set():
            try:
                await self._dice.choice(ACTS)(wallet, shop, self._dice)
            except Unreachable:
                await self._try_again(shop)
            except Problem as problem:
                if problem.retry:
                    await self._try_again(shop)
            except (OpenCMRError, ExceptionGroup):
                continue  # refused by a signed receipt, as when two say something to one offer: that is an answer too

    async def _try_again(self, shop: CustomerRelationship) -> None:
        """Nobody answers. Mostly wait until somebody does; sometimes say more, so that messages queue up."""
        while not self._stop.is_set() and self._dice.random() < 0.9:
            await asyncio.sleep(PAUSE)
            try:
                return await shop.sync()
            except OpenCMRError:
                continue

    async def _settle(self, shop: CustomerRelationship) -> None:
        """Until all that was said is answered, and the vendor has our receipt for all that it said."""
        while True:
            try:
                await shop.sync()
                await shop.collect()
            except OpenCMRError:
                await asyncio.sleep(PAUSE)
                continue
            if not shop.waiting and not shop._store.read(
                lambda rows: rows.with_status(shop._transactions.number, "unsent")
            ):
                return


Act = Callable[[Customer, CustomerRelationship, random.Random], Awaitable[object]]


async def _grant(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    data = dice.choice(["pd:EmailAddress", "pd:TelephoneNumber"])
    await shop.consents.grant(purpose="dpv:DirectMarketing", data=[data], actions=["dpv:Use"], until=timedelta(days=30))


async def _withdraw(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    granted = shop.consents.in_state("given")
    if granted:
        await dice.choice(granted).withdraw()


async def _answer(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    await shop.collect()
    for request in shop.consents.in_state("requested"):
        await (request.grant() if dice.random() < 0.5 else request.refuse())


async def _proffer(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    agreement = await shop.agreements.proffer(dice.choice(["SD-BASE", "SD-BASE-DP", "SD-BASE-A"]))
    if agreement.state == "countered":
        await agreement.accept()


async def _terminate(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    agreed = [id_ for id_, one in shop.records.items() if isinstance(one, Agreement) and one.state == "active"]
    if agreed:
        await AgreementInHand(shop, dice.choice(agreed)).terminate()


async def _cast(wallet: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    wish = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
    await _buy(await wallet.cast(wish, shop), dice)


async def _go_on(_: Customer, shop: CustomerRelationship, dice: random.Random) -> None:
    open_ = [id_ for id_, one in shop.records.items() if isinstance(one, Dealing) and one.firm(shop.now())]
    if open_:
        await _buy(Casting({shop: dice.choice(open_)}), dice)


async def _buy(casting: Casting, dice: random.Random) -> None:
    for made in casting.firm()[:1]:
        if dice.random() < 0.5:
            await made.accept()
        elif dice.random() < 0.5:
            await made.decline()


ACTS: list[Act] = [_grant, _grant, _withdraw, _answer, _proffer, _terminate, _cast, _go_on]
