"""The files that a message names."""

from collections.abc import Iterator
from typing import Any

from .model import Model
from .types import File


def files_in(part: Any) -> Iterator[File]:
    """Each file that a body, or a part of one, names, in the order of its members: of whatever type it is."""
    if isinstance(part, File):
        yield part
    elif isinstance(part, Model):
        for name in type(part).model_fields:
            yield from files_in(getattr(part, name))
    elif isinstance(part, list):
        for each in part:
            yield from files_in(each)
