"""Many share one network address. Whoever floods from it must not keep another from taking something back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from opencmr import Vendor, consent, trust
from opencmr.errors import OverQuota, StoreError
from opencmr.testing import StandingClock
from opencmr.transport import Limits, Rate
from opencmr.transport.limits import MOST_RESERVED, Gate, claims_to_narrow
from parties import GRANT, Hand, read
from serving import did_of, listening, served

MESSAGE = {"Content-Type": "application/opencmr+json"}
SLOW = 1e-3
"""So few a second that none comes back while a test runs."""
NOISY = Limits(loopback=True, address=Rate(SLOW, 5), reserve=Rate(SLOW, 4), reserve_each=Rate(SLOW, 2))


class Flat:
    """Customers of one shop who share an address."""

    def __init__(self, shop: Vendor, http: httpx.Client, clock: StandingClock) -> None:
        self.shop, self.http, self.clock = shop, http, clock

    def hand(self) -> Hand:
        """Somebody new."""
        return Hand.stranger(self.shop.did, self.clock)

    def send(self, raw: bytes, **headers: str) -> httpx.Response:
        """What the shop answers."""
        return self.http.post("/opencmr/messages", content=raw, headers=MESSAGE | headers)

    def grant(self, hand: Hand) -> bytes:
        """A customer of the shop from now on; gives the withdrawal that they have not sent yet."""
        granted = hand.write(GRANT)
        assert self.send(granted).status_code == 200
        return self.withdrawal(hand, granted)

    def withdrawal(self, hand: Hand, granted: bytes) -> bytes:
        """A withdrawal of a consent."""
        return hand.write(consent.Withdraw(), read(granted)["thread"], trust.digest(granted))

    def flood(self) -> httpx.Response:
        """Use up the rate of the address; gives the answer that says so."""
        while (said := self.send(b"{}")).status_code != OverQuota.status:
            pass
        return said


@contextmanager
def living(folder: Path, limits: Limits = NOISY) -> Iterator[Flat]:
    clock = StandingClock()
    with listening() as bound:
        shop = Vendor.open(folder / "shop.db", did=did_of(bound), limits=limits, clock=clock)
        with served(shop.asgi(), bound) as url, httpx.Client(base_url=url, trust_env=False) as http:
            yield Flat(shop, http, clock)


@pytest.fixture
def flat(tmp_path: Path) -> Iterator[Flat]:
    with living(tmp_path) as flat:
        yield flat


@pytest.mark.requirement("TRN-16")
def test_a_withdrawal_comes_through_though_a_neighbour_uses_up_the_rate_of_the_address(flat: Flat) -> None:
    withdrawal = flat.grant(flat.hand())
    flat.flood()
    said = flat.send(withdrawal)
    assert said.status_code == 200
    assert said.json()["messages"][0]["body"]["outcome"] == "accepted"


@pytest.mark.requirement("TRN-16")
def test_a_customer_of_yesterday_is_known_to_a_server_that_has_started_today(tmp_path: Path) -> None:
    clock = StandingClock()
    with listening() as bound:
        for part in ("yesterday", "today"):
            shop = Vendor.open(tmp_path / "shop.db", did=did_of(bound), limits=NOISY, clock=clock)
            with served(shop.asgi(), bound.dup()) as url, httpx.Client(base_url=url, trust_env=False) as http:
                flat = Flat(shop, http, clock)
                if part == "yesterday":
                    withdrawal = flat.grant(flat.hand())
                else:
                    flat.flood()
                    assert flat.send(withdrawal).status_code == 200


@pytest.mark.requirement("TRN-16")
def test_what_has_no_right_to_the_share_is_answered_as_the_flood_is(flat: Flat) -> None:
    customer, stranger = flat.hand(), flat.hand()
    withdrawal = flat.grant(customer)
    posing = Hand(customer.did, flat.shop.did, stranger.key, customer.method, flat.clock)
    thread, head = read(withdrawal)["thread"], read(withdrawal)["prior"]
    too_fast = flat.flood()
    for raw in (
        customer.write(GRANT),
        stranger.write(consent.Withdraw(), thread, head),
        posing.write(consent.Withdraw(), thread, head),  # in a customer's name, and not signed by them
        customer.write({"key": "x" * MOST_RESERVED}, thread, head, type="consent.withdraw"),
        withdrawal[:-1],
        b"[" * 10_000,
        b"[]",
        b"",
    ):
        said = flat.send(raw)
        assert (said.status_code, said.content) == (too_fast.status_code, too_fast.content)
        assert said.headers["retry-after"] == too_fast.headers["retry-after"]
    assert flat.send(withdrawal, **{"Content-Type": "text/plain"}).content == too_fast.content
    assert flat.send(withdrawal).status_code == 200  # what was claimed in their name has left them some


@pytest.mark.requirement("TRN-16")
def test_the_share_is_no_way_around_the_rate(flat: Flat) -> None:
    """Two of each customer, four altogether: nobody floods with it, whatever they know and claim."""
    hands = [flat.hand() for _ in range(4)]
    withdrawals = [flat.grant(hand) for hand in hands]
    flat.flood()
    for _ in range(2):
        assert flat.send(withdrawals[0]).status_code == 200
    assert flat.send(withdrawals[0]).status_code == OverQuota.status
    assert [flat.send(each).status_code for each in withdrawals[1:]] == [200, 200, OverQuota.status]


def test_what_is_taken_of_the_share_at_one_address_is_taken_from_no_other() -> None:
    gate = Gate(NOISY)
    assert [gate.admits_narrowing("192.0.2.1", "did:key:a") for _ in range(3)] == [True, True, False]
    assert gate.admits_narrowing("192.0.2.2", "did:key:a")
    assert not gate.admits_narrowing("[64:ff9b::192.0.2.1]:80", "did:key:a")


def test_a_store_that_fails_tells_no_more_than_the_flood_is_told(flat: Flat, monkeypatch: pytest.MonkeyPatch) -> None:
    withdrawal = flat.grant(flat.hand())
    too_fast = flat.flood()

    def failing(*_: object) -> None:
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(flat.shop._store, "read", failing)
        assert flat.send(withdrawal).content == too_fast.content
    assert flat.send(withdrawal).status_code == 200


def test_only_a_customers_narrowing_message_claims_to_be_one() -> None:
    did = trust.SigningKey(bytes(32)).did
    assert claims_to_narrow(trust.canonicalize({"from": did, "type": "consent.withdraw"})) == did
    for members in (
        {"from": did, "type": "consent.grant"},
        {"from": did, "type": "consent"},
        {"from": did, "type": ["consent.withdraw"]},
        {"from": "did:web:shop.example", "type": "consent.withdraw"},
        {"from": did + "\n", "type": "consent.withdraw"},
        {"from": {}, "type": "consent.withdraw"},
        {"type": "consent.withdraw"},
    ):
        assert claims_to_narrow(trust.canonicalize(members)) is None
