"""What all tests share: `tests/` itself is importable, for the few modules that several of them use."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
