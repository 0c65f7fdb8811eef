"""Five rounds of kill -9, and a vendor that is to be caught. `make soak` runs hundreds (`tests/soak/crash.py`)."""

import random

import pytest

from crash.controller import house
from crash.run import crashes

SEED = 20261125
"""Another one is printed, and tried, by each long run."""


@pytest.mark.parametrize(("on", "rounds"), [("sqlite", 3), ("postgres", 2)])
def test_whoever_is_killed_nothing_is_lost_and_nothing_is_applied_twice(on: str, rounds: int) -> None:
    found = list(crashes(SEED, rounds, on_postgres=on == "postgres"))
    assert [loss for one in found for loss in one.losses] == [], f"seed {SEED}"
    assert len(found) == rounds
    assert all(one.messages for one in found)


def test_a_vendor_that_answers_before_it_has_committed_is_caught() -> None:
    with house(random.Random(SEED), hasty=True) as built:
        built.strike("vendor")
        assert built.missing()
