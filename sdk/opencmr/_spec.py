"""Where the tables and schemas of the specification are found: one copy, in the wheel or in the repository."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_HERE = Path(__file__).parent


@cache
def root() -> Path:
    """The folder of version 1: in the wheel `opencmr/spec/v1`; in an editable install at the repository's root."""
    shipped = _HERE / "spec" / "v1"
    return shipped if shipped.is_dir() else _HERE.parents[1] / "spec" / "v1"


@cache
def examples() -> Path:
    """The folder of runnable examples, found the same way."""
    shipped = _HERE / "examples"
    return shipped if shipped.is_dir() else _HERE.parents[1] / "examples"


@cache
def table(path: str) -> Any:
    """One JSON table of the specification, named relative to `spec/v1`: read once, and not to be changed."""
    return orjson.loads((root() / path).read_bytes())
