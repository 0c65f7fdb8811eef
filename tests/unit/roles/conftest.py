"""A street of shops in one process, whose clock stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr.testing import StandingClock
from parties import Street


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.fixture
def clock(street: Street) -> StandingClock:
    return street.clock
