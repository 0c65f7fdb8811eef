"""Two implementations on conversations at random: Python, and JavaScript in `examples/javascript/`.

What is said is signed by the keys of the vectors, and written by their tools.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
