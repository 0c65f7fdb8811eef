"""Files that nobody else on the machine reads: what customers say is as personal as a key is secret."""

import logging
import os
import stat
from pathlib import Path

_log = logging.getLogger("opencmr.store")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private(store: str | Path) -> None:
    """Make the file of a store that is not there yet, with mode 0600, whatever the umask.

    SQLite gives its `-wal` and `-shm` the mode of the file. Who may read a store that is there already was somebody's
    decision, or an older version's omission: it is said in the log, and left.
    """
    try:
        os.close(os.open(store, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        _say_who_reads(Path(store))
    except (OSError, ValueError):
        return  # no such folder, no room: SQLite fails too, and its error is the one that is reported


def _say_who_reads(store: Path) -> None:
    try:
        others = os.name == "posix" and store.stat().st_mode & _OTHERS
    except OSError:
        return  # gone again, or a link that leads nowhere
    if others:
        _log.warning("others on this machine can get at %s; say: chmod 600 %s*", store, store)
