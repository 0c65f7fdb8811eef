"""Five hostile kinds at once beside honest customers: a short form of `make soak ARGS="--only hostile_together"`."""

from pathlib import Path

import pytest

from hostile import KINDS
from soak.hostile_together import MEMORY, missing, street


@pytest.mark.requirement("TRN-16")
def test_what_honest_customers_take_back_is_taken_and_kept_whatever_others_send(tmp_path: Path) -> None:
    store = str(tmp_path / "shop.db")
    with street(store, tmp_path, pinned=False) as there:
        quiet = there.part(4, attacked=False)
        attacked = there.part(5, attacked=True)
    assert [*quiet.losses, *attacked.losses] == []
    assert len(quiet.digests | attacked.digests) == 2 * (4 + 5)
    assert missing(store, quiet.digests | attacked.digests) == []
    assert 0 < attacked.memory < MEMORY
    told = {name: set(came.told) for name, came in attacked.came.items()}
    assert told.keys() == KINDS.keys()
    assert told["unsigned"] <= {"malformed", "bad-number", "bad-signature", "unsupported-type", "over-quota"}
    assert told["receipts"] == {"taken"}
    assert told["replays"] == {"taken"}
    assert set() < told["crowd"] <= {"taken", "over-quota", "overloaded"}
    assert told["trailers"] == {"cut off"}
