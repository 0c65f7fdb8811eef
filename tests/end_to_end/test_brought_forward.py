"""Two vendor processes on one store: a history that is brought forward is the one that is folded from the first word.

Conversations are random, and both shops write by turns: with no-words that have seen what is not held, words that are
refused, receipts for what was collected, stores that are put back from copies, and words that are handed back.
"""

import random
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_restores import Restorable

from length import LONG
from opencmr import Vendor, consent, intent, terms
from opencmr.messages import Body
from opencmr.protocol import History, Question, instant
from opencmr.roles.party.histories import Histories
from opencmr.store import Rows
from parties import CAST, GRANT, MARKETING, SHOP, an_offer
from world import quick_folder

CONVERSATIONS = 200 if LONG else 8
STEPS = 30


class TwoShops(Restorable):
    """A street on which two processes answer for one shop."""

    async def open(self) -> None:
        await super().open()
        self.shops = [self.shop, self._another()]

    def _another(self) -> Vendor:
        shop = self.street.vendor(accepts=["SD-BASE"])
        shop.on(intent.Cast)(lambda *_: an_offer())
        return shop

    async def put_back(self, name: str) -> None:
        if not self.copies[name]:
            return
        if name != "alice":
            for shop in self.shops:
                await shop.close()
        await super().put_back(name)
        if name != "alice":
            self.shops = [self.shop, self._another()]

    async def turn(self) -> None:
        """Something happens, and one of the two shops answers."""
        self.shop = self.dice.choice(self.shops)
        self.street.wire.attach(self.shop)
        kinds = {"": 70, "held": 8, "refused": 8, "early": 6, "catch_up": 8}
        kind = self.dice.choices(list(kinds), list(kinds.values()))[0]
        if not kind:
            return await self.step()
        self.log.append(kind)
        try:
            await getattr(self, f"_{kind}")()
        except Exception as error:  # whatever becomes of it, the two have to agree
            self.log.append(f"  {type(error).__name__}: {error}")

    def _raw(self, body: Body, thread: str | None = None, **members: Any) -> bytes:
        return self.street.hand_of(self.rel).write(body, thread, **members)

    async def _held(self) -> None:
        """A no that has seen a word that is not held here."""
        threads = [id_ for id_, one in self.shop.history(self.rel.me).threads.items() if one.family == "consent"]
        thread = self.dice.choice(threads) if threads else uuid.uuid4().urn
        lost = "zQm" + "".join(self.dice.choices("23456789ABCDEFGH", k=44))
        await self.shop.receive(self._raw(consent.Withdraw(), thread, seen=lost))

    async def _catch_up(self) -> None:
        await self.rel.collect()

    async def _refused(self) -> None:
        threads = list(self.shop.history(self.rel.me).threads)
        body = self.dice.choice([GRANT, CAST, terms.Terminate()])
        await self.shop.receive(self._raw(body, self.dice.choice(threads) if threads else None, seen=None))

    async def _early(self) -> None:
        await self.shop.receive(self._raw(consent.Withdraw(), uuid.uuid4().urn))

    def compare(self) -> None:
        """What each shop remembers is what the store holds."""
        for shop in self.shops:
            if self.dice.random() < 0.6:
                ours, again = shop._store.read(lambda rows, shop=shop: both(shop, rows, self.rel.me))
                assert everything(ours) == everything(again)
                assert shop.may(self.rel.me, **MARKETING).answer == again.may(*question(self)).answer


def question(world: TwoShops) -> tuple[Any, str]:
    return Question(**MARKETING), instant(world.street.clock())


def both(shop: Vendor, rows: Rows, customer: str) -> tuple[History, History]:
    """The history that a shop remembers or brings forward, and the one from the first word; what has come in, too."""
    peer = rows.peer(SHOP, customer)
    if peer is None:
        return History(), History()
    seen = shop._transactions.known_messages
    for digest, side, id_ in rows.known(peer.number, 0):
        used, kept = seen.look(rows, peer, id_, digest)
        assert kept
        assert used or side == "vendor"
    assert seen.look(rows, peer, uuid.uuid4().urn, "zQm") == (False, False)
    return shop._histories.history(rows, peer), Histories().replay(rows, peer)


def everything(history: History) -> dict[str, Any]:
    """All that a history holds, in its order."""
    chain = history.chain
    return {
        "threads": list(history.threads.items()),
        "unplaced": list(history.unplaced.items()),
        "beside": list(history.beside.items()),
        "statements": history.statements,
        "facts": history.facts,
        "times": list(chain.times()),
        "chain": {name: value for name, value in vars(chain).items() if name != "_times"},
    }


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a history was brought forward, and how often folded as a whole."""
    counted: Counter[str] = Counter()
    for name in ("_forward", "replay"):
        whole = getattr(Histories, name)
        monkeypatch.setattr(
            Histories, name, lambda *args, whole=whole, name=name: (counted.update([name]), whole(*args))[1]
        )
    return counted


@pytest.mark.parametrize("share", range(4))
async def test_a_history_that_is_brought_forward_is_the_one_from_the_first_word(
    share: int, folded: Counter[str]
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(share, CONVERSATIONS, 4):
        with quick_folder() as folder:
            world = TwoShops(folder, random.Random(seed).randrange(1 << 30))
            await world.open()
            try:
                for _ in range(STEPS):
                    await world.turn()
                    world.compare()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {' | '.join(world.log)}") from error
            finally:
                await world.close()
            seen.update(world.log)
    assert folded["_forward"] > 10, "or it shows nothing"
    assert all(seen[kind] for kind in ("held", "refused", "early")), "or it shows little"
