"""Rates, places and addresses: what a vendor bounds."""

from typing import Any

import httpx
import pytest

from opencmr.errors import Overloaded, OverQuota, UsageError
from opencmr.transport import application
from opencmr.transport.limits import SHORT, Buckets, Gate, Limits, Places, Rate, network_of
from serving import listening, served

MESSAGE = {"Content-Type": "application/opencmr+json"}


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_what_time_brings_back() -> None:
    clock = Clock()
    buckets = Buckets(Rate(0.5, 3), clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]
    clock.now = 1.9
    assert buckets.take("a") == 1
    clock.now = 2.1
    assert [buckets.take("a"), buckets.take("a")] == [0, 2]


def test_what_is_told_to_wait_is_taken_when_it_comes_again() -> None:
    clock = Clock()
    buckets = Buckets(Rate(0.3, 1), clock=clock)
    assert buckets.take("a") == 0
    clock.now += buckets.take("a")
    assert buckets.take("a") == 0


def test_one_name_does_not_use_up_what_belongs_to_another() -> None:
    buckets = Buckets(Rate(1, 1), clock=Clock())
    assert [buckets.take("a"), buckets.take("a"), buckets.take("b")] == [0, 1, 0]


def test_names_without_end_take_no_more_room_and_the_quiet_one_is_forgotten() -> None:
    buckets = Buckets(Rate(1, 1), clock=Clock(), most=2)
    assert [buckets.take(name) for name in ("a", "b", "a", "c")] == [0, 0, 1, 0]
    assert buckets.take("a") == 1
    assert len(buckets._left) == 2


def test_places_are_given_back() -> None:
    places = Places(2, 1)
    with places.place("a"):
        with pytest.raises(OverQuota) as over, places.place("a"):
            pass
        with places.place("b"), pytest.raises(Overloaded), places.place("c"):
            pass
    assert over.value.retry_after == 1
    with places.place("a"):
        pass
    assert not places._of


@pytest.mark.parametrize(
    ("address", "charged"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("127.0.0.1", None),
        ("::1", None),
        ("192.0.2.7:555", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:555", "192.0.2.7"),
        ("[2001:db8:1:2::3]", "2001:db8:1:2::"),
        ("[2001:db8:1:2::3]:80", "2001:db8:1:2::"),
        ('"[2001:db8:1:2::3]:80"', "2001:db8:1:2::"),
        ("[2001:db8:1:2::3%eth0]:80", "2001:db8:1:2::"),
        ("64:ff9b::192.0.2.7", "192.0.2.7"),
        ("[64:ff9b::c000:207]:1", "192.0.2.7"),
        ("::ffff:0:192.0.2.7", "192.0.2.7"),
        ("2002:c000:207:1::5", "192.0.2.7"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdf8", "192.0.2.7"),
        ("64:ff9b::127.0.0.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", None),
        ("127.0.0.1:555", None),
        ("[::1]:80", None),
        ("unknown", "unknown"),
        ("_hidden", "unknown"),
        ("no address", "unknown"),
        ("", "unknown"),
        (":80", "unknown"),
        ("[]:80", "unknown"),
        ("1.2.3:80", "unknown"),
        ("[::1", "unknown"),
        ("9" * 30_000, "unknown"),
    ],
)
def test_an_address_is_charged_as_its_holder_has_it(address: str, charged: str | None) -> None:
    assert network_of(address) == charged


def test_who_hides_an_address_uses_up_nothing_of_those_who_tell_theirs() -> None:
    gate = Gate(Limits(address=Rate(1, 1)), Clock())
    gate.charge_address("unknown")
    for hidden in ("", "_other", "x" * 1000):
        with pytest.raises(OverQuota):
            gate.charge_address(hidden)
    gate.charge_address("192.0.2.7:555")
    with pytest.raises(OverQuota):
        gate.charge_address("64:ff9b::192.0.2.7")


def test_a_server_that_tells_no_address_charges_none() -> None:
    gate = Gate(Limits(address=Rate(1, 1)), Clock())
    for _ in range(3):
        gate.charge_address(None)


@pytest.mark.requirement("SEQ-8")
def test_who_has_said_too_much_can_still_take_it_back() -> None:
    gate = Gate(Limits(key=Rate(1, 1)), Clock())
    gate.charge_key("did:key:a")
    with pytest.raises(OverQuota):
        gate.charge_key("did:key:a")
    gate.charge_key("did:key:a", narrowing=True)


def test_an_address_that_is_too_fast_is_told_over_http_when_to_come_again() -> None:
    vendor_gate = Gate(Limits(address=Rate(0.1, 1), loopback=True), Clock())
    answered: list[tuple[int, str | None]] = []
    with listening() as bound, served(application(Told(), gate=vendor_gate), bound) as url:
        for _ in range(2):
            said = httpx.post(f"{url}/opencmr/messages", content=b"{}", headers=MESSAGE, trust_env=False)
            answered.append((said.status_code, said.headers.get("retry-after")))
    assert answered == [(200, None), (429, "10")]


class Told:
    """A receiver that says a receipt to everything."""

    def did_document(self) -> dict[str, Any]:
        return {"id": "did:web:localhost%3A8443"}

    def discovery(self) -> dict[str, Any]:
        return {}

    def myterms(self) -> dict[str, Any] | None:
        return None

    def knows(self, did: str) -> bool:
        return False

    async def tend(self) -> None: ...

    async def receive(self, raw: bytes, address: str | None = None) -> list[bytes]:
        return [b'{"type":"receipt"}']

    async def collect(self, raw: bytes) -> tuple[list[bytes], str]:
        return [], "0"

    async def close(self) -> None: ...


def test_an_address_brings_so_many_bytes_and_then_what_time_brings_back() -> None:
    clock = Clock()
    gate = Gate(Limits(volume=Rate(100, 10_000)), clock)
    gate.charge_volume("192.0.2.7", 9_900)
    with pytest.raises(OverQuota) as refused:
        gate.charge_volume("192.0.2.7", 1_000)
    gate.charge_volume("192.0.2.8", 1_000)
    clock.now += refused.value.retry_after or 0
    gate.charge_volume("192.0.2.7", 1_000)
    clock.now += 100
    gate.charge_volume("192.0.2.7", 65_536)  # longer than the whole bucket: it waits for a full one, and not for ever


@pytest.mark.requirement("SEQ-8")
def test_no_bytes_of_others_hold_a_short_no_back() -> None:
    gate = Gate(Limits(volume=Rate(1, 5_000)), Clock())
    gate.charge_volume("192.0.2.7", 5_000)
    gate.charge_volume("192.0.2.7", 5_000, narrowing=True)
    for narrowing in (False, True):
        with pytest.raises(OverQuota):
            gate.charge_volume("192.0.2.7", SHORT + 1, narrowing=narrowing)
    for _ in range(9):
        gate.charge_volume("192.0.2.7", SHORT, narrowing=True)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), 10**400, True, "1", None])
def test_a_rate_by_which_nothing_comes_back_is_a_usage_error(wrong: Any) -> None:
    for given in ((wrong, 1), (1, wrong)):
        with pytest.raises(UsageError):
            Rate(*given)


@pytest.mark.parametrize("wrong", [{"strangers": -1}, {"memory": 1.5}, {"waiters": True}, {"key": 5}, {"volume": None}])
def test_a_limit_that_is_none_is_a_usage_error(wrong: Any) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Limits(**wrong)
    assert Limits(strangers=0, waiters=0).waiters == 0
