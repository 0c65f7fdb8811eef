"""Examination of a store and its key file."""

import os
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from ...errors import KeyFileError, StoreError, UsageError
from ...protocol import instant
from ...store import KeyFile, beside, path_of
from ...store.checkup import MOST_PARTIES, Checkup, inspect_database
from ...store.integrity import inspect_messages
from ...trust import key_url
from ..output import counted
from .finding import Area, Finding

LITTLE, SCARCE = 1024**3, 100 * 1024**2
"""Bytes of free space below which it is worth knowing, and below which the store is about to fail."""
MOST_MESSAGES = 500_000
"""The most messages that are checked, which takes a few seconds."""
_AHEAD = timedelta(minutes=5)
"""The span by which a message may be dated ahead of its receiver's clock."""


def examine(where: str | Path, keys: Path | None, now: datetime) -> list[Finding]:
    """Look at a store and its keys.

    Args:
        where: A path, or a database URL.
        keys: The key file; absent: beside the store.
        now: The system's time.
    """
    area = Area("store")
    try:
        found = inspect_database(where)
    except UsageError:  # it is no name of a store
        raise
    except StoreError as error:
        area.wrong(
            "opens", str(error), "name the right one; a damaged one is brought back from a copy (docs/operation.md)"
        )
        return [*area.findings, *_keys(keys or _beside(where), None)]
    said = {"current": f"its tables are of revision {found.version}, as this OpenCMR's",
            "empty": "there is no store of OpenCMR in it",
            "older": f"its tables are of revision {found.version}, this OpenCMR's of {found.head}",
            "newer": f"its tables are of revision {found.version}, and this OpenCMR knows {found.head} at most",
            }[found.state]  # fmt: skip
    mend = {"empty": "make one: opencmr init", "older": "bring them forward: opencmr db upgrade",
            "newer": "pip install --upgrade opencmr"}.get(found.state, "")  # fmt: skip
    area.judge(f"{found.kind} opens", found.state == "current", said, mend)
    area.findings += [Finding(area.name, each.name, each.outcome, each.said, "" if each.outcome == "ok" else each.mend)
                      for each in found.traits]  # fmt: skip
    if found.state == "current":
        _whole(area, where)
    _room(area, found)
    _dates(area, found, now)
    return [*area.findings, *_keys(keys or _beside(where), found)]


def _beside(where: str | Path) -> Path | None:
    return None if path_of(where) is None else beside(where)


def _whole(area: Area, where: str | Path) -> None:
    """Check that each message is as it was stored, with its receipt and in its chain."""
    counts: list[int] = []

    def go_on(count: int) -> bool:
        counts.append(count)
        return sum(counts) < MOST_MESSAGES

    faults = list(islice(inspect_messages(where, seen=go_on), 3))
    words = counted(sum(counts), "message or receipt", "messages and receipts")
    looked = f"{words} of {counted(len(counts), 'relationship')}"
    said = "; ".join(map(str, faults)) or f"{looked}: as they were kept, with whole chains"
    if sum(counts) >= MOST_MESSAGES:
        said += f" (the first {MOST_MESSAGES:,} looked at)"
    mend = "stop whoever writes, keep the file, and bring back a copy (docs/operation.md)"
    area.judge("messages", not faults, said, mend)


def _room(area: Area, found: Checkup) -> None:
    if found.free is None or found.size is None:
        return
    said = f"{found.free / 1e9:,.1f} GB free, the store has {found.size / 1e6:,.1f} MB"
    mend = "make room: on a full disk messages are refused until there is some"
    if found.free < SCARCE:
        area.wrong("disk", said, mend)
    elif found.free < LITTLE:
        area.note("disk", said, mend)
    else:
        area.ok("disk", said)


def _dates(area: Area, found: Checkup, now: datetime) -> None:
    if found.last is None:
        area.note("last entry", "there is none yet")
        return
    mend = "the clock was set back, or was wrong before: let NTP keep it. Places don't depend on it, dates do"
    area.judge("last entry", found.last <= instant(now + _AHEAD), f"of {found.last}", mend)
    if found.went_back:
        said = f"{found.went_back} times a vendor's word is dated before the one that it follows"
        area.note("order of dates", said, "its clock was set back: let NTP keep it; the order holds all the same")


def _keys(file: Path | None, found: Checkup | None) -> list[Finding]:
    area = Area("keys")
    if file is None:
        area.note("key file", "not looked at: a database URL does not tell where it is", "name it: --keys FILE")
        return area.findings
    if not file.is_file():
        area.wrong(
            "key file", f"there is none at {file}", "bring it back from a copy: nobody can make these keys again"
        )
        return area.findings
    secret = os.environ.get("OPENCMR_PASSPHRASE") or None
    try:
        names = set(KeyFile(file, secret).names())
    except KeyFileError as error:
        if secret is None and "passphrase" in str(error):
            area.note("key file", f"{file} is sealed, and was not opened", "set OPENCMR_PASSPHRASE to have it tried")
        else:
            area.wrong("key file", str(error), _mend(str(error)))
        return area.findings
    area.ok("key file", f"{file} opens, with {counted(len(names), 'key')}"
            + ("" if secret else ", under no passphrase"))  # fmt: skip
    if found is not None and found.me:
        lost = [me for me in found.me if me not in names and key_url(me) not in names]
        said = f"missing for {len(lost)} of {len(found.me)}" if lost else "there is one for each relationship"
        if len(found.me) == MOST_PARTIES:
            said += f" (the first {MOST_PARTIES:,} looked at)"
        mend = "this key file does not belong to this store, or is an old copy: find the right one"
        area.judge("keys of the store", not lost, said, mend)
    return area.findings


def _mend(said: str) -> str:
    if "chmod" in said:
        return "say what it says: nobody else may read it"
    if "sealed" in said or "passphrase" in said:
        return "set OPENCMR_PASSPHRASE to the right passphrase, or unset it where there is none"
    return "bring it back from a copy"
