"""What a vendor bounds under load (`spec/v1/transport.md`, "Under load"): rates, work at once, who may wait.

An address is charged before anything is read: a flood costs no signature check. But a share is kept, at each address,
for those who take something back: of what is beyond the rate, a little is read, and only what says that it narrows and
is from a customer whom the vendor knows goes on. A key is charged once its signature has
held: nobody uses up what belongs to another. Everything here is counted in memory, for one process.

The bucket is our own (ADR 9): two numbers a key, in a table that no attacker can grow, at under a microsecond a call.
"""

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import orjson

from ..errors import Overloaded, OverQuota, UsageError
from ..protocol import is_narrowing
from .addresses import holder

UNKNOWN = "unknown"
"""What is charged where whoever tells of an address tells none."""
MOST_RESERVED = 16_384
"""Bytes of a message that may come from the share that is kept for narrowing messages. They are short."""

SHORT = 2048
"""Bytes up to which a narrowing message is not charged by bytes: no flood of long ones holds it back."""
MEMORY = 256 * 1024 * 1024
"""Bytes in which one party's process remembers relationships, as estimated, unless it is told otherwise."""

_MOST_BUCKETS = 100_000
"""How many addresses or keys are remembered. Beyond it, the one that was quiet longest is forgotten: its bucket is the
fullest."""
_SLOWEST, _MOST_TOKENS = 1e-9, 10**15
"""Bounds of a rate: below it nothing comes back while anybody lives, beyond it a float is too coarse to count."""
_LONGEST_ADDRESS = 64
_WITH_PORT = re.compile(r'"?(?:\[(?P<v6>[^\[\]"]*)\](?::[0-9]{0,5})?|(?P<v4>[0-9.]+):[0-9]{0,5})"?', re.ASCII)
_DID_KEY = re.compile("did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}")
_MOST_HAND_BACKS = 16
"""Requests that hand words back and are worked on, or wait for that, at once. Each has up to 200 words to check."""
_SHORTLY = 1
"""Seconds after which to come again where no rate tells."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and so many at once.

    Attributes:
        per_second: How many a second come back.
        burst: How many may come at once after a quiet time.
    """

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        """See that it is one.

        Raises:
            UsageError: Nothing would ever come back, or no number is one.
        """
        for name, least in (("per_second", _SLOWEST), ("burst", 1)):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not least <= value <= _MOST_TOKENS:
                raise UsageError(f"{name} is a number from {least} to {_MOST_TOKENS}, not {value!r}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a vendor takes. The defaults let any honest wallet through; a test bench may want more.

    Attributes:
        address: Requests from one network address: an IPv4 address, or the /64 of an IPv6 address. Loopback is not
            limited: a proxy on this machine that does not say who calls would make one address of all customers.
        reserve: Beside it, narrowing messages of customers whom the vendor knows, from one network address. What else
            comes from there does not use it up: whoever shares an address with a flood can still take something back.
        reserve_each: What one of these customers may take of it.
        key: Messages of one key, after their signature was checked; a word that is handed back counts as one.
        narrowing: Narrowing messages of one key, counted apart. Never more than a rate: what comes again after
            `Retry-After` is taken.
        volume: Bytes of new messages from one network address, after their signature was checked; narrowing messages
            are counted apart, and only those of more than `SHORT` bytes. So a disk is filled no faster.
        newcomers: Relationships that begin, from one network address; those that begin with a no are counted apart.
        strangers: Bytes that all relationships take together that never came to anything, about; beyond it nobody new
            is let in, but for what takes something back.
        at_work: Messages that are worked on at once; one more is refused. When all these places are taken, as
            many more are there for narrowing messages alone, which wait for no handler.
        at_work_per_key: The same, of one key: those that wait for one before them to be done are among them.
        waiters: Collects that wait for mail at once.
        waiters_per_key: The same, of one key.
        fetches: Files that are fetched at once.
        fetches_per_key: The same, of one key.
        loopback: Whether loopback addresses are limited as well.
        memory: Bytes in which one process remembers relationships: histories, answers, and what has come in.
    """

    address: Rate = Rate(50, 1000)
    reserve: Rate = Rate(5, 200)
    reserve_each: Rate = Rate(0.5, 20)
    key: Rate = Rate(20, 2000)
    narrowing: Rate = Rate(1, 500)
    volume: Rate = Rate(65_536, 64 * 1024 * 1024)
    newcomers: Rate = Rate(0.2, 1000)
    strangers: int = 2 * 1024**3
    at_work: int = 1000
    at_work_per_key: int = 32
    waiters: int = 10_000
    waiters_per_key: int = 4
    fetches: int = 200
    fetches_per_key: int = 2
    loopback: bool = False
    memory: int = MEMORY

    def __post_init__(self) -> None:
        """See that they are limits.

        Raises:
            UsageError: A rate is no `Rate`, or what counts something no whole number from 0.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            rate, count = isinstance(each.default, Rate), type(each.default) is int
            if (rate and not isinstance(value, Rate)) or (count and (type(value) is not int or value < 0)):
                raise UsageError(f"{each.name} is {'a Rate' if rate else 'a whole number from 0'}, not {value!r}")


class Buckets:
    """Token buckets, one for each name, bounded in number.

    Args:
        rate: How fast they fill, and how much they hold.
        clock: Seconds, never going back.
        most: How many are remembered.
    """

    def __init__(self, rate: Rate, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST_BUCKETS) -> None:
        self._rate = rate
        self._clock = clock
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, count: int = 1) -> int:
        """Take tokens.

        Args:
            name: Whose.
            count: How many; all that there can be, where that is fewer.

        Returns:
            0 if there were so many; else the whole seconds after which there will be, at least 1. Then none is taken.
        """
        now, rate = self._clock(), self._rate
        count = min(count, rate.burst)
        kept = self._left.get(name)
        if kept is None:
            left = float(rate.burst)
            if len(self._left) >= self._most:
                self._left.popitem(last=False)
        else:
            left = min(rate.burst, kept[0] + (now - kept[1]) * rate.per_second)
            self._left.move_to_end(name)
        if left < count:
            self._left[name] = left, now
            return max(1, math.ceil((count - left) / rate.per_second))
        self._left[name] = left - count, now
        return 0


class Places:
    """So many at once, in total and of each name.

    Args:
        total: How many altogether.
        each: How many of one name; absent: as many as altogether.
    """

    def __init__(self, total: int, each: int | None = None) -> None:
        self._total, self._each = total, total if each is None else each
        self._taken = 0
        self._of: dict[str, int] = {}

    @property
    def full(self) -> bool:
        """Whether all are taken."""
        return self._taken >= self._total

    @contextmanager
    def place(self, name: str = "") -> Iterator[None]:
        """Hold a place.

        Raises:
            OverQuota: This name holds all that it may.
            Overloaded: All are taken.
        """
        held = self._of.get(name, 0)
        if held >= self._each < self._total:
            raise OverQuota(f"{self._each} at once at most", retry_after=_SHORTLY)
        if self._taken >= self._total:
            raise Overloaded("there is too much to do at once", retry_after=_SHORTLY)
        self._taken += 1
        self._of[name] = held + 1
        try:
            yield
        finally:
            self._taken -= 1
            if self._of[name] == 1:
                del self._of[name]
            else:
                self._of[name] -= 1


class Gate:
    """What may come in now.

    Args:
        limits: The settings.
        clock: Seconds, never going back; for tests.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._addresses = Buckets(limits.address, clock=clock)
        self._reserve = Buckets(limits.reserve, clock=clock)
        self._reserve_each = Buckets(limits.reserve_each, clock=clock)
        self._keys = Buckets(limits.key, clock=clock)
        self._narrowing = Buckets(limits.narrowing, clock=clock)
        self._newcomers, self._narrowing_newcomers = (Buckets(limits.newcomers, clock=clock) for _ in range(2))
        self._volume, self._narrowing_volume = (Buckets(limits.volume, clock=clock) for _ in range(2))
        self.work = Places(limits.at_work)
        self.narrowing_work = Places(limits.at_work)
        self.work_by_key = Places(limits.at_work, limits.at_work_per_key)
        self.handing_back = Places(_MOST_HAND_BACKS, 1)
        self.waiting = Places(limits.waiters, limits.waiters_per_key)
        self.fetching = Places(limits.fetches, limits.fetches_per_key)

    def charge_address(self, address: str | None) -> None:
        """Charge a network address for a request of which nothing was read.

        Raises:
            OverQuota: It comes too fast.
        """
        name = self._network(address)
        if name is not None and (seconds := self._addresses.take(name)):
            raise OverQuota("too many requests from this network address", retry_after=seconds)

    def charge_volume(self, address: str | None, size: int, *, narrowing: bool = False) -> None:
        """Charge a network address for the bytes of a message that is new, and whose signature has held.

        Raises:
            OverQuota: Too many come from there.
        """
        name = self._network(address)
        if name is None or (narrowing and size <= SHORT):
            return
        if seconds := (self._narrowing_volume if narrowing else self._volume).take(name, size):
            raise OverQuota("too many bytes from this network address", retry_after=seconds)

    def charge_newcomer(self, address: str | None, *, narrowing: bool = False) -> None:
        """Charge a network address for a relationship that begins, with a no or otherwise.

        Raises:
            OverQuota: Too many begin there.
        """
        name = self._network(address)
        if name is not None and (seconds := (self._narrowing_newcomers if narrowing else self._newcomers).take(name)):
            raise OverQuota("too many newcomers from this network address", retry_after=seconds)

    def admits_narrowing(self, address: str | None, claimed: str) -> bool:
        """Whether a narrowing message is admitted from an address that is too fast, out of the share kept for these.

        Who it is from is a claim as yet. So the share is small, nobody's claim takes all of it, and what is taken at
        one address is taken from no other.

        Args:
            address: Where it comes from.
            claimed: The customer that it says it is from, whom the vendor knows.
        """
        name = self._network(address)
        return not self._reserve_each.take(f"{name} {claimed}") and not self._reserve.take(str(name))

    def _network(self, address: str | None) -> str | None:
        return None if address is None else network_of(address, loopback=self.limits.loopback)

    def lane(self, raw: bytes) -> Places:
        """Where a message finds its place at work: what takes something back has a lane of its own, if need be."""
        return self.narrowing_work if self.work.full and claims_to_narrow(raw) is not None else self.work

    def charge_key(self, did: str, *, narrowing: bool = False, count: int = 1) -> None:
        """Charge a sender for a message whose signature has held, and for those that are to be checked with it.

        Raises:
            OverQuota: They write too fast.
        """
        if seconds := (self._narrowing if narrowing else self._keys).take(did, count):
            raise OverQuota("too many messages in too short a time", retry_after=seconds)


def claims_to_narrow(raw: bytes) -> str | None:
    """Who a message says it is from, if it says that it is a customer's narrowing one. Nothing of it is checked yet."""
    try:
        claimed = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    sender, type_ = (claimed.get("from"), claimed.get("type")) if isinstance(claimed, dict) else (None, None)
    if not isinstance(sender, str) or not isinstance(type_, str) or not is_narrowing(type_, "customer"):
        return None
    return sender if _DID_KEY.fullmatch(sender) else None


def network_of(address: str, *, loopback: bool = False) -> str | None:
    """What is charged for an address: itself, or the /64 in which whoever has one IPv6 address has them all.

    An address that carries one of IPv4 is charged as that, with its port or without. What is no address, such as the
    `unknown` of a proxy, has one bucket for all of its kind: it is bounded like any other, and uses up nothing of those
    whose address is known.

    Args:
        address: As the server or its proxy tells it.
        loopback: Whether loopback is charged.

    Returns:
        None where nothing is charged: on loopback.
    """
    return _network_of(address if len(address) <= _LONGEST_ADDRESS else UNKNOWN, loopback)


# Reading an address costs ten times what its bucket does, so answers are remembered.
@lru_cache(maxsize=10_000)
def _network_of(address: str, loopback: bool) -> str | None:
    found = _WITH_PORT.fullmatch(address)
    literal = (found["v6"] or found["v4"]) if found else address
    who = holder(literal)
    if who is None:
        return UNKNOWN
    own = ip_address(literal)
    # A loopback address that a translator writes is nobody's; the mapped form is what this machine writes itself.
    if (getattr(own, "ipv4_mapped", None) or own).is_loopback and not loopback:
        return None
    return str(who) if isinstance(who, IPv4Address) else str(IPv6Address(int(who) >> 64 << 64))
