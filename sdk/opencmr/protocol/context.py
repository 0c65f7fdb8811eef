"""What the fold of one thread may ask of the rest of its relationship, as that stands at the same place."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .statements import Facts
    from .thread import Thread


class Context(Protocol):
    """The other threads. `History` is one."""

    @property
    def threads(self) -> Mapping[str, "Thread"]:
        """Id → thread."""

    @property
    def placed(self) -> "Facts":
        """What decisions rest on, of the words that have a place."""
