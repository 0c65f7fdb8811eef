"""A message in its place: what the folds take in."""

from dataclasses import dataclass
from typing import Any, Literal

from ..messages import Message
from ..messages.types import Side

Outcome = Literal["accepted", "moot", "void"]


@dataclass(frozen=True, slots=True)
class Said:
    """A verified message, and when it takes effect.

    Attributes:
        message: The typed message; of an entry that is void for its form, the envelope alone.
        digest: Digest of its bytes.
        side: Who said it.
        at: Its place in time: the `created` of the vendor's receipt, or of the vendor's own message.
    """

    message: Message[Any]
    digest: str
    side: Side
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of a thread.

    Attributes:
        outcome: `accepted`; `moot` where it changed nothing; `void` where a vendor said what it may not.
    """

    digest: str
    id: str
    type: str
    side: Side
    at: str
    outcome: Outcome
