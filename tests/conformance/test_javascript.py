"""The second implementation, `examples/javascript/`: it passes the vectors, and talks to our vendor over HTTP.

Its own tests run under Node's test runner. Where Node 20 or newer is missing they are skipped, and say so.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "javascript"
BOUND = 240
"""Seconds for all of it. It takes about ten."""


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not on the PATH; the JavaScript implementation needs Node 20 or newer")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
    if int(re.sub(r"\D*(\d+).*", r"\1", version) or 0) < 20:
        pytest.skip(f"Node is {version}; the JavaScript implementation needs Node 20 or newer")
    return found


def test_the_javascript_implementation_passes_the_vectors_and_talks_to_our_vendor(node: str) -> None:
    serve = f"{sys.executable} -m opencmr.cli serve"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap"],
        cwd=FOLDER,
        env={**os.environ, "OPENCMR_SERVE": serve},
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.findall(r"^ok \d+ - (.*)$", done.stdout, re.MULTILINE)
    skipped = [name for name in passed if "# SKIP" in name]
    assert len(passed) - len(skipped) >= 10
    assert all("the vendor's side" in name for name in skipped), skipped
