"""A cache by relationship: each entry holds for one version of it, and all together are bounded by bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, Protocol, TypeVar

_SMALL = 64
"""How many of one kind there is room for at least, for each of them to count as small."""


class AtVersion(Protocol):
    """An entry that holds for one version of a relationship."""

    @property
    def version(self) -> int:
        """The relationship's version."""

    @property
    def cost(self) -> int:
        """Bytes that it takes in memory, as estimated."""


K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=AtVersion)


class Remembered(Generic[K, V]):
    """The cache: the newest version of each; when it is full, what was used least recently goes.

    Small entries have one half of the room, and big ones the other; what one half leaves free, the other may use. So
    big entries never push out the small ones, which most customers have. The entry that was used last stays, however
    big it is.

    Args:
        room: Bytes, as estimated.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._small: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._big: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._cost = {False: 0, True: 0}
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """What is remembered of this one, if anything is. It is asked with every answer, and waits for no lock."""
        kept = self._small
        found = kept.get(key)
        if found is None:
            kept = self._big
            found = kept.get(key)
            if found is None:
                return None
        try:
            kept.move_to_end(key)
        except KeyError:  # forgotten just now, by another thread
            pass
        return found[0]

    def put(self, key: K, value: V) -> None:
        """Remember this, unless something newer is known."""
        with self._lock:
            before = self._small.get(key) or self._big.get(key)
            if before is None or before[0].version <= value.version:
                self._put(key, value)

    def grew(self, key: K, value: V) -> None:
        """What is remembered costs more now; it may have been forgotten meanwhile, or something newer be known."""
        with self._lock:
            before = self._small.get(key) or self._big.get(key)
            if before is not None and before[0] is value:
                self._put(key, value)

    def _put(self, key: K, value: V) -> None:
        for each in (True, False):
            if key in self._of(each):
                self._cost[each] -= self._of(each).pop(key)[1]
        cost = value.cost
        big = cost * _SMALL > self._room
        self._of(big)[key] = value, cost
        self._cost[big] += cost
        while self.cost > self._room:
            over = [each for each in (True, False) if self._cost[each] > self._room // 2]
            forgetting = next((each for each in over if len(self._of(each)) > 1), None)
            if forgetting is None:
                return
            self._cost[forgetting] -= self._of(forgetting).popitem(last=False)[1][1]

    def _of(self, big: bool) -> OrderedDict[K, tuple[V, int]]:
        return self._big if big else self._small

    @property
    def cost(self) -> int:
        """Bytes that all of them take, as estimated."""
        return sum(self._cost.values())

    def __len__(self) -> int:
        return len(self._small) + len(self._big)
