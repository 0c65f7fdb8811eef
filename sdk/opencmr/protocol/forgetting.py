"""Which relationships never came to anything, so that a vendor may forget them (`spec/v1/sequence.md`, forgetting)."""

from ..messages.types import Side
from .families import FAMILIES
from .history import History
from .lifecycle import family_of

FOLDS = 2
"""The number of the rules by which what stores keep beside messages is derived from these.

It goes up by one with every change of a rule by which that comes out otherwise (today: what `is_passing`). A store that
was written by rules of another number has it computed anew when it is opened.
"""


def is_passing(type_: str, side: Side) -> bool:
    """Whether a message of this type, whatever becomes of it, leaves a relationship one that came to nothing.

    It asks or answers, and binds nobody by itself. A customer's no does not pass: it is kept for good.
    """
    family = family_of(type_)
    return family is not None and type_ in FAMILIES[family].passing.get(side, ())


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
    records = (thread.record for thread in history.threads.values() if thread.record is not None)
    return max((end for record in records for end in record.promises()), default="")
