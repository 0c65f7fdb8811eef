"""Which relationships never came to anything, so that a vendor may forget them (`spec/v1/sequence.md`, forgetting)."""

from ..messages.types import Side
from .agreement import Agreement
from .dealing import Dealing
from .history import History
from .lifecycle import is_narrowing

_PASSING: dict[Side, frozenset[str]] = {
    "customer": frozenset({"terms.proffer", "intent.cast", "intent.amend"}),
    "vendor": frozenset({"terms.counter", "offer.make", "consent.request"}),
}
"""What asks or answers, and binds nobody by itself. A customer's no is not among it: it is kept for good."""

_HEARD = "consent.withdraw"
"""A vendor says with it that it heard the customer's no elsewhere, which is kept like one that was said here."""


def is_passing(type_: str, side: Side) -> bool:
    """Whether a message of this type, whatever becomes of it, leaves a relationship one that came to nothing."""
    if side == "vendor" and type_ != _HEARD and is_narrowing(type_, side):
        return True
    return type_ in _PASSING[side]


def came_to_nothing(history: History) -> bool:
    """Whether a relationship holds no agreement, grant, no-word or order, and nothing that has to be kept as evidence.

    A message that was refused is no entry: nothing came of it.
    """
    chain = history.chain
    if history.unplaced or chain.disputes or chain.given_up:
        return False
    entries = (entry for thread in history.threads.values() for entry in thread.entries)
    return all(is_passing(entry.type, entry.side) for entry in entries)


def promised_until(history: History) -> str:
    """Until when the vendor has promised something that the customer may still take up; empty where it has not."""
    ends = [""]
    for thread in history.threads.values():
        match thread.record:
            case Dealing() as dealing:
                ends += [each.expires for each in dealing.offers if each.state == "firm"]
            case Agreement(state="countered", answer_by=str() as answer_by):
                ends.append(answer_by)
    return max(ends)
