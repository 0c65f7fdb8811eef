"""Each module of tests that `make test` does in part (`tests/length.py`), in whole."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from soak.long_run import Asked, LongRun, Round

TESTS = Path(__file__).parents[1]
PASSED = re.compile(r"^(\d+) passed in", re.MULTILINE)


def modules() -> list[Path]:
    """Those that have a short form."""
    return [file for file in sorted(TESTS.rglob("test_*.py")) if "from length import LONG" in file.read_text()]


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a module, and a test that does not pass is a loss."""
    there, tests = modules(), 0
    for number in range(asked.rounds):
        file = there[number % len(there)]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "timeout=1800", str(file)]
        environment = {**os.environ, "OPENCMR_LONG": "1"}
        done = subprocess.run(command, cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=False)
        passed = PASSED.search(done.stdout)
        tests += int(passed[1]) if passed else 0
        lost = [f"{file.relative_to(TESTS)}: {done.stdout[-2000:]}"] if done.returncode else []
        yield Round(losses=lost, said=f"{tests} tests passed")


RUN = LongRun("tests of which `make test` does a part, in whole", rounds=len(modules()), run=rounds, databases=())
