"""A file of 64 MiB goes from one process to another in little memory, though the line breaks in the middle."""

from pathlib import Path

import pytest

from large_files import MIB, fetch


@pytest.mark.requirement("TRN-40", "TRN-41")
def test_64_mib_are_fetched_in_little_memory_over_a_line_that_breaks(tmp_path: Path) -> None:
    fetched = fetch(tmp_path, 64 * MIB)
    assert fetched.size == 64 * MIB
    assert fetched.broken == 1
    assert max(fetched.grown.values()) < 30, fetched.grown
    assert max(fetched.peaks.values()) < 100, fetched.peaks
