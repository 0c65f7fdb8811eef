"""Praise: a customer praises somebody, and the vendor thanks for it."""

from .envelope import Body
from .types import Name, Text


class Give(Body):
    """Praise for somebody who works for the vendor."""

    type = "praise.give"
    place = "first"
    expires = "must"

    who: Name
    text: Text | None = None


class Thank(Body):
    """The vendor has passed it on."""

    type = "praise.thank"

    text: Text | None = None
