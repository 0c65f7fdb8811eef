import pytest

from properties.acknowledged import play_acknowledged
from properties.play import first, share


@pytest.mark.requirement("SEQ-14", "SEQ-22", "SEQ-23")
def test_an_answer_about_the_past_stands_once_both_have_acknowledged_beyond_it() -> None:
    assert first(play_acknowledged, share("acknowledged")) is None
