import pytest

from properties.accusations import play_accusations
from properties.play import first, share


@pytest.mark.requirement("SEQ-10", "SEQ-12", "SEQ-28")
def test_no_honest_party_is_accused_and_both_come_to_the_same() -> None:
    assert first(play_accusations, share("accusations")) is None
