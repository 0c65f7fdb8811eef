import pytest

from properties.play import first, share
from properties.restores import play_restores


@pytest.mark.requirement("SEQ-29", "SEQ-30", "SEQ-31", "SEQ-32")
def test_either_store_can_be_put_back_from_any_copy() -> None:
    assert first(play_restores, share("restores")) is None
