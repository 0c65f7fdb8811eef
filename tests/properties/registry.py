"""All properties, and what each plays a conversation with."""

from collections.abc import Callable

from .accusations import play_accusations
from .acknowledged import play_acknowledged
from .order import play_order
from .play import Failure
from .restores import play_restores

PROPERTIES: dict[str, Callable[[int], Failure | None]] = {
    "order": play_order,
    "restores": play_restores,
    "acknowledged": play_acknowledged,
    "accusations": play_accusations,
}
