"""Parties in one process, and a hand that signs whatever a test wants: also what no honest party would say."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from opencmr import Customer, Money, Vendor, Want, consent, intent, offer, trust
from opencmr.errors import Problem, Unreachable
from opencmr.messages import Body, side_of
from opencmr.messages.consent import GrantItem, Notice, RequestItem
from opencmr.messages.types import Party
from opencmr.protocol import Chain, History, roster
from opencmr.roles import CustomerRelationship
from opencmr.testing import Forger, Link, Loopback, StandingClock

SHOP, OTHER = "did:web:shop.example", "did:web:other.example"
NEW_YEAR = "2027-01-01T00:00:00.000Z"
MARKETING = {"action": "dpv:Use", "purpose": "dpv:DirectMarketing", "data": "pd:EmailAddress"}
CAST = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
NEWS = GrantItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
GRANT = consent.Grant(items=[NEWS], until=NEW_YEAR, statement="You may write to me.")
REQUEST = consent.Request(
    items=[
        RequestItem(key=key, purposes=["dpv:DirectMarketing"], data=[f"pd:{data}"], actions=["dpv:Use"])
        for key, data in (("news", "EmailAddress"), ("calls", "TelephoneNumber"))
    ],
    controller=[Party(name="Shop", role="controller")],
    notice=Notice(url="https://shop.example/notice", digest=roster.ref("SD-BASE").digest, lang="en"),
    until=NEW_YEAR,
)


def an_offer(amount: str = "49.00", under: str = "SD-BASE", **more: Any) -> offer.Make:
    """Boots at this price."""
    line = offer.Line(name="Boots", price=Money(amount, "EUR"))
    return offer.Make(lines=[line], total=Money(amount, "EUR"), under=roster.ref(under), **more)


def read(raw: bytes) -> dict[str, Any]:
    """A message as plain JSON."""
    document: dict[str, Any] = json.loads(raw)
    return document


def types_of(raws: Sequence[bytes]) -> list[str]:
    """The types of these messages."""
    return [read(raw)["type"] for raw in raws]


def code_of(receipt: bytes) -> str | None:
    """The code of the problem in a receipt; none where it refuses nothing."""
    problem = read(receipt)["body"].get("problem")
    return problem["type"].partition("#")[2] if problem else None


class Hand:
    """A key that signs what it is told to.

    Args:
        did: Whose words these are.
        to: Whom they are for.
        key: The key.
        method: The key URL in the proofs.
        clock: The time of what does not say another.
        chain: What is held of the vendor's chain, for the members that link a word to it; absent: nothing is.
    """

    def __init__(
        self, did: str, to: str, key: trust.SigningKey, method: str, clock: Callable[[], datetime],
        chain: Callable[[], Chain] = Chain,
    ) -> None:  # fmt: skip
        self.did, self.to, self.key, self.method, self.clock = did, to, key, method, clock
        self.chain = chain
        self._wrote: list[tuple[int, str]] = []

    @classmethod
    def stranger(cls, to: str = SHOP, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Self:
        """Somebody with a fresh key."""
        key = trust.SigningKey.generate()
        return cls(key.did, to, key, trust.key_url(key.did), clock)

    def write(
        self, body: Body | dict[str, Any], thread: str | None = None, after: str | None = None, **members: Any
    ) -> bytes:
        """A signed message.

        Args:
            body: What it says.
            thread: The thread that it goes on; absent: it opens one.
            after: Of a customer: digest of the last word that it knows, of its own or of the vendor's.
            members: These stand in the envelope as they are, `type` among them; what is None is left out.
        """
        forger = Forger(did=self.did, to=self.to, key=self.key, method=self.method, clock=self.clock,
                        link=lambda: self._link(after))  # fmt: skip
        type_ = body.type if isinstance(body, Body) else members.pop("type")
        document = forger.write(type_, body, thread, **members)
        raw = forger.sign(document)
        number = document.get("number", 0)
        self._wrote.append((number if isinstance(number, int) else 0, trust.digest(raw)))
        return raw

    def _link(self, after: str | None) -> Link:
        """A vendor's next word goes on from what the customer holds, and from what was written here before."""
        chain = self.chain()
        if side_of(self.did) == "customer":
            own = any(digest == after for _, digest in self._wrote)
            return Link(None, after, chain.tip) if own else Link(None, None, after or chain.tip)
        number, prior = max([(chain.next - 1, chain.tip or ""), *self._wrote])
        return Link(number + 1, prior or None)

    def receipt(
        self, of: bytes, outcome: str = "accepted", *, body: dict[str, Any] | None = None, **more: Any
    ) -> bytes:
        """A signed receipt for a message; `more` stands in the envelope, `body` in the body."""
        said = {"of": trust.digest(of), "outcome": outcome, **(body or {})}
        return self.write(said, read(of)["thread"], type="receipt", **more)

    def refusal(self, of: bytes, problem: Problem) -> bytes:
        """A signed receipt that refuses."""
        return self.receipt(of, "refused", body={"problem": problem.as_dict()})


class Wire(Loopback):
    """A loopback on which single things go wrong, when a test says so.

    Attributes:
        down: DIDs of vendors that cannot be reached.
        lose: How many of the next answers are lost on their way.
        stated: An unsigned problem that meets every message instead of the vendor.
        slip: What is done to the next answer to a message before it is heard.
        mail: What comes on top of what the next collect brings.
        sent: All messages that were carried; `collects`, all collects.
    """

    def __init__(self, *vendors: Vendor) -> None:
        super().__init__(*vendors)
        self.down: set[str] = set()
        self.lose = 0
        self.stated: Problem | None = None
        self.slip: Callable[[list[bytes]], list[bytes]] | None = None
        self.mail: list[bytes] = []
        self.sent: list[bytes] = []
        self.collects: list[bytes] = []

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        """Carry a message."""
        self._reach(endpoint)
        self.sent.append(raw)
        if self.stated is not None:
            raise self.stated
        answers = await super().send(endpoint, raw)
        slip, self.slip = self.slip, None
        return self._heard(slip(answers) if slip else answers)

    async def collect(self, endpoint: str, raw: bytes, wait: float) -> tuple[list[bytes], bool]:
        """Carry a collect."""
        self._reach(endpoint)
        self.collects.append(raw)
        found, more = await super().collect(endpoint, raw, wait)
        extra, self.mail = self.mail, []
        return self._heard([*found, *extra]), more

    def _reach(self, endpoint: str) -> None:
        if self._at(endpoint).did in self.down:
            raise Unreachable("the line is down")

    def _heard(self, answers: list[bytes]) -> list[bytes]:
        if self.lose:
            self.lose -= 1
            raise Unreachable("the answer was lost")
        return answers


@dataclass
class Street:
    """Some shops, a wire, and a customer or several; what is opened here is closed at the end."""

    folder: Path
    clock: StandingClock = field(default_factory=StandingClock)
    wire: Wire = field(default_factory=Wire)
    places: Callable[[str], str | Path] | None = None
    """Where the shops' stores are, by name; absent: files in the folder."""

    def __post_init__(self) -> None:
        self._open: list[Vendor | Customer] = []

    def place(self, name: str) -> str | Path:
        """Where the store of this name is."""
        return self.places(name) if self.places else self.folder / f"{name}.db"

    def vendor(self, did: str = SHOP, *, file: str | None = None, **more: Any) -> Vendor:
        """Open a vendor, or another on the same store, or the same one after a restart."""
        name = file or did.rpartition(":")[2]
        beside = {"clock": self.clock, "keys": self.folder / f"{name}.keys"}
        vendor = Vendor.open(self.place(name), did=did, **{**beside, **more})
        self._open.append(vendor)
        self.wire.attach(vendor)
        return vendor

    def customer(self, name: str = "alice", **more: Any) -> Customer:
        """Open a customer, or the same one after a restart."""
        customer = Customer.open(self.folder / f"{name}.db", **{"network": self.wire, "clock": self.clock, **more})
        self._open.append(customer)
        return customer

    def hand_of(self, relationship: CustomerRelationship) -> Hand:
        """The customer's own key in a relationship, to say by hand what the SDK would not say."""
        key = self.key(self.folder / "alice.keys", relationship.me)
        return Hand(relationship.me, relationship.vendor, key, trust.key_url(relationship.me), self.clock,
                    lambda: relationship.history.chain)  # fmt: skip

    def vendors_hand(self, relationship: CustomerRelationship) -> Hand:
        """The vendor's own key, to say by hand what the SDK would not say."""
        did = relationship.vendor
        key = self.key(self.folder / f"{did.rpartition(':')[2]}.keys", trust.key_url(did))
        return Hand(did, relationship.me, key, trust.key_url(did), self.clock, lambda: relationship.history.chain)

    def stranger(self, to: str = SHOP) -> Hand:
        """Somebody with a fresh key."""
        return Hand.stranger(to, self.clock)

    @staticmethod
    def key(file: Path, name: str) -> trust.SigningKey:
        """A key out of a key file."""
        return trust.SigningKey(bytes.fromhex(json.loads(file.read_text())["keys"][name]))

    async def close(self) -> None:
        """Close everybody; who is closed already stays so."""
        for party in self._open:
            await party.close()


def assert_equal_histories(ours: History, theirs: History) -> None:
    """Both sides hold the same entries in the same order, and fold them to the same records."""
    assert ours.threads.keys() == theirs.threads.keys()
    for id_, thread in theirs.threads.items():
        assert ours.threads[id_].entries == thread.entries
        assert ours.threads[id_].record == thread.record
