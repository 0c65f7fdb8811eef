"""A hostile vendor: it answers every collect and every message with as much mail as an answer may hold."""

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opencmr import trust
from opencmr.testing import Loopback
from opencmr.transport import Found
from opencmr.transport.bundle import MOST_MESSAGES
from opencmr.transport.discovery import Discovery
from parties import Hand

FLOODER = "did:web:flooder.example"
ENDPOINT = "https://flooder.example/opencmr"
_KEY = f"{FLOODER}#key-1"
_PAGES = 4
"""Pages that are made of each kind, and said in turn: a signature costs it more than the wallet."""


@dataclass
class Flooder:
    """Says what costs a wallet most, day by day another kind of it.

    Attributes:
        clock: Its time.
        page: Bytes of an answer.
        word: Bytes of a word, about.
        said: How many bytes it has sent.
    """

    clock: Callable[[], Any]
    page: int
    word: int
    said: int = 0
    kind: str = "chain"
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.key = trust.SigningKey.generate()
        self._chains: dict[str, list[bytes]] = {}
        self._pages: dict[tuple[str, str, int], list[list[bytes]]] = {}
        self._turn = 0

    def answer(self, customer: str, seen: str | None) -> list[bytes]:
        """A page of mail, as the kind of the day has it."""
        chain = self._chains.setdefault(customer, [])
        at = next((place for place, raw in enumerate(chain, start=1) if trust.digest(raw) == seen), 0)
        match self.kind:
            case "chain":  # goes on for ever
                words = self._from(customer, chain, at)
            case "gap":  # the one before is never said
                words = self._strays(customer, at + 2)
            case "split":  # always another word of the numbers that are taken
                words = self._strays(customer, max(1, at))
            case _:  # receipts for what nobody has said
                words = self._strays(customer, at + 1, prior=seen, type_="receipt")
        self.said += sum(map(len, words))
        return words

    def receipt(self, raw: bytes) -> bytes:
        """The receipt for a no, behind all that it has said."""
        document = json.loads(raw)
        chain = self._chains.setdefault(document["from"], [])
        body = {"of": trust.digest(raw), "outcome": "moot", "state": "withdrawn"}
        word = self._hand(document["from"], chain).write(body, document["thread"], type="receipt")
        chain.append(word)
        return word

    def _from(self, customer: str, chain: list[bytes], at: int) -> list[bytes]:
        words: list[bytes] = []
        while self._has_room(words):
            while at + len(words) >= len(chain):
                chain.append(self._word(self._hand(customer, chain)))
            words.append(chain[at + len(words)])
        return words

    def _strays(self, customer: str, number: int, **members: Any) -> list[bytes]:
        if len(kept := self._pages.setdefault((self.kind, customer, number), [])) == _PAGES:
            self._turn += 1
            return kept[self._turn % _PAGES]
        words: list[bytes] = []
        kept.append(words)
        while self._has_room(words):
            words.append(self._word(self._hand(customer, []), number=number, **members))
        return words

    def _has_room(self, words: list[bytes]) -> bool:
        return sum(map(len, words)) + self.word < self.page and len(words) < MOST_MESSAGES - 1

    def _hand(self, customer: str, chain: list[bytes]) -> Hand:
        hand = Hand(FLOODER, customer, self.key, _KEY, self.clock)
        if chain:
            hand._wrote.append((len(chain), trust.digest(chain[-1])))
        return hand

    def _word(self, hand: Hand, type_: str = "consent.request", **members: Any) -> bytes:
        if "prior" not in members and members.get("number", 1) > 1:
            members["prior"] = trust.digest(self.dice.randbytes(8))
        if type_ == "receipt":
            body: Any = {"of": trust.digest(self.dice.randbytes(8)), "outcome": "accepted", "state": "open"}
            return hand.write(body, uuid.uuid4().urn, type=type_, **members)
        # Of a wrong form, so it is void and kept all the same; empty objects are what takes most room in memory.
        return hand.write({"items": [{}] * (self.word // 3)}, type=type_, **members)


class Street(Loopback):
    """Honest vendors, and one that floods."""

    def __init__(self, flooder: Flooder, *vendors: Any) -> None:
        super().__init__(*vendors)
        self.flooder = flooder

    async def find(self, did: str) -> Found:
        """What a vendor publishes."""
        if did != FLOODER:
            return await super().find(did)
        stated = {
            "did": FLOODER,
            "roles": ["vendor"],
            "endpoint": ENDPOINT,
            "versions": ["1.0"],
            "types": [],
            "terms": [],
        }
        return Found(FLOODER, {_KEY: self.flooder.key.public}, ENDPOINT, Discovery.read(stated))

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Carry a message; the flooder's receipt comes with a flood."""
        if endpoint != ENDPOINT:
            return await super().send(endpoint, raw)
        document = json.loads(raw)
        return [self.flooder.receipt(raw), *self.flooder.answer(document["from"], document.get("seen"))]

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """Carry a collect; the flooder always has more."""
        if endpoint != ENDPOINT:
            return await super().collect(endpoint, raw, wait)
        document = json.loads(raw)
        return self.flooder.answer(document["from"], document.get("seen")), True
