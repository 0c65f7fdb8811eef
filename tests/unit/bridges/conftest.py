"""A relationship to export."""

import pytest

from dialogue import Dialogue


@pytest.fixture
def one() -> Dialogue:
    return Dialogue()
