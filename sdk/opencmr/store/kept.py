"""What a store gives and takes: a message's row, and what was noticed of the other side's words."""

from itertools import product
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Row

from ..messages.types import Side
from .backends import damaged

Status = Literal["pending", "waiting", "entry", "refused", "forked", "receipt", "unsent", "held", "undone"]


class Kept(NamedTuple):
    """One message's row. See `tables.messages` for the members."""

    digest: str
    position: int
    side: Side
    id: str
    type: str
    thread: str
    raw: bytes
    status: Status
    of: str | None
    place: int | None
    at: str | None

    @property
    def placed(self) -> bool:
        """Whether it does not say that it has no place: a word that damage has changed is noticed so."""
        return self.status not in ELSEWHERE


class Noticed(NamedTuple):
    """Something that the other side's signed words show.

    Attributes:
        code: What kind of thing, from the tables of `spec/v1/evidence.md`.
        why: A sentence for people.
        words: Digests of the words that show it.
        at: When it was noticed.
    """

    code: str
    why: str
    words: tuple[str, ...]
    at: str


_SIDES, _STATUSES = frozenset(get_args(Side)), frozenset(get_args(Status))
_OPTIONAL = (str, type(None))
_SHAPES = frozenset(
    (str, int, str, str, str, str, bytes, str, of, place, at)
    for of, place, at in product(_OPTIONAL, (int, type(None)), _OPTIONAL)
)
ROW = 1024
"""Bytes that a message takes beside its own: its row, and the indexes."""
ELSEWHERE = ("pending", "waiting", "forked", "unsent", "held", "undone")
"""Of a message that has no place in the chain."""


def as_kept(row: Row[Any]) -> Kept:
    """A message from its row. SQLite would give any value of any type where a bit has turned.

    Raises:
        StoreError: It is damaged.
    """
    kept = Kept._make(row[1:])
    if tuple(map(type, kept)) not in _SHAPES or kept.side not in _SIDES or kept.status not in _STATUSES:
        raise damaged(f"the row of message {kept.digest} holds what cannot be")
    return kept
