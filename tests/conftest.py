"""What all tests share: `tests/` and `tools/` are importable, for the few modules that several of them use."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "tools"))
# The tests begin the command line some two hundred times: what it consists of is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import postgres

# What the tests write lies in memory, where there is room: it is thousands of stores, and a commit waits for its disk.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2**30:
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # it is looked up anew

# Where a machine is busy, a test is slow that is right.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")

Places = Callable[[str], str | Path]
"""Name of a store → where it is kept: a file, or a URL."""


def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` means: one more than cores, for many a test waits for a server or a deadline."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Cluster]:
    """One server for all the tests of this process that want one; it starts in a third of a second."""
    with postgres.cluster() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """Each test on both databases: a file a store, or a schema a store."""
    if request.param == "sqlite":
        yield lambda name: tmp_path / f"{name}.db"
        return
    server, found = request.getfixturevalue("postgres_server"), dict[str, str]()
    with ExitStack() as schemas:

        def place(name: str) -> str:
            if name not in found:
                found[name] = schemas.enter_context(server.schema())
            return found[name]

        yield place


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node, for tests of the JavaScript implementation."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not on the PATH; the JavaScript implementation needs Node 20 or newer")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
    if int(re.sub(r"\D*(\d+).*", r"\1", version) or 0) < 20:
        pytest.skip(f"Node is {version}; the JavaScript implementation needs Node 20 or newer")
    return found
