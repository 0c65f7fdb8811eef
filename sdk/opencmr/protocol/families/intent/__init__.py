"""Intents: a wish, the offers that it brings, and the order that one of them becomes (`spec/v1/intent/page.md`)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ....messages import Message, intent, offer, order
from ...context import Context
from ...family import Family, Misplaced
from ...lifecycle import NONE
from ...uri import misnamed
from .basis import rests_on
from .dealing import STANDS, Dealing, Offer
from .returning import Withdrawal
from .sums import commitment_of, total_of

if TYPE_CHECKING:
    from ...thread import Thread

__all__ = ["FAMILY", "STANDS", "Dealing", "Offer", "Withdrawal", "commitment_of", "total_of"]


def _misplaced(message: Message[Any]) -> Iterator[Misplaced]:
    """Parties are named in normal form."""
    match message.body:
        case offer.Make(recipients=[*recipients]):
            yield from misnamed((("body", "recipients", at, "party"), each.party) for at, each in enumerate(recipients))
        case order.Confirm(support=support) if support is not None:
            yield from misnamed([(("body", "support"), support)])


def _rests_on(thread: "Thread", context: Context) -> Iterator[str]:
    """Of a thread that an unasked offer opened: what that rests on."""
    if thread.entries and thread.entries[0].type == offer.Make.type:
        yield from rests_on(context)


FAMILY = Family(
    name="intent",
    blank=lambda at: Dealing(NONE, at),
    misplaced=_misplaced,
    firm=frozenset({offer.Accept.type}),
    settled_first=frozenset({order.Disclose.type}),
    passing={
        "customer": frozenset({intent.Cast.type, intent.Amend.type}),
        "vendor": frozenset({offer.Make.type, order.Cancel.type}),
    },
    rests_on=_rests_on,
)
