"""A handful of mutants of the rules; `make soak ARGS="--only mutants"` hunts them all."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import mutants  # noqa: E402  # beside this file


def test_a_handful_of_rules_that_are_wrong_is_caught() -> None:
    """In a process of its own, which loads the SDK twice."""
    command = [sys.executable, str(HERE / "mutants.py"), "--handful"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(mutants.HANDFUL)} mutants: " in done.stdout


def test_what_is_known_to_be_alike_is_still_there() -> None:
    names = [mutant.name for mutant in mutants.every()]
    assert set(mutants.ALIKE) - set(names) == set()
    assert set(mutants.HANDFUL) - set(names) == set()
    assert set(mutants.ALIKE) & set(mutants.HANDFUL) == set()
    assert len(names) > 500
