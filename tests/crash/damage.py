"""Damages the file of a store as disks, programs and people do, and looks what comes of it."""

import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from crash.disk import SHOP
from opencmr import Customer, Vendor
from opencmr.errors import OpenCMRError, StoreError
from opencmr.store.integrity import inspect_messages
from opencmr.testing import Loopback

ASKED = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress"}
PAGE = 4096


async def write_store(folder: Path) -> dict[str, bool]:
    """A vendor's store with four customers; gives their DIDs, and whether each may be written to."""
    shop = Vendor.open(folder / "shop.db", did=SHOP, accepts=["SD-BASE"])
    right = {}
    for number in range(4):
        async with Customer.open(folder / f"wallet-{number}.db", network=Loopback(shop)) as wallet:
            met = await wallet.meet(SHOP)
            await met.agreements.proffer("SD-BASE")
            for _ in range(3):
                given = await met.consents.grant(
                    purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"],
                    until=timedelta(days=1),
                )  # fmt: skip
                if number % 2:
                    await given.withdraw()
            right[met.me] = bool(shop.may(met.me, **ASKED))
    await shop.close()
    return right


Damage = Callable[[random.Random, bytearray], None]


def flip(dice: random.Random, file: bytearray) -> None:
    """Single bits."""
    for _ in range(dice.choice([1, 3, 30])):
        file[dice.randrange(100, len(file))] ^= 1 << dice.randrange(8)


def wipe(dice: random.Random, file: bytearray) -> None:
    """A page of zeros, as after a write that never came."""
    at = dice.randrange(1, len(file) // PAGE) * PAGE
    file[at : at + PAGE] = bytes(PAGE)


def swap(dice: random.Random, file: bytearray) -> None:
    """Two pages at each other's place."""
    one, other = (dice.randrange(1, len(file) // PAGE) * PAGE for _ in range(2))
    file[one : one + PAGE], file[other : other + PAGE] = file[other : other + PAGE], file[one : one + PAGE]


def scribble(dice: random.Random, file: bytearray) -> None:
    """Some bytes in a row are others."""
    at = dice.randrange(100, len(file) - 64)
    file[at : at + 64] = dice.randbytes(64)


def cut(dice: random.Random, file: bytearray) -> None:
    """The end is missing."""
    del file[dice.randrange(len(file)) :]


def head(dice: random.Random, file: bytearray) -> None:
    """The first hundred bytes, where the database says what it is."""
    file[dice.randrange(100)] ^= 1 << dice.randrange(8)


DAMAGES: list[Damage] = [flip, wipe, swap, scribble, cut, head]


def wrong_answers(store: Path, right: dict[str, bool]) -> list[str]:
    """What a vendor answers from a damaged store that it must not; an error of the store's is right, any other raises.

    A customer whose row is gone is unknown, and nothing is allowed without a fact. That is no wrong permission.
    """
    found = []
    try:
        shop = Vendor.open(store, did=SHOP, accepts=["SD-BASE"])
    except OpenCMRError:
        return []
    for customer, allowed in right.items():
        try:
            if shop.may(customer, **ASKED) and not allowed:
                found.append(f"{customer} is written to")
            shop.history(customer)
        except StoreError:
            continue
    try:
        shop.relationships()
        shop._store.write_now(lambda rows: rows.forget_strangers("2020"))
    except StoreError:
        pass
    shop._store.close()
    return found


def try_once(written: Path, folder: Path, right: dict[str, bool], dice: random.Random) -> list[str]:
    """Damage a copy at random, and look at it; gives what is answered wrongly although nothing is said of damage."""
    file = bytearray((written / "shop.db").read_bytes())
    dice.choice(DAMAGES)(dice, file)
    folder.mkdir()
    shutil.copy(written / "shop.keys", folder / "shop.keys")
    (folder / "shop.db").write_bytes(file)
    (folder / "shop.db").chmod(0o600)
    noticed = faults(folder / "shop.db")
    answered = wrong_answers(folder / "shop.db", right)
    shutil.rmtree(folder)
    return [] if noticed else answered


def faults(store: Path) -> list[str]:
    """What `check` says."""
    try:
        return [str(fault) for fault in inspect_messages(store)]
    except StoreError as error:
        return [str(error)]
