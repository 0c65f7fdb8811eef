"""Two `opencmr serve` on one PostgreSQL, behind a round-robin that gives each request to the other one."""

import os
import subprocess
import sys

import pytest

import postgres
from fleet import fleet

WHOLE = bool(os.environ.get("OPENCMR_SOAK"))
"""The whole suite waits for deadlines to pass; in short runs, what two processes could get wrong is checked."""
IN_SHORT = ("receiving/", "sequence/", "core/", "lifecycles/")


@pytest.mark.requirement("RCV-5", "SEQ-1", "COR-9", "COR-10")
def test_two_servers_on_one_database_pass_the_conformance_suite_together(postgres_server: postgres.Cluster) -> None:
    only = [] if WHOLE else [part for name in IN_SHORT for part in ("--only", name)]
    with postgres_server.schema() as store, fleet(store) as served:
        done = subprocess.run(
            [sys.executable, "-m", "opencmr.cli", "conformance", served.url, *only],
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr + served.logs()
        assert min(served.robin.carried) >= 20, "both have taken part"
