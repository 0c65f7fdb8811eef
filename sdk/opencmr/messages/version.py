"""The wire version: a number, and the message types that can be said under it (`spec/versioning.md`).

A message names the version that it is read under, for ever. Today one version is registered; a next one is another
`Version` in `VERSIONS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from . import core
from .envelope import Body
from .families import FAMILIES


@dataclass(frozen=True, slots=True)
class Version:
    """One wire version.

    Attributes:
        number: What messages call it, in `opencmr`.
        types: Every message type of it, and what its body is.
    """

    number: str
    types: Mapping[str, type[Body]]


def _bodies() -> Iterator[type[Body]]:
    """What can be said: the core's messages, and each family's in the order of its modules."""
    yield core.Receipt
    yield from core.REQUESTS
    for modules in FAMILIES.values():
        for module in modules:
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, Body) and kind.__module__ == module.__name__:
                    yield kind


V1 = Version("1.0", {body.type: body for body in _bodies()})
VERSIONS = {V1.number: V1}
"""Every version that is spoken here, by its number, the lowest first."""

VERSION = V1.number
"""The number of version 1.0."""
BODIES = V1.types
"""Every message type of version 1.0, and what its body is."""


def lowest(body: type[Body]) -> Version:
    """The lowest version that can say a body; where none can, the first, whose readers will say so (ENV-5)."""
    return next((version for version in VERSIONS.values() if version.types.get(body.type) is body), V1)
