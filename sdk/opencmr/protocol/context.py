"""What the fold of one thread may ask of the rest of its relationship, as that stands at the same place."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..messages import Message

if TYPE_CHECKING:
    from .chain import Chain
    from .statements import Facts
    from .thread import Thread


class Context(Protocol):
    """The other threads. `History` is one."""

    @property
    def threads(self) -> Mapping[str, "Thread"]:
        """Id → thread."""

    @property
    def chain(self) -> "Chain":
        """The order, and what has its place."""

    @property
    def placed(self) -> "Facts":
        """What decisions rest on, of the words that have a place."""

    def check_customer(self, message: Message[Any]) -> None:
        """Raise where the customer does not speak here under the DID that this is from."""
