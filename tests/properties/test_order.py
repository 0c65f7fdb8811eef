import pytest

from properties.order import play_order
from properties.play import first, share


@pytest.mark.requirement("SEQ-18", "SEQ-20", "SEQ-21", "SEQ-26", "SEQ-27", "DEC-7")
def test_no_vendor_gets_a_yes_out_of_what_the_customer_denied_last() -> None:
    assert first(play_order, share("order")) is None
