"""`python tests/bench`: tests/ becomes importable, as it is for the tests."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.command import main  # noqa: E402  # importable only now

if __name__ == "__main__":
    sys.exit(main())
