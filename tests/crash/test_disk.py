"""Full disks and read-only ones, as real as whoever runs the tests may have them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crash.disk import SHOP, grant
from opencmr import Customer, Vendor
from opencmr.errors import Overloaded, StoreError
from opencmr.store import Store
from opencmr.testing import Loopback

MOUNT = 'mount -t tmpfs -o size=1m,mode=700 none "$1"'
HEARD: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120, "check": False}
BOUND = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Modes do not bind root; a root without these capabilities they do."""
WRITES = """
import sys
from opencmr.store import Store
with Store(sys.argv[1]) as opened:
    opened.write_now(lambda rows: rows.add_peer("did:key:a", "did:web:b", opened="2026", pinned={}, endpoint=None))
"""


def may_mount(folder: Path) -> bool:
    """Whether a file system of one's own can be had: as root, or where users may have namespaces."""
    tried = subprocess.run(["unshare", "-rm", "sh", "-ec", MOUNT, "sh", folder], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "disk"
    made.mkdir()
    return made


@pytest.mark.parametrize("role", ["vendor", "customer"])
@pytest.mark.parametrize("how", ["ballast", "limit"])
def test_on_a_full_disk_nothing_is_half_written_and_it_goes_on_when_there_is_room(
    folder: Path, role: str, how: str
) -> None:
    command = [sys.executable, "-m", "crash.disk", role, str(folder)]
    if how == "ballast" and may_mount(folder):
        command = ["unshare", "-rm", "sh", "-ec", f'{MOUNT}; shift; exec "$@"', "sh", str(folder), *command, how]
    else:
        command += ["limit"]
    tests = str(Path(__file__).parent.parent)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")]))}
    told = subprocess.run(command, env=env, **HEARD)
    assert told.returncode == 0, told.stderr


def test_where_nothing_can_be_written_a_store_says_so_and_what_to_do(folder: Path) -> None:
    store = folder / "wallet.db"
    Store(store).close()
    store.chmod(0o400)
    folder.chmod(0o500)
    told = subprocess.run([*BOUND, sys.executable, "-c", WRITES, str(store)], **HEARD)
    folder.chmod(0o700)
    last = told.stderr.splitlines()[-1]
    assert "StoreError" in last
    assert "mode" in last, last
    assert "mounted" in last, last


async def test_a_store_that_turns_read_only_refuses_and_goes_on_when_it_can_be_written_again(tmp_path: Path) -> None:
    """As the kernel leaves a file system after an error of its disk: the files are open, and no write gets through."""
    shop = Vendor.open(tmp_path / "shop.db", did=SHOP, accepts=["SD-BASE"])
    async with Customer.open(tmp_path / "wallet.db", network=Loopback(shop)) as wallet:
        met = await wallet.meet(SHOP)
        for store, error in ((shop._store, Overloaded), (wallet._store, StoreError)):
            turn(store, "ON")
            with pytest.raises(error) as found:
                await grant(met)
            assert error is Overloaded or "nothing can be written there" in str(found.value)
            turn(store, "OFF")
        await met.sync()
        await grant(met)
        assert met.waiting == 0
        assert len(met.consents) == 2  # the one that waited, and the last; what could not be kept was not said
    await shop.close()


def turn(store: Store, query_only: str) -> None:
    """For this connection, SQLite treats the file as one that cannot be written."""
    with store._backend.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA query_only={query_only}")
